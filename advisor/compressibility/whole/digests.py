"""How many documents of a corpus are distinct, exactly: 128-bit digests of their contents in files, counted at the end.

A record is a digest (BLAKE2b of 16 bytes: two of 1e12 documents share one with a chance of 1e-15) and the tokens of the
document. Files that are too large to be sorted in memory are parted by six bits of the digests, and those parts again,
as an external radix sort does: memory does not grow with the corpus. On disk are 24 bytes a document, and as many again
while they are counted.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, cast

from advisor.errors import AdvisorError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from advisor.corpus.documents import Content

RECORD = [("high", "<u8"), ("low", "<u8"), ("n_tokens", "<u8")]
_RECORD_BYTES = 24
_IN_MEMORY = 48 << 20  # bytes of records that are sorted at once
_BLOCK = 1 << 20  # records that are parted at once
_BITS = 6
_BUFFER = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Distinct:
    """How many documents of a corpus are distinct, and the tokens of one of each."""

    n_documents: int = 0
    n_tokens: int = 0


class DigestFile:
    """The file of a shard's digests: a document is told in pieces, and written when the next one begins.

    It has its name once all of them are written, when the block ends that it is opened for.
    """

    def __init__(self, path: Path) -> None:
        self.path, self._part = path, path.with_suffix(".part")
        self._written = bytearray()
        self._digest, self._n_tokens = hashlib.blake2b(digest_size=16), -1
        self._file: IO[bytes] = _opened(self._part)

    def begin(self) -> None:
        """Begin the next document."""
        self._end_document()
        self._digest, self._n_tokens = hashlib.blake2b(digest_size=16), 0

    def take(self, content: Content, n_tokens: int) -> None:
        """Take a piece of the document."""
        data = content.encode("utf-8", "replace") if isinstance(content, str) else content.astype("<i8").tobytes()
        self._digest.update(data)
        self._n_tokens += n_tokens

    def __enter__(self) -> DigestFile:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        with self._file:
            if kind is not None:
                self._part.unlink(missing_ok=True)
                return
            self._end_document()
            self._flush()
        os.replace(self._part, self.path)

    def _end_document(self) -> None:
        if self._n_tokens >= 0:
            self._written += self._digest.digest() + self._n_tokens.to_bytes(8, "little")
        if len(self._written) >= _BUFFER:
            self._flush()

    def _flush(self) -> None:
        _write(self._file, bytes(self._written), self.path)
        self._written.clear()


def count_distinct(paths: Sequence[Path], folder: Path, *, in_memory: int = _IN_MEMORY, level: int = 0) -> Distinct:
    """Return how many digests of the files are distinct, in a few times ``in_memory`` bytes of memory.

    ``folder`` is where files are parted; ``level`` says how many times these were.

    Raises:
        AdvisorError: a file there cannot be written.
    """
    n_bytes = sum(path.stat().st_size for path in paths)
    if n_bytes <= in_memory or level * _BITS >= 60:
        return _distinct(_all_records(paths))
    n_documents = n_tokens = 0
    for path in _parted(paths, folder, level):
        found = count_distinct([path], folder, in_memory=in_memory, level=level + 1)
        n_documents, n_tokens = n_documents + found.n_documents, n_tokens + found.n_tokens
        path.unlink()
    return Distinct(n_documents=n_documents, n_tokens=n_tokens)


def _all_records(paths: Sequence[Path]) -> npt.NDArray[np.void]:
    import numpy as np

    found = [np.fromfile(path, dtype=RECORD) for path in paths]
    return np.concatenate(found) if found else np.empty(0, dtype=RECORD)


def _firsts(records: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
    """Return one record of each digest."""
    import numpy as np

    ordered: npt.NDArray[np.void] = records[np.lexsort((records["low"], records["high"]))]
    same = (ordered["high"][1:] == ordered["high"][:-1]) & (ordered["low"][1:] == ordered["low"][:-1])
    return ordered[np.concatenate(([True], ~same))] if len(ordered) else ordered


def _distinct(records: npt.NDArray[np.void]) -> Distinct:
    found = _firsts(records)
    return Distinct(n_documents=len(found), n_tokens=int(found["n_tokens"].sum()))


def _parted(paths: Sequence[Path], folder: Path, level: int) -> list[Path]:
    """Return files that part the digests of ``paths`` by _BITS of their bits; a copy in one block is written once."""
    import numpy as np

    parts = [folder / f"parted-{level}-{number}" for number in range(1 << _BITS)]
    with ExitStack() as stack:
        files = [stack.enter_context(_opened(part)) for part in parts]
        for records in _blocks(paths):
            records = _firsts(records)
            places = (records["high"] >> np.uint64(64 - _BITS * (level + 1))) & np.uint64((1 << _BITS) - 1)
            for number in np.unique(places):
                _write(files[int(number)], records[places == number].tobytes(), parts[int(number)])
    return parts


def _blocks(paths: Sequence[Path]) -> Iterator[npt.NDArray[np.void]]:
    """Yield the records of all files, many at a time: of small ones together."""
    import numpy as np

    held: list[npt.NDArray[np.void]] = []
    n_held = 0
    for path in paths:
        for begin in range(0, path.stat().st_size, _BLOCK * _RECORD_BYTES):
            held.append(np.fromfile(path, dtype=RECORD, count=_BLOCK, offset=begin))
            n_held += len(held[-1])
            if n_held >= _BLOCK:
                yield np.concatenate(held)
                held, n_held = [], 0
    if held:
        yield np.concatenate(held)


def _write(file: IO[bytes], data: bytes, path: Path) -> None:
    """Write all of it now: what waited in a buffer would fail again, without a sentence, where the file is closed."""
    at = 0
    try:
        while at < len(data):
            at += file.write(data[at:])
    except OSError as error:
        raise _unwritable(path, error) from error


def _opened(path: Path) -> IO[bytes]:
    try:
        return cast("IO[bytes]", path.open("wb", buffering=0))
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> AdvisorError:
    return AdvisorError(
        f"Cannot write {path}: {error.strerror}; --scratch names a folder with room for 48 bytes a document."
    )
