"""The picture of a recommendation: the loss of every size at this budget, every law's N, and N and D by budget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from advisor.answer.flat_region import FLOPS_TOLERANCE, LOSS_TOLERANCE
from advisor.answer.recommendation import Recommendation
from advisor.laws.scaling_law import ScalingLaw
from advisor.quantities import format_amount, format_flops, format_quantity, format_short_quantity
from advisor.report.pictures.frontier import draw_frontier
from advisor.report.pictures.style import (
    BEST,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    around,
    log_axis,
    name_ticks,
    plain_axis,
    set_height,
    set_title,
    shortened,
    spaced,
)
from advisor.report.text import counted

if TYPE_CHECKING:
    from advisor.answer.row import Answer, Bounds

_LOSS, _ROW, _FRONTIER = 2.3, 0.225, 2.5  # inches of a panel, and of a row of one
_N_POINTS = 120
_MOST_OFF = 30.0  # times the sizes, beyond which an interval is cut
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


def draw_recommendation(figure: Any, recommendation: Recommendation) -> None:
    """Draw the loss against N at this budget over every law's N, and below N and D against the budget.

    Of a law that predicts no loss there is the last panel alone.
    """
    asked, others = _asked(recommendation), _laws(recommendation)
    set_title(figure, _answer(recommendation), _of(recommendation))
    if not isinstance(recommendation.candidates.headline, ScalingLaw):
        set_height(figure, _FRONTIER + 1.2)
        draw_frontier(figure.subplots(), recommendation, asked)
        return
    rows = _ROW * (len(asked) + len(others)) + 0.35
    set_height(figure, _LOSS + rows + _FRONTIER + 1.7)
    loss, laws, frontier = figure.subplots(3, 1, height_ratios=(_LOSS, rows, _FRONTIER))
    bounds = _reach((*asked, *others))
    _draw_losses(loss, recommendation, asked, bounds)
    _draw_sizes(laws, recommendation, (*asked, *others), bounds)
    draw_frontier(frontier, recommendation, asked)


def _reach(sizes: Sequence[MarkedSize]) -> Bounds:
    """Return the range of N that is drawn: of every size and its interval, but not where draws reach no loss."""
    low, high = around([size.n_params for size in sizes], _MOST_OFF)
    ends = [min(max(end, low), high) for size in sizes for end in size.bounds or ()]
    return around([*(size.n_params for size in sizes), *ends])


def _inside(ends: Bounds, bounds: Bounds) -> Bounds:
    """Return an interval cut at what is drawn."""
    return max(ends[0], bounds[0]), min(ends[1], bounds[1])


def _answer(recommendation: Recommendation) -> str:
    """Return what to train, as the plan has it."""
    plan, limited = recommendation.plan, recommendation.limited
    said = f"{format_quantity(plan.n_params)} parameters on {format_quantity(plan.n_tokens)} tokens"
    if limited and plan.of != "inference":
        unique = limited[0].unique_tokens
        said += f", {format_amount(plan.n_tokens / unique)} epochs of {format_short_quantity(unique)} unique"
    return said


def _of(recommendation: Recommendation) -> str:
    best, profile = recommendation.headline, recommendation.profile
    text = "" if profile is None else f", {shortened(profile.source, 34)}"
    return f"{format_flops(best.flops)} FLOPs{text}, law {shortened(best.law, 20)}"


def _asked(recommendation: Recommendation) -> list[MarkedSize]:
    """Return the answers that were asked for beside the optimum: the user's choice, limited data's, inference's."""
    flops, found = recommendation.headline.flops, []
    if recommendation.choice is not None:
        own = recommendation.choice
        found.append(_size("your choice", own.n_params, own.n_tokens, own.flops, None, VERMILION, "X"))
    for limited in recommendation.limited[:1]:
        bounds = None if limited.interval80 is None else limited.interval80.n_params
        name = f"{format_short_quantity(limited.unique_tokens)} unique, {shortened(limited.law, 16)}"
        hollow = limited.count != recommendation.headline.count
        found.append(_size(name, limited.n_params, limited.n_tokens, limited.flops_used, bounds, GREEN, "D", hollow))
    if recommendation.inference is not None:
        served, model = recommendation.inference, recommendation.inference.best
        bounds = None if served.interval80 is None else served.interval80.n_params
        name = f"to serve {format_short_quantity(served.inference_tokens)} tokens"
        found.append(_size(name, model.n_params, model.n_tokens, model.training_flops, bounds, PURPLE, "s"))
    best = recommendation.headline
    unlimited = " unlimited" if recommendation.limited else ""
    interval = _interval(best)
    found.append(_size(f"{shortened(best.law, 20)}{unlimited}", best.n_params, best.n_tokens, flops, interval, BLUE))
    return found


def _size(
    name: str,
    n_params: float,
    n_tokens: float,
    flops: float,
    bounds: Bounds | None,
    color: str,
    marker: str = "o",
    hollow: bool = False,
) -> MarkedSize:
    return MarkedSize(
        name=name,
        n_params=n_params,
        n_tokens=n_tokens,
        flops=flops,
        bounds=bounds,
        color=color,
        marker=marker,
        hollow=hollow,
    )


def _laws(recommendation: Recommendation) -> list[MarkedSize]:
    """Return what the other laws say for the same budget."""
    best = recommendation.headline
    return [
        _size(
            shortened(answer.law, 24),
            answer.n_params,
            answer.n_tokens,
            answer.flops,
            _interval(answer),
            GREY,
            hollow=answer.count != best.count,
        )
        for answer in recommendation.laws[1:]
    ]


def _interval(answer: Answer) -> Bounds | None:
    return None if answer.interval80 is None else answer.interval80.n_params


def _draw_losses(axis: Any, recommendation: Recommendation, asked: list[MarkedSize], bounds: Bounds) -> None:
    """Draw the headline law's loss along the budget with the sizes that do nearly as well."""
    law, best, flat = recommendation.candidates.headline, recommendation.headline, recommendation.flat
    assert isinstance(law, ScalingLaw)
    assert flat is not None
    least = law.loss(best.n_params, best.n_tokens)

    def height(n_params: float) -> float:
        loss = law.loss(n_params, best.flops / (6 * n_params))
        return loss if recommendation.loss_is_of_corpus else 100 * (loss / least - 1)

    allowed = (1 + LOSS_TOLERANCE) * least if recommendation.loss_is_of_corpus else 100 * LOSS_TOLERANCE
    xs = spaced(*bounds, _N_POINTS)
    ys = [height(x) for x in xs]
    name = f"within {100 * FLOPS_TOLERANCE:g} % of the FLOPs"
    axis.axvspan(*flat.n_params_by_flops, color=SKY, alpha=0.22, lw=0, label=name)
    near = [x for x in spaced(*flat.n_params_by_loss, _N_POINTS) if bounds[0] <= x <= bounds[1]]
    shade = {"color": ORANGE, "alpha": 0.5, "lw": 0, "label": f"within {100 * LOSS_TOLERANCE:g} % of the loss"}
    axis.fill_between(near, [height(x) for x in near], allowed, **shade)
    axis.plot(xs, ys, color=BLUE, zorder=3)
    top = _draw_marks(axis, asked, height, bounds)
    low = height(best.n_params)
    ceiling = min(max(ys), max(top, low + _MOST_ABOVE * (allowed - low)))
    if ceiling <= low:  # so large a budget that every size has the loss E to the last digit
        ceiling = 1.001 * low
    axis.set_ylim(low - 0.09 * (ceiling - low), ceiling + 0.05 * (ceiling - low))
    log_axis(axis, "x", bounds, lambda value: "")  # the panel below has the same axis
    plain_axis(axis, "y")
    where = "loss, nats/token" if recommendation.loss_is_of_corpus else "loss above the least, %"
    axis.set_ylabel(where)
    axis.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=2, borderaxespad=0.1, handlelength=1.4)


def _draw_marks(axis: Any, asked: list[MarkedSize], height: Callable[[float], float], bounds: Bounds) -> float:
    """Draw a line at each size that was asked for, with a mark where the curve has its loss; return the highest."""
    *beside, best = asked
    for size in beside:
        axis.axvline(size.n_params, color=size.color, lw=1.2, ls=(0, (4, 2)), zorder=2)
        if size.marker == "s":  # trained for longer, it has the optimum's loss
            axis.plot([size.n_params], [height(best.n_params)], "s", color=size.color, mec="white", ms=8, zorder=5)
    own = [size for size in beside if size.marker == "X"]  # the one whose budget is this one
    for size in own:
        axis.plot([size.n_params], [height(size.n_params)], "X", color=size.color, mec="white", ms=9, zorder=5)
    if best.bounds is not None:
        axis.plot(
            _inside(best.bounds, bounds),
            [height(best.n_params)] * 2,
            color=BLUE,
            lw=3.5,
            solid_capstyle="butt",
            zorder=4,
        )
    axis.plot([best.n_params], [height(best.n_params)], color=BLUE, zorder=5, **{**BEST, "ms": 8})
    return max([height(size.n_params) for size in own], default=0.0)


def _draw_sizes(axis: Any, recommendation: Recommendation, sizes: tuple[MarkedSize, ...], bounds: Bounds) -> None:
    """Draw N of each answer and law in a row, with its 80 % interval."""
    name_ticks(axis, [size.name for size in sizes])
    for row, size in enumerate(sizes):
        if size.bounds is not None:
            axis.plot(
                _inside(size.bounds, bounds),
                (row, row),
                color=size.color,
                lw=2.5,
                alpha=0.55,
                solid_capstyle="butt",
                zorder=2,
            )
        face = "white" if size.hollow else size.color
        axis.plot([size.n_params], [row], size.marker, color=face, mec=size.color, mew=1.2, ms=6, zorder=3)
    log_axis(axis, "x", bounds)
    axis.grid(axis="x", color="0.92", lw=0.8)
    axis.set_axisbelow(True)
    count = counted(recommendation.headline.count)
    hollow = "; hollow: counted otherwise" if any(size.hollow for size in sizes) else ""
    axis.set_xlabel(f"parameters N ({count}{hollow}), bars: 80 %")
