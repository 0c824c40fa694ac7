"""What a source means: its readers. A path that exists wins over a hub name; ``-`` is standard input."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING

from advisor.corpus.archives.archive import archive_reader
from advisor.corpus.arrow.column import start_parsing
from advisor.corpus.columns import fields_of_schema
from advisor.corpus.compression import StoredBytes, compression_of, decompressed
from advisor.corpus.decoded import Decoded, ids_per_token
from advisor.corpus.files.find import find_files
from advisor.corpus.files.recognise import HEAD_BYTES, TEXT_FORMATS, recognised
from advisor.corpus.formats import FORMATS
from advisor.corpus.hub.dataset import HubOptions, is_hub_name, open_hub
from advisor.corpus.readers.columnar import arrow_chunks, parquet_chunks
from advisor.corpus.readers.hub_table import hub_chunks
from advisor.corpus.readers.jsonl import JsonLines
from advisor.corpus.readers.shards import HubShards
from advisor.corpus.readers.tables import CsvFile, JsonFile
from advisor.corpus.readers.text import TextFiles, TextStream, is_converted
from advisor.corpus.readers.text_ids import IdLines
from advisor.corpus.readers.warc import WarcFile
from advisor.corpus.remote.address import is_remote, redacted
from advisor.corpus.remote.bounds import bounded, check_files
from advisor.corpus.streams import check_encoding, decoded, head_of
from advisor.corpus.tally import LeftOut, Tally
from advisor.corpus.token_files.magic import article_of, format_of_head
from advisor.corpus.token_files.readers import TOKEN_FORMATS, token_reader
from advisor.corpus.tokenizer import load_tokenizer
from advisor.errors import CorpusError, UsageError, asked_wrongly

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from advisor.corpus.corpus_file import CorpusFile
    from advisor.corpus.documents import Reader
    from advisor.corpus.options import CorpusOptions


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
    ids = options.ids
    if not ids.decode:
        return _opened(source, options, seq_len)
    if ids.tokenizer is None:
        raise UsageError("--decode makes text of token ids: say whose ids they are with --tokenizer.")
    tokenizer = load_tokenizer(ids.tokenizer)
    corpus = _opened(source, options, seq_len * ids_per_token(tokenizer))
    return replace(corpus, readers=tuple(Decoded(reader=each, tokenizer=tokenizer) for each in corpus.readers))


def _opened(source: str, options: CorpusOptions, seq_len: int) -> Corpus:
    tally = Tally()
    options = replace(options, encoding=check_encoding(options.encoding))
    if source == "-":
        _refuse_hub_options(source, options.hub)
        return Corpus(source="-", readers=(_standard_input(options, seq_len, tally),), tally=tally)
    found = find_files(source, options, tally)
    if found is None:
        return _from_hub(source, options, seq_len, tally)
    _refuse_hub_options(source, options.hub, split_allowed=found.has_splits, name_allowed=found.has_configurations)
    missed = tally.missed
    remote = is_remote(source)
    if remote:
        check_files(found.files)
    readers = _readers(found.files, options, seq_len, tally)
    if remote:
        readers = bounded(readers, found.files, tally)
    return Corpus(source=redacted(source), readers=tuple(readers), tally=tally, missed=missed)


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


def _readers(files: Sequence[CorpusFile], options: CorpusOptions, seq_len: int, tally: Tally) -> list[Reader]:
    for file in files:
        tally.n_files[file.format] = tally.n_files.get(file.format, 0) + 1
        tally.n_bytes += file.n_bytes
    if any(file.format in ("parquet", "arrow") for file in files):
        start_parsing()
    readers: list[Reader] = []
    texts = [file for file in files if file.format == "text"]
    for part in (
        [file for file in texts if not is_converted(file)],
        [file for file in texts if is_converted(file)],
    ):
        if part:
            name = part[0].name if len(part) == 1 else f"{len(part)} text files"
            readers.append(
                TextFiles(
                    name=name,
                    files=part,
                    encoding=options.encoding,
                    seq_len=seq_len,
                    tally=tally,
                    skip_bad=options.skip_bad,
                )
            )
    for file in files:
        if file.format != "text":
            readers += _table_readers(file, options, seq_len, tally)
    return readers


def _table_readers(file: CorpusFile, options: CorpusOptions, seq_len: int, tally: Tally) -> list[Reader]:
    name = file.name
    if file.format in ("parquet", "arrow"):
        if file.compression:
            raise CorpusError(f"{name} is a compressed {file.format} file: decompress it first.")
        chunks = parquet_chunks if file.format == "parquet" else arrow_chunks
        return list(chunks(file, options, seq_len, tally))
    if file.format in TOKEN_FORMATS:
        return [token_reader(file, options, seq_len, tally)]
    if file.format in ("tar", "zip"):
        return [archive_reader(file, options, seq_len, tally)]
    return [_lines_or_table(file.format, name, file, None, options, seq_len, tally)]


def _lines_or_table(
    format: str,
    name: str,
    file: CorpusFile | None,
    opened: AbstractContextManager[IO[bytes]] | None,
    options: CorpusOptions,
    seq_len: int,
    tally: Tally,
) -> Reader:
    """Return the reader of a file, or of an open stream, of any of the formats of text but text itself."""
    if format == "jsonl":
        return JsonLines(name=name, file=file, options=options, seq_len=seq_len, tally=tally, opened=opened)
    if format in ("csv", "tsv"):
        delimiter = "\t" if format == "tsv" else ","
        return CsvFile(name=name, file=file, options=options, tally=tally, opened=opened, delimiter=delimiter)
    readers: dict[str, type[JsonFile | IdLines | WarcFile]] = {"json": JsonFile, "ids": IdLines, "warc": WarcFile}
    return readers[format](name=name, file=file, options=options, tally=tally, opened=opened)


def _standard_input(options: CorpusOptions, seq_len: int, tally: Tally) -> Reader:
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
    return _lines_or_table(format, name, None, nullcontext(stream), options, seq_len, tally)


def _from_hub(source: str, options: CorpusOptions, seq_len: int, tally: Tally) -> Corpus:
    if not is_hub_name(source):
        raise asked_wrongly(
            CorpusError(f"There is no file, folder or glob {source}, and it is not a hub name such as org/name.")
        )
    dataset = open_hub(source, options.hub, column=options.column)
    readers: Sequence[Reader]
    if dataset.table is not None:
        readers = hub_chunks(dataset.table, dataset.source, options, seq_len, tally)
    else:
        readers = (
            HubShards(
                name=dataset.source,
                shards=dataset.shards,
                options=options,
                tally=tally,
                n_rows=dataset.n_rows,
                fields=None if dataset.schema is None else fields_of_schema(dataset.schema),
            ),
        )
    return Corpus(source=dataset.source, readers=tuple(readers), tally=tally)
