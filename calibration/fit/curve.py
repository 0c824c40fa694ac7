"""Huber fits of any curve with few parameters: the forms beside the additive law, where speed does not matter.

The same damped reweighted least squares as ``calibration.fit.solver``, with derivatives by central differences.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from calibration.fit.objective import ELIMINATION, Array
from calibration.fit.solver import solved

Predict = Callable[[Array], Array]  # (S, k) parameter rows -> (S, runs) values of ln L


def huber(r: Array, delta: float, weight: Array) -> Array:
    """Return the weighted sum of Huber losses of each row of residuals, (S,)."""
    psi = np.clip(r, -delta, delta)
    return np.asarray((weight * psi * (r - 0.5 * psi)).sum(-1))


def fit_curve(
    predict: Predict,
    log_loss: Array,
    starts: Array,
    *,
    delta: float,
    weight: Array,
    low: Array,
    high: Array,
    n_steps: int = 200,
) -> tuple[Array, Array]:
    """Return rows (S, k) and objectives (S,) after damped steps from ``starts`` between ``low`` and ``high``.

    ``weight`` is (runs,) or one row for each start, (S, runs).
    """
    theta = np.clip(starts, low, high)
    weight = np.broadcast_to(weight, (len(theta), len(log_loss)))
    damping = np.full(len(theta), 1e-2)
    with np.errstate(all="ignore"):
        r = log_loss - predict(theta)
        value = huber(r, delta, weight)
        for _ in range(n_steps):
            step, promised = _step(predict, theta, r, delta, weight, damping, low, high)
            trial = np.clip(theta + step, low, high)
            r_trial = log_loss - predict(trial)
            new = huber(r_trial, delta, weight)
            better = new < value
            theta, r = np.where(better[:, None], trial, theta), np.where(better[:, None], r_trial, r)
            value = np.where(better, new, value)
            damping = np.clip(np.where(better, damping * 0.2, damping * 6.0), 1e-12, 1e12)
            if not ((promised > 1e-10 * value) & (damping < 1e10)).any():
                break
    return theta, np.where(np.isfinite(value), value, np.inf)


def _step(
    predict: Predict, theta: Array, r: Array, delta: float, weight: Array, damping: Array, low: Array, high: Array
) -> tuple[Array, Array]:
    j = _jacobian(predict, theta)
    k = weight * (delta / np.maximum(np.abs(r), delta))
    g = np.einsum("sri,sr->si", j, k * r)
    h = np.einsum("sri,srj->sij", j * k[:, :, None], j)
    free = ~(((theta <= low) & (g < 0)) | ((theta >= high) & (g > 0)))
    h = np.nan_to_num(h * (free[:, :, None] & free[:, None, :]))
    g = np.nan_to_num(np.where(free, g, 0.0))
    diagonal = np.einsum("sii->si", h)
    floor = 1e-9 * diagonal.max(1, keepdims=True) + 1e-300
    added = np.where(free, damping[:, None] * np.maximum(diagonal, floor), 1.0) + floor
    damped = h + np.eye(theta.shape[1]) * added[:, :, None]
    step = solved(damped, g, _order(theta.shape[1]))
    step /= np.maximum(1.0, np.abs(step).max(1, keepdims=True) / 2.0)
    return step, np.einsum("si,si->s", g, step)


def _order(k: int) -> npt.NDArray[np.intp]:
    """Return the order of elimination: that of a law in each five, then the rest."""
    laws = [ELIMINATION + 5 * i for i in range(k // 5)]
    return np.concatenate([*laws, np.arange(k - k % 5, k)])


def _jacobian(predict: Predict, theta: Array) -> Array:
    columns = []
    for i in range(theta.shape[1]):
        shift = np.zeros_like(theta)
        shift[:, i] = 1e-6 * np.maximum(1.0, np.abs(theta[:, i]))
        columns.append((predict(theta + shift) - predict(theta - shift)) / (2.0 * shift[:, i : i + 1]))
    return np.stack(columns, 2)
