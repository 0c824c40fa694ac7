"""Quantities as people write and read them: 1e21, 400M, 1.5T, 40%."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from advisor.errors import UsageError

LEAST_QUANTITY = 1e-300
_SUFFIXES = {
    **{"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9, "bn": 1e9, "t": 1e12},
    **{"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12},
}
NUMBER = r"(?:(?:\d{1,3}(?:,\d{3})+|\d+(?:_\d+)*)(?:\.\d*)?|\.\d+)"
_QUANTITY = rf"\+?(?P<number>{NUMBER})(?P<exponent>e[+-]?\d+)?\s*(?P<suffix>{'|'.join(_SUFFIXES)})"
_POWER = rf"(?:(?P<number>{NUMBER})\s*[*x\u00d7]\s*)?10(?:\^|\*\*)(?P<power>[+-]?\d+)"  # 2*10^21, 10**21
_SHARE = rf"({NUMBER}(?:e[+-]?\d+)?)\s*(%|percent|per cent)?"
READ = re.IGNORECASE | re.ASCII  # patterns are compiled where they are first used: few starts need them all


def parse_quantity(text: str, what: str) -> float:
    """Return the positive finite number that ``text`` writes; ``what`` names it in the error, e.g. ``--flops``.

    Suffixes K, M, B, T (either case), bn, and the words thousand to trillion mean 1e3, 1e6, 1e9, 1e12; ``_`` and ``,``
    may group digits; 2*10^21 is 2e21.

    >>> parse_quantity("1.5T", "--tokens"), parse_quantity("5.76e23", "--flops"), parse_quantity("1,000", "--tokens")
    (1500000000000.0, 5.76e+23, 1000.0)
    """
    plain = text.strip()
    if (power := re.fullmatch(_POWER, plain, READ)) is not None:
        return check_positive(float(f"{ungrouped(power['number'] or '1')}e{power['power']}"), what, text)
    match = re.fullmatch(_QUANTITY, plain, READ)
    if match is None:
        raise UsageError(f"{what} must be a positive number such as 1e21, 400M, 7B or 1.5T, not {text!r}.")
    digits = ungrouped(match["number"]) + (match["exponent"] or "")
    return check_positive(float(digits) * _SUFFIXES[match["suffix"].lower()], what, text)


def is_quantity(text: str) -> bool:
    """Return whether ``parse_quantity`` reads this."""
    plain = text.strip()
    return any(re.fullmatch(pattern, plain, READ) for pattern in (_POWER, _QUANTITY))


def comma_hint(text: str) -> str:
    """Return the end of a sentence about a number with a decimal comma: how it is written; else nothing.

    >>> comma_hint("2,50"), comma_hint("1,5T"), comma_hint("1,000"), comma_hint("1,2,3")
    (': write 2.50', ': write 1.5T', '', '')
    """
    meant = re.fullmatch(r"(\D*\d+),(\d{1,2}(?!\d)[^,]*|\d{4,}[^,]*)", text.strip(), re.ASCII)
    return f": write {meant[1]}.{meant[2]}" if meant else ""


def without_about(text: str) -> str:
    """Return ``text`` without spaces around it and without a sign before it that it is only about so much: ~40%."""
    return text.strip().lstrip("~\u2248").lstrip()


def ungrouped(digits: str) -> str:
    """Return digits without the commas and underscores between them."""
    return digits.replace(",", "").replace("_", "")


def parse_share(text: str, what: str) -> float:
    """Return the share that ``text`` writes, as 0.4 or as 40%; whether it may be that large is not looked at.

    >>> parse_share("40%", "--mfu"), parse_share(".4", "--mfu")
    (0.4, 0.4)
    """
    match = re.fullmatch(_SHARE, without_about(text), READ)
    if match is None:
        raise UsageError(f"{what} must be a share such as 0.4 or 40%, not {text!r}{comma_hint(text)}.")
    number = float(ungrouped(match[1]))
    return number / 100 if match[2] else number


def check_share(value: float, what: str, example: float) -> None:
    """Raise UsageError unless ``value`` is above 0 and at most 1, with a hint where it looks like per cent."""
    if 0 < value <= 1:
        return
    meant = f": did you mean {value:g}%?" if 5 <= value <= 100 else "."  # 1.2 is no share, and hardly 1.2%
    such = f"{example:g} or {100 * example:g}%"
    raise UsageError(f"{what} must be above 0 and at most 1, such as {such}, not {value:g}{meant}")


def format_quantity(value: float) -> str:
    """Return ``value`` with three digits and the suffix K, M, B or T, as ``parse_quantity`` reads it.

    >>> format_quantity(2.7821e9), format_quantity(70e9), format_quantity(950), format_quantity(1e16)
    ('2.78B', '70.0B', '950', '1e16')
    """
    for suffix, factor in zip("KMBT", (1e3, 1e6, 1e9, 1e12), strict=True):
        # 999.5 and above rounds to 1000 of a unit, which is 1 of the next.
        if 0.9995 * factor <= value < 999.5 * factor:
            digits = value / factor
            return f"{digits:.{2 if digits < 9.995 else 1 if digits < 99.95 else 0}f}{suffix}"
    return format_flops(value)


def plural(count: int | str, noun: str) -> str:
    """Return a count, or a number as it is printed, with what it counts: ``1 document``, ``2 documents``, ``1 corpus``.

    >>> plural(1, "document"), plural("1.00B", "token"), plural(1200, "corpus")
    ('1 document', '1.00B tokens', '1,200 corpora')
    """
    text = count if isinstance(count, str) else f"{count:,}"
    return f"{text} {noun if text == '1' else _PLURALS.get(noun, f'{noun}s')}"


_PLURALS = {"corpus": "corpora", "loss": "losses"}


def format_flops(flops: float) -> str:
    """Return ``flops`` with three digits, as in ``5.76e23``.

    >>> format_flops(5.76e23), format_flops(1e21)
    ('5.76e23', '1e21')
    """
    return f"{flops:.3g}".replace("e+", "e").replace("e0", "e").replace("e-0", "e-")


def format_bytes(n_bytes: float) -> str:
    """Return a size with three digits in decimal units.

    >>> format_bytes(1.5e9), format_bytes(20), format_bytes(999_999)
    ('1.50 GB', '20 bytes', '1.00 MB')
    """
    number = format_quantity(n_bytes)
    if number[-1:] in "KMBT":
        return f"{number[:-1]} {number[-1].replace('B', 'G').replace('K', 'k')}B"
    return f"{n_bytes:.3g} bytes"


def format_share(share: float) -> str:
    """Return a share as per cent, with as many digits as tell it from none and from all.

    >>> format_share(0.123), format_share(0.004), format_share(0.9996), format_share(1.0)
    ('12 %', '0.4 %', '99.96 %', '100 %')
    """
    if 0.01 <= share <= 0.99 or share in (0.0, 1.0):
        return f"{100 * share:.0f} %"
    return f"{100 * share:.2g} %" if share < 0.5 else f"{100 - float(f'{100 * (1 - share):.1g}'):g} %"


def format_short_quantity(value: float) -> str:
    """Return ``value`` as ``format_quantity`` does, but without zeros at the end: for marks of an axis.

    >>> format_short_quantity(2e9), format_short_quantity(2.7821e9), format_short_quantity(1e16)
    ('2B', '2.78B', '1e16')
    """
    for suffix, factor in zip("TBMK", (1e12, 1e9, 1e6, 1e3), strict=True):
        if 0.9995 * factor <= value < 1e15:
            return f"{value / factor:.3g}{suffix}"
    return format_flops(value)


def format_amount(value: float) -> str:
    """Return hours, a sum of money or epochs: whole from 100 on, else three digits.

    >>> format_amount(12345.6), format_amount(12.3456)
    ('12,346', '12.3')
    """
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def format_times(factor: float) -> str:
    """Return a factor with three digits, whole where an exponent would hide how large it is.

    >>> format_times(12.3456), format_times(12345.6), format_times(1.23e7)
    ('12.3', '12,346', '1.23e7')
    """
    return f"{factor:,.0f}" if 999.5 <= factor < 1e6 else format_flops(factor)


def format_interval(bounds: tuple[float, float] | None, show: Callable[[float], str] = format_quantity) -> str:
    """Return an interval in words; nothing for None.

    >>> format_interval((1e9, 2e9)), format_interval((1e9, math.inf)), format_interval(None)
    ('1.00B to 2.00B', 'above 1.00B', '')
    """
    if bounds is None:
        return ""
    low, high = bounds
    return f"above {show(low)}" if math.isinf(high) else f"{show(low)} to {show(high)}"


def check_positive(value: float, what: str, text: str | None = None) -> float:
    """Return ``value``, which must be finite and above 0; under LEAST_QUANTITY quotients overflow."""
    check_number(value, what)
    if not (math.isfinite(value) and value > 0):
        raise UsageError(f"{what} must be a finite number above 0, not {text or format(value, 'g')}.")
    if value < LEAST_QUANTITY:
        raise UsageError(f"{what} must be at least {LEAST_QUANTITY:g}, not {text or format(value, 'g')}.")
    return value


def check_number(value: object, what: str) -> None:
    """Raise UsageError unless ``value`` is a number, of Python or numpy, that a float can hold."""
    if isinstance(value, bool | str | bytes) or not hasattr(value, "__float__"):
        raise UsageError(f"{what} must be a number, not {repr(value)[:40]}.")
    try:
        float(value)
    except OverflowError:
        raise UsageError(f"{what} must be below 1e308, not a number of over 308 digits.") from None
    except (TypeError, ValueError):  # an array
        raise UsageError(f"{what} must be one number, not {type(value).__name__}.") from None


def check_whole(value: object, what: str, least: int, most: int) -> None:
    """Raise UsageError unless ``value`` is a whole number inside [least, most]."""
    check_number(value, what)
    if not hasattr(value, "__index__"):
        raise UsageError(f"{what} must be a whole number, not {repr(value)[:40]}.")
    if value.__index__() < least:
        raise UsageError(f"{what} must be at least {least:,}, not {float(value.__index__()):g}.")
    if value.__index__() > most:
        raise UsageError(f"{what} must be at most {most:,}, not {float(value.__index__()):g}.")


def check_text(value: object, what: str) -> None:
    """Raise UsageError unless ``value`` is a text or a path."""
    if not isinstance(value, str) and not hasattr(value, "__fspath__"):
        raise UsageError(f"{what} must be a text, not {type(value).__name__}.")
