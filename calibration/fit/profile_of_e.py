"""The profile of E: how well the runs are fitted when E is held at each of many values."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from calibration.fit.minimum import Fit, refine
from calibration.fit.objective import Array
from calibration.fit.solver import Box

_N_VALUES = 40
_MOST_SWEEPS = 10
_CHI2_95 = 3.841  # the 95 % quantile of chi-square with one degree of freedom


@dataclass(frozen=True, kw_only=True)
class ProfileOfE:
    """Values of E (nats/token), the least objective at each over the least of all, and the 95 % interval they give.

    ``low`` is None where E near 0 is not excluded, ``high`` is None where E as large as the least loss is not.
    """

    e: tuple[float, ...]
    ratio: tuple[float, ...]
    low: float | None
    high: float | None

    JSON = ("E=e", "objective_ratio=ratio", "-low", "-high", "ci95")

    @property
    def ci95(self) -> tuple[float | None, float | None]:
        """The 95 % interval; None for an end that is not seen."""
        return self.low, self.high


def profile_of_e(fit: Fit) -> ProfileOfE | None:
    """Return the profile of E of a fit; None where E was held fixed."""
    if fit.box.low[0] == fit.box.high[0]:
        return None
    least = float(np.exp(fit.problem.log_loss.min()))
    values = np.append(np.linspace(0.01, 0.999, _N_VALUES) * least, math.exp(fit.theta[0]))
    values = np.unique(np.minimum(values, math.exp(fit.box.high[0])))
    start = np.repeat(fit.theta[None], len(values), 0)
    start[:, 0] = np.log(values)
    low, high = (np.tile(bound, (len(values), 1)) for bound in (fit.box.low, fit.box.high))
    low[:, 0] = high[:, 0] = np.log(values)
    # Where E is lower than fitted, the other two terms share the difference.
    start[:, 1:3] = np.log(np.maximum(math.exp(fit.theta[0]) - values, 0.0)[:, None] / 2.0 + np.exp(start[:, 1:3]))
    objective = _least_objectives(fit, start, Box(low=low, high=high))
    least_objective = fit.objective * fit.delta if fit.l1 else fit.objective
    low_end, high_end = _ends(values, objective - least_objective, _allowed_rise(fit), int(np.argmin(objective)))
    return ProfileOfE(
        e=tuple(float(v) for v in values),
        ratio=tuple(float(v) for v in objective / max(least_objective, 1e-300)),
        low=low_end,
        high=high_end,
    )


def _least_objectives(fit: Fit, theta: Array, box: Box) -> Array:
    """Return the least objective at each held E.

    A profile that is no single valley has values caught in lesser optima: each is then tried again from its neighbours.
    """
    theta, objective = refine(fit.problem, theta, delta=fit.delta, l1=fit.l1, box=box)
    for _ in range(_MOST_SWEEPS):
        if _is_one_valley(objective):
            break
        before = objective
        for step in (1, -1):
            start = np.roll(theta, step, axis=0)
            start[:, 0] = box.low[:, 0]
            other, value = refine(fit.problem, start, delta=fit.delta, l1=fit.l1, box=box)
            theta = np.where((value < objective)[:, None], other, theta)
            objective = np.minimum(value, objective)
        if (objective > before * (1.0 - 1e-6)).all():
            break
    return objective


def _is_one_valley(objective: Array) -> bool:
    best, steps = int(np.argmin(objective)), np.diff(objective)
    slack = 1e-6 * float(objective.min())
    return bool((steps[:best] <= slack).all() and (steps[best:] >= -slack).all())


def _ends(values: Array, rise: Array, allowed: float, best: int) -> tuple[float | None, float | None]:
    """Return where the rise of the objective crosses what is allowed, on each side of the best value.

    Between two values the root of the rise is taken as straight, which it is for a parabola.
    """
    root, limit = np.sqrt(np.maximum(rise, 0.0)), math.sqrt(allowed)

    def crossing(order: range) -> float | None:
        for i, j in itertools.pairwise(order):
            if root[j] > limit:
                share = (limit - root[i]) / (root[j] - root[i])
                return float(values[i] + share * (values[j] - values[i]))
        return None

    return crossing(range(best, -1, -1)), crossing(range(best, len(values)))


def _allowed_rise(fit: Fit) -> float:
    """Return the rise of the objective that a 95 % likelihood-ratio test of one parameter allows.

    For an M-estimator 2 (F(E) - F) E[psi'] / E[psi^2] tends to chi-square with one degree of freedom (Huber and
    Ronchetti 2009, section 13.3); the two means are those of normal residuals of the fit's scale s, with c = delta/s:
    E[psi'] = 2 Phi(c) - 1, E[psi^2] = s^2 (2 Phi(c) - 1 - 2 c phi(c)) + 2 delta^2 (1 - Phi(c)).
    """
    s = max(fit.scale, 1e-12)
    c = fit.delta / s
    inside = math.erf(c / math.sqrt(2.0))
    density = math.exp(-0.5 * c * c) / math.sqrt(2.0 * math.pi)
    square = s * s * (inside - 2.0 * c * density) + fit.delta**2 * (1.0 - inside)
    return 0.5 * _CHI2_95 * square / max(inside, 1e-300)
