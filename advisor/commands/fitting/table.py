"""The options of ``advisor fit`` that say how its tables are to be read, and what is said of how they were."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from advisor.commands.values import quantity
from advisor.errors import UsageError
from advisor.quantities import parse_quantity
from advisor.report import terminal

if TYPE_CHECKING:
    from calibration.fit.runs import RunTable
    from calibration.fit.table.reading import TableReading, TableUnits

TABLE_OPTIONS = ("columns", "scale", "loss_unit", "bytes_per_token", "skip_failed")
_OPTIONS = (
    click.option("--columns", metavar="OURS=YOURS,...", help="The table's names of our columns."),
    click.option(
        "--scale",
        metavar="COLUMN=FACTOR,...",
        help="Multiply columns, such as n_tokens=1e6; a factor of 1 says that the unit is right.",
    ),
    click.option(
        "--loss-unit",
        type=click.Choice(["nats", "bits", "bpb", "ppl"]),
        help="Of the losses: nats or bits per token, bits per byte, perplexity.  [default: by name, else nats]",
    ),
    click.option(
        "--bytes-per-token",
        type=quantity("--bytes-per-token"),
        metavar="T",
        help="Of the tokenizer, for bits per byte.",
    ),
    click.option(
        "--skip-failed",
        is_flag=True,
        help="Leave out runs that a column of states says failed, and those without a loss.",
    ),
)


def table_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command, which has them as ``reading``."""

    @wraps(command)
    def gathering(**given: Any) -> Any:
        own = {name: given.pop(name) for name in TABLE_OPTIONS}
        return command(**given, reading=WantedReading(**own))

    for option in reversed(_OPTIONS):
        gathering = option(gathering)
    return gathering


@dataclass(frozen=True, kw_only=True)
class WantedReading:
    """How the tables are to be read."""

    columns: str | None
    scale: str | None
    loss_unit: Literal["nats", "bits", "bpb", "ppl"] | None
    bytes_per_token: float | None
    skip_failed: bool = False

    @cached_property
    def names(self) -> dict[str, str]:
        """The table's name of each of our columns that --columns names."""
        pairs = _pairs("--columns", self.columns, "OURS=YOURS, such as n_params=model_size")
        yours = list(pairs.values())
        if twice := next((name for name in yours if yours.count(name) > 1), None):
            raise UsageError(f"--columns names {twice} twice.")
        return pairs

    @cached_property
    def units(self) -> TableUnits:
        """What is said of the units."""
        from calibration.fit.table.reading import TableUnits

        pairs = _pairs("--scale", self.scale, "COLUMN=FACTOR, such as n_tokens=1e6")
        ours = {yours: name for name, yours in self.names.items()}
        return TableUnits(
            scale={ours.get(name, name): parse_quantity(factor, f"--scale {name}") for name, factor in pairs.items()},
            loss_unit=self.loss_unit,
            bytes_per_token=self.bytes_per_token,
            skip_failed=self.skip_failed,
        )

    def read(self, table: Path, group: str | None) -> RunTable:
        """Return the runs of a table that is compared with a law."""
        from calibration.fit.runs import read_run_table

        found = read_run_table(table, columns=self.names, group=group, units=self.units)
        say(found.reading)
        return found


def say(found: TableReading) -> None:
    """Print on stderr how a table was read, where that is not as it stands."""
    if found.in_words is not None:
        terminal.note(found.in_words)


def _pairs(option: str, text: str | None, form: str) -> dict[str, str]:
    """Return the pairs of LEFT=RIGHT,LEFT=RIGHT, none of them twice."""
    pairs: dict[str, str] = {}
    for pair in (text or "").split(","):
        left, equals, right = (part.strip() for part in pair.partition("="))
        if not pair.strip():
            continue
        if not (left and equals and right):
            raise UsageError(f"{option} has {pair.strip()!r}; write {form}.")
        if left in pairs:
            raise UsageError(f"{option} names {left} twice.")
        pairs[left] = right
    return pairs
