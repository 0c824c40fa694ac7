"""A dataset that a child process reads: its rows, its table, and what is said where that process ends."""

from __future__ import annotations

import itertools
import os
import threading
import time
import weakref
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from advisor.corpus.hub.rows import read_rows
from advisor.errors import HubError, UsageError
from advisor.untrusted.child import Child, ChildDiedError, ChildLateError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import pyarrow as pa

    from advisor.corpus.hub.asked import Asked

SECONDS = 30.0  # until the first row, and after it until a further one
SECONDS_VARIABLE = "ADVISOR_HUB_SECONDS"
_GRACE = 2.0  # seconds: the child tells by itself that it is late, and with more words
_SLICE_BYTES = 16 << 20  # of a column of a table, asked for at a time


def seconds_allowed() -> float:
    """Return how long the hub may take to the first row: SECONDS, or what ADVISOR_HUB_SECONDS says.

    Raises:
        UsageError: it is no number of seconds.
    """
    said = os.environ.get(SECONDS_VARIABLE, "").strip()
    if not said:
        return SECONDS
    try:
        seconds = float(said)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 86400:
        raise UsageError(f"{SECONDS_VARIABLE} is {said[:40]!r}: give a number of seconds, such as 120, or unset it.")
    return seconds


class HubReader:
    """The process that reads one dataset; it ends when nobody has a use for this object any more."""

    def __init__(self, asked: Asked) -> None:
        self.asked, self.seconds = asked, seconds_allowed()
        self.schema: pa.Schema | None = None
        self._child = Child("advisor.corpus.hub.served")
        weakref.finalize(self, self._child.close)
        self._lock = threading.Lock()
        self._cursors = itertools.count()
        self._endpoint, self._tag = "the hub", ""
        self._spent = 0.0  # seconds that were waited for the first row; what happens meanwhile here does not count

    def open(self, *, streaming: bool, column: str | None) -> dict[str, Any]:
        """Return what was found: source, split, n_rows, n_shards, is_table; ``schema`` is then known.

        Raises:
            HubError: the dataset cannot be had, not as asked, or not in time.
        """
        # This process imports what it will need of the same, while that one does.
        threading.Thread(target=_import_arrow, daemon=True).start()
        self._endpoint = self._call("begin", {}, None)[0]["endpoint"]
        request = {"asked": asdict(self.asked), "seconds": self.seconds, "streaming": streaming, "column": column}
        begun = time.monotonic()
        found, schema = self._call("open_dataset", request, self.seconds if streaming else None)
        self._spent = time.monotonic() - begun
        self._tag = found["tag"]
        self.schema = _schema(schema) if schema else None
        return found

    def shards(self, n_shards: int) -> tuple[Callable[[], Iterator[Mapping[str, object]]], ...]:
        """Return for each data file what yields its rows from the first."""
        return tuple(partial(self._rows, shard) for shard in range(n_shards))

    def _rows(self, shard: int) -> Iterator[Mapping[str, object]]:
        cursor, ended = next(self._cursors), False
        try:
            while not ended:
                left = max(self.seconds - self._spent, 0.1)
                request = {"cursor": cursor, "shard": shard, "seconds": self.seconds, "left": left}
                answer, lines = self._call("rows", request, left)
                ended = answer["ended"]
                self._spent = 0.0  # the first row is there
                yield from read_rows(lines, self._tag)
        finally:
            if not ended and self._child.is_alive:
                with suppress(HubError):
                    self._call("leave", {"cursor": cursor}, self.seconds)

    def table(self) -> HubTable:
        """Return the table of a dataset that was downloaded."""
        return HubTable(self)

    def _call(self, function: str, request: Mapping[str, Any], seconds: float | None) -> tuple[dict[str, Any], Any]:
        try:
            with self._lock:
                return self._child.call(function, request, seconds=None if seconds is None else seconds + _GRACE)
        except ChildLateError as error:
            raise HubError(f"{self.asked.repo} gave no row within {self.seconds:g} s: {late_advice()}.") from error
        except ChildDiedError as error:
            raise HubError(
                f"{self.asked.repo} cannot be read: the process that reads its files ended ({error}), so they are "
                f"damaged or ask for too much memory; see them at {self._files}, and name the good ones with "
                "--data-files."
            ) from error

    @property
    def _files(self) -> str:
        return f"{self._endpoint}/datasets/{self.asked.repo}/tree/{self.asked.revision or 'main'}"


def late_advice() -> str:
    """Return what to do about a hub that is too slow, after a colon."""
    return (
        f"the hub or the network is too slow; try again later, wait longer with {SECONDS_VARIABLE}=120, or download "
        "the dataset and name its folder"
    )


class HubTable:
    """The table of a dataset that was downloaded: it lies in the cache of ``datasets``, and slices of it come here."""

    def __init__(self, reader: HubReader) -> None:
        self._reader = reader

    def head(self) -> pa.Table:
        """Return its first rows, at least one."""
        return _table(self._reader._call("head", {}, None)[1])

    def batches(self, paths: Sequence[Sequence[str]]) -> list[tuple[int, int]]:
        """Return of each batch of rows their number, and the bytes of the columns at ``paths``."""
        found = self._reader._call("batches", {"paths": paths}, None)[0]["batches"]
        return [(n_rows, n_bytes) for n_rows, n_bytes in found]

    def values(
        self, paths: Sequence[Sequence[str]], first: int, n_rows: int, n_bytes: int
    ) -> Iterator[tuple[pa.Array, ...]]:
        """Yield the columns at ``paths`` of ``n_rows`` rows from ``first`` on, which have so many bytes, in pieces."""
        step = max(1, n_rows * _SLICE_BYTES // max(n_bytes, _SLICE_BYTES))
        for start in range(first, first + n_rows, step):
            request = {"paths": paths, "first": start, "n_rows": min(step, first + n_rows - start)}
            columns = _table(self._reader._call("values", request, None)[1]).columns
            yield tuple(column.combine_chunks() for column in columns)


def _import_arrow() -> None:
    import numpy  # noqa: F401
    import pyarrow.compute  # noqa: F401


def _table(data: bytes) -> pa.Table:
    import pyarrow as pa

    return pa.ipc.open_stream(pa.py_buffer(data)).read_all()


def _schema(data: bytes) -> pa.Schema:
    import pyarrow as pa

    return pa.ipc.read_schema(pa.py_buffer(data))
