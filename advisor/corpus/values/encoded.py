"""How much of a text is no text: bytes written in letters, escapes, and characters that were decoded wrongly."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

BASE64, HEX = "base64", "hexadecimal digits"
ESCAPES = "words written with escapes such as %20, \\u00e9 or &#233;"
LOST = "U+FFFD, which stands for what could not be decoded"
WRONG = "characters that come of decoding with the wrong encoding"

_RUN = re.compile(r"[A-Za-z0-9+/]{56,}={0,2}|[A-Za-z0-9_-]{200,}")  # MIME breaks its lines at 60 to 76 characters
_HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}|\\x[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|&#x?[0-9A-Fa-f]{2,6};")
_FEW_ESCAPES, _SHARE_ESCAPED = 3, 0.1  # of a word: fewer are those of an address
# The bytes of UTF-8, and of an encoding of East Asia, as the characters that latin-1 makes of them.
_UTF8 = re.compile("[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH = re.compile("[\x80-\xff]{4,}")
_FEW_KINDS = 2  # characters that a run of dashes, dots or quotes has


def _latin1_of_cp1252() -> dict[int, int]:
    """Return for each character that cp1252 has and latin-1 has not the one of the same byte in latin-1."""
    pairs = ((codecs.decode(bytes([byte]), "cp1252", "ignore"), byte) for byte in range(0x80, 0xA0))
    return {ord(char): byte for char, byte in pairs if char}


_LATIN1_OF_CP1252 = _latin1_of_cp1252()


def encoded_shares(texts: Iterable[str]) -> dict[str, float]:
    """Return the share that each of BASE64, HEX, ESCAPES, LOST and WRONG has of the characters of some texts.

    Whitespace is not counted.

    >>> encoded_shares(["caf%C3%A9%20cr%C3%A8me au lait"])[ESCAPES]
    0.7857142857142857
    """
    counts = dict.fromkeys((BASE64, HEX, ESCAPES, LOST, WRONG), 0)
    n_chars = 0
    for text in texts:
        for word in text.split():
            n_chars += len(word)
            _count(word, counts)
    return {kind: count / max(n_chars, 1) for kind, count in counts.items()}


def _count(word: str, counts: dict[str, int]) -> None:
    """Add to the counts the characters of a word that are no text."""
    for run in _RUN.findall(word):
        kind = _kind_of_run(run)
        if kind:
            counts[kind] += len(run)
    escapes = _ESCAPE.findall(word)
    if len(escapes) >= _FEW_ESCAPES and sum(map(len, escapes)) >= _SHARE_ESCAPED * len(word):
        counts[ESCAPES] += len(word)
    if not word.isascii():
        counts[LOST] += word.count("\ufffd")
        counts[WRONG] += _n_wrong(word.translate(_LATIN1_OF_CP1252))


def _kind_of_run(run: str) -> str | None:
    has_digit = any(char.isdigit() for char in run)
    if has_digit and _HEX.fullmatch(run) and not run.isdigit():
        return HEX
    return BASE64 if has_digit and any(map(str.islower, run)) and any(map(str.isupper, run)) else None


def _n_wrong(word: str) -> int:
    """Return how many characters of a word are bytes of UTF-8, or of an encoding of East Asia, read as latin-1."""
    n_high = sum(len(run) for run in _HIGH.findall(word) if len(set(run)) > _FEW_KINDS)
    return max(n_high, sum(map(len, _UTF8.findall(word))))
