"""The one process that writes the ledger of a calibration on a cluster: an actor of Ray on the node of the command.

A task goes on only when its row is on disk there. What tasks have to tell is kept here until the command takes it, as
bytes: so the writer needs no torch, which takes seconds and memory.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.errors import AdvisorError
from calibration.campaign.ledger import Ledger
from calibration.lines.records import Row

if TYPE_CHECKING:
    from calibration.campaign.engine import News


class LedgerWriter:
    """Appends rows to a ledger, each key once, and keeps news: of each work the last of its progress, and all else."""

    def __init__(self, path: str) -> None:
        self.ledger, self.size = Ledger(Path(path)), -1
        self.rows: dict[str, Row] = {}
        self.progress: dict[str, bytes] = {}
        self.news: list[bytes] = []

    def rows_of(self, keys: Iterable[str]) -> tuple[Row, ...] | str:
        """Return the rows that have these keys; a sentence where the ledger cannot be read."""
        try:
            self._read()
        except AdvisorError as error:
            return str(error)
        return tuple(self.rows[key] for key in keys if key in self.rows)

    def append(self, row: Row) -> str | None:
        """Write a row to disk, unless one of its key is there: a process that was taken for lost may still train.

        Returns a sentence where it cannot be written.
        """
        try:
            self._read()
            if row.key not in self.rows:
                self.ledger.append(row)
                self.rows[row.key], self.size = row, self._on_disk()
        except AdvisorError as error:
            return str(error)
        return None

    def tell(self, work: str, news: bytes, *, is_progress: bool) -> None:
        """Keep news of a work until they are taken."""
        if is_progress:
            self.progress[work] = news
        else:
            self.news.append(news)

    def take(self) -> list[bytes]:
        """Return what is new."""
        found = [*self.progress.values(), *self.news]
        self.progress, self.news = {}, []
        return found

    def _read(self) -> None:
        """Read the ledger if it is not as it was left: a writer of a command that was killed may have ended late."""
        if self.size != self._on_disk():
            self.rows, self.size = {row.key: row for row in self.ledger.rows()}, self._on_disk()

    def _on_disk(self) -> int:
        return self.ledger.path.stat().st_size if self.ledger.path.exists() else 0


class DistantLedger:
    """The ledger of the command, from a task on any node: rows are on disk when ``append`` returns."""

    def __init__(self, writer: Any, keys: Iterable[str] = ()) -> None:
        self.writer, self.keys = writer, tuple(keys)

    def of(self, keys: Iterable[str]) -> DistantLedger:
        """Return the part of it that has these keys."""
        return DistantLedger(self.writer, keys)

    def rows(self) -> tuple[Row, ...]:
        """Return its rows that are there.

        Raises:
            AdvisorError: the ledger cannot be read.
        """
        found: tuple[Row, ...] | str = self._asked(self.writer.rows_of.remote(self.keys))
        if isinstance(found, str):
            raise AdvisorError(found)
        return found

    def append(self, row: Row) -> None:
        """Have a row written to disk.

        Raises:
            AdvisorError: it cannot be written.
        """
        problem: str | None = self._asked(self.writer.append.remote(row))
        if problem is not None:
            raise AdvisorError(problem)

    def tell(self, news: News) -> None:
        """Tell the command of news; of what stands in the ledger, or matters, not before they are there."""
        is_progress = news.row is None and news.warning is None
        told = self.writer.tell.remote(news.work, pickle.dumps(news), is_progress=is_progress)
        if not is_progress:
            self._asked(told)

    def _asked(self, ref: Any) -> Any:
        import ray

        return ray.get(ref)
