"""The panel of a recommendation that shows the loss of every size, and which sizes are nearly as good."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from advisor.answer.flat_region import FLOPS_TOLERANCE, LOSS_TOLERANCE
from advisor.answer.recommendation import Recommendation
from advisor.answer.repetition.affordable import MOST_EPOCHS, law_within
from advisor.laws.published import MUENNIGHOFF
from advisor.laws.scaling_law import ScalingLaw
from advisor.quantities import format_flops, format_quantity
from advisor.report.pictures.style import BEST, BLUE, GREEN, ORANGE, SKY, log_axis, plain_axis, spaced

if TYPE_CHECKING:
    from advisor.answer.repetition.limited_data import LimitedData
    from advisor.answer.row import Bounds

_N_POINTS = 120
_MOST_ABOVE = 5.0  # times what is allowed: farther up lies no size that anybody wants


@dataclass(frozen=True, kw_only=True)
class MarkedSize:
    """A size that the picture marks, with its interval; ``hollow`` where its N counts other parameters than ours."""

    name: str
    n_params: float
    n_tokens: float
    flops: float
    bounds: Bounds | None
    color: str
    marker: str = "o"
    hollow: bool = False


@dataclass(frozen=True, kw_only=True)
class LossCurve:
    """The loss of each size with the budget and the data at hand: nats/token, or % above the least.

    ``best`` is the size that is answered, ``bounds`` its 80 % interval; ``near_flops`` are the sizes that waste few
    FLOPs, ``near_loss`` those that lose little: None where they are not known of this curve.
    """

    height: Callable[[float], float]
    best: float
    bounds: Bounds | None
    near_flops: Bounds | None
    near_loss: Bounds | None
    color: str
    marker: str
    name: str


def inside(ends: Bounds, bounds: Bounds) -> Bounds:
    """Return an interval cut at what is drawn."""
    return max(ends[0], bounds[0]), min(ends[1], bounds[1])


def draw_losses(axis: Any, recommendation: Recommendation, asked: list[MarkedSize], bounds: Bounds) -> None:
    """Draw the loss along the budget, with limited data where these are limited, and the sizes that do nearly as well.

    Serving is another budget than this one's, so its size is not drawn here.
    """
    curve = _curve(recommendation)
    at_best = curve.height(curve.best)
    allowed = at_best * (1 + LOSS_TOLERANCE) if recommendation.loss_is_of_corpus else 100 * LOSS_TOLERANCE
    xs = spaced(*bounds, _N_POINTS)
    ys = [curve.height(x) for x in xs]
    if curve.near_flops is not None:
        name = f"within {100 * FLOPS_TOLERANCE:g} % of the FLOPs"
        axis.axvspan(*curve.near_flops, color=SKY, alpha=0.22, lw=0, label=name)
    if curve.near_loss is not None:
        near = [x for x in spaced(*curve.near_loss, _N_POINTS) if bounds[0] <= x <= bounds[1]]
        shade = {"color": ORANGE, "alpha": 0.5, "lw": 0, "label": f"within {100 * LOSS_TOLERANCE:g} % of the loss"}
        axis.fill_between(near, [curve.height(x) for x in near], allowed, **shade)
    axis.plot(xs, ys, color=curve.color, zorder=3, label=curve.name or None)
    top = max(_draw_choice(axis, recommendation, asked, curve), at_best)
    _draw_best(axis, curve, bounds)
    least = min(*ys, at_best)
    ceiling = min(max(ys), max(top, at_best + _MOST_ABOVE * (allowed - at_best)))
    if ceiling <= least:  # so large a budget that every size has the loss E to the last digit
        ceiling = 1.001 * least
    axis.set_ylim(least - 0.09 * (ceiling - least), ceiling + 0.05 * (ceiling - least))
    log_axis(axis, "x", bounds, lambda value: "")  # the panel below has the same axis
    plain_axis(axis, "y")
    axis.set_ylabel("loss, nats/token" if recommendation.loss_is_of_corpus else "loss above the least, %")
    axis.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=3, borderaxespad=0.1, handlelength=1.4)


def _curve(recommendation: Recommendation) -> LossCurve:
    law, best, flat = recommendation.candidates.headline, recommendation.headline, recommendation.flat
    assert isinstance(law, ScalingLaw)
    if recommendation.limited:
        return _limited_curve(recommendation, recommendation.limited[0], law)
    assert flat is not None
    return LossCurve(
        height=_above(recommendation, lambda n: law.loss(n, best.flops / (6 * n)), best.n_params),
        best=best.n_params,
        bounds=None if best.interval80 is None else best.interval80.n_params,
        near_flops=flat.n_params_by_flops,
        near_loss=flat.n_params_by_loss,
        color=BLUE,
        marker="o",
        name="" if recommendation.inference is None else f"{format_flops(best.flops)} FLOPs",
    )


def _limited_curve(recommendation: Recommendation, limited: LimitedData, headline: ScalingLaw) -> LossCurve:
    """Return the loss of each size with the budget and the unique tokens at hand, read 40 times at most."""
    base = MUENNIGHOFF if limited.law == MUENNIGHOFF.name else headline
    law, unique = law_within(base, limited.unique_tokens), limited.unique_tokens

    def loss(n_params: float) -> float:
        return law.loss(n_params, min(limited.flops / (6 * n_params), MOST_EPOCHS * unique))

    return LossCurve(
        height=_above(recommendation, loss, limited.n_params),
        best=limited.n_params,
        bounds=None if limited.interval80 is None else limited.interval80.n_params,
        near_flops=None,
        near_loss=None if limited.used_up else limited.n_params_by_loss,  # of the FLOPs used, which are fewer there
        color=GREEN,
        marker="D",
        name=f"{format_quantity(unique)} unique tokens",
    )


def _above(recommendation: Recommendation, loss: Callable[[float], float], best: float) -> Callable[[float], float]:
    """Return the loss by size, in % above that of ``best`` where it is not this text's."""
    least = loss(best)
    return loss if recommendation.loss_is_of_corpus else lambda n_params: 100 * (loss(n_params) / least - 1)


def _draw_choice(axis: Any, recommendation: Recommendation, asked: list[MarkedSize], curve: LossCurve) -> float:
    """Draw the user's own size at its loss with this budget; return the loss, 0 where there is none."""
    for size in asked:
        if size.marker == "X":
            axis.axvline(size.n_params, color=size.color, lw=1.2, ls=(0, (4, 2)), zorder=2)
            height = curve.height(size.n_params)
            axis.plot([size.n_params], [height], "X", color=size.color, mec="white", ms=9, zorder=5)
            return height
    return 0.0


def _draw_best(axis: Any, curve: LossCurve, bounds: Bounds) -> None:
    """Draw the size of the least loss with its 80 % interval."""
    least = curve.height(curve.best)
    if curve.bounds is not None:
        bar = {"color": curve.color, "lw": 3.5, "solid_capstyle": "butt", "zorder": 4}
        axis.plot(inside(curve.bounds, bounds), [least] * 2, **bar)
    axis.plot([curve.best], [least], color=curve.color, zorder=5, **{**BEST, "ms": 8, "marker": curve.marker})
