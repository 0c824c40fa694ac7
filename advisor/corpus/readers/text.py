"""Text files: a file is a document."""

from __future__ import annotations

import bisect
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.corpus.corpus_file import read_at
from advisor.corpus.documents import (
    Document,
    Passage,
    cell_length,
    first_whitespace,
    is_long,
    passage,
    window_size,
)
from advisor.corpus.streams import BLOCK, open_utf8, text_of
from advisor.errors import CorpusError

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


def _character_boundary(data: bytes) -> int:
    """Return where the last character of UTF-8 bytes begins."""
    end = len(data) - 1
    while end > max(len(data) - 4, 0) and data[end] & 0xC0 == 0x80:
        end -= 1
    return end


@dataclass(kw_only=True)
class TextFiles:
    """The text files of a corpus, one after the other: ``size`` is None where one is compressed or transcoded."""

    name: str
    files: Sequence[CorpusFile]
    encoding: str
    seq_len: int
    tally: Tally

    def __post_init__(self) -> None:
        self._ends = list(itertools.accumulate(file.n_bytes for file in self.files))
        seekable = self.encoding == "utf-8" and not any(file.compression for file in self.files)
        self.size = self._ends[-1] if seekable else None
        self.n_documents = len(self.files)
        self._bad: set[int] = set()

    def documents(self) -> Iterator[Document]:
        """Yield each file's text, in pieces where it is long; files that are not text are counted and left out."""
        for number, file in enumerate(self.files):
            name = file.name
            self.tally.read("text", None, "text", name)
            try:
                with open_utf8(file, self.encoding) as stream:
                    for piece, (text, n_bytes) in enumerate(pieces_of_stream(stream, name)):
                        yield Document(key=(name, 0, piece), content=text, raw_bytes=n_bytes)
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

    def _skip(self, number: int, error: CorpusError) -> None:
        """Count a file that is not text; one that the user named is an error."""
        if self.files[number].named:
            raise error
        if number not in self._bad:
            self._bad.add(number)
            file = self.files[number]
            reason = f"files that are binary or not {self.encoding.upper()}"
            self.tally.skip(reason, n_bytes=file.n_bytes, name=file.name)

    def _passage(self, number: int, fraction: float) -> Passage:
        file = self.files[number]
        name = file.name
        self.tally.read("text", None, "text", name)
        if file.n_bytes <= 16 * self.seq_len:
            text = self._whole(file)
            document = Document(key=(name, 0, 0), content=text, raw_bytes=file.n_bytes)
            return passage(document, fraction, self._following(number), self.seq_len)
        length = cell_length("", self.seq_len)
        begin = int(fraction * file.n_bytes / length) * length
        data = _whole_characters(self._read(file, begin, window_size("", self.seq_len)))
        text = text_of(data, name, begin)
        start = first_whitespace(text, 0, length) if begin else 0
        end = first_whitespace(text, len(_whole_characters(data[:length]).decode()), length)
        return Passage(
            key=(name, 0, begin // BLOCK),
            content=text[start:],
            cell=end - start,
            start=begin,
            position=fraction * file.n_bytes / length % 1.0,
            following=(),
            raw_per_size=1.0,
            document_bytes=file.n_bytes,
        )

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
        for file in self.files[number + 1 :]:
            if sum(map(len, texts)) >= 8 * self.seq_len or is_long(" " * file.n_bytes, self.seq_len):
                break
            try:
                texts.append(self._whole(file))
            except CorpusError:
                continue
        return tuple(texts)


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


@dataclass(kw_only=True)
class TextStream:
    """Text from a pipe: one document."""

    name: str
    stream: IO[bytes]
    size: int | None = None
    n_documents: int | None = None

    def documents(self) -> Iterator[Document]:
        """Yield the text in pieces."""
        for piece, (text, n_bytes) in enumerate(pieces_of_stream(self.stream, self.name)):
            yield Document(key=(self.name, 0, piece), content=text, raw_bytes=n_bytes)
