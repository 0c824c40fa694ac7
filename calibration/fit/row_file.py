"""Rows and columns of one file, under any names: csv, jsonl or parquet, with one clear sentence for what is wrong."""

from __future__ import annotations

import csv
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from advisor.errors import RunsError
from calibration.fit.objective import Array

REQUIRED = ("n_params", "n_tokens", "loss")
OPTIONAL = ("seed", "vocab_size", "weight", "unique_tokens", "compressibility", "flops")
_MOST_GROUPS, _LEAST_OF_GROUP = 20, 6


@dataclass(frozen=True, kw_only=True)
class Table:
    """The rows of a file as they were read, and our names for its columns."""

    path: Path
    rows: Sequence[Mapping[str, Any]]
    names: Mapping[str, str]

    def has(self, name: str) -> bool:
        """Whether the table has our column ``name``."""
        return self.names.get(name, name) in self.rows[0]

    def raw(self, column: str) -> list[Any]:
        """Return the values of the table's own column as they were read; a missing one is an error."""
        if column not in self.rows[0]:
            there = ", ".join(str(c) for c in self.rows[0])
            hint = f"name it with --columns {column}=COLUMN" if column in REQUIRED else "check the name"
            raise RunsError(f"{self.path} has no column {column}, only {there}: {hint}.")
        values = [row.get(column) for row in self.rows]
        for i, value in enumerate(values):
            if value is None or (isinstance(value, str) and not value.strip()):
                raise RunsError(f"{self.path}, run {i + 1}: {column} is empty; fill it in or remove the run.")
        return values

    def numbers(self, name: str) -> Array:
        """Return our column ``name`` as floats; text is an error, nan and inf are not."""
        column = self.names.get(name, name)
        if name in self.names and column not in self.rows[0]:
            there = ", ".join(str(c) for c in self.rows[0])
            raise RunsError(f"{self.path} has no column {column} (--columns {name}={column}), only {there}.")
        out = np.empty(len(self.rows))
        for i, value in enumerate(self.raw(column)):
            try:
                out[i] = math.nan if isinstance(value, (bool, list, dict)) else float(value)
            except (TypeError, ValueError):
                raise RunsError(f"{self.path}, run {i + 1}: {column} is {value!r}, which is not a number.") from None
            if isinstance(value, (bool, list, dict)):
                raise RunsError(f"{self.path}, run {i + 1}: {column} is {value!r}, which is not a number.")
        return out


def grouping_columns(table: Table) -> list[tuple[str, int]]:
    """Return the columns whose values may name groups of runs, with how many they are: words first, then numbers.

    They are not ours, and have 2 to 20 values of six runs or more each. Numbers that follow from N, such as a depth,
    are a model's and not a corpus's.
    """
    ours = {table.names.get(name, name) for name in (*REQUIRED, *OPTIONAL) if name != "compressibility"}
    sizes = [str(row.get(table.names.get("n_params", "n_params"))) for row in table.rows]
    found = []
    for column in table.rows[0]:
        values = [str(row.get(column, "")).strip() for row in table.rows]
        counts = Counter(values)
        if column in ours or not (2 <= len(counts) <= _MOST_GROUPS and min(counts.values()) >= _LEAST_OF_GROUP):
            continue
        words = not all(map(_is_number, counts))
        if words or len(set(zip(sizes, values, strict=True))) > len(set(sizes)):
            found.append((not words, str(column), len(counts)))
    return [(column, n) for _, column, n in sorted(found)]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def read_rows(path: Path) -> Sequence[Mapping[str, Any]]:
    """Return the rows of a .csv, .jsonl or .parquet file; at least one."""
    if not path.is_file():
        raise RunsError(f"{path} is not a file; give a table of runs (.csv, .jsonl or .parquet).")
    readers = {".csv": _read_csv, ".jsonl": _read_jsonl, ".parquet": _read_parquet}
    if path.suffix.lower() not in readers:
        raise RunsError(f"{path} is not a .csv, .jsonl or .parquet file.")
    try:
        rows = readers[path.suffix.lower()](path)
    except UnicodeDecodeError as error:
        raise RunsError(f"{path} is not UTF-8 text (byte {error.start}).") from None
    except (OSError, csv.Error) as error:
        raise RunsError(f"{path} cannot be read ({error}).") from None
    if not rows:
        raise RunsError(f"{path} holds no runs.")
    return rows


def _read_csv(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, skipinitialspace=True)
        names = list(reader.fieldnames or ())
        if repeated := next((name for name in names if names.count(name) > 1), None):
            raise RunsError(f"{path} has several columns called {repeated}: rename all but one.")
        rows = []
        for row in reader:
            if None in row or None in row.values():
                fields = f"{len(reader.fieldnames or ())} fields"
                raise RunsError(f"{path}, line {reader.line_num}: the header has {fields} and this line has not.")
            rows.append(row)
    return rows


def _read_jsonl(path: Path) -> list[dict[str, Any]]:
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            raise RunsError(f"{path}, line {number}: this is not JSON.") from None
        if not isinstance(row, dict):
            raise RunsError(f"{path}, line {number}: a run must be a JSON object, this is {line.strip()[:30]}.")
        rows.append(row)
    return rows


def _read_parquet(path: Path) -> list[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    except (pa.ArrowInvalid, OSError) as error:
        raise RunsError(f"{path} cannot be read as parquet ({str(error).splitlines()[0]}).") from None
    return rows
