"""A zip file and its members, in bounded memory; what is wrong with either is one sentence."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, cast

from advisor.corpus.corpus_file import read_at
from advisor.errors import CorpusError, first_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from advisor.corpus.corpus_file import Place

_BUFFER = 1 << 16  # bytes of a zip file read at a time
# Bytes of the list of members, which zipfile holds whole: 12 MB name 150,000 to 240,000, and take up to 250 MB.
_MOST_DIRECTORY = 12 << 20
_END, _END_SIZE, _LONGEST_COMMENT = b"PK\5\6", 22, 1 << 16
_END_64, _END_64_SIZE, _LOCATOR_SIZE = b"PK\6\6", 56, 20
_SLOWLY = 1 << 12  # stored bytes that Python's zipfile decompresses at least, and of bzip2 and lzma without a bound


@contextmanager
def open_zip(place: Place) -> Iterator[zipfile.ZipFile]:
    """Yield a zip file, and say what is wrong with it while it is read.

    Raises:
        CorpusError: it is not one; it is truncated (the list of its members stands at its end), damaged, encrypted, or
            of more members than can be held.
    """
    try:
        with place.open() as stored, io.BufferedReader(cast("io.RawIOBase", stored), _BUFFER) as buffered:
            _check_directory(buffered, place)
            try:
                archive = zipfile.ZipFile(buffered)
            except (zipfile.BadZipFile, OSError, ValueError, struct.error, NotImplementedError) as error:
                what = "is not a zip file, or it is truncated"
                raise CorpusError(f"{place.name} {what}: {first_line(error)}.") from error
            with archive, unpacking(place):
                yield archive
    except OSError as error:
        raise CorpusError(f"{place.name} cannot be read: {error.strerror or error}.") from error


@contextmanager
def unpacking(place: Place) -> Iterator[None]:
    """Turn what goes wrong while a member of a zip file is read into an error.

    Raises:
        CorpusError: the file is damaged, encrypted, or of a compression that Python has not.
    """
    import lzma

    try:
        yield
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, struct.error) as error:
        raise CorpusError(f"{place.name} is damaged: {first_line(error)}.") from error
    except RuntimeError as error:  # a password, or a compression that Python has not
        raise CorpusError(f"{place.name} cannot be unpacked: {first_line(error)}.") from error


def open_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> IO[bytes]:
    """Return a member, open for reading in order; what a read decompresses is bounded.

    Raises:
        zipfile.BadZipFile: it is not where the list of members says.
    """
    if info.header_offset < 0:  # that list is not where the file's end says, and all is counted from there
        raise zipfile.BadZipFile(
            f"the list of its members says that {info.filename[:80]!r} begins before the file does; get it again"
        )
    try:
        member = archive.open(info)
    except UnicodeDecodeError as error:
        raise zipfile.BadZipFile(f"the name of {info.filename} is not UTF-8 where it begins") from error
    if info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return member
    return io.BufferedReader(_Slowly(member), _BUFFER)


class _Slowly(io.RawIOBase):
    """A member read a little at a time: Python decompresses as many stored bytes as are asked for, whatever they hold.

    4 kB of bzip2 hold at most 80 MB.
    """

    def __init__(self, member: IO[bytes]) -> None:
        self.member = member

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self.member.read(min(len(buffer), _SLOWLY))
        buffer[: len(data)] = data
        return len(data)


def _check_directory(handle: IO[bytes], place: Place) -> None:
    """Refuse a list of members that is too long to be held."""
    begin = max(place.n_bytes - _END_SIZE - _LONGEST_COMMENT, 0)
    tail = read_at(handle, _END_SIZE + _LONGEST_COMMENT, begin)
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + _END_SIZE:
        return  # which zipfile says
    size = int.from_bytes(tail[at + 12 : at + 16], "little")
    end_64 = read_at(handle, _END_64_SIZE, max(begin + at - _LOCATOR_SIZE - _END_64_SIZE, 0))
    if end_64.startswith(_END_64):
        size = max(size if size < 0xFFFFFFFF else 0, int.from_bytes(end_64[40:48], "little"))
    if size > _MOST_DIRECTORY:
        raise CorpusError(
            f"{place.name} names its members in {size >> 20:,} MB, over {_MOST_DIRECTORY >> 20} MB, about "
            "200,000 files: unpack it, and name the folder."
        )
