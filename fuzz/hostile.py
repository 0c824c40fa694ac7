"""Values that break readers, by kind: what mutations put into inputs and what strategies draw."""

from __future__ import annotations

import math
import random
from typing import Any

# Escapes of terminals, markup of rich, ways out of a folder, and what encodings stumble over.
TEXTS = (
    *("", " ", "\0", "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x9b2J", "[/red]", "[bold", "\r", "\n", "\u2028"),
    *("../../escaped", "/etc/passwd", "..", ".", "~", "-", "--out", "a/b", "a\\b", "CON", "*", "[", "{group}", "%s"),
    *("\ud800", "\udfff\ud800", "\U0010ffff", "\ufeff", "\ufffd", "\u202e", "e\u0301" * 40, "\u5b57" * 300),
    *("nan", "inf", "-inf", "1e999", "-0", "0x10", "1_000", "1,5", "9" * 400, "9" * 5000, "1e-400", "\u0661\u0662"),
    *("null", "true", "{}", "[]", '"', '""', "'", "\\", "\\u0000", "<!--", "data:image/png;base64,", "A" * 3000),
    *("http://[", "http://[::1", "s3://", "hf://", "https://u:p@h/a?sig=1", "file:///etc/passwd", "://"),
    *("=cmd|' /C calc'!A0", "!!python/object/apply:os.system [true]", "cos\nsystem\n(S'true'\ntR."),
)
# At the edges of the types that formats write lengths and offsets in.
INTEGERS = (
    *(0, 1, -1, 2, 7, 8, 16, 100, 127, 128, 255, 256, 1000, 4096, 32767, 32768, 65535, 65536, 99_999),
    *((1 << 24) + 1, (1 << 31) - 1, 1 << 31, -(1 << 31), (1 << 32) - 1, 1 << 32, (1 << 53) + 1, 10**15),
    *((1 << 63) - 1, 1 << 63, -(1 << 63), (1 << 64) - 1, 1 << 64),
)
FLOATS = (0.0, -0.0, 1e-320, 5e-324, 6.6e-7, 0.5, 1.0, 1e15, 1.7e308, -1.7e308, math.nan, math.inf, -math.inf)
LONG_NUMBERS = (10**400, -(10**400), 10**4200)
# In documents these stand for nests that no encoder of JSON writes; ``nested`` makes them.
DEPTHS = (40, 900, 3000, 100_000)


def nested(depth: int, opening: str = "[", inner: str = "1") -> str:
    """Return JSON of lists or objects inside each other.

    >>> nested(2), nested(1, "{")
    ('[[1]]', '{"a":1}')
    """
    start, end = ('{"a":', "}") if opening == "{" else ("[", "]")
    return start * depth + inner + end * depth


def value(rng: random.Random) -> Any:
    """Return a hostile value of JSON."""
    kind = rng.randrange(8)
    if kind == 0:
        return rng.choice(TEXTS)
    if kind == 1:
        return rng.choice(INTEGERS)
    if kind == 2:
        return rng.choice(FLOATS)
    if kind == 3:
        return rng.choice(LONG_NUMBERS)
    if kind == 4:
        return rng.choice((None, True, False))
    if kind == 5:
        return rng.choice(([], {}, [[]], [{}], {"": None}, [None, 1, "a"], {"text": ["a"]}))
    if kind == 6:
        return [rng.choice(INTEGERS)] * rng.choice((1, 3, 500))
    return {rng.choice(TEXTS): rng.choice(TEXTS)}
