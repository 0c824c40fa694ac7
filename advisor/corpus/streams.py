"""Bytes of a file as UTF-8: decompressed, transcoded, without a byte-order mark; one sentence where they are torn."""

from __future__ import annotations

import codecs
import io
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from advisor.corpus.compression import BLOCK, decompressed
from advisor.corpus.values.encodings import encoding_of_mark, encodings_of, wide_encoding
from advisor.errors import CorpusError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from advisor.corpus.corpus_file import CorpusFile

__all__ = ["BLOCK", "check_encoding", "decoded", "head_of", "open_utf8", "text_of"]
# Of names of hosts and of literals of Python: slow, and of no file.
_NO_FILES = ("idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape")
_BOM = codecs.BOM_UTF8


def check_encoding(encoding: str) -> str:
    """Return the normal name of a text encoding.

    Raises:
        UsageError: Python knows none of that name, or it is not one of text.
    """
    if not is_of_text(encoding):
        raise UsageError(f"There is no encoding {encoding!r} of text: try utf-8, latin-1 or utf-16.")
    return codecs.lookup(encoding).name


def is_of_text(encoding: str) -> bool:
    """Return whether Python knows an encoding of that name in which files are written.

    >>> is_of_text("latin-1"), is_of_text("punycode"), is_of_text("rot13")
    (True, False, False)
    """
    try:
        info = codecs.lookup(encoding)
    except (LookupError, ValueError):  # ValueError: a NUL in it
        return False
    return info._is_text_encoding and info.name not in _NO_FILES


@contextmanager
def open_utf8(file: CorpusFile, encoding: str) -> Iterator[IO[bytes]]:
    """Yield the file's text, decompressed, as a binary stream of UTF-8.

    Raises:
        CorpusError: while the stream is read, if the file cannot be read, is truncated or is not in ``encoding``.
    """
    try:
        with file.place.open() as stored:
            yield decoded(decompressed(stored, file.compression, file.name), file.name, encoding)
    except OSError as error:
        raise CorpusError(f"{file.name} cannot be read: {error.strerror or error}.") from error


def decoded(raw: IO[bytes], name: str, encoding: str) -> IO[bytes]:
    """Return the stream in UTF-8, without a byte-order mark."""
    if encoding != "utf-8":
        return io.BufferedReader(_Transcoded(raw, name, encoding), BLOCK)
    return io.BufferedReader(_WithoutMark(raw, name), BLOCK)


class _WithoutMark(io.RawIOBase):
    """A stream without its UTF-8 byte-order mark."""

    def __init__(self, raw: IO[bytes], name: str) -> None:
        self.raw = raw
        head = raw.read(len(codecs.BOM_UTF32_LE))
        if encoding := encoding_of_mark(head):
            raise CorpusError(
                f"{name} begins with a byte-order mark of {encoding.upper()}: name its encoding, --encoding {encoding}."
            )
        self.head = head.removeprefix(_BOM)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        # Filled to the brim, so that a reader who peeks sees all of a block.
        data = self.head[: len(buffer)]
        self.head = self.head[len(data) :]
        data += self.raw.read(len(buffer) - len(data))
        buffer[: len(data)] = data
        return len(data)


class _Transcoded(io.RawIOBase):
    """A stream of another encoding, read as UTF-8."""

    def __init__(self, raw: IO[bytes], name: str, encoding: str) -> None:
        self.raw, self.name, self.encoding = raw, name, encoding
        self.decoder = codecs.getincrementaldecoder(encoding)()
        self.pending = b""
        self.ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self.pending and not self.ended:
            block = self.raw.read(BLOCK)
            self.ended = not block
            try:
                self.pending = self.decoder.decode(block, final=self.ended).encode("utf-8", "replace")
            except UnicodeError as error:
                raise CorpusError(f"{self.name} is not {self.encoding} text: {error}.") from error
        data, self.pending = self.pending[: len(buffer)], self.pending[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)


def head_of(stream: IO[bytes], n_bytes: int) -> bytes:
    """Return the first bytes of an unread stream of ``open_utf8``, up to BLOCK, and leave them in it."""
    head: bytes = stream.peek(n_bytes)[:n_bytes]  # type: ignore[attr-defined]
    return head


def text_of(data: bytes, name: str, offset: int = 0) -> str:
    """Return bytes decoded as UTF-8.

    Raises:
        CorpusError: they are binary (a NUL byte) or not UTF-8; the message gives the offset.
    """
    nul = data.find(b"\0")
    if nul >= 0:
        if encoding := wide_encoding(data):
            raise CorpusError(
                f"{name} is no UTF-8, and by its zero bytes, the first at offset {offset + nul}, text in {encoding}: "
                f"name its encoding, --encoding {encoding}."
            )
        raise CorpusError(f"{name} is binary: there is a NUL byte at offset {offset + nul}.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        fitting = encodings_of(data[data.rfind(b"\n", 0, error.start) + 1 :])[:2]
        advice = f", which may be {' or '.join(fitting)}" if fitting else ""
        raise CorpusError(
            f"{name} is not UTF-8 at offset {offset + error.start}: name its encoding with --encoding{advice}."
        ) from error
