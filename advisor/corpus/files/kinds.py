"""In which format and compression a file is: by its name, and by its first bytes where names do not tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from advisor.corpus.compression import compression_of
from advisor.corpus.corpus_file import CorpusFile, suffixes_of
from advisor.corpus.files.recognise import HEAD_BYTES, recognised
from advisor.corpus.formats import COMPRESSIONS, FORMAT_OF, FORMATS
from advisor.corpus.streams import open_utf8
from advisor.corpus.token_files.magic import binary_format
from advisor.errors import CorpusError

if TYPE_CHECKING:
    from advisor.corpus.corpus_file import Place

_HEAD_OF_MANY = 1 << 16  # bytes looked at of each of many files
POINTER = "Git LFS pointer"
_POINTER = b"version https://git-lfs.github.com/spec/"
_TAR_AT = 257  # of the word ustar in a tar file
_NAMELESS = ("jsonl", "json", "warc", "ids")  # what a file whose name says nothing is taken for in a folder
# Endings under which people keep anything; those of source code and markup hold what they say.
_SAYS_LITTLE = (".txt", ".text", ".log", ".jl", ".json", ".jsonl", ".ndjson", ".csv", ".tsv")


class FileKind(NamedTuple):
    """What a file is.

    Attributes:
        format: one of FORMATS; None where it is none of them, or only its user can say.
        compression: one of COMPRESSIONS; None for none.
        unread: the name of the format where it is known and not read, such as "PDF".
    """

    format: str | None
    compression: str | None
    unread: str | None = None


def kind_of_name(name: str) -> FileKind:
    """Return the format and the compression that a file's name says; None for what it does not say.

    >>> kind_of_name("a/b.jsonl.gz")[:2], kind_of_name("b.tgz")[:2], kind_of_name("part-00000")[:2]
    (('jsonl', 'gzip'), ('tar', 'gzip'), (None, None))
    """
    *suffixes, last = ("", *suffixes_of(name))
    compression = COMPRESSIONS.get(last)
    format = FORMAT_OF.get(last) or (FORMAT_OF.get(suffixes[-1]) if compression and suffixes else None)
    return FileKind(format, compression)


def compression_in(place: Place) -> str | None:
    """Return the compression that a file's name says, or its first bytes."""
    return kind_of_name(place.name).compression or compression_of(_first_bytes(place, 512))


def kind_of(place: Place, encoding: str, *, named: bool) -> FileKind:
    """Return what a file is, by its name and by its content where names say little.

    A file that the user named may be anything; one of a folder whose name says nothing is taken for what it begins as.

    Raises:
        CorpusError: the file's first bytes cannot be read.
    """
    said = kind_of_name(place.name)
    is_looked_into = named or place.is_local  # to look into each of many remote files is a request each
    if said.format is not None and not (is_looked_into and any(each in _SAYS_LITTLE for each in place.suffixes)):
        return said
    limit = HEAD_BYTES if named else _HEAD_OF_MANY
    first = _first_bytes(place, limit)
    compression = said.compression or compression_of(first)
    if compression is None and (found := _binary(place, first)) is not None:
        return found
    head = first if compression is None and encoding == "utf-8" else _decompressed(place, compression, encoding, limit)
    if head is None:
        return FileKind(said.format, compression)
    if head[_TAR_AT : _TAR_AT + 5] == b"ustar":
        return FileKind("tar", compression)
    if said.format is not None or named:
        return FileKind(recognised(head, said.format), compression)
    format = recognised(head, "text")
    return FileKind(format if format in _NAMELESS else None, compression)


def is_pointer(place: Place) -> bool:
    """Return whether a file is what a clone without git-lfs has in its place."""
    return place.is_local and 100 <= place.n_bytes <= 1024 and _first_bytes(place, 64).startswith(_POINTER)


def _binary(place: Place, first: bytes) -> FileKind | None:
    """Return what a file is that begins as no text does, or as documents of other programs do; None for text."""
    if b"\0" not in first and not first.startswith((b"%PDF-", b"{\\rtf", b"\x1f\x9d")):
        return None
    format = binary_format(place)
    return None if format is None else FileKind(format, None) if format in FORMATS else FileKind(None, None, format)


def _first_bytes(place: Place, n_bytes: int) -> bytes:
    try:
        with place.open() as file:
            return file.read(n_bytes)
    except OSError as error:
        raise CorpusError(f"{place.name} cannot be read: {error.strerror or error}.") from error


def _decompressed(place: Place, compression: str | None, encoding: str, n_bytes: int) -> bytes | None:
    """Return the first bytes of a file, as UTF-8; None where they cannot be read so, which its reader will say."""
    file = CorpusFile(place=place, format="text", compression=compression, named=False)
    try:
        with open_utf8(file, encoding) as stream:
            return stream.read(n_bytes)
    except CorpusError:
        return None
