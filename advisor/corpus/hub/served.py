"""What the process that reads a dataset is asked for: to open it, then its rows shard by shard, or slices of its table.

It has one dataset. Each function is of (request, files) to (answer, bytes), as ``advisor.untrusted`` calls them.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from advisor.corpus.hub.asked import Asked
from advisor.corpus.hub.rows import TAG, written
from advisor.errors import HubError, first_line
from advisor.untrusted.serve import bound_memory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pyarrow as pa

    from advisor.corpus.hub.builder import OpenedDataset

_BATCH_BYTES, _BATCH_SECONDS = 256 << 10, 1.0  # rows are sent when they have so many bytes, or took so long
_LONGEST_ROW = 64 << 20  # bytes
_FIRST_ROWS, _FIRST_BYTES = 32, 16 << 20  # of a table, that the column is chosen by; its bytes at most
Answer = tuple[dict[str, Any], bytes]


@dataclass(kw_only=True)
class Cursor:
    """A shard that is being read, and what ended the reading after the rows that were sent."""

    rows: Iterator[Mapping[str, object]]
    error: Exception | None = None


@dataclass(kw_only=True)
class DatasetReading:
    """The dataset, and how far its shards were read."""

    asked: Asked
    opened: OpenedDataset
    cursors: dict[int, Cursor] = field(default_factory=dict)


_reading: list[DatasetReading] = []


def begin(request: dict[str, Any], files: object) -> Answer:
    """Import what is needed, outside of any deadline; return the hub's address."""
    # datasets looks for these, and imports those it finds: seconds and hundreds of megabytes, for nothing.
    os.environ.update(dict.fromkeys(("USE_TORCH", "USE_TF", "USE_JAX"), "0"))
    import datasets  # noqa: F401

    from advisor.corpus.hub.client import be_quiet_and_brief
    from advisor.corpus.hub.failures import MOST_MEMORY, endpoint

    be_quiet_and_brief()
    bound_memory(_data_bytes() + MOST_MEMORY)
    return {"endpoint": endpoint()}, b""


def _data_bytes() -> int:
    """Return the bytes that RLIMIT_DATA counts of this process so far; a guess where the system does not say."""
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmData"))
    except (OSError, StopIteration):
        return 1 << 30


def open_dataset(request: dict[str, Any], files: object) -> Answer:
    """Open the dataset; ``seconds`` are those until it is found, and between signs of life of a download."""
    from advisor.corpus.hub.builder import downloaded, find_builder, streamed
    from advisor.corpus.hub.client import watch
    from advisor.corpus.hub.watch import unless_stalled

    asked = Asked(**{**request["asked"], "data_files": tuple(request["asked"]["data_files"])})
    ends = time.monotonic() + request["seconds"]
    builder, split = _in_time(asked, request["seconds"], partial(find_builder, asked))
    call = partial(streamed if request["streaming"] else downloaded, builder, split, asked, request["column"])
    if request["streaming"]:
        opened = _in_time(asked, request["seconds"], call, left=ends - time.monotonic())
    else:
        opened = _told(asked, request["seconds"], lambda: unless_stalled(watch, request["seconds"], call))
    _reading[:] = [DatasetReading(asked=asked, opened=opened)]
    schema = b"" if opened.schema is None else opened.schema.remove_metadata().serialize().to_pybytes()
    answer = {"source": opened.source, "split": opened.split, "n_rows": opened.n_rows}
    return {**answer, "n_shards": len(opened.shards), "is_table": opened.table is not None, "tag": TAG}, schema


def _in_time(asked: Asked, seconds: float, call: Callable[[], Any], *, left: float | None = None) -> Any:
    """Return what ``call`` returns in the time that is left of ``seconds``."""
    from advisor.corpus.remote.waiting import within

    return _told(asked, seconds, lambda: within(seconds if left is None else left, call))


def _told(asked: Asked, seconds: float, call: Callable[[], Any]) -> Any:
    from advisor.corpus.hub.client import watch
    from advisor.corpus.hub.failures import too_slow
    from advisor.corpus.remote.waiting import TooSlowError

    try:
        return call()
    except TooSlowError:
        raise HubError(too_slow(asked, seconds, watch.words)) from None


def rows(request: dict[str, Any], files: object) -> Answer:
    """Return the next rows of a ``shard``: some, or none where it ended; ``cursor`` is one reading of it.

    ``left`` are the seconds that it may take until there is a row, of ``seconds`` in all.
    """
    from advisor.corpus.hub.failures import explained

    (reading,) = _reading
    cursor = reading.cursors.get(request["cursor"])
    if cursor is None:
        cursor = reading.cursors[request["cursor"]] = Cursor(rows=reading.opened.shards[request["shard"]]())
    with explained(reading.asked):
        lines = _in_time(reading.asked, request["seconds"], partial(_next_rows, cursor, reading), left=request["left"])
    if not lines:
        del reading.cursors[request["cursor"]]
    return {"ended": not lines}, b"".join(lines)


def _next_rows(cursor: Cursor, reading: DatasetReading) -> list[bytes]:
    if cursor.error is not None:
        raise cursor.error
    lines: list[bytes] = []
    n_bytes, ends = 0, time.monotonic() + _BATCH_SECONDS
    try:
        while n_bytes < _BATCH_BYTES and time.monotonic() < ends and (row := next(cursor.rows, None)) is not None:
            lines.append(_line(row, reading))
            n_bytes += len(lines[-1])
    except Exception as error:
        if not lines:
            raise
        cursor.error = error  # after the rows before it
    return lines


def _line(row: Mapping[str, object], reading: DatasetReading) -> bytes:
    line = written(row)
    if len(line) > _LONGEST_ROW:
        raise HubError(
            f"{reading.opened.source} has a row of {len(line) / 1e6:,.0f} MB, and {_LONGEST_ROW >> 20} MB are read of "
            "one: name its other files with --data-files, or the column with --column if others are so large."
        )
    return line


def leave(request: dict[str, Any], files: object) -> Answer:
    """Forget one reading of a shard."""
    _reading[0].cursors.pop(request["cursor"], None)
    return {}, b""


def head(request: dict[str, Any], files: object) -> Answer:
    """Return the first rows of the table, by which its column is chosen."""
    table = _table()
    n_rows = max(1, min(_FIRST_ROWS, _FIRST_BYTES * table.num_rows // max(table.nbytes, 1)))
    return {}, _sent(table.slice(0, n_rows).combine_chunks())


def batches(request: dict[str, Any], files: object) -> Answer:
    """Return of each batch of rows their number, and the bytes of the columns at ``paths``."""
    from advisor.corpus.arrow.arrays import nested, row_sizes

    table = _table()
    sizes = []
    for batch in table.select(_tops(request["paths"])).to_batches():
        n_bytes = sum(int(row_sizes(nested(batch.column(top), path)).sum()) for top, *path in request["paths"])
        sizes.append([batch.num_rows, n_bytes])
    return {"batches": sizes}, b""


def values(request: dict[str, Any], files: object) -> Answer:
    """Return ``n_rows`` rows from ``first`` on of the columns at ``paths``, one column each."""
    import pyarrow as pa

    from advisor.corpus.arrow.arrays import nested

    rows = _table().select(_tops(request["paths"])).slice(request["first"], request["n_rows"]).combine_chunks()
    arrays = [
        pa.concat_arrays([nested(chunk, path) for chunk in rows.column(top).chunks]) for top, *path in request["paths"]
    ]
    return {}, _sent(pa.table(arrays, names=[str(number) for number in range(len(arrays))]))


def _tops(paths: list[list[str]]) -> list[str]:
    return list(dict.fromkeys(path[0] for path in paths))


def _table() -> pa.Table:
    table = _reading[0].opened.table
    assert table is not None
    return table


def _sent(table: pa.Table) -> bytes:
    """Return a table as an Arrow stream, after its values were looked at: a damaged one would end who reads it."""
    import pyarrow as pa

    _check(table)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]


def _check(table: pa.Table) -> None:
    """Raise where the table's buffers do not fit together; a string that is not UTF-8 is told with its row."""
    import pyarrow as pa

    (reading,) = _reading
    for column in table.columns:
        try:
            column.validate(full=True)
        except pa.ArrowInvalid as error:
            plain = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
            if not (plain and "UTF8" in str(error)):
                raise HubError(
                    f"{reading.opened.source} is damaged in the cache of datasets ({first_line(error)}): remove it "
                    "there, and read it again."
                ) from error
