"""Token ids written as text: "[1, 523, 99]", "1 523 99", "1,523,99", ["1", "523", "99"]."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

# One class, repeated: a pattern of numbers and commas in a group would hold every number of a long list.
_NUMBERS = re.compile(r"[\d\s,;]*", re.ASCII)
_NO_NUMBER = re.compile(r"^\s*[,;]|[,;]\s*[,;]")  # before a comma
_BRACKETS_AND_COMMAS = str.maketrans("[](),;", "      ")
_LEAST = 8  # whole numbers in a row: fewer may be a date, a box, a citation
_LOOKED_AT = 1000  # characters in which they are counted
_MOST_DIGITS = 7  # of a token id: vocabularies are below ten million
_DIGITS = re.compile(rf"[0-9]{{1,{_MOST_DIGITS}}}")
_LONG_NUMBER = re.compile(rf"\d{{{_MOST_DIGITS + 1}}}")


def are_bracketed(texts: Sequence[str]) -> bool:
    """Return whether every text is a bracketed list of whole numbers, and one of them is long."""
    return all(map(_is_bracketed, texts)) and any(map(_is_long, texts)) and _are_small(texts)


def are_bare_lists(texts: Sequence[str]) -> bool:
    """Return whether every text is a long list of whole numbers without brackets."""
    return all(map(_is_bare, texts)) and all(map(_is_long, texts)) and _are_small(texts)


def are_digits(rows: Sequence[Any]) -> bool:
    """Return whether every row is a list of whole numbers, each written as text, and one of them is long."""
    lists = [row for row in rows if isinstance(row, list)]
    are_ids = all(isinstance(each, str) and _DIGITS.fullmatch(each) for row in lists for each in row[:_LOOKED_AT])
    return bool(lists) and len(lists) == len(rows) and are_ids and max(map(len, lists)) >= _LEAST


def _is_bracketed(text: str) -> bool:
    text = text.strip()
    return text[:1] + text[-1:] in ("[]", "()") and _lists_numbers(text[1:-1])


def _is_bare(text: str) -> bool:
    return bool(text) and not text.isspace() and _lists_numbers(text)


def _lists_numbers(text: str) -> bool:
    return _NUMBERS.fullmatch(text) is not None and _NO_NUMBER.search(text) is None


def _is_long(text: str) -> bool:
    return len(text[:_LOOKED_AT].translate(_BRACKETS_AND_COMMAS).split()) >= _LEAST


def _are_small(texts: Sequence[str]) -> bool:
    return not any(map(_LONG_NUMBER.search, texts))


def ids_of_digits(row: Sequence[Any]) -> npt.NDArray[np.int64] | None:
    """Return the ids of a list of texts, each a whole number; None where one of them is something else.

    >>> ids_of_digits(["1", "523"]).tolist(), ids_of_digits(["1", "a"]), ids_of_digits(["1 2"])
    ([1, 523], None, None)
    """
    import numpy as np

    are_ids = all(isinstance(each, str) and _DIGITS.fullmatch(each) for each in row)
    return np.array([int(each) for each in row], dtype=np.int64) if are_ids else None


def ids_in(text: str) -> npt.NDArray[np.int64] | None:
    """Return the ids that a text lists; None where it is no list of whole numbers.

    >>> ids_in("[1, 523,99]").tolist(), ids_in("1 523 99").tolist(), ids_in("[1, 2, ..., 9]")
    ([1, 523, 99], [1, 523, 99], None)
    """
    import numpy as np

    if not (_is_bracketed(text) or _is_bare(text)) or re.search(r"\d{19}", text):
        return None
    numbers = text.translate(_BRACKETS_AND_COMMAS)
    return np.zeros(0, np.int64) if numbers.isspace() else np.fromstring(numbers, dtype=np.int64, sep=" ")
