"""Option types shared by the commands: quantities as people write them."""

from __future__ import annotations

from collections.abc import Callable

from advisor.errors import UsageError
from advisor.quantities import parse_quantity


def quantity(option: str) -> Callable[[str], float]:
    """Return a click type for ``option``: a positive number with an optional suffix K, M, B or T."""

    def number(value: str | float) -> float:
        return parse_quantity(value, option) if isinstance(value, str) else value

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
