"""Checkpoints of training: one file for each task, or one folder of several ranks, replaced whole, checked at loading.

A file is what ``torch.save`` writes and, behind it, the SHA-256 of that in hexadecimal: torch itself does not notice a
changed byte inside a tensor. Nothing is loaded, unpickled or looked at before the digest fits; then only weights are.

What several ranks save is a folder (``sharded_checkpoints``). Either form is gone on with by any number of ranks.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import torch

from advisor.data_files import sync_folder
from advisor.errors import AdvisorError
from advisor.untrusted.reading import parsing
from calibration.training.optimizer import State
from calibration.training.ranks import ALONE, Ranks, agreed, gathered
from calibration.training.train import Stage
from calibration.training.trunk import Run

if TYPE_CHECKING:
    from advisor.plan.shape import Architecture
    from calibration.training.sharded import Sharded

TENSORS = ("weights", "first", "second")
AGAIN = "training begins this trunk again."
_RANKS = ".ranks"  # what the name of a folder ends with


class Loaded(NamedTuple):
    """What a checkpoint's file gave: the stage to go on from, or None, and one sentence if the file was no use."""

    stage: Stage | None
    warning: str | None = None


def save(path: Path, stage: Stage, *, task: str, sharded: Sharded | None = None) -> None:
    """Replace the checkpoint at ``path`` by a stage of the task that ``task`` identifies; it is on disk on return.

    That of several ranks, each of which calls this, is a folder beside ``path``.

    Raises:
        AdvisorError: it cannot be written; the checkpoint before it is still there.
    """
    document = _document(stage, task)
    if sharded is None:
        document["state"].update({name: tensor.cpu() for name, tensor in tensors_of(stage).items()})
        write_file(path, document)
        discard_folder(_folder(path))
        return
    from calibration.training.sharded_checkpoints import save_folder

    save_folder(_folder(path), stage, document, sharded)
    if sharded.ranks.is_first:
        _discard(path)


def load(path: Path, *, task: str, shape: Architecture | None = None, sharded: Sharded | None = None) -> Loaded:
    """Return the stage saved at ``path``, on the CPU; None where there is none, or none of this task to be believed.

    With ``shape`` also one that several ranks saved; with ``sharded`` each rank, all of which call this, gets its own
    weights.
    """
    found, ranks = Loaded(None), ALONE if sharded is None else sharded.ranks
    forms = (path, _folder(path)) if sharded is None else (_folder(path), path)
    for place in forms:
        if not agreed(ranks, place.exists() and (shape is not None or place == path)):
            continue
        found = _of_all(ranks, _load(place, task, shape, sharded))
        if found.stage is not None:
            break
    return found


def clean(path: Path) -> None:
    """Remove what a killed writer of this checkpoint left behind."""
    _discard(_temporary(path))


def remove(path: Path) -> None:
    """Remove a checkpoint that is no longer needed, in either form."""
    clean(path)
    _discard(path)
    discard_folder(_folder(path))


def remove_all(folder: Path) -> None:
    """Remove every checkpoint in a folder."""
    for path in (*folder.glob("*.pt"), *folder.glob(f"*{_RANKS}")):
        remove(path.with_suffix(".pt"))


def write_file(path: Path, document: dict[str, Any]) -> None:
    """Replace a file by what ``torch.save`` makes of a document, and its digest.

    Raises:
        AdvisorError: it cannot be written; the file before it is still there.
    """
    temporary = _temporary(path)
    try:
        _discard(temporary)  # were it a link, it would be written through
        with temporary.open("xb") as file:
            writer = _Hashing(file)
            torch.save(document, writer)
            file.write(writer.hashed.hexdigest().encode())
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        sync_folder(path.parent)
    except (OSError, RuntimeError) as error:  # torch hides a full disk in a RuntimeError
        reason = reason_of(error)
        _discard(temporary)
        raise not_written(path, reason) from error


def not_written(path: Path, reason: str) -> AdvisorError:
    """Return the error of a checkpoint that cannot be written."""
    return AdvisorError(
        f"Cannot write the checkpoint {path}: {reason}; nothing before it is lost: "
        "mend that and give the command again."
    )


def _load(path: Path, task: str, shape: Architecture | None, sharded: Sharded | None) -> Loaded:
    if path.suffix == _RANKS and shape is not None:
        from calibration.training.sharded_checkpoints import load_folder

        return load_folder(path, task, shape, sharded)
    document, warning = read_file(path, path, task)
    if document is None:
        return Loaded(None, warning)
    try:
        with parsing(path, "a checkpoint", AdvisorError):
            stage = stage_of(document)
            return Loaded(stage if sharded is None else _cut(stage, sharded))
    except AdvisorError:
        return Loaded(None, damaged(path))


def read_file(path: Path, whole: Path, task: str) -> tuple[dict[str, Any] | None, str | None]:
    """Return what a file of ours holds, or why it is not used; ``whole`` is what the sentence names."""
    try:
        if not path.is_file() or not _is_whole(path):
            return None, damaged(whole)
        with parsing(path, "a checkpoint", AdvisorError):
            document = torch.load(path, map_location="cpu", weights_only=True)
            if document["task"] != task:
                return None, f"The checkpoint {whole} is of another plan or version and is not used: {AGAIN}"
            return document, None
    except PermissionError as error:
        return None, f"The checkpoint {whole} cannot be read ({error.strerror}): {AGAIN}"
    except (AdvisorError, OSError):
        return None, damaged(whole)


def damaged(path: Path) -> str:
    """Return the warning of a checkpoint that is not to be believed."""
    return f"The checkpoint {path} is damaged and is not used: {AGAIN}"


def _cut(stage: Stage, sharded: Sharded) -> Stage:
    """Return the stage of a model on one device as this rank has it."""
    assert stage.state is not None
    own = {name: sharded.cut(getattr(stage.state, name)) for name in TENSORS}
    return replace(stage, state=replace(stage.state, **own))


def _of_all(ranks: Ranks, found: Loaded) -> Loaded:
    """Return what this rank found if all found something, else nothing, with the first warning of any."""
    warnings_of_all = gathered(ranks, None if found.stage is not None else found.warning or "")
    lacking = [warning for warning in warnings_of_all if warning is not None]
    return Loaded(None, lacking[0] or None) if lacking else found


def _folder(path: Path) -> Path:
    return path.with_suffix(_RANKS)


def discard_folder(path: Path) -> None:
    """Remove a folder, or the link that stands in its place."""
    if path.is_symlink():
        _discard(path)
    shutil.rmtree(path, ignore_errors=True)  # what cannot be removed is in nobody's way


def _discard(path: Path) -> None:
    with suppress(OSError):  # what cannot be removed is in nobody's way
        path.unlink()


def _temporary(path: Path) -> Path:
    # One name, as one process at a time works on a task: the next writer writes over what a killed one left.
    return path.with_name(f".{path.name}.part")


def _document(stage: Stage, task: str) -> dict[str, Any]:
    if stage.state is None:
        raise ValueError("a stage before its first step has nothing to save")
    state = {name: value for name, value in vars(stage.state).items() if name not in TENSORS}
    runs = [(run.seed, run.rate, run.halvings) for run in stage.runs]
    return {"task": task, "places": stage.places, "since": stage.since, "runs": runs, "state": state}


def tensors_of(stage: Stage) -> dict[str, torch.Tensor]:
    """Return the tensors of a stage's state."""
    return {name: getattr(stage.state, name).detach() for name in TENSORS}


def stage_of(document: dict[str, Any]) -> Stage:
    """Return the stage that a checkpoint's document is of."""
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


def reason_of(error: BaseException) -> str:
    """Return the operating system's words for what went wrong, wherever in the chain of errors they are."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__ or cause.__context__
    return "the disk may be full"
