"""How the table of optimal budgets and tokens looks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from advisor.budget import GOPHER_FLOPS, format_flops
from advisor.report.common import counted, echo, emit, print_table, quantity, ratio
from advisor.scaling_law import Allocation, Law


def show(
    law: Law, rows: Sequence[Allocation], *, compressibility: float | None, as_json: bool, out: Path | None
) -> None:
    """Print the allocations of one law, or their JSON document; write the document to ``out`` if given."""
    document = {
        "law": law.name,
        "count": law.count,
        "source": law.source,
        "compressibility": compressibility,
        "rows": [_row(row) for row in rows],
    }
    emit(document, lambda: _render(law, rows), as_json=as_json, out=out)


def _row(row: Allocation) -> dict[str, Any]:
    return {
        "n_params": row.n_params,
        "flops": row.flops,
        "gopher_units": row.flops / GOPHER_FLOPS,
        "n_tokens": row.n_tokens,
        "tokens_per_param": row.tokens_per_param,
    }


def _render(law: Law, rows: Sequence[Allocation]) -> None:
    echo(f"{law.name}: {law.source}")
    unit = f"a Gopher unit is {format_flops(GOPHER_FLOPS)} FLOPs"
    echo(f"N counts {counted(law.count)} parameters; {unit}", "dim")
    echo()
    cells = [
        (
            quantity(row.n_params),
            format_flops(row.flops),
            _units(row.flops / GOPHER_FLOPS),
            quantity(row.n_tokens),
            ratio(row.tokens_per_param),
        )
        for row in rows
    ]
    print_table(("N", "FLOPs", "Gopher units", "D", "D/N"), cells)


def _units(units: float) -> str:
    """Return Gopher units: three digits, without an exponent where that is readable."""
    return f"{units:,.0f}" if 1000 <= units < 1e6 else format_flops(units)
