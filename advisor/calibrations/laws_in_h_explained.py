"""The laws in H, explained: their parameters at this H, and how H moves the optimum."""

from __future__ import annotations

import math

from advisor.calibrations.laws_in_h import Dependence, LawAtH
from advisor.calibrations.lines_in_h import LinesInH
from advisor.explanation import Page, used_in
from advisor.laws.explained import LawNames, names_of
from advisor.laws.parameters import NAMES
from advisor.laws.published import chinchilla
from advisor.laws.scaling_law import ScalingLaw

_EQ_4 = "Pandey 2024, arXiv:2405.16684, eq. 4"
_FORMS = {
    "gzip": "slope*H + intercept",
    "blend": "(1 - epsilon)*{0}_{1} + epsilon*(slope*H + intercept)",
    "anchored": "{0}_{1} + epsilon*slope*(H - H_ref)",
}
_DERIVATIVES = {"gzip": "slope", "blend": "epsilon*slope", "anchored": "epsilon*slope"}


def explain_law(
    page: Page, law: ScalingLaw, dependence: Dependence, epsilon: float | None, *, headline: bool
) -> LawNames:
    """Explain the parameters of a law in H; return its names. ``epsilon`` is the weight where one was asked for."""
    names, lines, base = (
        names_of(law, headline=headline, explained=True),
        _lines(law, dependence),
        dependence.base or chinchilla(),
    )
    of_base = "chinchilla" if dependence.base is None else "base"
    source = f"{_EQ_4} on the calibration {dependence.name}, {lines.form} regression; {law.note}"
    for field in NAMES:
        in_logs = lines.form == "log" and field in ("A", "B")
        formula = _FORMS[law.name].format(f"ln_{field}" if in_logs else field, of_base)
        formula = f"exp({formula})" if in_logs else f"max({formula}, 0)" if field == "E" else formula
        own = getattr(base, field)
        known = {
            "slope": getattr(lines.slope, field),
            "intercept": getattr(lines.intercept, field),
            "epsilon": _weight(dependence, epsilon),
            "H_ref": dependence.h_ref,
            f"ln_{field}_{of_base}" if in_logs else f"{field}_{of_base}": math.log(own) if in_logs else own,
        }
        names.add(page, f"{{{field}}}", formula, source, value=getattr(law, field), known=used_in(known, formula))
    return names


def explain_sensitivity(page: Page, at_h: LawAtH, dependence: Dependence, epsilon: float | None, flops: float) -> None:
    """Explain d ln N*/dH at the budget C, ``flops``, and where its sign flips."""
    d, form, lines = at_h.derivative, at_h.law.name, _lines(at_h.law, dependence)
    for field in NAMES[1:]:
        level = field in ("A", "B")
        formula = _DERIVATIVES[form] + (f"/{field}" if level and lines.form == "linear" else "")
        name = f"dln{field}" if level else f"d{field}"
        known = used_in({"epsilon": _weight(dependence, epsilon)}, formula)
        page.add(name, formula, _EQ_4, value=getattr(d, field), known=known, slope=getattr(lines.slope, field))
    found, d_a = at_h.sensitivity(flops), at_h.exponent_slope
    source = "the derivative of ln N* = ln G + a ln(C/6) in H; primes are slopes of eq. 4"
    level_slope = "(dalpha/alpha + dlnA - dbeta/beta - dlnB - (dalpha + dbeta)*log(G))/(alpha + beta)"
    page.add("dlnG", level_slope, source, value=found.dlnN_dH - d_a * math.log(flops / 6))
    page.add("da", "(dbeta - a*(dalpha + dbeta))/(alpha + beta)", source, value=d_a)
    page.add("dlnN_dH", "dlnG + da*log(C/6)", source, value=found.dlnN_dH, key="sensitivity.dlnN_dH")
    where = f"where it is 0; {source}"
    page.add("flip_flops", "6*exp(-dlnG/da)", where, value=found.flip_flops, key="sensitivity.flip_flops")


def _lines(law: ScalingLaw, dependence: Dependence) -> LinesInH:
    return dependence.regressions.linear if law.name == "blend" else dependence.regressions.log


def _weight(dependence: Dependence, asked: float | None) -> float:
    return dependence.epsilon if asked is None else asked
