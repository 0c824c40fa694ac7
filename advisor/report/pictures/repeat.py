"""The picture of repeated data: the loss, and what an epoch is worth, against epochs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from advisor.answer.repetition.affordable import MOST_EPOCHS
from advisor.answer.repetition.repeat_table import RepeatTable, repeat_table
from advisor.quantities import format_flops, format_quantity
from advisor.report.pictures.style import (
    BEST,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    VERMILION,
    log_axis,
    plain_axis,
    set_height,
    set_title,
    shortened,
    spaced,
)
from advisor.report.text import nats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from advisor.answer.repetition.repeat_table import RepeatRow

MARKS = (4.0, 16.0, 40.0)  # nearly as good as new; half is lost; no answer goes beyond
_N_POINTS = 60
_BLIND = "0.93"  # the shade of what the law cannot see


def draw_epochs(figure: Any, table: RepeatTable) -> None:
    """Draw the loss of each number of epochs over what a token is worth on average and at their end."""
    set_height(figure, 6.0)
    loss, worth = figure.subplots(2, 1, height_ratios=(1.15, 1))
    first = min(1.0, table.rows[0].epochs)
    most = max(MOST_EPOCHS, table.rows[-1].epochs)
    curve = _curve(table, first, most)
    _draw_loss(loss, table, curve)
    _draw_worth(worth, table, curve)
    for axis in (loss, worth):
        _mark(axis, table, first, most * 1.15)
    loss.set_xticklabels([])
    worth.set_xlabel("epochs of the unique tokens")
    set_title(figure, f"{format_quantity(table.unique_tokens)} unique tokens, {_sizes(table)}", _law(table))


def _curve(table: RepeatTable, first: float, most: float) -> Sequence[RepeatRow]:
    """Return rows between those of the table, of the same law and sizes."""
    epochs = [*spaced(first, most, _N_POINTS), *MARKS]
    law, unique = replace(table.base, draws=()), table.unique_tokens
    return repeat_table(law, unique, epochs=epochs, n_params=table.n_params, flops=table.flops).rows


def _draw_loss(axis: Any, table: RepeatTable, curve: Sequence[RepeatRow]) -> None:
    axis.plot([row.epochs for row in curve], [row.loss for row in curve], color=BLUE, zorder=3)
    for row in table.rows:
        if row.loss_interval80 is not None:
            axis.plot([row.epochs] * 2, row.loss_interval80, color=BLUE, alpha=0.5, lw=2.2, zorder=2)
    x, y = [row.epochs for row in table.rows], [row.loss for row in table.rows]
    axis.plot(x, y, ls="", color=BLUE, label="rows of the table", zorder=4, **BEST)
    if table.optimum is not None:
        best = table.optimum
        axis.plot([best.epochs], [best.loss], "*", color=VERMILION, ms=13, mec="white", label="optimum", zorder=5)
        _say(axis, best.epochs, best.loss, nats(best.loss))
    plain_axis(axis, "y")
    axis.set_ylabel("loss, nats/token")


def _draw_worth(axis: Any, table: RepeatTable, curve: Sequence[RepeatRow]) -> None:
    x = [row.epochs for row in curve]
    average, last = ([100 * getattr(row, f"{which}_value") for row in curve] for which in ("average", "last"))
    axis.plot(x, average, color=GREEN, label="over all epochs")
    axis.plot(x, last, color=ORANGE, label="at their end")
    axis.set(ylim=(0, 104), ylabel="worth of a token, %")
    axis.legend(loc="lower left")
    for row in curve:
        if row.epochs in MARKS:
            axis.plot([row.epochs], [100 * row.average_value], color=GREEN, zorder=4, **BEST)
            axis.plot([row.epochs], [100 * row.last_value], color=ORANGE, zorder=4, **BEST)


def _mark(axis: Any, table: RepeatTable, first: float, most: float) -> None:
    """Mark 4, 16 and 40 epochs, and shade what lies beyond: the law knows no overfitting."""
    log_axis(axis, "x", (first / 1.04, most), _epochs)
    ticks = [at for at in sorted({first, 1, 2, 4, 8, 16, 40, 100, 400, 1000}) if first <= at <= most]
    axis.set_xticks(ticks, [_epochs(at) for at in ticks])
    for at in MARKS:
        axis.axvline(at, color=GREY, lw=0.8, ls=":", zorder=0)
    axis.axvspan(MOST_EPOCHS, most, color=_BLIND, lw=0, zorder=0)


def _epochs(value: float) -> str:
    return f"{value:g}"


def _say(axis: Any, x: float, y: float, text: str) -> None:
    axis.annotate(text, (x, y), xytext=(0, 9), textcoords="offset points", ha="center", va="bottom", color=VERMILION)


def _sizes(table: RepeatTable) -> str:
    """Return which parameters the rows have."""
    if table.n_params is not None:
        return f"{format_quantity(table.n_params)} parameters"
    if table.flops is not None:
        return f"{format_flops(table.flops)} FLOPs"
    return "the best number of parameters for each number of epochs"


def _law(table: RepeatTable) -> str:
    return f"law {shortened(table.law, 30)}; grey: beyond {MOST_EPOCHS:g} epochs it knows no overfitting"
