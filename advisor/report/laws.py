"""How the list of laws looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from advisor.coefficients import Coefficients
from advisor.protocol import protocol_as_json
from advisor.report.common import counted, emit, grid, plain, table
from advisor.scaling_law import Law, ScalingLaw

_DEPENDENT = {
    "anchored": "x' + eps (x(H) - x(H_ref)): Chinchilla at H_ref; the default with coefficients",
    "blend": "(1-eps) x' + eps x(H): Pandey 2024, arXiv:2405.16684, Eq. 6",
    "gzip": "x(H): the calibration alone, Pandey 2024, Eq. 5",
}


def show(laws: Sequence[Law], coefficients: Coefficients, *, as_json: bool, out: Path | None) -> None:
    """Print the laws and the installed calibrations, or their JSON document; write that to ``out`` if given."""
    document = {
        "laws": [_law(law) for law in laws],
        "data_dependent_laws": [{"law": name, "form": form} for name, form in _DEPENDENT.items()],
        "default_calibration": coefficients.default,
        "calibrations": [
            {"name": one.name, "protocol": protocol_as_json(one.protocol), "count": one.dependence.count}
            for one in coefficients.calibrations
        ],
    }
    emit(document, lambda console: _render(laws, coefficients, console), as_json=as_json, out=out)


def _law(law: Law) -> dict[str, Any]:
    additive = isinstance(law, ScalingLaw)
    constants = ("E", "A", "B", "alpha", "beta", "coefficient")
    return {
        "law": law.name,
        "form": "E + A/N^alpha + B/D^beta, C = 6 N D" if additive else "N = coefficient C^exponent_a, D = C/(6 N)",
        **{name: getattr(law, name, None) for name in constants},
        "exponent_a": law.exponent_a,
        "count": law.count,
        "source": law.source,
        "note": law.note,
        "n_draws": len(law.draws) if isinstance(law, ScalingLaw) else 0,
        "ranges": asdict(law.ranges),
    }


def _render(laws: Sequence[Law], coefficients: Coefficients, console: Console) -> None:
    made = table(
        "law", "E", "A", "B", "alpha", "beta", "a", "N counts", title="L = E + A/N^alpha + B/D^beta nats/token"
    )
    for law in laws:
        if isinstance(law, ScalingLaw):
            numbers = (f"{law.E:.4f}", f"{law.A:.1f}", f"{law.B:.1f}", f"{law.alpha:.4f}", f"{law.beta:.4f}")
            made.add_row(law.name, *numbers, f"{law.exponent_a:.4f}", counted(law.count))
    lines = table("law", "coefficient", "a", "N counts", title="N = coefficient * C^a, D = C/(6 N)")
    for law in laws:
        if not isinstance(law, ScalingLaw):
            lines.add_row(law.name, f"{law.coefficient:.4g}", f"{law.exponent_a:.4f}", counted(law.count))
    console.print(made)
    console.print()
    console.print(lines)
    console.print()
    console.print(_sources(laws))
    console.print()
    console.print(_dependent(coefficients))


def _sources(laws: Sequence[Law]) -> Any:
    rows = grid()
    for law in laws:
        rows.add_row(law.name, plain(f"{law.source}; {law.note}" if law.note else law.source))
    return rows


def _dependent(coefficients: Coefficients) -> Any:
    """Return the laws that depend on H, and which calibrations they can use."""
    rows = grid()
    for name, form in _DEPENDENT.items():
        rows.add_row(name, plain(form))
    names = [
        f"{one.name}{' (default)' if one.name == coefficients.default else ''}" for one in coefficients.calibrations
    ]
    rows.add_row("[dim]calibrations[/]", plain(", ".join(names)) or "none installed: these laws cannot answer yet")
    return rows
