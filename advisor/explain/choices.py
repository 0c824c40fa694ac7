"""What other sizes do with the budget: neighbours, the user's own choice, and the sizes that are nearly as good."""

from __future__ import annotations

from advisor.answer.recommendation import Recommendation
from advisor.explain.laws import cost_of
from advisor.explain.lines import SURFACE, LawNames, Page
from advisor.laws.scaling_law import ScalingLaw

_FLAT = "advisor/answer/flat_region.py: loss and FLOPs this near the optimum's are called nearly as good"


def explain_choices(page: Page, recommendation: Recommendation, head: LawNames) -> None:
    """Explain the rows of the table of sizes."""
    for i, neighbour in enumerate(recommendation.neighbours):
        factor = neighbour.n_params / recommendation.headline.n_params
        key = f"neighbours[{i}].n_params"
        page.add(f"N_{i}", "N*factor", "a third, a half, 1, 2 and 3 times the optimum's", key=key, factor=factor)
        _weighed(page, head, str(i), f"neighbours[{i}]")
    if recommendation.choice is not None:
        _weighed(page, head, "choice", "choice")


def explain_chosen(page: Page, recommendation: Recommendation) -> None:
    """Explain the user's own number of parameters."""
    request = recommendation.request
    if request.n_params is not None:
        page.add("N_choice", "n_params", "given: --params", value=request.n_params, n_params=request.n_params)
    elif request.n_tokens is not None:
        value = recommendation.headline.flops / (6 * request.n_tokens)
        page.add("N_choice", "C/(6*n_tokens)", "given: --tokens", value=value, n_tokens=request.n_tokens)


def _weighed(page: Page, head: LawNames, tag: str, prefix: str) -> None:
    """Explain how the size N_tag does with the whole budget, against the optimum."""
    law = head.law
    assert isinstance(law, ScalingLaw)
    page.add(f"D_{tag}", f"C/(6*N_{tag})", "C = 6 N D", key=f"{prefix}.n_tokens")
    page.add(f"tokens_per_param_{tag}", f"D_{tag}/N_{tag}", "tokens over parameters", key=f"{prefix}.tokens_per_param")
    excess = law.excess(page.at(f"{prefix}.n_params"), page.at(f"{prefix}.n_tokens"))
    terms = f"{{A}}/N_{tag}**{{alpha}} + {{B}}/D_{tag}**{{beta}}"
    page.add(f"excess_{tag}", terms, SURFACE, value=excess, law=head)
    page.add(f"loss_{tag}", f"{{E}} + excess_{tag}", SURFACE, key=f"{prefix}.loss_nats_per_token", law=head)
    cost = f"min(C, {cost_of(f'excess_{tag}')})"
    source = "the budget that reaches this loss at its optimum"
    page.add(f"C_eq_{tag}", cost, source, key=f"{prefix}.equivalent_flops", law=head)
    page.add(f"wasted_{tag}", f"1 - C_eq_{tag}/C", "the share that is lost", key=f"{prefix}.wasted_fraction")


def explain_flat(page: Page, recommendation: Recommendation, head: LawNames) -> None:
    """Explain the ends of the flat region: the two sizes on either side of the optimum that solve an equation."""
    flat, law = recommendation.flat, head.law
    if flat is None or not isinstance(law, ScalingLaw):
        return
    tolerances = {"loss": flat.loss_tolerance, "flops": flat.flops_tolerance}
    for by, share in tolerances.items():
        name = f"{by}_tolerance"
        page.add(name, "share", _FLAT, key=f"flat_region.{name}_fraction", share=share)
    allowed_excess = flat.loss_tolerance * page.at("headline.loss_nats_per_token") + law.excess(
        page.at("headline.n_params"), page.at("headline.n_tokens")
    )
    page.add("excess_allowed", "excess + loss_tolerance*loss", "the most that is allowed", value=allowed_excess)
    wasted, key = f"1 - min(1, {cost_of('excess_allowed')}/C)", "flat_region.within_loss_wasted_fraction"
    page.add("wasted_loss", wasted, "the share that either end loses", key=key, law=head)
    less = law.frontier((1 - flat.flops_tolerance) * recommendation.headline.flops)
    budget = "((1 - flops_tolerance)*C/6)"
    terms = f"{{A}}/({{G}}*{budget}**{{a}})**{{alpha}} + {{B}}/({budget}**(1 - {{a}})/{{G}})**{{beta}}"
    page.add(
        "excess_less",
        terms,
        "the optimum of 90 % of the FLOPs",
        value=law.excess(less.n_params, less.n_tokens),
        law=head,
    )
    allowed = {"loss": "excess + loss_tolerance*loss", "flops": "excess_less"}
    for by in tolerances:
        for i, end in enumerate(("low", "high")):
            name, key = f"N_{by}_{end}", f"flat_region.within_{by}.n_params[{i}]"
            own = f"{{A}}/{name}**{{alpha}} + {{B}}/(C/(6*{name}))**{{beta}}"
            source = f"the {'smaller' if end == 'low' else 'larger'} of two solutions, found by bisection"
            page.add(name, f"root({own} - ({allowed[by]}), {name})", source, key=key, law=head)
        for i, end in enumerate(("high", "low")):
            key = f"flat_region.within_{by}.n_tokens[{i}]"
            page.add(f"D_{by}_{end}", f"C/(6*N_{by}_{end})", "C = 6 N D", key=key)
