"""Kaplan's laws: their constants come back from runs that they made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from calibration.fit.kaplan import joint_law, one_factor_laws
from calibration.fit.runs import read_runs
from tests.fit.form_runs import fast, grid, runs_of

DATA = Path(__file__).parent


def test_kaplans_joint_form_gives_its_constants_back() -> None:
    """alpha_N = .076, alpha_D = .103, N_c = 6.4e13, D_c = 1.8e13: Kaplan et al. 2020, eq. 1.5 and fig. 4."""
    n, d = grid()
    loss = ((6.4e13 / n) ** (0.076 / 0.103) + 1.8e13 / d) ** 0.103
    law = joint_law(runs_of(n, d, loss), 1e-3)
    np.testing.assert_allclose(law.parameters, [0.076, 0.103, np.log(6.4e13), np.log(1.8e13)], rtol=1e-5)


def test_kaplans_joint_form_covers_its_constants_under_noise() -> None:
    n, d = grid()
    noise = np.exp(0.003 * np.random.default_rng(0).standard_normal(36))
    law = joint_law(runs_of(n, d, ((6.4e13 / n) ** (0.076 / 0.103) + 1.8e13 / d) ** 0.103 * noise), 1e-3)
    for (low, high), truth in zip(law.ci95, (0.076, 0.103, np.log(6.4e13), np.log(1.8e13)), strict=True):
        assert low < truth < high
        assert high - low < 0.2 * truth


def test_one_factor_laws_read_the_runs_that_the_others_do_not_limit() -> None:
    n, d = (v.ravel() for v in np.meshgrid(np.geomspace(1e5, 1e15, 13), np.geomspace(1e5, 1e15, 13)))
    loss = 1e-9 + 40 * n**-0.1 + 40 * d**-0.1
    runs = runs_of(n, d, loss)
    laws = one_factor_laws(runs, fast(runs))
    for name in ("N", "D"):
        law = laws[name]
        assert law is not None
        assert 0.09 < law.exponent < 0.1  # what is left of the other term flattens the line a little
        assert law.n_runs < len(n) / 2
    # on the frontier of equal terms L is a pure power of C, with half the exponent
    assert laws["C"] is not None
    assert laws["C"].exponent == pytest.approx(0.05, abs=0.002)


def test_one_factor_laws_are_not_given_where_every_run_is_limited() -> None:
    runs = read_runs(DATA / "isoflop56.csv")["all"]
    laws = one_factor_laws(runs, fast(runs))
    assert laws["N"] is None
    assert laws["C"] is not None
