"""Damped Newton or reweighted least-squares steps on many rows at once, inside a box.

Every row has its own damping (Levenberg-Marquardt: Nocedal and Wright 2006, section 10.3) and leaves the batch when it
has converged, so the cost is that of the rows that still move. A step that does not lower the objective is not taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calibration.fit.objective import ELIMINATION, Array, Evaluation, Problem, evaluate

# No step moves an exponent by more than 0.5 or a logarithm by more than 3: farther than that the model of F is fiction.
_LONGEST = np.array([3.0, 3.0, 3.0, 0.5, 0.5])


@dataclass(frozen=True, kw_only=True)
class Box:
    """Bounds on centred rows, (5,) each or one for each row, (S, 5); equal bounds hold a parameter fixed."""

    low: Array
    high: Array


def descend(
    problem: Problem,
    theta: Array,
    *,
    delta: float,
    box: Box,
    newton: bool,
    n_steps: int,
    weight: Array | None = None,
    tolerance: float = 1e-13,
) -> tuple[Array, Array]:
    """Return rows (S, 5) and objectives (S,) after at most ``n_steps`` damped steps from ``theta``.

    ``weight`` is as in ``evaluate``. A row stops when its model promises a relative decrease under ``tolerance``.
    """
    theta = np.clip(theta, box.low, box.high)
    with np.errstate(all="ignore"):  # a row that overflows is a step not taken, never a result
        now = evaluate(problem, theta, delta, weight=weight, newton=newton)
        theta_out, objective_out = theta.copy(), np.where(np.isfinite(now.objective), now.objective, np.inf)
        rows = np.flatnonzero(np.isfinite(now.curvature).all((1, 2)))
        theta, now = theta[rows], _take(now, rows)
        low, high = (np.broadcast_to(bound, theta_out.shape)[rows] for bound in (box.low, box.high))
        weight = None if weight is None else weight[rows]
        damping = np.full(len(rows), 1e-3)
        for _ in range(n_steps):
            if not len(rows):
                break
            step, promised = _step(theta, now, damping, low, high)
            trial = np.clip(theta + step, low, high)
            new = evaluate(problem, trial, delta, weight=weight, newton=newton)
            better = (new.objective < now.objective) & np.isfinite(new.curvature).all((1, 2))
            theta = np.where(better[:, None], trial, theta)
            gain = now.objective - new.objective
            now = _choose(better, new, now)
            damping = _next_damping(damping, better, gain / promised)
            theta_out[rows], objective_out[rows] = theta, now.objective
            going = (promised > tolerance * now.objective) & (damping < 1e12)
            if not going.all():
                keep = np.flatnonzero(going)
                rows, theta, damping, now = rows[keep], theta[keep], damping[keep], _take(now, keep)
                low, high = low[keep], high[keep]
                weight = None if weight is None else weight[keep]
    return theta_out, objective_out


def _step(theta: Array, now: Evaluation, damping: Array, low: Array, high: Array) -> tuple[Array, Array]:
    """Return the damped step and the decrease that the quadratic model promises for it."""
    g = now.gradient
    blocked = ((theta <= low) & (g > 0)) | ((theta >= high) & (g < 0)) | (low == high)
    free = ~blocked
    h = now.curvature * (free[:, :, None] & free[:, None, :])
    diagonal = np.einsum("ijj->ij", h)
    scale = np.abs(diagonal)
    floor = 1e-9 * scale.max(1, keepdims=True) + 1e-300
    added = damping[:, None] * np.maximum(scale, floor) + floor * 1e-3
    damped = h.copy()
    np.einsum("ijj->ij", damped)[:] += np.where(free, added, 1.0)
    g = np.where(free, g, 0.0)
    try:
        step = -solved(damped, g, ELIMINATION)
    except np.linalg.LinAlgError:
        step = -g / (scale + added)
    step = np.nan_to_num(step, nan=0.0, posinf=0.0, neginf=0.0)
    step /= np.maximum(1.0, (np.abs(step) / _LONGEST).max(1, keepdims=True))
    slope = np.einsum("ij,ij->i", g, step)
    bend = np.einsum("ij,ijk,ik->i", step, h, step)
    return step, np.abs(slope + 0.5 * bend)


def solved(matrix: Array, right: Array, order: npt.NDArray[np.intp]) -> Array:
    """Return the solutions (S, k) of linear systems (S, k, k), whose unknowns are eliminated in ``order``."""
    found = np.empty_like(right)
    found[:, order] = np.linalg.solve(matrix[:, order[:, None], order], right[:, order, None])[:, :, 0]
    return found


def _next_damping(damping: Array, better: npt.NDArray[np.bool_], ratio: Array) -> Array:
    down = np.where(ratio > 0.75, 0.1, np.where(ratio > 0.25, 0.5, 2.0))
    return np.asarray(np.maximum(np.where(better, damping * down, damping * 8.0), 1e-14))


def _take(e: Evaluation, rows: npt.NDArray[np.intp]) -> Evaluation:
    return Evaluation(objective=e.objective[rows], gradient=e.gradient[rows], curvature=e.curvature[rows])


def _choose(better: npt.NDArray[np.bool_], new: Evaluation, old: Evaluation) -> Evaluation:
    return Evaluation(
        objective=np.where(better, new.objective, old.objective),
        gradient=np.where(better[:, None], new.gradient, old.gradient),
        curvature=np.where(better[:, None, None], new.curvature, old.curvature),
    )
