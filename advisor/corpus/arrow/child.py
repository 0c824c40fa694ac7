"""What a child process does with parquet and arrow files: imported by it alone (advisor.untrusted)."""

from __future__ import annotations

import ctypes
import io
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from advisor.corpus.arrow.arrays import chosen_values, packed, packed_array, validated
from advisor.corpus.arrow.column import MOST_BYTES
from advisor.corpus.arrow.draws import ColumnDraws, drawn
from advisor.corpus.arrow.ipc import ArrowFile
from advisor.corpus.arrow.parquet import ParquetFile
from advisor.errors import CorpusError
from advisor.untrusted.reading import parsing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager

    import pyarrow as pa

_MMAP_THRESHOLD, _ARENA_MAX = -3, -8  # of glibc's malloc.h
Request = dict[str, Any]
Files = list[Any]  # one of them
_AT_ONCE = f"needs over {MOST_BYTES >> 20} MB at once, the most that it is given: if it is not damaged, write it with"
TOO_LARGE = {
    "parquet": f"a value or page of it {_AT_ONCE} shorter values and smaller pages (data_page_size, row_group_size)",
    "arrow": f"a value, dictionary or record batch of it {_AT_ONCE} shorter values and smaller batches (max_chunksize)",
}
WORDS = {"parquet": "a parquet file", "arrow": "an arrow file"}


def _prepare() -> None:
    """Import what reading takes, while the parent goes on; without the pools and threads that hold memory back."""
    _give_memory_back()
    os.environ |= {"ARROW_DEFAULT_MEMORY_POOL": "system", "OPENBLAS_NUM_THREADS": "1"}
    import numpy  # noqa: F401
    import pyarrow as pa
    import pyarrow.compute
    import pyarrow.parquet

    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)


def _give_memory_back() -> None:
    """Let glibc return what is freed to the system: else the holes between pages of 30 MB are three times as much."""
    with suppress(AttributeError, OSError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_MMAP_THRESHOLD, 1 << 22)
        mallopt(_ARENA_MAX, 1)


_prepare()


class WholeReads(io.RawIOBase):
    """A file whose reads are as long as they are asked to be, unless it ends: what pyarrow takes for granted."""

    def __init__(self, file: Any) -> None:
        self.file, self.n_bytes = file, file.n_bytes

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return where it is read next."""
        return int(self.file.tell())

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Return where it will be read next."""
        return int(self.file.seek(offset, whence))

    def read(self, size: int | None = -1) -> bytes:
        """Return so many bytes, fewer only where the file ends."""
        left = max(self.n_bytes - self.tell(), 0)
        size = left if size is None or size < 0 else min(size, left)
        data = self.file.read(size)
        while len(data) < size and (more := self.file.read(size - len(data))):
            data += more
        return bytes(data)


def _parsing(request: Request, place: str | None = None, what: str | None = None) -> AbstractContextManager[None]:
    """Return the boundary of what pyarrow raises; the memory of this process is bounded, and the sentence says so."""
    format = request["format"]
    return parsing(place or request["name"], what or WORDS[format], CorpusError, too_large=TOO_LARGE[format])


def _opened(request: Request, files: Files) -> Any:
    kind = ParquetFile if request["format"] == "parquet" else ArrowFile
    try:
        file = kind(WholeReads(files[0]), request)
        list(_names(file.schema))
    except UnicodeDecodeError as error:
        name = request["name"]
        raise CorpusError(f"{name} has a column whose name is not UTF-8: write it again with another name.") from error
    return file


def outline(request: Request, files: Files) -> tuple[dict[str, Any], Any]:
    """Return what a file says of itself, with its schema."""
    with _parsing(request):
        file = _opened(request, files)
        return file.outline(), file.schema.remove_metadata().serialize()


def _names(fields: Iterable[pa.Field]) -> Iterator[str]:
    """Yield the names of fields and of all that is nested in them."""
    for field in fields:
        yield field.name
        kind = getattr(field.type, "storage_type", field.type)
        yield from _names(kind.field(number) for number in range(kind.num_fields))


def table(request: Request, files: Files) -> tuple[dict[str, Any], Any]:
    """Return how many values a parquet file holds, and all of them unless they are too many."""
    with _parsing(request):
        file = _opened(request, files)
        told = {"n_cells": file.metadata.num_rows * file.metadata.num_columns}
        if told["n_cells"] > request["most_cells"]:
            return told, b""
        batches = file.table.read(use_threads=False).combine_chunks().to_batches()
        return told, packed(batches[0]) if batches else b""


def first_rows(request: Request, files: Files) -> tuple[dict[str, Any], Any]:
    """Return a few rows of several columns of a part of a file."""
    with _parsing(request):
        batch = _opened(request, files).first_rows()
        for column in batch.columns:
            validated(column)
        return {}, packed(batch)


def parts(request: Request, files: Files) -> tuple[dict[str, Any], Any]:
    """Return the rows and the bytes of the chosen columns of each row group or record batch."""
    with _parsing(request):
        return {"parts": _opened(request, files).parts()}, b""


def slices(request: Request, files: Files) -> Iterator[tuple[dict[str, Any], Any]]:
    """Yield the chosen column of a row group or record batch, some rows at a time."""
    for values in _slices(request, files):
        yield {}, packed_array(values)


def draws(request: Request, files: Files) -> Iterator[tuple[dict[str, Any], Any]]:
    """Yield where draws on the chosen column of a row group or record batch fall, and then those rows."""
    found = drawn(lambda: _slices(request, files), ColumnDraws(**request["draws"]))
    for told, values in _parsed(request, found):
        yield told, packed_array(values)


def _slices(request: Request, files: Files) -> Iterator[pa.Array]:
    def read() -> Iterator[pa.Array]:
        for batch in _opened(request, files).batches():
            yield chosen_values(batch, request["columns"], several=request["several"])

    return _parsed(request, read())


def _parsed(request: Request, found: Iterator[Any]) -> Iterator[Any]:
    """Yield what a library parses; what it raises is an error of that part of the file."""
    while True:
        with _parsing(request, request["place"], request["format"]):
            each = next(found, None)
        if each is None:
            return
        yield each
