"""The bytes of a file, decompressed and otherwise as they are stored."""

from __future__ import annotations

from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from advisor.corpus.compression import decompressed
from advisor.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from advisor.corpus.corpus_file import CorpusFile, Place


@contextmanager
def opened(place: Place) -> Iterator[IO[bytes]]:
    """Yield a file as it is stored, unbuffered: of what is read here and there, nothing more is fetched.

    Raises:
        CorpusError: while it is read, if it cannot be.
    """
    try:
        with place.open() as handle:
            yield handle
    except OSError as error:
        raise CorpusError(f"{place.name} cannot be read: {error.strerror or error}.") from error


@contextmanager
def open_stored(file: CorpusFile) -> Iterator[IO[bytes]]:
    """Yield the file's bytes, decompressed.

    Raises:
        CorpusError: while they are read, if the file cannot be read or is truncated.
    """
    try:
        with file.place.open() as stored, decompressed(stored, file.compression, file.name) as stream:
            yield stream
    except OSError as error:
        raise CorpusError(f"{file.name} cannot be read: {error.strerror or error}.") from error


def read_fully(stream: IO[bytes], n_bytes: int) -> bytes:
    """Return the next bytes of a stream: fewer only where it ends."""
    data = stream.read(n_bytes)
    while len(data) < n_bytes and (more := stream.read(n_bytes - len(data))):
        data += more
    return data
