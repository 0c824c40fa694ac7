"""Tables that can only be read in order: csv, tsv, and .json files with a list of records."""

from __future__ import annotations

import functools
import itertools
import json
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from advisor.corpus.columns import ABSENT, choose_column, content_of, fields_of_records, fields_of_schema, value_in
from advisor.corpus.documents import EMPTY, Document
from advisor.corpus.streams import BLOCK, open_utf8, text_of
from advisor.errors import CorpusError, first_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from advisor.corpus.columns import Field
    from advisor.corpus.corpus_file import CorpusFile
    from advisor.corpus.documents import Content
    from advisor.corpus.options import CorpusOptions
    from advisor.corpus.tally import Tally

_CSV_BLOCK = 4 << 20
_LONGEST_RECORD = 1 << 28


@dataclass(kw_only=True)
class InOrder:
    """What the readers of this module share: a file that is read from its beginning."""

    name: str
    file: CorpusFile
    options: CorpusOptions
    tally: Tally
    size: int | None = None
    n_documents: int | None = None


@dataclass(kw_only=True)
class CsvFile(InOrder):
    """A csv or tsv file with a header; a row is a document."""

    delimiter: str = ","

    def documents(self) -> Iterator[Document]:
        """Yield the text of each row, a few megabytes of rows at a time."""
        import pyarrow as pa

        column = self._column()
        try:
            with open_utf8(self.file, self.options.encoding) as stream:
                reader = self._open(stream, {column: pa.string()}, [column])
                for row, text in enumerate(text for batch in reader for text in batch.column(0).to_pylist()):
                    if text:
                        yield Document(key=(self.name, row, 0), content=text, raw_bytes=len(text.encode()))
                    else:
                        self.tally.skip(EMPTY)
        except pa.ArrowInvalid as error:
            raise self._error(error) from error

    def _column(self) -> str:
        import pyarrow as pa

        try:
            with open_utf8(self.file, self.options.encoding) as stream:
                schema = self._open(stream, {}, None, count_bad=False).schema
        except pa.ArrowInvalid as error:
            raise self._error(error) from error
        names = [field.name for field in schema]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise CorpusError(f"{self.name} has several columns called {repeated[0]!r}: rename all but one.")
        chosen = choose_column(fields_of_schema(schema), self.options.column, self.name)
        self.tally.read(self.file.format, chosen.name, chosen.type, self.name)
        return chosen.name

    def _open(
        self, stream: IO[bytes], types: dict[str, Any], columns: list[str] | None, *, count_bad: bool = True
    ) -> Any:
        from pyarrow import csv

        return csv.open_csv(
            stream,
            read_options=csv.ReadOptions(block_size=_CSV_BLOCK),
            parse_options=csv.ParseOptions(
                delimiter=self.delimiter,
                newlines_in_values=True,
                invalid_row_handler=functools.partial(self._bad_row, count_bad) if self.options.skip_bad else None,
            ),
            convert_options=csv.ConvertOptions(column_types=types, include_columns=columns, strings_can_be_null=False),
        )

    def _bad_row(self, count: bool, row: object) -> str:
        self.tally.skip("bad rows", int(count))
        return "skip"

    def _error(self, error: Exception) -> CorpusError:
        return CorpusError(
            f"{self.name} is not a {'tsv' if self.delimiter != ',' else 'csv'} table: {first_line(error)}"
            f"{'' if self.options.skip_bad else '; --skip-bad leaves bad rows out'}."
        )


@dataclass(kw_only=True)
class JsonFile(InOrder):
    """A .json file: a list of records, an object with one such list, or one record."""

    def documents(self) -> Iterator[Document]:
        """Yield the text of each record."""
        with open_utf8(self.file, self.options.encoding) as stream:
            records = _records(stream, self.name)
            head = list(itertools.islice(records, 20))
            if not head:
                raise CorpusError(f"{self.name} holds no records.")
            chosen = choose_column(fields_of_records(head), self.options.column, self.name)
            self.tally.read(self.file.format, chosen.name, chosen.type, self.name)
            for row, record in enumerate(itertools.chain(head, records)):
                content = _content(record, chosen)
                if content is not None and not len(content):
                    self.tally.skip(EMPTY)
                elif content is not None:
                    yield Document(key=(self.name, row, 0), content=content, raw_bytes=len(content))
                elif self.options.skip_bad:
                    self.tally.skip("bad records")
                else:
                    place = f"Record {row + 1} of {self.name}"
                    raise CorpusError(f"{place} has no usable field {chosen.name!r}; --skip-bad leaves it out.")


def _content(record: dict[str, Any], field: Field) -> Content | None:
    value = value_in(record, field)
    return None if value is ABSENT else content_of(value, field)


def _records(stream: IO[bytes], name: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSON list one at a time; of any other JSON value, those that it holds."""
    head = stream.peek(BLOCK)[:BLOCK].lstrip()  # type: ignore[attr-defined]
    if not head.startswith(b"["):
        yield from _records_of_value(stream, name)
        return
    for value in _list_items(stream, name):
        if not isinstance(value, dict):
            raise CorpusError(
                f"{name} is a list of {type(value).__name__}, not of records; --format text reads it as text."
            )
        yield value


def _list_items(stream: IO[bytes], name: str) -> Iterator[Any]:
    """Yield the items of a JSON list, holding one of them at a time."""
    decoder = json.JSONDecoder()
    buffer = text_of(b"".join(_until_text(stream)), name).lstrip()[1:]
    pending = b""
    while True:
        buffer = buffer.lstrip(" \t\r\n,")
        if buffer.startswith("]"):
            return
        try:
            value, end = decoder.raw_decode(buffer)
            if end < len(buffer):
                yield value
                buffer = buffer[end:]
                continue
        except ValueError:
            pass
        data = stream.read(max(BLOCK, len(buffer)))
        if not data or len(buffer) > _LONGEST_RECORD:
            raise CorpusError(f"{name} is not valid JSON: it ends, or breaks, in the middle of a list.")
        pending += data
        cut = len(pending) - _incomplete(pending)
        buffer, pending = buffer + text_of(pending[:cut], name), pending[cut:]


def _until_text(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield the stream up to its first byte that is not space."""
    while byte := stream.read(1):
        yield byte
        if not byte.isspace():
            return


def _incomplete(data: bytes) -> int:
    """Return how many bytes at the end belong to a character that is not whole yet."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte >= 0xC0:
            return back if back < (2 if byte < 0xE0 else 3 if byte < 0xF0 else 4) else 0
        if byte < 0x80:
            return 0
    return 0


def _records_of_value(stream: IO[bytes], name: str) -> Iterator[dict[str, Any]]:
    data = stream.read(_LONGEST_RECORD)
    if len(data) == _LONGEST_RECORD:
        raise CorpusError(f"{name} is one JSON value of over {_LONGEST_RECORD >> 20} MB: make it a list or JSON lines.")
    try:
        value = json.loads(text_of(data, name))
    except (ValueError, RecursionError) as error:
        raise CorpusError(f"{name} is not valid JSON: {first_line(error)}.") from error
    if not isinstance(value, dict):
        raise CorpusError(f"{name} holds no records but {type(value).__name__}; --format text reads it as text.")
    lists = [item for item in value.values() if isinstance(item, list) and item and isinstance(item[0], dict)]
    yield from lists[0] if len(lists) == 1 and len(value) == 1 else [value]
