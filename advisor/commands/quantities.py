"""Option types shared by the commands: quantities as people write them."""

from __future__ import annotations

from collections.abc import Callable

from advisor.budget import parse_quantity


def quantity(option: str) -> Callable[[str], float]:
    """Return a click type for ``option``: a positive number with an optional suffix K, M, B or T."""

    def number(value: str | float) -> float:
        return parse_quantity(value, option) if isinstance(value, str) else value

    return number


def quantities(option: str) -> Callable[[str], tuple[float, ...]]:
    """Return a click type for ``option``: such numbers separated by commas."""

    def numbers(value: str | tuple[float, ...]) -> tuple[float, ...]:
        return tuple(parse_quantity(part, option) for part in value.split(",")) if isinstance(value, str) else value

    return numbers
