"""The readers of files that were found: of each by its format, in the order in which the corpus is read."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from advisor.corpus.archives.archive import archive_reader
from advisor.corpus.arrow.column import start_parsing
from advisor.corpus.readers.columnar import arrow_chunks, parquet_chunks
from advisor.corpus.readers.jsonl import JsonLines
from advisor.corpus.readers.tables import CsvFile, JsonFile
from advisor.corpus.readers.text import TextFiles, is_converted
from advisor.corpus.readers.text_ids import IdLines
from advisor.corpus.readers.warc import WarcFile
from advisor.corpus.token_files.readers import TOKEN_FORMATS, token_reader
from advisor.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from advisor.corpus.corpus_file import CorpusFile
    from advisor.corpus.documents import Reader
    from advisor.corpus.options import CorpusOptions
    from advisor.corpus.tally import Tally


def file_readers(files: Sequence[CorpusFile], options: CorpusOptions, seq_len: int, tally: Tally) -> list[Reader]:
    """Return the readers of files, in the order in which the corpus is read.

    Raises:
        CorpusError: one cannot be read.
    """
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
    return [lines_or_table(file.format, name, file, None, options, seq_len, tally)]


def lines_or_table(
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
