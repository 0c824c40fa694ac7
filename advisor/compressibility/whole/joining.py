"""Short documents joined end to end and cut into sequences, though each shard of them is read by itself.

Where a shard begins in the corpus is known once the tokens of those before it were counted. The sequences that begin in
it and end in it are cut there; of the first and the last its tokens are handed on, and put together with those of its
neighbours. What is cut is what one process that reads everything in order cuts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np
    import numpy.typing as npt

    from advisor.corpus.documents import Key


@dataclass(frozen=True, kw_only=True)
class SeamTokens:
    """What a shard hands on.

    Attributes:
        head: its tokens up to the first place where a sequence begins: all of them where none does.
        tail: those behind its last whole sequence.
        key: the document that the tail begins in; None without one.
        is_new: no sequence of the shard begins in that document.
    """

    head: tuple[int, ...]
    tail: tuple[int, ...] = ()
    key: Key | None = None
    is_new: bool = False


@dataclass(kw_only=True)
class Joining:
    """Cuts the documents of one shard, which begins ``begin`` tokens behind the beginning of the corpus."""

    seq_len: int
    begin: int
    n_documents: int = 0  # that a whole sequence of the shard begins in
    _head: list[int] = field(default_factory=list)
    _run: list[int] = field(default_factory=list)
    _first: Key | None = None
    _last: tuple[str, int] | None = None

    def __post_init__(self) -> None:
        self._n_missing = -self.begin % self.seq_len

    def take(
        self, key: Key, ids: npt.NDArray[np.integer], separator: int
    ) -> Iterator[tuple[Key, npt.NDArray[np.integer]]]:
        """Yield the sequences that end in a document, as rows, with the document that they begin in."""
        import numpy as np

        tokens = [*ids.tolist(), separator]
        n_head = min(self._n_missing - len(self._head), len(tokens))
        self._head += tokens[:n_head]
        tokens = tokens[n_head:]
        if not self._run:
            self._first = key
        self._run += tokens
        while len(self._run) >= self.seq_len:
            assert self._first is not None
            self.n_documents += self._first[:2] != self._last
            self._last = self._first[:2]
            yield self._first, np.array(self._run[: self.seq_len], dtype=np.int64)[None]
            self._run, self._first = self._run[self.seq_len :], key

    def seam(self) -> SeamTokens:
        """Return what is left at the ends."""
        key = self._first if self._run else None
        is_new = key is not None and key[:2] != self._last
        return SeamTokens(head=tuple(self._head), tail=tuple(self._run), key=key, is_new=is_new)


def over_seams(
    seams: Iterable[tuple[int, SeamTokens]], seq_len: int
) -> Iterator[tuple[int, Key, bool, npt.NDArray[np.integer]]]:
    """Yield the sequences that begin in one shard and end in another: the number of that, their document, a row.

    ``seams`` are those of all shards, in order, with their numbers; the truth value says that no other sequence was
    counted to begin in the document.
    """
    import numpy as np

    run: list[int] = []
    begun: tuple[int, Key, bool] | None = None
    for number, seam in seams:
        run += seam.head
        if begun is not None and len(run) == seq_len:
            yield *begun, np.array(run, dtype=np.int64)[None]
            run, begun = [], None
        if seam.key is not None:
            run, begun = list(seam.tail), (number, seam.key, seam.is_new)
