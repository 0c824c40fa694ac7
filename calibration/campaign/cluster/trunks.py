"""Trunks trained as tasks of a Ray cluster, the largest first: what is lost with a process or a node is tried again.

Everything that outlives this process is in the ledger, which one actor on this node writes, and in the storage.
"""

from __future__ import annotations

import pickle
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from advisor.corpus.remote.waiting import TooSlowError, within
from advisor.errors import AdvisorError
from advisor.quantities import plural
from calibration.campaign.cluster.calls import carried, packed, value_of
from calibration.campaign.cluster.ledger_writer import LedgerWriter
from calibration.campaign.cluster.losses import is_loss, said_of
from calibration.campaign.cluster.nodes import END_SECONDS, ROOM_SECONDS, Demand, RayCluster
from calibration.campaign.cluster.on_node import data_files
from calibration.campaign.cluster.storage import Storage
from calibration.campaign.engine import Listener, News, Work, Workshop
from calibration.campaign.plan_file import CHECKPOINT_FOLDER, DATA_FOLDER, LEDGER_FILE, PLAN_FILE

# How often a trunk may lose its process or its node.
MOST_LOSSES = 3
_TELL_SECONDS = 1.0  # of a trunk: one process hears them all
_POLL_SECONDS, _LOOK_SECONDS = 0.25, 2.0


def train_on_cluster(
    workshop: Workshop, works: Iterator[Work], tell: Listener, *, cluster: RayCluster, n_workers: int | None
) -> None:
    """Train works as tasks of a cluster, as many at once as it has room for, at most ``n_workers``.

    Raises:
        AdvisorError: a node cannot take part, a row cannot be written, or no node is left that has room for a trunk.
    """
    storage = Storage(address=cluster.storage or str(workshop.folder.resolve()))
    _share(workshop, storage, cluster)
    trunks = _Trunks(workshop, works, tell, cluster, storage, n_workers)
    try:
        trunks.train()
    finally:
        trunks.end()
    with suppress(AdvisorError):  # the nodes that are lost now have lost their scratch folders too, or keep them
        cluster.on_every_node("forget", storage.address)


def remove_checkpoints(cluster: RayCluster) -> None:
    """Remove the checkpoints of a calibration that is complete from the storage of its cluster, if it has one."""
    if cluster.storage is not None:
        storage = Storage(address=cluster.storage)
        storage.remove(storage.names(CHECKPOINT_FOLDER))


def _share(workshop: Workshop, storage: Storage, cluster: RayCluster) -> None:
    """Have the plan and the tokens in the storage, and see that every node sees them there."""
    storage.check()
    plan = (workshop.folder / PLAN_FILE).read_bytes()
    if storage.folder is None or storage.folder.resolve() != workshop.folder.resolve():
        for source in {job.source for job in workshop.plan.jobs}:
            _share_tokens(source, workshop.folder / DATA_FOLDER, storage)
        storage.put(workshop.folder / PLAN_FILE, PLAN_FILE)
    hosts = {node.identity: node.host for node in cluster.nodes()}
    for identity, problem in cluster.on_every_node("sees", storage.address, plan).items():
        if problem is not None:
            raise AdvisorError(
                f"The node {hosts[identity]} of the cluster cannot use {storage.shown} ({problem}): name with "
                "--storage a folder that all nodes mount, or an address such as s3://BUCKET/PATH."
            )


def _share_tokens(source: str, data: Path, storage: Storage) -> None:
    """Have the tokens of a source in the storage, with their digests last: where those are, so are the tokens."""
    files = [path for name in data_files(source) if (path := data / name).exists()]
    if files and storage.content(f"{DATA_FOLDER}/{files[-1].name}") != files[-1].read_bytes():
        for path in files:
            storage.put(path, f"{DATA_FOLDER}/{path.name}")


@dataclass(kw_only=True)
class _Try:
    """A work that a task has, and whether the task has begun: until then it waits for room."""

    work: Work
    is_begun: bool = False


class _Trunks:
    """The works that tasks have, those that are to be tried again, and what the cluster has room for."""

    def __init__(
        self,
        workshop: Workshop,
        works: Iterator[Work],
        tell: Listener,
        cluster: RayCluster,
        storage: Storage,
        n_workers: int | None,
    ) -> None:
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        self.works, self.tell, self.cluster, self.most = works, tell, cluster, n_workers
        is_gpu = workshop.hardware[0].is_cuda
        self.demand = Demand(cpus=1 if is_gpu else workshop.threads, gpus=int(is_gpu))
        here = NodeAffinitySchedulingStrategy(node_id=ray.get_runtime_context().get_node_id(), soft=False)
        writer = ray.remote(num_cpus=0, max_restarts=0)(LedgerWriter)
        path = str((workshop.folder / LEDGER_FILE).resolve())
        self.writer = writer.options(scheduling_strategy=here).remote(path)
        there = replace(workshop, tell_seconds=_TELL_SECONDS)
        device = "cuda" if is_gpu else workshop.hardware[0].device
        self.shared = ray.put(pickle.dumps((there, device, storage.address)))
        self.task = ray.remote(max_retries=0, **self.demand.options)(carried())
        self.running: dict[Any, _Try] = {}
        self.again: list[Work] = []
        self.losses: dict[str, int] = {}
        self.room, self.hosts = 0, {node.identity: node.host for node in cluster.nodes()}
        self.looked, self.moved = 0.0, time.monotonic()
        self.is_waiting = self.is_all_given = False

    def train(self) -> None:
        """Train until nothing is left."""
        import ray

        while True:
            self._look()
            self._fill()
            if self.is_all_given and not self.running and not self.again:
                return
            done, _ = ray.wait(list(self.running), timeout=_POLL_SECONDS) if self.running else ([], [])
            self._hear()
            for ref in done:
                self._settle(ref, self.running.pop(ref))
            if not self.running:
                time.sleep(0 if done else _POLL_SECONDS)
            self._wait()

    def end(self) -> None:
        """Leave nothing of it on the cluster; what that does not hear, because it is gone, ends with this process."""
        import ray

        def cancel() -> None:
            for ref in self.running:
                ray.cancel(ref, force=True)
            ray.kill(self.writer)

        with suppress(ray.exceptions.RayError, TooSlowError):
            within(END_SECONDS, cancel)

    def _fill(self) -> None:
        """Give tasks what the cluster has room for: what was lost first, then the largest that is left."""
        limit = self.room if self.most is None else min(self.room, self.most)
        while len(self.running) < limit:
            work = self.again.pop(0) if self.again else next(self.works, None)
            if work is None:
                self.is_all_given = True
                return
            ref = self.task.options(name=work.name).remote(*packed("train", work), self.shared, self.writer)
            self.running[ref] = _Try(work=work)

    def _hear(self) -> None:
        """Tell what the tasks have told, and note which of them have begun."""
        import ray

        try:
            heard: list[News] = [pickle.loads(news) for news in ray.get(self.writer.take.remote())]
        except ray.exceptions.RayActorError as error:
            raise _writer_lost() from error
        names = {news.work for news in heard}
        for each in self.running.values():
            if each.work.name in names and not each.is_begun:
                each.is_begun, self.moved = True, time.monotonic()
        for news in heard:
            self.tell(news)

    def _settle(self, ref: Any, tried: _Try) -> None:
        """Tell how a work ended, or have it tried again if its task was lost."""
        import ray

        self.moved = time.monotonic()
        try:
            self.tell(value_of(ray.get(ref)))
        except ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, ray.exceptions.RayActorError):
                raise _writer_lost() from error
            if not isinstance(error.cause, RuntimeError | OSError):  # those of a GPU or a disk that is broken
                raise AdvisorError(f"A worker at {error.ip} failed: {said_of(error)}.") from error
            self._lost(tried.work, f"at {error.ip} it met {said_of(error)}")
        except ray.exceptions.RayError as error:
            if not is_loss(error):
                raise AdvisorError(f"{tried.work.name} cannot be trained on the cluster: {said_of(error)}.") from error
            self._lost(tried.work, said_of(error))

    def _lost(self, work: Work, why: str) -> None:
        n_lost = self.losses[work.name] = self.losses.get(work.name, 0) + 1
        if n_lost > MOST_LOSSES:
            failure = f"It was lost {n_lost} times, the last time because {why}: see the logs of its node."
            self.tell(News(work=work.name, failure=failure, ended=True))
            return
        self.again.append(work)
        self.looked = 0.0  # what was lost may be a node
        said = f"{work.name} was lost because {why}: it goes on from its last checkpoint ({n_lost} of {MOST_LOSSES})."
        self.tell(News(work=work.name, warning=said))

    def _look(self) -> None:
        """See now and then which nodes there are, and say which have gone."""
        if time.monotonic() - self.looked < _LOOK_SECONDS:
            return
        nodes = self.cluster.nodes()
        self.looked, self.room = time.monotonic(), sum(self.demand.room(node.resources) for node in nodes)
        there = {node.identity: node.host for node in nodes}
        for host in (host for identity, host in self.hosts.items() if identity not in there):
            self._say(
                f"The node {host} has left the cluster: {plural(len(nodes), 'node')} with room for "
                f"{plural(self.room, 'trunk')} at once {'is' if len(nodes) == 1 else 'are'} left."
            )
        self.hosts = there

    def _wait(self) -> None:
        """Say that nothing goes on for want of room, and end where no node is left that has any.

        Raises:
            AdvisorError: there is none for a minute.
        """
        if any(each.is_begun for each in self.running.values()):
            self.moved = time.monotonic()
        if time.monotonic() - self.moved < ROOM_SECONDS:
            self.is_waiting = False
            return
        if not self.room:
            raise AdvisorError(
                f"{self.cluster.too_little(self.demand).rstrip('.')}, and give the command again: every finished "
                "row is in the ledger."
            )
        if not self.is_waiting:
            self.is_waiting = True
            self._say(f"No trunk has begun for {ROOM_SECONDS:g} s: what the cluster has is taken by other work.")

    def _say(self, warning: str) -> None:
        name = next(iter(self.running.values())).work.name if self.running else ""
        self.tell(News(work=name, warning=warning))


def _writer_lost() -> AdvisorError:
    return AdvisorError(
        "The process that writes the ledger was ended from outside, perhaps for want of memory on this node: every "
        "finished row is there; give the command again."
    )
