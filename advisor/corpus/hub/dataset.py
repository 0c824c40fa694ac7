"""Datasets of the Hugging Face hub: one table, or one restartable stream of rows for each data file.

The library ``datasets`` does the reading, in a child process of its own: what a dataset's files do to the parsers below
it ends that process and not this one, its memory is bounded, and a hub that does not come to an end is left in time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from advisor.corpus.formats import COMPRESSIONS, FORMAT_OF
from advisor.corpus.hub.asked import Asked
from advisor.errors import UsageError

if TYPE_CHECKING:
    import pyarrow

    from advisor.corpus.hub.reading import HubTable

REPO = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
# A revision holds no slash, but for the hub's own refs: "refs/convert/parquet" and "refs/pr/7".
URI = re.compile(
    r"hf://datasets/(?P<repo>[\w.-]+(?:/[\w.-]+)?)(?:@(?P<revision>refs/(?:convert|pr)/[^/]+|[^/]+))?(?:/(?P<path>.+))?"
)
FILE_SUFFIXES = frozenset(
    {
        *(suffix for suffix, format in FORMAT_OF.items() if format != "text"),
        *COMPRESSIONS,
        *(".txt", ".md", ".py", ".bin", ".ds", ".idx", ".npy", ".npz", ".u16"),
    }
)


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
    table: HubTable | None
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
    rows. The process that reads it ends with the last use of what is returned.

    Raises:
        UsageError: ``source`` is malformed, or says something else than ``options``.
        HubError: the dataset cannot be had, not as asked, or not in time.
    """
    from advisor.corpus.hub.reading import HubReader

    asked = locate(source, options)
    reader = HubReader(asked)
    found = reader.open(streaming=options.streaming, column=column)
    return HubDataset(
        source=found["source"],
        split=found["split"],
        table=reader.table() if found["is_table"] else None,
        shards=reader.shards(found["n_shards"]),
        n_rows=found["n_rows"],
        schema=reader.schema,
    )


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
