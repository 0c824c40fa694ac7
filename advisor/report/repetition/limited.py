"""How the answer with limited unique tokens looks: the optimum by each law, and what more data is worth."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from advisor.answer.repetition.affordable import GOOD_EPOCHS, MOST_EPOCHS
from advisor.quantities import format_flops
from advisor.report.text import counted, echo, epochs_text, nats, percent, plural, print_table, quantity, spread

if TYPE_CHECKING:
    from advisor.answer.repetition.limited_data import LimitedData, LimitedInterval
    from advisor.answer.repetition.more_data import MoreData
    from advisor.answer.repetition.sizes import LimitedChoice

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
    if first.used_up:
        echo(_used_up(first))
    for note in _notes(answers):
        echo(note, "dim")
    if first.choice is not None:
        _print_choice(first)
    if first.more_data:
        echo()
        _print_more(first)
    else:
        echo("The optimum reads no token twice: the data are no limit to this budget.", "dim")


def _used_up(answer: LimitedData) -> str:
    """Return what the data afford where the budget could read them more than 40 times, and what data it needs."""
    said = f"{MOST_EPOCHS:g} epochs are the most that are answered; {answer.law} alone would go on to "
    said += f"{epochs_text(answer.law_epochs)} and knows no overfitting. "
    if answer.larger is None:
        said += "The whole budget goes into a larger model. "
    else:
        share, size = percent(answer.flops_used / answer.flops), quantity(answer.larger.n_params)
        said += (
            f"The data afford this model, for {format_flops(answer.flops_used)} FLOPs: {share} of the budget. All of "
            f"it, on {size} parameters and as many tokens, would lower the loss by {percent(answer.larger.gained)}, if "
            "the law holds so far out. "
        )
    needed = quantity(answer.unique_for_40 or 0.0), quantity(answer.unique_for_4 or 0.0)
    return (
        said
        + f"For {MOST_EPOCHS:g} epochs the budget needs {needed[0]} unique tokens, for {GOOD_EPOCHS:g} {needed[1]}."
    )


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
        f"{_wasted(choice, answer.flops)} wasted."
    )


def _wasted(choice: LimitedChoice, flops: float) -> str:
    """Return what a choice wastes, of the budget or of what it takes of it."""
    share, wasted = choice.flops_used / flops, percent(choice.wasted)
    return f"{wasted} of the FLOPs" if share > 1 - 1e-9 else f"for {percent(share)} of the budget, {wasted} of that"


def _print_more(answer: LimitedData) -> None:
    now = (
        quantity(answer.unique_tokens),
        quantity(answer.n_params),
        quantity(answer.n_tokens),
        epochs_text(answer.epochs),
        nats(answer.loss),
        "",
        format_flops(answer.flops_used),
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


def more_data_rows(answer: LimitedData, *, with_loss: bool) -> list[tuple[str, str]]:
    """Return rows of what more data would buy, and which sizes do nearly as well, for a first screen."""
    rows = [("Room", f"{spread(answer.n_params_by_loss)} parameters stay within 1 % of the loss")]
    if not answer.more_data:
        return rows
    more, free = answer.more_data[0], answer.more_data[-1]
    losses = [f", loss {nats(each)}" if with_loss else "" for each in (more.loss, free.loss)]
    said = (
        f"{quantity(more.unique_tokens)} unique tokens reach this loss for {percent(more.saved)} fewer FLOPs"
        f"{losses[0] and f' (all of them: {losses[0][2:]})'}; without a limit {quantity(free.n_params)} parameters on "
        f"{quantity(free.n_tokens)} tokens{losses[1]}"
    )
    if answer.used_up:
        needed = quantity(answer.unique_for_40 or 0.0), quantity(answer.unique_for_4 or 0.0)
        said += f". The budget needs {needed[0]} unique tokens for {MOST_EPOCHS:g} passes, {needed[1]} for "
        said += f"{GOOD_EPOCHS:g}"
    return [*rows, ("More data", said)]
