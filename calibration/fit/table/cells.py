"""The columns of a table as numbers in our units: every cell read, scaled, and one sentence for one that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from advisor.errors import RunsError, asked_wrongly, did_you_mean
from advisor.run_tables.domains import ANY, Domain, beyond, domain_of, is_beyond
from advisor.run_tables.numbers import (
    DecimalMark,
    decimal_mark,
    has_comma_group,
    is_empty,
    may_be_thousands,
    number_of,
    shown,
    what_is_odd,
)
from advisor.run_tables.rows import TableRows
from calibration.fit.objective import Array
from calibration.fit.table.names import read_name

_COUNTS = (
    "n_params",
    "n_tokens",
    "flops",
    "unique_tokens",
    "vocab_size",
    "steps",
    "batch_tokens",
    "seq_len",
    "samples",
)


@dataclass(frozen=True, kw_only=True)
class Cells:
    """The rows of a table, our names for its columns, and what the user says of some: their factors, their names."""

    table: TableRows
    names: Mapping[str, str]
    scale: Mapping[str, float] = field(default_factory=dict)
    given: Collection[str] = ()

    @property
    def path(self) -> Path:
        """The file."""
        return self.table.path

    @cached_property
    def mark(self) -> DecimalMark:
        """What stands before decimals in our columns.

        Raises:
            RunsError: It cannot be told.
        """
        texts = (row.get(name) for name in self.names.values() for row in self.table.rows)
        losses = [row.get(self.names["loss"]) for row in self.table.rows] if self.has("loss") else []
        try:
            return decimal_mark(texts, self.table.delimiter, losses)
        except ValueError as error:
            raise RunsError(f"{self.path}: {error}.") from None

    def has(self, ours: str) -> bool:
        """Whether the table has our column ``ours``."""
        return ours in self.names

    def raw(self, column: str) -> list[Any]:
        """Return the values of the table's own column as they were read; a missing one is an error."""
        if column not in self.table.names:
            hint = did_you_mean(column, self.table.names) or f", only {', '.join(self.table.names)}: check the name."
            raise asked_wrongly(RunsError(f"{self.path} has no column {column}{hint}"))
        values = [row.get(column) for row in self.table.rows]
        empty = [i for i, value in enumerate(values) if is_empty(value)]
        if empty:
            more = "" if len(empty) == 1 else f" (as in {len(empty) - 1} more)"
            raise RunsError(f"{self.path}, run {empty[0] + 1}: {column} is empty{more}; fill it in or remove the run.")
        return values

    def n_empty(self, ours: str) -> int:
        """Return how many runs have nothing in our column ``ours``."""
        return sum(is_empty(row.get(self.names[ours])) for row in self.table.rows)

    def numbers(self, ours: str, missing: Callable[[Any], bool] | None = None) -> Array:
        """Return our column ``ours`` as floats, times its factor; text is an error, nan and inf are not.

        Args:
            ours: The column.
            missing: Which cells are no error but nan.
        """
        column = self.names.get(ours, ours)
        out = np.full(len(self.table.rows), np.nan)
        raw = self.raw(column) if missing is None else [row.get(column) for row in self.table.rows]
        self._refuse_vague(ours, column, raw)
        for i, value in enumerate(raw):
            if missing is not None and missing(value):
                continue
            try:
                out[i] = number_of(value, self.mark, suffixes=ours in _COUNTS)
            except (TypeError, ValueError):
                said = f"{column} is {shown(value)}, which is not a number{what_is_odd(value)}"
                raise RunsError(f"{self.path}, run {i + 1}: {said}.") from None
            self._check_domain(i, column, out[i], ANY)
        factor = self.factor(ours)
        for i, number in enumerate(out):
            self._check_domain(i, column, float(number) * factor, domain_of(ours))
        return out * factor

    def _check_domain(self, i: int, column: str, number: float, domain: Domain) -> None:
        if is_beyond(number, domain):
            raise RunsError(f"{self.path}, run {i + 1}: {column} is {number:g}, {beyond(domain)}.")

    def _refuse_vague(self, ours: str, column: str, values: Sequence[Any]) -> None:
        """Raise for a number that may be a thousand times another, where its column does not tell."""
        if self.mark == "comma":
            return
        if ours == "loss" and (i := next((i for i, v in enumerate(values) if has_comma_group(v)), None)) is not None:
            raise RunsError(
                f"{self.path}, run {i + 1}: {column} is {values[i]!r} in a table of decimal points: write "
                f"{values[i].strip().replace(',', '.')} if its comma is one."
            )
        if ours in _COUNTS and (vague := may_be_thousands(values)) is not None:
            raise RunsError(
                f"{self.path}: {column} has {vague} beside whole numbers over 100, and it may be "
                f"{vague.replace('.', '')}: write thousands without a point, or decimals with a 0 behind ({vague}0)."
            )

    def factor(self, ours: str) -> float:
        """Return what a column is multiplied by: what --scale says, else what its name does."""
        if ours in self.scale:
            return self.scale[ours]
        found = read_name(self.names.get(ours, ours))
        return 1.0 if found is None or found.ours != ours else found.factor
