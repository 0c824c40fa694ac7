"""The records of a shard that is open: as they are, compressed as a whole, in frames, or each by itself."""

from __future__ import annotations

import io
import struct
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from advisor.corpus.compression import decompressed
from advisor.corpus.corpus_file import read_at
from advisor.corpus.token_files.stored import open_stored, opened
from advisor.errors import CorpusError
from advisor.quantities import plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import numpy.typing as npt

    from advisor.corpus.corpus_file import CorpusFile

HELD = 160 << 20  # bytes, decompressed, of the largest compressed shard that is read: shards are of 64 MB by default
_FRAMED = b"LDFZ01\0\0"
_FRAMED_HEAD = struct.Struct("<8sHHIII")  # magic, version, flags, records, records a frame, frames
_FRAME = struct.Struct("<IIQII")  # first record, records, offset, compressed bytes, bytes


class PlainStore:
    """Records that lie in a file as its table of offsets says."""

    def __init__(self, handle: IO[bytes], name: str, n_bytes: int) -> None:
        self.handle, self.name = handle, name
        self.ends = _table(handle, name, n_bytes)

    def read(self, begin: int, end: int) -> bytes:
        """Return the bytes between two offsets."""
        data = read_at(self.handle, end - begin, begin)
        if len(data) < end - begin:
            raise CorpusError(f"{self.name} is truncated: it ends at byte {begin + len(data):,}.")
        return data

    def record(self, data: bytes) -> bytes:
        """Return a record."""
        return data


class ZippedStore(PlainStore):
    """The same where each record is compressed by itself."""

    def record(self, data: bytes) -> bytes:
        """Return a record, decompressed."""
        return _unzipped(data, self.name)


class FramedStore:
    """Records that are compressed some hundred at a time; offsets are those of the records, decompressed."""

    def __init__(self, handle: IO[bytes], name: str) -> None:
        import numpy as np

        self.handle, self.name = handle, name
        _, _, _, n_records, _, n_frames = _FRAMED_HEAD.unpack(read_at(handle, _FRAMED_HEAD.size, 0))
        at = _FRAMED_HEAD.size
        table = read_at(handle, 4 * (n_records + 1), at)
        frames = read_at(handle, _FRAME.size * n_frames, at + 4 * (n_records + 1))
        if len(table) < 4 * (n_records + 1) or len(frames) < _FRAME.size * n_frames or not n_frames:
            raise CorpusError(f"{name} is truncated: it ends in the table of its records.")
        self.ends = np.frombuffer(table, "<u4").astype(np.int64)
        self.frames = list(_FRAME.iter_unpack(frames))
        first = [frame[0] for frame in self.frames]
        if (np.diff(self.ends) < 0).any() or first != sorted(first) or first[0] != 0 or first[-1] > n_records:
            raise CorpusError(f"{name} is damaged: its records, or the frames that they are in, are not in order.")
        self.begins = np.array([self.ends[frame[0]] for frame in self.frames])
        self.held = (-1, b"")

    def read(self, begin: int, end: int) -> bytes:
        """Return the bytes between two offsets."""
        number = int(self.begins.searchsorted(begin, side="right")) - 1
        parts = []
        while number < len(self.frames) and int(self.begins[number]) < end:
            base, data = int(self.begins[number]), self._frame(number)
            parts.append(data[max(begin - base, 0) : end - base])
            number += 1
        return b"".join(parts)

    def record(self, data: bytes) -> bytes:
        """Return a record."""
        return data

    def _frame(self, number: int) -> bytes:
        if self.held[0] != number:
            _, _, offset, length, _ = self.frames[number]
            self.held = (number, _unzipped(read_at(self.handle, length, offset), self.name))
        return self.held[1]


def _unzipped(data: bytes, name: str) -> bytes:
    found = decompressed(io.BytesIO(data), "zstd", name).read(HELD + 1)
    if len(found) > HELD:
        raise CorpusError(f"{name} holds a record or frame of over {HELD >> 20} MB, decompressed: it is damaged.")
    return found


def _table(handle: IO[bytes], name: str, n_bytes: int) -> npt.NDArray[np.int64]:
    """Return where records begin, and where the last ends."""
    import numpy as np

    n_records = int.from_bytes(read_at(handle, 4, 0), "little")
    if 4 * (n_records + 2) > n_bytes:
        raise CorpusError(
            f"{name} is truncated or no shard of records: it says that it has {n_records:,}, in "
            f"{plural(n_bytes, 'byte')}."
        )
    ends = np.frombuffer(read_at(handle, 4 * (n_records + 1), 4), "<u4").astype(np.int64)
    if not n_records or (np.diff(ends) < 0).any() or ends[0] < 4 * (n_records + 2):
        raise CorpusError(f"{name} is damaged, or no shard of records: its table of records is not in order.")
    if ends[-1] > n_bytes:
        raise CorpusError(f"{name} is truncated: its records end at byte {ends[-1]:,}, and it has {n_bytes:,}.")
    return ends


@contextmanager
def open_plain(file: CorpusFile, n_bytes: int, *, each_zipped: bool = False) -> Iterator[PlainStore | FramedStore]:
    """Yield the records of a shard of ``n_bytes``, decompressed; ``each_zipped``: every record is compressed.

    Raises:
        CorpusError: it is truncated, damaged, or compressed and too large to hold.
    """
    if file.compression and n_bytes > HELD:
        raise CorpusError(
            f"{file.name} is one compressed shard of {n_bytes >> 20:,} MB: at most {HELD >> 20} MB are held; "
            "decompress it, or write shards of 64 MB."
        )
    with opened(file.place) if file.compression is None else open_stored(file) as stream:
        handle = stream
        if file.compression:
            data = stream.read(n_bytes + 1)
            if len(data) != n_bytes:
                problem = "is truncated or of another index"
                raise CorpusError(
                    f"{file.name} {problem}: it holds {plural(len(data), 'byte')} of {n_bytes:,}, decompressed."
                )
            handle = io.BytesIO(data)
        if read_at(handle, len(_FRAMED), 0) == _FRAMED:
            yield FramedStore(handle, file.name)
        else:
            yield (ZippedStore if each_zipped else PlainStore)(handle, file.name, n_bytes)
