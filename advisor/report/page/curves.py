"""The charts of a recommendation: what other sizes do with the budget, and N along the budgets under every law."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.errors import printable
from advisor.laws.published import MUENNIGHOFF
from advisor.laws.scaling_law import ScalingLaw
from advisor.quantities import format_flops, format_quantity, format_share
from advisor.report.page.blocks import Axis, Chart, Series
from advisor.report.page.reading import NAME
from advisor.report.text import nats, quantity, shortened

if TYPE_CHECKING:
    from advisor.answer.inference import InferenceAnswer
    from advisor.answer.recommendation import Recommendation
    from advisor.answer.recommended import Recommended

N_SIZES = 49
_FAR = 8.0  # times smaller and larger than the best N that the curve reaches
_N = Axis(label="parameters N", log=True)


@dataclass(frozen=True, kw_only=True)
class SizeCurve:
    """What any N does with a budget: the quantity, how it is said, and what is drawn of it."""

    label: str
    says: str
    title: str = "The same budget on other sizes"
    value: Callable[[float], float]
    look: Callable[[float], str]


def repeated_law_of(base_name: str, answer: Recommendation) -> ScalingLaw:
    """Return the law over which limited data are weighed: Muennighoff's own, or the headline."""
    headline = answer.candidates.headline
    if base_name == MUENNIGHOFF.name or not isinstance(headline, ScalingLaw):
        return MUENNIGHOFF
    return headline


def sizes_chart(answer: Recommendation, best: Recommended, unique: float | None) -> Chart | None:
    """Return the chart of what other sizes do with the budget; None where the law predicts no loss.

    ``best`` is what is recommended at this budget, ``unique`` the unique tokens where they are limited.
    """
    sizes = _sizes(answer, best, unique)
    if sizes is None:
        return None
    x = _spaced(best.n_params / _FAR, best.n_params * _FAR)
    known = [(n, value) for n in x if math.isfinite(value := sizes.value(n))]
    if not known:
        return None
    n_params, values = (tuple(map(_short, each)) for each in zip(*known, strict=True))
    curve = Series(name=named_law(best.law), form="line", x=n_params, y=values)
    series = (*_band(best, values), curve, *_others(answer, best, sizes, n_params), _best(best, sizes))
    y = Axis(label=sizes.label, log=sizes.look is format_flops)
    return Chart(name="sizes", title=sizes.title, x=_N, y=y, series=series, says=sizes.says, role="sizes")


def _sizes(answer: Recommendation, best: Recommended, unique: float | None) -> SizeCurve | None:
    law = answer.candidates.headline
    if not isinstance(law, ScalingLaw):
        return None
    if unique is not None:
        return _with_limited_data(answer, best, unique)
    if answer.inference is not None:
        return _with_serving(law, answer.inference)
    flops = answer.headline.flops
    if answer.loss_is_of_corpus:
        return SizeCurve(
            label="loss, nats/token",
            says="The loss of the budget by the number of parameters: a flat valley around the optimum.",
            value=lambda n: law.loss(n, flops / (6 * n)),
            look=nats,
        )
    return SizeCurve(
        label="FLOPs wasted, %",
        says="The share of the budget that another number of parameters wastes: a flat valley around the optimum.",
        value=lambda n: max(0.0, 100 * (1 - law.equivalent_flops(n, flops / (6 * n)) / flops)),
        look=lambda share: format_share(share / 100),
    )


def _with_limited_data(answer: Recommendation, best: Recommended, unique: float) -> SizeCurve:
    from advisor.answer.repetition.affordable import MOST_EPOCHS, law_within

    law, flops = law_within(repeated_law_of(best.law, answer), unique), answer.headline.flops
    whose = "loss" if answer.loss_is_of_corpus else "loss of web text"
    return SizeCurve(
        label=f"{whose}, nats/token",
        says=f"The loss with {format_quantity(unique)} unique tokens, read at most {MOST_EPOCHS:g} times.",
        value=lambda n: law.loss(n, min(flops / (6 * n), MOST_EPOCHS * unique)),
        look=nats,
    )


def _with_serving(law: ScalingLaw, serving: InferenceAnswer) -> SizeCurve:
    """Return the FLOPs, or the cost, of training each N to the same loss and serving it."""
    base, tokens = serving.baseline, serving.inference_tokens
    by_cost = serving.minimised == "cost" and base.training_cost is not None and base.inference_cost is not None
    train = (base.training_cost or 0.0) / base.training_flops if by_cost else 1.0
    serve = (base.inference_cost or 0.0) / base.inference_flops if by_cost else 1.0

    def total(n_params: float) -> float:
        left = serving.loss - law.E - law.A * n_params**-law.alpha
        if left <= 0:  # so few parameters reach the loss with no number of tokens
            return math.inf
        n_tokens: float = (law.B / left) ** (1 / law.beta)
        return train * 6 * n_params * n_tokens + serve * 2 * n_params * tokens

    return SizeCurve(
        label="cost of training and serving" if by_cost else "FLOPs of training and serving",
        says="What training each size to the same loss and serving it takes together.",
        title="The same loss with other sizes",
        value=total,
        look=format_flops,
    )


def _spaced(low: float, high: float) -> list[float]:
    ratio = high / low
    return [low * ratio ** (i / (N_SIZES - 1)) for i in range(N_SIZES)]


def _short(value: float) -> float:
    return float(f"{value:.6g}")


def _band(best: Recommended, values: Sequence[float]) -> tuple[Series, ...]:
    """Return the 80 % interval of N, as high as the curve."""
    if best.interval80 is None or best.interval80.n_params is None:
        return ()
    low, high = best.interval80.n_params
    if not math.isfinite(high):
        return ()
    top, bottom = max(values), min(values)
    return (Series(name="80 % interval of N", form="band", x=(low, high), y=(top, top), low=(bottom, bottom)),)


def _others(answer: Recommendation, best: Recommended, sizes: SizeCurve, seen: Sequence[float]) -> list[Series]:
    """Return the sizes that other laws ask for, where their N can be compared, on the curve of this one."""
    found = []
    for number, other in enumerate(answer.laws[1:], 1):
        known = other.count == best.count and seen[0] <= other.n_params <= seen[-1]
        if known and math.isfinite(value := sizes.value(other.n_params)):
            text = f"{named_law(other.law)}: {quantity(other.n_params)}, {sizes.look(value)}"
            x, y = (other.n_params,), (value,)
            name = named_law(other.law)
            found.append(Series(name=name, form="points", x=x, y=y, text=(text,), colour=colour(number)))
    return found


def _best(best: Recommended, sizes: SizeCurve) -> Series:
    value = sizes.value(best.n_params)
    text = f"recommended: {quantity(best.n_params)} on {quantity(best.n_tokens)} tokens, {sizes.look(value)}"
    return Series(name="recommended", form="points", x=(best.n_params,), y=(value,), text=(text,))


def named_law(law: str) -> str:
    """Return the name of a law as it is shown, without its middle where it is long."""
    return shortened(printable(law), NAME)


def colour(number: int) -> int:
    """Return the colour of a law: the headline has the first for itself, the others share seven."""
    return 0 if number == 0 else 1 + (number - 1) % 7


def budgets_chart(answers: Sequence[tuple[Recommendation, Recommended]], asked: int) -> Chart:
    """Return the chart of N against the budget: what is recommended with its interval, and every other law."""
    flops = tuple(answer.headline.flops for answer, _ in answers)
    series = [*_frontier_band(flops, answers), _frontier(flops, answers)]
    for number, law in enumerate(answers[asked][0].laws[1:], 1):
        found = [
            (answer.headline.flops, row.n_params) for answer, _ in answers for row in answer.laws if row.law == law.law
        ]
        x, y = zip(*found, strict=True)
        text = tuple(f"{named_law(law.law)}: {quantity(n)} at {format_flops(c)} FLOPs" for c, n in found)
        series.append(Series(name=named_law(law.law), form="line", x=x, y=y, text=text, colour=colour(number)))
    here, best = answers[asked]
    x, y = (here.headline.flops,), (best.n_params,)
    series.append(Series(name="this budget", form="points", x=x, y=y))
    return Chart(
        name="budgets",
        title="Parameters along the budget, by every law",
        x=Axis(label="training budget, FLOPs", log=True),
        y=_N,
        series=tuple(series),
        says=f"At {format_flops(flops[asked])} FLOPs {quantity(best.n_params)} parameters are recommended.",
        role="budgets",
    )


def _frontier(flops: Sequence[float], answers: Sequence[tuple[Recommendation, Recommended]]) -> Series:
    text = tuple(
        f"{named_law(best.law)}: {quantity(best.n_params)} on {quantity(best.n_tokens)} tokens at {format_flops(c)} "
        "FLOPs"
        for c, (_, best) in zip(flops, answers, strict=True)
    )
    return Series(name="recommended", form="line", x=tuple(flops), y=tuple(b.n_params for _, b in answers), text=text)


def _frontier_band(flops: Sequence[float], answers: Sequence[tuple[Recommendation, Recommended]]) -> tuple[Series, ...]:
    known = [
        (c, *best.interval80.n_params)
        for c, (_, best) in zip(flops, answers, strict=True)
        if best.interval80 is not None and best.interval80.n_params is not None
    ]
    if len(known) < 2 or not all(math.isfinite(high) for _, _, high in known):
        return ()
    x, low, high = zip(*known, strict=True)
    return (Series(name="80 % interval", form="band", x=x, y=high, low=low),)
