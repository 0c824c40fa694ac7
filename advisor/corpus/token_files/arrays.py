"""The readers of files that are one array of ids: .bin, .npy, .npz, Megatron's and dolma's."""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from advisor.corpus.column_notes import note_padding
from advisor.corpus.corpus_file import CorpusFile, Place, read_at
from advisor.corpus.streams import BLOCK
from advisor.corpus.token_files.flat import FlatIds, StreamedIds
from advisor.corpus.token_files.id_types import check_bytes, check_said, check_stated, type_of_ids
from advisor.corpus.token_files.ids import IdArray, check_end, check_type, checked_ids, end_of_text, n_vocabulary
from advisor.corpus.token_files.indexed import EvenBounds, IndexedIds
from advisor.corpus.token_files.llm_c import MAGICS, N_BYTES, read_llm_c_header
from advisor.corpus.token_files.magic import binary_format
from advisor.corpus.token_files.megatron import MegatronBounds, read_header
from advisor.corpus.token_files.npy import MAGIC, NpzArrays, ids_of_arrays, npy_array, npz_arrays
from advisor.corpus.token_files.passages import documents_in_blocks
from advisor.corpus.token_files.sidecar import SidecarBounds, last_end
from advisor.corpus.token_files.stored import open_stored, opened, read_fully
from advisor.corpus.values.padding import find_padding, without_padding
from advisor.errors import CorpusError
from advisor.quantities import plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import numpy.typing as npt

    from advisor.corpus.documents import Document, Reader
    from advisor.corpus.options import CorpusOptions
    from advisor.corpus.tally import Tally

_IDS_AT_ONCE = 1 << 20


def flat_reader(file: CorpusFile, options: CorpusOptions, seq_len: int, tally: Tally) -> Reader:
    """Return the reader of a .bin: with llm.c's header, or nothing but ids.

    Raises:
        CorpusError: its type is not known and its bytes leave a doubt, or it is truncated.
    """
    check_type(options.ids.dtype)
    if file.compression:
        return _compressed(file, options, seq_len, tally)
    if (kind := binary_format(file.place)) not in (None, "bin"):
        raise CorpusError(f"{file.name} is no bare array of ids: it begins as a {kind} file does.")
    header = read_llm_c_header(file.place)
    if header is None:
        eos = end_of_text(options.ids)
        return _flat(_headless(file.place, options), eos, file, options, seq_len, tally)
    check_stated(file.name, header.dtype, options.ids.dtype)
    ids = IdArray(
        place=file.place,
        dtype=header.dtype,
        offset=N_BYTES,
        n_ids=header.n_ids,
        n_vocabulary=n_vocabulary(options.ids),
        is_stated=True,
    )
    return _flat(ids, end_of_text(options.ids, header.end_of_text), file, options, seq_len, tally)


def _flat(
    ids: IdArray, eos: int | None, file: CorpusFile, options: CorpusOptions, seq_len: int, tally: Tally
) -> FlatIds:
    _note(options, tally, file, ids.dtype)
    return FlatIds(ids=ids, eos=eos, seq_len=seq_len, tally=tally)


def _note(
    options: CorpusOptions,
    tally: Tally,
    file: CorpusFile,
    dtype: str,
    column: str | None = None,
    what: str = "token ids",
) -> None:
    """Note what is read, having seen that the id between documents can be among such ids."""
    import numpy as np

    check_end(file.name, dtype, options.ids)
    tally.read(file.format, column, f"{what} ({np.dtype(dtype).name})", file.name)


def _headless(place: Place, options: CorpusOptions, stated: str | None = None) -> IdArray:
    """Return the ids of a file that has nothing else; another one may state their type."""
    import numpy as np

    dtype = stated or options.ids.dtype or type_of_ids(place)
    if stated is None and options.ids.dtype is not None:
        check_said(place, dtype)
    width = np.dtype(dtype).itemsize
    if place.n_bytes % width:
        raise CorpusError(
            f"{place.name} has {plural(place.n_bytes, 'byte')}, which is no whole number of ids of type {dtype}: it is "
            "truncated, or of another --dtype."
        )
    n_ids = place.n_bytes // width
    return IdArray(
        place=place,
        dtype=np.dtype(dtype).newbyteorder("<").str,
        offset=0,
        n_ids=n_ids,
        n_vocabulary=n_vocabulary(options.ids),
        is_stated=stated is not None,
    )


def _compressed(file: CorpusFile, options: CorpusOptions, seq_len: int, tally: Tally) -> StreamedIds:
    dtype = options.ids.dtype
    if dtype is None:
        raise CorpusError(f"{file.name} is compressed and does not say what type its ids have: say it with --dtype.")
    _note(options, tally, file, dtype)
    blocks = _stream_blocks(file, dtype, n_vocabulary(options.ids))
    return StreamedIds(name=file.name, blocks=blocks, eos=end_of_text(options.ids), seq_len=seq_len, tally=tally)


def _stream_blocks(file: CorpusFile, dtype: str, limit: int | None) -> Iterator[npt.NDArray[np.int64]]:
    import numpy as np

    kind, begin = np.dtype(dtype).newbyteorder("<"), 0
    with open_stored(file) as stream:
        head = read_fully(stream, N_BYTES)
        if int.from_bytes(head[:4], "little") in MAGICS:
            raise CorpusError(f"{file.name} has the header of llm.c and is compressed: decompress it first.")
        while data := head + read_fully(stream, BLOCK - len(head)):
            if begin == 0:
                check_bytes(file.name, data, len(data), dtype)
            if len(data) % kind.itemsize:
                raise CorpusError(
                    f"{file.name} holds no whole number of ids of type {dtype}: it is truncated, or of another --dtype."
                )
            yield checked_ids(np.frombuffer(data, kind), limit, file.name, begin, dtype, is_stated=False)
            begin, head = begin + len(data) // kind.itemsize, b""


def npy_reader(file: CorpusFile, options: CorpusOptions, seq_len: int, tally: Tally) -> Reader:
    """Return the reader of a .npy: numpy's, or dolma's, which has no header; a sidecar says where documents end.

    Of an array in two dimensions each row is a document, as a list in a column of parquet is.

    Raises:
        CorpusError: it holds no ids in one or two dimensions, or is truncated; its type leaves a doubt.
    """
    check_type(options.ids.dtype)
    if file.compression:
        raise CorpusError(f"{file.name} is a compressed .npy: decompress it first.")
    with opened(file.place) as handle:
        is_numpy = read_at(handle, len(MAGIC), 0) == MAGIC
    eos = end_of_text(options.ids)
    if not is_numpy:
        ids = _headless(file.place, options, _type_by_sidecar(file, options))
    else:
        header = npy_array(file.place)
        check_stated(file.name, header.dtype, options.ids.dtype)
        ids = IdArray(
            place=file.place,
            dtype=header.dtype,
            offset=header.offset,
            n_ids=header.n_ids,
            n_vocabulary=n_vocabulary(options.ids),
            is_stated=True,
        )
        if header.is_table:
            _note(options, tally, file, ids.dtype, what="rows of token ids")
            return _rows(ids, header.shape, eos, seq_len, tally)
    if not file.beside:
        return _flat(ids, eos, file, options, seq_len, tally)
    _note(options, tally, file, ids.dtype)
    load = functools.partial(SidecarBounds, _sidecar(file), file.name, ids.n_ids)
    return IndexedIds(ids=ids, load=load, n_documents=None, eos=eos, seq_len=seq_len, tally=tally)


def _rows(ids: IdArray, shape: tuple[int, ...], eos: int | None, seq_len: int, tally: Tally) -> IndexedIds:
    rows = EvenBounds(n_documents=shape[0] if shape[1] else 0, length=max(shape[1], 1))
    return IndexedIds(ids=ids, load=lambda: rows, n_documents=rows.n_documents, eos=eos, seq_len=seq_len, tally=tally)


def _sidecar(file: CorpusFile) -> CorpusFile:
    return replace(file, place=file.beside[0], format="csv", compression="gzip", beside=())


def _type_by_sidecar(file: CorpusFile, options: CorpusOptions) -> str | None:
    """Return the type that makes a dolma .npy as long as its sidecar says, where its bytes leave a doubt."""
    if options.ids.dtype or not file.beside:
        return None
    try:
        return type_of_ids(file.place)
    except CorpusError:
        n_ids = last_end(_sidecar(file))
        widths = {1: "uint8", 2: "uint16", 4: "uint32", 8: "uint64"}
        return widths.get(file.n_bytes // n_ids) if n_ids and file.n_bytes % n_ids == 0 else None


def megatron_reader(file: CorpusFile, options: CorpusOptions, seq_len: int, tally: Tally) -> Reader:
    """Return the reader of a Megatron .bin, ``beside`` which its .idx is.

    Raises:
        CorpusError: there is no index, or it is damaged.
    """
    check_type(options.ids.dtype)
    if not file.beside:
        raise CorpusError(
            f"{file.name} is a Megatron .bin without its .idx: --format bin reads its ids without the documents."
        )
    header = read_header(file.beside[0])
    check_stated(file.beside[0].name, header.dtype, options.ids.dtype)
    ids = _headless(file.place, options, header.dtype)
    _note(options, tally, file, header.dtype)
    return IndexedIds(
        ids=ids,
        load=functools.partial(MegatronBounds, file.beside[0], file.place),
        n_documents=header.n_documents,
        eos=end_of_text(options.ids),
        seq_len=seq_len,
        tally=tally,
    )


@dataclass(kw_only=True)
class NpzDocuments:
    """The arrays of an .npz, or the rows of one, each a document; read in order, as zip stores them."""

    name: str
    place: Place
    arrays: NpzArrays
    n_vocabulary: int | None
    seq_len: int
    tally: Tally
    size: int | None = None
    n_documents: int | None = None

    def documents(self) -> Iterator[Document]:
        """Yield the documents, in pieces of whole sequences where they are long."""
        padding = find_padding(self._first_blocks())
        if padding is not None:
            note_padding(self.name, padding, self.tally)
        for number, blocks in enumerate(self._rows()):
            whole = (without_padding(block, padding) for block in blocks)  # a row is a block, if it is no book
            yield from documents_in_blocks(whole, None, self.name, self.seq_len, first=number)

    def _first_blocks(self) -> Iterator[npt.NDArray[np.int64]]:
        for blocks in self._rows():
            yield from itertools.islice(blocks, 1)
            for _ in blocks:  # the next row begins where this one ends
                pass

    def _rows(self) -> Iterator[Iterator[npt.NDArray[np.int64]]]:
        return ids_of_arrays(self.place, self.arrays, self.n_vocabulary, _IDS_AT_ONCE)


def npz_reader(file: CorpusFile, options: CorpusOptions, seq_len: int, tally: Tally) -> Reader:
    """Return the reader of an .npz: of its one array of ids; of arrays that numpy numbered, each is a document.

    Raises:
        CorpusError: it is no .npz, or none or several of its arrays hold ids.
    """
    arrays = npz_arrays(file.place, options.column)
    check_stated(file.name, arrays.headers[0].dtype, options.ids.dtype)
    header, limit, eos = arrays.headers[0], n_vocabulary(options.ids), end_of_text(options.ids)
    is_flat = arrays.column is not None and not header.is_table
    _note(options, tally, file, header.dtype, arrays.column, "token ids" if is_flat else "rows of token ids")
    if arrays.offset is not None:
        ids = IdArray(
            place=file.place,
            dtype=header.dtype,
            offset=arrays.offset + header.offset,
            n_ids=header.n_ids,
            n_vocabulary=limit,
            is_stated=True,
        )
        if not is_flat:
            return _rows(ids, header.shape, eos, seq_len, tally)
        return FlatIds(ids=ids, eos=eos, seq_len=seq_len, tally=tally)
    if not is_flat:
        return NpzDocuments(
            name=file.name, place=file.place, arrays=arrays, n_vocabulary=limit, seq_len=seq_len, tally=tally
        )
    blocks = itertools.chain.from_iterable(ids_of_arrays(file.place, arrays, limit, _IDS_AT_ONCE))
    return StreamedIds(name=file.name, blocks=blocks, eos=eos, seq_len=seq_len, tally=tally)
