"""Text files: a file is a document, or several where marks such as <|endoftext|> separate them."""

from __future__ import annotations

import bisect
import itertools
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.corpus.compression import DamagedFileError
from advisor.corpus.corpus_file import read_at
from advisor.corpus.documents import (
    Document,
    Passage,
    cell_length,
    first_whitespace,
    passage,
    window_size,
)
from advisor.corpus.readers.notebooks import NotebookError, is_notebook, notebook_stream
from advisor.corpus.readers.separators import HEAD_BYTES, Separator, bounds, separated, separator_of
from advisor.corpus.streams import BLOCK, head_of, open_utf8, text_of
from advisor.errors import CorpusError

_REPRS = 5  # lines that begin so, by which a text is taken for dictionaries written out

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import IO

    from advisor.corpus.corpus_file import CorpusFile
    from advisor.corpus.tally import Tally


def pieces_of_stream(stream: IO[bytes], name: str, limit: int = BLOCK) -> Iterator[tuple[str, int]]:
    """Yield (text, its bytes) of a UTF-8 stream in pieces of about ``limit`` bytes that end at whitespace."""
    pending, offset = b"", 0
    while block := stream.read(limit):
        pending += block
        if len(pending) < limit:
            continue
        cut = max(pending.rfind(b" "), pending.rfind(b"\n")) + 1 or _character_boundary(pending)
        yield text_of(pending[:cut], name, offset), cut
        pending, offset = pending[cut:], offset + cut
    if pending:
        yield text_of(pending, name, offset), len(pending)


@contextmanager
def opened_text(file: CorpusFile, encoding: str) -> Iterator[IO[bytes]]:
    """Yield the text of a file in UTF-8: of a notebook, what its cells say and print."""
    with open_utf8(file, encoding) as stream:
        yield notebook_stream(stream, file.name) if is_notebook(file.name) else stream


def _character_boundary(data: bytes) -> int:
    """Return where the last character of UTF-8 bytes begins."""
    end = len(data) - 1
    while end > max(len(data) - 4, 0) and data[end] & 0xC0 == 0x80:
        end -= 1
    return end


def is_converted(file: CorpusFile) -> bool:
    """Return whether the text of a file is made of its bytes, so that it can only be read from its beginning."""
    return file.compression is not None or is_notebook(file.name)


@dataclass(kw_only=True)
class TextFiles:
    """The text files of a corpus, one after the other.

    ``size`` is None where what is read of one is not its bytes: it is compressed, transcoded, or a notebook.
    """

    name: str
    files: Sequence[CorpusFile]
    encoding: str
    seq_len: int
    tally: Tally
    skip_bad: bool = False

    def __post_init__(self) -> None:
        self._ends = list(itertools.accumulate(file.n_bytes for file in self.files))
        seekable = self.encoding == "utf-8" and not any(map(is_converted, self.files))
        self.size = self._ends[-1] if seekable else None
        self.n_documents: int | None = len(self.files)  # None where a file holds several
        self._separators: dict[int, Separator | None] = {}
        self._bad: set[int] = set()
        self._last_bounds = ("", (0, 0, 0))  # many draws fall on one long document

    def documents(self) -> Iterator[Document]:
        """Yield each file's text, in pieces where it is long; files that are not text are counted and left out."""
        for number, file in enumerate(self.files):
            name = file.name
            try:
                with opened_text(file, self.encoding) as stream:
                    separator = self._note(number, head_of(stream, HEAD_BYTES))
                    yield from _documents(stream, name, separator)
            except DamagedFileError as error:
                self._skip_damaged(file, error)
            except CorpusError as error:
                self._skip(number, error)

    def at(self, positions: Sequence[float]) -> Iterator[Passage | None]:
        """Yield the passage at each byte; None in a file that is not text."""
        for position in positions:
            number = bisect.bisect_right(self._ends, position)
            begin = self._ends[number] - self.files[number].n_bytes
            try:
                yield self._passage(number, (position - begin) / self.files[number].n_bytes)
            except CorpusError as error:
                self._skip(number, error)
                yield None

    def _note(self, number: int, head: bytes) -> Separator | None:
        """Return what separates the documents of a file, and note how it is read."""
        if number not in self._separators:
            found = self._separators[number] = separator_of(head)
            if found:
                self.n_documents = None
            _say(found, head, self.files[number].name, self.tally)
        return self._separators[number]

    def _skip_damaged(self, file: CorpusFile, error: DamagedFileError) -> None:
        """Count a file of which only the beginning was read, with --skip-bad; without, it is an error."""
        if not self.skip_bad:
            raise error
        self.tally.skip("compressed files that are damaged", n_bytes=file.n_bytes, name=file.name)

    def _skip(self, number: int, error: CorpusError) -> None:
        """Count a file that is not text; one that the user named is an error."""
        if self.files[number].named:
            raise error
        if number not in self._bad:
            self._bad.add(number)
            file = self.files[number]
            reason = why_no_text(error, self.encoding)
            self.tally.skip(reason, n_bytes=file.n_bytes, name=file.name)

    def _passage(self, number: int, fraction: float) -> Passage:
        file = self.files[number]
        name = file.name
        separator = self._separators[number] if number in self._separators else self._note(number, self._head(file))
        if separator:
            return self._separated_passage(file, int(fraction * file.n_bytes), separator)
        if file.n_bytes <= 16 * self.seq_len:
            text = self._whole(file)
            document = Document(key=(name, 0, 0), content=text, raw_bytes=file.n_bytes)
            return passage(document, fraction, self._following(number), self.seq_len)
        return self._window(file, 0, file.n_bytes, file.n_bytes, fraction * file.n_bytes)

    def _separated_passage(self, file: CorpusFile, position: int, separator: Separator) -> Passage:
        with file.place.open() as handle:
            found = self._last_bounds
            if found[0] != file.name or not found[1][0] <= position < found[1][1]:
                found = self._last_bounds = file.name, bounds(handle, file.n_bytes, position, separator)
            begin, end, following = found[1]
            if end - begin > 16 * self.seq_len:
                return self._window(file, begin, end, following - begin, min(position, end - 1) - begin)
            text = text_of(read_at(handle, end - begin, begin), file.name, begin)
            document = Document(key=(file.name, begin, 0), content=text, raw_bytes=following - begin)
            return passage(
                document,
                min((position - begin) / max(end - begin, 1), 1 - 1e-9),
                self._following_documents(handle, file, following, separator),
                self.seq_len,
            )

    def _following_documents(
        self, handle: IO[bytes], file: CorpusFile, begin: int, separator: Separator
    ) -> tuple[str, ...]:
        """Return the next documents of a file, enough of them for one sequence."""
        data = _whole_characters(read_at(handle, 16 * self.seq_len, begin))
        texts = separator.pattern.split(data)
        return tuple(text_of(text, file.name, begin) for text in texts if text.strip())

    def _window(self, file: CorpusFile, begin: int, end: int, document_bytes: int, position: float) -> Passage:
        """Return the passage at byte ``position`` of the long document from ``begin`` to ``end``."""
        length = cell_length("", self.seq_len)
        start = int(position / length) * length
        n_bytes = min(window_size("", self.seq_len), end - begin - start)
        data = _whole_characters(self._read(file, begin + start, n_bytes))
        text = text_of(data, file.name, begin + start)
        cut = first_whitespace(text, 0, length) if start else 0
        past = first_whitespace(text, len(_whole_characters(data[:length]).decode()), length)
        return Passage(
            key=(file.name, begin, start // BLOCK),
            content=text[cut:],
            cell=past - cut,
            start=start,
            position=position / length % 1.0,
            following=(),
            raw_per_size=1.0,
            document_bytes=document_bytes,
        )

    def _head(self, file: CorpusFile) -> bytes:
        return self._read(file, 0, min(HEAD_BYTES, file.n_bytes))

    def _read(self, file: CorpusFile, begin: int, n_bytes: int) -> bytes:
        try:
            with file.place.open() as raw:
                return read_at(raw, n_bytes, begin)
        except OSError as error:
            raise CorpusError(f"{file.name} cannot be read: {error.strerror}.") from error

    def _whole(self, file: CorpusFile) -> str:
        with open_utf8(file, "utf-8") as raw:
            return text_of(raw.read(), file.name)

    def _following(self, number: int) -> tuple[str, ...]:
        """Return the texts of the next files, enough of them for one sequence."""
        texts: list[str] = []
        n_chars = 0
        for file in itertools.islice(self.files, number + 1, number + 1 + self.seq_len):
            if n_chars >= 8 * self.seq_len or file.n_bytes > 16 * self.seq_len:
                break
            try:
                texts.append(self._whole(file))
            except CorpusError:
                continue
            n_chars += len(texts[-1])
        return tuple(texts)


def why_no_text(error: CorpusError, encoding: str) -> str:
    """Return the reason, in words, for which a file that cannot be read as text is left out."""
    if isinstance(error, NotebookError):
        return "notebooks that cannot be read"
    return f"files that are binary or not {encoding.upper()}"


def _whole_characters(data: bytes) -> bytes:
    """Return UTF-8 bytes without the characters that were cut at either end."""
    begin = next((i for i in range(min(4, len(data))) if data[i] & 0xC0 != 0x80), 0)
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte & 0xC0 == 0xC0:
            length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return data[begin : len(data) - back] if back < length else data[begin:]
        if byte < 0x80:
            break
    return data[begin:]


def _say(separator: Separator | None, head: bytes, name: str, tally: Tally) -> None:
    """Note how a text is read, and what looks like no text to be read as one."""
    tally.read("text", None, f"text, documents end at {separator.words}" if separator else "text", name)
    lines = head.split(b"\n", _REPRS)
    beginnings = {line[:2] for line in lines[:_REPRS]} if len(lines) > _REPRS else set()
    if beginnings == {b"{'"}:
        tally.caution(
            "serialised_text",
            f"{name} looks like a dictionary of Python on each line and is read as text, its syntax included: "
            "write the lines with json.dumps.",
        )
    elif beginnings == {b'{"'}:
        tally.caution(
            "serialised_text",
            f"{name} looks like JSON lines and is read as text, its syntax included: --format jsonl reads its records.",
        )


def _documents(stream: IO[bytes], name: str, separator: Separator | None) -> Iterator[Document]:
    """Yield the text of a stream in pieces, as one document or as those that marks separate."""
    if separator is None:
        for piece, (text, n_bytes) in enumerate(pieces_of_stream(stream, name)):
            yield Document(key=(name, 0, piece), content=text, raw_bytes=n_bytes)
        return
    for each in separated(stream, name, separator):
        yield Document(key=(name, each.begin, each.number), content=each.text, raw_bytes=each.n_bytes)


@dataclass(kw_only=True)
class TextStream:
    """Text from a pipe: a document, or several that marks separate."""

    name: str
    stream: IO[bytes]
    tally: Tally
    size: int | None = None
    n_documents: int | None = None

    def documents(self) -> Iterator[Document]:
        """Yield the text in pieces."""
        head = head_of(self.stream, HEAD_BYTES)
        separator = separator_of(head)
        _say(separator, head, self.name, self.tally)
        yield from _documents(self.stream, self.name, separator)
