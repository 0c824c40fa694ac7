"""What is not known of H and of epsilon, as even draws: an answer is the same every time, and numpy is not needed.

The draws are the first points of Roberts's R3 sequence (2018, "The unreasonable effectiveness of quasirandom
sequences"), put through the quantiles of what is known. They are independent of the joint rows of a calibration, which
are random; epsilon and the lines come from the same sources, and what they share beyond that is not known to us.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

_PLASTIC = 1.2207440846057596  # the root of x^4 = x + 1
_STEPS = tuple(_PLASTIC**-k for k in (1, 2, 3))
_SD_OF_95 = 1.959963984540054
_EDGE = 1e-6  # H lies inside (0, 1)


@dataclass(frozen=True, kw_only=True)
class WeightEstimate:
    """How epsilon was estimated: its 95 % bootstrap interval and the share of resamples in which it is 0.

    ``error`` and ``error_of_mean`` are root mean squares of the error of ln N* on sources left out, with the weight and
    with the mean of the other sources.
    """

    value: float
    ci95: tuple[float, float]
    share_zero: float
    error: float | None = None
    error_of_mean: float | None = None

    def quantile(self, share: float) -> float:
        """Return the weight below which ``share`` of the resamples lie.

        The file has four points of that function: 0 up to ``share_zero``, the ends of the interval at .025 and .975,
        and the weight itself at the median. Between them it is taken as straight; it never falls.
        """
        if share < self.share_zero:
            return 0.0
        points = self._points
        if share <= points[0][0]:
            return points[0][1]
        for (left, bottom), (right, top) in pairwise(points):
            if share <= right:
                return bottom + (share - left) / (right - left) * (top - bottom) if right > left else top
        return self.ci95[1]

    @cached_property
    def _points(self) -> list[tuple[float, float]]:
        """The known points above ``share_zero``: share and weight."""
        low, high = self.ci95
        start = min(max(self.share_zero, 0.025), 0.975)
        middle = min(max(self.value, low), high)
        points = [(start, low if self.share_zero <= 0.025 else 0.0), (0.5, middle), (0.975, high)]
        return [point for point in points if point[0] >= start]


def drawn_weights(estimate: WeightEstimate, n: int) -> list[float]:
    """Return ``n`` weights, even over the estimate's distribution."""
    return [estimate.quantile(first) for first, _, _ in _points(n)]


def drawn_compressibilities(h: float, ci95: tuple[float, float], n: int) -> list[float]:
    """Return ``n`` values of H: normal around ``h`` on each side, with the side's own 95 % end.

    The normal numbers are Box and Muller's, from two coordinates of the even points.
    """
    below, above = max(h - ci95[0], 0.0) / _SD_OF_95, max(ci95[1] - h, 0.0) / _SD_OF_95
    found = []
    for _, radius, angle in _points(n):
        z = math.sqrt(-2.0 * math.log(radius)) * math.cos(2.0 * math.pi * angle)
        found.append(min(max(h + z * (below if z < 0 else above), _EDGE), 1.0 - _EDGE))
    return found


def _points(n: int) -> Iterator[tuple[float, float, float]]:
    """Yield ``n`` points inside the unit cube."""
    for i in range(n):
        first, second, third = ((0.5 + (i + 1) * step) % 1.0 for step in _STEPS)
        yield first, max(second, 1e-12), third
