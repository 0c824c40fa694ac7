"""A small parquet file as rows of Python's: a table of numbers that somebody wrote, none of a corpus."""

from __future__ import annotations

import io
from typing import Any

from advisor.corpus.arrow.arrays import unpacked
from advisor.corpus.arrow.column import ParsedFile
from advisor.corpus.corpus_file import CorpusFile, Place
from advisor.errors import CorpusError
from advisor.untrusted.reading import parsing


def parquet_rows(name: str, data: bytes, most_cells: int) -> tuple[int, list[dict[str, Any]]]:
    """Return how many values a parquet file holds, and its rows where there are no more than ``most_cells``.

    Raises:
        CorpusError: it is damaged, or has two columns of one name.
    """
    place = Place(name=name, n_bytes=len(data), opener=lambda: io.BytesIO(data))
    file = ParsedFile(file=CorpusFile(place=place, format="parquet", compression=None, named=True), format="parquet")
    told, blob = file.ask("table", {"most_cells": most_cells})
    if not blob:
        return told["n_cells"], []
    with parsing(name, "a parquet file", CorpusError):
        batch = unpacked(blob)
        names = batch.schema.names
    if repeated := next((each for each in names if names.count(each) > 1), None):
        raise CorpusError(f"{name} has several columns called {repeated}: rename all but one.")
    columns = [_values(column) for column in batch.columns]
    return told["n_cells"], [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _values(column: Any) -> list[Any]:
    """Return a column's values; None for those that Python has no words for, such as a date in the year 5,881,580."""
    try:
        return list(column.to_pylist())
    except (ValueError, OverflowError, ArithmeticError):
        return [_value(each) for each in column]


def _value(scalar: Any) -> Any:
    try:
        return scalar.as_py()
    except (ValueError, OverflowError, ArithmeticError):
        return None
