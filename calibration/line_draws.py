"""Joint draws of the lines of law parameters in H: what is not known of the lines, and how far sources are off them.

The parameters of the sources are taken as lines in H plus residuals with one covariance, which holds both how sources
of one H differ and the error of each source's own fit. A draw is then the textbook one (Bayesian linear regression with
the flat prior; its intervals are those of Student's t with n - 2 degrees of freedom), for all ten parameters of both
forms at once: the correlations between ln A and alpha, and between the forms, are those of the residuals. ``scatter``
is the residual of a further source, drawn with the same covariance.

Reweighting the sources and taking a bootstrap row of each one's law was tried first: with 8 sources its nominal 80 %
interval of ln N* on the line covered .55 to .75 where sources differ, and .88 to .98 where they do not, because the
error of each fit is then counted twice (60 simulations each of ``benchmarks/bench_coefficients.py``).
"""

from __future__ import annotations

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


def draw_lines(h: Array, laws: Array, *, n_draws: int, seed: int) -> LineDraws:
    """Return joint draws of lines through the laws of at least three sources; the same seed gives the same bits.

    Args:
        h: The compressibility of each source.
        laws: The law of each source, rows (ln A, ln B, ln E, alpha, beta).
        n_draws: How many.
        seed: Of the generator.
    """
    y = both_forms(laws)
    slope, intercept = weighted_lines(h, y, np.ones(len(h)))
    residuals = y - h[:, None] * slope - intercept
    freedom = len(h) - 2
    rng = np.random.default_rng(seed)
    # Normal with the residuals' covariance, then Student's t: three of them share one draw of the covariance's scale.
    normal = rng.standard_normal((3, n_draws, len(h))) @ residuals / np.sqrt(freedom)
    off = normal * np.sqrt(freedom / rng.chisquare(freedom, (n_draws, 1)))
    slopes = slope + off[0] / np.sqrt(((h - h.mean()) ** 2).sum())
    at_mean = slope * h.mean() + intercept + off[1] / np.sqrt(len(h))
    intercepts = at_mean - slopes * h.mean()
    lines = np.concatenate([slopes[:, :5], intercepts[:, :5], slopes[:, 5:], intercepts[:, 5:]], 1)
    return LineDraws(lines=lines, scatter=off[2])
