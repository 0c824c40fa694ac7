"""Rows as bytes, between the process that reads a dataset and this one: a line of JSON each. Nothing is unpickled."""

from __future__ import annotations

import base64
import json
import secrets
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# The key of an object that stands for a value which JSON has not. Each process that writes makes its own, so that no
# dataset can hold it.
TAG = secrets.token_hex(8)


def written(row: Mapping[str, Any]) -> bytes:
    """Return a row as a line of JSON."""
    return json.dumps(row, ensure_ascii=False, default=_tagged).encode("utf-8", "surrogatepass") + b"\n"


def _tagged(value: Any) -> dict[str, str]:
    """Return bytes as they are, and of a time, a decimal, ... its type: no corpus is read from it."""
    if isinstance(value, bytes):
        return {TAG: base64.b64encode(value).decode()}
    return {TAG: "", "type": type(value).__name__}


def read_rows(data: bytes | bytearray, tag: str) -> Iterator[dict[str, Any]]:
    """Yield the rows in ``data``; ``tag`` is that of the process which wrote them.

    >>> list(read_rows(written({"a": b"b", "c": [None]}), TAG))
    [{'a': b'b', 'c': [None]}]
    """

    def untagged(found: dict[str, Any]) -> Any:
        if tag not in found:
            return found
        return type(found["type"], (), {})() if "type" in found else base64.b64decode(found[tag])

    hook = untagged if tag.encode() in data else None
    for line in data.decode("utf-8", "surrogatepass").split("\n")[:-1]:
        yield json.loads(line, object_hook=hook)
