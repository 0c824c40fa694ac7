"""Padding of token ids: one id that fills the ends of rows, or long runs of a file; no model is trained on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    import numpy.typing as npt

_MOST_IDS = 1 << 20  # looked at
_LEAST_RUN, _LEAST_SHARE = 4, 0.01  # ids: less is how a text happens to end
_LONG_RUN = 16  # ids: longer than what a template ends all its rows in
_OTHER_END = 0.1  # a picture's border is at both ends of its rows; padding is at one
_MOST_SHARE = 0.98  # of the ids of a file: where nothing else is met, nothing would be left
RUN = 32  # ids: a run of one id that is no text, where no row says where its ends are


class Padding(NamedTuple):
    """The id that fills the ends of rows, whether on the left, and its share of the ids in the first rows."""

    id: int
    on_left: bool
    share: float


def find_padding(rows: Iterable[npt.NDArray[np.int64]]) -> Padding | None:
    """Return the padding of some rows; None where they have none.

    It is the id that most often repeats at the ends of one side, if at least half of it stands there and it is over
    half of all ids, or the rows are of one length and its runs are long or differ. A single id is an end of text.
    """
    held = _bounded(rows)
    n_ids = sum(map(len, held))
    one_length = len(held) > 1 and len(set(map(len, held))) == 1
    held = [row for row in held if (row != row[0]).any()]  # a row of one id says nothing of where it stands
    runs = {on_left: _runs(held, on_left=on_left) for on_left in (False, True)}
    totals = {(sum(lengths), token, on_left) for on_left, found in runs.items() for token, lengths in found.items()}
    if not totals:
        return None
    n_filled, token, on_left = max(totals)
    n_here = sum(int((row == token).sum()) for row in held)
    lengths = runs[on_left][token]
    varied = len(set(lengths)) > 1 or len(lengths) < len(held) or max(lengths) >= _LONG_RUN
    is_much = max(lengths) >= _LEAST_RUN and n_filled >= _LEAST_SHARE * n_ids
    at_other_end = sum(runs[not on_left].get(token, []))
    if 2 * n_filled < n_here or at_other_end > _OTHER_END * n_filled:
        return None
    return (
        Padding(token, on_left, n_filled / n_ids) if 2 * n_here > n_ids or (one_length and varied and is_much) else None
    )


def find_runs(spans: Iterable[npt.NDArray[np.int64]]) -> tuple[int, float] | None:
    """Return the id whose runs of RUN and more are padding, and their share of some spans of ids; None without any.

    It is the id with most of its occurrences in such runs: rows that were padded and written one after the other, or
    the part of a file that was made and never filled. Blanks of code run so too, but stand elsewhere more often.
    """
    import numpy as np

    held = _bounded(spans)
    n_filled: dict[int, int] = {}
    for span in held:
        inside = in_runs(span)
        tokens, counts = np.unique(span[inside], return_counts=True)
        for token, count in zip(tokens.tolist(), counts.tolist(), strict=True):
            n_filled[token] = n_filled.get(token, 0) + count
    if not n_filled:
        return None
    token = max(n_filled, key=lambda each: n_filled[each])
    n_here = sum(int((span == token).sum()) for span in held)
    share = n_filled[token] / sum(map(len, held))
    is_much = n_filled[token] >= 4 * RUN and _LEAST_SHARE <= share <= _MOST_SHARE
    return (token, share) if is_much and 2 * n_filled[token] >= n_here else None


def in_runs(ids: npt.NDArray[Any], token: int | None = None) -> npt.NDArray[np.bool_]:
    """Return for each id whether it is in a run of RUN or more of one id: of ``token``, where that is given."""
    import numpy as np

    begins = np.flatnonzero(np.concatenate((np.ones(min(len(ids), 1), bool), ids[1:] != ids[:-1])))
    lengths = np.diff(begins, append=len(ids))
    is_long = lengths >= RUN
    if token is not None:
        is_long &= ids[begins] == token
    return np.repeat(is_long, lengths)


def commonest(rows: Iterable[npt.NDArray[np.int64]]) -> tuple[int, float]:
    """Return the commonest id of some rows and its share of them."""
    import numpy as np

    ids = np.concatenate([*_bounded(rows), np.zeros(0, np.int64)])
    tokens, counts = np.unique(ids, return_counts=True)
    return (int(tokens[counts.argmax()]), float(counts.max() / len(ids))) if len(ids) else (0, 0.0)


def without_padding(ids: npt.NDArray[np.int64], padding: Padding | None) -> npt.NDArray[np.int64]:
    """Return a row's ids without the padding at its end, or at its beginning."""
    import numpy as np

    if padding is None or not len(ids) or ids[0 if padding.on_left else -1] != padding.id:
        return ids
    kept = np.flatnonzero(ids != padding.id)
    if not len(kept):
        return ids[:0]
    return ids[kept[0] :] if padding.on_left else ids[: kept[-1] + 1]


def _bounded(rows: Iterable[npt.NDArray[np.int64]]) -> list[npt.NDArray[np.int64]]:
    held, n_ids = [], 0
    for row in rows:
        if n_ids > _MOST_IDS:
            break
        if len(row):
            held.append(row)
            n_ids += len(row)
    return held


def _runs(rows: Sequence[npt.NDArray[np.int64]], *, on_left: bool) -> dict[int, list[int]]:
    """Return, by id, the lengths of its runs of two or more at one end of the rows."""
    runs: dict[int, list[int]] = {}
    for row in rows:
        token = int(row[0 if on_left else -1])
        length = len(row) - len(without_padding(row, Padding(token, on_left, 0.0)))
        if length > 1:
            runs.setdefault(token, []).append(length)
    return runs
