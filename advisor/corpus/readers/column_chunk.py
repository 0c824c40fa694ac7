"""One column of one row group or record batch: a row is a document, and a draw falls on any of them."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from advisor.corpus.arrow.arrays import row_sizes
from advisor.corpus.arrow.draws import ColumnDraws, DrawnRow, spacing
from advisor.corpus.column_notes import note_padding
from advisor.corpus.columns import content_of, ids_of_array
from advisor.corpus.documents import EMPTY, Document, passage, size_of
from advisor.corpus.values.kinds import is_list
from advisor.corpus.values.padding import find_padding
from advisor.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from advisor.corpus.arrow.column import DrawnColumn
    from advisor.corpus.arrow.draws import Part
    from advisor.corpus.columns import Field
    from advisor.corpus.documents import Content, Passage
    from advisor.corpus.tally import Tally

_AHEAD = 4  # bytes of a character at most, and ids of which so many may be padding


@dataclass(kw_only=True)
class ColumnChunk:
    """One column of one row group or record batch, read when asked for; ``size`` is its bytes by the file's word.

    ``most_bytes`` of it, its first, are those that draws read; None for all.
    """

    name: str
    first_row: int
    n_documents: int
    size: int
    column: DrawnColumn
    field: Field
    seq_len: int
    skip_bad: bool
    tally: Tally
    most_bytes: int | None = None

    def documents(self) -> Iterator[Document]:
        """Yield each row's content."""
        if self._may_be_padded:
            for told, spaced in self.column.draws(self._draws([])):
                self._look_for_padding(told["n_rows"], spaced)
        row = self.first_row
        for rows in self.column.slices():
            for value, size in zip(rows, row_sizes(rows).tolist(), strict=True):
                content = self._content(value, row)
                if content is not None and not len(content):
                    self.tally.skip(EMPTY)
                elif content is not None:
                    n_bytes = size_of(content) if isinstance(content, str) else size
                    yield Document(key=(self.name, row, 0), content=content, raw_bytes=n_bytes)
                row += 1

    def at(self, positions: Sequence[float]) -> Iterator[Passage | None]:
        """Yield the passage at each position, ascending; rows take shares of ``size`` by their lengths."""
        shares = [position / self.size for position in positions]
        parts = self.column.draws(self._draws(shares))
        told, spaced = next(parts)
        self._look_for_padding(told["n_rows"], spaced)
        rows = _Rows(parts)
        if not told["n_rows"]:
            raise CorpusError(f"{self.name} holds fewer rows than it states: write it again from its source.")
        # Of the rows: all, or the share whose positions theirs stand for.
        scale = self.size * told["n_rows"] / self.n_documents / max(told["total"], 1)
        for share, place in zip(shares, told["places"], strict=True):
            yield self._passage(share * told["total"], DrawnRow(**place), rows, scale)
        rows.finish()

    def _passage(self, at: float, place: DrawnRow, rows: _Rows, scale: float) -> Passage | None:
        values = rows.span(place.row, place.last)
        length = place.end - place.begin
        content = self._content(values[0], self.first_row + place.row)
        if content is None or not len(content) or not length:
            return None
        key = (self.name, self.first_row + place.row, 0)
        document = Document(key=key, content=content, raw_bytes=length * scale)
        following = self._following(values[1:], place.row + 1) if len(content) < 8 * self.seq_len else ()
        fraction = min(max((at - place.begin) / length, 0.0), 1 - 1e-9)
        return passage(document, fraction, following, self.seq_len)

    def _draws(self, shares: list[float]) -> ColumnDraws:
        return ColumnDraws(
            shares=shares,
            n_ahead=_AHEAD * 8 * self.seq_len,
            most_rows_ahead=8 * self.seq_len,
            most_bytes=self.most_bytes,
            n_rows=self.n_documents,
            spaced=self._may_be_padded,
        )

    @property
    def _may_be_padded(self) -> bool:
        return self.field.kind == "ids" and self.field.padding is None

    def _look_for_padding(self, n_rows: int, spaced: pa.Array) -> None:
        """Look at rows from all over the column: where length sorts, they show padding that its first rows do not."""
        if not self._may_be_padded:
            return
        numbers = range(0, n_rows, spacing(self.n_documents))
        contents = [self._content(value, self.first_row + row) for row, value in zip(numbers, spaced, strict=True)]
        padding = find_padding(each for each in contents if each is not None and not isinstance(each, str))
        if padding is not None:
            self.field = replace(self.field, padding=padding)
            note_padding(f"column {self.field.name}", padding, self.tally)

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

    def _following(self, values: Sequence[Any], row: int) -> tuple[Content, ...]:
        contents: list[Content] = []
        for number, value in enumerate(values, self.first_row + row):
            if sum(map(len, contents)) >= 8 * self.seq_len:
                break
            content = self._content(value, number)
            if content is not None and len(content):
                contents.append(content)
        return tuple(contents)


class _Rows:
    """The rows that draws fell on and those behind them, as they arrive; those before the last place are let go."""

    def __init__(self, parts: Iterator[Part]) -> None:
        self.parts = parts
        self.rows: dict[int, Any] = {}

    def span(self, first: int, last: int) -> list[Any]:
        """Return these rows, and forget those before them."""
        while last not in self.rows:
            told, values = next(self.parts)
            self.rows = {row: value for row, value in self.rows.items() if row >= first}
            self.rows |= zip(told["rows"], values, strict=True)
        return [self.rows[row] for row in range(first, last + 1)]

    def finish(self) -> None:
        """Take what is left, so that the process that sends it can be asked again."""
        for _ in self.parts:
            pass
