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
        CorpusError: it is damaged, or holds values that Python has no words for.
    """
    place = Place(name=name, n_bytes=len(data), opener=lambda: io.BytesIO(data))
    file = ParsedFile(file=CorpusFile(place=place, format="parquet", compression=None, named=True), format="parquet")
    told, blob = file.ask("table", {"most_cells": most_cells})
    if not blob:
        return told["n_cells"], []
    with parsing(name, "a parquet file", CorpusError):
        return told["n_cells"], list(unpacked(blob).to_pylist())
