"""Lightning's litdata: a folder of chunk-*.bin whose index.json says how their records are made.

A chunk is a table of records and the records (litdata, litdata/streaming/writer.py). Those of a TokensLoader are ids
and nothing else; others are the leaves of what was yielded, as data_format and data_spec say. Dictionaries of strings
and numbers are an Arrow table at the end of the chunk in newer versions. Pickled leaves are never read.
"""

from __future__ import annotations

import functools
import json
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from advisor.corpus.arrow.column import TableColumn
from advisor.corpus.choice import choose_column
from advisor.corpus.columns import ABSENT, Field, fields_of_schema
from advisor.corpus.corpus_file import read_at
from advisor.corpus.readers.column_chunk import ColumnChunk
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
from advisor.corpus.token_files.stored import opened
from advisor.corpus.token_files.stores import open_plain
from advisor.errors import CorpusError, first_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa

    from advisor.corpus.corpus_file import CorpusFile
    from advisor.corpus.documents import Reader
    from advisor.corpus.options import CorpusOptions
    from advisor.corpus.tally import Tally
    from advisor.json_fields import Node

_ARROW_END = b"LDARW01\0"
# litdata/constants.py: what "no_header_tensor:16" and "no_header_numpy:5" mean.
_TORCH = {
    **{11: "uint8", 12: "int8", 13: "int16", 14: "int16", 15: "int32", 16: "int32", 17: "int64", 18: "int64"},
    **{20: "uint16"},
}
_NUMPY = dict(enumerate(("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")))


@dataclass(frozen=True, kw_only=True)
class LitdataLayout:
    """The leaves of a record: their names and formats. ``is_bare``: a record is one leaf without its size."""

    names: tuple[str, ...]
    formats: tuple[str, ...]
    is_bare: bool

    def fields(self, records: Sequence[bytes], place: str) -> Mapping[str, Field]:
        """Return the leaves, each with the values of the first records."""
        rows = [self._values(record, place) for record in records]
        found = {}
        for i, (name, format) in enumerate(zip(self.names, self.formats, strict=True)):
            values = tuple(_decoded(row[i], format, name, place) for row in rows)
            kind = next((kind for kind in map(kind_of_stored, values) if kind), None)
            what = f"{format} (never loaded)" if format == "pickle" else type_in_words(values, format)
            found[name] = Field(name=name, kind=kind, type=what, values=values)
        return found

    def value(self, record: bytes, field: Field, place: str) -> Any:
        """Return a leaf of a record."""
        number = self.names.index(field.name)
        return _decoded(self._values(record, place)[number], self.formats[number], field.name, place)

    def _values(self, record: bytes, place: str) -> list[bytes]:
        return [record] if self.is_bare else values_of(record, [None] * len(self.names), place)


def _decoded(data: bytes, format: str, name: str, place: str) -> Any:
    what, _, detail = format.partition(":")
    if what in ("str", "text"):
        return text_of_value(data, name, place)
    if what in ("no_header_tensor", "no_header_numpy"):
        dtype = _dtype(what, detail)
        return ABSENT if dtype is None else array_of(data, dtype, name, place)
    if what in ("tensor", "numpy"):
        order = ">" if what == "tensor" else "<"
        try:
            code, n_dimensions = struct.unpack_from(f"{order}II", data)
            shape = struct.unpack_from(f"{order}{n_dimensions}I", data, 8)
            dtype, rest = _dtype(what, str(code)), data[8 + 4 * n_dimensions :]
            return ABSENT if dtype is None else array_of(rest, dtype, name, place).reshape(shape)
        except (struct.error, ValueError, OverflowError) as error:
            raise CorpusError(f"{place} has a {name!r} that is no {what} of litdata: it is damaged.") from error
    return ABSENT


def _dtype(what: str, code: str) -> str | None:
    known = _TORCH if what.endswith("tensor") else _NUMPY
    return known.get(int(code)) if code.isdecimal() and len(code) < 4 else None


def leaf_names(spec: Any) -> list[str]:
    """Return the names of the leaves of a data_spec, torch's pytree as JSON: dotted if nested, "" of one alone."""
    if isinstance(spec, str):
        spec = json.loads(spec)
    node = spec[1] if isinstance(spec, list) else spec
    return [".".join(path) for path in _leaves(node, ())]


def _leaves(node: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if node["type"] is None:
        yield path
        return
    context = json.loads(node["context"]) if isinstance(node["context"], str) else node["context"]
    keys = context if isinstance(context, list) else range(len(node["children_spec"]))
    for key, child in zip(keys, node["children_spec"], strict=True):
        yield from _leaves(child, (*path, str(key)))


def litdata_reader(file: CorpusFile, options: CorpusOptions, seq_len: int, tally: Tally) -> Reader:
    """Return the reader of one chunk, ``beside`` which its index is.

    Raises:
        CorpusError: the index is damaged, or its chunks are encrypted.
    """
    check_type(options.ids.dtype)
    if not file.beside:
        raise CorpusError(f"{file.name} is a chunk of litdata without its index.json: put that beside it.")
    index = file.beside[0]
    config, chunk = _entry(file)
    if config.get("encryption") is not None:
        raise CorpusError(f"{index.name} says that its chunks are encrypted: decrypt them first.")
    if file.compression is None and _has_table(file):
        return _table_reader(file, chunk, options, seq_len, tally)
    try:
        formats = tuple(format.text() for format in config["data_format"].items())
        names = tuple(name or _name_of(formats[0]) for name in leaf_names(config["data_spec"].value))
        if len(names) != len(formats) or not names:
            raise ValueError
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise CorpusError(f"{index.name} does not say what the records of its chunks are.") from error
    loader = config.get("item_loader")
    is_bare = chunk.get("dim") is not None if loader is None else loader.text() == "TokensLoader"
    layout = LitdataLayout(names=names, formats=formats, is_bare=is_bare)
    each_zipped = config.members().get("compression_level") == "sample"
    n_bytes = chunk["chunk_bytes"].whole(0)
    return RecordShard(
        name=file.name,
        format="litdata",
        is_held=file.compression is not None,
        open_store=functools.partial(open_plain, file, n_bytes, each_zipped=each_zipped),
        layout=layout,
        options=options,
        n_vocabulary=n_vocabulary(options.ids),
        eos=end_of_text(options.ids),
        seq_len=seq_len,
        tally=tally,
        size=n_bytes,
        n_documents=chunk["chunk_size"].whole(0),
    )


def _name_of(format: str) -> str:
    """Return what a record that is one value without a name is called."""
    return (
        "tokens" if format.partition(":")[0] in ("no_header_tensor", "no_header_numpy", "tensor", "numpy") else "text"
    )


def _entry(file: CorpusFile) -> tuple[Node, Node]:
    """Return how the index says that chunks are written, and what it says of this one."""
    index, name = index_node(file.beside[0]), name_beside(file.place, file.beside[0])
    for chunk in index["chunks"].items():
        if chunk["filename"].value == name:
            return index["config"], chunk
    raise CorpusError(f"{file.beside[0].name} does not list {file.place.file_name}: it is the index of other chunks.")


def _has_table(file: CorpusFile) -> bool:
    with opened(file.place) as handle:
        return read_at(handle, len(_ARROW_END), max(file.n_bytes - len(_ARROW_END), 0)) == _ARROW_END


def _table_reader(file: CorpusFile, chunk: Node, options: CorpusOptions, seq_len: int, tally: Tally) -> ColumnChunk:
    """Return the reader of a chunk whose records are a table at its end."""
    with _opened(file) as table:
        chosen = choose_column(fields_of_schema(table.schema), options.column, file.name)
    tally.read("litdata", chosen.name, chosen.type, file.name)
    return ColumnChunk(
        name=file.name,
        first_row=0,
        n_documents=chunk["chunk_size"].whole(0),
        size=file.n_bytes,
        column=TableColumn(
            name=file.name, load=functools.partial(_batches, file), columns=[(chosen.name, (chosen.name,))]
        ),
        field=chosen,
        seq_len=seq_len,
        skip_bad=options.skip_bad,
        tally=tally,
    )


def _batches(file: CorpusFile) -> list[pa.RecordBatch]:
    with _opened(file) as table:
        return [table.get_batch(number) for number in range(table.num_record_batches)]


def _opened(file: CorpusFile) -> Any:
    import pyarrow as pa

    with opened(file.place) as handle:
        end = file.n_bytes - len(_ARROW_END)
        length = int.from_bytes(read_at(handle, 4, end - 4), "little")
        data = read_at(handle, length, end - 4 - length)
    try:
        return pa.ipc.open_file(data) if data[:6] == b"ARROW1" else pa.ipc.open_stream(data)
    except (pa.ArrowInvalid, OSError) as error:
        raise CorpusError(f"{file.name} is damaged: its table cannot be read, {first_line(error)}.") from error
