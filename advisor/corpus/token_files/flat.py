"""Ids one after the other: nanoGPT's and llm.c's .bin, a .npy of one dimension; documents end at an id, or nowhere.

Long runs of padding are left out, and end documents too: of rows that were padded and written one after the other, and
of the end of a file that was made larger than what was written.
"""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from advisor.corpus.column_notes import note_runs
from advisor.corpus.token_files.passages import documents_in_blocks, passage_in
from advisor.corpus.token_files.stored import opened
from advisor.corpus.values.padding import RUN, find_runs, in_runs
from advisor.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy as np
    import numpy.typing as npt

    from advisor.corpus.documents import Document, Passage
    from advisor.corpus.tally import Tally
    from advisor.corpus.token_files.ids import IdArray

_BLOCK = 1 << 20  # ids read at a time
_SPANS, _SPAN = 16, 1 << 13  # looked at for padding, spread over a file, and the ids in each
_LEAST_ROWS = 256  # ids: fewer in order are a coincidence, or a trial
_END = -1  # stands for what is between documents: an end of text, or padding
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
        if self.eos is None:
            caution_of_no_ends(self.tally, self.name)

    @property
    def n_documents(self) -> int | None:
        """One where nothing ends documents; else they are not known without reading."""
        return 1 if self.eos is None and self._padding is None else None

    @functools.cached_property
    def _padding(self) -> int | None:
        """The id whose long runs are padding; said when it is found.

        Raises:
            CorpusError: the ids are row numbers.
        """
        import numpy as np

        length = min(_SPAN, self.size)
        begins = np.unique(np.linspace(0, self.size - length, _SPANS).astype(np.int64)).tolist()
        with opened(self.ids.place) as handle:
            spans = [self.ids.unchecked(handle, begin, begin + length) for begin in begins]
        return _padding_of(spans, self.name, self.tally)

    def documents(self) -> Iterator[Document]:
        """Yield the documents, in pieces of whole sequences where they are long."""
        n_ids = 0.0
        with opened(self.ids.place) as handle:
            blocks = (self.ids.read(handle, at, min(at + _BLOCK, self.size)) for at in range(0, self.size, _BLOCK))
            parts = _with_ends(blocks, self.eos, lambda _: self._padding)
            for document in documents_in_blocks(parts, _END, self.name, self.seq_len):
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
        if self.eos is None and self._padding is None:
            return (0, self.size), 0
        if self._ends(handle, place, place + 1)[0]:
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
            found = np.flatnonzero(self._ends(handle, low, high))
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
            found = np.flatnonzero(self._ends(handle, low, high))
            if len(found):
                return low + int(found[0])
            if high - place >= _REACH:
                return None
            low, step = high, 2 * step
        return self.size

    def _following(self, handle: IO[bytes], end: int) -> tuple[npt.NDArray[np.int64], ...]:
        """Return the ids after a document, split where documents end: enough of them for one sequence."""
        import numpy as np

        begin, end = min(end + 1, self.size), min(end + 1 + 16 * self.seq_len, self.size)
        ids, are_ends = self.ids.read(handle, begin, end), self._ends(handle, begin, end)
        ends = np.flatnonzero(are_ends)
        places = np.unique(ends - np.arange(len(ends)))
        return tuple(part for part in np.split(ids[~are_ends], places) if len(part))

    def _ends(self, handle: IO[bytes], begin: int, end: int) -> npt.NDArray[np.bool_]:
        """Return which of the ids from ``begin`` up to ``end`` are between documents."""
        if self._padding is None:
            return _are_ends(self.ids.unchecked(handle, begin, end), self.eos, None)
        low, high = max(begin - RUN, 0), min(end + RUN, self.size)  # a run may begin before, and end behind
        found = _are_ends(self.ids.unchecked(handle, low, high), self.eos, self._padding)
        return found[begin - low : end - low]


def _are_ends(ids: npt.NDArray[Any], eos: int | None, padding: int | None) -> npt.NDArray[np.bool_]:
    import numpy as np

    found: npt.NDArray[np.bool_] = np.zeros(len(ids), bool) if eos is None else ids == eos
    return found if padding is None else found | in_runs(ids, padding)


def _with_ends(
    blocks: Iterable[npt.NDArray[np.int64]],
    eos: int | None,
    find: Callable[[npt.NDArray[np.int64]], int | None],
) -> Iterator[npt.NDArray[np.int64]]:
    """Yield the same ids with _END in place of all that is between documents; ``find`` tells a block's padding."""
    import numpy as np

    held, n_done, padding = np.empty(0, np.int64), 0, None  # the last ids, n_done of them yielded: a run may go on
    for block in itertools.chain(blocks, (None,)):
        if block is not None:
            held, padding = np.concatenate((held, block)), find(block) if padding is None else padding
        n_ready = len(held) if block is None else max(len(held) - RUN, n_done)
        yield np.where(_are_ends(held, eos, padding), _END, held)[n_done:n_ready]
        cut = max(n_ready - RUN, 0)
        held, n_done = held[cut:], n_ready - cut


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
        parts = _with_ends(self.blocks, self.eos, lambda block: _padding_of([block], self.name, self.tally))
        for document in documents_in_blocks(parts, _END, self.name, self.seq_len):
            n_documents += document.key[2] == 0
            yield document
        if n_documents == 1 and self.eos is not None:  # or the file is one document and its end
            caution_of_one_document(self.tally, self.name, self.eos)


def _padding_of(spans: Sequence[npt.NDArray[Any]], name: str, tally: Tally) -> int | None:
    """Return the id whose long runs are padding, and say it; None where there is none.

    Raises:
        CorpusError: the ids are row numbers.
    """
    import numpy as np

    spans = [span.astype(np.int64) for span in spans]
    if sum(map(len, spans)) >= _LEAST_ROWS and all((np.diff(span) == 1).all() for span in spans):
        raise CorpusError(f"{name} holds row numbers, each one more than the one before, and no token ids.")
    if (found := find_runs(spans)) is None:
        return None
    note_runs(name, *found, tally)
    return found[0]


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
