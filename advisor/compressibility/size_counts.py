"""How many sequences compress to how many bytes: the whole distribution of H, exactly, however many there are.

A sequence's compressed size is a whole number, and a few hundred of them occur. Their counts add up over the parts of a
corpus in any order, and mean, variance and quantiles follow from them without an error.
"""

from __future__ import annotations

import bisect
import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_BINS, _BINS_TOP = 40, 0.8


@dataclass(frozen=True, kw_only=True)
class Histogram:
    """Counts of sequences in bins of H of equal width over [low, high]; the last one also has what is above."""

    low: float
    high: float
    counts: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class SizeCounts:
    """The sequences by their compressed size, in bytes; ``n_raw`` are the bytes of each before."""

    counts: Mapping[int, int]
    n_raw: int

    @classmethod
    def of(cls, sizes: Iterable[int], n_raw: int) -> SizeCounts:
        """Return the counts of these sizes."""
        return cls(counts=Counter(sizes), n_raw=n_raw)

    @property
    def n(self) -> int:
        """How many sequences there are."""
        return sum(self.counts.values())

    @property
    def mean(self) -> float:
        """The mean H, of whole numbers and rounded once."""
        return self._sum(1) / (self.n * self.n_raw)

    @property
    def sd(self) -> float:
        """The standard deviation of H over sequences (n - 1 in its denominator); 0 of one."""
        n = self.n
        if n < 2:
            return 0.0
        return math.sqrt((n * self._sum(2) - self._sum(1) ** 2) / (n * (n - 1))) / self.n_raw

    def quantiles(self, *shares: float) -> tuple[float, ...]:
        """Return H below which these shares of the sequences lie, midway between two where it falls between them.

        As numpy's, by linear interpolation: .5 is the median.

        >>> SizeCounts(counts={200: 1, 300: 1, 700: 2}, n_raw=1000).quantiles(0, 0.5, 1)
        (0.2, 0.5, 0.7)
        """
        n, sizes = self.n, sorted(self.counts)
        ends, below = [], 0
        for size in sizes:
            below += self.counts[size]
            ends.append(below)
        return tuple(self._at((n - 1) * share, sizes, ends) for share in shares)

    def _at(self, place: float, sizes: list[int], ends: list[int]) -> float:
        low = math.floor(place)
        values = [sizes[bisect.bisect_right(ends, min(number, ends[-1] - 1))] / self.n_raw for number in (low, low + 1)]
        part = place - low
        return (1 - part) * values[0] + part * values[1]

    def histogram(self) -> Histogram:
        """Return the counts in bins of H."""
        import numpy as np

        sizes = sorted(self.counts)
        ratios = (np.array(sizes, dtype=np.float64) / self.n_raw).clip(max=_BINS_TOP)
        weights = np.array([self.counts[size] for size in sizes], dtype=np.int64)
        counts, _ = np.histogram(ratios, bins=_BINS, range=(0.0, _BINS_TOP), weights=weights)
        return Histogram(low=0.0, high=_BINS_TOP, counts=tuple(int(count) for count in counts))

    def _sum(self, power: int) -> int:
        return sum(count * size**power for size, count in self.counts.items())
