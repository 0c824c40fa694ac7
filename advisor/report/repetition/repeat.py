"""How limited and repeated data look: the optimum with few unique tokens, the table of epochs, and advice."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.answer.limited_data import GOOD_EPOCHS, MOST_EPOCHS
from advisor.answer.repeat_table import RepeatRow, RepeatTable
from advisor.quantities import format_flops
from advisor.report.explain import emit_explained
from advisor.report.text import (
    counted,
    echo,
    nats,
    percent,
    plural,
    print_labelled,
    print_table,
    quantity,
    spread,
    warn,
)

if TYPE_CHECKING:
    from advisor.answer.advice import Advice
    from advisor.answer.limited_data import LimitedChoice, LimitedData, LimitedInterval, MoreData

_OPTIMUM = "optimum"
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


def show(table: RepeatTable, *, all_advice: bool, explain: bool = False, as_json: bool, out: Path | None) -> None:
    """Print a table of epochs, or its JSON document; write the document to ``out`` if given.

    ``explain`` adds where every number comes from.
    """
    explanations = None
    if explain:
        from advisor.answer.repeat_table import explain_repeat

        explanations = explain_repeat(table)
    emit_explained(table, lambda: _render(table, all_advice), explanations, as_json=as_json, out=out)
    warn(table.cautions)


def _render(table: RepeatTable, all_advice: bool) -> None:
    echo(f"{table.law}: {table.source}")
    echo(f"{plural(quantity(table.unique_tokens), 'unique token')}; N, {counted(table.count)}: {_sizes(table)}", "dim")
    echo()
    rows = [(row, "") for row in table.rows]
    if table.optimum is not None:
        rows = sorted([*rows, (table.optimum, _remark(table))], key=lambda pair: pair[0].epochs)
    bold = [i for i, (_, remark) in enumerate(rows) if remark]
    columns = _columns(table)
    header = [name for name, _ in columns]
    cells = [(*(look(row) for _, look in columns), remark or _blind(row)) for row, remark in rows]
    print_table((*header, ""), cells, bold=bold)
    most, limit = quantity(table.most_effective_tokens), nats(table.loss_limit)
    echo(f"Endless repetition is worth {most} unique tokens; unlimited compute reaches a loss of {limit}.", "dim")
    echo("Average, last: what a token is worth over all epochs and at their end, against a unique one.", "dim")
    if table.optimum is not None and _remark(table) != _OPTIMUM and table.flops is not None:
        share = percent(table.optimum.flops / table.flops)
        echo(
            f"Enough: {MOST_EPOCHS:g} epochs are used up by {format_flops(table.optimum.flops)} FLOPs, {share} of the "
            f"budget; the law alone would go on to {epochs_text(table.law_epochs or 0.0)}.",
            "dim",
        )
    if any(row.epochs > MOST_EPOCHS for row, _ in rows):
        echo("Blind: the law knows no overfitting, and is far too hopeful here.", "dim")
    echo()
    print_advice(table.advice, everything=all_advice)


def _sizes(table: RepeatTable) -> str:
    """Return which parameters the rows have."""
    if table.n_params is not None:
        return f"{quantity(table.n_params)} in each row"
    if table.flops is not None:
        return f"what {format_flops(table.flops)} FLOPs leave"
    return "optimal for each row's tokens"


def _columns(table: RepeatTable) -> list[tuple[str, Callable[[RepeatRow], str]]]:
    """Return the columns; what is the same in every row, N or the FLOPs, is said above the table instead."""
    columns: list[tuple[str, Callable[[RepeatRow], str]]] = [
        ("epochs", lambda row: epochs_text(row.epochs)),
        ("D", lambda row: quantity(row.n_tokens)),
        ("worth D'", lambda row: quantity(row.effective_tokens)),
        ("average", lambda row: percent(row.average_value)),
        ("last", lambda row: percent(row.last_value)),
    ]
    if table.n_params is None:
        columns.append(("N", lambda row: quantity(row.n_params)))
    if table.flops is None:
        columns.append(("FLOPs", lambda row: format_flops(row.flops)))
    columns.append(("loss", lambda row: nats(row.loss)))
    if any(row.loss_interval80 for row in table.rows):
        columns.append(("80 %", lambda row: spread(row.loss_interval80, nats)))
    return columns


def _remark(table: RepeatTable) -> str:
    """Return what the best row is: the optimum of the budget, or where the data are used up."""
    return "enough" if (table.law_epochs or 0) > MOST_EPOCHS else _OPTIMUM


def _blind(row: RepeatRow) -> str:
    return "blind" if row.epochs > MOST_EPOCHS else ""


# --- the answer with limited unique tokens


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


# --- advice


def print_advice(advice: Sequence[Advice], *, everything: bool) -> None:
    """Print lines of advice with their sources; without ``everything`` the most important ones, and how many more."""
    from advisor.answer.advice import USUAL_SCOPE

    shown = [line for line in advice if everything or line.first]
    echo("Training on repeated data", "bold")
    if everything:
        echo(f"Seen on {USUAL_SCOPE}, where a line says nothing else.", "dim")
    print_labelled([("-", _line(line, USUAL_SCOPE)) for line in shown])
    if len(shown) < len(advice):
        echo(f"{len(advice) - len(shown)} more lines: --advice.", "dim")


def _line(line: Advice, usual_scope: str) -> str:
    scope = "" if line.scope == usual_scope else f"; seen on {line.scope}"
    return f"{line.text} [{line.source}{scope}]"
