"""The members of a tar, in order, each once: every block accounted for, so that a torn or joined tar is not cut short.

Python's tarfile takes a missing end, and the second of two tars in one file, for the end, and keeps all it has met.
"""

from __future__ import annotations

import functools
import io
import tarfile
from typing import IO, TYPE_CHECKING, cast

from advisor.corpus.archives.members import Member
from advisor.corpus.token_files.stored import read_fully
from advisor.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_BLOCK = 512
_EMPTY = bytes(_BLOCK)
_MOST_EMPTY = (16 << 20) // _BLOCK  # in order: tar fills its last record, of 10 kB, and with -b of up to some MB
_LONGEST_NAME = 1 << 20  # bytes of a header that holds a long name
_FILES = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE)


def tar_members(stream: IO[bytes], name: str, skip: Callable[[str, str, int], None]) -> Iterator[Member]:
    """Yield the files in a tar; each must be read, if at all, before the next is taken.

    ``skip(reason, name, bytes)`` is told of what is left out: links and special files. A tar ends after two empty
    blocks, and what fills its last record is passed over; another tar may follow there, as tar -A and cat leave it.
    Costs are linear in bytes and in members, about 120 us for each with the text in it.

    Raises:
        CorpusError: the tar is truncated or damaged; or empty blocks go on behind its end.
    """
    offset, ended, n_empty = 0, False, 0
    named: dict[str, str] = {}  # what headers said of the next member
    while block := read_fully(stream, _BLOCK):
        offset += len(block)
        if len(block) < _BLOCK:
            raise _torn(name, offset)
        if block == _EMPTY:
            ended, n_empty = True, n_empty + 1
            if n_empty > _MOST_EMPTY:
                raise CorpusError(
                    f"{name} holds over {_MOST_EMPTY * _BLOCK >> 20} MB of empty blocks before byte {offset:,}, and a "
                    "tar ends with two: it is damaged, or a file that was made and never filled; get it again."
                )
            continue
        info = _header(block, name, offset - _BLOCK)
        ended, n_empty, body = False, 0, _Body(stream, info.size, name, offset)
        if info.type in (tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE):
            named = _long_name(body, info, named)
        elif info.type in (tarfile.GNUTYPE_LONGLINK, tarfile.XGLTYPE):
            pass
        else:
            body.left = int(named.get("size", info.size))
            path = named.get("path", info.name)
            named = {}
            if info.type in _FILES:
                yield Member(name=path.removeprefix("./"), n_bytes=body.left, open=functools.partial(_opened, body))
            elif info.type == tarfile.GNUTYPE_SPARSE:
                raise CorpusError(f"{name} holds the sparse file {path}, which is not read: write it without holes.")
            elif info.type != tarfile.DIRTYPE:
                body.left = 0 if info.type in (tarfile.LNKTYPE, tarfile.SYMTYPE) else body.left
                skip("links and special files in archives", path, 0)
        offset += body.finish()
    if not ended:
        raise _torn(name, offset)


def _torn(name: str, offset: int) -> TornArchiveError:
    return TornArchiveError(f"{name} is truncated: it ends at byte {offset:,} without the empty blocks that end a tar.")


def _header(block: bytes, name: str, offset: int) -> tarfile.TarInfo:
    try:
        return tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError as error:
        raise CorpusError(f"{name} is no tar, or damaged at byte {offset:,}: {error}.") from error


def _long_name(body: _Body, info: tarfile.TarInfo, named: dict[str, str]) -> dict[str, str]:
    """Return what a header says of the next member: its path, and its size where that is too large for a header."""
    if info.size > _LONGEST_NAME:
        raise CorpusError(f"{body.name} is damaged: a name in it has {info.size:,} bytes.")
    data = body.read()
    if info.type == tarfile.GNUTYPE_LONGNAME:
        return {**named, "path": data.rstrip(b"\0").decode("utf-8", "surrogateescape")}
    found = dict(named)
    while data:
        length, _, _ = data.partition(b" ")
        if not length.isdigit() or not int(length):
            break
        record, data = data[len(length) + 1 : int(length) - 1], data[int(length) :]
        key, _, value = record.partition(b"=")
        if key in (b"path", b"size"):
            found[key.decode()] = value.decode("utf-8", "surrogateescape")
    return found


class TornArchiveError(CorpusError):
    """An archive ends, or breaks, before its end."""


class _Body(io.RawIOBase):
    """The bytes of one member of a stream."""

    def __init__(self, stream: IO[bytes], n_bytes: int, name: str, offset: int) -> None:
        self.stream, self.left, self.name, self.offset = stream, n_bytes, name, offset
        self.n_read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self.stream.read(min(len(buffer), self.left))
        if not data and self.left and len(buffer):
            raise _torn(self.name, self.offset + self.n_read)
        buffer[: len(data)] = data
        self.left, self.n_read = self.left - len(data), self.n_read + len(data)
        return len(data)

    def finish(self) -> int:
        """Pass over what was not read, and what fills the last block; return the bytes of all of it."""
        while self.left:
            skipped = len(self.stream.read(min(self.left, 1 << 20)))
            if not skipped:
                raise _torn(self.name, self.offset + self.n_read)
            self.left, self.n_read = self.left - skipped, self.n_read + skipped
        filling = -self.n_read % _BLOCK
        if len(read_fully(self.stream, filling)) < filling:
            raise _torn(self.name, self.offset + self.n_read)
        return self.n_read + filling


def _opened(body: _Body) -> IO[bytes]:
    return cast("IO[bytes]", body)
