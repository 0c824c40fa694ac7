"""litdata's chunks in each form that its writer has: leaves, a table, and three ways of compression."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import zstandard

from tests.corpus.token_files.test_errors import refused
from tests.corpus.token_files.writing import contents, documents, records

DOCS = documents(30, longest=60)
TEXTS = [f"Part {i} of a long story." for i in range(30)]
ROWS = [
    [text.encode(), struct.pack("<q", i), doc.astype("<i8").tobytes()]
    for i, (text, doc) in enumerate(zip(TEXTS, DOCS, strict=True))
]
LEAF = {"type": None, "context": None, "children_spec": []}
SPEC = {"type": "builtins.dict", "context": json.dumps(["text", "n", "ids"]), "children_spec": [LEAF] * 3}
FORMATS = ["str", "int", "no_header_tensor:18"]


def items(rows: list[list[bytes]] = ROWS) -> list[bytes]:
    return [struct.pack(f"<{len(row)}I", *map(len, row)) + b"".join(row) for row in rows]


def framed(parts: list[bytes], n_rows: int) -> bytes:
    """Return records compressed ``n_rows`` at a time, as compression_level="batch" does."""
    ends = np.append(0, np.cumsum([len(part) for part in parts])).astype("<u4")
    frames = [parts[i : i + n_rows] for i in range(0, len(parts), n_rows)]
    at, table, body = 28 + 4 * len(ends) - 4 + 24 * len(frames), b"", b""
    for number, frame in enumerate(frames):
        data = zstandard.compress(b"".join(frame))
        table += struct.pack("<IIQII", number * n_rows, len(frame), at + len(body), len(data), sum(map(len, frame)))
        body += data
    head = struct.pack("<8sHHIII", b"LDFZ01\0\0", 1, 0, len(parts), n_rows, len(frames))
    return head + ends.tobytes() + table + body


def table() -> bytes:
    """Return a table of records with an Arrow table behind it, where the records themselves are empty."""
    sink = pa.BufferOutputStream()
    batch = pa.table({"text": TEXTS, "n": list(range(30))})
    with pa.ipc.new_file(sink, batch.schema) as writer:
        for start in range(0, 30, 8):
            writer.write_table(batch.slice(start, 8))
    data = sink.getvalue().to_pybytes()
    head = struct.pack("<I", 30) + np.full(31, 4 * 32, "<u4").tobytes()
    return head + data + struct.pack("<I", len(data)) + b"LDARW01\0"


def write(
    folder: Path, data: bytes, *, name: str = "chunk-0-0.bin", n_bytes: int | None = None, **said: object
) -> Path:
    config = {"compression": None, "encryption": None, "data_format": FORMATS, "data_spec": json.dumps([1, SPEC])}
    chunk = {"chunk_bytes": len(data) if n_bytes is None else n_bytes, "chunk_size": 30, "dim": None, "filename": name}
    told = {"chunks": [chunk], "config": {**config, "item_loader": "PyTreeLoader", **said}}
    (folder / "index.json").write_text(json.dumps(told))
    (folder / name).write_bytes(data)
    return folder


def forms(folder: Path, form: str) -> Path:
    if form == "plain":
        return write(folder, records(items()))
    if form == "batch":
        return write(folder, framed(items(), 8), compression="zstd", compression_level="batch")
    if form == "sample":
        data = records([zstandard.compress(item) for item in items()])
        return write(folder, data, compression="zstd", compression_level="sample")
    data = records(items())
    name = "chunk-0-0.zstd.bin"
    return write(folder, zstandard.compress(data), name=name, n_bytes=len(data), compression="zstd")


@pytest.mark.parametrize("form", ["plain", "batch", "sample", "chunk"])
def test_the_leaves_of_a_record(tmp_path, form):
    source = forms(tmp_path, form)
    assert contents(source, column="text") == TEXTS
    assert contents(source, column="ids") == [doc.tolist() for doc in DOCS]
    assert (
        refused(source)
        == f"{next(source.glob('chunk*')).name} has several text columns: choose --column ids or --column text."
    )
    assert "Column 'n' of" in refused(source, column="n")


def test_a_table_behind_the_records(tmp_path):
    assert contents(write(tmp_path, table(), data_format=["str", "int"])) == TEXTS


def test_records_that_are_one_text(tmp_path):
    rows = [[text.encode()] for text in TEXTS]
    source = write(tmp_path, records(items(rows)), data_format=["str"], data_spec=json.dumps([1, LEAF]))
    assert contents(source) == contents(source, column="text") == TEXTS


def test_a_leaf_that_is_pickled_is_never_read(tmp_path):
    source = write(tmp_path, records(items()), data_format=["str", "int", "pickle"])
    assert contents(source) == TEXTS
    assert "Column 'ids' of" in refused(source, column="ids")


def test_damage_is_said(tmp_path):
    assert refused(write(tmp_path, records(items()), data_format=["str", "int"])) == (
        "index.json does not say what the records of its chunks are."
    )
    path = forms(tmp_path, "chunk") / "chunk-0-0.zstd.bin"
    path.write_bytes(path.read_bytes()[:-30])
    assert refused(tmp_path, column="text").startswith("chunk-0-0.zstd.bin is truncated")
    data = framed(items(), 8)
    assert refused(write(tmp_path, data[:100], compression="zstd", compression_level="batch"), column="text") == (
        "chunk-0-0.bin is truncated: it ends in the table of its records."
    )
