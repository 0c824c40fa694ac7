"""How the table of optimal budgets and tokens looks."""

from __future__ import annotations

from pathlib import Path

from advisor.answer.table import GOPHER_FLOPS, AllocationTable
from advisor.quantities import format_flops
from advisor.report.explain import emit_explained
from advisor.report.text import counted, echo, nats, print_table, quantity, ratio, warn


def show(table: AllocationTable, *, explain: bool = False, as_json: bool, out: Path | None) -> None:
    """Print the allocations of one law, or their JSON document; write the document to ``out`` if given.

    ``explain`` adds where every number comes from.
    """
    explanations = None
    if explain:
        from advisor.answer.table import explain_table

        explanations = explain_table(table)
    emit_explained(table, lambda: _render(table), explanations, as_json=as_json, out=out)
    warn(table.cautions)


def _render(table: AllocationTable) -> None:
    echo(f"{table.law}: {table.source}")
    if table.compressibility is not None:
        effect = "" if table.depends_on_compressibility else ", on which this law does not depend"
        echo(f"H = {table.compressibility:g}{effect}")
    if table.bytes_per_token is not None:
        effect = "" if table.depends_on_bytes_per_token else ", on which this law does not depend"
        echo(f"{table.bytes_per_token:g} bytes per token of the training tokenizer{effect}")
    unit = f"a Gopher unit is {format_flops(GOPHER_FLOPS)} FLOPs"
    echo(f"N counts {counted(table.count)} parameters; {unit}", "dim")
    echo()
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


def _units(units: float) -> str:
    """Return Gopher units: three digits, without an exponent where that is readable."""
    return f"{units:,.0f}" if 1000 <= units < 1e6 else format_flops(units)
