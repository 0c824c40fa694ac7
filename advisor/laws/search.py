"""Searches on a line with ``math`` alone: the least of a function from many starts, and where a function crosses 0."""

from __future__ import annotations

import math
from collections.abc import Callable

Function = Callable[[float], float]
_GOLDEN = (math.sqrt(5) - 1) / 2
_MOST_STARTS = 4
_MOST_STEPS = 300  # of the first look: a wider line is looked at in longer steps


def minimise(function: Function, low: float, high: float, *, step: float = 0.4, tolerance: float = 1e-10) -> float:
    """Return where ``function`` is least on [low, high].

    It is looked at every ``step``, and a golden-section search starts from each of the lowest local minima seen there:
    the loss at a fixed budget has kinks where data begin to be repeated, so one valley is not taken for granted.

    >>> round(minimise(lambda x: (x - 3) ** 2, -30, 30), 6)
    3.0
    """
    n_steps = min(max(2, math.ceil((high - low) / step)), _MOST_STEPS)
    points = [low + (high - low) * i / n_steps for i in range(n_steps + 1)]
    values = [math.inf, *map(function, points), math.inf]
    valleys = [i for i in range(len(points)) if values[i + 1] <= min(values[i], values[i + 2])]
    best = sorted(valleys, key=lambda i: values[i + 1])[:_MOST_STARTS]
    ends = ((points[max(0, i - 1)], points[min(n_steps, i + 1)]) for i in best)
    return min((_golden(function, *end, tolerance) for end in ends), key=function)


def crossing(function: Function, low: float, high: float, *, tolerance: float = 1e-12) -> float:
    """Return where ``function`` changes its sign on [low, high], by bisection; its sign must differ at the two ends.

    >>> round(crossing(lambda x: x**3 - 8, 0, 10), 9)
    2.0
    """
    low, high = float(low), float(high)  # a narrower number would never come within the tolerance
    below = function(low) < 0
    while high - low > tolerance * max(1.0, abs(low)):
        middle = (low + high) / 2
        low, high = (middle, high) if (function(middle) < 0) == below else (low, middle)
    return (low + high) / 2


def _golden(function: Function, low: float, high: float, tolerance: float) -> float:
    """Return the minimum in a valley, by golden-section search."""
    low, high = float(low), float(high)
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = function(left), function(right)
    while high - low > tolerance * max(1.0, abs(low)):
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = function(right)
    return (low + high) / 2
