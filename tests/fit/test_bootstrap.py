"""The bootstrap: its weights, its refits against single fits, and how often its intervals hold the truth."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.fit.bootstrap import bootstrap, resampled_weights
from calibration.fit.minimum import FitOptions, fit_problem, log_optimum
from calibration.fit.objective import Problem

# Besiroglu et al. 2024 (arXiv:2404.10102), (ln A, ln B, ln E, alpha, beta).
TRUTH = np.array([0.5971119597824348, 6.177955975826981, 7.6427323622433505, 0.34781302903942635, 0.3658541172951044])


def grid36(noise: float, seed: int) -> Problem:
    n, d = (v.ravel() for v in np.meshgrid(np.geomspace(2e7, 4e9, 6), np.geomspace(1e9, 2e11, 6)))
    e, log_a, log_b, alpha, beta = TRUTH
    loss = np.exp(e) + np.exp(log_a - alpha * np.log(n)) + np.exp(log_b - beta * np.log(d))
    log_loss = np.log(loss) + noise * np.random.default_rng(seed).standard_normal(36)
    return Problem(log_n=np.log(n), log_d=np.log(d), log_loss=log_loss, weight=np.ones(36))


def test_weights_have_mean_one_and_the_variance_of_an_exponential() -> None:
    w = resampled_weights(50, 4000, np.random.default_rng(0))
    np.testing.assert_allclose(w.mean(1), 1.0, rtol=1e-12)
    assert w.var() == pytest.approx(1.0, rel=0.05)


def test_runs_of_a_cluster_share_their_weight() -> None:
    cluster = np.array([0, 1, 0, 2, 1])
    w = resampled_weights(5, 7, np.random.default_rng(0), cluster)
    assert (w[:, 0] == w[:, 2]).all()
    assert (w[:, 1] == w[:, 4]).all()
    assert (w[:, 0] != w[:, 1]).all()


def test_each_refit_is_the_fit_of_its_own_weights() -> None:
    fit = fit_problem(grid36(0.005, 1))
    draws = bootstrap(fit, n_draws=200, seed=3)
    weight = resampled_weights(36, 200, np.random.default_rng(3))
    for i in (0, 57, 199):
        p = fit.problem
        alone = fit_problem(Problem(log_n=p.log_n, log_d=p.log_d, log_loss=p.log_loss, weight=weight[i]))
        np.testing.assert_allclose(draws.rows[i], alone.parameters, rtol=1e-6)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    fit = fit_problem(grid36(0.005, 1))
    rows = [bootstrap(fit, n_draws=50, seed=seed).rows for seed in (0, 0, 1)]
    assert rows[0].tobytes() == rows[1].tobytes()
    assert rows[0].tobytes() != rows[2].tobytes()


def test_clusters_of_like_runs_widen_the_interval() -> None:
    """Copies of one run are no new evidence: resampled by cluster, the interval is that of the runs without copies."""
    p = grid36(0.005, 2)
    rows = np.repeat(np.arange(36), 4)
    copies = Problem(log_n=p.log_n[rows], log_d=p.log_d[rows], log_loss=p.log_loss[rows], weight=np.ones(144))
    fit, fit_of_copies = fit_problem(p, FitOptions(starts="fast")), fit_problem(copies)

    def width(draws: np.ndarray) -> float:
        return float(np.ptp(np.quantile(log_optimum(draws, 1e22), [0.025, 0.975])))

    alone = width(bootstrap(fit, n_draws=1000).rows)
    assert width(bootstrap(fit_of_copies, n_draws=1000, cluster=rows).rows) == pytest.approx(alone, rel=0.02)
    assert width(bootstrap(fit_of_copies, n_draws=1000).rows) < 0.65 * alone


@pytest.mark.parametrize("noise", [0.005, 0.02])
def test_nominal_95_percent_intervals_of_ln_n_cover_93_to_99(noise: float) -> None:
    """A small version of benchmarks/bench_coverage.py, which runs 2000 simulations."""
    n = 100
    held = 0
    for seed in range(20_000, 20_000 + n):  # seeds that had no part in choosing the weights
        fit = fit_problem(grid36(noise, seed), FitOptions(starts="fast"))
        values = log_optimum(bootstrap(fit, n_draws=300, seed=seed).rows, 1e22)
        low, high = np.quantile(values, [0.025, 0.975])
        held += bool(low <= log_optimum(TRUTH, 1e22) <= high)
    assert 0.93 <= held / n <= 0.99
