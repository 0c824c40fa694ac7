"""``scorecard``: what each calibration predicts beside what was published, and whether they agree.

An exponent agrees where the published figure lies in the 95 % interval of the prediction; an interval wider than the
published exponents lie apart says nothing. A sign agrees or disagrees where the 95 % interval of the slope in H leaves
out 0. All else is "cannot say": so are fewer than 30 draws, draws of which more than a twentieth give no law, and those
whose interval leaves out the prediction itself. Slopes are those of the
lines in H; intervals of exponents also hold the scatter of a new corpus and the range of H of its kind, and under
``anchored`` all of them hold the weight's own interval.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import cycle
from typing import Literal

from advisor.calibrations.coefficients import Calibration, Coefficients
from advisor.calibrations.default_evidence import DefaultEvidence
from advisor.calibrations.laws_in_h import Dependence, law_at
from advisor.calibrations.lines_in_h import Regressions
from advisor.calibrations.published_evidence import EXPONENTS, SIGNS, PublishedExponent, PublishedSign
from advisor.calibrations.transfer import KnownLaw, Transfer, transfers
from advisor.calibrations.uncertainty import drawn_weights
from advisor.errors import CoefficientsError
from advisor.laws.parameters import Parameters
from advisor.laws.published import chinchilla
from advisor.laws.scaling_law import ScalingLaw, central_interval
from advisor.quantities import plural
from advisor.results.result import Result, Shown

Verdict = Literal["agree", "disagree", "cannot say"]
_WORDS: tuple[Verdict, ...] = ("agree", "disagree", "cannot say")
_LAWS = ("anchored", "gzip")
_MOST_MISSING = 0.05
_FEWEST_DRAWS = 30
_LARGEST = 1e300  # beyond it an interval overflows
# How far the published exponents lie apart.
SPREAD = max(one.exponent_a for one in EXPONENTS) - min(one.exponent_a for one in EXPONENTS)


@dataclass(frozen=True, kw_only=True)
class PredictedFigure:
    """A figure with its 95 % interval; None where there is none, and ``reason`` says why."""

    value: float | None
    ci95: tuple[float, float] | None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class ExponentRow:
    """The exponent a of one corpus by one law; ``calibration`` is None for Chinchilla's, the same for every corpus.

    ``h_inside`` is whether H of the corpus lies in the calibrated range; None where one of them is not known.
    """

    published: PublishedExponent
    calibration: str | None
    law: str
    predicted: PredictedFigure
    verdict: Verdict
    h_inside: bool | None = None

    JSON = (
        *("calibration", "law", "corpus=published.corpus", "kind=published.kind", "h_inside"),
        *("predicted_a=predicted.value", "ci95=predicted.ci95", "published_a=published.exponent_a", "verdict"),
        *("reason=predicted.reason", "paper=published.paper", "source=published.source"),
    )


@dataclass(frozen=True, kw_only=True)
class SignRow:
    """The slope in H of one quantity by one law, beside the sign that was published."""

    published: PublishedSign
    calibration: str
    law: str
    predicted: PredictedFigure
    verdict: Verdict

    JSON = (
        *("calibration", "law", "about=published.about", "quantity=published.quantity", "flops=published.flops"),
        *("predicted_slope_per_h=predicted.value", "ci95=predicted.ci95", "published_sign=published.comparable_sign"),
        *("verdict", "reason=predicted.reason", "paper=published.paper", "source=published.source"),
    )


@dataclass(frozen=True, kw_only=True)
class CalibrationRow:
    """What a calibration says of itself; ``anchored_is_chinchilla`` where its weight is 0."""

    calibration: Calibration
    default: bool

    JSON = (
        *("name=calibration.name", "default", "n_sources=calibration.n_sources", "n_laws=calibration.n_laws"),
        *("epsilon=calibration.dependence.epsilon", "epsilon_ci95=calibration.quality.estimate.ci95"),
        *("gzip_beats_no_predictor=calibration.quality.prediction.better", "in_words"),
    )

    @property
    def anchored_is_chinchilla(self) -> bool:
        """Whether the weight is 0."""
        return self.calibration.dependence.epsilon == 0

    @property
    def in_words(self) -> str:
        """What the calibration says of gzip and of its own weight."""
        one, default = self.calibration, ", the default" if self.default else ""
        estimate, prediction = one.quality.estimate, one.quality.prediction
        parts = [f"{one.n_laws} of {one.n_sources} sources have a law{default}."]
        if prediction is not None:
            parts.append(prediction.verdict)
        interval = "" if estimate is None else f" (95 % {estimate.ci95[0]:.2g} to {estimate.ci95[1]:.2g})"
        weight = f"epsilon = {one.dependence.epsilon:g}{interval}"
        if self.anchored_is_chinchilla:
            parts.append(f"{weight}: gzip did not beat the mean on held-out sources, so anchored is Chinchilla.")
        else:
            parts.append(f"{weight}: the share of the lines' shift in H that anchored follows.")
        return " ".join(parts)


@dataclass(frozen=True, kw_only=True, repr=False)
class Scorecard(Result):
    """Every row, in the order of the calibrations in their file."""

    calibrations: tuple[CalibrationRow, ...]
    exponents: tuple[ExponentRow, ...]
    signs: tuple[SignRow, ...]
    transfers: tuple[Transfer, ...] = ()
    default: DefaultEvidence | None = None  # what the law ``data`` rests on; None for a file of coefficients alone

    ROWS = "exponents"

    @property
    def in_brief(self) -> str:
        """How many figures were published, and how the predictions of them fare."""
        verdicts = [*(row.verdict for row in self.exponents), *(row.verdict for row in self.signs)]
        counts = ", ".join(f"{verdicts.count(word)} {word}" for word in _WORDS)
        return f"predictions beside published figures: {counts}"

    def shown(self) -> Shown:
        """Return what the default law says of published figures, else the exponents by every calibration."""
        if self.default is not None:
            rows = [(one.paper, one.says, one.default, one.verdict) for one in self.default.published]
            return Shown(("paper", "says", "the default", ""), rows)
        found = [
            (row.published.corpus, f"{row.published.exponent_a:.3f}", row.calibration or "", row.law, row.verdict)
            for row in self.exponents
        ]
        return Shown(("corpus", "published a", "calibration", "law", ""), found)


def scorecard(coefficients: Coefficients) -> Scorecard:
    """Return the scorecard of every calibration in ``coefficients``; every row is computed from it."""
    found = coefficients.calibrations
    return Scorecard(
        calibrations=tuple(CalibrationRow(calibration=one, default=one.name == coefficients.default) for one in found),
        exponents=tuple(_exponents(found)),
        signs=tuple(_sign(one, law, sign) for one in found for sign in SIGNS for law in _laws_of(sign)),
        transfers=transfers({one.name: _known_laws(one) for one in found}),
    )


def _known_laws(calibration: Calibration) -> list[KnownLaw]:
    return [KnownLaw(name=s.name, h=s.compressibility, law=s.law) for s in calibration.sources if s.law is not None]


def _exponents(calibrations: tuple[Calibration, ...]) -> Iterator[ExponentRow]:
    for published in EXPONENTS:
        yield _exponent_row(published, None, "chinchilla", _own_exponent(chinchilla(), len(chinchilla().draws)))
    for one in calibrations:
        for published in EXPONENTS:
            for law in _LAWS:
                predicted = _predicted_exponent(one.dependence, law, published)
                yield replace(
                    _exponent_row(published, one.name, law, predicted), h_inside=_h_inside(one.dependence, published)
                )


def _exponent_row(
    published: PublishedExponent, calibration: str | None, law: str, predicted: PredictedFigure
) -> ExponentRow:
    verdict = exponent_verdict(published.exponent_a, predicted)
    return ExponentRow(published=published, calibration=calibration, law=law, predicted=predicted, verdict=verdict)


def _h_inside(dependence: Dependence, published: PublishedExponent) -> bool | None:
    calibrated = dependence.ranges.compressibility
    if published.kind is None or calibrated is None:
        return None
    return calibrated[0] <= published.kind.h <= calibrated[1]


def exponent_verdict(published: float, predicted: PredictedFigure) -> Verdict:
    """Return whether a published exponent is what was predicted."""
    if predicted.ci95 is None or predicted.ci95[1] - predicted.ci95[0] > SPREAD:
        return "cannot say"
    return "agree" if predicted.ci95[0] <= published <= predicted.ci95[1] else "disagree"


def sign_verdict(published: int, predicted: PredictedFigure) -> Verdict:
    """Return whether a published sign is what was predicted."""
    if predicted.ci95 is None or predicted.ci95[0] <= 0 <= predicted.ci95[1]:
        return "cannot say"
    return "agree" if predicted.ci95[0] * published > 0 else "disagree"


def _own_exponent(law: ScalingLaw, n_draws: int) -> PredictedFigure:
    return _over_draws(law.exponent_a, [one.exponent_a for one in law.drawn_laws()], n_draws)


def _over_draws(value: float, drawn: list[float], n_draws: int) -> PredictedFigure:
    """Return a figure with its interval; with too many draws that gave nothing, the rest would be a biased sample."""
    if not abs(value) < _LARGEST:
        return PredictedFigure(value=None, ci95=None, reason="the prediction is beyond all measure")
    drawn = [one for one in drawn if abs(one) < _LARGEST]
    if n_draws < _FEWEST_DRAWS:
        reason = f"{plural(n_draws, 'draw')} of the {_FEWEST_DRAWS} that an interval needs"
        return PredictedFigure(value=value, ci95=None, reason=reason)
    missing = n_draws - len(drawn)
    if missing > _MOST_MISSING * n_draws:
        return PredictedFigure(value=value, ci95=None, reason=f"{missing} of {n_draws} draws give no law")
    low, high = central_interval(drawn, 0.95)
    if not low <= value <= high:
        return PredictedFigure(value=value, ci95=None, reason="the lines and their draws disagree")
    return PredictedFigure(value=value, ci95=(low, high))


def _predicted_exponent(dependence: Dependence, law: str, published: PublishedExponent) -> PredictedFigure:
    kind = published.kind
    if kind is None:
        return PredictedFigure(value=None, ci95=None, reason="H of this corpus is not known")
    try:
        found = law_at(law, dependence, chinchilla(), kind.h, h_ci95=kind.h_range).law
        return _own_exponent(found, len(dependence.draws))
    except CoefficientsError:
        return PredictedFigure(value=None, ci95=None, reason=f"no law at H = {kind.h:g}")


def _laws_of(sign: PublishedSign) -> tuple[str, ...]:
    """Return the laws that say something of a quantity: parameters are those of x(H), the law gzip."""
    return _LAWS if sign.quantity in ("a", "ln N*") else ("gzip",)


def _sign(calibration: Calibration, law: str, published: PublishedSign) -> SignRow:
    predicted = _slope(calibration.dependence, law, published)
    verdict = sign_verdict(published.sign, predicted)
    return SignRow(published=published, calibration=calibration.name, law=law, predicted=predicted, verdict=verdict)


def _slope(dependence: Dependence, law: str, published: PublishedSign) -> PredictedFigure:
    """Return the slope in H that the lines give, and its interval over their joint draws."""
    if not published.comparable:
        return PredictedFigure(value=None, ci95=None, reason="H of its corpora is not known")
    if published.quantity not in ("a", "ln N*"):
        return _line_slope(dependence, published.quantity)
    h = published.h if published.h is not None else dependence.middle
    value = _slope_at(dependence, law, chinchilla(), published, h, dependence.epsilon)
    if value is None:
        return PredictedFigure(value=None, ci95=None, reason=f"no law at H = {h:.3g}")
    n = len(dependence.draws)
    weights = [dependence.epsilon] * n if dependence.estimate is None else drawn_weights(dependence.estimate, n)
    bases = cycle(list(chinchilla().drawn_laws()))
    drawn = [
        _slope_at(
            replace(dependence, regressions=Regressions(one.log, one.linear), draws=()), law, base, published, h, w
        )
        for one, base, w in zip(dependence.draws, bases, weights, strict=False)
    ]
    return _over_draws(value, [slope for slope in drawn if slope is not None], n)


def _slope_at(
    dependence: Dependence, law: str, base: ScalingLaw, published: PublishedSign, h: float, epsilon: float
) -> float | None:
    """Return the slope of a or ln N* in H at ``h``, None where there is no law."""
    try:
        at_h = law_at(law, replace(dependence, draws=()), base, h, epsilon)
    except CoefficientsError:
        return None
    return at_h.exponent_slope if published.flops is None else at_h.sensitivity(published.flops).dlnN_dH


def _line_slope(dependence: Dependence, quantity: str) -> PredictedFigure:
    drawn = [_of_parameters(one.log.slope, quantity) for one in dependence.draws]
    return _over_draws(_of_parameters(dependence.regressions.log.slope, quantity), drawn, len(drawn))


def _of_parameters(slope: Parameters, quantity: str) -> float:
    if quantity == "alpha - beta":
        return slope.alpha - slope.beta
    return float(getattr(slope, quantity.removeprefix("ln ")))
