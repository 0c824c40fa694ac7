"""The formulas of the compute-optimal frontier, once: for floats with ``math.log`` and numpy arrays with ``numpy.log``.

With C = 6 N D the allocation of least loss is closed-form (Hoffmann et al. 2022, arXiv:2203.15556, eq. 4):
    N* = G (C/6)^a,   D* = (C/6)/N*,   a = beta/(alpha+beta),   G = (alpha A/(beta B))^(1/(alpha+beta))
All of it is in logs, as G and C leave the range of floats: ``log_nd`` is ln(C/6) = ln N + ln D, and ``ratio`` is
ln(alpha A/(beta B)), which a caller may sum in another order than ``ratio_of``: that moves the last digit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Number = TypeVar("Number", float, "npt.NDArray[np.float64]")


def exponent_of(alpha: Number, beta: Number) -> Number:
    """Return a, the exponent of N* in C."""
    return beta / (alpha + beta)


def ratio_of(log_a: Number, log_b: Number, alpha: Number, beta: Number, log: Callable[[Number], Number]) -> Number:
    """Return ln(alpha A/(beta B))."""
    return log(alpha) + log_a - log(beta) - log_b


def exponent_and_level(ratio: Number, alpha: Number, beta: Number) -> tuple[Number, Number]:
    """Return a and ln G: the frontier."""
    return exponent_of(alpha, beta), ratio / (alpha + beta)


def log_n_at(log_nd: float, exponent: Number, level: Number) -> Number:
    """Return ln N* = ln G + a ln(C/6)."""
    return level + exponent * log_nd


def log_nd_for_params(log_n: Number, exponent: Number, level: Number) -> Number:
    """Return ln(C/6) of the budget for which N parameters are optimal."""
    return (log_n - level) / exponent


def log_n_for_tokens(log_d: Number, exponent: Number, level: Number) -> Number:
    """Return ln N of the point of the frontier that has D tokens."""
    return (level + exponent * log_d) / (1 - exponent)


def log_optimum(ratio: Number, alpha: Number, beta: Number, log_nd: float) -> Number:
    """Return ln N* in one division: what ``log_n_at`` gives, but for the last digit."""
    return (ratio + beta * log_nd) / (alpha + beta)


def log_usable(ratio: Number, alpha: Number, beta: Number, log_d: Number) -> Number:
    """Return ln of G (G D)^(beta/alpha), the parameters for which D tokens are optimal (Muennighoff et al. 2023)."""
    level = ratio / (alpha + beta)
    return level + beta / alpha * (level + log_d)


def cheapest(log_excess: float, log_a: float, log_b: float, alpha: float, beta: float) -> tuple[float, float]:
    """Return ln N and ln D of the cheapest allocation whose loss is E + e^``log_excess``.

    On the frontier alpha A/N^alpha = beta B/D^beta, so each term is a fixed share of the excess L - E:
        A/N^alpha = (L-E) beta/(alpha+beta),  B/D^beta = (L-E) alpha/(alpha+beta)
    """
    total = alpha + beta
    log_n = (log_a - log_excess - math.log(beta / total)) / alpha
    return log_n, (log_b - log_excess - math.log(alpha / total)) / beta
