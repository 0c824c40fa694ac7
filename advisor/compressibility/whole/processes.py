"""Shards measured by processes of this machine, one a core."""

from __future__ import annotations

import signal
import socket
import time
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, cast

from advisor.compressibility.whole.shard import measure_shard
from advisor.errors import AdvisorError
from advisor.untrusted.processes import signals_put_off, start_python

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from advisor.compressibility.whole.shard import CorpusShard, ShardCounts

    # Measures shards and yields what was counted, in any order; it tells of a shard's number how many bytes were read.
    ShardEngine = Callable[[Sequence[CorpusShard], Callable[[int, float], object]], Iterator[ShardCounts]]

_GROUP_SECONDS = 0.5


def measured_here(shards: Sequence[CorpusShard], tell: Callable[[int, float], object]) -> Iterator[ShardCounts]:
    """Yield the counts of shards that this process measures, one after the other."""
    for shard in shards:
        number = shard.number
        yield measure_shard(shard, lambda n_bytes, number=number: tell(number, n_bytes))  # type: ignore[misc]


def measured_by(n_workers: int) -> ShardEngine:
    """Return what measures shards in so many processes, the largest first; with one, in this process."""

    def engine(shards: Sequence[CorpusShard], tell: Callable[[int, float], object]) -> Iterator[ShardCounts]:
        if n_workers == 1 or len(shards) == 1:
            yield from measured_here(shards, tell)
        else:
            yield from _in_processes(shards, min(n_workers, len(shards)), tell)

    return engine


def _in_processes(
    shards: Sequence[CorpusShard], n_workers: int, tell: Callable[[int, float], object]
) -> Iterator[ShardCounts]:
    waiting = sorted(shards, key=lambda shard: (shard.part.n_bytes, -shard.number))
    workers: dict[Connection, _ShardWorker] = {}
    try:
        for _ in range(n_workers):
            worker = _ShardWorker()
            workers[worker.link] = worker
            worker.give(waiting.pop())
        while busy := [link for link, worker in workers.items() if worker.shard is not None]:
            for link in cast("list[Connection]", wait(busy)):
                found = workers[link].hear(tell)
                if found is not None:
                    workers[link].give(waiting.pop() if waiting else None)
                    yield found
    finally:
        for worker in workers.values():
            worker.end()


class _ShardWorker:
    """A process that measures one shard at a time."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self.shard: CorpusShard | None = None
        try:
            with signals_put_off():
                self.process = start_python("advisor.compressibility.whole.worker", theirs.fileno())
        except OSError as error:
            ours.close()
            raise AdvisorError(
                f"A worker process cannot be started: {error.strerror}; give the command again with fewer --workers."
            ) from error
        finally:
            theirs.close()
        self.link = Connection(ours.detach())

    def give(self, shard: CorpusShard | None) -> None:
        """Send the next shard; None leaves the worker without one."""
        self.shard = shard
        if shard is not None:
            try:
                self.link.send(shard)
            except OSError:
                raise self._ended() from None

    def hear(self, tell: Callable[[int, float], object]) -> ShardCounts | None:
        """Return the counts of the shard; None while it is being measured."""
        assert self.shard is not None
        try:
            found = self.link.recv()
        except (EOFError, OSError):
            raise self._ended() from None
        if isinstance(found, AdvisorError):
            raise found
        if isinstance(found, float | int):
            tell(self.shard.number, found)
            return None
        return cast("ShardCounts", found)

    def _ended(self) -> AdvisorError:
        code = self.process.wait()
        if code == -signal.SIGTERM:
            time.sleep(_GROUP_SECONDS)  # who ends the whole group ends this process too, which then says so itself
        assert self.shard is not None
        return AdvisorError(
            f"The process that measured {self.shard.part.shard} was ended from outside (exit code {code}), perhaps for "
            "want of memory: what is finished is kept, and the same command goes on from it; give it fewer --workers "
            "if memory is short."
        )

    def end(self) -> None:
        """End the process, whatever it does."""
        self.process.kill()
        self.process.wait()
        self.link.close()
