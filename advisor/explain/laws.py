"""What each law answers: its parameters at this H, the frontier, the loss, the intervals, how H moves the optimum."""

from __future__ import annotations

import math

from advisor.answer.recommendation import Recommendation
from advisor.answer.row import Answer
from advisor.calibrations.laws_in_h import LAW_NAMES, Dependence, LawAtH
from advisor.explain.lines import FRONTIER, SURFACE, LawNames, Page, identifier, names_of, used_in
from advisor.laws.parameters import NAMES
from advisor.laws.published import chinchilla
from advisor.laws.scaling_law import FrontierLaw, Law, ScalingLaw

_EQ_4 = "Pandey 2024, arXiv:2405.16684, eq. 4"
_FORMS = {
    "gzip": "slope*H + intercept",
    "blend": "(1 - epsilon)*{0}_chinchilla + epsilon*(slope*H + intercept)",
    "anchored": "{0}_chinchilla + epsilon*slope*(H - H_ref)",
}
_DERIVATIVES = {"gzip": "slope", "blend": "epsilon*slope", "anchored": "epsilon*slope"}


def headline_names(page: Page, recommendation: Recommendation) -> LawNames:
    """Explain the parameters of the headline law where they depend on H; return its names."""
    return _names(page, recommendation, recommendation.candidates.headline, "")


def explain_others(page: Page, recommendation: Recommendation, head: LawNames) -> dict[str, LawNames]:
    """Explain what every law but the headline answers for the budget C; return the names of all laws."""
    names = {head.law.name: head}
    for i, law in enumerate(recommendation.candidates.others, 1):
        law_names = _names(page, recommendation, law, identifier(law.name))
        names[law.name] = law_names
        frontier_of_budget(page, law_names, f"laws[{i}]")
        explain_answer(page, law_names, f"laws[{i}]")
        _wasted(page, head, law_names, recommendation.laws[i], i)
    return names


def frontier_of_budget(page: Page, names: LawNames, prefix: str) -> None:
    """Explain N* and D* of the budget C under a law."""
    law = names.law
    if isinstance(law, FrontierLaw):
        page.add("{N}", "{coefficient}*C**{exponent}", law.source, key=f"{prefix}.n_params", law=names)
    else:
        explain_frontier(page, names)
        page.add("{N}", "{G}*(C/6)**{a}", _of(FRONTIER, law), key=f"{prefix}.n_params", law=names)
    page.add("{D}", "C/(6*{N})", "C = 6 N D", key=f"{prefix}.n_tokens", law=names)


def explain_frontier(page: Page, names: LawNames) -> None:
    """Explain the exponent a of N* in C/6 and the level G."""
    law = names.law
    assert isinstance(law, ScalingLaw)
    page.add("{a}", "{beta}/({alpha} + {beta})", _of(FRONTIER, law), value=law.exponent_a, law=names)
    level = "({alpha}*{A}/({beta}*{B}))**(1/({alpha} + {beta}))"
    page.add("{G}", level, _of(FRONTIER, law), value=math.exp(min(law.log_g, 700.0)), law=names)


def explain_answer(page: Page, names: LawNames, prefix: str) -> None:
    """Explain tokens per parameter and the loss of an allocation, and the intervals of all of it."""
    law, of = names.law, names.write
    page.add(
        f"tokens_per_param{names.suffix}",
        "{D}/{N}",
        "tokens over parameters",
        law=names,
        key=f"{prefix}.tokens_per_param",
    )
    if isinstance(law, ScalingLaw):
        n_params, n_tokens = page.at(f"{prefix}.n_params"), page.at(f"{prefix}.n_tokens")
        terms = "{A}/{N}**{alpha} + {B}/{D}**{beta}"
        page.add("{excess}", terms, _of(SURFACE, law), value=law.excess(n_params, n_tokens), law=names)
        page.add("{loss}", "{E} + {excess}", _of(SURFACE, law), key=f"{prefix}.loss_nats_per_token", law=names)
    for field, name in (
        ("n_params", of("{N}")),
        ("n_tokens", of("{D}")),
        ("tokens_per_param", f"tokens_per_param{names.suffix}"),
        ("loss_nats_per_token", of("{loss}")),
        *((("flops", "C"),) if not names.suffix else ()),
    ):
        page.interval(name, f"{prefix}.interval80.{field}", law)


def explain_sensitivity(page: Page, at_h: LawAtH, dependence: Dependence, epsilon: float, flops: float) -> None:
    """Explain d ln N*/dH and where its sign flips."""
    law, d, form = at_h.law, at_h.derivative, at_h.law.name
    lines = dependence.regressions.linear if form == "blend" else dependence.regressions.log
    for field in NAMES[1:]:
        level = field in ("A", "B")
        formula = _DERIVATIVES[form] + (f"/{field}" if level and form == "blend" else "")
        name = f"dln{field}" if level else f"d{field}"
        weight = {} if form == "gzip" else {"epsilon": epsilon}
        page.add(name, formula, _EQ_4, value=getattr(d, field), known=weight, slope=getattr(lines.slope, field))
    total, d_total = law.alpha + law.beta, d.alpha + d.beta
    d_a = (d.beta - law.exponent_a * d_total) / total
    slope = page.at("sensitivity.dlnN_dH")
    source = "the derivative of ln N* = ln G + a ln(C/6) in H; primes are slopes of eq. 4"
    level_slope = "(dalpha/alpha + dlnA - dbeta/beta - dlnB - (dalpha + dbeta)*log(G))/(alpha + beta)"
    page.add("dlnG", level_slope, source, value=slope - d_a * math.log(flops / 6))
    page.add("da", "(dbeta - a*(dalpha + dbeta))/(alpha + beta)", source, value=d_a)
    page.add("dlnN_dH", "dlnG + da*log(C/6)", source, key="sensitivity.dlnN_dH")
    page.add("flip_flops", "6*exp(-dlnG/da)", f"where it is 0; {source}", key="sensitivity.flip_flops")


def cost_of(excess: str) -> str:
    """Return the formula of the least budget whose loss is E + ``excess``, which {A} and the like turn into a law's.

    On the frontier A/N^alpha is the share beta/(alpha+beta) of the excess, and B/D^beta the rest.
    """
    total = "({alpha} + {beta})"
    n_params = f"({{A}}*{total}/({{beta}}*{excess}))**(1/{{alpha}})"
    n_tokens = f"({{B}}*{total}/({{alpha}}*{excess}))**(1/{{beta}})"
    return f"6*{n_params}*{n_tokens}"


def _wasted(page: Page, head: LawNames, names: LawNames, answer: Answer, i: int) -> None:
    """Explain what following another law wastes if the headline law is right."""
    law = head.law
    if answer.wasted is None or not isinstance(law, ScalingLaw):
        return
    excess = law.excess(answer.n_params, answer.n_tokens)
    tag, n, d = names.suffix, names.write("{N}"), names.write("{D}")
    terms = f"{{A}}/{n}**{{alpha}} + {{B}}/{d}**{{beta}}"
    page.add(f"excess_by{tag}", terms, _of(SURFACE, law), value=excess, law=head)
    equivalent = f"min(C, {cost_of(f'excess_by{tag}')})"
    spent = (1 - answer.wasted) * answer.flops
    page.add(f"C_eq{tag}", equivalent, "the budget that reaches this loss at its optimum", value=spent, law=head)
    page.add(f"wasted{tag}", f"1 - C_eq{tag}/C", "the share that is lost", key=f"laws[{i}].wasted_fraction")


def _names(page: Page, recommendation: Recommendation, law: Law, suffix: str) -> LawNames:
    """Return a law's names; explain its parameters first where they are lines in H."""
    calibration = recommendation.usable
    if calibration is None or law.name not in LAW_NAMES or not isinstance(law, ScalingLaw):
        return names_of(law, suffix)
    dependence, base = calibration.dependence, chinchilla()
    form = law.name
    lines = dependence.regressions.linear if form == "blend" else dependence.regressions.log
    for field in NAMES:
        in_logs = form != "blend" and field in ("A", "B")
        formula = _FORMS[form].format(f"ln_{field}" if in_logs else field)
        formula = f"exp({formula})" if in_logs else f"max({formula}, 0)" if field == "E" else formula
        own = getattr(base, field)
        known = {
            "slope": getattr(lines.slope, field),
            "intercept": getattr(lines.intercept, field),
            "epsilon": weight_of(recommendation, dependence),
            "H_ref": dependence.h_ref,
            f"ln_{field}_chinchilla" if in_logs else f"{field}_chinchilla": math.log(own) if in_logs else own,
        }
        source = f"{_EQ_4} on the calibration {calibration.name}, {lines.form} regression; {law.note}"
        page.add(field + suffix, formula, source, value=getattr(law, field), known=used_in(known, formula))
    return names_of(law, suffix, explained=True)


def weight_of(recommendation: Recommendation, dependence: Dependence) -> float:
    """Return the weight of the calibration: the request's, else its own."""
    asked = recommendation.request.epsilon
    return dependence.epsilon if asked is None else asked


def _of(equation: str, law: Law) -> str:
    return f"{equation}; the law {law.name}: {law.source}"
