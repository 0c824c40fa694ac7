"""How the answer with limited unique tokens looks, in tables and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from advisor.quantities import format_flops
from advisor.report.text import counted, echo, nats, percent, plural, print_table, quantity, spread

if TYPE_CHECKING:
    from advisor.answer.limited_data import LimitedData, LimitedInterval, MoreData

_LABELS = (
    "Parameters N",
    "Training tokens D",
    "Epochs",
    "Worth in unique tokens, D'",
    "Worth of a token, average",
    "... at the end",
    "Loss, nats/token",
    "... with unlimited data",
    "... with unlimited compute",
    "FLOPs lost to the limit",
    "FLOPs for 1 % more loss",
    "N for at most 1 % more",
    "N counts",
)


def print_limited(answers: Sequence[LimitedData]) -> None:
    """Print the optimum with limited unique tokens by each law, the choice weighed, and what more data is worth."""
    first = answers[0]
    columns, header = [list(_LABELS)], [""]
    for answer in answers:
        columns.append(_cells(answer))
        header.append(answer.law)
        if answer.interval80 is not None:
            columns.append(_interval_cells(answer.interval80))
            header.append("80 %")
    title = f"With {plural(quantity(first.unique_tokens), 'unique token')}, {format_flops(first.flops)} FLOPs"
    print_table(header, list(zip(*columns, strict=True)), title=title, bold=(0, 1))
    for note in _notes(answers):
        echo(note, "dim")
    if first.choice is not None:
        _print_choice(first)
    if first.more_data:
        echo()
        _print_more(first)
    else:
        echo("The optimum reads no token twice: the data are no limit to this budget.", "dim")


def epochs_text(epochs: float) -> str:
    """Return a number of epochs: three digits, whole where it is whole and above 100."""
    if epochs >= 1e6:
        return format_flops(epochs)
    return f"{epochs:,.0f}" if epochs >= 99.95 or epochs == round(epochs) else f"{epochs:#.3g}"


def _notes(answers: Sequence[LimitedData]) -> Iterator[str]:
    """Yield which law was fitted to repeated data, and what the interval leaves out."""
    transplanted = [answer.law for answer in answers if answer.transplanted]
    if transplanted:
        yield f"muennighoff was fitted to repeated data; {transplanted[0]} takes over how their value decays."
    if any(answer.interval80 is not None for answer in answers):
        yield "The 80 % interval knows nothing of how certain that decay is."


def _cells(answer: LimitedData) -> list[str]:
    return [
        quantity(answer.n_params),
        quantity(answer.n_tokens),
        epochs_text(answer.epochs),
        quantity(answer.effective_tokens),
        percent(answer.average_value),
        percent(answer.last_value),
        nats(answer.loss),
        nats(answer.unlimited_loss),
        nats(answer.loss_limit),
        percent(answer.wasted),
        format_flops(answer.nearly_flops),
        spread(answer.n_params_by_loss),
        counted(answer.count),
    ]


def _interval_cells(interval: LimitedInterval) -> list[str]:
    filled = {
        0: spread(interval.n_params),
        1: spread(interval.n_tokens),
        2: spread(interval.epochs, epochs_text),
        6: spread(interval.loss, nats),
    }
    return [filled.get(row, "") for row in range(len(_LABELS))]


def _print_choice(answer: LimitedData) -> None:
    choice = answer.choice
    assert choice is not None
    echo(
        f"Your choice by {answer.law}: {quantity(choice.n_params)} parameters on {quantity(choice.n_tokens)} tokens, "
        f"{epochs_text(choice.epochs)} epochs, loss {nats(choice.loss)}, "
        f"{percent(choice.wasted)} of the FLOPs wasted."
    )


def _print_more(answer: LimitedData) -> None:
    now = (
        quantity(answer.unique_tokens),
        quantity(answer.n_params),
        quantity(answer.n_tokens),
        epochs_text(answer.epochs),
        nats(answer.loss),
        "",
        format_flops(answer.flops),
    )
    header = ("unique", "N", "D", "epochs", "loss", "FLOPs saved", "FLOPs to match")
    rows = [now, *map(_more_cells, answer.more_data)]
    print_table(header, rows, title=f"More unique data, by {answer.law}", bold=(0,))
    echo(
        f"Saved: what the loss of now, {nats(answer.loss)}, would not need. To match: the budget that reaches the "
        f"row's loss with {plural(quantity(answer.unique_tokens), 'unique token')}.",
        "dim",
    )


def _more_cells(more: MoreData) -> tuple[str, ...]:
    return (
        "unlimited" if math.isinf(more.unique_tokens) else quantity(more.unique_tokens),
        quantity(more.n_params),
        quantity(more.n_tokens),
        "" if more.epochs is None else epochs_text(more.epochs),
        nats(more.loss),
        percent(more.saved),
        "none does" if more.matching_flops is None else format_flops(more.matching_flops),
    )
