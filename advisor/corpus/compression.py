"""Stored bytes to the bytes they hold, for every compression: whole, or one sentence that says where they stop.

Every reader of compressed files goes through here, because the usual openers read a file that was cut short, or that
has something appended, up to there and say nothing: zstandard at any block, bz2 and lzma behind the first stream.
"""

from __future__ import annotations

import functools
import io
import zlib
from typing import IO, TYPE_CHECKING, Protocol

from advisor.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BLOCK = 1 << 20  # bytes of text taken at a time
_STORED = 1 << 17  # stored bytes read at a time
_MEMBER = 1 << 14  # stored bytes decompressed at a time: what is behind a member's end is copied
_MAGIC = {"gzip": b"\x1f\x8b", "bzip2": b"BZh", "xz": b"\xfd7zXZ\0", "zstd": b"\x28\xb5\x2f\xfd"}
_BZIP2_BLOCK = (b"1AY&SY", b"\x17rE8P\x90")  # a block, or the end of a stream that has none
_SKIPPABLE = bytes(range(0x50, 0x60)), b"\x2a\x4d\x18"  # a zstd frame of other data
_LARGEST_WINDOW = 1 << 27  # bytes: zstd --long=27; a larger one would be held in memory whole
_XZ_MEMORY = 1 << 28  # bytes: xz -9 needs 65 MB


class DamagedFileError(CorpusError):
    """A compressed file stops early, or is not what it should be from some byte on: what it holds is not all there."""


def compression_of(head: bytes) -> str | None:
    """Return the compression of a file that begins with ``head`` (8 bytes or more); None if it has none of these.

    >>> compression_of(b"BZh of Belgium"), compression_of(bytes.fromhex("1f8b0800"))
    (None, 'gzip')
    """
    if head.startswith(_MAGIC["bzip2"]):
        is_level = head[3:4].isdigit() and head[3:4] != b"0"
        return "bzip2" if is_level and any(block.startswith(head[4:10]) for block in _BZIP2_BLOCK) else None
    if _is_skippable(head):
        return "zstd"
    return next((name for name, magic in _MAGIC.items() if head.startswith(magic)), None)


def _is_skippable(head: bytes) -> bool:
    return head[:1] in {bytes([byte]) for byte in _SKIPPABLE[0]} and head[1:4] == _SKIPPABLE[1]


def _stops_early(head: bytes, compression: str) -> bool:
    """Return whether the first bytes, all there are, are the beginning of what should be there."""
    return len(head) < 10 and head.startswith(_MAGIC[compression][: len(head)])


class Readable(Protocol):
    """What bytes are read from."""

    def read(self, n_bytes: int, /) -> bytes:
        """Return the next bytes; none at the end."""


def decompressed(raw: Readable, compression: str | None, name: str) -> IO[bytes]:
    """Return what a stream of stored bytes holds, in memory that does not grow with it.

    Raises:
        DamagedFileError: while it is read: it is truncated, damaged, of another compression, or something is appended.
    """
    if compression is None:
        return io.BufferedReader(_Blocks(iter(functools.partial(raw.read, BLOCK), b"")), BLOCK)
    stored = StoredBytes(raw)
    found = compression_of(stored.peek(16))
    if found != compression and not _stops_early(stored.peek(16), compression):
        what = f"but {found}" if found else f"data: it begins with {stored.peek(8)!r}"
        raise DamagedFileError(f"{name} is not {compression} {what}; give it the ending of what it is.")
    blocks = _zstd_frames(stored, name) if compression == "zstd" else _members(stored, name, compression)
    return io.BufferedReader(_Blocks(blocks), BLOCK)


class StoredBytes:
    """Stored bytes in order: ``offset`` is that of the next one."""

    def __init__(self, raw: Readable) -> None:
        self.raw = raw
        self.offset = 0
        self.data = b""
        self.at = 0  # in data

    def peek(self, n_bytes: int) -> bytes:
        """Return the next bytes without taking them, fewer only at the end."""
        while len(self.data) - self.at < n_bytes and (more := self.raw.read(max(_STORED, n_bytes))):
            self.data, self.at = self.data[self.at :] + more, 0
        return self.data[self.at : self.at + n_bytes]

    def read(self, n_bytes: int, /) -> bytes:
        """Return the next bytes, fewer only at the end."""
        return self.take(n_bytes)

    def take(self, n_bytes: int) -> bytes:
        """Return the next bytes, fewer only at the end."""
        taken = self.peek(n_bytes)
        self.at += len(taken)
        self.offset += len(taken)
        return taken

    def back(self, n_bytes: int) -> None:
        """Give back the end of what was taken last."""
        self.at -= n_bytes
        self.offset -= n_bytes


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


def _members(stored: StoredBytes, name: str, compression: str) -> Iterator[bytes]:
    """Yield what the gzip members, or bzip2 or xz streams, of a file hold, one after the other."""
    new, errors = _decompressor(compression)
    while not stored.offset or _has_more(stored, name, compression):
        decompressor = new()
        while not decompressor.eof:
            data = stored.take(_MEMBER) if decompressor.needs_input else b""
            if decompressor.needs_input and not data:
                raise _truncated(stored, name, compression)
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
        zeros = stored.take(_MEMBER)
        stored.back(len(zeros.lstrip(b"\0")))
    head = stored.peek(16)
    if head and compression_of(head) != compression:
        if _stops_early(head, compression):
            raise _truncated(stored, name, compression)
        raise _appended(stored, name, compression)
    return bool(head)


def _damaged(stored: StoredBytes, name: str, compression: str, error: Exception) -> DamagedFileError:
    place = f"before byte {stored.offset}"
    return DamagedFileError(f"{name} is damaged: its {compression} data breaks {place} ({error}); get it again.")


def _truncated(stored: StoredBytes, name: str, compression: str) -> DamagedFileError:
    end = stored.offset + len(stored.peek(64))
    return DamagedFileError(
        f"{name} is truncated: it ends at byte {end}, inside its {compression} data; get the whole file."
    )


def _appended(stored: StoredBytes, name: str, compression: str) -> DamagedFileError:
    return DamagedFileError(
        f"{name} holds something that is not {compression} from byte {stored.offset} on, after whole {compression} "
        f"data: {stored.peek(8)!r}; cut it off there, or get the file again."
    )


def _zstd_frames(stored: StoredBytes, name: str) -> Iterator[bytes]:
    """Yield what the frames of a zstd file hold; frames of other data are passed over."""
    while head := stored.peek(8):
        if _is_skippable(head):
            size = 8 + int.from_bytes(head[4:8], "little")
            while size and (taken := stored.take(min(size, _STORED))):
                size -= len(taken)
            if size:
                raise _truncated(stored, name, "zstd")
        elif head.startswith(_MAGIC["zstd"]):
            yield from _frame(stored, name)
        elif _stops_early(head, "zstd"):
            raise _truncated(stored, name, "zstd")
        else:
            raise _appended(stored, name, "zstd")


def _frame(stored: StoredBytes, name: str) -> Iterator[bytes]:
    """Yield what each block of one frame holds, at most 128 kB.

    Blocks are walked here (RFC 8878, section 3.1.1), because zstandard's readers take the end of a file for the end of
    a frame.
    """
    import zstandard

    head = stored.peek(18)  # the longest header
    try:
        begin, frame = zstandard.frame_header_size(head), zstandard.get_frame_parameters(head)
    except zstandard.ZstdError as error:
        if len(head) < 18:
            raise _truncated(stored, name, "zstd") from error
        raise _damaged(stored, name, "zstd", error) from error
    if frame.window_size > _LARGEST_WINDOW:
        raise DamagedFileError(
            f"{name} is compressed with a zstd window of {frame.window_size >> 20} MB, and windows to "
            f"{_LARGEST_WINDOW >> 20} MB are read: pipe it, zstd -dc --long=31 {name} | advisor score -."
        )
    if frame.dict_id:
        raise DamagedFileError(f"{name} is compressed with the zstd dictionary {frame.dict_id}: decompress it first.")
    decompressor = zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW).decompressobj()
    data, is_last = stored.take(begin), False
    while data:
        try:
            yield decompressor.decompress(data)
        except zstandard.ZstdError as error:
            raise _damaged(stored, name, "zstd", error) from error
        data, is_last = (b"", True) if is_last else _block(stored, name, 4 if frame.has_checksum else 0)


def _block(stored: StoredBytes, name: str, n_checksum: int) -> tuple[bytes, bool]:
    """Return the next block of a frame, with the frame's checksum if it is the last, and whether it is."""
    head = int.from_bytes(stored.peek(3), "little")
    is_last, kind, size = bool(head & 1), head >> 1 & 3, head >> 3
    size = 3 + (1 if kind == 1 else size) + n_checksum * is_last  # kind 1: one byte, repeated
    block = stored.take(size)
    if len(block) < size:
        raise _truncated(stored, name, "zstd")
    return block, is_last
