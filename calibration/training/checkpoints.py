"""Checkpoints of training: one file for each task, replaced whole, and checked before it is believed."""

from __future__ import annotations

import hashlib
import os
import pickle
import struct
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import torch

from advisor.data_files import sync_folder
from advisor.errors import AdvisorError
from calibration.training.optimizer import State
from calibration.training.train import Stage
from calibration.training.trunk import Run

# What torch.load was seen to raise on damaged files, and what unpickling is known to.
_DAMAGE = (
    *(OSError, RuntimeError, ValueError, LookupError, TypeError, AttributeError, EOFError, ArithmeticError),
    *(AssertionError, ImportError, MemoryError, pickle.UnpicklingError, struct.error),
)
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
        with temporary.open("wb") as file:
            torch.save(_document(stage, task), file)
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
        document = torch.load(path, map_location="cpu", weights_only=True)
        if document["task"] != task:
            return Loaded(None, f"The checkpoint {path} is of another plan or version and is not used: {again}")
        if document["digest"] != _digest(document):
            return Loaded(None, f"The checkpoint {path} is damaged and is not used: {again}")
        return Loaded(_stage(document))
    except PermissionError as error:
        return Loaded(None, f"The checkpoint {path} cannot be read ({error.strerror}): {again}")
    except _DAMAGE:
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
    document = {"task": task, "places": stage.places, "since": stage.since, "runs": runs, "state": state}
    return {**document, "digest": _digest(document)}


def _stage(document: dict[str, Any]) -> Stage:
    runs = tuple(Run(seed=seed, rate=rate, halvings=halvings) for seed, rate, halvings in document["runs"])
    state = State(**document["state"])
    return Stage(places=tuple(document["places"]), runs=runs, since=tuple(document["since"]), state=state)


def _digest(document: dict[str, Any]) -> str:
    """Return the SHA-256 of a checkpoint's content: torch does not notice a changed byte inside a tensor."""
    state = document["state"]
    facts = [document["task"], list(document["places"]), list(document["since"]), [list(r) for r in document["runs"]]]
    facts += [[name, value] for name, value in sorted(state.items()) if name not in _TENSORS]
    digest = hashlib.sha256(repr(facts).encode())
    for name in _TENSORS:
        tensor = state[name]
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        digest.update(tensor.contiguous().numpy())
    return digest.hexdigest()


def _reason(error: BaseException) -> str:
    """Return the operating system's words for what went wrong, wherever in the chain of errors they are."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__ or cause.__context__
    return "the disk may be full"
