"""The picture of a comparison: N and D of each corpus side by side, a colour for each budget."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from advisor.answer.comparison import Comparison
from advisor.quantities import format_flops
from advisor.report.pictures.style import (
    CYCLE,
    SHADES,
    around,
    log_axis,
    name_ticks,
    set_height,
    set_title,
    shortened,
    told_apart,
)
from advisor.report.text import counted, plural

if TYPE_CHECKING:
    from advisor.answer.recommendation import Recommendation
    from advisor.answer.row import Bounds

MOST_ROWS, MOST_BUDGETS = 40, 24
_SHORT_NAME = 20  # columns: beside it stand two panels


def draw_comparison(figure: Any, comparison: Comparison) -> None:
    """Draw N and D of each corpus in a row with their 80 % intervals; without a corpus a row is a budget."""
    rows = comparison.rows
    budgets = sorted({row.headline.flops for row in rows})
    one_each = all(row.profile is None for row in rows)
    groups = [[row] for row in rows] if one_each else _by_corpus(rows)
    shown = groups[: MOST_BUDGETS if one_each else MOST_ROWS]
    names = [f"{format_flops(group[0].headline.flops)} FLOPs" if one_each else _name(group[0]) for group in shown]
    set_height(
        figure, 1.5 + 0.05 * len(budgets) + len(shown) * max(0.34, 0.0 if one_each else 0.11 * (len(budgets) + 1))
    )
    colors = [CYCLE[0]] * len(budgets) if one_each else _colors(len(budgets))
    panels = figure.subplots(1, 2, sharey=True)
    name_ticks(panels[0], told_apart(names, _SHORT_NAME))
    for axis, quantity in zip(panels, ("n_params", "n_tokens"), strict=True):
        _draw_panel(axis, shown, quantity, dict(zip(budgets, colors, strict=True)))
    panels[0].set_xlabel(f"parameters N ({_counts(rows)})")
    panels[1].set_xlabel("training tokens D")
    _title(figure, comparison, budgets, len(groups) - len(shown))
    if not one_each and len(budgets) > 1:
        _add_legend(figure, budgets, colors)


def _by_corpus(rows: tuple[Recommendation, ...]) -> list[list[Recommendation]]:
    """Return the rows of each corpus, which stand together; a corpus that is named twice is there twice."""
    return [list(group) for _, group in groupby(rows, key=lambda row: id(row.profile))]


def _name(row: Recommendation) -> str:
    return "no corpus" if row.profile is None else row.profile.source


def _colors(n: int) -> list[Any]:
    """Return a colour for each budget: of the palette, or even shades where it has too few."""
    if n <= len(CYCLE):
        return list(CYCLE[:n])
    from matplotlib import colormaps

    return [colormaps[SHADES](0.92 * i / (n - 1)) for i in range(n)]


def _draw_panel(axis: Any, groups: list[list[Recommendation]], quantity: str, colors: dict[float, Any]) -> None:
    values: list[float] = []
    for number, group in enumerate(groups):
        for place, row in enumerate(group):
            best = row.headline
            at = number + (place - (len(group) - 1) / 2) * min(0.24, 0.72 / len(group))
            value, bounds = getattr(best, quantity), _bounds(row, quantity)
            color = colors[best.flops]
            if bounds is not None:
                axis.plot(bounds, (at, at), color=color, lw=2.2, alpha=0.55, solid_capstyle="butt", zorder=2)
            axis.plot([value], [at], "o", color=color, ms=5.5, zorder=3)
            values += [value, *(bounds or ())]
    log_axis(axis, "x", around(values), most=4)
    axis.grid(axis="x", color="0.92", lw=0.8)
    for number in range(len(groups) - 1):
        axis.axhline(number + 0.5, color="0.94", lw=0.8, zorder=0)
    axis.set_axisbelow(True)
    axis.spines["left"].set_visible(False)
    axis.tick_params(axis="y", length=0)


def _bounds(row: Recommendation, quantity: str) -> Bounds | None:
    interval = row.headline.interval80
    return None if interval is None else getattr(interval, quantity)


def _counts(rows: tuple[Recommendation, ...]) -> str:
    return ", ".join(dict.fromkeys(counted(row.headline.count) for row in rows))


def _title(figure: Any, comparison: Comparison, budgets: list[float], n_left_out: int) -> None:
    laws = ", ".join(dict.fromkeys(shortened(row.headline.law, 20) for row in comparison.rows))
    budget = f" for {format_flops(budgets[0])} FLOPs" if len(budgets) == 1 else ""
    left_out = "" if n_left_out <= 0 else f"; {plural(str(n_left_out), 'more row')} not drawn"
    set_title(figure, f"Compute-optimal{budget}, law {laws}; bars: 80 %{left_out}")


def _add_legend(figure: Any, budgets: list[float], colors: list[Any]) -> None:
    from matplotlib.lines import Line2D

    marks = [Line2D([], [], color=color, marker="o", ls="", ms=5.5) for color in colors]
    names = [f"{format_flops(budget)} FLOPs" for budget in budgets]
    place = {"loc": "outside lower left", "handletextpad": 0.0, "columnspacing": 1.2}
    figure.legend(marks, names, ncols=min(4, len(names)), **place)
