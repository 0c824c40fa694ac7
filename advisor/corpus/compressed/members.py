"""What the gzip members, or bzip2 or xz streams, of a file hold."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Protocol

from advisor.corpus.compressed.stored_bytes import (
    BLOCK,
    DamagedFileError,
    StoredBytes,
    appended,
    compression_of,
    stops_early,
    truncated,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Stored bytes decompressed at a time: few at first, since what is behind a member's end is copied, and a file may have
# a million members.
_FIRST, _MOST = 1 << 9, 1 << 16
_XZ_MEMORY = 1 << 28  # bytes: xz -9 needs 65 MB


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Inflate:
    """zlib's decompressor with the interface of those of bz2 and lzma."""

    def __init__(self) -> None:
        self.zlib = zlib.decompressobj(wbits=31)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self.zlib.eof

    @property
    def unused_data(self) -> bytes:
        return self.zlib.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        out = self.zlib.decompress(self.zlib.unconsumed_tail + data, max_length)
        self.needs_input = not self.zlib.unconsumed_tail and len(out) < max_length
        return out


def members_of(stored: StoredBytes, name: str, compression: str) -> Iterator[bytes]:
    """Yield what the gzip members, or bzip2 or xz streams, of a file hold, one after the other."""
    new, errors = _decompressor(compression)
    while not stored.offset or _has_more(stored, name, compression):
        decompressor, size = new(), _FIRST
        while not decompressor.eof:
            data = stored.take(size) if decompressor.needs_input else b""
            if decompressor.needs_input and not data:
                raise truncated(stored, name, compression)
            size = min(2 * size, _MOST)
            try:
                yield decompressor.decompress(data, BLOCK)
            except errors as error:
                place = f"before byte {stored.offset}"
                raise DamagedFileError(
                    f"{name} is damaged: its {compression} data breaks {place} ({error})."
                ) from error
        stored.back(len(decompressor.unused_data))


def _decompressor(compression: str) -> tuple[Callable[[], _Decompressor], tuple[type[Exception], ...]]:
    if compression == "gzip":
        return _Inflate, (zlib.error,)
    if compression == "bzip2":
        import bz2

        return bz2.BZ2Decompressor, (OSError, ValueError)
    import lzma

    return lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, _XZ_MEMORY), (lzma.LZMAError,)


def _has_more(stored: StoredBytes, name: str, compression: str) -> bool:
    """Return whether another member follows; zero bytes between and behind them are padding."""
    while compression != "bzip2" and stored.peek(1) == b"\0":
        zeros = stored.take(_MOST)
        stored.back(len(zeros.lstrip(b"\0")))
    head = stored.peek(16)
    if head and compression_of(head) != compression:
        if stops_early(head, compression):
            raise truncated(stored, name, compression)
        raise appended(stored, name, compression)
    return bool(head)
