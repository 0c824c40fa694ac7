"""Columns of a table whose values may each have a law of their own."""

from __future__ import annotations

from collections import Counter

from advisor.run_tables.numbers import number_of
from calibration.fit.table.cells import Cells

_MOST_GROUPS, _LEAST_OF_GROUP = 20, 6


def grouping_columns(cells: Cells) -> list[tuple[str, int]]:
    """Return the columns whose values may name groups of runs, with how many they are: words first, then numbers.

    They are not ours, and have 2 to 20 values of six runs or more each. Numbers that follow from N, such as a depth,
    are a model's and not a corpus's.
    """
    ours = {theirs for name, theirs in cells.names.items() if name != "compressibility"}
    sizes = [str(row.get(cells.names.get("n_params", ""))) for row in cells.table.rows]
    found = []
    for column in cells.table.names:
        values = [str(row.get(column, "")).strip() for row in cells.table.rows]
        counts = Counter(values)
        if column in ours or not (2 <= len(counts) <= _MOST_GROUPS and min(counts.values()) >= _LEAST_OF_GROUP):
            continue
        words = not all(map(_is_number, counts))
        if words or len(set(zip(sizes, values, strict=True))) > len(set(sizes)):
            found.append((not words, column, len(counts)))
    return [(column, n) for _, column, n in sorted(found)]


def _is_number(text: str) -> bool:
    try:
        number_of(text)
    except ValueError:
        return False
    return True
