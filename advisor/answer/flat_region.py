"""How flat the optimum is: every N and D of a budget that come close enough to it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from advisor.laws.scaling_law import Allocation, Law, ScalingLaw
from advisor.laws.search import crossing

LOSS_TOLERANCE = 0.01  # of the loss
FLOPS_TOLERANCE = 0.10  # of the FLOPs
Bounds = tuple[float, float]
_LARGEST = 700.0  # exp of more overflows


@dataclass(frozen=True, kw_only=True)
class FlatRegion:
    """The sizes for which a budget does nearly as well as at its optimum; D = C/(6 N) runs the other way.

    ``loss_tolerance`` and ``flops_tolerance`` are shares: up to 1 % more loss than the optimum's, and up to 10 % of the
    FLOPs wasted (1 - C_eq/C, with C_eq the budget that reaches the same loss at its optimum). ``wasted_by_loss`` is the
    share that either end of the sizes within 1 % of the loss wastes, 1 - C_eq/C at that loss.
    """

    loss_tolerance: float
    wasted_by_loss: float
    n_params_by_loss: Bounds
    n_tokens_by_loss: Bounds
    flops_tolerance: float
    n_params_by_flops: Bounds
    n_tokens_by_flops: Bounds

    JSON = (
        *("loss_tolerance_fraction=loss_tolerance", "within_loss_wasted_fraction=wasted_by_loss"),
        *("within_loss.n_params=n_params_by_loss", "within_loss.n_tokens=n_tokens_by_loss"),
        "flops_tolerance_fraction=flops_tolerance",
        *("within_flops.n_params=n_params_by_flops", "within_flops.n_tokens=n_tokens_by_flops"),
    )


def flat_region(law: Law, flops: float) -> FlatRegion | None:
    """Return the sizes within 1 % of the loss, and within 10 % of the FLOPs, of the optimum of ``flops``.

    None where the law predicts no loss.
    """
    if not isinstance(law, ScalingLaw):
        return None
    best, less = law.frontier(flops), law.frontier((1 - FLOPS_TOLERANCE) * flops)
    lowest = law.excess(best.n_params, best.n_tokens)
    allowed = lowest + LOSS_TOLERANCE * (law.E + lowest)
    by_loss = _sizes(law, best, allowed)
    by_flops = _sizes(law, best, law.excess(less.n_params, less.n_tokens))
    return FlatRegion(
        loss_tolerance=LOSS_TOLERANCE,
        wasted_by_loss=1 - min(law.for_excess(allowed).flops / flops, 1.0),
        n_params_by_loss=by_loss,
        n_tokens_by_loss=_tokens(by_loss, flops),
        flops_tolerance=FLOPS_TOLERANCE,
        n_params_by_flops=by_flops,
        n_tokens_by_flops=_tokens(by_flops, flops),
    )


def _sizes(law: ScalingLaw, best: Allocation, excess: float) -> Bounds:
    """Return the two N at which the optimum's budget has a loss of E + ``excess``, which rises on either side of it.

    With N = x N* and D = D*/x the excess is t_N x^-alpha + t_D x^beta, t being the two terms at the optimum.
    """
    t_n = law.A * best.n_params**-law.alpha
    t_d = law.B * best.n_tokens**-law.beta

    def above(log_x: float) -> float:
        return float(t_n * math.exp(-law.alpha * log_x) + t_d * math.exp(law.beta * log_x) - excess)

    # Past these one term alone exceeds what is allowed.
    low, high = -math.log(excess / t_n) / law.alpha, math.log(excess / t_d) / law.beta
    log_n = math.log(best.n_params)
    log_low, log_high = log_n + crossing(above, low, 0.0), log_n + crossing(above, 0.0, high)
    return math.exp(max(log_low, -_LARGEST)), math.exp(min(log_high, _LARGEST))


def _tokens(sizes: Bounds, flops: float) -> Bounds:
    """Return the tokens that the budget leaves for each size, fewest first."""
    return flops / (6 * sizes[1]), flops / (6 * sizes[0])
