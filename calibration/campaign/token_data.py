"""The tokens of a source on disk, as two .npy arrays that memory maps: what is trained on and what is held out.

They are (documents, seq_len) of uint8 or uint16 where the ids fit, else int32, and need numpy alone to be read. Beside
them lies NAME.sha256 with the digests of both files, as ``sha256sum -c`` reads it: a byte that changes anywhere is
found before it is trained on.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advisor.data_files import folder_made, write_atomically
from advisor.errors import AdvisorError
from advisor.untrusted.reading import bounded_bytes

# Training documents that the digest covers: as many as the smallest D has, so that more data is still the same data.
DIGEST_DOCUMENTS = 390

PARTS = ("training", "validation")
DTYPES = (np.uint8, np.uint16, np.int32)

Ids = NDArray[np.integer[Any]]


@dataclass(frozen=True, kw_only=True)
class TokenData:
    """Documents to train on, read in order, and the fixed set that losses are measured on."""

    training: Ids
    validation: Ids

    def digest(self) -> str:
        """Return what names this data: sha256 of the held-out documents and the first training documents."""
        hashed = hashlib.sha256()
        for part in (self.validation, self.training[:DIGEST_DOCUMENTS]):
            hashed.update(repr(part.shape).encode() + np.ascontiguousarray(part, dtype="<i4").tobytes())
        return hashed.hexdigest()[:32]


def write_data(data: TokenData, folder: Path, name: str) -> None:
    """Write a source's two arrays and their digests into ``folder``, each file whole or not at all.

    Raises:
        AdvisorError: the disk refuses.
    """
    paths = [_path(folder, name, part) for part in PARTS]
    with folder_made(folder):
        parts = [_written(path, ids) for path, ids in zip(paths, (data.training, data.validation), strict=True)]
        # Before the arrays have their names: whoever is killed here leaves none that no digest is of.
        write_atomically(_digests_file(folder, name), _digests(parts, paths))
        for part, path in zip(parts, paths, strict=True):
            with _refused(path):
                part.replace(path)


@contextmanager
def _refused(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise AdvisorError(f"{path} cannot be written: {error.strerror or error}.") from error


def keep_data(data: TokenData, folder: Path, name: str) -> None:
    """Write a source's arrays unless they are there already, with as many documents or more.

    Raises:
        AdvisorError: the disk refuses.
    """
    there = read_data(folder, name)
    if there is None or there.digest() != data.digest() or len(there.training) < len(data.training):
        write_data(data, folder, name)


def cut_data(folder: Path, name: str, *, n_tokens: int) -> None:
    """Leave no more training documents of a source on disk than ``n_tokens`` take, and its digest covers.

    A larger grid reads a corpus again, in the same order.

    Raises:
        AdvisorError: the disk refuses.
    """
    data = read_data(folder, name)
    if data is None:
        return
    n_documents = max(DIGEST_DOCUMENTS, -(-n_tokens // data.training.shape[1]))
    if len(data.training) > n_documents:
        write_data(TokenData(training=data.training[:n_documents], validation=data.validation), folder, name)


def read_data(folder: Path, name: str) -> TokenData | None:
    """Return a source's arrays, mapped from disk; None where they are not there, are no such arrays, or were changed.

    Arrays without a file of digests, as older versions wrote them, are taken as they are: see ``is_unsigned``.
    """
    paths = [_path(folder, name, part) for part in PARTS]
    try:
        if not all(path.is_file() for path in paths) or not _is_whole(paths, _digests_file(folder, name)):
            return None
        training, validation = (np.load(path, mmap_mode="r", allow_pickle=False) for path in paths)
    except (OSError, ValueError, EOFError):
        return None
    if any(part.ndim != 2 or part.dtype not in DTYPES for part in (training, validation)):
        return None
    return TokenData(training=training, validation=validation)


def is_unsigned(folder: Path, name: str) -> bool:
    """Return whether a source's arrays are there, and no file says their digests: a change would not be found."""
    return all(_path(folder, name, part).is_file() for part in PARTS) and not _digests_file(folder, name).exists()


def _is_whole(paths: Sequence[Path], digests: Path) -> bool:
    if not digests.exists():
        return True
    return bounded_bytes(digests, 1 << 12, AdvisorError, regular=True).decode() == _digests(paths, paths)


def _digests(files: Sequence[Path], paths: Sequence[Path]) -> str:
    """Return the digests of files, which are or will be at ``paths``."""
    return "".join(f"{_file_digest(file)}  {path.name}\n" for file, path in zip(files, paths, strict=True))


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _path(folder: Path, name: str, part: str) -> Path:
    return folder / f"{name}.{part}.npy"


def _digests_file(folder: Path, name: str) -> Path:
    return folder / f"{name}.sha256"


def _written(path: Path, ids: Ids) -> Path:
    """Return the file, flushed to disk, that is to be renamed to ``path``."""
    largest = int(ids.max())
    small = ids.astype(next(each for each in DTYPES if largest <= np.iinfo(each).max), copy=False)
    # One name, as one process at a time writes into a folder: the next writer writes over what a killed one left.
    temporary = path.with_name(f".{path.name}.part")
    with _refused(path):
        temporary.unlink(missing_ok=True)  # were it a link, it would be written through
        try:
            with temporary.open("xb") as file:
                np.save(file, small, allow_pickle=False)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
    return temporary
