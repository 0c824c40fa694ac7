"""What a headline that depends on the corpus rests on: its calibration's ranges and weight, and the cost of error."""

from __future__ import annotations

import math

from advisor.answer.recommendation import Recommendation
from advisor.answer.reliance import Reliance
from advisor.explain.laws import cost_of
from advisor.explain.lines import SURFACE, LawNames, Page
from advisor.laws.scaling_law import ScalingLaw


def explain_reliance(page: Page, recommendation: Recommendation, names: dict[str, LawNames]) -> None:
    """Explain the lines "weight", "trained on" and "if wrong"; nothing where the headline does not depend on H."""
    reliance = recommendation.reliance
    if reliance is None:
        return
    source = f"the calibration {reliance.calibration}, its coefficients file"
    _ranges(page, reliance, source)
    _weight(page, reliance, source)
    if reliance.wrong is not None:
        _wrong(page, recommendation, reliance, names)


def _ranges(page: Page, reliance: Reliance, source: str) -> None:
    for field, name in (("h_range", "H"), ("flops_range", "C")):
        for i, end in enumerate(("low", "high")):
            key = f"reliance.{field}[{i}]"
            page.add(
                f"{name}_trained_{end}",
                "measured",
                f"the {end} end of the accepted sources: {source}",
                key=key,
                measured=page.at(key),
            )
    if reliance.decades is not None:
        formula = "log(C/min(max(C, C_trained_low), C_trained_high))/log(10)"
        page.add("decades", formula, "powers of ten beyond the calibrated budgets", key="reliance.decades")
        page.add("decades_apart", "max(decades, -decades)", "the same without its sign", value=abs(reliance.decades))


def _weight(page: Page, reliance: Reliance, source: str) -> None:
    estimate = reliance.estimate
    if estimate is None:
        return
    for i, end in enumerate(("low", "high")):
        key = f"reliance.epsilon_ci95[{i}]"
        page.add(
            f"epsilon_{end}",
            "measured",
            f"95 % of a bootstrap over sources: {source}",
            key=key,
            measured=estimate.ci95[i],
        )
    for name, error in (("with_it", estimate.error), ("by_the_mean", estimate.error_of_mean)):
        if error is not None:
            page.add(
                f"missed_{name}",
                "exp(error)",
                f"root mean square left-out error of ln N*: {source}",
                error=error,
                value=math.exp(error),
            )


def _wrong(page: Page, recommendation: Recommendation, reliance: Reliance, names: dict[str, LawNames]) -> None:
    """Explain the share of the FLOPs that following one law loses where the other is right, both ways."""
    head, base = names[recommendation.headline.law], names.get("chinchilla")
    if base is None or not isinstance(head.law, ScalingLaw) or not isinstance(base.law, ScalingLaw):
        return
    for field, right, followed in (
        ("headline_if_chinchilla_is_right", base, head),
        ("chinchilla_if_headline_is_right", head, base),
    ):
        best = followed.law.frontier(recommendation.headline.flops)
        assert isinstance(right.law, ScalingLaw)
        excess = right.law.excess(best.n_params, best.n_tokens)
        n, d = followed.write("{N}"), followed.write("{D}")
        tag = "headline" if followed is head else "chinchilla"
        surface = f"{SURFACE}; the law {right.law.name}"
        page.add(f"excess_of_{tag}", f"{{A}}/{n}**{{alpha}} + {{B}}/{d}**{{beta}}", surface, value=excess, law=right)
        equivalent = right.law.for_excess(excess).flops
        cost = cost_of(f"excess_of_{tag}")
        page.add(
            f"C_eq_of_{tag}", cost, "the budget that reaches this loss at its optimum", value=equivalent, law=right
        )
        key = f"reliance.wasted_fraction_if_wrong.{field}"
        page.add(f"lost_by_{tag}", f"max(1 - C_eq_of_{tag}/C, 0)", "the share that is lost", key=key)
