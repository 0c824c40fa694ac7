"""Ids whose documents an index tells apart: Megatron's .bin, dolma's .npy, the rows of a two-dimensional .npy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Protocol

from advisor.corpus.column_notes import note_padding
from advisor.corpus.documents import EMPTY
from advisor.corpus.token_files.passages import passage_in, piece_length, pieces_of_ids
from advisor.corpus.token_files.stored import opened
from advisor.corpus.values.padding import find_padding, without_padding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np
    import numpy.typing as npt

    from advisor.corpus.documents import Document, Passage
    from advisor.corpus.tally import Tally
    from advisor.corpus.token_files.ids import IdArray
    from advisor.corpus.values.padding import Padding

_BLOCK = 1 << 20  # ids read at a time
_SPACED, _LONGEST = 64, 1 << 16  # documents looked at for padding, and the ids that one of them has at most
_STEP = 1 << 12  # ids looked through at a time for where padding ends
_SPANS = 4096  # documents whose bounds are taken at a time


class Bounds(Protocol):
    """Where the documents of a file lie among its ids: ascending, none in another."""

    @property
    def n_documents(self) -> int:
        """How many documents there are."""

    def number_at(self, position: int) -> int:
        """Return the last document that begins at or before an id; -1 if there is none."""

    def bounds(self, first: int, last: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return where the documents from ``first`` up to ``last`` begin and end."""


@dataclass(frozen=True, kw_only=True)
class EvenBounds:
    """Documents of one length: the rows of a table."""

    n_documents: int
    length: int

    def number_at(self, position: int) -> int:
        """Return the document that holds an id."""
        return position // self.length

    def bounds(self, first: int, last: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return where documents begin and end."""
        import numpy as np

        begins = np.arange(first, last, dtype=np.int64) * self.length
        return begins, begins + self.length


@dataclass(kw_only=True)
class IndexedIds:
    """The documents of a file's ids; ``load`` reads their index. A last id ``eos`` of one is not part of it."""

    ids: IdArray
    load: Callable[[], Bounds]
    n_documents: int | None
    eos: int | None
    seq_len: int
    tally: Tally

    def __post_init__(self) -> None:
        self.name = self.ids.place.name
        self.size = self.ids.n_ids
        self._padding: Padding | None = None

    def documents(self) -> Iterator[Document]:
        """Yield the documents, in pieces of whole sequences where they are long."""
        index = self.load()
        with opened(self.ids.place) as handle:
            self._look(handle, index)
            for first in range(0, index.n_documents, _SPANS):
                begins, ends = index.bounds(first, min(first + _SPANS, index.n_documents))
                yield from self._documents(handle, begins, ends)

    def _documents(
        self, handle: IO[bytes], begins: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]
    ) -> Iterator[Document]:
        """Yield documents of which as many as make a block are read at once."""
        import numpy as np

        first = 0
        while first < len(begins):
            base = int(begins[first])
            if ends[first] - base > _BLOCK:
                yield from self._pieces(handle, *self._filled(handle, base, int(ends[first])))
                first += 1
                continue
            last = max(int(np.searchsorted(ends, base + _BLOCK, side="right")), first + 1)
            block = self.ids.read(handle, base, int(ends[last - 1]))
            for begin, end in zip(begins[first:last].tolist(), ends[first:last].tolist(), strict=True):
                ids = self._without_end(without_padding(block[begin - base : end - base], self._padding))
                if not len(ids):
                    self.tally.skip(EMPTY)
                yield from pieces_of_ids(self.name, begin, ids, self.seq_len)
            first = last

    def _pieces(self, handle: IO[bytes], begin: int, end: int) -> Iterator[Document]:
        """Yield a document that is too long to be read at once."""
        length = piece_length(self.seq_len)
        for number, at in enumerate(range(begin, end, length)):
            ids = self.ids.read(handle, at, min(at + length, end))
            ids = self._without_end(ids) if at + length >= end else ids
            yield from pieces_of_ids(self.name, begin, ids, self.seq_len, number)

    def at(self, positions: Sequence[float]) -> Iterator[Passage | None]:
        """Yield the passage at each id; None between documents and at an id that ends one."""
        index = self.load()
        with opened(self.ids.place) as handle:
            self._look(handle, index)
            for position in positions:
                number = index.number_at(int(position))
                span = self._span(handle, index, number)
                if span is None or not span[0] <= position < span[1]:
                    yield None
                    continue
                short = span[1] - span[0] < 8 * self.seq_len
                following = self._following(handle, index, number + 1) if short else ()
                yield passage_in(self.ids, handle, span, position, following, self.seq_len)

    def _look(self, handle: IO[bytes], index: Bounds) -> None:
        """Find the padding of documents from all over the file, and say it."""
        step = max(index.n_documents // _SPACED, 1)
        spans = [index.bounds(number, number + 1) for number in range(0, index.n_documents, step)]
        rows = (self.ids.read(handle, int(begin[0]), int(end[0])) for begin, end in spans if end - begin <= _LONGEST)
        self._padding = find_padding(rows)
        if self._padding is not None:
            note_padding(self.name, self._padding, self.tally)

    def _filled(self, handle: IO[bytes], begin: int, end: int) -> tuple[int, int]:
        """Return where the ids between two places begin and end without padding."""
        import numpy as np

        if self._padding is None:
            return begin, end
        at_left = self._padding.on_left
        while begin < end:
            low, high = (begin, min(begin + _STEP, end)) if at_left else (max(end - _STEP, begin), end)
            found = np.flatnonzero(self.ids.unchecked(handle, low, high) != self._padding.id)
            if len(found):
                return (low + int(found[0]), end) if at_left else (begin, low + int(found[-1]) + 1)
            begin, end = (high, end) if at_left else (begin, low)
        return begin, end

    def _span(self, handle: IO[bytes], index: Bounds, number: int) -> tuple[int, int] | None:
        if number < 0:
            return None
        begins, ends = index.bounds(number, number + 1)
        begin, end = self._filled(handle, int(begins[0]), int(ends[0]))
        if end > begin and self.eos is not None and self.ids.unchecked(handle, end - 1, end)[0] == self.eos:
            end -= 1
        return begin, end

    def _following(self, handle: IO[bytes], index: Bounds, first: int) -> tuple[npt.NDArray[np.int64], ...]:
        """Return the documents after one, enough of them for one sequence."""
        import numpy as np

        enough = 8 * self.seq_len
        begins, ends = index.bounds(first, min(first + enough, index.n_documents))
        last = min(int(np.searchsorted(np.cumsum(ends - begins), enough)) + 1, len(begins))
        if not last:
            return ()
        base = int(begins[0])
        block = self.ids.read(handle, base, min(int(ends[last - 1]), int(begins[last - 1]) + enough))
        rows = (without_padding(block[begins[i] - base : ends[i] - base], self._padding) for i in range(last))
        found = map(self._without_end, rows)
        return tuple(ids for ids in found if len(ids))

    def _without_end(self, ids: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        return ids[:-1] if self.eos is not None and len(ids) and ids[-1] == self.eos else ids
