"""Datasets of the Hugging Face hub: one memory-mapped table, or one restartable stream of rows for each data file.

The library ``datasets`` does the reading; this file decides what is asked of it. One small request comes first: it
finds the commit and the present name of the dataset, and meets most of what can go wrong while the cause is still plain
(``datasets`` itself reports HTTP 429 and 500 as a missing file). Everything after it reads that one commit. Code that a
repository carries is never run: ``datasets`` 4.0 removed the means.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from advisor.corpus.choice import names_in, top_column
from advisor.corpus.hub.client import be_quiet_and_brief, find, limit_waiting
from advisor.corpus.hub.failures import Asked, explained
from advisor.errors import HubError, UsageError

if TYPE_CHECKING:
    import pyarrow

REPO = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
# A revision holds no slash, but for the hub's own refs: "refs/convert/parquet" and "refs/pr/7".
URI = re.compile(
    r"hf://datasets/(?P<repo>[\w.-]+(?:/[\w.-]+)?)(?:@(?P<revision>refs/(?:convert|pr)/[^/]+|[^/]+))?(?:/(?P<path>.+))?"
)
FILE_SUFFIXES = frozenset(
    {".arrow", ".bz2", ".csv", ".gz", ".json", ".jsonl", ".md", ".parquet", ".py", ".tsv", ".txt", ".xz", ".zst"}
)

# Rows decoded at a time from a parquet file. datasets decodes the first row group's number, and fails where it is 0.
BATCH_ROWS = 256


@dataclass(frozen=True, kw_only=True)
class HubOptions:
    """What to read of a dataset; each means what ``datasets.load_dataset`` means by it."""

    name: str | None = None
    split: str | None = None
    revision: str | None = None
    data_files: tuple[str, ...] = ()
    token: str | None = field(default=None, repr=False)
    streaming: bool = True


@dataclass(frozen=True, kw_only=True)
class HubDataset:
    """A dataset that was found: a ``table`` if it was downloaded, else ``shards`` to be streamed.

    ``source`` names what is read, commit included: ``org/name@1a2b3c4d5e6f:config/split``. Each call of a shard starts
    from that data file's first row and opens it only then; an empty file is a shard without rows. ``n_rows`` is what
    the dataset's card states (downloaded: what was counted), ``schema`` what its files state; None where unknown.
    """

    source: str
    split: str
    table: pyarrow.Table | None
    shards: tuple[Callable[[], Iterator[Mapping[str, object]]], ...]
    n_rows: int | None
    schema: pyarrow.Schema | None


def is_hub_name(source: str) -> bool:
    """Return whether ``source``, which is no path here, names a dataset: ``org/name`` or ``hf://...``.

    A single word never does (it is more likely a mistyped file), so the hub's oldest datasets are written
    ``hf://datasets/squad``; nor does ``org/name`` with the suffix of a data file.

    >>> is_hub_name("allenai/c4"), is_hub_name("squad"), is_hub_name("data/train.jsonl"), is_hub_name("./a/b")
    (True, False, False, False)
    """
    if source.startswith("hf://"):
        return True
    return REPO.fullmatch(source) is not None and PurePosixPath(source).suffix.lower() not in FILE_SUFFIXES


def open_hub(source: str, options: HubOptions, column: str | None = None) -> HubDataset:
    """Return the dataset ``source``, found on the hub (or in the cache, with HF_HUB_OFFLINE) but not yet read.

    Where it is streamed and ``column`` is given, only that column is fetched of a parquet file and only it is in the
    rows. Importing ``datasets`` takes 1.5 s; its progress bars, its log and its longest waits are switched off for the
    whole process.

    Raises:
        UsageError: ``source`` is malformed, or says something else than ``options``.
        HubError: the dataset cannot be had, or not as asked.
    """
    asked = locate(source, options)
    with explained(asked):
        import datasets

        be_quiet_and_brief()
        repo, commit = (asked.repo, None) if datasets.config.HF_HUB_OFFLINE else find(asked)
        builder = datasets.load_dataset_builder(
            repo,
            name=options.name,
            revision=commit or asked.revision,
            data_files=list(asked.data_files) or None,
            token=options.token,
        )
        if getattr(builder.config, "batch_size", 0) is None:
            builder.config.batch_size = BATCH_ROWS
        _check_cached(builder, asked)
        split = _choose_split(builder, asked)
        if options.streaming:
            return _streamed(builder, split, asked, column)
        return _downloaded(builder, split, asked, column)


def locate(source: str, options: HubOptions) -> Asked:
    """Return what ``source`` and ``options`` together ask for.

    >>> locate("hf://datasets/allenai/c4@main/en/*.json.gz", HubOptions()).data_files
    ('en/*.json.gz',)
    """
    match = URI.fullmatch(source.rstrip("/")) or re.fullmatch(rf"(?P<repo>{REPO.pattern})", source)
    if match is None:
        raise UsageError(
            f"{source} does not name a dataset: write org/name or hf://datasets/org/name[@revision][/path]; models, "
            "spaces and buckets of the hub are not read."
        )
    parts = match.groupdict()
    revision, path = unquote(parts.get("revision") or ""), parts.get("path")
    if revision and options.revision not in (None, revision):
        raise UsageError(f"{source} and --revision {options.revision} name two revisions: give one.")
    if path and options.data_files:
        raise UsageError(f"{source} names files, and so does --data-files {options.data_files[0]}: give one.")
    return Asked(
        repo=parts["repo"],
        name=options.name,
        split=options.split,
        revision=options.revision or revision or None,
        data_files=(path,) if path else options.data_files,
        token=options.token,
    )


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


def _streamed(builder: Any, split: str, asked: Asked, column: str | None) -> HubDataset:
    """Return the shards of the split or splits (``train+test``), in order."""
    if "[" in split:
        raise UsageError(f"--split {split} takes a part of a split, which needs the whole: add --no-streaming.")
    names = _splits(builder) if split == "all" else [part.strip() for part in split.split("+")]
    streams = [builder.as_streaming_dataset(split=name) for name in names]
    features = streams[0].features
    if column is not None and (column := _checked_column(column, features, asked)) is not None:
        if hasattr(builder.config, "columns"):
            builder.config.columns = [column]  # the files' other columns are then never fetched
            streams = [builder.as_streaming_dataset(split=name) for name in names]
        streams = [stream.select_columns([column]) for stream in streams]
    if features is not None:
        streams = [stream.decode(False) for stream in streams]  # of a picture, a path and bytes
    return HubDataset(
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
        limit_waiting()
        yield from stream.shard(num_shards=stream.num_shards, index=index)


def _downloaded(builder: Any, split: str, asked: Asked, column: str | None) -> HubDataset:
    """Return the split as the memory-mapped table of the cache of ``datasets``, which is filled first if need be."""
    builder.download_and_prepare()
    dataset = builder.as_dataset(split=split)
    if column is not None:
        _checked_column(column, dataset.features, asked)
    table = dataset.data.table
    if table.num_rows == 0:
        raise HubError(f"{asked.repo}: the split {split} has no rows: choose another with --split or --name.")
    return HubDataset(
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
        raise HubError(f"{asked.repo} has no column {column!r}: choose one with --column: {', '.join(features)}.")
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
