"""Units that people type behind a number, such as 10 PF-days: what each is worth, and which are refused and why."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from advisor.errors import UsageError
from advisor.quantities import check_positive, comma_hint, is_quantity, parse_quantity, without_about

Patterns = tuple[tuple[str, float], ...]
Refusals = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class TypedUnits:
    """What numbers of one kind are called and given in; patterns are matched with all that stands behind a number.

    ``such`` says what they are, with examples; ``worth`` has the factors of units, ``refused`` the ends of sentences
    about others; ``before`` may stand in front; ``large``: K, M, B and T may stand behind; ``product``: 8x8 is 64.
    """

    such: str
    worth: Patterns = ()
    refused: Refusals = ()
    before: str = ""
    large: bool = True
    product: bool = False


PLAIN = TypedUnits(such="a positive number such as 1e21, 400M, 7B or 1.5T")

_POWER = r"10(?:\^|\*\*)[+-]?\d+"
_DIGITS = rf"\+?(?:{_POWER}|(?=[.,_]*\d)[\d.,_]+(?:e[+-]?\d+)?(?:\s*[*x\u00d7]\s*{_POWER})?)"
_LONGEST = 40  # of a unit: longer texts are none, and some patterns take long to say so
_SUFFIX = r"\s*(?:bn|[kmbt]|thousand|million|billion|trillion)(?![a-z])"


def parse_in(text: str, what: str, units: TypedUnits) -> float:
    """Return the positive number that ``text`` writes, in the first of its ``units``; ``what`` names it in errors.

    >>> weights = TypedUnits(such="a mass such as 2kg", worth=(("kg", 1.0), ("g", 1e-3)))
    >>> parse_in("1.5 kg", "--mass", weights), parse_in("~20g", "--mass", weights)
    (1.5, 0.02)

    Raises:
        UsageError: it is no such number, or its unit may mean another; the sentence says what to type.
    """
    plain = re.sub(rf"^(?:{units.before})\s*", "", without_about(text))
    splits = _splits(plain, large=units.large)
    for number, unit in splits:
        factor = unit_worth(unit, units)
        if factor is not None and is_quantity(number):
            value = parse_quantity(number, what)
            return check_positive(value * factor if factor >= 1 else value / (1 / factor), what, text)  # 70% is 70/100
    for _, unit in splits:
        for pattern, reason in units.refused:
            if re.fullmatch(pattern, unit, re.ASCII):
                raise UsageError(f"{what} {text!r} {reason}.")
    raise UsageError(f"{what} must be {units.such}, not {text!r}{comma_hint(text)}.")


def _splits(plain: str, *, large: bool) -> list[tuple[str, str]]:
    """Return the ways to part a number, with K, M, B or T or without, from the unit behind it."""
    found = [
        re.fullmatch(rf"({_DIGITS}{suffix})\s*(\D.*)?", plain, re.IGNORECASE | re.ASCII)
        for suffix in ("", _SUFFIX)[: 2 if large else 1]
    ]
    return [(match[1], match[2] or "") for match in found if match is not None and len(match[2] or "") <= _LONGEST]


def unit_worth(unit: str, units: TypedUnits) -> float | None:
    """Return what one of this unit is worth, a further factor such as x8 where the kind is one of products, or None."""
    if not unit:
        return 1.0
    if units.product and re.fullmatch(r"(?:\s*[x*\u00d7]\s*\d+)+", unit, re.ASCII):
        return math.prod(map(float, re.findall(r"\d+", unit, re.ASCII)))
    return next((worth for pattern, worth in units.worth if re.fullmatch(pattern, unit, re.ASCII)), None)
