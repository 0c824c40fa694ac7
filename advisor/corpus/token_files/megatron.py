r"""The index of a Megatron-LM dataset: of x.bin, x.idx says the type of the ids and where documents begin.

Layout, little-endian (Megatron-LM, megatron/core/datasets/indexed_dataset.py): b"MMIDIDX\\0\\0", version 1 (uint64), a
code for the type (uint8), the numbers of sequences s and of document bounds d (uint64 each), then the lengths of the
sequences (s int32), their offsets in bytes (s int64), and at which sequence each document begins, with s at the end
(d int64); a multimodal dataset has s int8 more.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from advisor.corpus.corpus_file import read_at
from advisor.corpus.token_files.stored import opened
from advisor.errors import CorpusError
from advisor.quantities import plural

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from advisor.corpus.corpus_file import Place

MAGIC = b"MMIDIDX\x00\x00"
_TYPES = {1: "uint8", 2: "int8", 3: "int16", 4: "int32", 5: "int64", 6: "float64", 7: "float32", 8: "uint16"}
_HEADER = struct.Struct("<9sQBQQ")
_BLOCK = 1 << 16  # documents whose bounds are read at a time
_STEP = 1024  # of every so many documents the beginning is kept


@dataclass(frozen=True, kw_only=True)
class Header:
    """What the first bytes of an index say: the type of the ids, the sequences, the documents."""

    dtype: str
    n_sequences: int
    n_bounds: int

    @property
    def n_documents(self) -> int:
        """How many documents there are: the sequences, where no document was ever ended."""
        return self.n_bounds - 1 if self.n_bounds > 1 else self.n_sequences


def read_header(index: Place) -> Header:
    """Return what the index says of itself.

    Raises:
        CorpusError: it is not such an index, it is of another version or type, or it is truncated.
    """
    with opened(index) as handle:
        head = read_at(handle, _HEADER.size, 0)
    if not head.startswith(MAGIC) or len(head) < _HEADER.size:
        raise CorpusError(f"{index.name} is not the index of a Megatron dataset: it does not begin with MMIDIDX.")
    _, version, code, n_sequences, n_bounds = _HEADER.unpack(head)
    if version != 1:
        raise CorpusError(f"{index.name} is a Megatron index of version {version}: only version 1 is read.")
    dtype = _TYPES.get(code, f"unknown (code {code})")
    if not dtype.startswith(("int", "uint")):
        raise CorpusError(f"{index.name} says that its dataset is of type {dtype}: token ids are integers.")
    expected = _HEADER.size + 12 * n_sequences + 8 * n_bounds
    if index.n_bytes not in (expected, expected + n_sequences):
        raise CorpusError(
            f"{index.name} has {plural(index.n_bytes, 'byte')}, and the {n_sequences:,} sequences that it says it has "
            f"take {expected:,}: it is truncated or damaged."
        )
    return Header(dtype=dtype, n_sequences=n_sequences, n_bounds=n_bounds)


class MegatronBounds:
    """Where documents begin and end, read from the index as they are asked for.

    The whole index is read once, in blocks, to see that it fits the dataset; of every _STEP documents one is kept.

    Raises:
        CorpusError: the index is not of this dataset.
    """

    def __init__(self, index: Place, dataset: Place) -> None:
        import numpy as np

        self.index, self.dataset, self.header = index, dataset, read_header(index)
        self.width = np.dtype(self.header.dtype).itemsize
        self.n_documents = self.header.n_documents
        self.held = (0, np.empty(0, np.int64), np.empty(0, np.int64))  # the bounds read last, from which document on
        with opened(self.index) as handle:
            self.kept = self._check(handle)

    def number_at(self, position: int) -> int:
        """Return the last document that begins at or before an id."""
        import numpy as np

        first = max(int(np.searchsorted(self.kept, position, side="right")) - 1, 0) * _STEP
        last = min(first + _STEP, self.n_documents)
        begins, ends = self.bounds(first, last)
        self.held = (first, begins, ends)
        return first + int(np.searchsorted(begins, position, side="right")) - 1

    def bounds(self, first: int, last: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return where documents begin and end."""
        import numpy as np

        if last <= first:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        base, begins, ends = self.held
        if base <= first and last <= base + len(begins):
            return begins[first - base : last - base], ends[first - base : last - base]
        with opened(self.index) as handle:
            sequences = self._sequences(handle, first, last)
            offsets, _ = self._offsets(handle, int(sequences[0]), int(sequences[-1]))
        places = offsets[sequences - sequences[0]] // self.width
        return places[:-1], places[1:]

    def _check(self, handle: IO[bytes]) -> npt.NDArray[np.int64]:
        """Return where every _STEP-th document begins, having seen that sequences follow one another to the end."""
        import numpy as np

        kept, done = [np.empty(0, np.int64)], 0
        for first in range(0, self.n_documents, _BLOCK):
            sequences = self._sequences(handle, first, min(first + _BLOCK, self.n_documents))
            if (np.diff(sequences) < 0).any() or (first == 0 and sequences[0] != 0):
                raise self._error("its documents are not in order")
            offsets, follow = self._offsets(handle, int(sequences[0]), int(sequences[-1]))
            if not follow or offsets[0] != done:
                raise self._error("its sequences do not follow one another")
            done = int(offsets[-1])
            kept.append(offsets[sequences[:-1:_STEP] - sequences[0]] // self.width)
        if done != self.dataset.n_bytes:
            raise self._error(f"it ends at byte {done:,} of {self.dataset.n_bytes:,}")
        return np.concatenate(kept)

    def _error(self, problem: str) -> CorpusError:
        return CorpusError(
            f"{self.index.name} is not the index of {self.dataset.name}, or one of them is damaged: {problem}."
        )

    def _sequences(self, handle: IO[bytes], first: int, last: int) -> npt.NDArray[np.int64]:
        """Return at which sequence the documents from ``first`` on begin, up to and with where ``last`` would."""
        import numpy as np

        if self.header.n_bounds <= 1:
            return np.arange(first, last + 1, dtype=np.int64)
        found = self._read(handle, "<i8", 12 * self.header.n_sequences + 8 * first, last + 1 - first)
        if len(found) and (found.min() < 0 or found.max() > self.header.n_sequences):
            raise self._error(f"a document begins at sequence {found.max():,} of {self.header.n_sequences:,}")
        return found

    def _offsets(self, handle: IO[bytes], first: int, last: int) -> tuple[npt.NDArray[np.int64], bool]:
        """Return at which byte sequences begin, with where the last ends, and whether each begins where one ends."""
        import numpy as np

        if last == first:
            is_end = first == self.header.n_sequences
            begin = self.dataset.n_bytes if is_end else int(self._pointers(handle, first, first + 1)[0])
            return np.array([begin], np.int64), True
        begins = self._pointers(handle, first, last)
        ends = begins + self._read(handle, "<i4", 4 * first, last - first).astype(np.int64) * self.width
        return np.append(begins, ends[-1]), bool((begins[1:] == ends[:-1]).all() and (ends >= begins).all())

    def _pointers(self, handle: IO[bytes], first: int, last: int) -> npt.NDArray[np.int64]:
        return self._read(handle, "<i8", 4 * self.header.n_sequences + 8 * first, last - first)

    def _read(self, handle: IO[bytes], dtype: str, offset: int, count: int) -> npt.NDArray[Any]:
        import numpy as np

        return np.frombuffer(read_at(handle, count * np.dtype(dtype).itemsize, _HEADER.size + offset), dtype)
