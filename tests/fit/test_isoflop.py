"""IsoFLOP profiles: the exponent from the optima of budgets."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.fit.isoflop import isoflop_optima
from calibration.fit.minimum import log_optimum
from calibration.fit.runs import Runs
from tests.fit.form_runs import grid, runs_of


def isoflop_runs(law: np.ndarray, noise: float, off_centre: float = 1.0) -> tuple[Runs, np.ndarray]:
    budgets = np.geomspace(6e18, 3e21, 7)
    best = np.exp([float(log_optimum(law, c)) for c in budgets])
    n = np.outer(best * off_centre, np.geomspace(0.15, 6, 8)).ravel()
    d = np.repeat(budgets, 8) / 6 / n
    loss = np.exp(law[0]) + np.exp(law[1]) * n ** -law[3] + np.exp(law[2]) * d ** -law[4]
    return runs_of(n, d, loss * np.exp(noise * np.random.default_rng(0).standard_normal(56))), best


def test_isoflop_optima_are_exact_without_noise_where_a_parabola_is_biased() -> None:
    """Profiles that are off centre by 4x and have unlike exponents, as approach 2 dislikes them."""
    law = np.array([0.5, 6.0, 9.0, 0.30, 0.45])
    runs, best = isoflop_runs(law, 0.0, off_centre=4.0)
    found = isoflop_optima(runs)
    assert found is not None
    np.testing.assert_allclose(found.n_params, best, rtol=0.02)
    assert found.exponent_a == pytest.approx(0.45 / 0.75, abs=1e-3)
    x, y = np.log(runs.n_params[:8]), runs.loss[:8]
    a, b, _ = np.polyfit(x, y, 2)
    assert abs(-b / (2 * a) - np.log(best[0])) > 0.1


def test_isoflop_exponent_agrees_with_the_law_under_noise() -> None:
    law = np.array([0.5971119597824348, 6.177955975826981, 7.6427323622433505, 0.34781302903942635, 0.3658541172951044])
    runs, _ = isoflop_runs(law, 0.003)
    found = isoflop_optima(runs)
    assert found is not None
    low, high = found.exponent_a_ci95
    assert low < law[4] / (law[3] + law[4]) < high
    assert high - low < 0.05


def test_a_grid_in_n_and_d_has_no_isoflop_shape() -> None:
    assert isoflop_optima(runs_of(*grid(5), np.full(30, 3.0))) is None
