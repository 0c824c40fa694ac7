"""How the table of optimal budgets and tokens looks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from advisor.answer.law_choice import DATA_LAWS
from advisor.answer.table import GOPHER_FLOPS, AllocationTable, TableRow
from advisor.quantities import format_flops
from advisor.report.explain import emit_explained, print_derivation
from advisor.report.screen import FIRST_SCREEN, Wanted, print_rows, print_screen
from advisor.report.text import counted, echo, nats, print_table, quantity, ratio

if TYPE_CHECKING:
    from advisor.explanation import Explanation


def show(
    table: AllocationTable,
    *,
    asked: Wanted = FIRST_SCREEN,
    explain_all: bool = False,
    as_json: bool,
    out: Path | None,
) -> None:
    """Print the allocations of one law, or their JSON document; write the document to ``out`` if given.

    ``explain_all`` adds where every number comes from, to the document too.
    """
    emit_explained(
        table,
        lambda: _render(table, asked),
        lambda: _explanations(table),
        asked=asked.explain,
        explain_all=explain_all,
        as_json=as_json,
        out=out,
    )


def _explanations(table: AllocationTable) -> tuple[Explanation, ...]:
    from advisor.answer.table import explain_table

    return explain_table(table)


def _render(table: AllocationTable, asked: Wanted) -> None:
    print_screen(
        _answer(table),
        rows=lambda: _print_rows(table),
        everything=lambda: _print_rows(table),
        derivation=lambda: _derive(table),
        cautions=table.cautions,
        asked=asked,
        more=("--cautions", "--explain", "--json"),
    )


def _derive(table: AllocationTable) -> None:
    """Print how the first row comes about."""
    from advisor.explanation import leading_to

    print_derivation(leading_to(_explanations(table), ("N_0", "D_0", "C_0")))


def _answer(table: AllocationTable) -> list[str]:
    """Return the first row and the last in a sentence."""
    first, last = table.rows[0], table.rows[-1]
    per_param = ratio(first.tokens_per_param)
    if len(table.rows) == 1:
        return [f"By {table.law}, {_wants(table, first)}, {per_param} for each parameter."]
    between = f"{per_param} to {ratio(last.tokens_per_param)} tokens a parameter"
    return [f"By {table.law}, {_wants(table, first)} and {_wants(table, last, brief=True)}: {between}."]


def _wants(table: AllocationTable, row: TableRow, *, brief: bool = False) -> str:
    """Return a row in words, ``brief`` behind another."""
    n, d, c = quantity(row.n_params), quantity(row.n_tokens), format_flops(row.flops)
    if table.asked_by == "budgets":
        return f"{c} {n} on {d}" if brief else f"{c} FLOPs want {n} parameters on {d} tokens"
    return f"{n} want {d} ({c})" if brief else f"{n} parameters want {d} tokens ({c} FLOPs)"


def _print_rows(table: AllocationTable) -> None:
    cells = [
        (
            quantity(row.n_params),
            format_flops(row.flops),
            _units(row.gopher_units),
            quantity(row.n_tokens),
            ratio(row.tokens_per_param),
            "" if row.loss is None else nats(row.loss),
        )
        for row in table.rows
    ]
    has_loss = any(row.loss is not None for row in table.rows)
    print_table(("N", "FLOPs", "Gopher units", "D", "D/N", "loss" if has_loss else ""), cells)
    whose = " of web text" if table.law in DATA_LAWS else ""
    loss = f"; loss in nats/token{whose}" if has_loss else ""
    unit = f"a Gopher unit is {format_flops(GOPHER_FLOPS)} FLOPs"
    echo(f"N counts {counted(table.count)} parameters; {unit}{loss}.", "dim")
    print_rows(_about(table))


def _about(table: AllocationTable) -> list[tuple[str, str]]:
    """Return whose law it is, and what was said of the corpus."""
    rows = [("Law", table.source)]
    if table.compressibility is not None:
        rows.append(("H", f"{table.compressibility:g}{_unused(table.depends_on_compressibility)}"))
    if table.bytes_per_token is not None:
        unused = _unused(table.depends_on_bytes_per_token)
        rows.append(("Tokenizer", f"{table.bytes_per_token:g} bytes per token, of training{unused}"))
    return rows


def _unused(used: bool) -> str:
    return "" if used else ", on which this law does not depend"


def _units(units: float) -> str:
    """Return Gopher units: three digits, without an exponent where that is readable."""
    return f"{units:,.0f}" if 1000 <= units < 1e6 else format_flops(units)
