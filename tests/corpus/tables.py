"""Small made tables, each written as JSON lines, as parquet and as arrow, and what is read of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from advisor.corpus.options import CorpusOptions
from advisor.corpus.source import open_corpus
from advisor.corpus.tally import Tally

Rows = list[dict[str, Any]]


def write_jsonl(path: Path, rows: Rows) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def write_arrow(path: Path, table: pa.Table) -> Path:
    with pa.ipc.new_file(path, table.schema) as writer:
        writer.write_table(table)
    return path


def write_parquet(path: Path, table: pa.Table) -> Path:
    pq.write_table(table, path)
    return path


def written(folder: Path, rows: Rows) -> list[Path]:
    """Return the files of these rows, one of each format."""
    table = pa.Table.from_pylist(rows)
    return [
        write_jsonl(folder / "rows.jsonl", rows),
        write_parquet(folder / "rows.parquet", table),
        write_arrow(folder / "rows.arrow", table),
    ]


def read(path: Path, **options: Any) -> tuple[list[Any], Tally]:
    """Return the contents of a source, ids as lists, and what its tally was told."""
    corpus = open_corpus(str(path), CorpusOptions(**options), seq_len=64)
    contents = [document.content for reader in corpus.readers for document in reader.documents()]
    return [each.tolist() if isinstance(each, np.ndarray) else each for each in contents], corpus.tally


def chosen(path: Path, **options: Any) -> tuple[str | None, str]:
    """Return the column that is read of a source, and its type in words."""
    _, tally = read(path, **options)
    (column,) = tally.columns
    return column.column, column.type
