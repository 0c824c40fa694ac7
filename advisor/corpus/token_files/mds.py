"""MosaicML's streaming shards (MDS): a folder of .mds whose index.json says the columns, or one .mds alone.

Version 2 (mosaicml-streaming, streaming/base/format/mds): a shard is a table of records, the same columns as JSON, and
the records. Columns that are pickled are never read.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from advisor.corpus.columns import ABSENT, Field
from advisor.corpus.token_files.id_types import check_bytes
from advisor.corpus.token_files.ids import check_type, end_of_text, n_vocabulary
from advisor.corpus.token_files.index_json import index_node, name_beside
from advisor.corpus.token_files.records import (
    RecordShard,
    array_of,
    kind_of_stored,
    text_of_value,
    type_in_words,
    values_of,
)
from advisor.corpus.token_files.stores import open_plain
from advisor.errors import CorpusError
from advisor.json_fields import Node

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from advisor.corpus.corpus_file import CorpusFile
    from advisor.corpus.options import CorpusOptions
    from advisor.corpus.tally import Tally

_ID_NAMES = ("tokens", "input_ids", "token_ids", "ids")  # columns of bytes that hold ids: llm-foundry's, as int64
_SHAPE_TYPES = ("<u1", "<u2", "<u4", "<u8")
_ARRAY_TYPES = {
    **{8: "uint8", 9: "int8", 16: "uint16", 17: "int16", 18: "float16", 32: "uint32", 33: "int32", 34: "float32"},
    **{64: "uint64", 65: "int64", 66: "float64"},
}


@dataclass(frozen=True, kw_only=True)
class MdsLayout:
    """The columns of a shard: their names, how they are encoded, and their sizes where those are fixed."""

    names: tuple[str, ...]
    encodings: tuple[str, ...]
    sizes: tuple[int | None, ...]
    dtype: str | None  # of ids that are stored as bytes, where the user says it

    def fields(self, records: Sequence[bytes], place: str) -> Mapping[str, Field]:
        """Return the columns, each with the values of the first records."""
        rows = [values_of(record, self.sizes, place) for record in records]
        found = {}
        for i, (name, encoding) in enumerate(zip(self.names, self.encodings, strict=True)):
            if encoding == "bytes" and name in _ID_NAMES and self.dtype is not None:
                data = b"".join(row[i] for row in rows)
                check_bytes(f"{name!r} of {place.rpartition(' of ')[2]}", data, len(data), self.dtype)
            values = tuple(self._decoded(row[i], i, place) for row in rows)
            kind = next((kind for kind in map(kind_of_stored, values) if kind), None)
            what = f"{encoding} (never loaded)" if encoding == "pkl" else type_in_words(values, encoding)
            found[name] = Field(name=name, kind=kind, type=what, values=values)
        return found

    def value(self, record: bytes, field: Field, place: str) -> Any:
        """Return what a record has in a column."""
        number = self.names.index(field.name)
        return self._decoded(values_of(record, self.sizes, place)[number], number, place)

    def _decoded(self, data: bytes, number: int, place: str) -> Any:
        name, (encoding, _, detail) = self.names[number], self.encodings[number].partition(":")
        if encoding == "str":
            return text_of_value(data, name, place)
        if encoding == "json":
            return _json(data, name, place)
        if encoding == "ndarray":
            return _array(data, detail, name, place)
        if encoding == "bytes" and name in _ID_NAMES:
            return array_of(data, self.dtype or "int64", name, place)
        if encoding == "bytes":
            return _text_or_none(data)
        return ABSENT


def _text_or_none(data: bytes) -> str | None:
    try:
        return None if b"\0" in data else data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _json(data: bytes, name: str, place: str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise CorpusError(f"{place} has a {name!r} that is not valid JSON.") from error


def _array(data: bytes, detail: str, name: str, place: str) -> Any:
    """Return an encoded array: its type and shape stand in the encoding, or else before its numbers."""
    import numpy as np

    dtype, _, shape = detail.partition(":")
    try:
        dimensions = [int(size) for size in shape.split(",")] if shape else []
        if not dtype:
            dtype, data = _ARRAY_TYPES[data[0]], data[1:]
        if not dimensions:
            n_dimensions, kind = data[0] >> 2, np.dtype(_SHAPE_TYPES[data[0] & 3])
            end = 1 + n_dimensions * kind.itemsize
            dimensions, data = np.frombuffer(data[1:end], kind).astype(int).tolist(), data[end:]
        if dtype not in _ARRAY_TYPES.values():
            raise ValueError
        return array_of(data, dtype, name, place).reshape(dimensions)
    except (KeyError, IndexError, ValueError, OverflowError) as error:
        raise CorpusError(f"{place} has a {name!r} that is no array of MDS: it is damaged.") from error


def mds_reader(file: CorpusFile, options: CorpusOptions, seq_len: int, tally: Tally) -> RecordShard:
    """Return the reader of one shard, ``beside`` which its index may be.

    Raises:
        CorpusError: the shard or the index is damaged, or of another version.
    """
    check_type(options.ids.dtype)
    shard = _of_index(file) if file.beside else _of_itself(file)
    layout = MdsLayout(
        names=tuple(name.text() for name in shard["column_names"].items()),
        encodings=tuple(encoding.text() for encoding in shard["column_encodings"].items()),
        sizes=tuple(None if size.value is None else size.whole(0) for size in shard["column_sizes"].items()),
        dtype=options.ids.dtype,
    )
    if not len(layout.names) == len(layout.encodings) == len(layout.sizes):
        raise shard.fail("names, encodes and sizes different numbers of columns")
    n_bytes = shard["raw_data"]["bytes"].whole(0)
    return RecordShard(
        name=file.name,
        format="mds",
        is_held=file.compression is not None,
        open_store=functools.partial(open_plain, file, n_bytes),
        layout=layout,
        options=options,
        n_vocabulary=n_vocabulary(options.ids),
        eos=end_of_text(options.ids),
        seq_len=seq_len,
        tally=tally,
        size=n_bytes,
        n_documents=shard["samples"].whole(0),
    )


def _of_index(file: CorpusFile) -> Node:
    """Return what the index says of a shard."""
    name = name_beside(file.place, file.beside[0])
    for shard in index_node(file.beside[0])["shards"].items():
        zipped = shard.get("zip_data")
        if name in (shard["raw_data"]["basename"].value, None if zipped is None else zipped["basename"].value):
            return shard
    raise CorpusError(f"{file.beside[0].name} does not list {file.place.file_name}: it is the index of other shards.")


def _of_itself(file: CorpusFile) -> Node:
    """Return what a shard says of itself, between its table and its first record."""
    if file.compression:
        raise CorpusError(f"{file.name} is a compressed shard without its index.json: put that beside it.")
    with open_plain(file, file.n_bytes) as store:
        begin = 4 * (len(store.ends) + 1)
        data = store.read(begin, int(store.ends[0]))
        n_samples = len(store.ends) - 1
    try:
        shard = json.loads(data)
        needed = {key: shard[key] for key in ("column_names", "column_encodings", "column_sizes")}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CorpusError(f"{file.name} is no shard of MDS: it does not say what its columns are.") from error
    told = {**needed, "samples": n_samples, "raw_data": {"bytes": file.n_bytes}}
    return Node(told, file.name, "", CorpusError)
