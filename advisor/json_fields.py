"""JSON files that people may have edited, read with complaints that name file and field; how ours are written."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from advisor.errors import AdvisorError
from advisor.untrusted.reading import MOST_JSON_BYTES, bounded_bytes

SCHEMA_VERSION = 1
_LARGEST = sys.float_info.max
MOST_WHOLE = 10**18  # what is counted here, bytes and tokens, is never more, and every float near it is finite


@dataclass(frozen=True)
class Node:
    """A value inside a JSON file: what it is, where it stands, and the error to raise about it."""

    value: Any
    file: str
    field: str
    error: type[AdvisorError]

    def fail(self, what: str) -> AdvisorError:
        """Return the error that says ``what`` is wrong with this field."""
        return self.error(f"{self.file}: {self.field or 'the document'} {what}.")

    def __getitem__(self, key: str) -> Node:
        """Return the member ``key`` of this object; a missing one is an error."""
        inner = f"{self.field}.{key}" if self.field else key
        if key not in self.members():
            raise self.error(f"{self.file}: {inner} is missing.")
        return Node(self.value[key], self.file, inner, self.error)

    def get(self, key: str) -> Node | None:
        """Return the member ``key``, or None where it is absent or null."""
        return self[key] if self.members().get(key) is not None else None

    def having(self, key: str, what: str) -> Node:
        """Return this document, which without the member ``key`` is not ``what``: that says what writes such a file."""
        if key not in self.members():
            raise self.error(f"{self.file} is no {what}.")
        return self

    def members(self) -> dict[str, Any]:
        """Return the object itself."""
        if not isinstance(self.value, dict):
            raise self.fail(f"must be an object, not {_kind(self.value)}")
        return self.value

    def items(self) -> Iterator[Node]:
        """Yield the elements of this list."""
        yield from map(self.at, range(len(self.values())))

    def values(self) -> list[Any]:
        """Return this list itself."""
        if not isinstance(self.value, list | tuple):
            raise self.fail(f"must be a list, not {_kind(self.value)}")
        return cast(list[Any], self.value)

    def at(self, i: int) -> Node:
        """Return the element ``i`` of this list."""
        return Node(self.value[i], self.file, f"{self.field}[{i}]", self.error)

    def text(self, among: tuple[str, ...] = ()) -> str:
        """Return this string; ``among`` lists the only ones allowed."""
        if not isinstance(self.value, str):
            raise self.fail(f"must be a string, not {_kind(self.value)}")
        if not self.value.isprintable():
            raise self.fail("must not hold control characters")
        if among and self.value not in among:
            raise self.fail(f"must be one of {', '.join(among)}, not {self.value!r}")
        return self.value

    def number(self, low: float = -math.inf, high: float = math.inf, *, open_ends: bool = False) -> float:
        """Return this number; it must be finite and inside [low, high], or (low, high) with ``open_ends``."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float) or not abs(self.value) <= _LARGEST:
            raise self.fail(f"must be a finite number, not {_kind(self.value)}")
        inside = low < self.value < high if open_ends else low <= self.value <= high
        if not inside:
            raise self.fail(f"must be {_bounds(low, high, open_ends)}, not {self.value:g}")
        return float(self.value) + 0.0  # which makes 0 of -0

    def whole(self, low: int, high: int = MOST_WHOLE) -> int:
        """Return this integer, inside [low, high]."""
        if isinstance(self.value, bool) or not isinstance(self.value, int) or not low <= self.value <= _LARGEST:
            raise self.fail(f"must be a whole number of at least {low}, not {_kind(self.value)}")
        if self.value > high:
            raise self.fail(f"must be at most {high:,}, not {self.value:.6g}")
        return self.value

    def pair(self, low: float = -math.inf, high: float = math.inf) -> tuple[float, float]:
        """Return this list of two numbers, the lower first."""
        bounds = [element.number(low, high) for element in self.items()]
        if len(bounds) != 2 or bounds[0] > bounds[1]:
            raise self.fail("must be two numbers, the lower first")
        return bounds[0], bounds[1]


def read_json(path: Path, error: type[AdvisorError], *, versioned: bool = True, regular: bool = False) -> Node:
    """Return the document in ``path``; its ``schema_version`` must be one that this version understands.

    A file that people write by hand may have none: ``versioned`` is False. One that was found and not named must be a
    ``regular`` file. At most MOST_JSON_BYTES are read.
    """
    data = bounded_bytes(path, MOST_JSON_BYTES, error, regular=regular)
    return document_of(json_value(data, path, error), path, error, versioned=versioned)


def json_value(data: bytes, path: Path, error: type[AdvisorError]) -> Any:
    """Return the value of the JSON that was read from ``path``; a byte-order mark before it is passed over."""
    try:
        return json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as problem:
        raise error(f"{path} is not UTF-8 text (byte {problem.start}), so it is not JSON.") from problem
    except json.JSONDecodeError as problem:
        raise error(f"{path} is not JSON: {problem.msg} at line {problem.lineno}.") from problem
    except ValueError as problem:  # a number of thousands of digits
        raise error(f"{path} is not one of advisor's files: {problem}.") from problem
    except RecursionError as problem:
        raise error(f"{path} is nested too deeply to be one of advisor's files.") from problem


def document_of(value: Any, path: Path, error: type[AdvisorError], *, versioned: bool = True) -> Node:
    """Return the document that ``value`` is, of a schema that this version understands."""
    document = Node(value, str(path), "", error)
    if not versioned and "schema_version" not in document.members():
        return document
    version = document["schema_version"].whole(1)
    if version > SCHEMA_VERSION:
        raise error(
            f"{path} has schema_version {version} and this advisor understands {SCHEMA_VERSION}: "
            "upgrade data-scaling-advisor."
        )
    return document


def json_text(document: Mapping[str, Any]) -> str:
    """Return ``document`` as indented JSON with each list of numbers on one line."""
    text = json.dumps(document, indent=2, allow_nan=False)
    return re.sub(r"\[\n[-+\d.eE,\snul]*\]", lambda found: " ".join(found[0].split()), text) + "\n"


def _kind(value: Any) -> str:
    """Return how to name ``value`` in a complaint: short, and never a page of JSON."""
    if isinstance(value, dict | list):
        return {dict: "an object", list: "a list"}[type(value)]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _LARGEST:
        return "a number beyond all measure"
    return json.dumps(value) if value is None or isinstance(value, bool) else repr(value)[:40]


def _bounds(low: float, high: float, open_ends: bool) -> str:
    """Return the allowed interval in words."""
    if math.isinf(high):
        return f"above {low:g}" if open_ends else f"at least {low:g}"
    if math.isinf(low):
        return f"below {high:g}" if open_ends else f"at most {high:g}"
    return f"{'inside' if open_ends else 'in'} {'(' if open_ends else '['}{low:g}, {high:g}{')' if open_ends else ']'}"
