"""What a source means: its readers. A path that exists wins over a hub name; ``-`` is standard input."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from advisor.corpus.columns import fields_of_schema
from advisor.corpus.compression import StoredBytes, compression_of, decompressed
from advisor.corpus.decoded import Decoded, ids_per_token
from advisor.corpus.file_readers import file_readers, lines_or_table
from advisor.corpus.files.find import find_files
from advisor.corpus.files.recognise import HEAD_BYTES, TEXT_FORMATS, recognised
from advisor.corpus.formats import FORMATS
from advisor.corpus.hub.dataset import HubDataset, HubOptions, is_hub_name, open_hub
from advisor.corpus.readers.hub_table import hub_chunks
from advisor.corpus.readers.shards import HubShards
from advisor.corpus.readers.text import TextStream
from advisor.corpus.remote.address import is_remote, redacted
from advisor.corpus.remote.bounds import bounded, check_files
from advisor.corpus.streams import check_encoding, decoded, head_of
from advisor.corpus.tally import LeftOut, Tally
from advisor.corpus.token_files.magic import article_of, format_of_head
from advisor.corpus.tokenizer import load_tokenizer
from advisor.errors import CorpusError, UsageError, asked_wrongly

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from advisor.corpus.corpus_file import CorpusFile
    from advisor.corpus.documents import Reader
    from advisor.corpus.options import CorpusOptions
    from advisor.corpus.tokenizer import Tokenizer


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """A source that was found: its readers, what reading it meets, and what was left out before."""

    source: str
    readers: tuple[Reader, ...]
    tally: Tally
    missed: tuple[LeftOut, ...] = ()


def open_corpus(source: str, options: CorpusOptions, *, seq_len: int) -> Corpus:
    """Return the corpus that ``source`` means.

    Raises:
        CorpusError: nothing is there, or it cannot be read.
        HubError: the hub does not give it.
        UsageError: hub options for a local source, or an unknown format or encoding.
    """
    decoder = decoder_of(options)
    corpus = _opened(source, options, seq_len if decoder is None else seq_len * ids_per_token(decoder))
    return replace(corpus, readers=tuple(decoded_by(decoder, corpus.readers)))


def decoder_of(options: CorpusOptions) -> Tokenizer | None:
    """Return the tokenizer that makes text of token ids; None where they are read as they are.

    Raises:
        UsageError: it is not said whose ids they are.
    """
    if not options.ids.decode:
        return None
    if options.ids.tokenizer is None:
        raise UsageError("--decode makes text of token ids: say whose ids they are with --tokenizer.")
    return load_tokenizer(options.ids.tokenizer)


def decoded_by(decoder: Tokenizer | None, readers: Iterable[Reader]) -> Iterable[Reader]:
    """Return the readers, of text where there is a decoder."""
    return readers if decoder is None else [Decoded(reader=each, tokenizer=decoder) for each in readers]


def _opened(source: str, options: CorpusOptions, seq_len: int) -> Corpus:
    tally = Tally()
    options = checked_options(options)
    if source == "-":
        return Corpus(source="-", readers=(standard_input(options, seq_len, tally),), tally=tally)
    found = files_of(source, options, tally)
    if found is None:
        return _from_hub(source, options, seq_len, tally)
    missed = tally.missed
    remote = is_remote(source)
    if remote:
        check_files(found)
    readers = file_readers(found, options, seq_len, tally)
    if remote:
        readers = bounded(readers, found, tally)
    return Corpus(source=redacted(source), readers=tuple(readers), tally=tally, missed=missed)


def checked_options(options: CorpusOptions) -> CorpusOptions:
    """Return the options with the normal name of their encoding.

    Raises:
        UsageError: it is none of text.
    """
    return replace(options, encoding=check_encoding(options.encoding))


def files_of(source: str, options: CorpusOptions, tally: Tally) -> tuple[CorpusFile, ...] | None:
    """Return the files that a source means, counted in ``tally``; None where it is a dataset of the hub.

    Raises:
        CorpusError: nothing is there, or it cannot be read.
        UsageError: options of the hub for files that have no such choice.
    """
    found = find_files(source, options, tally)
    if found is None:
        return None
    _refuse_hub_options(source, options.hub, split_allowed=found.has_splits, name_allowed=found.has_configurations)
    for file in found.files:
        tally.n_files[file.format] = tally.n_files.get(file.format, 0) + 1
        tally.n_bytes += file.n_bytes
    return found.files


def _refuse_hub_options(
    source: str, hub: HubOptions, *, split_allowed: bool = False, name_allowed: bool = False
) -> None:
    given = [
        option
        for option, value in (
            ("--name", None if name_allowed else hub.name),
            ("--split", None if split_allowed else hub.split),
            ("--revision", hub.revision),
            ("--data-files", hub.data_files),
        )
        if value
    ]
    if given:
        where = "is read by its address" if is_remote(source) else "is on this machine"
        raise UsageError(f"{' and '.join(given)}: only for a hub dataset, and {redacted(source)} {where}.")


def standard_input(options: CorpusOptions, seq_len: int, tally: Tally) -> Reader:
    """Return the reader of standard input, in the format that it begins as.

    Raises:
        CorpusError: it is empty, or a file that cannot be read from a pipe.
        UsageError: options of files or of the hub.
    """
    _refuse_hub_options("-", options.hub)
    readable = [format for format in FORMATS if format in TEXT_FORMATS]
    if options.format not in (None, *readable):
        raise UsageError(f"Standard input is read as {', '.join(readable)}, not as {options.format}.")
    name = "standard input"
    if sys.stdin is None:
        raise CorpusError("Standard input is closed: there is nothing to read from it.")
    stored = StoredBytes(sys.stdin.buffer)
    stream = decoded(decompressed(stored, compression_of(stored.peek(16)), name), name, options.encoding)
    head = head_of(stream, HEAD_BYTES)
    if not head:
        raise CorpusError("Standard input is empty.")
    if (found := format_of_head(head)) is not None:
        raise CorpusError(
            f"Standard input is {article_of(found)} {found} file, which cannot be read from a pipe: "
            "write it to a file, and name that."
        )
    format = options.format or recognised(head, None)
    if format == "text":
        return TextStream(name=name, stream=stream, tally=tally)
    return lines_or_table(format, name, None, nullcontext(stream), options, seq_len, tally)


def named_dataset(source: str, options: CorpusOptions) -> HubDataset:
    """Return the dataset of the hub that a source names.

    Raises:
        CorpusError: it is no name of one.
        HubError: the hub does not give it.
    """
    if not is_hub_name(source):
        raise asked_wrongly(
            CorpusError(f"There is no file, folder or glob {source}, and it is not a hub name such as org/name.")
        )
    return open_hub(source, options.hub, column=options.column)


def _from_hub(source: str, options: CorpusOptions, seq_len: int, tally: Tally) -> Corpus:
    dataset = named_dataset(source, options)
    return Corpus(source=dataset.source, readers=tuple(dataset_readers(dataset, options, seq_len, tally)), tally=tally)


def dataset_readers(
    dataset: HubDataset, options: CorpusOptions, seq_len: int, tally: Tally, *, only: int | None = None
) -> Sequence[Reader]:
    """Return the readers of a dataset; ``only`` is the number of the one data file whose rows are read, all of them."""
    if dataset.table is not None:
        return hub_chunks(dataset.table, dataset.source, options, seq_len, tally)
    return [
        HubShards(
            name=dataset.source,
            shards=dataset.shards,
            options=options,
            tally=tally,
            n_rows=dataset.n_rows,
            fields=None if dataset.schema is None else fields_of_schema(dataset.schema),
            only=only,
        )
    ]
