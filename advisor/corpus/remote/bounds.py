"""What of a remote corpus is read where reading it all would take too long, and what is said of that."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from advisor.corpus.readers.column_chunk import ColumnChunk
from advisor.corpus.readers.heads import BYTES, MOST_FILES, FileHeads
from advisor.corpus.readers.text import TextFiles
from advisor.errors import RemoteError
from advisor.quantities import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from advisor.corpus.corpus_file import CorpusFile
    from advisor.corpus.documents import Reader
    from advisor.corpus.tally import Tally

IN_ORDER = 2 << 30  # bytes, stored, of files that can only be read in order: more are not all read
ARROW = 256 << 20  # bytes of arrow files, which are read whole
TABLES = 2000  # parquet files, each of whose ends is read before anything is drawn
_ENOUGH_HEADS = 16  # files whose beginnings stand for all
_OF_ROW_GROUPS = 64 << 20  # bytes of the column, before compression, that are read of the row groups drawn from
_MOST_GROUPS = 128  # row groups drawn from at a time, as in sampling
_LEAST_OF_GROUP = 1 << 20


def check_files(files: Sequence[CorpusFile]) -> None:
    """Refuse remote files that would be read whole, or opened each, where they are too many.

    Raises:
        RemoteError: with the number that is too large.
    """
    arrow = [file for file in files if file.format == "arrow"]
    n_bytes = sum(file.n_bytes for file in arrow)
    if n_bytes > ARROW:
        raise RemoteError(
            f"{arrow[0].name}{_and_others(arrow)}: {n_bytes / 1e6:,.0f} MB of arrow files, which are read whole when "
            "they are remote: download them and name their folder, or store them as parquet."
        )
    tables = [file for file in files if file.format == "parquet"]
    if len(tables) > TABLES:
        raise RemoteError(
            f"{tables[0].name}{_and_others(tables)}: {len(tables):,} parquet files, each of which is asked for its row "
            f"groups first; name at most {TABLES:,} with a glob."
        )


def bounded(readers: Sequence[Reader], files: Sequence[CorpusFile], tally: Tally) -> list[Reader]:
    """Return readers of remote files that fetch a bounded part of them; what is not read is a caution.

    Raises:
        RemoteError: more than IN_ORDER bytes can only be read in order, and there are few such files.
    """
    _bound_row_groups([reader for reader in readers if isinstance(reader, ColumnChunk)], tally)
    sizes = {file.name: file.n_bytes for file in files}
    in_order = [each for reader in readers if reader.size is None for each in _by_file(reader)]
    n_bytes = sum(sizes[reader.name] for reader in in_order)
    if n_bytes <= IN_ORDER:
        return list(readers)
    if len(in_order) < _ENOUGH_HEADS or any(reader.size is not None for reader in readers):
        raise RemoteError(
            f"{in_order[0].name}{_and_others(in_order)}: {n_bytes / 1e9:,.1f} GB that can only be read in order, "
            f"beginning to end (compressed, csv, json, or not UTF-8): download them, or name at least {_ENOUGH_HEADS} "
            "such files with a glob, of which the beginnings are read."
        )
    heads = FileHeads(name=f"the beginnings of {plural(len(in_order), 'file')}", readers=in_order)
    tally.caution(
        "remote_beginnings",
        f"{len(in_order):,} files of {n_bytes / 1e9:,.1f} GB can only be read in order: the beginnings of "
        f"{min(MOST_FILES, len(in_order))} of them were read, {BYTES >> 20} MB of documents in all. H is that of "
        "beginnings, and how many tokens there are is not known.",
    )
    return [heads]


def _by_file(reader: Reader) -> list[Reader]:
    """Return a reader for each file of one that has several."""
    if not isinstance(reader, TextFiles):
        return [reader]
    return [replace(reader, name=file.name, files=[file]) for file in reader.files]


def _bound_row_groups(chunks: Sequence[ColumnChunk], tally: Tally) -> None:
    """Let draws on large row groups read their beginnings."""
    if not chunks:
        return
    most = max(_OF_ROW_GROUPS // min(len(chunks), _MOST_GROUPS), _LEAST_OF_GROUP)
    large = [chunk for chunk in chunks if chunk.size > most]
    for chunk in large:
        chunk.most_bytes = most
    if large:
        n_bytes = sum(chunk.size for chunk in large)
        tally.caution(
            "remote_row_groups",
            f"{len(large):,} of {len(chunks):,} row groups have {n_bytes / len(large) / 1e6:,.0f} MB of the column on "
            f"average, and what was drawn from them lies in the first {most / 1e6:,.0f} MB of each: download the files "
            "to have all of their rows drawn from.",
        )


def _and_others(files: Sequence[object]) -> str:
    return f" and {len(files) - 1:,} more" if len(files) > 1 else ""
