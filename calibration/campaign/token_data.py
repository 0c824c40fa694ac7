"""The tokens of a source on disk, as two .npy arrays that memory maps: what is trained on and what is held out.

They are (documents, seq_len) of uint16 where the ids fit, else int32, and need numpy alone to be read.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from advisor.errors import AdvisorError

# Training documents that the digest covers: as many as the smallest D has, so that more data is still the same data.
DIGEST_DOCUMENTS = 390

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
    """Write a source's two arrays into ``folder``, each whole or not at all.

    Raises:
        AdvisorError: the disk refuses.
    """
    for part, ids in (("training", data.training), ("validation", data.validation)):
        _write(_path(folder, name, part), ids)


def keep_data(data: TokenData, folder: Path, name: str) -> None:
    """Write a source's arrays unless they are there already, with as many documents or more.

    Raises:
        AdvisorError: the disk refuses.
    """
    there = read_data(folder, name)
    if there is None or there.digest() != data.digest() or len(there.training) < len(data.training):
        write_data(data, folder, name)


def read_data(folder: Path, name: str) -> TokenData | None:
    """Return a source's arrays, mapped from disk; None where they are not there, or are no such arrays."""
    paths = [_path(folder, name, part) for part in ("training", "validation")]
    try:
        training, validation = (np.load(path, mmap_mode="r", allow_pickle=False) for path in paths)
    except (OSError, ValueError, EOFError):
        return None
    if any(part.ndim != 2 or part.dtype not in (np.uint16, np.int32) for part in (training, validation)):
        return None
    return TokenData(training=training, validation=validation)


def _path(folder: Path, name: str, part: str) -> Path:
    return folder / f"{name}.{part}.npy"


def _write(path: Path, ids: Ids) -> None:
    small = ids.astype(np.uint16 if int(ids.max()) < 1 << 16 else np.int32, copy=False)
    # One name, as one process at a time writes into a folder: the next writer writes over what a killed one left.
    temporary = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            np.save(file, small, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise AdvisorError(f"{path} cannot be written: {error.strerror or error}.") from error
