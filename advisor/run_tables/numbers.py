"""Numbers as people write them in tables: 1.1B, 300M, 1,100,000,000, 1 100 000, 3,14 where a comma is the decimal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Literal

from advisor.errors import UsageError
from advisor.quantities import parse_quantity

DecimalMark = Literal["point", "comma"]
EMPTY = {"", "na", "n/a", "none", "null", "-", "--"}
_SPACED = re.compile(r"\d{1,3}([ \u00a0\u2009\u202f'\u2019]\d{3})+(?!\d)")
_COMMA_GROUP = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")  # 1,100: eleven hundred or 1.1
_COMMA_GROUPS = re.compile(r"[+-]?\d{1,3}(,\d{3}){2,}(\.\d*)?|[+-]?\d{1,3},\d{3}\.\d*")
_COMMA_DECIMAL = re.compile(r"[+-]?(\d+|\d{1,3}(\.\d{3})+)?,\d+(e[+-]?\d+)?", re.IGNORECASE)
_POINT_GROUP = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}")  # 1.100, where a comma is the decimal
_POINT_GROUPS = re.compile(r"[+-]?\d{1,3}(\.\d{3}){2,}")
_POINT_DECIMAL = re.compile(r"[+-]?\d*\.\d*(e[+-]?\d+)?", re.IGNORECASE)
_LONGEST = 400  # characters: floats have at most 309 digits before the point, and the rest is grouping
_SHOWN = 40
_SUFFIX = re.compile(r"\s*[kmbt]$", re.IGNORECASE)


def is_empty(value: Any) -> bool:
    """Whether a cell says that there is no value."""
    return value is None or (isinstance(value, str) and value.strip().lower() in EMPTY)


def decimal_mark(values: Iterable[Any], delimiter: str | None, small: Iterable[Any] = ()) -> DecimalMark:
    """Return which mark stands before the decimals in the texts of a table's numbers.

    Texts with one reading decide, 3,14 or 1,100,000 or 3.14. Where there is none, and 1,100 may be 1.1 or 1100, a
    table divided by semicolons has decimal commas: that is why it is divided by them. ``small`` are those of the values
    that cannot be thousands, so that 3.659 among them has a decimal point.

    Raises:
        ValueError: both marks stand before decimals, or nothing decides; the message is for people.

    >>> decimal_mark(["3,14", "2,9"], ";"), decimal_mark(["1,100,000", "3.14"], ",")
    ('comma', 'point')
    """
    texts = [_SUFFIX.sub("", value.strip()) for value in values if isinstance(value, str) and len(value) <= _LONGEST]
    with_comma = [text for text in texts if "," in text]
    if not with_comma:
        return "point"
    vague = next((text for text in with_comma if _COMMA_GROUP.fullmatch(text)), None)
    comma = next((t for t in with_comma if _COMMA_DECIMAL.fullmatch(t) and not _COMMA_GROUP.fullmatch(t)), None)
    point = next((text for text in texts if _says_point(text)), None)
    point = point or next((t for t in small if isinstance(t, str) and _POINT_GROUP.fullmatch(t.strip())), None)
    if comma is not None and point is not None:
        raise ValueError(f"{comma} has a decimal comma and {point} a decimal point; write all with a point")
    if comma is not None:
        return "comma"
    if point is not None or vague is None:
        return "point"
    if delimiter == ";":
        return "comma"
    raise ValueError(f"{vague} may be {vague.replace(',', '.')} or {vague.replace(',', '')}; write it without a comma")


def may_be_thousands(values: Iterable[Any]) -> str | None:
    """Return a number such as 9.129 that may be 9129: one of a column that has whole numbers from 100 to 999 too.

    None where another text of the column has a decimal point for sure, or none could be thousands.

    >>> may_be_thousands(["652", "9.129"]), may_be_thousands(["652", "9.129", "0.5"])
    ('9.129', None)
    """
    texts = [v.strip() for v in values if isinstance(v, str) and len(v) <= _LONGEST and not is_empty(v)]
    grouped = [text for text in texts if _POINT_GROUP.fullmatch(text)]
    whole = [text for text in texts if text.isdecimal() and len(text) <= 3]
    if not grouped or len(grouped) + len(whole) < len(texts) or not any(len(text) == 3 for text in whole):
        return None
    return grouped[0]


def has_comma_group(value: Any) -> bool:
    """Whether a text such as 3,777 may be 3.777 or 3777."""
    return isinstance(value, str) and _COMMA_GROUP.fullmatch(value.strip()) is not None


def _says_point(text: str) -> bool:
    """Whether a text has a decimal point for sure, or commas that can only group digits."""
    if _COMMA_GROUPS.fullmatch(text):
        return True
    return "." in text and bool(_POINT_DECIMAL.fullmatch(text)) and not _POINT_GROUP.fullmatch(text)


def number_of(value: Any, mark: DecimalMark = "point", *, suffixes: bool = True) -> float:
    """Return the number that a cell holds; nan and inf are numbers here.

    Args:
        value: A number or a text.
        mark: What stands before the decimals in texts.
        suffixes: Whether K, M, B and T mean 1e3, 1e6, 1e9 and 1e12.

    Raises:
        ValueError: it holds none, or one that can be read in two ways.

    >>> number_of("1.1B"), number_of("1,100,000"), number_of("1 100 000"), number_of("3,14", "comma")
    (1100000000.0, 1100000.0, 1100000.0, 3.14)
    """
    if isinstance(value, (bool, list, dict)) or value is None:
        raise ValueError("not a number")
    if not isinstance(value, str):
        try:
            return float(value)
        except OverflowError:
            raise ValueError("a number of over 308 digits") from None
    if what_is_odd(value):
        raise ValueError("not a number")
    text = _SPACED.sub(lambda found: re.sub(r"\D", "", found[0]), value.strip())
    if mark == "comma":
        text = _with_point(text)
    try:
        return float(text)
    except ValueError:
        if _SUFFIX.search(text) and not suffixes:
            raise
    try:
        return parse_quantity(text, "a number")
    except UsageError as error:
        raise ValueError(str(error)) from None


def what_is_odd(value: Any) -> str:
    """Return what to do about a text that Python may take for a number and a reader may not; "" for any other.

    >>> what_is_odd("1_000"), what_is_odd("1000")
    (': write its digits without _', '')
    """
    if not isinstance(value, str):
        return ""
    if len(value) > _LONGEST:
        return f": it has {len(value):,} characters"
    if any(char.isdigit() and not char.isascii() for char in value):
        return ": write it in the digits 0 to 9"
    return ": write its digits without _" if "_" in value and any(map(str.isdigit, value)) else ""


def shown(value: Any) -> str:
    """Return a cell as messages show it, shortened.

    >>> shown("9" * 5000)
    "'9999999999999999999999999999...'"
    """
    if isinstance(value, str):
        return repr(value if len(value) <= _SHOWN else f"{value[: _SHOWN - 12]}...")
    text = "a number of over 308 digits" if isinstance(value, int) and abs(value) >= 10**308 else repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 12]}..."


def _with_point(text: str) -> str:
    """Return a number whose decimal mark is a comma as one with a point; 1.100 could be either and is refused."""
    head = _SUFFIX.sub("", text)
    if _POINT_GROUP.fullmatch(head) or (_POINT_DECIMAL.fullmatch(head) and "." in head):
        raise ValueError("a point in a table of decimal commas")
    if _POINT_GROUPS.fullmatch(head) or "," in head:
        return text.replace(".", "").replace(",", ".")
    return text
