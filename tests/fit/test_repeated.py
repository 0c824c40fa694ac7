"""The data-constrained law: published losses, and its constants from runs that it made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calibration.fit.repeated import effective_log_loss, fit_repetition, single_epoch
from calibration.fit.runs import Runs, read_runs
from tests.fit.form_runs import fast, runs_of

DATA = Path(__file__).parent


# Muennighoff et al. 2023 (arXiv:2305.16264): (ln A, ln B, ln E, alpha, beta) and (R_D*, R_N*).
MUENNIGHOFF = np.array([0.6254804, 6.255414, 7.3049974, 0.3526596, 0.3526596])


R_STAR = (15.387756, 5.309743)


def test_the_data_constrained_law_gives_the_published_losses() -> None:
    """Muennighoff et al. 2023, their code's own values for two of their runs."""
    n, d, u = np.array([6.34e9, 8.67e9]), np.array([242e9, 178e9]), np.array([25e9, 25e9])
    log_loss = effective_log_loss(MUENNIGHOFF[None], np.log([R_STAR]), n, d, u)
    np.testing.assert_allclose(np.exp(log_loss[0]), [2.2256440889984477, 2.2269634075087867], rtol=1e-12)


def repeated_runs(epochs: tuple[float, ...], sizes: np.ndarray, noise: float = 0.003) -> Runs:
    n, u, e = (v.ravel() for v in np.meshgrid(sizes, np.geomspace(1e8, 3e10, 4), epochs))
    log_loss = effective_log_loss(MUENNIGHOFF[None], np.log([R_STAR]), n, u * e, u)[0]
    log_loss += noise * np.random.default_rng(1).standard_normal(len(n))
    return runs_of(n, u * e, np.exp(log_loss), u)


def test_repetition_constants_come_back_with_intervals_that_hold_them() -> None:
    runs = repeated_runs((0.5, 1, 3, 8, 20, 60), np.geomspace(1e8, 2e10, 6))
    found = fit_repetition(runs, fast(runs.where(single_epoch(runs))))
    assert found is not None
    assert found.n_repeated_runs == 96
    for constant, truth in ((found.r_d, R_STAR[0]), (found.r_n, R_STAR[1])):
        assert constant.ci95 is not None
        assert constant.ci95[0] < truth < constant.ci95[1]
        assert constant.value == pytest.approx(truth, rel=0.1)
    np.testing.assert_allclose(found.parameters[3:], MUENNIGHOFF[3:], rtol=0.1)


def test_too_little_repetition_identifies_nothing() -> None:
    runs = repeated_runs((0.25, 0.5, 1, 1.5), np.geomspace(1e5, 4e6, 5))
    found = fit_repetition(runs, fast(runs.where(single_epoch(runs))))
    assert found is not None
    assert found.r_d.value is None
    assert found.r_d.why_not == "the runs repeat data 1.5 times at most"
    assert found.r_n.value is None
    assert found.r_n.why_not is not None
    assert found.r_n.why_not.startswith("1 run has over twice the parameters that their unique tokens can use")


def test_no_repetition_is_none() -> None:
    runs = read_runs(DATA / "grid36.csv")["all"]
    assert fit_repetition(runs, fast(runs)) is None
    assert fit_repetition(replace(runs, unique_tokens=runs.n_tokens), fast(runs)) is None
