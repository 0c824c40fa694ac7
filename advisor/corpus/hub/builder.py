"""What is asked of ``datasets``, in a process of its own: a dataset's rows by data file, or its table.

One small request comes first: it finds the commit and the present name of the dataset, and meets most of what can go
wrong while the cause is still plain (``datasets`` itself reports HTTP 429 and 500 as a missing file). Everything after
it reads that one commit. Code that a repository carries is never run: ``datasets`` 4.0 removed the means.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from advisor.corpus.choice import names_in, top_column
from advisor.corpus.hub.client import find
from advisor.corpus.hub.failures import explained
from advisor.errors import HubError, UsageError, asked_wrongly

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pyarrow

    from advisor.corpus.hub.asked import Asked

# Rows decoded at a time from a parquet file. datasets decodes the first row group's number, and fails where it is 0.
BATCH_ROWS = 256


@dataclass(frozen=True, kw_only=True)
class OpenedDataset:
    """A dataset as ``HubDataset`` has it, in the process that reads it."""

    source: str
    split: str
    table: pyarrow.Table | None
    shards: tuple[Callable[[], Iterator[Mapping[str, object]]], ...]
    n_rows: int | None
    schema: pyarrow.Schema | None


def find_builder(asked: Asked) -> tuple[Any, str]:
    """Return what ``datasets`` builds the dataset with, and the split that is read.

    Raises:
        HubError: it cannot be had, or not as asked.
    """
    import datasets

    with explained(asked):
        repo, commit = (asked.repo, None) if datasets.config.HF_HUB_OFFLINE else find(asked)
        builder = datasets.load_dataset_builder(
            repo,
            name=asked.name,
            revision=commit or asked.revision,
            data_files=list(asked.data_files) or None,
            token=asked.token,
        )
    if getattr(builder.config, "batch_size", 0) is None:
        builder.config.batch_size = BATCH_ROWS
    _check_cached(builder, asked)
    return builder, _choose_split(builder, asked)


def _choose_split(builder: Any, asked: Asked) -> str:
    """Return the split to read: the one asked for, or train."""
    available = _splits(builder)
    split = asked.split or "train"
    unknown = {part.partition("[")[0].strip() for part in split.split("+")} - {"all", *available}
    if unknown and available:
        wish = f"there is no split {asked.split!r}" if asked.split else "no split was named and there is no train"
        raise HubError(f"{asked.repo}: {wish}; choose one with --split: {', '.join(available)}.")
    return split


def _splits(builder: Any) -> list[str]:
    """Return the names of the splits that a builder can read."""
    return [str(split) for split in (builder.config.data_files or builder.info.splits or ())]


def streamed(builder: Any, split: str, asked: Asked, column: str | None) -> OpenedDataset:
    """Return the shards of the split or splits (``train+test``), in order."""
    if "[" in split:
        raise UsageError(f"--split {split} takes a part of a split, which needs the whole: add --no-streaming.")
    names = _splits(builder) if split == "all" else [part.strip() for part in split.split("+")]
    with explained(asked):
        streams = [builder.as_streaming_dataset(split=name) for name in names]
    features = streams[0].features
    if column is not None and (column := _checked_column(column, features, asked)) is not None:
        if hasattr(builder.config, "columns"):
            builder.config.columns = [column]  # the files' other columns are then never fetched
            with explained(asked):
                streams = [builder.as_streaming_dataset(split=name) for name in names]
        streams = [stream.select_columns([column]) for stream in streams]
    if features is not None:
        streams = [stream.decode(False) for stream in streams]  # of a picture, a path and bytes
    return OpenedDataset(
        source=_source(builder, split, asked),
        split=split,
        table=None,
        shards=tuple(partial(_rows, stream, index, asked) for stream in streams for index in range(stream.num_shards)),
        n_rows=_stated_rows(builder, names),
        schema=streams[0].features.arrow_schema if features is not None else None,
    )


def _rows(stream: Any, index: int, asked: Asked) -> Iterator[Mapping[str, object]]:
    """Yield the rows of one shard of a stream, from its beginning."""
    with explained(asked):
        yield from stream.shard(num_shards=stream.num_shards, index=index)


def downloaded(builder: Any, split: str, asked: Asked, column: str | None) -> OpenedDataset:
    """Return the split as the memory-mapped table of the cache of ``datasets``, which is filled first if need be."""
    with explained(asked):
        builder.download_and_prepare()
        dataset = builder.as_dataset(split=split)
    if column is not None:
        _checked_column(column, dataset.features, asked)
    table = dataset.data.table
    if table.num_rows == 0:
        raise HubError(f"{asked.repo}: the split {split} has no rows: choose another with --split or --name.")
    return OpenedDataset(
        source=_source(builder, split, asked),
        split=split,
        table=table,
        shards=(),
        n_rows=table.num_rows,
        schema=table.schema,
    )


def _check_cached(builder: Any, asked: Asked) -> None:
    """Raise where a cached copy stands in for a revision that it need not be."""
    if _is_cached(builder) and asked.revision and not builder.hash.startswith(asked.revision):
        raise HubError(
            f"{asked.repo} comes from the cache, at commit {builder.hash}, and whether that is revision "
            f"{asked.revision!r} cannot be told: leave out the revision, or go online."
        )


def _is_cached(builder: Any) -> bool:
    """Return whether ``datasets`` fell back on what it prepared earlier, as it does offline."""
    return type(builder).__name__ == "Cache"


def _checked_column(column: str, features: Mapping[str, object] | None, asked: Asked) -> str | None:
    """Return the column that holds the one asked for, which may be nested; None where that cannot be known.

    Raises:
        HubError: the dataset is known not to have it.
    """
    if features is None:
        return None if any(sign in column for sign in ".:,") else column
    if len(names := names_in(column, features)) > 1:
        for name in names:
            _checked_column(name, features, asked)
        return None
    found = top_column(column, features)
    if found is None:
        raise asked_wrongly(
            HubError(f"{asked.repo} has no column {column!r}: choose one with --column: {', '.join(features)}.")
        )
    return found


def _stated_rows(builder: Any, names: list[str]) -> int | None:
    """Return the rows that the dataset's card states for these splits; it says 0 where it does not know."""
    counts = [info.num_examples for name, info in (builder.info.splits or {}).items() if name in names]
    return sum(counts) if len(counts) == len(names) and all(counts) else None


def _source(builder: Any, split: str, asked: Asked) -> str:
    """Return the name of what is read: ``org/name@commit/files:config/split``, the config where it has a name."""
    files = "/" + ",".join(asked.data_files) if asked.data_files else ""
    config = "" if builder.config.name.startswith("default") else builder.config.name + "/"
    cached = " (cached copy)" if _is_cached(builder) else ""
    return f"{builder.repo_id or asked.repo}@{builder.hash[:12]}{files}:{config}{split}{cached}"
