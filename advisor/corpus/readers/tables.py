"""Tables that can only be read in order: csv, tsv, and .json files with a list of records."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from advisor.corpus.choice import choose_column
from advisor.corpus.column_notes import note_column
from advisor.corpus.columns import ABSENT, Field, content_of, fields_of_records, value_in
from advisor.corpus.corpus_file import leave_out_empty
from advisor.corpus.documents import EMPTY, Document
from advisor.corpus.long_lines import LongFieldError, LongObject
from advisor.corpus.readers.csv_rows import LONGEST_FIELD, CsvRows
from advisor.corpus.readers.json_records import JsonRecords
from advisor.corpus.readers.json_values import LONGEST_VALUE, JsonText
from advisor.corpus.readers.text_seen import TextSeen
from advisor.corpus.streams import BLOCK, open_utf8
from advisor.errors import CorpusError
from advisor.untrusted.long_fields import long_fields

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from advisor.corpus.corpus_file import CorpusFile
    from advisor.corpus.documents import Content
    from advisor.corpus.options import CorpusOptions
    from advisor.corpus.readers.json_values import JsonItem
    from advisor.corpus.tally import Tally

_HEAD = 20  # records by which the column is chosen
_STRINGS = Field(name="", kind="text", type="list of strings")  # what a list of texts is read as


@dataclass(kw_only=True)
class InOrder:
    """What the readers of this module share: a file, or a stream ``opened``, that is read from its beginning."""

    name: str
    file: CorpusFile | None
    options: CorpusOptions
    tally: Tally
    opened: AbstractContextManager[IO[bytes]] | None = None
    size: int | None = None
    n_documents: int | None = None

    def _stream(self) -> AbstractContextManager[IO[bytes]]:
        if self.opened is not None:
            return self.opened
        assert self.file is not None
        return open_utf8(self.file, self.options.encoding)


@dataclass(kw_only=True)
class CsvFile(InOrder):
    """A csv or tsv file with a header; a row is a document. ``delimiter`` is what its name says; the rows decide."""

    delimiter: str = ","

    def documents(self) -> Iterator[Document]:
        """Yield the text of each row."""
        with self._stream() as stream, long_fields(LONGEST_FIELD):
            rows = CsvRows(stream, self.name, self.delimiter, skip_bad=self.options.skip_bad, tally=self.tally)
            fields, wanted = rows.fields(self.options.column), self.options.column
            if rows.is_empty:
                leave_out_empty(self.file, self.tally, "has no rows behind its header", name=self.name)
                return
            chosen = choose_column(fields, wanted, self.name, several=True)
            format = "csv" if self.delimiter == "," else "tsv"
            note_column(chosen, fields, self.tally, format=format, name=self.name, wanted=wanted)
            names = {each.name for each in (chosen.inner or (chosen,))}
            places = [(name, at) for at, name in enumerate(rows.header) if name in names]
            seen = TextSeen(chosen, fields, wanted=wanted)
            for row in rows:
                seen.see(dict(zip(rows.header, row.cells, strict=False)), self.tally)
                content = content_of(value_in({name: row.cells[at] for name, at in places}, chosen), chosen)
                if content is not None and not len(content):
                    self.tally.skip(EMPTY, n_bytes=row.n_bytes)
                elif content is not None:
                    yield Document(key=(self.name, row.line, 0), content=content, raw_bytes=row.n_bytes)
                else:
                    rows.reject(row, f"has nothing usable in its column {chosen.name!r}")


@dataclass(kw_only=True)
class JsonFile(InOrder):
    """A .json file: lists of records or of texts, an object with one list of records, or records one by one."""

    _seen: TextSeen | None = None

    def documents(self) -> Iterator[Document]:
        """Yield the text of each record; a long one's in pieces."""
        with self._stream() as stream:
            records = JsonRecords(JsonText(stream, self.name), self.options.column)
            items = iter(records)
            head = list(self._head(items))
            if not head:
                leave_out_empty(self.file, self.tally, "holds no records", name=self.name)
                return
            chosen = self._choose(head, records)
            for row, item in enumerate(itertools.chain(head, items)):
                if isinstance(item.value, LongObject):
                    yield from self._long_document(row, item.value, chosen)
                    continue
                yield from self._document(row, item, chosen)

    def _head(self, items: Iterator[JsonItem]) -> Iterator[JsonItem]:
        """Yield the first records, to a long one at most: those behind it come after it was read."""
        n_bytes = 0
        for item in itertools.islice(items, _HEAD):
            yield item
            n_bytes += item.n_bytes
            if isinstance(item.value, LongObject) or n_bytes > LONGEST_VALUE:
                return

    def _choose(self, head: list[JsonItem], records: JsonRecords) -> Field:
        found = [item.value for item in head if isinstance(item.value, dict)]
        if not found and isinstance(head[0].value, str):
            if self.options.column is not None:
                raise CorpusError(f"{self.name} is a list of strings, without a column {self.options.column!r}.")
            self.tally.read("json", None, _STRINGS.type, self.name)
            return _STRINGS
        if not found and isinstance(head[-1].value, LongObject):
            found = [self._fields_of_long(len(head) - 1, records)]
        if not found:
            raise CorpusError(
                f"{self.name} is a list of {type(head[0].value).__name__}, not of records or strings; "
                "--format text reads it as text."
            )
        fields = fields_of_records(found, self.name)
        chosen = choose_column(fields, records.column, self.name, several=True)
        note_column(chosen, fields, self.tally, format="json", name=self.name, wanted=self.options.column)
        self._seen = TextSeen(chosen, fields, wanted=self.options.column)
        return chosen

    def _fields_of_long(self, row: int, records: JsonRecords) -> dict[str, Any]:
        """Return the fields of a long record, read for that alone; a pipe cannot be read twice."""
        if records.column is not None:
            return {records.column: ""}
        if self.opened is not None:
            raise CorpusError(
                f"The first record of {self.name} is over {LONGEST_VALUE >> 20} MB: name its field with --column."
            )
        with self._stream() as again:
            item = next(itertools.islice(JsonRecords(JsonText(again, self.name), None), row, None))
            return {name: "" if kind else None for name, kind in item.value.columns().items()}

    def _document(self, row: int, item: JsonItem, chosen: Field) -> Iterator[Document]:
        if self._seen is not None and isinstance(item.value, dict):
            self._seen.see(item.value, self.tally)
        content = _content(item.value, chosen)
        if content is not None and not len(content):
            self.tally.skip(EMPTY, n_bytes=item.n_bytes)
        elif content is not None:
            yield Document(key=(self.name, row, 0), content=content, raw_bytes=item.n_bytes)
        elif self.options.skip_bad:
            self.tally.skip("bad records", n_bytes=item.n_bytes)
        else:
            usable = "is not a string" if chosen is _STRINGS else f"has no usable field {chosen.name!r}"
            raise CorpusError(f"Record {row + 1} of {self.name} {usable}; --skip-bad leaves it out.")

    def _long_document(self, row: int, found: LongObject, chosen: Field) -> Iterator[Document]:
        if chosen.type != "string" or len(chosen.path) > 1:
            found.finish()
            reason = f"records over {LONGEST_VALUE >> 20} MB that hold {chosen.type}"
            self.tally.skip(reason, n_bytes=found.dropped + found.at)
            return
        try:
            for text, offset, length in found.pieces(chosen.name):
                yield Document(key=(self.name, row, offset // BLOCK), content=text, raw_bytes=length)
        except LongFieldError:
            if not self.options.skip_bad:
                raise
            found.finish()
            self.tally.skip("bad records", n_bytes=found.dropped + found.at)


def _content(value: Any, field: Field) -> Content | None:
    if field is _STRINGS:
        return value if isinstance(value, str) else None
    found = value_in(value, field) if isinstance(value, dict) else ABSENT
    return None if found is ABSENT else content_of(found, field)
