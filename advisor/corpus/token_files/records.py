"""Shards of records, as MosaicML's MDS and litdata write them: a count, where each record lies, and the records.

Both begin with the number of records (uint32) and the offset of each and of the end (uint32). A record is the sizes of
its values (uint32 each; MDS leaves out those that are fixed) and the values.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from advisor.corpus.choice import choose_column
from advisor.corpus.column_notes import note_padding
from advisor.corpus.columns import ABSENT, content_of
from advisor.corpus.documents import EMPTY, Document, passage
from advisor.corpus.token_files.id_types import check_stated
from advisor.corpus.token_files.ids import checked_ids
from advisor.corpus.values.kinds import shape_of_value
from advisor.errors import CorpusError
from advisor.quantities import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    import numpy as np
    import numpy.typing as npt

    from advisor.corpus.columns import Field
    from advisor.corpus.documents import Content, Passage
    from advisor.corpus.options import CorpusOptions
    from advisor.corpus.tally import Tally
    from advisor.corpus.values.kinds import Kind

_HEAD = 5  # records looked at to choose a column
_BLOCK = 1 << 22  # bytes of records read at a time


class Store(Protocol):
    """The records of a shard that is open: ``ends[i]`` to ``ends[i + 1]`` are the bytes of one."""

    ends: npt.NDArray[np.int64]

    def read(self, begin: int, end: int) -> bytes:
        """Return the bytes between two offsets."""

    def record(self, data: bytes) -> bytes:
        """Return a record as it was before it was compressed by itself."""


class Layout(Protocol):
    """How a shard's records are made."""

    def fields(self, records: Sequence[bytes], place: str) -> Mapping[str, Field]:
        """Return the columns, each with some values."""

    def value(self, record: bytes, field: Field, place: str) -> Any:
        """Return what a record has in a column, or in the part of one that is a JSON object."""


@dataclass(kw_only=True)
class RecordShard:
    """One shard; ``size`` is its bytes by the word of the index or its own.

    ``is_held``: it is compressed as a whole, so that a draw from it costs decompressing it.
    """

    name: str
    format: str
    is_held: bool
    open_store: Callable[[], AbstractContextManager[Store]]
    layout: Layout
    options: CorpusOptions
    n_vocabulary: int | None
    eos: int | None
    seq_len: int
    tally: Tally
    size: int
    n_documents: int | None

    def __post_init__(self) -> None:
        self._chosen: Field | None = None

    def documents(self) -> Iterator[Document]:
        """Yield each record's content."""
        with self.open_store() as store:
            ends, first = store.ends, 0
            while first < len(ends) - 1:
                last = max(int(ends.searchsorted(ends[first] + _BLOCK)), first + 1)
                last = min(last, len(ends) - 1)
                base = int(ends[first])
                block = store.read(base, int(ends[last]))
                for number in range(first, last):
                    data = block[int(ends[number]) - base : int(ends[number + 1]) - base]
                    content = self._content(store, data, number)
                    if content is not None and not len(content):
                        self.tally.skip(EMPTY)
                    elif content is not None:
                        yield Document(key=(self.name, number, 0), content=content, raw_bytes=_size(content))
                first = last

    def at(self, positions: Sequence[float]) -> Iterator[Passage | None]:
        """Yield the passage at each position; records take shares of ``size`` by their bytes."""
        with self.open_store() as store:
            ends = store.ends
            scale = self.size / max(int(ends[-1] - ends[0]), 1)
            for position in positions:
                place = ends[0] + position / scale
                number = min(int(ends.searchsorted(place, side="right")) - 1, len(ends) - 2)
                yield self._passage(store, number, float(place), scale)

    def _passage(self, store: Store, number: int, place: float, scale: float) -> Passage | None:
        begin, end = int(store.ends[number]), int(store.ends[number + 1])
        content = self._content(store, store.read(begin, end), number)
        if content is None or not len(content):
            return None
        document = Document(key=(self.name, number, 0), content=content, raw_bytes=(end - begin) * scale)
        following = self._following(store, number + 1) if len(content) < 8 * self.seq_len else ()
        fraction = min(max((place - begin) / (end - begin), 0.0), 1 - 1e-9)
        return passage(document, fraction, following, self.seq_len)

    def _following(self, store: Store, first: int) -> tuple[Content, ...]:
        """Return the documents after one, enough of them for one sequence."""
        contents: list[Content] = []
        for number in range(first, min(first + 8 * self.seq_len, len(store.ends) - 1)):
            if sum(map(len, contents)) >= 8 * self.seq_len:
                break
            data = store.read(int(store.ends[number]), int(store.ends[number + 1]))
            content = self._content(store, data, number)
            if content is not None and len(content):
                contents.append(content)
        return tuple(contents)

    def _content(self, store: Store, data: bytes, number: int) -> Content | None:
        place = f"Record {number + 1} of {self.name}"
        field = self._chosen or self._choose(store)
        value = self.layout.value(store.record(data), field, place)
        content = None if value is ABSENT else content_of(value, field)
        if content is not None and not isinstance(content, str):
            content = checked_ids(
                content, self.n_vocabulary, place, 0, str(getattr(value, "dtype", "int64")), is_stated=False
            )
            return content[:-1] if self.eos is not None and len(content) and content[-1] == self.eos else content
        if content is None and not self.options.skip_bad:
            raise CorpusError(f"{place} has no usable {field.name!r}; --skip-bad leaves it out.")
        if content is None:
            self.tally.skip("bad records")
        return content

    def _choose(self, store: Store) -> Field:
        last = min(_HEAD, len(store.ends) - 1)
        records = [store.record(store.read(int(store.ends[i]), int(store.ends[i + 1]))) for i in range(last)]
        fields = self.layout.fields(records, f"Record 1 of {self.name}")
        self._chosen = choose_column(fields, self.options.column, self.name)
        values = fields[self._chosen.name].values if self._chosen.name in fields else ()
        for dtype in {value.dtype.str for value in values if hasattr(value, "dtype")}:
            check_stated(f"{self._chosen.name!r} of {self.name}", dtype, self.options.ids.dtype)
        self.tally.read(self.format, self._chosen.name, self._chosen.type, self.name, self._chosen.beside)
        if self._chosen.padding is not None:
            note_padding(f"column {self._chosen.name}", self._chosen.padding, self.tally)
        return self._chosen


def _size(content: Content) -> int:
    """Return the bytes of a text, or the number of ids, as of a column of parquet."""
    return len(content.encode("utf-8", "replace")) if isinstance(content, str) else len(content)


def values_of(record: bytes, fixed: Sequence[int | None], place: str) -> list[bytes]:
    """Return the values of a record: ``fixed`` are the sizes that are known, None those that stand before them.

    Raises:
        CorpusError: the sizes are not those of this record.
    """
    n_sizes = sum(size is None for size in fixed)
    head = 4 * n_sizes
    if len(record) < head:
        raise CorpusError(
            f"{place} is damaged: it has {plural(len(record), 'byte')}, fewer than the sizes of its values take."
        )
    stated = iter(struct.unpack_from(f"<{n_sizes}I", record))
    values, at = [], head
    for size in fixed:
        length = next(stated) if size is None else size
        values.append(record[at : at + length])
        at += length
    if at != len(record):
        raise CorpusError(f"{place} is damaged: its values take {at:,} bytes, and it has {len(record):,}.")
    return values


def kind_of_stored(value: Any) -> Kind | None:
    """Return what a value can be read as; an array of whole numbers in one dimension is ids."""
    dimensions = getattr(value, "ndim", None)
    if dimensions is None:
        return shape_of_value(value).kind
    return "ids" if dimensions == 1 and value.dtype.kind in "iu" else None


def type_in_words(values: Sequence[Any], encoding: str) -> str:
    """Return what a column holds, in words: by its first value, or failing that by how it is encoded."""
    if values and isinstance(values[0], str):
        return "string"
    dtype = getattr(values[0], "dtype", None) if values else None
    return encoding if dtype is None else f"list of {dtype}"


def text_of_value(value: bytes, column: str, place: str) -> str:
    """Return a value as text.

    Raises:
        CorpusError: it is not UTF-8.
    """
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CorpusError(f"{place} has a {column!r} that is not UTF-8 at byte {error.start}.") from error


def array_of(data: bytes, dtype: str, column: str, place: str) -> Any:
    """Return bytes as an array.

    Raises:
        CorpusError: they are no whole number of such numbers.
    """
    import numpy as np

    if len(data) % np.dtype(dtype).itemsize:
        raise CorpusError(
            f"{place} has {plural(len(data), 'byte')} in {column!r}, no whole number of {dtype}: say the "
            "type with --dtype."
        )
    return np.frombuffer(data, dtype)
