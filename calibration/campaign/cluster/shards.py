"""A corpus measured whole by the nodes of a cluster: shards are tasks, the largest first.

The nodes read the corpus themselves, from a file system that all of them mount or from an address. Nothing else is
shared: what a shard holds by digest comes back with its counts, and the command keeps both, as on one machine.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from advisor.compressibility.whole.shard import digest_path
from advisor.corpus.remote.waiting import TooSlowError, within
from advisor.data_files import write_atomically
from advisor.errors import AdvisorError
from calibration.campaign.cluster.calls import carried, packed, unpacked
from calibration.campaign.cluster.connection import connected
from calibration.campaign.cluster.losses import said_of
from calibration.campaign.cluster.nodes import END_SECONDS, Demand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from advisor.compressibility.whole.processes import ShardEngine
    from advisor.compressibility.whole.shard import CorpusShard, ShardCounts
    from calibration.campaign.cluster.nodes import RayCluster

_MOST_LOSSES = 3  # of one shard, whose task is begun again where its process or node was lost
_POLL_SECONDS = 0.5
_ONE_CORE = Demand(cpus=1)


@contextmanager
def measuring(address: str | None = None, *, most: int | None = None) -> Iterator[ShardEngine]:
    """Yield what measures shards on the nodes of the cluster at ``address``, at most so many at once.

    Raises:
        AdvisorError: as ``connected``.
    """
    with connected(address) as cluster:
        yield measured_on(cluster, most=most)


def measured_on(cluster: RayCluster, *, most: int | None = None) -> ShardEngine:
    """Return what measures shards on the nodes of a cluster, one a core, at most so many at once."""

    def engine(shards: Sequence[CorpusShard], tell: Callable[[int, float], object]) -> Iterator[ShardCounts]:
        import ray

        task = ray.remote(max_retries=_MOST_LOSSES, **_ONE_CORE.options)(carried())
        waiting = sorted(shards, key=lambda shard: (shard.part.n_bytes, -shard.number))
        running: dict[Any, CorpusShard] = {}
        try:
            while waiting or running:
                room = cluster.wait_for_room(_ONE_CORE)
                while waiting and len(running) < (room if most is None else min(room, most)):
                    shard = waiting.pop()
                    named = task.options(name=f"advisor-measure-{shard.number}")
                    running[named.remote(*packed("measure", shard, os.getcwd()))] = shard
                for ref in ray.wait(list(running), timeout=_POLL_SECONDS)[0]:
                    shard = running.pop(ref)
                    counts = _taken(ref, shard)
                    tell(shard.number, shard.part.n_bytes)
                    yield counts
        finally:
            with suppress(ray.exceptions.RayError, TooSlowError):
                within(END_SECONDS, lambda: [ray.cancel(ref, force=True) for ref in running])

    return engine


def _taken(ref: Any, shard: CorpusShard) -> ShardCounts:
    """Return what was counted in a shard, once its digests are in the folder of the command."""
    import ray

    try:
        answer = unpacked(ray.get(ref))
    except ray.exceptions.RayError as error:
        raise AdvisorError(f"{shard.part.shard} cannot be measured on the cluster: {said_of(error)}.") from error
    if answer.problem is not None:
        raise AdvisorError(answer.problem)
    counts: ShardCounts
    counts, digests = answer.value
    if digests is not None:
        write_atomically(digest_path(shard.folder, shard.number), digests)
    return counts
