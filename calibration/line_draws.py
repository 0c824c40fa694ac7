"""Joint draws of the lines of law parameters in H: what is not known of the lines, and how far sources are off them.

A draw reweights the sources with exponential weights (the Bayesian bootstrap, Rubin 1981: no resample of few sources is
degenerate) and takes one bootstrap row of each source's law, all five parameters together. ``scatter`` is what a
further source would have beside the lines: a multivariate t with the covariance of the residuals and n - 2 degrees of
freedom, joint over parameters and over both forms. It holds the error of each source's own fit besides, so it is wide
rather than narrow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from calibration.objective import Array

# The order of advisor.coefficients: E, then A and B (in logs for the first five), alpha, beta.
LOG_NAMES = ("E", "log_A", "log_B", "alpha", "beta")
LINEAR_NAMES = ("E", "A", "B", "alpha", "beta")


@dataclass(frozen=True, kw_only=True)
class LineDraws:
    """``lines`` has rows of 20: slopes and intercepts of the log form, then of the linear one; ``scatter`` rows of 10.

    A row of ``scatter`` is added to the ten parameters (log form, then linear) that the same row of ``lines`` gives.
    """

    lines: Array
    scatter: Array


def both_forms(rows: Array) -> Array:
    """Return (..., 10) parameters, log form and linear, of rows (ln A, ln B, ln E, alpha, beta)."""
    log_a, log_b, log_e, alpha, beta = np.moveaxis(rows, -1, 0)
    e = np.exp(log_e)
    columns = (e, log_a, log_b, alpha, beta, e, np.exp(log_a), np.exp(log_b), alpha, beta)
    return np.stack(columns, -1)


def weighted_lines(x: Array, y: Array, weight: Array) -> tuple[Array, Array]:
    """Return slopes and intercepts (..., columns) of y (..., n, columns) on x (n,), for weights (..., n)."""
    share = weight / weight.sum(-1, keepdims=True)
    x_mean = (share * x).sum(-1)
    y_mean = (share[..., None] * y).sum(-2)
    dx = x - x_mean[..., None]
    slope = ((share * dx)[..., None] * y).sum(-2) / (share * dx**2).sum(-1)[..., None]
    return slope, y_mean - slope * x_mean[..., None]


def source_weights(n_sources: int, n_draws: int, rng: np.random.Generator) -> Array:
    """Return exponential weights of the sources, (n_draws, n_sources)."""
    return np.asarray(rng.standard_exponential((n_draws, n_sources)))


def draw_lines(h: Array, fitted: Array, drawn: Sequence[Array], *, n_draws: int, seed: int) -> LineDraws:
    """Return joint draws; the same seed gives the same bits.

    Args:
        h: The compressibility of each source.
        fitted: The law of each source, rows (ln A, ln B, ln E, alpha, beta).
        drawn: The bootstrap rows of each source's law.
        n_draws: How many.
        seed: Of the generator.
    """
    rng = np.random.default_rng(seed)
    picked = np.stack([rows[rng.integers(len(rows), size=n_draws)] for rows in drawn], 1)
    slope, intercept = weighted_lines(h, both_forms(picked), source_weights(len(h), n_draws, rng))
    lines = np.concatenate([slope[:, :5], intercept[:, :5], slope[:, 5:], intercept[:, 5:]], 1)
    return LineDraws(lines=lines, scatter=_scatter(h, both_forms(fitted), n_draws, rng))


def _scatter(h: Array, y: Array, n_draws: int, rng: np.random.Generator) -> Array:
    slope, intercept = weighted_lines(h, y, np.ones(len(h)))
    residuals = y - h[:, None] * slope - intercept
    freedom = len(h) - 2
    normal = rng.standard_normal((n_draws, len(h))) @ residuals / np.sqrt(freedom)
    return np.asarray(normal * np.sqrt(freedom / rng.chisquare(freedom, (n_draws, 1))))
