"""What the frames of a zstd file hold, block by block (RFC 8878): none is taken for the last that is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.corpus.compressed.stored_bytes import (
    MAGIC,
    STORED,
    DamagedFileError,
    StoredBytes,
    appended,
    damaged,
    is_skippable,
    stops_early,
    truncated,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import zstandard

_LONGEST_HEADER = 18  # bytes
_LARGEST_WINDOW = 1 << 27  # bytes: zstd --long=27; a larger one would be held in memory whole


def zstd_frames(stored: StoredBytes, name: str) -> Iterator[bytes]:
    """Yield what the frames of a zstd file hold; frames of other data are passed over.

    Costs are linear in bytes and in frames, under 10 us for each: a file may be of nothing but empty frames.
    """
    import zstandard

    decompressor = zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW)
    while head := stored.peek(_LONGEST_HEADER):
        if is_skippable(head):
            size = 8 + int.from_bytes(head[4:8], "little")
            while size and (taken := stored.take(min(size, STORED))):
                size -= len(taken)
            if size:
                raise truncated(stored, name, "zstd")
        elif head.startswith(MAGIC["zstd"]):
            yield from _frame(stored, head, name, decompressor)
        elif stops_early(head, "zstd"):
            raise truncated(stored, name, "zstd")
        else:
            raise appended(stored, name, "zstd")


def _frame(stored: StoredBytes, head: bytes, name: str, of_frames: zstandard.ZstdDecompressor) -> Iterator[bytes]:
    """Yield what each block of one frame that begins with ``head`` holds, at most 128 kB.

    Blocks are walked here (RFC 8878, section 3.1.1), because zstandard's readers take the end of a file for the end of
    a frame.
    """
    import zstandard

    try:
        begin, frame = zstandard.frame_header_size(head), zstandard.get_frame_parameters(head)
    except zstandard.ZstdError as error:
        if len(head) < _LONGEST_HEADER:
            raise truncated(stored, name, "zstd") from error
        raise damaged(stored, name, "zstd", error) from error
    if frame.window_size > _LARGEST_WINDOW:
        raise DamagedFileError(
            f"{name} is compressed with a zstd window of {frame.window_size >> 20} MB, and windows to "
            f"{_LARGEST_WINDOW >> 20} MB are read: pipe it, zstd -dc --long=31 {name} | advisor score -."
        )
    if frame.dict_id:
        raise DamagedFileError(f"{name} is compressed with the zstd dictionary {frame.dict_id}: decompress it first.")
    decompressor = of_frames.decompressobj()
    data, is_last = stored.take(begin), False
    while not is_last:
        block, is_last = _block(stored, name, 4 if frame.has_checksum else 0)
        try:
            yield decompressor.decompress(data + block if data else block)
        except zstandard.ZstdError as error:
            raise damaged(stored, name, "zstd", error) from error
        data = b""


def _block(stored: StoredBytes, name: str, n_checksum: int) -> tuple[bytes, bool]:
    """Return the next block of a frame, with the frame's checksum if it is the last, and whether it is."""
    head = int.from_bytes(stored.peek(3), "little")
    is_last, kind, size = bool(head & 1), head >> 1 & 3, head >> 3
    size = 3 + (1 if kind == 1 else size) + n_checksum * is_last  # kind 1: one byte, repeated
    block = stored.take(size)
    if len(block) < size:
        raise truncated(stored, name, "zstd")
    return block, is_last
