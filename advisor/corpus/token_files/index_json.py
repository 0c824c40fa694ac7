"""The index.json of a folder of shards: MosaicML's MDS and litdata."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

from advisor.corpus.corpus_file import read_at
from advisor.corpus.token_files.stored import opened
from advisor.errors import CorpusError
from advisor.json_fields import Node

if TYPE_CHECKING:
    from advisor.corpus.corpus_file import Place

_LARGEST = 16 << 20  # bytes: 40,000 shards of MDS, and up to 350 MB when it is parsed


def read_index(place: Place) -> dict[str, Any]:
    """Return what an index.json holds; an empty dictionary if it is not an object.

    Raises:
        CorpusError: it is not JSON.
    """
    return _parsed(place, place.path.stat().st_mtime_ns if place.is_local else 0)


@functools.lru_cache(maxsize=8)  # every shard asks for its index
def _parsed(place: Place, changed: int) -> dict[str, Any]:
    if place.n_bytes > _LARGEST:
        raise CorpusError(
            f"{place.name} has {place.n_bytes >> 20:,} MB: an index of shards has at most {_LARGEST >> 20}."
        )
    try:
        with opened(place) as handle:
            found = json.loads(read_at(handle, place.n_bytes, 0))
    except (ValueError, RecursionError) as error:
        raise CorpusError(f"{place.name} is not valid JSON: it is truncated or damaged.") from error
    return found if isinstance(found, dict) else {}


def index_node(place: Place) -> Node:
    """Return the same as a value whose parts are checked when they are taken.

    Raises:
        CorpusError: it is not JSON.
    """
    return Node(read_index(place), place.name, "", CorpusError)


def is_mds(index: dict[str, Any]) -> bool:
    """Return whether an index is of MDS: a list of shards, each of which says its format."""
    shards = index.get("shards")
    return isinstance(shards, list) and all(isinstance(shard, dict) and "format" in shard for shard in shards)


def is_litdata(index: dict[str, Any]) -> bool:
    """Return whether an index is of litdata: a list of chunks and how they were written."""
    return isinstance(index.get("chunks"), list) and isinstance(index.get("config"), dict)


def name_beside(place: Place, index: Place) -> str:
    """Return what an index calls a file: its path from the folder of the index."""
    return place.name.removeprefix(index.name.removesuffix(index.file_name))
