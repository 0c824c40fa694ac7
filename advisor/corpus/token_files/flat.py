"""Ids one after the other: nanoGPT's and llm.c's .bin, a .npy of one dimension; documents end at an id, or nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from advisor.corpus.token_files.passages import documents_in_blocks, passage_in
from advisor.corpus.token_files.stored import opened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    import numpy.typing as npt

    from advisor.corpus.documents import Document, Passage
    from advisor.corpus.tally import Tally
    from advisor.corpus.token_files.ids import IdArray

_BLOCK = 1 << 20  # ids read at a time
_REACH = 1 << 18  # ids looked through, to either side of a draw, for the ends of its document


@dataclass(kw_only=True)
class FlatIds:
    """The ids of a file; ``eos`` stands between its documents, None where nothing does."""

    ids: IdArray
    eos: int | None
    seq_len: int
    tally: Tally

    def __post_init__(self) -> None:
        self.name = self.ids.place.name
        self.size = self.ids.n_ids
        self.n_documents = 1 if self.eos is None else None
        if self.eos is None:
            caution_of_no_ends(self.tally, self.name)

    def documents(self) -> Iterator[Document]:
        """Yield the documents, in pieces of whole sequences where they are long."""
        n_ids = 0.0
        with opened(self.ids.place) as handle:
            blocks = (self.ids.read(handle, at, min(at + _BLOCK, self.size)) for at in range(0, self.size, _BLOCK))
            for document in documents_in_blocks(blocks, self.eos, self.name, self.seq_len):
                n_ids += document.raw_bytes
                yield document
        if n_ids == self.size and self.eos is not None:
            caution_of_one_document(self.tally, self.name, self.eos)

    def at(self, positions: Sequence[float]) -> Iterator[Passage | None]:
        """Yield the passage at each id; None at the end of a document. One over _REACH long is taken in parts."""
        n_met = 0
        with opened(self.ids.place) as handle:
            span = (0, 0)
            for position in positions:
                if not span[0] <= position < span[1]:
                    span, n_ends = self._around(handle, int(position))
                    n_met += n_ends
                if span[0] == span[1]:
                    yield None
                    continue
                following = self._following(handle, span[1]) if span[1] - span[0] < 8 * self.seq_len else ()
                yield passage_in(self.ids, handle, span, position, following, self.seq_len)
        if not n_met and self.eos is not None:
            caution_of_one_document(self.tally, self.name, self.eos)

    def _around(self, handle: IO[bytes], place: int) -> tuple[tuple[int, int], int]:
        """Return where the document that holds an id begins and ends, and how many of its ends were found."""
        if self.eos is None:
            return (0, self.size), 0
        if int(self.ids.unchecked(handle, place, place + 1)[0]) == self.eos:
            return (place, place), 1
        before, after = self._last_before(handle, place), self._first_after(handle, place)
        begin = place // _REACH * _REACH if before is None else before + 1
        end = min(place + _REACH, self.size) if after is None else after
        return (begin, end), (before is not None and before >= 0) + (after is not None and after < self.size)

    def _last_before(self, handle: IO[bytes], place: int) -> int | None:
        """Return where the last end before ``place`` is, -1 for the beginning of the file; None if it is too far."""
        import numpy as np

        high, step = place, 1 << 12
        while high > 0:
            low = max(high - step, 0)
            found = np.flatnonzero(self.ids.unchecked(handle, low, high) == self.eos)
            if len(found):
                return low + int(found[-1])
            if place - low >= _REACH:
                return None
            high, step = low, 2 * step
        return -1

    def _first_after(self, handle: IO[bytes], place: int) -> int | None:
        """Return where the first end from ``place`` on is, or the file's end; None if it is too far."""
        import numpy as np

        low, step = place, 1 << 12
        while low < self.size:
            high = min(low + step, self.size)
            found = np.flatnonzero(self.ids.unchecked(handle, low, high) == self.eos)
            if len(found):
                return low + int(found[0])
            if high - place >= _REACH:
                return None
            low, step = high, 2 * step
        return self.size

    def _following(self, handle: IO[bytes], end: int) -> tuple[npt.NDArray[np.int64], ...]:
        """Return the ids after a document, split where documents end: enough of them for one sequence."""
        import numpy as np

        ids = self.ids.read(handle, min(end + 1, self.size), min(end + 1 + 16 * self.seq_len, self.size))
        ends = np.flatnonzero(ids == self.eos)
        return tuple(part for part in np.split(ids[ids != self.eos], ends - np.arange(len(ends))) if len(part))


@dataclass(kw_only=True)
class StreamedIds:
    """The same where they can only be read in order, as of a compressed file."""

    name: str
    blocks: Iterator[npt.NDArray[np.int64]]
    eos: int | None
    seq_len: int
    tally: Tally
    size: int | None = None
    n_documents: int | None = None

    def documents(self) -> Iterator[Document]:
        """Yield the documents, in pieces of whole sequences where they are long."""
        if self.eos is None:
            caution_of_no_ends(self.tally, self.name)
        n_documents = 0
        for document in documents_in_blocks(self.blocks, self.eos, self.name, self.seq_len):
            n_documents += document.key[2] == 0
            yield document
        if n_documents == 1 and self.eos is not None:  # or the file is one document and its end
            caution_of_one_document(self.tally, self.name, self.eos)


def caution_of_no_ends(tally: Tally, name: str) -> None:
    """Say that documents could not be told apart, once for a corpus of many such files."""
    _caution_once(
        tally,
        f"{name} does not say where documents end, so it is read as one and sequences may cross them: say which id "
        "stands between them with --eos-id, or whose ids they are with --tokenizer.",
    )


def caution_of_one_document(tally: Tally, name: str, eos: int) -> None:
    """Say that the id that should stand between documents was not met, once for a corpus of many such files."""
    _caution_once(
        tally,
        f"The id {eos} that should stand between documents was not met in {name}, so sequences may cross them: say "
        "which id does with --eos-id.",
    )


def _caution_once(tally: Tally, message: str) -> None:
    if not any(each.code == "no_boundaries" for each in tally.cautions):
        tally.caution("no_boundaries", message)
