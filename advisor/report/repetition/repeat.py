"""How the table of epochs looks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from advisor.answer.limited_data import MOST_EPOCHS
from advisor.answer.repeat_table import RepeatRow, RepeatTable
from advisor.quantities import format_flops
from advisor.report.explain import emit_explained
from advisor.report.repetition.advice import print_advice
from advisor.report.text import (
    counted,
    echo,
    epochs_text,
    nats,
    percent,
    plural,
    print_table,
    quantity,
    spread,
    warn,
)

_OPTIMUM = "optimum"


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
