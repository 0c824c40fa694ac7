"""Bytes of a file as UTF-8: decompressed, transcoded, without a byte-order mark; one sentence where they are torn."""

from __future__ import annotations

import codecs
import io
import zlib
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, BinaryIO, cast

from advisor.errors import CorpusError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from advisor.corpus.corpus_file import CorpusFile

BLOCK = 1 << 20
_BOM = codecs.BOM_UTF8


def check_encoding(encoding: str) -> str:
    """Return the normal name of a text encoding.

    Raises:
        UsageError: Python knows none of that name, or it is not one of text.
    """
    try:
        info = codecs.lookup(encoding)
    except LookupError as error:
        raise UsageError(f"There is no encoding {encoding!r}: try utf-8, latin-1 or utf-16.") from error
    if not info._is_text_encoding:
        raise UsageError(f"{encoding!r} is not an encoding of text: try utf-8, latin-1 or utf-16.")
    return info.name


@contextmanager
def open_utf8(file: CorpusFile, encoding: str) -> Iterator[IO[bytes]]:
    """Yield the file's text, decompressed, as a binary stream of UTF-8.

    Raises:
        CorpusError: while the stream is read, if the file cannot be read, is truncated or is not in ``encoding``.
    """
    name, compression = file.name, file.compression
    try:
        with file.place.open() as stored, decompressed(stored, compression) as raw:
            yield decoded(raw, name, encoding)
    except _corruption() as error:
        raise CorpusError(f"{name} is truncated or not a {compression} file: {error}.") from error
    except OSError as error:
        problem = error.strerror or str(error)
        reason = f"is truncated or not a {compression} file" if compression and not error.errno else "cannot be read"
        raise CorpusError(f"{name} {reason}: {problem}.") from error


def _corruption() -> tuple[type[Exception], ...]:
    import lzma

    import zstandard

    zstd_error: type[Exception] = zstandard.ZstdError
    return EOFError, zlib.error, lzma.LZMAError, zstd_error


def decompressed(raw: IO[bytes], compression: str | None) -> IO[bytes]:
    """Return what a stream of stored bytes holds."""
    if compression == "gzip":
        import gzip

        return cast("IO[bytes]", gzip.open(raw, "rb"))
    if compression == "bzip2":
        import bz2

        return cast("IO[bytes]", bz2.open(raw, "rb"))
    if compression == "xz":
        import lzma

        return cast("IO[bytes]", lzma.open(cast("BinaryIO", raw), "rb"))
    if compression == "zstd":
        import zstandard

        return cast("IO[bytes]", zstandard.open(cast("BinaryIO", raw), "rb"))
    return io.BufferedReader(cast("io.RawIOBase", raw), BLOCK)


def decoded(raw: IO[bytes], name: str, encoding: str) -> IO[bytes]:
    """Return the stream in UTF-8, without a byte-order mark."""
    if encoding != "utf-8":
        return io.BufferedReader(_Transcoded(raw, name, encoding), BLOCK)
    return io.BufferedReader(_WithoutMark(raw), BLOCK)


class _WithoutMark(io.RawIOBase):
    """A stream without its UTF-8 byte-order mark."""

    def __init__(self, raw: IO[bytes]) -> None:
        self.raw = raw
        head = raw.read(len(_BOM))
        self.head = b"" if head == _BOM else head

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self.head or self.raw.read(len(buffer))
        if len(data) > len(buffer):
            data, self.head = data[: len(buffer)], data[len(buffer) :]
        else:
            self.head = b""
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


def text_of(data: bytes, name: str, offset: int = 0) -> str:
    """Return bytes decoded as UTF-8.

    Raises:
        CorpusError: they are binary (a NUL byte) or not UTF-8; the message gives the offset.
    """
    nul = data.find(b"\0")
    if nul >= 0:
        raise CorpusError(f"{name} is binary: there is a NUL byte at offset {offset + nul}.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CorpusError(
            f"{name} is not UTF-8 at offset {offset + error.start}: name its encoding with --encoding, such as latin-1."
        ) from error
