"""How far a source lies off the lines in H, as a shift of the optimum that can be carried to another law.

The parameters of small models are not those of large ones: sources whose alpha is around 1 scatter by more than the
whole of Chinchilla's .35, and their alphas and betas scatter together, so that a = beta/(alpha+beta) hardly moves.
What carries over is what it does to the optimum, ln N* = ln G + a ln(C/6): the shifts of a and of ln G, found in the
calibration's own law and applied to the other. At the calibrated budgets they nearly cancel as they do there; beyond
them the shift of ln N* grows by that of a times ln C.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from advisor.laws.frontier import exponent_and_level, log_n_at
from advisor.laws.parameters import Parameters

# The middle, in logs, of the runs that Chinchilla's law was fitted to: there the excess loss is left as it was.
PIVOT_FLOPS = 1.35e20


class FrontierShift(NamedTuple):
    """By how much a, ln G and E are moved."""

    exponent: float
    level: float
    floor: float


def shift_between(law: Parameters, moved: Parameters) -> FrontierShift | None:
    """Return the shift from one law to another, in logs; None where one has no alpha or beta above 0."""
    if min(law.alpha, law.beta, moved.alpha, moved.beta) <= 0:
        return None
    (exponent, level), (new_exponent, new_level) = _frontier(law), _frontier(moved)
    return FrontierShift(new_exponent - exponent, new_level - level, moved.E - law.E)


def shifted(law: Parameters, shift: FrontierShift, pivot_flops: float = PIVOT_FLOPS) -> Parameters | None:
    """Return ``law``, in logs, with its frontier moved by ``shift``; None where a would leave (0, 1).

    alpha + beta and the excess loss on the frontier at ``pivot_flops`` are kept. On the frontier the excess X
    is shared as A/N^alpha = X beta/(alpha+beta) and B/D^beta = X alpha/(alpha+beta), which gives the new A and B.
    """
    total = law.alpha + law.beta
    exponent, level = _frontier(law)
    log_nd = math.log(pivot_flops / 6)
    log_n = log_n_at(log_nd, exponent, level)
    log_excess = law.A - law.alpha * log_n - math.log(law.beta / total)
    exponent += shift.exponent
    if not 0 < exponent < 1:
        return None
    alpha, beta = (1 - exponent) * total, exponent * total
    log_n = log_n_at(log_nd, exponent, level + shift.level)
    return Parameters(
        E=law.E + shift.floor,
        A=log_excess + math.log(beta / total) + alpha * log_n,
        B=log_excess + math.log(alpha / total) + beta * (log_nd - log_n),
        alpha=alpha,
        beta=beta,
    )


def _frontier(law: Parameters) -> tuple[float, float]:
    """Return a and ln G of a law in logs."""
    return exponent_and_level(math.log(law.alpha / law.beta) + law.A - law.B, law.alpha, law.beta)
