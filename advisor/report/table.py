"""How the table of optimal budgets and tokens looks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from advisor.answer.cautions import about_rows
from advisor.answer.table import GOPHER_FLOPS
from advisor.calibrations.laws_in_h import LAW_NAMES
from advisor.laws.scaling_law import Allocation, Law, ScalingLaw
from advisor.quantities import format_flops
from advisor.report.explain import explanation_keys, then_explained
from advisor.report.text import counted, echo, emit, nats, print_table, quantity, ratio, warn


def show(
    law: Law,
    rows: Sequence[Allocation],
    *,
    compressibility: float | None,
    explained: Literal["sizes", "budgets"] | None = None,
    as_json: bool,
    out: Path | None,
) -> None:
    """Print the allocations of one law, or their JSON document; write the document to ``out`` if given.

    ``explained`` adds where every number comes from, and says what the rows were asked by.
    """
    cautions = tuple(about_rows(law, rows))
    document = {
        "law": law.name,
        "count": law.count,
        "source": law.source,
        "compressibility": compressibility,
        "depends_on_compressibility": law.name in LAW_NAMES,
        "rows": [_row(law, row) for row in rows],
        "cautions": cautions,
    }
    explanations = None
    if explained is not None:
        from advisor.explain.tables import explain_table

        explanations = explain_table(law, document, by_flops=explained == "budgets")
    render = then_explained(lambda: _render(law, rows, compressibility), explanations)
    emit({**document, **explanation_keys(explanations)}, render, as_json=as_json, out=out)
    warn(cautions)


def _row(law: Law, row: Allocation) -> dict[str, Any]:
    return {
        "n_params": row.n_params,
        "flops": row.flops,
        "gopher_units": row.flops / GOPHER_FLOPS,
        "n_tokens": row.n_tokens,
        "tokens_per_param": row.tokens_per_param,
        "loss_nats_per_token": law.loss(row.n_params, row.n_tokens) if isinstance(law, ScalingLaw) else None,
    }


def _render(law: Law, rows: Sequence[Allocation], compressibility: float | None) -> None:
    echo(f"{law.name}: {law.source}")
    if compressibility is not None:
        effect = "" if law.name in LAW_NAMES else ", on which this law does not depend"
        echo(f"H = {compressibility:g}{effect}")
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
            nats(law.loss(row.n_params, row.n_tokens)) if isinstance(law, ScalingLaw) else "",
        )
        for row in rows
    ]
    print_table(("N", "FLOPs", "Gopher units", "D", "D/N", "loss" if isinstance(law, ScalingLaw) else ""), cells)


def _units(units: float) -> str:
    """Return Gopher units: three digits, without an exponent where that is readable."""
    return f"{units:,.0f}" if 1000 <= units < 1e6 else format_flops(units)
