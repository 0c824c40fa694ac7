"""How laws are fitted, as people type it: Huber's delta, E at a value; and how many refits and pieces there may be."""

from __future__ import annotations

from typing import Any, Literal

from advisor.errors import UsageError

LEAST_REFITS = 200
MOST_REFITS = 100_000  # the 2.5 % quantile is then known to 0.05 %: more refits are time and memory alone
MOST_VOCABULARY = 10_000_000

Delta = float | Literal["auto", "l1"]


def delta_of(text: Any) -> Delta:
    """Return Huber's delta on ln(loss).

    >>> delta_of("1e-3"), delta_of("l1")
    (0.001, 'l1')
    """
    if text == "auto" or text == "l1":
        return "auto" if text == "auto" else "l1"
    return _number("--delta", text, "a positive number, auto or l1")


def fixed_e(text: str) -> float:
    """Return the value, in nats/token, that E=VALUE holds E at.

    >>> fixed_e("E=1.69")
    1.69
    """
    name, _, value = text.partition("=")
    if name.strip() != "E":
        raise UsageError(f"--fix is {text!r}; write E=VALUE: no other parameter can be held.")
    return _number("--fix E", value, "nats/token")


def _number(option: str, text: str, wanted: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"{option} is {text!r}; give {wanted}.") from None
