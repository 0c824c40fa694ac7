"""The optimum of one IsoFLOP profile: several sizes at one budget, three levels, exponents that are not fitted.

At one budget L = E + A/N^alpha + B/D^beta is linear in E, A and B where alpha and beta are given. With A and B the
levels at the geometric means of N and D, the lowest point lies at
    ln N* = mean ln N + ln(alpha A / (beta B)) / (alpha + beta)
A pilot has too few runs for exponents of its own, and takes those of web text. A wrong pair moves the lowest point of a
lopsided profile: ``advisor.pilot.gap`` has that in its error.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

# The mean of the four web corpora of Brandfonbrener et al. 2024, arXiv:2411.12925: .427 to .454, .421 to .450.
ALPHA = BETA = 0.44
N_LEVELS = 3
LEAST_SIZES = N_LEVELS + 1  # one more than the levels, so that something is left over to see the noise in

_Matrix = list[list[float]]


@dataclass(frozen=True, kw_only=True)
class ProfileOptimum:
    """The lowest point of a profile.

    Attributes:
        log_n: ln N*.
        sd_per_noise: the standard deviation of ``log_n`` over that of ln loss in a run.
        squares: sum of the squared residuals of ln loss.
        n_free: runs beyond the three levels.
        inside: whether it lies among the sizes, and the least loss is not that of the smallest or the largest.
    """

    log_n: float
    sd_per_noise: float
    squares: float
    n_free: int
    inside: bool


def optimum_of(n_params: Sequence[float], n_tokens: Sequence[float], loss: Sequence[float]) -> ProfileOptimum | None:
    """Return the lowest point of a profile of at least LEAST_SIZES sizes; None where it has none.

    Losses are in nats/token or whatever is proportional to it: residuals are relative.

    >>> sizes = [1e8, 2e8, 4e8, 8e8]
    >>> tokens = [1e18 / n for n in sizes]
    >>> found = optimum_of(sizes, tokens, [2 + 1e3 * (n**-0.44 + d**-0.44) for n, d in zip(sizes, tokens)])
    >>> round(math.exp(found.log_n))
    1000000000
    """
    x, y = [math.log(n) for n in n_params], [math.log(d) for d in n_tokens]
    x0, y0 = sum(x) / len(x), sum(y) / len(y)
    rows = [
        [1 / value, math.exp(-ALPHA * (a - x0)) / value, math.exp(-BETA * (b - y0)) / value]
        for a, b, value in zip(x, y, loss, strict=True)
    ]
    each = range(N_LEVELS)
    inverse = _inverse([[sum(row[i] * row[j] for row in rows) for j in each] for i in each])
    if inverse is None:
        return None
    right = [sum(row[i] for row in rows) for i in each]  # a loss over itself is 1
    levels = [sum(a * b for a, b in zip(line, right, strict=True)) for line in inverse]
    if not min(levels[1:]) > 0:
        return None
    total = ALPHA + BETA
    slopes = [0.0, 1 / (levels[1] * total), -1 / (levels[2] * total)]  # of ln N* in the levels
    best = min(range(len(loss)), key=lambda i: loss[i])
    log_n = x0 + math.log(ALPHA * levels[1] / (BETA * levels[2])) / total
    return ProfileOptimum(
        log_n=log_n,
        sd_per_noise=math.sqrt(sum(slopes[i] * inverse[i][j] * slopes[j] for i, j in product(each, each))),
        squares=sum((1 - sum(a * b for a, b in zip(levels, row, strict=True))) ** 2 for row in rows),
        n_free=len(rows) - N_LEVELS,
        inside=min(x) < log_n < max(x) and x[best] not in (min(x), max(x)),
    )


def _inverse(matrix: _Matrix) -> _Matrix | None:
    """Return the inverse of a symmetric matrix of three rows by its cofactors; None where rows are alike."""
    (a, b, c), (_, d, e), (_, _, f) = matrix
    cofactors = [
        [d * f - e * e, c * e - b * f, b * e - c * d],
        [c * e - b * f, a * f - c * c, b * c - a * e],
        [b * e - c * d, b * c - a * e, a * d - b * b],
    ]
    size = a * cofactors[0][0] + b * cofactors[0][1] + c * cofactors[0][2]
    if not size > 1e-12 * a * d * f:
        return None
    return [[value / size for value in row] for row in cofactors]
