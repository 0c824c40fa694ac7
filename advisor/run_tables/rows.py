"""The rows of a table of runs in any usual format, which the content decides, and what was done to read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor.corpus.arrow.whole import parquet_rows
from advisor.errors import CorpusError, RunsError
from advisor.run_tables.delimited import DELIMITERS, read_delimited
from advisor.run_tables.file_bytes import bytes_of, decoded
from advisor.run_tables.json_rows import read_json_rows

_MOST_CELLS = 2_000_000
_USUAL = {".csv": ",", ".tsv": "\t"}


@dataclass(frozen=True, kw_only=True)
class TableRows:
    """The rows of a table as they are in the file, at least one, and the names of all its columns.

    ``delimiter`` is None where the format has none. ``said`` is what a reader should know of how it was read.
    """

    path: Path
    names: tuple[str, ...]
    rows: Sequence[Mapping[str, Any]]
    delimiter: str | None = None
    said: tuple[str, ...] = ()


def read_rows(path: Path, is_name: Callable[[str], bool] = lambda name: False) -> TableRows:
    """Return the rows of a file of delimited text, JSON, JSON lines or parquet, each also compressed.

    Args:
        path: The file.
        is_name: Whether a key reads as the name of one of our columns; JSON objects of objects need it.

    Raises:
        RunsError: The file cannot be read as a table, or holds no runs.
    """
    data = bytes_of(path)
    found = _of_parquet(path, data) if data.startswith(b"PAR1") else _of_text(path, data, is_name)
    if not found.rows:
        raise RunsError(f"{path} holds no runs.")
    return found


def _of_text(path: Path, data: bytes, is_name: Callable[[str], bool]) -> TableRows:
    if path.suffix.lower() == ".parquet":
        raise RunsError(f"{path} is no parquet file: it does not begin with PAR1.")
    text, encoding = decoded(path, data)
    said: tuple[str, ...] = () if encoding is None else (f"its text is {encoding}",)
    if text.lstrip()[:1] in ("{", "["):
        rows = read_json_rows(path, text, is_name)
        return TableRows(path=path, names=_names(rows), rows=rows, said=said)
    found = read_delimited(path, text)
    usual = next((_USUAL[end] for end in map(str.lower, path.suffixes) if end in _USUAL), found.delimiter)
    if found.delimiter != usual:
        said += (f"{DELIMITERS[found.delimiter]} divide its columns",)
    if found.n_comments:
        n = found.n_comments
        said += (f"{n} {'lines' if n > 1 else 'line'} that {'begin' if n > 1 else 'begins'} with # left out",)
    return TableRows(path=path, names=found.names, rows=found.rows, delimiter=found.delimiter, said=said)


def _names(rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(name) for row in rows for name in row))


def _of_parquet(path: Path, data: bytes) -> TableRows:
    try:
        n_cells, rows = parquet_rows(str(path), data, _MOST_CELLS)
    except CorpusError as error:
        raise RunsError(str(error)) from error
    if n_cells > _MOST_CELLS:
        raise RunsError(f"{path} holds {n_cells:,} values, and a table of runs has one row a run.")
    return TableRows(path=path, names=_names(rows), rows=rows)
