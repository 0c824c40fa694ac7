"""How flat the optimum is: every N and D of a budget that come close enough to it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.laws.scaling_law import Allocation, Law, ScalingLaw
from advisor.laws.search import crossing

if TYPE_CHECKING:
    from advisor.answer.row import Answer
    from advisor.explanation import Page
    from advisor.laws.explained import LawNames

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


def explain_flat_region(page: Page, names: LawNames, flat: FlatRegion | None, best: Answer) -> None:
    """Explain the ends of the region around ``best``: the two sizes on either side of it that solve an equation."""
    from advisor.explanation import file_of
    from advisor.laws.explained import cost_of, excess_of

    law = names.law
    if flat is None or not isinstance(law, ScalingLaw):
        return
    key = "flat_region"
    source = f"{file_of(__name__)}: loss and FLOPs this near the optimum's are called nearly as good"
    for by, share in (("loss", flat.loss_tolerance), ("flops", flat.flops_tolerance)):
        name = f"{by}_tolerance"
        page.add(name, "share", source, value=share, key=f"{key}.{name}_fraction", share=share)
    less = law.frontier((1 - flat.flops_tolerance) * best.flops)
    allowed, loss = "excess + loss_tolerance*loss", law.loss(best.n_params, best.n_tokens)
    most = flat.loss_tolerance * loss + law.excess(best.n_params, best.n_tokens)
    page.add("excess_allowed", allowed, "the most that is allowed", value=most)
    wasted, wasted_key = f"1 - min(1, {cost_of('excess_allowed')}/C)", f"{key}.within_loss_wasted_fraction"
    names.add(page, "wasted_loss", wasted, "the share that either end loses", value=flat.wasted_by_loss, key=wasted_key)
    budget = "((1 - flops_tolerance)*C/6)"
    terms = excess_of(f"({{G}}*{budget}**{{a}})", f"({budget}**(1 - {{a}})/{{G}})")
    source = f"the optimum of {100 * (1 - flat.flops_tolerance):g} % of the FLOPs"
    names.add(page, "excess_less", terms, source, value=law.excess(less.n_params, less.n_tokens))
    for by, bound, sizes, tokens in (
        ("loss", allowed, flat.n_params_by_loss, flat.n_tokens_by_loss),
        ("flops", "excess_less", flat.n_params_by_flops, flat.n_tokens_by_flops),
    ):
        for i, (end, side) in enumerate((("low", "smaller"), ("high", "larger"))):
            name, source = f"N_{by}_{end}", f"the {side} of two solutions, found by bisection"
            formula = f"root({excess_of(name, f'(C/(6*{name}))')} - ({bound}), {name})"
            names.add(page, name, formula, source, value=sizes[i], key=f"{key}.within_{by}.n_params[{i}]")
        for i, end in enumerate(("high", "low")):
            at = f"{key}.within_{by}.n_tokens[{i}]"
            page.add(f"D_{by}_{end}", f"C/(6*N_{by}_{end})", "C = 6 N D", value=tokens[i], key=at)
