"""Stored bytes to the bytes they hold, for every compression: whole, or one sentence that says where they stop.

Every reader of compressed files goes through here, because the usual openers read a file that was cut short, or that
has something appended, up to there and say nothing: zstandard at any block, bz2 and lzma behind the first stream.
"""

from __future__ import annotations

import functools
import io
from typing import IO, TYPE_CHECKING

from advisor.corpus.compressed.members import members_of
from advisor.corpus.compressed.stored_bytes import (
    BLOCK,
    DamagedFileError,
    Readable,
    StoredBytes,
    compression_of,
    stops_early,
)
from advisor.corpus.compressed.zstd_frames import zstd_frames
from advisor.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["BLOCK", "DamagedFileError", "StoredBytes", "compression_of", "decompressed"]
_MOST_TIMES, _MOST_FREE = 1000, 1 << 27  # times that a stream may expand, and bytes up to which that is not looked at


def decompressed(raw: Readable, compression: str | None, name: str) -> IO[bytes]:
    """Return what a stream of stored bytes holds, in memory that does not grow with it.

    Raises:
        DamagedFileError: while it is read: it is truncated, damaged, of another compression, or something is appended.
    """
    if compression is None:
        return io.BufferedReader(_Blocks(iter(functools.partial(raw.read, BLOCK), b"")), BLOCK)
    stored = StoredBytes(raw)
    found = compression_of(stored.peek(16))
    if found != compression and not stops_early(stored.peek(16), compression):
        what = f"but {found}" if found else f"data: it begins with {stored.peek(8)!r}"
        raise DamagedFileError(f"{name} is not {compression} {what}; give it the ending of what it is.")
    blocks = zstd_frames(stored, name) if compression == "zstd" else members_of(stored, name, compression)
    return io.BufferedReader(_Blocks(_bounded(blocks, stored, name)), BLOCK)


def _bounded(blocks: Iterator[bytes], stored: StoredBytes, name: str) -> Iterator[bytes]:
    """Yield the same blocks.

    Raises:
        DamagedFileError: they are over _MOST_FREE bytes, and over _MOST_TIMES what is stored.
    """
    n_bytes = 0
    for block in blocks:
        n_bytes += len(block)
        if n_bytes > max(_MOST_FREE, _MOST_TIMES * stored.offset):
            raise DamagedFileError(
                f"{name} expands over {_MOST_TIMES:,} times, its first {stored.offset:,} bytes to over "
                f"{_MOST_FREE >> 20:,} MB, which no text does: if it is meant, decompress it and name the result."
            )
        yield block


class _Blocks(io.RawIOBase):
    """An iterator of bytes as a stream; what it raises is raised again by every later read, never taken for the end."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self.blocks = blocks
        self.pending = memoryview(b"")
        self.error: Exception | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self.error:
            raise self.error
        try:
            while not self.pending and (block := next(self.blocks, None)) is not None:
                self.pending = memoryview(block)
        except (CorpusError, OSError) as error:
            self.error = error
            raise
        count = min(len(buffer), len(self.pending))
        buffer[:count] = self.pending[:count]
        self.pending = self.pending[count:]
        return count
