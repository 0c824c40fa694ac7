"""The picture of a recommendation: the loss of every size at this budget, every law's N, and N and D by budget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from advisor.answer.recommendation import Recommendation
from advisor.laws.scaling_law import ScalingLaw
from advisor.quantities import format_flops, format_quantity
from advisor.report.pictures.frontier import draw_frontier
from advisor.report.pictures.losses import MarkedSize, draw_losses, inside
from advisor.report.pictures.style import (
    BLUE,
    GREEN,
    GREY,
    PURPLE,
    VERMILION,
    around,
    log_axis,
    name_ticks,
    set_height,
    set_title,
    shortened,
)
from advisor.report.recommendation.first_screen import answer_of
from advisor.report.text import counted

if TYPE_CHECKING:
    from advisor.answer.row import Answer, Bounds

_LOSS, _ROW, _FRONTIER, _LINE = 2.3, 0.225, 2.5, 0.2  # inches of a panel, of a row of one, of a line of the title
_MOST_OFF = 30.0  # times the sizes, beyond which an interval is cut


def draw_recommendation(figure: Any, recommendation: Recommendation) -> None:
    """Draw the loss against N at this budget over every law's N, and below N and D against the budget.

    Of a law that predicts no loss there is the last panel alone.
    """
    asked, others = _asked(recommendation), _laws(recommendation)
    n_lines = set_title(figure, " ".join(answer_of(recommendation)), _of(recommendation))
    title = _LINE * n_lines
    if not isinstance(recommendation.candidates.headline, ScalingLaw):
        set_height(figure, _FRONTIER + 0.8 + title)
        draw_frontier(figure.subplots(), recommendation, asked)
        return
    rows = _ROW * (len(asked) + len(others)) + 0.35
    set_height(figure, _LOSS + rows + _FRONTIER + 1.3 + title)
    loss, laws, frontier = figure.subplots(3, 1, height_ratios=(_LOSS, rows, _FRONTIER))
    bounds = _reach((*asked, *others))
    draw_losses(loss, recommendation, asked, bounds)
    _draw_sizes(laws, recommendation, (*asked, *others), bounds)
    draw_frontier(frontier, recommendation, asked)


def _reach(sizes: Sequence[MarkedSize]) -> Bounds:
    """Return the range of N that is drawn: of every size and its interval, but not where draws reach no loss."""
    low, high = around([size.n_params for size in sizes], _MOST_OFF)
    ends = [min(max(end, low), high) for size in sizes for end in size.bounds or ()]
    return around([*(size.n_params for size in sizes), *ends])


def _of(recommendation: Recommendation) -> str:
    """Return what is trained for, of what corpus, and the law that says so."""
    followed, profile = recommendation.recommended, recommendation.profile
    text = "" if profile is None else f", {shortened(profile.source, 34)}"
    law = recommendation.limited[0].law if recommendation.limited else followed.law
    return f"{format_flops(followed.flops)} FLOPs{text}, law {shortened(law, 20)}"


def _asked(recommendation: Recommendation) -> list[MarkedSize]:
    """Return the answers that were asked for beside the optimum: the user's choice, limited data's, inference's."""
    flops, found = recommendation.headline.flops, []
    if recommendation.limited and (limited_choice := recommendation.limited[0].choice) is not None:
        used = limited_choice.flops_used
        found.append(_size("your choice", limited_choice.n_params, limited_choice.n_tokens, used, None, VERMILION, "X"))
    elif recommendation.choice is not None:
        own = recommendation.choice
        found.append(_size("your choice", own.n_params, own.n_tokens, own.flops, None, VERMILION, "X"))
    for limited in recommendation.limited[:1]:
        bounds = None if limited.interval80 is None else limited.interval80.n_params
        name = f"{format_quantity(limited.unique_tokens)} unique, {shortened(limited.law, 16)}"
        hollow = limited.count != recommendation.headline.count
        found.append(_size(name, limited.n_params, limited.n_tokens, limited.flops_used, bounds, GREEN, "D", hollow))
    if recommendation.inference is not None:
        served, model = recommendation.inference, recommendation.inference.best
        bounds = None if served.interval80 is None else served.interval80.n_params
        name = f"to serve {format_quantity(served.inference_tokens)}, {format_flops(model.training_flops)} FLOPs"
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


def _draw_sizes(axis: Any, recommendation: Recommendation, sizes: tuple[MarkedSize, ...], bounds: Bounds) -> None:
    """Draw N of each answer and law in a row, with its 80 % interval."""
    name_ticks(axis, [size.name for size in sizes])
    for row, size in enumerate(sizes):
        if size.bounds is not None:
            axis.plot(
                inside(size.bounds, bounds),
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
