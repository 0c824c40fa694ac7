"""How a table is to be read, how it was, and both in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from advisor.errors import UsageError
from advisor.quantities import format_flops
from calibration.fit.table.cells import Cells
from calibration.fit.table.names import OURS, LossUnit

SCALABLE = tuple(name for name in OURS if name not in ("seed", "weight", "compressibility"))


@dataclass(frozen=True, kw_only=True)
class TableUnits:
    """What the user says of a table's units, and of its runs that failed.

    Attributes:
        scale: a factor for some of our columns; naming one, with 1 too, is the user's word that it is right then.
        loss_unit: of the losses; None takes what the column's name says, else nats/token.
        bytes_per_token: of the tokenizer on the text of the losses, for losses in bits per byte.
        skip_failed: whether runs that failed, or have no loss, are left out.
    """

    scale: Mapping[str, float] = field(default_factory=dict)
    loss_unit: LossUnit | None = None
    bytes_per_token: float | None = None
    skip_failed: bool = False

    def __post_init__(self) -> None:
        if wrong := next((name for name in self.scale if name not in SCALABLE), None):
            raise UsageError(f"--scale names {wrong}, which is not one of {', '.join(SCALABLE)}.")


@dataclass(frozen=True, kw_only=True)
class TableReading:
    """How a table was read: the column behind each of ours, what was derived, and the units of what stands in it."""

    path: Path
    columns: Mapping[str, str | None]
    derived: Mapping[str, str] | None
    loss_unit: LossUnit
    bytes_per_token: float | None
    scale: Mapping[str, float]
    decimal_comma: bool
    said: tuple[str, ...]

    @property
    def in_words(self) -> str | None:
        """One line of what was done; None where the table is as we would write it."""
        return f"{self.path.name}: {'; '.join(self.said)}." if self.said else None

    @property
    def document(self) -> dict[str, Any]:
        """The keys ``columns``, ``derived`` and ``units`` of a JSON document."""
        units = {
            "loss": self.loss_unit,
            "bytes_per_token": self.bytes_per_token,
            "scale": dict(self.scale),
            "decimal_comma": self.decimal_comma,
        }
        return {"columns": dict(self.columns), "derived": self.derived, "units": units}


NO_TABLE: Mapping[str, Any] = {"columns": None, "derived": None, "units": None}


def mapping_said(cells: Cells, used: Mapping[str, str]) -> tuple[str, ...]:
    """Return which column each of ours is, where its name is another or it is multiplied."""
    found = []
    for ours, theirs in used.items():
        factor = cells.factor(ours)
        times = "" if factor == 1 else f" x {format_flops(factor)}"
        if theirs != ours or times:
            found.append(f"{ours} is {theirs}{times}")
    return tuple(found)
