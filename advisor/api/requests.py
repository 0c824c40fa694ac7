"""Keywords as people type them to a checked request."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from advisor.answer.request import Request
from advisor.api.keywords import check_flag, one_name
from advisor.commands.values import duration, one_gpu, quantities, quantity, share, whole
from advisor.errors import UsageError
from advisor.quantities import check_number, check_whole

SECOND_NAMES = {"params": "n_params", "tokens": "n_tokens", "n_gpus": "gpus"}
_HOURS = {"hours": 1.0, "days": 24.0, "weeks": 168.0}
BUDGETS_OF = (*_HOURS, "params", "n_params", "tokens", "n_tokens", "target_loss")  # what may be asked in place of flops
REQUEST = frozenset(field.name for field in fields(Request))
OF_REQUEST = REQUEST | {*SECOND_NAMES, *_HOURS}  # every keyword that goes into a request


def option(name: str) -> str:
    """Return the command's option of a keyword, by which errors call it."""
    return "--" + name.removeprefix("n_").replace("_", "-")


_QUANTITIES = (
    *(
        "flops",
        "peak_tflops",
        "price_per_hour",
        "n_params",
        "n_tokens",
        "target_loss",
        "bytes_per_token",
        "unique_tokens",
    ),
    *("inference_tokens", "inference_price_per_hour", "gpu_memory"),
)
_TEXTS: dict[str, Callable[[str], Any]] = {
    **{name: quantity(option(name)) for name in _QUANTITIES},
    **{name: whole(option(name)) for name in ("gpus", "vocab_size", "context")},
    **{name: share(option(name)) for name in ("mfu", "inference_mfu", "epsilon", "compressibility")},
    **{name: duration(option(name), name) for name in _HOURS},
    "gpu": one_gpu,
}
_FILES = ("coefficients", "pilot")
_FLAGS = ("use_corpus_size", "advice")


def request_of(options: Mapping[str, Any]) -> Request:
    """Return the request that keywords make; texts are read as the command reads its options.

    >>> request_of({"gpu": "H100", "n_gpus": 64, "hours": "14d", "mfu": "40%"}).hours
    336.0

    Raises:
        UsageError: a value is none, or they contradict each other.
    """
    return Request(**request_values(options))


def request_values(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a request that keywords give."""
    found = {name: read(name, value) for name, value in one_name(options, SECOND_NAMES).items()}
    times = [name for name in _HOURS if name in found]
    if len(times) > 1:
        raise UsageError(f"{' and '.join(map(option, times))} both say how long training takes: give one.")
    for name in times:
        found["hours"] = _in_hours(name, found.pop(name))
    return found


def _in_hours(name: str, value: Any) -> Any:
    return value * _HOURS[name] if isinstance(value, int | float) else value  # anything else is refused as it is


def read(name: str, value: Any) -> Any:
    """Return the value of a keyword: a text that writes a number as that number, a path as text or Path."""
    if name in _FILES and isinstance(value, str):
        return Path(value)
    if name == "law" and isinstance(value, os.PathLike):
        return os.fspath(value)
    if name in _FLAGS:
        check_flag(value, option(name))
    return _TEXTS[name](value) if isinstance(value, str) and name in _TEXTS else value


def numbers(name: str, value: Any) -> tuple[Any, ...]:
    """Return several numbers: one, a text with commas between them, or a sequence of both.

    >>> numbers("sizes", "400M,7B"), numbers("sizes", [1e9, "7B"])
    ((400000000.0, 7000000000.0), (1000000000.0, 7000000000.0))
    """
    if isinstance(value, str):
        return quantities(option(name))(value)
    listed = tuple(quantity(option(name))(each) for each in (value if hasattr(value, "__iter__") else (value,)))
    for each in listed:
        check_number(each, option(name))
    return listed


def whole_number(name: str, value: Any) -> Any:
    """Return a whole number, from a text too; its own bounds are looked at where it is used."""
    found = whole(option(name))(value) if isinstance(value, str) else value
    check_whole(found, option(name), -(1 << 64), 1 << 64)
    return found
