"""The columns of a table as numbers in our units: every cell read, scaled, and one sentence for one that is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from advisor.errors import RunsError
from advisor.run_tables.numbers import DecimalMark, decimal_mark, is_empty, number_of
from advisor.run_tables.rows import TableRows
from calibration.fit.objective import Array
from calibration.fit.table.names import read_name

_COUNTS = ("n_params", "n_tokens", "flops", "unique_tokens", "vocab_size", "steps", "batch_tokens", "seq_len")


@dataclass(frozen=True, kw_only=True)
class Cells:
    """The rows of a table, our names for its columns, and the factors that the user gives some of them."""

    table: TableRows
    names: Mapping[str, str]
    scale: Mapping[str, float] = field(default_factory=dict)

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
        try:
            return decimal_mark(texts, self.table.delimiter)
        except ValueError as error:
            raise RunsError(f"{self.path}: {error}.") from None

    def has(self, ours: str) -> bool:
        """Whether the table has our column ``ours``."""
        return ours in self.names

    def raw(self, column: str) -> list[Any]:
        """Return the values of the table's own column as they were read; a missing one is an error."""
        if column not in self.table.names:
            raise RunsError(f"{self.path} has no column {column}, only {', '.join(self.table.names)}: check the name.")
        values = [row.get(column) for row in self.table.rows]
        for i, value in enumerate(values):
            if is_empty(value):
                raise RunsError(f"{self.path}, run {i + 1}: {column} is empty; fill it in or remove the run.")
        return values

    def numbers(self, ours: str) -> Array:
        """Return our column ``ours`` as floats, times its factor; text is an error, nan and inf are not."""
        column = self.names.get(ours, ours)
        out = np.empty(len(self.table.rows))
        for i, value in enumerate(self.raw(column)):
            try:
                out[i] = number_of(value, self.mark, suffixes=ours in _COUNTS)
            except (TypeError, ValueError):
                raise RunsError(f"{self.path}, run {i + 1}: {column} is {value!r}, which is not a number.") from None
        return out * self.factor(ours)

    def factor(self, ours: str) -> float:
        """Return what a column is multiplied by: what --scale says, else what its name does."""
        if ours in self.scale:
            return self.scale[ours]
        found = read_name(self.names.get(ours, ours))
        return 1.0 if found is None or found.ours != ours else found.factor
