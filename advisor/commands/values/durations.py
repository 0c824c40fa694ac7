"""Times as people write them: 36h, 14d, 1d12h, two weeks as 2w."""

from __future__ import annotations

import re

from advisor.errors import UsageError
from advisor.quantities import NUMBER, READ, check_positive, comma_hint, parse_quantity, ungrouped, without_about

_SECONDS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86_400.0),
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks"), 604_800.0),
}
_SPAN = rf"({NUMBER}(?:e[+-]?\d+)?)\s*([a-z]+)\s*"


def is_time(text: str) -> bool:
    """Return whether this is a number and a unit of time."""
    found = re.fullmatch(_SPAN, text, READ)
    return found is not None and found[2].lower() in _SECONDS


def parse_duration(text: str, what: str, unit: str) -> float:
    """Return the time that ``text`` writes in ``unit`` (minutes, hours, days or weeks), which a number alone is of.

    Units are s, m or min, h, d and w, also in full; several add up.

    >>> parse_duration("14d", "--hours", "hours"), parse_duration("1d12h", "--hours", "hours")
    (336.0, 36.0)
    >>> parse_duration("2", "--weeks", "weeks"), parse_duration("1.5h", "--minutes", "minutes")
    (2.0, 90.0)
    """
    plain = without_about(text)
    spans = re.findall(_SPAN, plain, READ) if re.fullmatch(f"(?:{_SPAN})+", plain, READ) else []
    _refuse_units([name for _, name in spans], text, what)
    if spans:
        seconds = sum(float(ungrouped(number)) * _SECONDS[name.lower()] for number, name in spans)
        return check_positive(seconds / _SECONDS[unit], what, text)
    if not re.fullmatch(rf"\+?{NUMBER}(?:e[+-]?\d+)?", plain, READ):
        raise UsageError(
            f"{what} must be a time above 0 such as 100, 90m, 36h, 14d, 2w or 1d12h, a number alone being {unit}, not "
            f"{text!r}{_clock_hint(plain) or comma_hint(plain)}."
        )
    return parse_quantity(plain, what)


def _clock_hint(plain: str) -> str:
    """Return the end of a sentence about a time such as 1-12:30:00, whose parts may be hours or minutes; or nothing."""
    clock = re.fullmatch(r"(?:\d+-)?\d+(?::\d\d){1,2}", plain, re.ASCII)
    return ": write its parts with their units, such as 1d12h30m" if clock else ""


def _refuse_units(names: list[str], text: str, what: str) -> None:
    """Raise UsageError for a unit of time that is not known, or may be minutes as well as months."""
    if "M" in names:
        raise UsageError(f"{what} {text!r} may mean minutes or months: write m for minutes, and months in days (30d).")
    unknown = [name for name in names if name.lower() not in _SECONDS]
    if unknown:
        raise UsageError(
            f"{what} {text!r} has a unit of time that is not known, {unknown[0]}: write s, m (minutes), h, d or w, "
            "such as 36h or 30d."
        )
