"""Simulated IsoFLOP tables whose losses go astray of the additive law as budgets grow, or do not."""

from __future__ import annotations

import math

import numpy as np

from calibration.fit.minimum import FitOptions, fit_problem
from calibration.fit.objective import Array
from calibration.fit.runs import Runs
from tests.fit.form_runs import runs_of

LAW = (1.8, 1600.0, 4200.0, 0.43, 0.42)  # E, A, B, alpha, beta
BUDGETS = np.geomspace(2e17, 5e19, 8)


def true_loss(n: Array, d: Array, drift: float) -> Array:
    """Return a loss that falls ever faster below the additive law: by ``drift`` for each e-fold of C at 5e19 FLOPs."""
    e, a, b, alpha, beta = LAW
    law = e + a * n**-alpha + b * d**-beta
    x, largest = np.log(6 * n * d / BUDGETS[0]), np.log(BUDGETS[-1] / BUDGETS[0])
    return np.asarray(law * np.exp(-drift * x**2 / (2 * largest)))


def isoflop_runs(*, drift: float, noise: float = 0.001, seed: int = 0, budgets: Array = BUDGETS) -> Runs:
    """Return eleven sizes at each budget, a factor of 4 to both sides of 12 tokens for each parameter."""
    c, tilt = (v.ravel() for v in np.meshgrid(budgets, np.geomspace(0.25, 4.0, 11)))
    n = np.sqrt(c / 6 / 12) * tilt
    d = c / (6 * n)
    errors = noise * np.random.default_rng(seed).standard_normal(len(n))
    return runs_of(n, d, true_loss(n, d, drift) * np.exp(errors))


def kappa_by_hand(runs: Runs, factor: float) -> tuple[float, float, float]:
    """Return rms and mean of residual / ln(C/cut), and |shift of ln N*| for each e-fold, by fits from all starts."""
    largest = runs.flops.max()
    cut = largest / factor
    options = FitOptions(starts="all")
    below = fit_problem(runs.where(runs.flops <= cut).problem(), options).parameters
    everything = fit_problem(runs.problem(), options).parameters
    ratios = [
        (math.log(loss) - math.log(loss_of(below, n, d))) / math.log(6 * n * d / cut)
        for n, d, loss in zip(runs.n_params, runs.n_tokens, runs.loss, strict=True)
        if math.log(6 * n * d / cut) > 0.3
    ]
    shift = math.log(best_n(below, largest) / best_n(everything, largest)) / math.log(factor)
    return math.sqrt(sum(r * r for r in ratios) / len(ratios)), sum(ratios) / len(ratios), abs(shift)


def loss_of(row: Array, n: float, d: float) -> float:
    log_e, log_a, log_b, alpha, beta = row
    return float(math.exp(log_e) + math.exp(log_a) / n**alpha + math.exp(log_b) / d**beta)


def best_n(row: Array, flops: float) -> float:
    """Return the N of least loss, by trying: 40,001 sizes, a factor of 100 to both sides of the root of the budget."""
    sizes = math.sqrt(flops / 6) * np.geomspace(1e-2, 1e2, 40_001) / 4
    log_e, log_a, log_b, alpha, beta = row
    loss = math.exp(log_e) + math.exp(log_a) * sizes**-alpha + math.exp(log_b) * (flops / 6 / sizes) ** -beta
    return float(sizes[loss.argmin()])
