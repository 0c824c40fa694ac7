"""Which type the ids of a flat file have: said by its bytes where they leave no doubt, and never guessed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from advisor.corpus.corpus_file import read_at
from advisor.corpus.token_files.stored import opened
from advisor.errors import CorpusError
from advisor.quantities import plural

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from advisor.corpus.corpus_file import Place

_SPANS = 32  # looked at, spread over the file
_SPAN = 8192  # bytes each
_LEAST = 64  # words of two bytes below which nothing can be told
_HIGHEST = 5  # high halves: vocabularies end below 5 * 65,536 = 327,680 ids
_CHANCE = 1e-9  # that so many high halves of another type were so small
_ALIKE = 0.1  # total variation of two histograms below which they are of one kind
_UTF16 = 0xFEFF  # the mark with which UTF-16 text begins
_MORE = 1.1  # times as many values have low bytes as high ones: 256 to 196 or fewer in vocabularies to 50,257 ids
_LARGEST = 65_530  # ids of two bytes at or above it: no vocabulary has them, -1 and machine code do


def type_of_ids(place: Place, offset: int = 0) -> str:
    """Return the type of the ids that a file holds from ``offset`` on: uint16, uint32 or int64.

    Read as uint16, ids of four bytes alternate between their low halves and high halves that are all below _HIGHEST;
    those of eight have two more halves of 0. Ids of two bytes look the same at even and odd places, and their low bytes
    vary more than their high ones. What fits neither (bytes, floats, text, noise, ids of byte order not ours) is
    refused: the wrong type is a plausible wrong answer.

    Raises:
        CorpusError: the bytes leave a doubt.
    """
    n_bytes = place.n_bytes - offset
    if (found := type_in(_some_bytes(place, offset), n_bytes)) is not None:
        return found
    raise CorpusError(
        f"{place.name} does not say what type its ids have, and its {plural(n_bytes, 'byte')} are not plainly uint16 "
        f"or uint32: say --dtype uint16 or --dtype uint32 (also uint8, int32, int64), if it holds token ids."
    )


def type_in(data: bytes, n_bytes: int) -> str | None:
    """Return the type of the ids that some bytes, of ``n_bytes`` of them, plainly are; None where they leave a doubt.

    The bytes come in spans of a multiple of eight.
    """
    import numpy as np

    words = np.frombuffer(data[: len(data) // 2 * 2], "<u2")
    if len(words) < _LEAST:
        return None
    quarters = words[: len(words) // 4 * 4].reshape(-1, 4).T
    if n_bytes % 8 == 0 and not quarters[2:].any() and _are_high(quarters[1], quarters[0]):
        return "int64"
    pairs = words[: len(words) // 2 * 2]
    if n_bytes % 4 == 0 and _are_high(pairs[1::2], pairs[::2]):
        return "uint32"
    return "uint16" if n_bytes % 2 == 0 and _are_short_ids(words) else None


def check_said(place: Place, said: str) -> None:
    """Refuse a --dtype of another width than the bytes of a flat file plainly have.

    Raises:
        CorpusError: every second or fourth number would be the half of an id.
    """
    check_bytes(place.name, _some_bytes(place, 0), place.n_bytes, said)


def check_bytes(name: str, data: bytes, n_bytes: int, said: str) -> None:
    """Refuse a --dtype of another width than some bytes, of ``n_bytes`` of them, plainly have.

    Raises:
        CorpusError: every second or fourth number would be the half of an id.
    """
    found = type_in(data, n_bytes)
    if found is not None and _width(found) != _width(said):
        raise CorpusError(f"{name} holds ids of type {found} by its bytes, and not {said}: say --dtype {found}.")


def check_stated(name: str, stated: str, said: str | None) -> None:
    """Refuse a --dtype of another width than the type that a file states.

    Raises:
        CorpusError: the two contradict each other.
    """
    import numpy as np

    if said is not None and _width(stated) != _width(said):
        raise CorpusError(f"{name} states that its ids are {np.dtype(stated).name}, and not {said}: leave out --dtype.")


def _width(dtype: str) -> int:
    import numpy as np

    return np.dtype(dtype).itemsize


def _some_bytes(place: Place, offset: int) -> bytes:
    """Return bytes from spans spread over the file, each beginning at a multiple of 8 from ``offset``."""
    n_bytes = (place.n_bytes - offset) // 8 * 8
    with opened(place) as handle:
        if n_bytes <= _SPANS * _SPAN:
            return read_at(handle, n_bytes or (place.n_bytes - offset) // 2 * 2, offset)
        step = n_bytes // _SPANS // 8 * 8
        return b"".join(read_at(handle, _SPAN, offset + span * step) for span in range(_SPANS))


def _are_high(high: npt.NDArray[Any], low: npt.NDArray[Any]) -> bool:
    """Return whether these are the high halves of ids: so small, all of them, as the low halves seldom are."""
    highest = int(high.max()) + 1
    if highest > _HIGHEST:
        return False
    share = (int((low < highest).sum()) + 1) / (len(low) + 2)
    return bool(share ** len(high) < _CHANCE)


def _are_short_ids(words: npt.NDArray[Any]) -> bool:
    """Return whether these are ids of two bytes: alike at even and odd places, their low bytes the more varied."""
    if words.max() >= _LARGEST or words[0] == _UTF16 or _have_sign(words >> 8):
        return False
    even, odd = _histogram(words[::2] >> 6), _histogram(words[1::2] >> 6)
    low, high = _histogram(words & 0xFF), _histogram(words >> 8)
    return bool(
        _distance(even, odd) < _ALIKE + _noise(even, odd, len(words) // 2)
        and _distance(low, high) > _ALIKE + _noise(low, high, len(words))
        and (low > 0).sum() > _MORE * (high > 0).sum()
    )


def _have_sign(high: npt.NDArray[Any]) -> bool:
    """Return whether high bytes are of floats or signed numbers: as many with the top bit, and otherwise alike."""
    negative = high >= 128
    if not 0.3 < negative.mean() < 0.7:
        return False
    mirrored = high[negative] & 0x7F
    positive = _histogram(high[~negative])
    return min(_distance(_histogram(each), positive) for each in (mirrored, 127 - mirrored)) < 2 * _ALIKE


def _histogram(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    import numpy as np

    counts = np.bincount(values, minlength=1024).astype(np.float64)
    shares: npt.NDArray[np.float64] = counts / counts.sum()
    return shares


def _distance(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    return float(abs(one - other).sum() / 2)


def _noise(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64], n: int) -> float:
    """Return how far apart histograms of ``n`` values of one kind may lie by chance."""
    return math.sqrt(int(((one + other) > 0).sum()) / n)
