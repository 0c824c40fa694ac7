"""What options take: numbers, times and shares as people type them, each a type for click that names its option."""

from __future__ import annotations

import re
from collections.abc import Callable

from advisor.commands.values.durations import is_time, parse_duration
from advisor.commands.values.known_units import UNITS_OF
from advisor.commands.values.units import PLAIN, parse_in, unit_worth
from advisor.errors import UsageError
from advisor.quantities import is_quantity, parse_share


def parsed(text: str, option: str) -> float:
    """Return the number that ``text`` writes, in the unit of the option."""
    return parse_in(text, option, UNITS_OF.get(option, PLAIN))


def is_unit(word: str) -> bool:
    """Return whether a word is what may stand behind a number: weeks, B, tokens, PF-days."""
    if not word[:1].isalpha():
        return False
    number = f"1{word}"
    return (
        is_time(number)
        or is_quantity(number)
        or any(unit_worth(word, units) is not None for units in UNITS_OF.values())
    )


def put_together(unit: str) -> str:
    """Return the end of a sentence about a unit that stands apart from its number: how both are written."""
    return f"looks like the unit of the number before it: write both without a space, such as 2{unit}, or in quotes."


def quantity(option: str) -> Callable[[str], float]:
    """Return a click type for ``option``: a positive number with K, M, B or T, and the option's unit, behind it."""

    def number(value: str | float) -> float:
        return parsed(value, option) if isinstance(value, str) else value

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


def one_gpu(value: str) -> str:
    """Return the name of an accelerator, which has no number of them with it: a click type for --gpu."""
    from advisor.plan.accelerators import refuse_count

    if any(char.isdigit() for char in value):
        refuse_count(value)
    return value


def whole(option: str) -> Callable[[str], int]:
    """Return a click type for ``option``: a whole number such as 32000, 32K or 1e5."""

    def number(value: str | int) -> int:
        if isinstance(value, int):
            return value
        try:
            return int(value)  # 0 and less are refused with the option's own bounds
        except ValueError:
            found = parsed(value, option)
        if found != int(found):
            raise UsageError(f"{option} must be a whole number such as 32000 or 32K, not {value!r}.")
        return int(found)

    return number


def quantities(option: str) -> Callable[[str], tuple[float, ...]]:
    """Return a click type for ``option``: such numbers separated by commas."""

    def numbers(value: str | tuple[float, ...]) -> tuple[float, ...]:
        if not isinstance(value, str):
            return value
        listed = re.split(r"(?<=[\w%])\s*[/;:]\s*(?=[\d.])|(?<=[\w%])\s+(?=[\d.])", value.strip())
        if len(listed) > 1 and "," not in value:
            raise UsageError(f"{option} must be numbers with commas between them: write {','.join(listed)}.")
        return tuple(parsed(part, option) for part in value.split(","))

    return numbers
