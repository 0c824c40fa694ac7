"""Joint draws of the lines of law parameters in H: what is not known of the lines, and how far sources are off them.

The parameters of the sources are taken as lines in H plus residuals with one covariance, which holds both how sources
of one H differ and the error of each source's own fit: both make a line uncertain. A draw is then the textbook one
(Bayesian linear regression with the flat prior; its intervals are those of Student's t with n - 2 degrees of freedom),
for all ten parameters of both forms at once: the correlations between ln A and alpha, and between the forms, are those
of the residuals. The lines weigh all sources alike: each is the published least-squares one whose slope and p-value
stand in the report, and a source that is sure of one parameter is not so of another.

``scatter`` is how far a further source lies off the lines, without the error of a fit (``between_sources``).
It is drawn for the exponent a and ln N* in the middle of the calibrated budgets, which are what the answer hangs on and
what fits know best, and apart from them for E, ln(alpha + beta) and the excess loss there. Rows of parameters follow at
the law in the middle of the range of H, where ``advisor.calibrations.laws_in_h`` reads them as a shift of a and ln G.

Where H was measured with an error (``calibration.lines.measured_h``) a source with a true H off its guess by u looks
like one off the lines by slope * u. A draw moves each source by that, with the error of its own H, so that the two or
three sources on which a slope hangs carry their own error and not the mean of all; residuals hold some of it already,
so intervals are rather too wide than too narrow. From the scatter of a further source it is taken out.

Reweighting the sources and taking a bootstrap row of each one's law was tried first: with 8 sources its nominal 80 %
interval of ln N* on the line covered .55 to .75 where sources differ, and .88 to .98 where they do not, because the
error of each fit is then counted twice (60 simulations each of ``benchmarks/bench_coefficients.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from calibration.fit.objective import Array
from calibration.lines.between_sources import between_sources, from_frontier, sampling_covariance, to_frontier

# Of calibration.lines.between_sources.to_frontier: what N* hangs on, and what only the loss does.
_BLOCKS = ((0, 1), (2, 3, 4))
_MOST_LOG = 300.0  # of a factor on A or B, so that a wild draw stays a finite number


@dataclass(frozen=True, kw_only=True)
class LineDraws:
    """``lines`` has rows of 20: slopes and intercepts of the log form, then of the linear one; ``scatter`` rows of 10.

    A row of ``scatter`` is added to the ten parameters (log form, then linear) that the same row of ``lines`` gives.
    """

    lines: Array
    scatter: Array


def both_forms(rows: Array) -> Array:
    """Return (..., 10) parameters, log form and linear, of rows (ln E, ln A, ln B, alpha, beta)."""
    log_e, log_a, log_b, alpha, beta = np.moveaxis(rows, -1, 0)
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


def draw_lines(
    h: Array,
    laws: Array,
    *,
    drawn: Sequence[Array] | None,
    flops: float,
    n_draws: int,
    seed: int,
    h_sd: Array | None = None,
) -> LineDraws:
    """Return joint draws of lines through the laws of at least three sources; the same seed gives the same bits.

    Args:
        h: The compressibility of each source.
        laws: The law of each source, rows (ln E, ln A, ln B, alpha, beta).
        drawn: The bootstrap rows of each law; None takes the laws as known without error.
        flops: The budget in the middle of the calibrated ones.
        n_draws: How many.
        seed: Of the generator.
        h_sd: The standard deviation of the true H about ``h``; None takes ``h`` as exact.
    """
    y = both_forms(laws)
    slope, intercept = weighted_lines(h, y, np.ones(len(h)))
    residuals = y - h[:, None] * slope - intercept
    freedom = len(h) - 2
    rng = np.random.default_rng(seed)
    # Normal with the residuals' covariance, then Student's t: lines and scatter share one draw of the scale.
    scale = freedom / rng.chisquare(freedom, n_draws)
    off = rng.standard_normal((2, n_draws, len(h))) @ residuals * np.sqrt(scale / freedom)[:, None]
    by_h = _moved_by_h(h, h_sd, slope, n_draws, seed)
    slopes = slope + off[0] / np.sqrt(((h - h.mean()) ** 2).sum()) + by_h[0]
    at_mean = slope * h.mean() + intercept + off[1] / np.sqrt(len(h)) + by_h[1]
    intercepts = at_mean - slopes * h.mean()
    lines = np.concatenate([slopes[:, :5], intercepts[:, :5], slopes[:, 5:], intercepts[:, 5:]], 1)
    middle = slope * (h.min() + h.max()) / 2 + intercept
    # Where the lines give no law in the middle, the mean of the sources is one.
    middle = middle if middle[3:5].min() > 0 else y.mean(0)
    frontier = _further_source(h, h_sd, laws, drawn, flops, scale, rng)
    return LineDraws(lines=lines, scatter=_as_rows(frontier, middle, flops))


def _moved_by_h(h: Array, h_sd: Array | None, slope: Array, n_draws: int, seed: int) -> tuple[Array, Array]:
    """Return by how much errors of H move the slopes and the level at the mean H, (n, 10) each."""
    if h_sd is None:
        return np.zeros((n_draws, len(slope))), np.zeros((n_draws, len(slope)))
    # A generator of its own: without errors of H the other draws are the same bits.
    error = np.random.default_rng((seed, 1)).standard_normal((n_draws, len(h))) * h_sd
    dx = h - h.mean()
    return -np.outer(error @ dx / (dx @ dx), slope), -np.outer(error.mean(1), slope)


def _further_source(
    h: Array,
    h_sd: Array | None,
    laws: Array,
    drawn: Sequence[Array] | None,
    flops: float,
    scale: Array,
    rng: np.random.Generator,
) -> Array:
    """Return draws (n, 5) of how far the frontier of a further source is off the lines."""
    values = to_frontier(both_forms(laws)[:, :5], flops)
    by_h = np.zeros((len(h), 5, 5))
    if h_sd is not None:
        slope, _ = weighted_lines(h, values, np.ones(len(h)))
        by_h = h_sd[:, None, None] ** 2 * np.outer(slope, slope)
    normal = rng.standard_normal((len(scale), 5))
    found = np.zeros_like(normal)
    refits = None if drawn is None else [to_frontier(both_forms(rows)[:, :5], flops) for rows in drawn]
    for block in map(list, _BLOCKS):
        none = np.zeros((len(h), len(block), len(block)))
        error = none if refits is None else np.stack([sampling_covariance(rows[:, block]) for rows in refits])
        error = error + by_h[:, block][:, :, block]
        found[:, block] = between_sources(h, values[:, block], error).drawn(scale, normal[:, block])
    return found


def _as_rows(off: Array, middle: Array, flops: float) -> Array:
    """Return shifts of the frontier as rows (n, 10) off ``middle``, the ten parameters of a law; A, B by a factor."""
    log = from_frontier(to_frontier(middle[:5], flops) + off, flops) - middle[:5]
    linear = log.copy()
    linear[:, 1:3] = middle[6:8] * np.expm1(np.minimum(log[:, 1:3], _MOST_LOG))
    return np.concatenate([log, linear], 1)
