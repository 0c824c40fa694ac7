"""Checkpoints of several ranks: a folder as ``torch.distributed.checkpoint`` writes it, whole, and checked at loading.

Each rank writes a file of what it has. Beside them is ``stage.pt``, with the rest of the stage and the digests of the
others. A folder is written beside the one before and gets its name, a number, when it is whole. Any number of ranks
reads it, and so does one process alone.
"""

from __future__ import annotations

import hashlib
import math
import pickle
import warnings
from collections.abc import Collection
from pathlib import Path
from typing import Any

import torch
from torch.distributed import checkpoint
from torch.distributed.checkpoint.api import CheckpointException

from advisor.data_files import sync_folder
from advisor.errors import AdvisorError
from advisor.plan.shape import Architecture
from advisor.untrusted.reading import parsing
from calibration.training.checkpoints import (
    AGAIN,
    TENSORS,
    Loaded,
    damaged,
    discard_folder,
    not_written,
    read_file,
    reason_of,
    stage_of,
    tensors_of,
    write_file,
)
from calibration.training.ranks import agreed, gathered
from calibration.training.shape import parts
from calibration.training.sharded import Sharded
from calibration.training.train import Stage

_STAGE, _METADATA, _PART = "stage.pt", ".metadata", ".part"
# All that the metadata of torch.distributed.checkpoint is made of: nothing else of it is unpickled.
_METADATA_CLASSES = {
    "pathlib": {"PosixPath"},
    "torch": {"Size", "float32"},
    "torch.serialization": {"_get_layout"},
    "torch.distributed.checkpoint.filesystem": {"_StorageInfo"},
    "torch.distributed.checkpoint.metadata": {
        *("ChunkStorageMetadata", "Metadata", "MetadataIndex", "StorageMeta", "TensorProperties"),
        *("TensorStorageMetadata", "_MEM_FORMAT_ENCODING"),
    },
}


def save_folder(folder: Path, stage: Stage, document: dict[str, Any], sharded: Sharded) -> None:
    """Write what all ranks have of a stage into a new folder of ``folder``, and remove those before it."""
    ranks, part = sharded.ranks, folder / _PART
    if ranks.is_first:
        discard_folder(part)
    agreed(ranks, None)  # none writes before that
    tensors = {
        f"{kind}.{name}": tensor
        for kind, flat in tensors_of(stage).items()
        for name, tensor in sharded.tensors(flat).items()
    }
    try:
        checkpoint.save(tensors, storage_writer=checkpoint.FileSystemWriter(part))
        own = {path.name: _digest(path) for path in part.glob(f"__{ranks.number}_*")}
    except (CheckpointException, OSError, RuntimeError) as error:
        reason = reason_of(next(iter(error.failures.values()))[0] if isinstance(error, CheckpointException) else error)
        raise not_written(folder, reason) from error
    files = {name: digest for each in gathered(ranks, own) for name, digest in each.items()}
    if ranks.is_first:
        _name_folder(folder, {**document, "files": {**files, _METADATA: _digest(part / _METADATA)}})


def _name_folder(folder: Path, document: dict[str, Any]) -> None:
    """Give the folder that is whole now its name, and remove those before it."""
    before = _numbered(folder)
    write_file(folder / _PART / _STAGE, document)
    try:
        (folder / _PART).rename(folder / f"{before[-1][0] + 1 if before else 1:09d}")
        sync_folder(folder)
    except OSError as error:
        raise not_written(folder, error.strerror or str(error)) from error
    for _, path in before:
        discard_folder(path)


def load_folder(folder: Path, task: str, shape: Architecture | None, sharded: Sharded | None) -> Loaded:
    """Return the stage that several ranks saved last."""
    assert shape is not None
    numbered = _numbered(folder)
    if not numbered:  # the first was being written
        return Loaded(None)
    place = numbered[-1][1]
    document, warning = read_file(place / _STAGE, folder, task)
    if document is None:
        return Loaded(None, warning)
    try:
        with parsing(folder, "a checkpoint", AdvisorError):
            state = {**document["state"], **_read_tensors(place, document["files"], shape, sharded)}
            return Loaded(stage_of({**document, "state": state}))
    except PermissionError as error:
        return Loaded(None, f"The checkpoint {folder} cannot be read ({error.strerror}): {AGAIN}")
    except (AdvisorError, OSError, CheckpointException):
        return Loaded(None, damaged(folder))


def _read_tensors(
    place: Path, files: dict[str, str], shape: Architecture, sharded: Sharded | None
) -> dict[str, torch.Tensor]:
    """Return the flat tensors of a state, of this rank or whole; each file is checked by the rank that is next."""
    number, n = (0, 1) if sharded is None else (sharded.ranks.number, sharded.ranks.n)
    for name in sorted(files)[number::n]:
        if Path(name).name != name or _digest(place / name) != files[name]:
            raise AdvisorError(f"{place / name} was altered.")
    if _digest(place / _METADATA) != files[_METADATA]:
        raise AdvisorError(f"{place / _METADATA} was altered.")
    if sharded is None:
        flat = {kind: torch.empty((1, shape.n_params)) for kind in TENSORS}
        views = {kind: _views(shape, each) for kind, each in flat.items()}
    else:
        flat = {kind: torch.empty((1, sharded.n_own), device=sharded.device) for kind in TENSORS}
        views = {kind: sharded.tensors(each) for kind, each in flat.items()}
    tensors = {f"{kind}.{name}": each for kind, parts_of in views.items() for name, each in parts_of.items()}
    with warnings.catch_warnings():  # that it reads for itself alone, which is meant
        warnings.simplefilter("ignore", UserWarning)
        checkpoint.load(tensors, storage_reader=_Reader(place, files), no_dist=True)
    return flat


def _views(shape: Architecture, flat: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return the parts of a whole model's columns, (1, n_params), as they lie in them."""
    sizes = dict(parts(shape))
    columns = flat[0].split([math.prod(size) for size in sizes.values()])
    return {name: part.view(size) for (name, size), part in zip(sizes.items(), columns, strict=True)}


class _Reader(checkpoint.FileSystemReader):  # type: ignore[misc]
    """Reads a folder of ``torch.distributed.checkpoint``, whose metadata is a pickle, and of that no strange class."""

    def __init__(self, place: Path, files: Collection[str]) -> None:
        super().__init__(place)
        self.place, self.files = place, files

    def read_metadata(self, *_: Any, **__: Any) -> Any:
        """Return the metadata.

        Raises:
            AdvisorError: it is of other classes, or names a file that is not this checkpoint's.
        """
        with (self.place / _METADATA).open("rb") as file:
            metadata = _Unpickler(file).load()
        if strange := {info.relative_path for info in metadata.storage_data.values()} - set(self.files):
            raise AdvisorError(f"{self.place / _METADATA} names {min(strange)}, which is no file of it.")
        return metadata


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Return a class that the metadata may have."""
        if name not in _METADATA_CLASSES.get(module, ()):
            raise AdvisorError(f"The metadata has a {module}.{name}, which no checkpoint has.")
        return super().find_class(module, name)


def _numbered(folder: Path) -> list[tuple[int, Path]]:
    """Return the whole folders of a checkpoint, by their numbers."""
    if not folder.is_dir():
        return []
    return sorted((int(path.name), path) for path in folder.iterdir() if path.name.isdecimal())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
