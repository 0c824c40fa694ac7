"""One column of one row group or record batch: a row is a document, and a draw falls on any of them."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from advisor.corpus.column_notes import note_padding
from advisor.corpus.columns import content_of, ids_of_array
from advisor.corpus.documents import EMPTY, Document, passage, size_of
from advisor.corpus.values.kinds import is_list
from advisor.corpus.values.padding import find_padding
from advisor.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from advisor.corpus.columns import Field
    from advisor.corpus.documents import Content, Passage
    from advisor.corpus.tally import Tally

SLICE = 1024  # rows decoded, and made into Python objects, at a time
_SPACED = 64  # rows of ids looked at for padding


@dataclass(kw_only=True)
class ColumnChunk:
    """One column of one row group or record batch, read when asked for; ``size`` is its bytes by the file's word.

    ``load`` returns its rows, or the first of them that have so many bytes; ``most_bytes`` are those that draws read.
    """

    name: str
    first_row: int
    n_documents: int
    size: int
    load: Callable[[int | None], pa.ChunkedArray]
    field: Field
    seq_len: int
    skip_bad: bool
    tally: Tally
    most_bytes: int | None = None

    def documents(self) -> Iterator[Document]:
        """Yield each row's content."""
        row = self.first_row
        for chunk in self._loaded(None).chunks:
            for start in range(0, len(chunk), SLICE):
                rows = chunk.slice(start, SLICE)
                for value, size in zip(rows, row_sizes(rows).tolist(), strict=True):
                    content = self._content(value, row)
                    if content is not None and not len(content):
                        self.tally.skip(EMPTY)
                    elif content is not None:
                        n_bytes = size_of(content) if isinstance(content, str) else size
                        yield Document(key=(self.name, row, 0), content=content, raw_bytes=n_bytes)
                    row += 1

    def at(self, positions: Sequence[float]) -> Iterator[Passage | None]:
        """Yield the passage at each position; rows take shares of ``size`` by their lengths."""
        import numpy as np

        values = self._loaded(self.most_bytes)
        ends = np.cumsum(np.concatenate([row_sizes(chunk) for chunk in values.chunks]))
        loaded = len(ends) / self.n_documents  # of the rows: all, or the share whose positions theirs stand for
        scale = self.size * loaded / max(int(ends[-1]), 1)
        for position in (each * loaded for each in positions):
            row = min(int(np.searchsorted(ends, position / scale, side="right")), len(ends) - 1)
            length = int(ends[row]) - (int(ends[row - 1]) if row else 0)
            content = self._content(values[row], self.first_row + row)
            if content is None or not len(content) or not length:
                yield None
                continue
            fraction = (position / scale - (int(ends[row]) - length)) / length
            document = Document(key=(self.name, self.first_row + row, 0), content=content, raw_bytes=length * scale)
            following = self._following(values, row) if len(content) < 8 * self.seq_len else ()
            yield passage(document, min(max(fraction, 0.0), 1 - 1e-9), following, self.seq_len)

    def _loaded(self, most_bytes: int | None) -> pa.ChunkedArray:
        """Return the column; rows from all over it show padding that its first rows did not, as where length sorts."""
        values = self.load(most_bytes)
        if self.field.kind == "ids" and self.field.padding is None:
            numbers = range(0, len(values), max(len(values) // _SPACED, 1))
            contents = [self._content(values[number], self.first_row + number) for number in numbers]
            padding = find_padding(each for each in contents if each is not None and not isinstance(each, str))
            if padding is not None:
                self.field = replace(self.field, padding=padding)
                note_padding(f"column {self.field.name}", padding, self.tally)
        return values

    def _content(self, scalar: Any, row: int) -> Content | None:
        """Return a row's content; None for one that cannot be read, which is an error or is counted once."""
        try:
            content = self._ids(scalar) if self.field.kind == "ids" else content_of(scalar.as_py(), self.field)
        except UnicodeDecodeError:
            content = None
        if content is None and not self.skip_bad:
            problem = {"text": "is not UTF-8", "ids": "has a null, or no id, among its values"}.get(
                str(self.field.kind)
            )
            raise CorpusError(
                f"Row {row} of {self.name}: its {self.field.name!r} {problem or 'is no chat'}; --skip-bad leaves such "
                "rows out."
            )
        if content is None and row not in self._bad:
            self._bad.add(row)
            self.tally.skip("bad rows")
        return content

    def _ids(self, scalar: Any) -> Content | None:
        import pyarrow as pa

        if scalar.is_valid and is_list(scalar.type) and self.field.form == "plain":
            values = scalar.values
            values = values.dictionary_decode() if pa.types.is_dictionary(values.type) else values
            return ids_of_array(values, self.field)
        return content_of(scalar.as_py(), self.field)

    @functools.cached_property
    def _bad(self) -> set[int]:
        return set()

    def _following(self, values: pa.ChunkedArray, row: int) -> tuple[Content, ...]:
        contents: list[Content] = []
        for number, value in enumerate(values[row + 1 : row + 1 + 8 * self.seq_len], self.first_row + row + 1):
            if sum(map(len, contents)) >= 8 * self.seq_len:
                break
            content = self._content(value, number)
            if content is not None and len(content):
                contents.append(content)
        return tuple(contents)


def row_sizes(values: pa.Array) -> npt.NDArray[np.int64]:
    """Return the bytes (or items) of each row, 0 for null: what a uniform draw over the column weighs it by."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(values.type, pa.BaseExtensionType):
        values = values.storage
    if pa.types.is_struct(values.type):
        return np.asarray(sum(row_sizes(each) for each in values.flatten()), dtype=np.int64)
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_null(values.type):
        return np.zeros(len(values), np.int64)
    if pa.types.is_string_view(values.type):
        values = values.cast(pa.large_string())
    elif pa.types.is_binary_view(values.type):
        values = values.cast(pa.large_binary())
    # The share of a chat goes by its number of messages, of a list by that of its strings: its own length corrects
    # that when it is drawn.
    lengths = pc.list_value_length(values) if is_list(values.type) else pc.binary_length(values)
    return np.asarray(pc.fill_null(lengths, 0).to_numpy(zero_copy_only=False), dtype=np.int64)


def nested(values: pa.Array, path: Sequence[str]) -> pa.Array:
    """Return the column inside a column: of objects a field, of lists of objects the lists of that field."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for number, name in enumerate(path):
        if is_list(values.type):
            # Lists of fixed size or of views are made plain; a null list has no items, as an empty one.
            values = values.cast(pa.large_list(values.type.value_type))
            return pa.LargeListArray.from_arrays(values.offsets, nested(values.values, path[number:]))
        values = pc.struct_field(values, name)
    return values
