"""What a data-dependent headline rests on: its calibration's weight and reach, and what being wrong costs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.answer.request import Request
from advisor.answer.row import best_allocation
from advisor.caution import Caution
from advisor.laws.published import chinchilla
from advisor.laws.scaling_law import Law, ScalingLaw

if TYPE_CHECKING:
    from advisor.answer.law_choice import Candidates
    from advisor.calibrations.coefficients import Calibration
    from advisor.calibrations.quality import Prediction
    from advisor.calibrations.uncertainty import WeightEstimate
    from advisor.explanation import Page
    from advisor.laws.explained import LawNames


@dataclass(frozen=True, kw_only=True)
class WrongChoice:
    """The share of the FLOPs lost by following one law where the other is right (1 - C_eq/C), both ways."""

    headline_if_chinchilla_is_right: float
    chinchilla_if_headline_is_right: float


@dataclass(frozen=True, kw_only=True)
class Reliance:
    """What a data-dependent law rests on.

    ``epsilon`` is None for the law gzip, which has no weight; ``estimate`` is how the calibration found it, None where
    it does not say or the weight was given in the request. ``decades`` is how many powers of ten the budget lies above
    the largest run of the calibration (below the smallest: negative; 0 inside). ``native_ids``: the calibration's
    sources came as token ids, and the corpus was tokenized. ``training_tokenizer``: what the models read, where that is
    not what H was measured on. ``base`` is the law that it starts from. ``wrong`` is None where N counts other
    parameters than Chinchilla's.
    """

    calibration: str
    law: str
    epsilon: float | None
    estimate: WeightEstimate | None
    prediction: Prediction | None
    h_ref: float
    h_ref_source: str | None
    h_range: tuple[float, float] | None
    h_inside: bool | None
    flops_range: tuple[float, float] | None
    decades: float | None
    native_ids: bool
    training_tokenizer: str | None
    base: str
    wrong: WrongChoice | None

    JSON = (
        *("calibration", "law", "epsilon", "h_ref", "h_ref_source", "h_range", "h_inside", "flops_range", "decades"),
        *(
            "native_ids",
            "training_tokenizer",
            "base",
            "epsilon_ci95=estimate.ci95",
            "epsilon_share_zero=estimate.share_zero",
        ),
        *("gzip_beats_no_predictor=prediction.better", "prediction_verdict=prediction.verdict"),
        *("wasted_fraction_if_wrong=wrong", "in_words"),
    )

    @property
    def base_in_words(self) -> str:
        """The law that it starts from, as people call it."""
        return "Chinchilla" if self.base == "chinchilla" else self.base

    @property
    def in_words(self) -> str:
        """What the weight is and what it says."""
        found, epsilon = self.estimate, self.epsilon
        if epsilon is None:
            return "the calibration alone: it has no weight"
        if found is None:
            return f"epsilon = {epsilon:g}, as given"
        interval = f"epsilon = {epsilon:g} (95 % {found.ci95[0]:.2g} to {found.ci95[1]:.2g})"
        if epsilon == 0:
            return (
                f"{interval}: gzip did not beat the mean on held-out sources, so {self.law} is {self.base_in_words}; "
                "the interval still holds how far corpora of one H differ"
            )
        if found.error is None or found.error_of_mean is None:
            return f"{interval}: of the shift that the lines in H predict, held-out sources show this share"
        return (
            f"{interval}: on held-out sources N* is missed by a factor of {math.exp(found.error):.2f} with it, "
            f"{math.exp(found.error_of_mean):.2f} by their mean"
        )


def reliance_of(
    candidates: Candidates, calibration: Calibration | None, request: Request, flops: float, tokenizer: str | None
) -> Reliance | None:
    """Return what the headline rests on, None where it does not depend on the corpus.

    ``tokenizer`` is that of the corpus's protocol, None where it came as token ids.
    """
    at_h, law = candidates.at_h, candidates.headline
    if at_h is None or calibration is None:
        return None
    dependence = calibration.dependence
    weighs = law.name in ("anchored", "blend")
    h, h_range = at_h.compressibility, dependence.ranges.compressibility
    return Reliance(
        calibration=calibration.name,
        law=law.name,
        epsilon=(dependence.epsilon if request.epsilon is None else request.epsilon) if weighs else None,
        estimate=dependence.estimate if weighs and request.epsilon is None else None,
        prediction=calibration.quality.prediction,
        h_ref=dependence.h_ref,
        h_ref_source=calibration.quality.h_ref_source,
        h_range=h_range,
        h_inside=None if h_range is None else h_range[0] <= h <= h_range[1],
        flops_range=dependence.ranges.flops,
        decades=_decades(flops, dependence.ranges.flops),
        native_ids=calibration.protocol.tokenizer is None and tokenizer is not None,
        training_tokenizer=calibration.training_tokenizer,
        base="chinchilla" if dependence.base is None else dependence.base.name,
        wrong=wrong_choice(law, flops),
    )


def wrong_choice(law: Law, flops: float) -> WrongChoice | None:
    """Return what following ``law`` costs if Chinchilla is right and the reverse, None where they count N differently.

    The loss of the wrong allocation under the right law is reached at that law's optimum with C_eq FLOPs.
    """
    right = chinchilla()
    if not isinstance(law, ScalingLaw) or law.count != right.count:
        return None
    return WrongChoice(
        headline_if_chinchilla_is_right=_lost(law, right, flops),
        chinchilla_if_headline_is_right=_lost(right, law, flops),
    )


def _lost(followed: ScalingLaw, right: ScalingLaw, flops: float) -> float:
    best = best_allocation(followed, Request(flops=flops))
    return max(1.0 - right.equivalent_flops(best.n_params, best.n_tokens) / flops, 0.0)


def _decades(flops: float, fitted: tuple[float, float] | None) -> float | None:
    if fitted is None:
        return None
    return math.log10(flops / min(max(flops, fitted[0]), fitted[1]))


def about_reliance(reliance: Reliance | None) -> Iterator[Caution]:
    """Yield the cautions that follow: a weight of zero, and a gzip that predicts nothing."""
    if reliance is None:
        return
    if reliance.epsilon == 0 and reliance.estimate is not None:
        yield Caution(
            code="epsilon_zero",
            message=f"The calibration {reliance.calibration} has no weight: gzip did not beat the mean on held-out "
            f"sources, so {reliance.law} is {reliance.base_in_words} for every corpus.",
        )
    elif reliance.prediction is not None and reliance.prediction.better is False:
        yield Caution(
            code="gzip_does_not_predict",
            message=f"By the calibration {reliance.calibration}, {reliance.prediction.verdict}",
        )


def explain_reliance(
    page: Page, reliance: Reliance | None, flops: float, head: LawNames, base: LawNames | None
) -> None:
    """Explain the lines "weight", "trained on" and "if wrong"; nothing where the headline does not depend on H.

    ``flops`` is the budget C, ``base`` are the names of Chinchilla's law, None where it does not stand beside.
    """
    if reliance is None:
        return
    source = f"the calibration {reliance.calibration}, its coefficients file"
    for field, name, ends in (("h_range", "H", reliance.h_range), ("flops_range", "C", reliance.flops_range)):
        for i, (end, value) in enumerate(zip(("low", "high"), ends or (), strict=False)):
            what, key = f"the {end} end of the accepted sources: {source}", f"reliance.{field}[{i}]"
            page.add(f"{name}_trained_{end}", "measured", what, value=value, key=key, measured=value)
    if (decades := reliance.decades) is not None:
        formula = "log(C/min(max(C, C_trained_low), C_trained_high))/log(10)"
        what = "powers of ten beyond the calibrated budgets"
        page.add("decades", formula, what, value=decades, key="reliance.decades")
        page.add("decades_apart", "max(decades, -decades)", "the same without its sign", value=abs(decades))
    if reliance.estimate is not None:
        _explain_weight(page, reliance.estimate, source)
    if reliance.wrong is not None and base is not None:
        explain_wrong(page, reliance.wrong, flops, head, base, key="reliance.wasted_fraction_if_wrong")


def _explain_weight(page: Page, estimate: WeightEstimate, source: str) -> None:
    for i, (end, value) in enumerate(zip(("low", "high"), estimate.ci95, strict=True)):
        what, key = f"95 % of a bootstrap over sources: {source}", f"reliance.epsilon_ci95[{i}]"
        page.add(f"epsilon_{end}", "measured", what, value=value, key=key, measured=value)
    for name, error in (("with_it", estimate.error), ("by_the_mean", estimate.error_of_mean)):
        if error is not None:
            what = f"root mean square left-out error of ln N*: {source}"
            page.add(f"missed_{name}", "exp(error)", what, value=math.exp(error), error=error)


def explain_wrong(page: Page, wrong: WrongChoice, flops: float, head: LawNames, base: LawNames, *, key: str) -> None:
    """Explain the share of the FLOPs that following one law loses where the other is right, both ways."""
    from advisor.laws.explained import SURFACE, cost_of, excess_of

    for tag, right, followed, field in (
        ("headline", base, head, "headline_if_chinchilla_is_right"),
        ("chinchilla", head, base, "chinchilla_if_headline_is_right"),
    ):
        law, best = right.law, followed.law.frontier(flops)
        assert isinstance(law, ScalingLaw)
        excess = law.excess(best.n_params, best.n_tokens)
        terms, source = excess_of(followed.write("{N}"), followed.write("{D}")), f"{SURFACE}; the law {law.name}"
        right.add(page, f"excess_of_{tag}", terms, source, value=excess)
        cost, source = cost_of(f"excess_of_{tag}"), "the budget that reaches this loss at its optimum"
        right.add(page, f"C_eq_of_{tag}", cost, source, value=law.for_excess(excess).flops)
        lost, value = f"max(1 - C_eq_of_{tag}/C, 0)", getattr(wrong, field)
        page.add(f"lost_by_{tag}", lost, "the share that is lost", value=value, key=f"{key}.{field}")
