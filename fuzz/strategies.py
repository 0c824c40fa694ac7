"""Hypothesis strategies of hostile inputs: the fuzzing and the property tests draw from the same ones."""

from __future__ import annotations

import json
import struct
from typing import Any, TypeAlias

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from fuzz.bundle import packed
from fuzz.hostile import DEPTHS, FLOATS, INTEGERS, TEXTS, nested

# Of the names that columns have: with only these a document of a few keys is read far enough to matter.
NAMES = (
    "text",
    "content",
    "messages",
    "role",
    "input_ids",
    "tokens",
    "data",
    "ids",
    "loss",
    "n_params",
    "n_tokens",
    "id",
)

Inputs: TypeAlias = SearchStrategy[bytes]

texts: SearchStrategy[str] = st.one_of(
    st.text(st.characters(codec=None), max_size=60),
    st.sampled_from(TEXTS),
    st.just("The river rose in the night. " * 8),
)
scalars: SearchStrategy[Any] = st.one_of(
    texts, st.sampled_from(INTEGERS), st.sampled_from(FLOATS), st.integers(0, 1000), st.booleans(), st.none()
)
names: SearchStrategy[str] = st.one_of(st.sampled_from(NAMES), texts)
json_values: SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=6), st.dictionaries(names, inner, max_size=5)),
    max_leaves=10,
)
records: SearchStrategy[dict[str, Any]] = st.dictionaries(names, json_values, min_size=1, max_size=5)


def _encoded(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _nest(depth: int, opening: str, key: str) -> bytes:
    return b"{" + _encoded(key) + b": " + nested(depth, opening).encode() + b"}"


deep: Inputs = st.builds(_nest, st.sampled_from(DEPTHS[:3]), st.sampled_from("[{"), names)
json_documents: Inputs = st.one_of(
    json_values.map(_encoded), st.lists(records, max_size=5).map(_encoded), records.map(_encoded), deep
)
json_lines: Inputs = st.lists(
    st.one_of(records.map(_encoded), json_values.map(_encoded), deep, st.binary(max_size=40)), max_size=6
).map(b"\n".join)


def _table(rows: list[list[str]], delimiter: str, encoding: str, *, quoted: bool) -> bytes:
    cells = [[f'"{cell}"' if quoted else cell for cell in row] for row in rows]
    return "\n".join(delimiter.join(row) for row in cells).encode(encoding, "replace")


tables: Inputs = st.builds(
    _table,
    st.lists(
        st.lists(st.one_of(names, texts, st.sampled_from(INTEGERS).map(str)), min_size=1, max_size=5), max_size=12
    ),
    st.sampled_from([",", "\t", ";", "|"]),
    st.sampled_from(["utf-8", "latin-1", "utf-16", "utf-8-sig"]),
    quoted=st.booleans(),
)
written: Inputs = texts.map(lambda text: text.encode("utf-8", "surrogatepass"))
blobs: Inputs = st.one_of(st.binary(max_size=2000), written)


def _array(kind: str, shape: Any, order: Any, body: bytes) -> bytes:
    head = f"{{'descr': {kind!r}, 'fortran_order': {order!r}, 'shape': {shape!r}, }}\n".encode("utf-8", "replace")
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(head) % (1 << 16)) + head + body


arrays: Inputs = st.builds(
    _array,
    st.one_of(st.sampled_from(["<u2", "<i4", ">u4", "<i8", "|O", "<f4", "|S3", "<U2", "|V7", "|b1"]), texts),
    st.one_of(st.lists(st.one_of(st.integers(0, 40), st.sampled_from(INTEGERS)), max_size=3).map(tuple), scalars),
    st.one_of(st.booleans(), scalars),
    st.binary(max_size=400),
)
file_names: Inputs = st.builds(
    lambda stem, end: stem + end,
    st.one_of(written, st.binary(min_size=1, max_size=20), st.just(b"train/a"), st.just(b"a")),
    st.sampled_from([b".txt", b".jsonl", b".json", b".csv", b".md", b".gz", b".bin", b".npy", b".ipynb", b""]),
)
folders: Inputs = st.dictionaries(file_names, st.one_of(json_lines, json_documents, tables, blobs), max_size=6).map(
    packed
)


def drawn(strategy: SearchStrategy[bytes], number: int, n: int) -> list[bytes]:
    """Return about ``n`` inputs that ``strategy`` draws: the same ones for the same ``number``."""
    found: list[bytes] = []

    def collect(value: bytes) -> None:
        found.append(value)

    few = settings(
        max_examples=n, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    seed(number)(few(given(strategy)(collect)))()
    return found


STRATEGIES: dict[str, Inputs] = {
    "json": json_documents,
    "jsonl": json_lines,
    "table": tables,
    "written": written,
    "bytes": blobs,
    "npy": arrays,
    "folder": folders,
}
