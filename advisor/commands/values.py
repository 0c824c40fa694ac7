"""What options take: numbers, times and shares as people type them, each a type for click that names its option."""

from __future__ import annotations

from collections.abc import Callable

from advisor.errors import UsageError
from advisor.quantities import parse_duration, parse_gigabytes, parse_quantity, parse_share


def quantity(option: str) -> Callable[[str], float]:
    """Return a click type for ``option``: a positive number with an optional suffix K, M, B or T."""

    def number(value: str | float) -> float:
        return parse_quantity(value, option) if isinstance(value, str) else value

    return number


def duration(option: str, unit: str) -> Callable[[str], float]:
    """Return a click type for ``option``: a time such as 36h, in ``unit``, which a number alone is of."""

    def time(value: str | float) -> float:
        return parse_duration(value, option, unit) if isinstance(value, str) else value

    return time


def share(option: str) -> Callable[[str], float]:
    """Return a click type for ``option``: a share, 0.4 or 40%."""

    def number(value: str | float) -> float:
        return parse_share(value, option) if isinstance(value, str) else value

    return number


def gigabytes(option: str) -> Callable[[str], float]:
    """Return a click type for ``option``: a number of GB, 80 or 80GB."""

    def number(value: str | float) -> float:
        return parse_gigabytes(value, option) if isinstance(value, str) else value

    return number


def whole(option: str) -> Callable[[str], int]:
    """Return a click type for ``option``: a whole number such as 32000, 32K or 1e5."""

    def number(value: str | int) -> int:
        if isinstance(value, int):
            return value
        try:
            return int(value)  # 0 and less are refused with the option's own bounds
        except ValueError:
            found = parse_quantity(value, option)
        if found != int(found):
            raise UsageError(f"{option} must be a whole number such as 32000 or 32K, not {value!r}.")
        return int(found)

    return number


def quantities(option: str) -> Callable[[str], tuple[float, ...]]:
    """Return a click type for ``option``: such numbers separated by commas."""

    def numbers(value: str | tuple[float, ...]) -> tuple[float, ...]:
        return tuple(parse_quantity(part, option) for part in value.split(",")) if isinstance(value, str) else value

    return numbers
