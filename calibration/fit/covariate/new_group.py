"""N* of a group that has no runs, from its value of the covariate alone."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from calibration.fit.line import Line, t_quantile
from calibration.fit.minimum import log_optimum
from calibration.fit.objective import Array


@dataclass(frozen=True, kw_only=True)
class PredictedOptimum:
    """N* of a new group at a budget, with its 95 % interval; None where the lines give no law."""

    flops: float
    n_params: float | None
    n_params_ci95: tuple[float, float] | None


@dataclass(frozen=True, kw_only=True)
class NewGroup:
    """What lines in the covariate say of a new group: its value, whether all groups lie to one side, N* by budget."""

    value: float
    outside: bool
    optima: tuple[PredictedOptimum, ...]


def predicted(law: Array | None, h: Array, at: float, line: Line, flops: float, beyond: float) -> PredictedOptimum:
    """Return N* of the law that lines in ``h`` give at ``at``.

    The interval is a new observation's about the line through the groups' own ln N* (Student's t, n - 2 degrees of
    freedom), and wider by ``beyond``, the sd of ln N* beyond the largest fitted budget (``advisor.laws.drift``).
    """
    if law is None:
        return PredictedOptimum(flops=flops, n_params=None, n_params_ci95=None)
    n, sxx = len(h), float(((h - h.mean()) ** 2).sum())
    variance = line.slope_se**2 * sxx * (1.0 + 1.0 / n + (at - float(h.mean())) ** 2 / sxx)
    log_n = float(log_optimum(law, flops))
    half = math.hypot(t_quantile(0.975, n - 2) * math.sqrt(variance), 1.96 * beyond)
    low, high = (math.exp(float(np.clip(log_n + side * half, -700.0, 700.0))) for side in (-1, 1))
    return PredictedOptimum(flops=flops, n_params=math.exp(log_n), n_params_ci95=(low, high))
