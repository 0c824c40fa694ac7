"""A source cut into parts, each of which any process can read by itself: for what streams all of a corpus.

A file is a part. Small text files that follow each other are one; of a large file of JSON lines so many bytes are one,
of a large parquet or arrow file so many row groups or record batches, where documents end. What cannot be cut so that
its documents stay as they are read in order, such as a compressed file, is one part, however large it is.
"""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from advisor.corpus.corpus_file import read_at
from advisor.corpus.decoded import ids_per_token
from advisor.corpus.file_readers import file_readers
from advisor.corpus.readers.jsonl import JsonLines
from advisor.corpus.readers.text import is_converted
from advisor.corpus.remote.address import is_remote, redacted
from advisor.corpus.remote.bounds import check_files
from advisor.corpus.source import (
    checked_options,
    dataset_readers,
    decoded_by,
    decoder_of,
    files_of,
    named_dataset,
    standard_input,
)
from advisor.corpus.tally import LeftOut, Tally
from advisor.corpus.values.encodings import encoding_of_mark
from advisor.errors import HubError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from advisor.corpus.corpus_file import CorpusFile
    from advisor.corpus.documents import Reader
    from advisor.corpus.hub.dataset import HubDataset
    from advisor.corpus.options import CorpusOptions

_OF_LINES = 32 << 20  # bytes of JSON lines of a part: some ten seconds of work
_OF_TABLE = 256 << 20  # bytes of the row groups of a part
_OF_TEXTS, _MOST_TEXTS = 16 << 20, 4096  # bytes and number of the text files of a part
_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, kw_only=True)
class CorpusPart:
    """A part of a source.

    Attributes:
        shard: the name of the file or files that it is of: the parts of one file share it.
        n_bytes: its bytes as they are stored; 0 where that is not known.
        files: what is read of files; none of a hub dataset and of standard input.
        span: of a file of JSON lines the bytes between which lines begin; of a parquet or arrow file the numbers of
            its first row group or batch and of the first behind the part. None for all of it.
        hub_shard: the number of a streamed dataset's data file.
    """

    shard: str
    n_bytes: int
    files: tuple[CorpusFile, ...] = ()
    span: tuple[int, int] | None = None
    hub_shard: int | None = None


@dataclass(frozen=True, kw_only=True)
class CutSource:
    """A source that was found and cut: its name for people, and what was left out before anything was read."""

    source: str
    parts: tuple[CorpusPart, ...]
    tally: Tally
    missed: tuple[LeftOut, ...]


def cut_source(source: str, options: CorpusOptions, *, seq_len: int) -> CutSource:
    """Return the parts of a source, in the order in which it is read; how they are cut depends on nothing else.

    Raises:
        CorpusError: nothing is there, or it cannot be read.
        HubError: the hub does not give it.
        RemoteError: an arrow file is too large to be read where it is.
        UsageError: hub options for a local source, or an unknown format or encoding.
    """
    tally, options = Tally(), checked_options(options)
    if source == "-":
        return CutSource(source="-", parts=(CorpusPart(shard="standard input", n_bytes=0),), tally=tally, missed=())
    files = files_of(source, options, tally)
    if files is None:
        return _cut_dataset(source, options, tally)
    missed = tally.missed
    if is_remote(source):
        for file in files:
            check_files((file,))
    parts = tuple(_parts_of_files(files, options, seq_len))
    return CutSource(source=redacted(source), parts=parts, tally=tally, missed=missed)


def _cut_dataset(source: str, options: CorpusOptions, tally: Tally) -> CutSource:
    dataset = named_dataset(source, options)
    parts = [
        CorpusPart(shard=f"{dataset.source}#{number}", n_bytes=0, hub_shard=number)
        for number in range(len(dataset.shards))
    ]
    whole = CorpusPart(shard=dataset.source, n_bytes=0)
    return CutSource(
        source=dataset.source, parts=tuple(parts if dataset.table is None else [whole]), tally=tally, missed=()
    )


def readers_of(
    source: str, part: CorpusPart, options: CorpusOptions, *, seq_len: int, tally: Tally
) -> Iterable[Reader]:
    """Return the readers of one part of ``source``; what reading meets is noted in ``tally``.

    Raises:
        CorpusError: it cannot be read, or has changed since it was cut.
        HubError: the hub does not give it.
    """
    options, decoder = checked_options(options), decoder_of(options)
    n_ids = seq_len if decoder is None else seq_len * ids_per_token(decoder)
    if part.files:
        return decoded_by(decoder, _readers_of_files(part, options, n_ids, tally))
    if source == "-":
        return decoded_by(decoder, [standard_input(options, n_ids, tally)])
    dataset = _dataset(source, options)
    if part.shard.partition("#")[0] != dataset.source:
        raise HubError(f"{source} has changed since it was listed: give the command again.")
    return decoded_by(decoder, dataset_readers(dataset, options, n_ids, tally, only=part.hub_shard))


@functools.lru_cache(maxsize=1)
def _dataset(source: str, options: CorpusOptions) -> HubDataset:
    """Return a dataset, which is opened once in a process that reads many of its files."""
    return named_dataset(source, options)


def _readers_of_files(part: CorpusPart, options: CorpusOptions, seq_len: int, tally: Tally) -> Sequence[Reader]:
    if part.span is None:
        return file_readers(part.files, options, seq_len, tally)
    (file,) = part.files
    if file.format == "jsonl":
        return [JsonLines(name=file.name, file=file, options=options, seq_len=seq_len, tally=tally, span=part.span)]
    return file_readers(part.files, options, seq_len, tally)[slice(*part.span)]


def _parts_of_files(files: Sequence[CorpusFile], options: CorpusOptions, seq_len: int) -> Iterator[CorpusPart]:
    """Yield the parts in the order of ``file_readers``: text files first, those that are not read as they are last."""
    texts = [file for file in files if file.format == "text"]
    yield from _parts_of_texts([file for file in texts if not is_converted(file)])
    yield from _parts_of_texts([file for file in texts if is_converted(file)])
    for file in files:
        if file.format == "jsonl":
            yield from _parts_of_lines(file, options)
        elif file.format in ("parquet", "arrow") and file.compression is None and file.n_bytes > _OF_TABLE:
            yield from _parts_of_table(file, options, seq_len)
        elif file.format != "text":
            yield _whole(file)


def _whole(*files: CorpusFile) -> CorpusPart:
    more = f" and {len(files) - 1:,} more" if len(files) > 1 else ""
    return CorpusPart(shard=f"{files[0].name}{more}", n_bytes=sum(file.n_bytes for file in files), files=files)


def _parts_of_texts(files: Sequence[CorpusFile]) -> Iterator[CorpusPart]:
    held: list[CorpusFile] = []
    for file in files:
        if held and (len(held) == _MOST_TEXTS or sum(each.n_bytes for each in held) + file.n_bytes > _OF_TEXTS):
            yield _whole(*held)
            held = []
        held.append(file)
    if held:
        yield _whole(*held)


def _parts_of_lines(file: CorpusFile, options: CorpusOptions) -> Iterator[CorpusPart]:
    """Yield spans of a plain file; one with a byte-order mark counts its bytes behind that, and is not cut."""
    n_spans = -(-file.n_bytes // _OF_LINES)
    if n_spans < 2 or file.compression is not None or options.encoding != "utf-8" or _has_mark(file):
        yield _whole(file)
        return
    edges = [file.n_bytes * number // n_spans for number in range(n_spans + 1)]
    for begin, end in itertools.pairwise(edges):
        yield replace(_whole(file), n_bytes=end - begin, span=(begin, end))


def _has_mark(file: CorpusFile) -> bool:
    with file.place.open() as handle:
        head = read_at(handle, 4, 0)
    return head.startswith(_MARK) or encoding_of_mark(head) is not None


def _parts_of_table(file: CorpusFile, options: CorpusOptions, seq_len: int) -> Iterator[CorpusPart]:
    sizes = [reader.size or 0 for reader in file_readers((file,), options, seq_len, Tally())]
    per_byte = file.n_bytes / max(sum(sizes), 1)
    begin, n_bytes = 0, 0.0
    for number, size in enumerate(sizes, 1):
        n_bytes += size * per_byte
        if n_bytes >= _OF_TABLE or number == len(sizes):
            yield replace(_whole(file), n_bytes=round(n_bytes), span=(begin, number))
            begin, n_bytes = number, 0.0
