"""A sample of a corpus's sequences that is the same in whatever order and by how many processes they are met.

Each sequence has a rank, a hash of where it lies; kept are those of the least ranks. The least of two samples together
are those of both corpora, and a sequence that is told twice is kept once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from advisor.corpus.documents import Key

_GOLDEN = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1


@dataclass(kw_only=True)
class KeptSequences:
    """The ``most`` sequences of least rank of those that were told.

    ``places`` are (shard, number in it) of each, ``ids`` its tokens, ``keys`` its document.
    """

    most: int = 0
    seed: int = 0
    places: list[tuple[int, int]] = field(default_factory=list)
    ids: list[npt.NDArray[np.int32]] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    _ranks: list[int] = field(default_factory=list)
    _worst: int = _MASK  # of those kept, once there were enough of them: what is above it is not looked at

    def tell(self, shard: int, first: int, ids: npt.NDArray[np.integer], key: Key) -> None:
        """Tell of sequences of one document, the rows of ``ids``, numbered from ``first`` in their shard."""
        import numpy as np

        ranks = _ranks_of(self.seed, shard, first, len(ids))
        for row in np.flatnonzero(ranks <= np.uint64(self._worst)).tolist():
            self._ranks.append(int(ranks[row]))
            self.places.append((shard, first + row))
            self.ids.append(ids[row].astype(np.int32))
            self.keys.append(key)
        if len(self._ranks) > 2 * self.most:
            self._cut()

    def add(self, other: KeptSequences) -> None:
        """Take the sequences of another sample of the same seed."""
        known = set(self.places)
        for number, place in enumerate(other.places):
            if place not in known:
                self._ranks.append(other._ranks[number])
                self.places.append(place)
                self.ids.append(other.ids[number])
                self.keys.append(other.keys[number])
        self._cut()

    def in_order(self) -> tuple[npt.NDArray[np.int64], tuple[Key, ...]]:
        """Return the tokens and the documents of what is kept, in the order of the corpus."""
        import numpy as np

        self._cut()
        order = sorted(range(len(self.places)), key=self.places.__getitem__)
        return np.array([self.ids[number] for number in order], dtype=np.int64), tuple(self.keys[n] for n in order)

    def _cut(self) -> None:
        """Keep those of the least ranks."""
        order = sorted(range(len(self._ranks)), key=lambda number: (self._ranks[number], self.places[number]))
        order = order[: self.most]
        self._ranks, self.places = [self._ranks[n] for n in order], [self.places[n] for n in order]
        self.ids, self.keys = [self.ids[n] for n in order], [self.keys[n] for n in order]
        self._worst = self._ranks[-1] if 0 < len(order) == self.most else _MASK

    def arrays(self) -> dict[str, Any]:
        """Return what is kept as arrays, for ``numpy.savez``."""
        import numpy as np

        self._cut()
        n_tokens = len(self.ids[0]) if self.ids else 0
        return {
            "places": np.array(self.places, dtype=np.int64).reshape(-1, 2),
            "ids": np.array(self.ids, dtype=np.int32).reshape(len(self.ids), n_tokens),
            "names": np.array([key[0] for key in self.keys], dtype=np.str_),
            "of_names": np.array([key[1:] for key in self.keys], dtype=np.int64).reshape(-1, 2),
        }

    def restore(self, arrays: Any) -> None:
        """Take what ``arrays`` returned."""
        names, places = arrays["names"].tolist(), arrays["places"].tolist()
        keys = [(name, *of) for name, of in zip(names, arrays["of_names"].tolist(), strict=True)]
        for (shard, number), ids, key in zip(places, arrays["ids"], keys, strict=True):
            self.tell(shard, number, ids[None], key)


def _ranks_of(seed: int, shard: int, first: int, n: int) -> npt.NDArray[np.uint64]:
    """Return 64-bit hashes of the numbers from ``first`` on in a shard (splitmix64's finaliser)."""
    import numpy as np

    start = _mixed(_mixed(seed & _MASK) ^ shard)
    with np.errstate(over="ignore"):
        z = np.uint64(start) + (np.arange(first, first + n, dtype=np.uint64) + np.uint64(1)) * np.uint64(_GOLDEN)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def _mixed(value: int) -> int:
    """Return splitmix64's hash of a number."""
    z = (value + _GOLDEN) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)
