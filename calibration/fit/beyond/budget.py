"""The optimum at a budget with its intervals, which are wider beyond the largest budget that was fitted."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from advisor.laws.drift import at_least, e_folds_beyond, even_normals
from advisor.laws.scaling_law import ScalingLaw
from calibration.fit.bootstrap import Draws, ci95
from calibration.fit.minimum import Fit, log_optimum
from calibration.fit.objective import Array


@dataclass(frozen=True, kw_only=True)
class Budget:
    """The optimum at a budget and its 95 % intervals; loss in nats/token.

    ``e_folds_beyond`` is ln of the budget over the largest fitted one, for which the intervals are widened; 0 inside.
    """

    flops: float
    e_folds_beyond: float
    n_params: float
    n_tokens: float
    loss: float
    n_params_ci95: tuple[float, float]
    n_tokens_ci95: tuple[float, float]
    loss_ci95: tuple[float, float]

    JSON = (
        *("flops", "e_folds_beyond", "n_params", "n_tokens", "tokens_per_param", "loss_nats_per_token=loss"),
        *("ci95.n_params=n_params_ci95", "ci95.n_tokens=n_tokens_ci95", "ci95.loss_nats_per_token=loss_ci95"),
    )

    @property
    def tokens_per_param(self) -> float:
        """Training tokens for each parameter."""
        return self.n_tokens / self.n_params


def _exp(values: Array) -> Array:
    """Return exp, at most that of 700: draws of runs that carry no law can put N* beyond all numbers."""
    return np.asarray(np.exp(np.minimum(values, 700.0)))


def budget_of(fit: Fit, draws: Draws, flops: float, law: ScalingLaw) -> Budget:
    """Return the optimum at ``flops``; beyond the largest fitted budget every draw is moved by the law's drift.

    A move in ln N* leaves the least loss as it is (``advisor.laws.drift.moved``).
    """
    log_nd = math.log(flops / 6.0)
    rows = np.vstack([fit.parameters, draws.rows])
    log_n = log_optimum(rows, flops)
    log_e, log_a, log_b, alpha, beta = rows.T
    loss = np.exp(log_e) + _exp(log_a - alpha * log_n) + _exp(log_b - beta * (log_nd - log_n))
    far = e_folds_beyond(law, flops)
    if far:
        moves = np.array([(z.drift_of_n, z.drift_of_loss) for z in even_normals(len(draws.rows))])
        drift = at_least(law.drift)
        log_n[1:] += far * drift.n_params * moves[:, 0]
        loss[1:] *= np.exp(far * drift.loss * moves[:, 1])
    n, d = _exp(log_n), _exp(log_nd - log_n)
    return Budget(
        flops=flops,
        e_folds_beyond=far,
        n_params=float(n[0]),
        n_tokens=float(d[0]),
        loss=float(loss[0]),
        n_params_ci95=ci95(n[1:]),
        n_tokens_ci95=ci95(d[1:]),
        loss_ci95=ci95(loss[1:]),
    )
