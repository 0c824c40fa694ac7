"""Inputs changed by what they mean: nodes of JSON, cells of tables, numbers in the heads of binary files."""

from __future__ import annotations

import json
import random
import re
import struct
from typing import Any

from fuzz.hostile import DEPTHS, INTEGERS, TEXTS, nested, value

_HEAD = 512  # bytes in which binary formats keep their numbers; some keep them at the end
_MOST_JSON = 1 << 18
_MARK = "\0here\0"  # what a nest is put in place of
_NUMBER = re.compile(rb"\d+")


def changed(data: bytes, rng: random.Random) -> bytes | None:
    """Return the bytes with one change of their meaning; None where they have none that is known."""
    if not data:
        return None
    start = data[:64].lstrip()[:1]
    if start in (b"{", b"[") and len(data) <= _MOST_JSON:
        return _json(data, rng)
    if b"\0" in data[:_HEAD] or not data[:_HEAD].isascii():
        return _number_in_head(data, rng)
    return _written_number(data, rng) if rng.random() < 0.3 else _cell(data, rng)


def _json(data: bytes, rng: random.Random) -> bytes | None:
    """Return a JSON document, or one line of JSON lines, with one node replaced, doubled or gone."""
    text = data.decode("utf-8", "surrogateescape")
    found = _replaced(text, rng)
    if found is None:
        lines = text.split("\n")
        number = rng.randrange(len(lines))
        line = _replaced(lines[number], rng)
        if line is None:
            return None
        found = "\n".join([*lines[:number], line, *lines[number + 1 :]])
    return found.encode("utf-8", "surrogatepass")


def _replaced(text: str, rng: random.Random) -> str | None:
    try:
        document, nest = _with_change(json.loads(text), rng)
        written = json.dumps(document, ensure_ascii=rng.random() < 0.5)
    except (ValueError, RecursionError):  # no JSON, or a number of thousands of digits, or too deep
        return None
    return written.replace(json.dumps(_MARK), nest)


def _copy(value: Any) -> Any:
    return json.loads(json.dumps(value))


def _with_change(document: Any, rng: random.Random) -> tuple[Any, str]:
    """Return the document with one change, and the nest that stands where its mark is."""
    nodes = list(_places(document))
    nest = nested(rng.choice(DEPTHS), rng.choice("[{"))
    new = _MARK if rng.random() < 0.1 else value(rng)
    if not nodes:
        return new, nest
    parent, key = rng.choice(nodes)
    kind = rng.randrange(5)
    if kind == 0 and isinstance(parent, dict):
        parent[rng.choice(TEXTS)] = parent.pop(key)
    elif kind == 1:
        del parent[key]
    elif kind == 2 and isinstance(parent, list):
        parent.extend(_copy(parent[key]) for _ in range(rng.choice((1, 2, 500))))
    elif kind == 3:
        other, place = rng.choice(nodes)
        parent[key] = _copy(other[place])
    else:
        parent[key] = new
    return document, nest


def _places(document: Any, most: int = 5000) -> list[tuple[Any, Any]]:
    """Return (object or list, key) of the nodes of a document, of a large one the first of them."""
    found: list[tuple[Any, Any]] = []
    open_nodes = [document]
    while open_nodes and len(found) < most:
        node = open_nodes.pop()
        keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
        for key in keys:
            found.append((node, key))
            open_nodes.append(node[key])
    return found


def _number_in_head(data: bytes, rng: random.Random) -> bytes:
    """Return a binary file with one number of its head, or of its end, replaced: a type, a length, an offset."""
    width = rng.choice((1, 2, 4, 8))
    if len(data) < width:
        return data
    within = min(_HEAD, len(data) - width + 1)
    at = rng.randrange(within) if rng.random() < 0.7 else len(data) - width - rng.randrange(within)
    at -= at % width if rng.random() < 0.7 else 0
    old = int.from_bytes(data[at : at + width], "little")
    new = rng.choice((rng.choice(INTEGERS), old + 1, old - 1, old * 2, old ^ 0x80, len(data))) % (1 << 8 * width)
    return data[:at] + struct.pack(f"<{'BHIQ'[width.bit_length() - 1]}", new) + data[at + width :]


def _cell(data: bytes, rng: random.Random) -> bytes:
    """Return a table, or any text, with one cell replaced, doubled or gone, or its delimiters changed."""
    delimiter = max((b",", b"\t", b";", b" "), key=data.count)
    lines = data.split(b"\n")
    number = rng.randrange(len(lines)) if rng.random() < 0.7 else 0
    cells = lines[number].split(delimiter)
    at = rng.randrange(len(cells))
    kind = rng.randrange(5)
    if kind == 0:
        del cells[at]
    elif kind == 1:
        cells[at : at + 1] = [cells[at]] * rng.choice((2, 3, 1000))
    elif kind == 2:
        cells[at] = b'"' + cells[at]
    elif kind == 3:
        return data.replace(delimiter, rng.choice((b",", b"\t", b";", b"|", b"\0")))
    else:
        cells[at] = str(value(rng) if rng.random() < 0.5 else rng.choice(INTEGERS)).encode("utf-8", "surrogatepass")
    lines[number] = delimiter.join(cells)
    return b"\n".join(lines)


def _written_number(data: bytes, rng: random.Random) -> bytes:
    """Return a text with one of its written numbers replaced: lengths in heads of WARC, tar and npy lie so."""
    found = list(_NUMBER.finditer(data[: 1 << 16]))
    if not found:
        return data
    match = rng.choice(found)
    number = rng.choice((*INTEGERS, 10**400))
    return data[: match.start()] + str(number).encode() + data[match.end() :]
