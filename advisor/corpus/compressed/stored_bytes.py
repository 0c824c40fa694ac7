"""Stored bytes in order, the compression that they begin as, and the sentences that say where they stop."""

from __future__ import annotations

from typing import Protocol

from advisor.errors import CorpusError

BLOCK = 1 << 20  # bytes of text taken at a time
STORED = 1 << 17  # stored bytes read at a time
MAGIC = {"gzip": b"\x1f\x8b", "bzip2": b"BZh", "xz": b"\xfd7zXZ\0", "zstd": b"\x28\xb5\x2f\xfd"}
_BZIP2_BLOCK = (b"1AY&SY", b"\x17rE8P\x90")  # a block, or the end of a stream that has none
_SKIPPABLE = range(0x184D2A50, 0x184D2A60)  # a zstd frame of other data


class DamagedFileError(CorpusError):
    """A compressed file stops early, or is not what it should be from some byte on: what it holds is not all there."""


def compression_of(head: bytes) -> str | None:
    """Return the compression of a file that begins with ``head`` (8 bytes or more); None if it has none of these.

    >>> compression_of(b"BZh of Belgium"), compression_of(bytes.fromhex("1f8b0800"))
    (None, 'gzip')
    """
    if head.startswith(MAGIC["bzip2"]):
        is_level = head[3:4].isdigit() and head[3:4] != b"0"
        return "bzip2" if is_level and any(block.startswith(head[4:10]) for block in _BZIP2_BLOCK) else None
    if is_skippable(head):
        return "zstd"
    return next((name for name, magic in MAGIC.items() if head.startswith(magic)), None)


def is_skippable(head: bytes) -> bool:
    """Return whether a zstd frame of other data begins with these bytes."""
    return int.from_bytes(head[:4], "little") in _SKIPPABLE


def stops_early(head: bytes, compression: str) -> bool:
    """Return whether the first bytes, all there are, are the beginning of what should be there."""
    return len(head) < 10 and head.startswith(MAGIC[compression][: len(head)])


class Readable(Protocol):
    """What bytes are read from."""

    def read(self, n_bytes: int, /) -> bytes:
        """Return the next bytes; none at the end."""


class StoredBytes:
    """Stored bytes in order: ``offset`` is that of the next one."""

    def __init__(self, raw: Readable) -> None:
        self.raw = raw
        self.offset = 0
        self.data = b""
        self.at = 0  # in data

    def peek(self, n_bytes: int) -> bytes:
        """Return the next bytes without taking them, fewer only at the end."""
        while len(self.data) - self.at < n_bytes and (more := self.raw.read(max(STORED, n_bytes))):
            self.data, self.at = self.data[self.at :] + more, 0
        return self.data[self.at : self.at + n_bytes]

    def read(self, n_bytes: int, /) -> bytes:
        """Return the next bytes, fewer only at the end."""
        return self.take(n_bytes)

    def take(self, n_bytes: int) -> bytes:
        """Return the next bytes, fewer only at the end."""
        taken = self.peek(n_bytes)
        n_taken = len(taken)
        self.at += n_taken
        self.offset += n_taken
        return taken

    def back(self, n_bytes: int) -> None:
        """Give back the end of what was taken last."""
        self.at -= n_bytes
        self.offset -= n_bytes


def damaged(stored: StoredBytes, name: str, compression: str, error: Exception) -> DamagedFileError:
    """Return the error of data that break here."""
    place = f"before byte {stored.offset}"
    return DamagedFileError(f"{name} is damaged: its {compression} data breaks {place} ({error}); get it again.")


def truncated(stored: StoredBytes, name: str, compression: str) -> DamagedFileError:
    """Return the error of data that stop here."""
    end = stored.offset + len(stored.peek(64))
    return DamagedFileError(
        f"{name} is truncated: it ends at byte {end}, inside its {compression} data; get the whole file."
    )


def appended(stored: StoredBytes, name: str, compression: str) -> DamagedFileError:
    """Return the error of what follows whole data here."""
    return DamagedFileError(
        f"{name} holds something that is not {compression} from byte {stored.offset} on, after whole {compression} "
        f"data: {stored.peek(8)!r}; cut it off there, or get the file again."
    )
