"""The rows that draws on a column fall on, and those behind them: read slice by slice, and twice where it is long."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from advisor.corpus.arrow.arrays import row_sizes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

_HELD = 72 << 20  # bytes of a column that are kept while it is weighed, so that it need not be read again
_SPACED = 64  # rows of ids looked at for padding


@dataclass(frozen=True, kw_only=True)
class ColumnDraws:
    """What is drawn of a column.

    Attributes:
        shares: of the column's bytes (or items), ascending: where the draws fall.
        n_ahead: bytes or items behind a row's beginning that a sequence may need of the rows after it.
        most_rows_ahead: of those rows, how many.
        most_bytes: of the column that are read; None for all.
        n_rows: of the column; rows spread over them are looked at first, where ``spaced``.
    """

    shares: list[float]
    n_ahead: int = 0
    most_rows_ahead: int = 0
    most_bytes: int | None = None
    n_rows: int = 0
    spaced: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return it as a request holds it."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class DrawnRow:
    """A row that a draw fell on, where its bytes (or items) begin and end in the column, and the last row behind it."""

    row: int
    begin: int
    end: int
    last: int


Part = tuple[dict[str, Any], "pa.Array"]


def drawn(read: Callable[[], Iterable[pa.Array]], draws: ColumnDraws) -> Iterator[Part]:
    """Yield first the places (and rows spread over the column), then the rows themselves, ascending, in parts.

    ``read`` returns the column from its beginning, in slices.
    """
    import numpy as np

    held: list[pa.Array] | None = []
    sizes: list[npt.NDArray[np.int64]] = []
    spaced: list[pa.Array] = []
    n_rows = n_bytes = 0
    for values in first_bytes(read(), draws.most_bytes):
        sizes.append(row_sizes(values))
        if draws.spaced:
            step = spacing(draws.n_rows)
            spaced.append(values.take(list(range(-n_rows % step, len(values), step))))
        n_rows, n_bytes = n_rows + len(values), n_bytes + values.nbytes
        held = [*held, values] if held is not None and n_bytes <= _HELD else None
    ends = np.cumsum(np.concatenate(sizes)) if sizes else np.zeros(0, np.int64)
    places = [_place(share, ends, draws) for share in draws.shares] if n_rows else []
    told = {"n_rows": n_rows, "total": int(ends[-1]) if n_rows else 0, "places": [asdict(each) for each in places]}
    yield told, _joined(spaced)
    if places:
        yield from _rows(read() if held is None else held, places)


def spacing(n_rows: int) -> int:
    """Return how far rows lie apart that are looked at first, of so many."""
    return max(n_rows // _SPACED, 1)


def first_bytes(slices: Iterable[pa.Array], most_bytes: int | None) -> Iterator[pa.Array]:
    """Yield the first slices that have so many bytes; all of them where None."""
    n_bytes = 0
    for each in slices:
        yield each
        n_bytes += each.nbytes
        if most_bytes is not None and n_bytes >= most_bytes:
            return


def _joined(arrays: list[pa.Array]) -> pa.Array:
    import pyarrow as pa

    return pa.concat_arrays(arrays) if arrays else pa.nulls(0)


def _place(share: float, ends: npt.NDArray[np.int64], draws: ColumnDraws) -> DrawnRow:
    import numpy as np

    row = min(int(np.searchsorted(ends, share * int(ends[-1]), side="right")), len(ends) - 1)
    begin = int(ends[row - 1]) if row else 0
    most = min(row + draws.most_rows_ahead, len(ends) - 1)
    last = min(int(np.searchsorted(ends, begin + draws.n_ahead)), most)
    return DrawnRow(row=row, begin=begin, end=int(ends[row]), last=max(last, row))


def _rows(slices: Iterable[pa.Array], places: list[DrawnRow]) -> Iterator[Part]:
    """Yield the rows from each place to the last one behind it, each once."""
    wanted = _merged(places)
    span = next(wanted, None)
    start = 0
    for values in slices:
        end = start + len(values)
        numbers: list[int] = []
        while span is not None and span.start < end:
            numbers += range(max(span.start, start), min(span.stop, end))
            if span.stop > end:
                break
            span = next(wanted, None)
        if numbers:
            yield {"rows": numbers}, values.take([number - start for number in numbers])
        if span is None:
            return
        start = end


def _merged(places: list[DrawnRow]) -> Iterator[range]:
    """Yield the rows that are wanted, those of several places once; a later place's last row is none of the earlier."""
    span = range(0)
    for place in places:
        if span and place.row <= span.stop:
            span = range(span.start, max(span.stop, place.last + 1))
            continue
        if span:
            yield span
        span = range(place.row, place.last + 1)
    if span:
        yield span
