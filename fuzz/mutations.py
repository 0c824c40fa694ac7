"""An input changed: its bytes, or what they mean where they are JSON, a table, or a header of numbers."""

from __future__ import annotations

import random
import struct
from collections.abc import Sequence

from fuzz import structure
from fuzz.bundle import is_packed, packed, unpacked
from fuzz.hostile import INTEGERS, TEXTS

_LONGEST = 1 << 20  # bytes of an input that mutations made: they are for the odd, and hostile seeds for the large


def changed(data: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
    """Return ``data`` with one to eight changes; ``others`` are inputs of the same target, to splice with."""
    if is_packed(data):
        return _changed_folder(data, others, rng)
    for _ in range(1 << rng.randrange(4)):
        by_meaning = structure.changed(data, rng) if rng.random() < 0.5 else None
        data = _changed_bytes(data, others, rng) if by_meaning is None else by_meaning
        data = data[:_LONGEST]
    return data


def _changed_folder(data: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
    """Return a folder of which one file is other, has another name, is gone or is there twice."""
    files = unpacked(data)
    if not files:
        return data
    name = rng.choice(list(files))
    kind = rng.randrange(10)
    if kind == 0:
        files[_changed_bytes(name, (), rng)[:200]] = files.pop(name)
    elif kind == 1:
        del files[name]
    elif kind == 2:
        files[rng.choice(TEXTS).encode("utf-8", "surrogatepass")[:200] + name] = files[name]
    elif kind == 3:
        files |= unpacked(rng.choice(others)) if others else {}
    else:
        files[name] = changed(files[name], [*files.values()], rng)
    return packed(files)


def _changed_bytes(data: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
    kind = rng.choice((_flip, _insert, _delete, _splice, _truncate, _repeat, _integer, _text))
    return kind(data, others, rng)


def _span(data: bytes, rng: random.Random) -> tuple[int, int]:
    """Return where a piece of the bytes begins and ends: mostly a short one, of a few files a long one."""
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + rng.choice((1, 1, 2, 4, 8, 64, 1024, len(data) // 2 + 1)))


def _flip(data: bytes, _others: Sequence[bytes], rng: random.Random) -> bytes:
    if not data:
        return data
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8))):
        found[rng.randrange(len(found))] ^= 1 << rng.randrange(8)
    return bytes(found)


def _insert(data: bytes, _others: Sequence[bytes], rng: random.Random) -> bytes:
    at, _ = _span(data, rng)
    return data[:at] + rng.randbytes(rng.choice((1, 2, 4, 16, 200))) + data[at:]


def _delete(data: bytes, _others: Sequence[bytes], rng: random.Random) -> bytes:
    start, end = _span(data, rng)
    return data[:start] + data[end:]


def _splice(data: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
    """Return the beginning of these bytes and the end of others."""
    other = rng.choice(others) if others else data
    return data[: _span(data, rng)[0]] + other[_span(other, rng)[0] :]


def _truncate(data: bytes, _others: Sequence[bytes], rng: random.Random) -> bytes:
    return data[: _span(data, rng)[0]]


def _repeat(data: bytes, _others: Sequence[bytes], rng: random.Random) -> bytes:
    start, end = _span(data, rng)
    times = min(rng.choice((2, 3, 10, 1000)), 1 + (1 << 18) // max(end - start, 1))
    return data[:end] + data[start:end] * (times - 1) + data[end:]


def _integer(data: bytes, _others: Sequence[bytes], rng: random.Random) -> bytes:
    """Return the bytes with an integer at the edge of a type written over some of them."""
    width = rng.choice((1, 2, 4, 8))
    if len(data) < width:
        return data
    at, order = rng.randrange(len(data) - width + 1), rng.choice("<>")
    number = rng.choice(INTEGERS) % (1 << 8 * width)
    return data[:at] + struct.pack(f"{order}{'BHIQ'[width.bit_length() - 1]}", number) + data[at + width :]


def _text(data: bytes, _others: Sequence[bytes], rng: random.Random) -> bytes:
    at, end = _span(data, rng)
    return data[:at] + rng.choice(TEXTS).encode("utf-8", "surrogatepass") + data[rng.choice((at, end)) :]
