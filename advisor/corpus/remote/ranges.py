"""A remote file that is read where a reader looks: ranges are fetched, and the last ones are kept.

A draw reads 8 kB before a byte of the corpus, 8 kB behind it, and the document around it: one range of _AHEAD bytes,
fetched at the first of these reads, answers nearly all of them. What is read in order is fetched in growing steps.
"""

from __future__ import annotations

import functools
import io
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable

_AHEAD = 32 << 10  # bytes of a range at a place that a draw fell on; docs/remote.md has what other values cost
_FIRST_STEP = 64 << 10  # bytes of the first range of what is read in order: the head of a file is often enough
_LONGEST = 1 << 20  # bytes of a range: at CALL_LIMIT, 35 kB/s suffice
_HELD = 32 << 20  # bytes of ranges that are kept, of all files together


@dataclass(kw_only=True)
class RangeCache:
    """The ranges of one source's files: ``fetch`` gets the bytes of an address from one offset to another."""

    fetch: Callable[[str, int, int], bytes]
    n_fetched: int = 0  # bytes
    _held: OrderedDict[tuple[str, int], bytes] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __getstate__(self) -> dict[str, Any]:
        return {"fetch": self.fetch}  # another process has its own connections, and keeps what it fetches

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]

    def held(self, address: str, offset: int, n_bytes: int) -> bytes:
        """Return up to ``n_bytes`` at ``offset`` of what is kept; none where nothing is."""
        with self._lock:
            for (name, start), data in reversed(self._held.items()):
                if name == address and start <= offset < start + len(data):
                    self._held.move_to_end((name, start))
                    return data[offset - start : offset - start + n_bytes]
        return b""

    def get(self, address: str, offset: int, end: int) -> None:
        """Fetch the bytes from ``offset`` to ``end`` and keep them."""
        data = self.fetch(address, offset, end)
        with self._lock:
            self.n_fetched += len(data)
            self._held[address, offset] = data
            self._held.move_to_end((address, offset))
            while len(self._held) > 1 and sum(map(len, self._held.values())) > _HELD:
                self._held.popitem(last=False)


class RangeFile(io.RawIOBase):
    """One opening of a remote file."""

    def __init__(self, ranges: RangeCache, address: str, n_bytes: int) -> None:
        self.ranges, self.address, self.n_bytes = ranges, address, n_bytes
        self._at = 0
        self._fetched_to, self._step = -1, 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the offset of the next byte."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to an offset; nothing is fetched."""
        self._at = offset + (0, self._at, self.n_bytes)[whence]
        return self._at

    def read(self, size: int | None = -1, /) -> bytes:
        """Return ``size`` bytes, fewer only where the file ends: what pyarrow takes for granted."""
        left = max(self.n_bytes - self._at, 0) if size is None or size < 0 else size
        parts = []
        while left and (part := self._part(left, max(left, _AHEAD))):
            parts.append(part)
            left -= len(part)
        return b"".join(parts)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer as far as one range does: a buffer of 1 MB before a file need not fetch as much of it."""
        data = self._part(len(buffer), _FIRST_STEP)
        buffer[: len(data)] = data
        return len(data)

    def _part(self, n_bytes: int, step: int) -> bytes:
        """Return up to ``n_bytes`` from here on, at least one unless the file ends; fetch ``step`` if none is held."""
        if self._at >= self.n_bytes:
            return b""
        data = self.ranges.held(self.address, self._at, n_bytes)
        if not data:
            self._step = max(2 * self._step, step) if self._at == self._fetched_to else step
            self._step = min(self._step, _LONGEST)
            self._fetched_to = min(self._at + self._step, self.n_bytes)
            self.ranges.get(self.address, self._at, self._fetched_to)
            data = self.ranges.held(self.address, self._at, n_bytes)
        self._at += len(data)
        return data


def opener(ranges: RangeCache, address: str, n_bytes: int) -> Callable[[], IO[bytes]]:
    """Return what opens a remote file, in this process or in another that it is sent to."""
    return functools.partial(cast("Callable[[RangeCache, str, int], IO[bytes]]", RangeFile), ranges, address, n_bytes)
