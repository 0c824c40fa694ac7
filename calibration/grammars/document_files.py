"""Documents of a grammar written as folders of parquet files: one column ``input_ids``, one document a row."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from advisor.data_files import folder_made
from advisor.errors import AdvisorError, UsageError
from calibration.grammars.sampling import SEQ_LEN, SHARD_DOCUMENTS, Tokens, sample_shards
from calibration.grammars.sets import NamedGrammar
from calibration.grammars.tilting import tilt

if TYPE_CHECKING:
    import pyarrow as pa

COLUMN = "input_ids"


@dataclass(frozen=True, kw_only=True)
class TokenFiles:
    """A data set that was written: its folder and how much is in it."""

    folder: Path
    n_documents: int
    n_tokens: int
    n_files: int
    n_bytes: int


def write_documents(
    source: NamedGrammar,
    folder: Path,
    *,
    n_tokens: int,
    seed: int,
    seq_len: int = SEQ_LEN,
    progress: Callable[[int], None] | None = None,
) -> TokenFiles:
    """Return what was written into ``folder``: whole documents, the fewest that hold ``n_tokens`` tokens.

    A file is one shard; only one is in memory. The folder appears when all of them are on disk. ``progress`` is called
    with the tokens of each file.

    Raises:
        UsageError: the folder exists, or fewer than one token is asked for.
        AdvisorError: the disk refuses.
    """
    if n_tokens < 1:
        raise UsageError(f"A data set of {n_tokens} tokens cannot be written: ask for at least 1.")
    if folder.exists():
        raise UsageError(f"{folder} exists: remove it or write to another folder.")
    n_documents = -(-n_tokens // seq_len)
    partial = folder.with_name(f".{folder.name}.partial")
    with folder_made(folder.parent):
        try:
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            _write_shards(source, partial, n_documents=n_documents, seed=seed, seq_len=seq_len, progress=progress)
            sizes = [path.stat().st_size for path in partial.iterdir()]
            partial.rename(folder)
            _sync(folder.parent)
        except OSError as error:
            raise AdvisorError(f"{folder} cannot be written: {error.strerror or error}.") from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return TokenFiles(
        folder=folder,
        n_documents=n_documents,
        n_tokens=n_documents * seq_len,
        n_files=len(sizes),
        n_bytes=sum(sizes),
    )


def _write_shards(
    source: NamedGrammar,
    folder: Path,
    *,
    n_documents: int,
    seed: int,
    seq_len: int,
    progress: Callable[[int], None] | None,
) -> None:
    import pyarrow.parquet as pq

    n_shards = -(-n_documents // SHARD_DOCUMENTS)
    about = {"grammar": source.name, "shape": astuple(source.shape), "grammar_seed": source.seed, "seed": seed}
    shards = sample_shards(tilt(source.grammar), n_documents=n_documents, seed=seed, seq_len=seq_len)
    for number, documents in enumerate(shards):
        path = folder / f"part-{number:05d}-of-{n_shards:05d}.parquet"
        table = _table(documents).replace_schema_metadata({"advisor": json.dumps(about | {"shard": number})})
        pq.write_table(table, path, compression="zstd")
        _sync(path)
        if progress:
            progress(documents.size)
    _sync(folder)


def _table(documents: Tokens) -> pa.Table:
    import pyarrow as pa

    offsets = np.arange(0, documents.size + 1, documents.shape[1], dtype=np.int32)
    return pa.table({COLUMN: pa.ListArray.from_arrays(offsets, documents.ravel())})


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
