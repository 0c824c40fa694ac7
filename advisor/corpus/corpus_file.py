"""A file of a corpus: where its bytes lie, here or at a remote address, and what they are read as."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from advisor.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Callable

    from advisor.corpus.tally import Tally


_AT_ONCE = 1 << 26  # bytes: so many are set aside before they are read, however few there are


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where bytes lie: a file of this machine, or one that ``opener`` opens elsewhere.

    Attributes:
        name: its path, or its address without credentials.
        n_bytes: its size as it is stored.
        opener: of a remote file, what opens it for reading in ranges; None for a file of this machine.
    """

    name: str
    n_bytes: int
    opener: Callable[[], IO[bytes]] | None = None

    @property
    def is_local(self) -> bool:
        """Whether it is a file of this machine."""
        return self.opener is None

    @property
    def path(self) -> Path:
        """The path of a file of this machine."""
        return Path(self.name)

    @property
    def file_name(self) -> str:
        """The last part of its path or address."""
        return self.name.rpartition("/")[2]

    @property
    def suffixes(self) -> tuple[str, ...]:
        """The endings of its name, in lower case, as of ``a.JSONL.gz``: ``.jsonl`` and ``.gz``."""
        return suffixes_of(self.name)

    def open(self) -> IO[bytes]:
        """Return its bytes as they are stored, unbuffered, readable at any offset."""
        return cast("IO[bytes]", open(self.name, "rb", buffering=0)) if self.opener is None else self.opener()


@dataclass(frozen=True, kw_only=True)
class CorpusFile:
    """One file of a corpus.

    Attributes:
        place: where its bytes lie.
        format: one of FORMATS.
        compression: of the whole file, one of COMPRESSIONS; None for none.
        named: by the user, so that what is wrong with it is an error.
        beside: the files that say how it is read and are none of the corpus: its index, its sidecar.
    """

    place: Place
    format: str
    compression: str | None
    named: bool
    beside: tuple[Place, ...] = ()

    @property
    def name(self) -> str:
        """Its path or address, for messages and keys."""
        return self.place.name

    @property
    def n_bytes(self) -> int:
        """Its size as it is stored."""
        return self.place.n_bytes


def leave_out_empty(file: CorpusFile | None, tally: Tally, what: str, *, name: str) -> None:
    """Count a table without a row, such as one of the parts that Spark writes, as a file without a byte is counted.

    Raises:
        CorpusError: it was named, or comes through a pipe; ``what`` says of ``name`` that it is empty.
    """
    if file is None or file.named:
        raise CorpusError(f"{name} {what}.")
    tally.skip("tables without a row", n_bytes=file.n_bytes, name=file.name, deliberate=True)


def suffixes_of(name: str) -> tuple[str, ...]:
    """Return the endings of a file's name in lower case; a dot that it begins with is none.

    >>> suffixes_of("a/.b.JSONL.gz"), suffixes_of("v1.2/LICENSE")
    (('.jsonl', '.gz'), ())
    """
    parts = name.rpartition("/")[2].lstrip(".").split(".")[1:]
    return tuple(f".{part.lower()}" for part in parts)


def read_at(handle: IO[bytes], n_bytes: int, offset: int) -> bytes:
    """Return the bytes at ``offset`` of an open file: ``n_bytes``, or fewer where it ends."""
    handle.seek(offset)
    data = handle.read(min(n_bytes, _AT_ONCE))
    while len(data) < n_bytes and (more := handle.read(min(n_bytes - len(data), _AT_ONCE))):
        data += more
    return data
