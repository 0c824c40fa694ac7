"""JSON lines: a line is a document. Plain files are read at any byte; compressed ones and pipes in order."""

from __future__ import annotations

import bisect
import functools
import io
import itertools
import json
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING, Any

from advisor.corpus.choice import choose_column, top_column
from advisor.corpus.column_notes import note_column
from advisor.corpus.columns import ABSENT, KIND_WORDS, content_of, fields_of_records, value_in
from advisor.corpus.corpus_file import read_at
from advisor.corpus.documents import EMPTY, Document, passage, size_of
from advisor.corpus.long_lines import LongLineError, LongObject
from advisor.corpus.readers.text_lines import TextLine, lines
from advisor.corpus.readers.text_seen import TextSeen
from advisor.corpus.streams import BLOCK, open_utf8
from advisor.corpus.tally import Tally
from advisor.corpus.values.messages import are_messages
from advisor.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from advisor.corpus.columns import Field
    from advisor.corpus.corpus_file import CorpusFile
    from advisor.corpus.documents import Content, Passage
    from advisor.corpus.options import CorpusOptions

LONG_LINE = 8 << 20  # a longer line is never held whole
_HEAD_LINES = 20  # the column is chosen by the types in so many first lines


@dataclass(kw_only=True)
class JsonLines:
    """A JSON-lines file, or a stream of them from ``opened``; ``size`` is None where it can only be read in order.

    Of ``span``, two bytes of a plain file, ``documents`` are those of the lines that begin between them.
    """

    name: str
    file: CorpusFile | None
    options: CorpusOptions
    seq_len: int
    tally: Tally
    opened: AbstractContextManager[IO[bytes]] | None = None
    n_documents: int | None = None
    span: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        plain = self.file is not None and self.file.compression is None and self.options.encoding == "utf-8"
        self.size = self.file.n_bytes if plain and self.file else None
        self._left_out: set[int] = set()
        self._chosen: Field | None = None
        self._seen: TextSeen | None = None

    def documents(self) -> Iterator[Document]:
        """Yield each line's text; a long line's in pieces."""
        if self.span is not None:
            yield from self._documents_in(*self.span)
            return
        with self._stream() as stream:
            all_lines = lines(stream, LONG_LINE)
            head = []
            if self._chosen is None:
                head = list(self._head(all_lines))
            for line in itertools.chain(head, all_lines):
                yield from self._documents_of(line)

    def _documents_in(self, begin: int, end: int) -> Iterator[Document]:
        """Yield the text of each line that begins between two bytes of the file, whose first lines say the column."""
        assert self.file is not None
        if begin:  # what is to be said of the first lines is said by the span that has them
            head = replace(self, tally=Tally(), span=None)
            if not head._has_records():
                return
            self._chosen, self._seen = head._column, head._seen
        elif not self._has_records():
            return
        try:
            with self.file.place.open() as raw, io.BufferedReader(raw, BLOCK) as stream:  # type: ignore[type-var]
                stream.seek(max(begin - 1, 0))
                while begin and (rest := stream.readline(BLOCK)) and not rest.endswith(b"\n"):
                    pass  # of the line that the byte before lies in, and that ends there at the earliest
                for line in lines(stream, LONG_LINE, begin=stream.tell()):
                    if line.offset >= end:
                        break
                    yield from self._documents_of(line)
        except OSError as error:
            raise CorpusError(f"{self.name} cannot be read: {error.strerror or error}.") from error

    def at(self, positions: Sequence[float]) -> Iterator[Passage | None]:
        """Yield the passage at each byte; None in a blank or skipped line."""
        assert self.file is not None
        with self.file.place.open() as handle:
            if not self._has_records():
                yield from itertools.repeat(None, len(positions))
                return
            self._check_last_line(handle)
            remaining = list(map(int, positions))
            while remaining:
                begin, end = self._bounds(handle, remaining[0])
                count = bisect.bisect_left(remaining, end)
                yield from self._passages(handle, begin, end, remaining[:count])
                remaining = remaining[count:]

    def _stream(self) -> AbstractContextManager[IO[bytes]]:
        if self.opened is not None:
            return self.opened
        assert self.file is not None
        return open_utf8(self.file, self.options.encoding)

    def _has_records(self) -> bool:
        if self._chosen is None:
            with self._stream() as stream:
                for _ in self._head(lines(stream, LONG_LINE)):
                    pass
        return self._chosen is not None

    @functools.cached_property
    def _column(self) -> Field:
        self._has_records()
        assert self._chosen is not None
        return self._chosen

    def _head(self, all_lines: Iterator[TextLine]) -> Iterator[TextLine]:
        """Choose the column from the first lines, then yield those that can be read again."""
        held: list[TextLine] = []
        records: list[Mapping[str, Any]] = []
        for line in itertools.islice(all_lines, _HEAD_LINES):
            if line.is_long:
                held.append(self._hold_long(line, records))
                break
            record = self._record(b"".join(line.chunks), line.offset, line.number)
            if record is not None:
                records.append(record)
            held.append(line)
            if line.offset + sum(map(len, line.chunks)) > LONG_LINE:  # 20 such lines would be hundreds of MB
                break
        if not records:
            self._refuse_blank()
            return
        fields, wanted = fields_of_records(records, self.name), self.options.column
        self._chosen = choose_column(fields, wanted, self.name, several=True)
        note_column(self._chosen, fields, self.tally, format="jsonl", name=self.name, wanted=wanted)
        self._seen = TextSeen(self._chosen, fields, wanted=wanted)
        yield from held

    def _refuse_blank(self) -> None:
        """Count a file without records; one that the user named is an error."""
        if self.file is None or self.file.named:
            raise CorpusError(f"{self.name} holds no JSON object in its first lines.")
        reason = "files without a JSON object in their first lines"
        self.tally.skip(reason, n_bytes=self.file.n_bytes, name=self.file.name)

    def _hold_long(self, line: TextLine, records: list[Mapping[str, Any]]) -> TextLine:
        """Choose by the fields before a long line, or by its own if it is the first; a pipe cannot be read twice."""
        column = self.options.column
        if records or column is not None:
            if column is not None and not any(top_column(column, record) for record in records):
                records.append({column.removesuffix(":text").removesuffix(":ids"): ""})
            return line
        if self.file is None:
            raise CorpusError(
                f"The first line of {self.name} is over {LONG_LINE >> 20} MB: name its field with --column."
            )
        with self._stream() as again:
            first = next(each for each in lines(again, LONG_LINE) if each.offset == line.offset)
            found = LongObject(first.chunks, f"{self.name}:{line.number}").columns()
        records.append({name: "" if kind else None for name, kind in found.items()})
        return line

    def _documents_of(self, line: TextLine) -> Iterator[Document]:
        if line.is_long:
            for text, offset, length in self._long_pieces(line.chunks, line.offset, line.number):
                yield Document(key=(self.name, line.offset, offset // BLOCK), content=text, raw_bytes=length)
            return
        data = b"".join(line.chunks)
        content = self._content(data, line.offset, line.number)
        if content is not None and not len(content):
            self.tally.skip(EMPTY, n_bytes=len(data))
        elif content is not None:
            yield Document(key=(self.name, line.offset, 0), content=content, raw_bytes=len(data))

    def _long_pieces(self, chunks: Iterable[bytes], offset: int, number: int | None) -> Iterator[tuple[str, int, int]]:
        chosen = self._column
        if chosen.type != "string" or len(chosen.path) > 1:
            reason = f"lines over {LONG_LINE >> 20} MB that hold {chosen.type}"
            self._skip_once(reason, offset, sum(map(len, chunks)))
            return
        place, is_empty = self._place(offset, number), True
        found = LongObject(chunks, place)
        try:
            for piece in found.pieces(chosen.name):
                is_empty = False
                yield piece
        except LongLineError as error:
            problem = str(error).removeprefix(place).strip(" .")
            self._reject(offset, number, problem, n_bytes=_size(found))
            return
        if is_empty:
            self._skip_once(EMPTY, offset, _size(found))

    def _content(self, data: bytes, offset: int, number: int | None = None) -> Content | None:
        """Return the content of one line; None for a blank or skipped one."""
        record = self._record(data, offset, number)
        if record is None:
            return None
        field = self._column
        if self._seen is not None:
            self._seen.see(record, self.tally)
        value = value_in(record, field)
        if value is ABSENT:
            problem = f"has no field {field.name!r}"
        elif (content := content_of(value, field)) is None:
            problem = f"has a field {field.name!r} that is not {KIND_WORDS[field.kind]} but {type(value).__name__}"
        else:
            return content
        self._reject(offset, number, problem, n_bytes=len(data))
        return None

    def _record(self, data: bytes, offset: int, number: int | None = None) -> dict[str, Any] | None:
        if not data.strip():
            return None
        try:
            record = json.loads(data)
            if isinstance(record, dict):
                return record
            problem = f"is not a JSON object but {_no_object(record)}"
        except UnicodeDecodeError:
            problem = "is not UTF-8: name its encoding with --encoding"
        except json.JSONDecodeError as error:
            problem = f"is not valid JSON ({error.msg})"
        except ValueError:
            problem = "holds an integer of over 4,300 digits"
        except RecursionError:
            problem = "is nested too deeply to be read"
        self._reject(offset, number, problem, n_bytes=len(data))
        return None

    def _reject(self, offset: int, number: int | None, problem: str, *, n_bytes: int) -> None:
        """Count a bad line with --skip-bad; without, raise."""
        if not self.options.skip_bad:
            raise CorpusError(f"{self._place(offset, number)} {problem}; --skip-bad leaves such lines out.")
        self._skip_once("bad lines", offset, n_bytes)

    def _skip_once(self, reason: str, offset: int, n_bytes: int) -> None:
        """Count a line that is left out, on which several draws may fall."""
        if offset not in self._left_out:
            self._left_out.add(offset)
            self.tally.skip(reason, n_bytes=n_bytes)

    def _place(self, offset: int, number: int | None) -> str:
        return f"{self.name}:{number or self._line_number(offset)}"

    def _line_number(self, offset: int) -> int:
        """Return the number, from 1, of the line that begins at ``offset``."""
        assert self.file is not None
        count, left = 1, offset
        with self.file.place.open() as raw:
            while left > 0:
                block = raw.read(min(BLOCK, left))
                count, left = count + block.count(b"\n"), left - len(block)
        return count

    def _bounds(self, handle: IO[bytes], position: int) -> tuple[int, int]:
        """Return where the line that holds byte ``position`` begins and ends (past its newline)."""
        assert self.size is not None
        begin, step = position, 1 << 13
        while begin > 0:
            low = max(0, begin - step)
            found = read_at(handle, begin - low, low).rfind(b"\n")
            if found >= 0:
                begin = low + found + 1
                break
            begin, step = low, min(2 * step, BLOCK)
        end, step = position, 1 << 13
        while end < self.size:
            block = read_at(handle, step, end)
            found = block.find(b"\n")
            if found >= 0 or not block:
                end += found + 1
                break
            end, step = end + len(block), min(2 * step, BLOCK)
        return begin, max(end, position + 1)

    def _passages(self, handle: IO[bytes], begin: int, end: int, positions: list[int]) -> Iterator[Passage | None]:
        if end - begin > LONG_LINE:
            yield from self._long_passages(handle, begin, end, positions)
            return
        content = self._content(read_at(handle, end - begin, begin), begin)
        if content is None or size_of(content) == 0:
            yield from itertools.repeat(None, len(positions))
            return
        document = Document(key=(self.name, begin, 0), content=content, raw_bytes=end - begin)
        following = self._following(handle, end) if len(content) < 8 * self.seq_len else ()
        for position in positions:
            yield passage(document, (position - begin) / (end - begin), following, self.seq_len)

    def _long_passages(self, handle: IO[bytes], begin: int, end: int, positions: list[int]) -> Iterator[Passage | None]:
        chunks = (read_at(handle, min(BLOCK, end - at), at) for at in range(begin, end, BLOCK))
        waiting = positions
        for text, offset, length in self._long_pieces(chunks, begin, None):
            low = begin + offset
            before, past = bisect.bisect_left(waiting, low), bisect.bisect_left(waiting, low + length)
            inside, waiting = waiting[before:past], waiting[past:]
            yield from itertools.repeat(None, before)
            document = Document(key=(self.name, begin, offset // BLOCK), content=text, raw_bytes=length)
            for position in inside:
                yield passage(document, (position - low) / length, (), self.seq_len)
        yield from itertools.repeat(None, len(waiting))

    def _following(self, handle: IO[bytes], offset: int) -> tuple[Content, ...]:
        """Return the next documents, enough of them for one sequence."""
        contents: list[Content] = []
        n_held = 0
        for begin, line in self._next_lines(handle, offset):
            content = self._content(line, begin)
            if content is not None and len(content):
                contents.append(content)
                n_held += len(content)
            if n_held >= 8 * self.seq_len or len(contents) >= self.seq_len:
                break
        return tuple(contents)

    def _next_lines(self, handle: IO[bytes], offset: int) -> Iterator[tuple[int, bytes]]:
        """Yield the lines from ``offset`` on with where they begin, to the first of over 16 bytes a token."""
        assert self.size is not None
        while offset < self.size:
            block = read_at(handle, 16 * self.seq_len, offset)
            whole = block if offset + len(block) >= self.size else block[: block.rfind(b"\n") + 1]
            if not whole:
                return
            for line in io.BytesIO(whole):
                yield offset, line
                offset += len(line)

    def _check_last_line(self, handle: IO[bytes]) -> None:
        """Parse the last line: a torn one is the commonest damage, and a draw seldom falls on it."""
        assert self.size is not None
        begin, end = self._bounds(handle, self.size - 1)
        if end - begin <= LONG_LINE:
            self._content(read_at(handle, end - begin, begin), begin)


def _size(found: LongObject) -> int:
    """Return the bytes of a long line, the rest of which is passed."""
    return found.dropped + len(found.data) + sum(map(len, found.chunks))


def _no_object(value: Any) -> str:
    """Return what a line is that is no object, and how to write it as one."""
    if isinstance(value, str):
        return 'a string: write each line as {"text": ...}'
    if not isinstance(value, list):
        return type(value).__name__
    if value and are_messages(value):
        return 'a list of messages: write each line as {"messages": [...]}'
    if value and all(isinstance(item, dict) for item in value):
        return "a list of objects: write each of them on a line of its own"
    if value and all(isinstance(item, int) for item in value):
        return "a list of integers: --format ids reads lines of token ids"
    return 'list: write each line as {"text": ...} or {"ids": [...]}'
