"""Checkpoints of training: one file for each task, replaced whole, and checked before it is loaded.

A file is what ``torch.save`` writes and, behind it, the SHA-256 of that in hexadecimal: torch itself does not notice a
changed byte inside a tensor. Nothing is loaded, unpickled or looked at before the digest fits; then only weights are.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

import torch

from advisor.data_files import sync_folder
from advisor.errors import AdvisorError
from advisor.untrusted.reading import parsing
from calibration.training.optimizer import State
from calibration.training.train import Stage
from calibration.training.trunk import Run

_TENSORS = ("weights", "first", "second")


class Loaded(NamedTuple):
    """What a checkpoint's file gave: the stage to go on from, or None, and one sentence if the file was no use."""

    stage: Stage | None
    warning: str | None = None


def save(path: Path, stage: Stage, *, task: str) -> None:
    """Replace the checkpoint at ``path`` by a stage of the task that ``task`` identifies; it is on disk on return.

    Raises:
        AdvisorError: it cannot be written; the checkpoint before it is still there.
    """
    temporary = _temporary(path)
    try:
        _discard(temporary)  # were it a link, it would be written through
        with temporary.open("xb") as file:
            writer = _Hashing(file)
            torch.save(_document(stage, task), writer)
            file.write(writer.hashed.hexdigest().encode())
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        sync_folder(path.parent)
    except (OSError, RuntimeError) as error:  # torch hides a full disk in a RuntimeError
        reason = _reason(error)
        clean(path)
        raise AdvisorError(
            f"Cannot write the checkpoint {path}: {reason}; nothing before it is lost: "
            "mend that and give the command again."
        ) from error


def load(path: Path, *, task: str) -> Loaded:
    """Return the stage saved at ``path``, on the CPU; None where there is none, or none of this task to be believed."""
    if not path.exists():
        return Loaded(None)
    again = "training begins this trunk again."
    try:
        if not path.is_file() or not _is_whole(path):
            return Loaded(None, f"The checkpoint {path} is damaged and is not used: {again}")
        with parsing(path, "a checkpoint", AdvisorError):
            document = torch.load(path, map_location="cpu", weights_only=True)
            if document["task"] != task:
                return Loaded(None, f"The checkpoint {path} is of another plan or version and is not used: {again}")
            return Loaded(_stage(document))
    except PermissionError as error:
        return Loaded(None, f"The checkpoint {path} cannot be read ({error.strerror}): {again}")
    except (AdvisorError, OSError):
        return Loaded(None, f"The checkpoint {path} is damaged and is not used: {again}")


def clean(path: Path) -> None:
    """Remove what a killed writer of this checkpoint left behind."""
    _discard(_temporary(path))


def remove(path: Path) -> None:
    """Remove a checkpoint that is no longer needed."""
    clean(path)
    _discard(path)


def _discard(path: Path) -> None:
    with suppress(OSError):  # what cannot be removed is in nobody's way
        path.unlink()


def _temporary(path: Path) -> Path:
    # One name, as one process at a time works on a task: the next writer writes over what a killed one left.
    return path.with_name(f".{path.name}.part")


def _document(stage: Stage, task: str) -> dict[str, Any]:
    if stage.state is None:
        raise ValueError("a stage before its first step has nothing to save")
    state = {**vars(stage.state)}
    state.update({name: state[name].detach().cpu() for name in _TENSORS})
    runs = [(run.seed, run.rate, run.halvings) for run in stage.runs]
    return {"task": task, "places": stage.places, "since": stage.since, "runs": runs, "state": state}


def _stage(document: dict[str, Any]) -> Stage:
    runs = tuple(Run(seed=seed, rate=rate, halvings=halvings) for seed, rate, halvings in document["runs"])
    state = State(**document["state"])
    return Stage(places=tuple(document["places"]), runs=runs, since=tuple(document["since"]), state=state)


class _Hashing:
    """A file that is written from begin to end, and the digest of what it was given."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.hashed = file, hashlib.sha256()

    def write(self, data: Any) -> int:
        """Write on, as a file does."""
        self.hashed.update(data)
        return self.file.write(data)

    def flush(self) -> None:
        """Hand what was written to the system."""
        self.file.flush()


def _is_whole(path: Path) -> bool:
    """Return whether the end of a file is the digest of all before it."""
    n_hex = 2 * hashlib.sha256().digest_size
    hashed, left = hashlib.sha256(), path.stat().st_size - n_hex
    with path.open("rb") as file:
        while left > 0 and (part := file.read(min(left, 1 << 20))):
            hashed.update(part)
            left -= len(part)
        return left == 0 and file.read() == hashed.hexdigest().encode()


def _reason(error: BaseException) -> str:
    """Return the operating system's words for what went wrong, wherever in the chain of errors they are."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__ or cause.__context__
    return "the disk may be full"
