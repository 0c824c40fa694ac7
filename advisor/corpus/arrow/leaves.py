"""The leaves of a parquet file by the columns that they belong to, whose paths are found by halving."""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class LeafPaths:
    """The dotted paths of leaves, sorted: those of a column lie together, so no column costs a look at all of them."""

    def __init__(self, paths: Sequence[str]) -> None:
        self.order = sorted(range(len(paths)), key=paths.__getitem__)
        self._sorted = [paths[leaf] for leaf in self.order]

    def spans(self, column: str) -> list[range]:
        """Return where in ``order`` the leaves of a column are, or of what is nested in it.

        >>> LeafPaths(["b", "a.x", "a", "a-c"]).spans("a")
        [range(0, 1), range(2, 3)]
        """
        nested = range(bisect_left(self._sorted, f"{column}."), bisect_left(self._sorted, f"{column}/"))  # "/" is next
        return [range(bisect_left(self._sorted, column), bisect_right(self._sorted, column)), nested]

    def leaves_of(self, columns: Iterable[str]) -> list[int]:
        """Return the numbers of the leaves of some columns, ascending, each once.

        >>> LeafPaths(["b", "a.x", "a", "a-c"]).leaves_of(["a", "b", "a.x"])
        [0, 1, 2]
        """
        spans = itertools.chain.from_iterable(map(self.spans, columns))
        return sorted({self.order[place] for span in spans for place in span})


class LeafSizes:
    """How many bytes the columns of a row group have; of each leaf its path, whether it holds strings, and how many."""

    def __init__(self, leaves: Sequence[tuple[str, bool, int]]) -> None:
        self._paths = LeafPaths([path for path, _, _ in leaves])
        ordered = [leaves[leaf] for leaf in self._paths.order]
        self._ends = [0, *itertools.accumulate(n_bytes for _, _, n_bytes in ordered)]
        self._text_ends = [0, *itertools.accumulate(n_bytes if holds else 0 for _, holds, n_bytes in ordered)]

    def n_bytes(self, column: str, *, only_text: bool = False) -> int:
        """Return the bytes of a column and of what is nested in it; of its strings, with ``only_text``.

        >>> sizes = LeafSizes([("a.n", False, 5), ("a.text", True, 7), ("ab", True, 1)])
        >>> sizes.n_bytes("a"), sizes.n_bytes("a", only_text=True)
        (12, 7)
        """
        ends = self._text_ends if only_text else self._ends
        return sum(ends[span.stop] - ends[span.start] for span in self._paths.spans(column))
