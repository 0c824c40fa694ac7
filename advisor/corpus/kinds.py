"""In which format and compression a file is: by its name, and by its first bytes where names do not tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.corpus.compression import compression_of
from advisor.corpus.corpus_file import CorpusFile, suffixes_of
from advisor.corpus.formats import COMPRESSIONS, FORMAT_OF
from advisor.corpus.recognise import HEAD_BYTES, recognised
from advisor.corpus.streams import open_utf8
from advisor.errors import CorpusError

if TYPE_CHECKING:
    from advisor.corpus.corpus_file import Place

_HEAD_OF_MANY = 1 << 16  # bytes looked at of each of many files
_NAMELESS = ("jsonl", "json", "warc", "ids")  # what a file whose name says nothing is taken for in a folder
# Endings under which people keep anything; those of source code and markup hold what they say.
_SAYS_LITTLE = (".txt", ".text", ".json", ".jsonl", ".ndjson", ".csv", ".tsv")


def kind_of_name(name: str) -> tuple[str | None, str | None]:
    """Return the format and the compression that a file's name says; None for what it does not say.

    >>> kind_of_name("a/b.jsonl.gz"), kind_of_name("part-00000")
    (('jsonl', 'gzip'), (None, None))
    """
    *suffixes, last = ("", *suffixes_of(name))
    compression = COMPRESSIONS.get(last)
    return FORMAT_OF.get(suffixes[-1] if compression and suffixes else last), compression


def compression_in(place: Place) -> str | None:
    """Return the compression that a file's name says, or its first bytes."""
    return kind_of_name(place.name)[1] or compression_of(_first_bytes(place, 512))


def kind_of(place: Place, encoding: str, *, named: bool) -> tuple[str | None, str | None]:
    """Return the format and the compression that a file is in; None for the format of one that is no corpus.

    A file that the user named is always one; of a folder's files those whose name says nothing are only where their
    content does.

    Raises:
        CorpusError: the file's first bytes cannot be read.
    """
    format, compression = kind_of_name(place.name)
    if format is not None and not any(suffix in _SAYS_LITTLE for suffix in place.suffixes):
        return format, compression
    limit = HEAD_BYTES if named else _HEAD_OF_MANY
    first = _first_bytes(place, limit)
    if first.startswith(b"PAR1"):
        return "parquet", compression
    compression = compression or compression_of(first)
    head = first if compression is None and encoding == "utf-8" else _decompressed(place, compression, encoding, limit)
    if head is None:
        return format, compression
    if format is not None or named:
        return recognised(head, format), compression
    found = recognised(head, "text")
    return (found if found in _NAMELESS else None), compression


def _first_bytes(place: Place, n_bytes: int) -> bytes:
    try:
        with place.open() as file:
            return file.read(n_bytes)
    except OSError as error:
        raise CorpusError(f"{place.name} cannot be read: {error.strerror or error}.") from error


def _decompressed(place: Place, compression: str | None, encoding: str, n_bytes: int) -> bytes | None:
    """Return the first bytes of a file as UTF-8; None where it cannot be read as such, which its reader will say."""
    file = CorpusFile(place=place, format="text", compression=compression, named=False)
    try:
        with open_utf8(file, encoding) as stream:
            return stream.read(n_bytes)
    except CorpusError:
        return None
