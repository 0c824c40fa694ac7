"""How the table of epochs looks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from advisor import json_form
from advisor.answer.repeat_table import RepeatRow, RepeatTable
from advisor.answer.repetition_cautions import BLIND_EPOCHS
from advisor.laws.scaling_law import ScalingLaw
from advisor.quantities import format_flops
from advisor.report.advice import print_advice
from advisor.report.explain import explanation_keys, then_explained
from advisor.report.limited_data import epochs_text
from advisor.report.text import (
    counted,
    echo,
    emit,
    nats,
    percent,
    plural,
    print_table,
    quantity,
    spread,
    warn,
)


def show(
    table: RepeatTable, *, all_advice: bool, explained: ScalingLaw | None = None, as_json: bool, out: Path | None
) -> None:
    """Print a table of epochs, or its JSON document; write the document to ``out`` if given.

    ``explained``, the law of the table, adds where every number comes from.
    """
    document = json_form.as_json(table)
    explanations = None
    if explained is not None:
        from advisor.explain.tables import explain_repeat

        explanations = explain_repeat(explained, document)
    render = then_explained(lambda: _render(table, all_advice), explanations)
    emit({**document, **explanation_keys(explanations)}, render, as_json=as_json, out=out)
    warn(table.cautions)


def _render(table: RepeatTable, all_advice: bool) -> None:
    echo(f"{table.law}: {table.source}")
    echo(f"{plural(quantity(table.unique_tokens), 'unique token')}; N, {counted(table.count)}: {_sizes(table)}", "dim")
    echo()
    rows = [(row, "") for row in table.rows]
    if table.optimum is not None:
        rows = sorted([*rows, (table.optimum, "optimum")], key=lambda pair: pair[0].epochs)
    bold = [i for i, (_, remark) in enumerate(rows) if remark]
    columns = _columns(table)
    header = [name for name, _ in columns]
    cells = [(*(look(row) for _, look in columns), remark or _blind(row)) for row, remark in rows]
    print_table((*header, ""), cells, bold=bold)
    most, limit = quantity(table.most_effective_tokens), nats(table.loss_limit)
    echo(f"Endless repetition is worth {most} unique tokens; unlimited compute reaches a loss of {limit}.", "dim")
    echo("Average, last: what a token is worth over all epochs and at their end, against a unique one.", "dim")
    if any(row.epochs > BLIND_EPOCHS for row, _ in rows):
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


def _blind(row: RepeatRow) -> str:
    return "blind" if row.epochs > BLIND_EPOCHS else ""
