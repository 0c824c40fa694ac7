"""The header of numpy's .npy, and the arrays of an .npz: never an object, which only unpickling would read."""

from __future__ import annotations

import math
import zipfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from advisor.corpus.choice import choose_column
from advisor.corpus.columns import Field
from advisor.corpus.compressed.zip_file import open_member, open_zip, unpacking
from advisor.corpus.corpus_file import read_at
from advisor.corpus.token_files.ids import checked_ids
from advisor.corpus.token_files.stored import opened, read_fully
from advisor.errors import CorpusError
from advisor.quantities import plural
from advisor.untrusted.reading import parsing

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import numpy.typing as npt

    from advisor.corpus.corpus_file import Place

MAGIC = b"\x93NUMPY"
_LOCAL_HEADER = 30  # bytes of a zip member's own header before its name
_MOST_TIMES, _MOST_FREE = 1000, 1 << 27  # times that an array may expand, and bytes up to which that is not looked at


@dataclass(frozen=True, kw_only=True)
class NpyHeader:
    """What a .npy says of its array: the type, the shape, and the bytes before the first number."""

    dtype: str
    shape: tuple[int, ...]
    offset: int

    @property
    def is_table(self) -> bool:
        """Whether it has rows and columns, and not one of either."""
        return len(self.shape) == 2 and 1 not in self.shape

    @property
    def n_ids(self) -> int:
        """How many numbers there are."""
        return self.shape[0] * (self.shape[1] if len(self.shape) == 2 else 1)


def read_npy_header(handle: IO[bytes], name: str) -> NpyHeader:
    """Return what the .npy that begins at the stream's place says.

    Raises:
        CorpusError: it is damaged, or its array is not of whole numbers in one or two dimensions, row after row.
    """
    from numpy.lib import format as npy

    begin = handle.tell()
    with parsing(name, "a .npy array", CorpusError):  # numpy's own limit of a header is 10,000 bytes
        version = npy.read_magic(handle)  # type: ignore[no-untyped-call]
        read: Any = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, is_fortran, dtype = read(handle)
    if dtype.hasobject:
        raise CorpusError(
            f"{name} holds pickled Python objects, which are never loaded: save the ids of each document in a list "
            "column of parquet, or one after the other as uint16 or uint32."
        )
    if dtype.kind not in "iu":
        raise CorpusError(f"{name} is an array of {dtype}: token ids are whole numbers, such as uint16 or uint32.")
    if (
        len(shape) not in (1, 2)
        or min(shape) < 0
        or math.prod(shape) >= 1 << 62
        or (is_fortran and len(shape) == 2 and 1 not in shape)
    ):
        order = ", stored column after column" if is_fortran else ""
        raise CorpusError(
            f"{name} is an array of shape {str(shape)[:80]}{order}: save token ids with numpy.save as one "
            "row of ids, or as rows of one length."
        )
    return NpyHeader(dtype=dtype.str, shape=shape, offset=handle.tell() - begin)


def npy_array(place: Place) -> NpyHeader:
    """Return what a .npy file says of its array, having seen that the file has all of it and nothing more."""
    import numpy as np

    with opened(place) as handle:
        header = read_npy_header(handle, place.name)
    expected = header.offset + header.n_ids * np.dtype(header.dtype).itemsize
    if place.n_bytes != expected:
        problem = "it is truncated" if place.n_bytes < expected else "it holds more than one array, or something else"
        raise CorpusError(
            f"{place.name} has {place.n_bytes:,} bytes, and the array of shape {header.shape} that it says it has "
            f"takes {expected:,}: {problem}."
        )
    return header


@dataclass(frozen=True, kw_only=True)
class NpzArrays:
    """The arrays of an .npz that are read: one, or where they are numbered each is a document."""

    names: tuple[str, ...]
    headers: tuple[NpyHeader, ...]
    column: str | None  # the one; None where each is a document
    offset: int | None  # of the one array's header in the file, where it is not compressed


def npz_arrays(place: Place, column: str | None) -> NpzArrays:
    """Return which arrays of an .npz are read.

    Raises:
        CorpusError: it is not an .npz, or none or several of its arrays may be token ids.
    """
    with open_zip(place) as archive:
        members = [info for info in archive.infolist() if info.filename.endswith(".npy")]
        names = [info.filename.removesuffix(".npy") for info in members]
        if column is None and len(names) > 1 and all(name == f"arr_{i}" for i, name in enumerate(names)):
            headers = tuple(_member_header(archive, place, info) for info in members)
            return NpzArrays(names=tuple(names), headers=headers, column=None, offset=None)
        fields = {name: _field(archive, place, name, info) for name, info in zip(names, members, strict=True)}
        chosen = names[0] if column is None and len(names) == 1 else choose_column(fields, column, place.name).name
        info = members[names.index(chosen)]
        header = _member_header(archive, place, info)
    offset = _data_offset(place, info) if info.compress_type == zipfile.ZIP_STORED else None
    return NpzArrays(names=(chosen,), headers=(header,), column=chosen, offset=offset)


def _field(archive: zipfile.ZipFile, place: Place, name: str, info: zipfile.ZipInfo) -> Field:
    try:
        header = _member_header(archive, place, info)
    except CorpusError:
        return Field(name=name, kind=None, type="no token ids")
    return Field(name=name, kind="ids", type=f"array of {header.dtype} of shape {header.shape}")


def _member_header(archive: zipfile.ZipFile, place: Place, info: zipfile.ZipInfo) -> NpyHeader:
    with open_member(archive, info) as member:
        return read_npy_header(member, f"{place.name}, array {info.filename.removesuffix('.npy')},")


def _data_offset(place: Place, info: zipfile.ZipInfo) -> int:
    """Return where the bytes of a member that is not compressed begin."""
    with opened(place) as handle:
        lengths = read_at(handle, 4, info.header_offset + _LOCAL_HEADER - 4)
    n_name, n_extra = int.from_bytes(lengths[:2], "little"), int.from_bytes(lengths[2:], "little")
    return info.header_offset + _LOCAL_HEADER + n_name + n_extra


def ids_of_arrays(
    place: Place, arrays: NpzArrays, n_vocabulary: int | None, n_at_once: int
) -> Iterator[Iterator[npt.NDArray[np.int64]]]:
    """Yield for each array of an .npz, or each row of its one array of rows, its ids in blocks."""
    with open_zip(place) as archive:
        for name, header in zip(arrays.names, arrays.headers, strict=True):
            info = archive.getinfo(f"{name}.npy")
            _check_expansion(info, f"{place.name}, array {name},")
            with open_member(archive, info) as member:
                read_npy_header(member, place.name)
                rows = header.shape[0] if header.is_table else 1
                for row in range(rows):
                    label = f"{place.name}, array {name}" + (f", row {row}" if rows > 1 else "")
                    yield _blocks(member, header, header.n_ids // max(rows, 1), label, n_vocabulary, n_at_once, place)


def _check_expansion(info: zipfile.ZipInfo, name: str) -> None:
    """Refuse an array that is almost nothing but zeros; zipfile reads no more of it than it says that it has."""
    if info.file_size > max(_MOST_FREE, _MOST_TIMES * info.compress_size):
        raise CorpusError(
            f"{name} expands over {_MOST_TIMES:,} times, its {info.compress_size:,} bytes to "
            f"{info.file_size >> 20:,} MB, which no token ids do: if it is meant, write it with numpy.savez, which "
            "does not compress."
        )


def _blocks(
    member: IO[bytes], header: NpyHeader, n_ids: int, label: str, n_vocabulary: int | None, n_at_once: int, place: Place
) -> Iterator[npt.NDArray[np.int64]]:
    import numpy as np

    kind = np.dtype(header.dtype)
    for begin in range(0, n_ids, n_at_once):
        count = min(n_at_once, n_ids - begin)
        with unpacking(place):
            data = read_fully(member, count * kind.itemsize)
        if len(data) < count * kind.itemsize:
            raise CorpusError(f"{label} is truncated: it ends before its {plural(n_ids, 'id')}.")
        values: npt.NDArray[Any] = np.frombuffer(data, kind)
        yield checked_ids(values, n_vocabulary, label, begin, header.dtype, is_stated=True)
