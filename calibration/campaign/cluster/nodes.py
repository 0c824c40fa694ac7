"""The nodes of a Ray cluster: what they have, what a trunk asks of them, and calls to them that end in time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from advisor.errors import AdvisorError
from advisor.quantities import plural
from calibration.campaign.cluster.calls import carried, packed, value_of

# How long is waited for nodes that have what a trunk asks for, and for nodes to answer.
ROOM_SECONDS, ANSWER_SECONDS = 60.0, 120.0
BUSY_SECONDS = 600.0  # and until a node has it free
END_SECONDS = 10.0  # and for a cluster that is left, which may be gone
_POLL_SECONDS = 0.5


@dataclass(frozen=True, kw_only=True)
class Demand:
    """What a trunk asks of one node."""

    cpus: int
    gpus: int = 0

    def __str__(self) -> str:
        return plural(self.cpus, "CPU") + (f" and {plural(self.gpus, 'GPU')}" if self.gpus else "")

    @property
    def options(self) -> dict[str, float]:
        """The options of a Ray task that asks for it."""
        return {"num_cpus": self.cpus, "num_gpus": self.gpus}

    def room(self, resources: Mapping[str, float]) -> int:
        """Return how many trunks the resources of a node hold at once."""
        by_cpu = int(resources.get("CPU", 0) // self.cpus)
        return min(by_cpu, int(resources.get("GPU", 0) // self.gpus)) if self.gpus else by_cpu


@dataclass(frozen=True, kw_only=True)
class RayNode:
    """A node that is alive: Ray's name for it, its host's, and what it has."""

    identity: str
    host: str
    resources: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class RayCluster:
    """The cluster that this process is connected to.

    ``storage`` is the address or the folder that its nodes share, None for the calibration's own folder. It ``is_own``
    where it was started by this process, and ends with it.
    """

    storage: str | None = None
    is_own: bool = False

    def nodes(self) -> tuple[RayNode, ...]:
        """Return the nodes that are alive."""
        import ray

        return tuple(
            RayNode(identity=each["NodeID"], host=each["NodeManagerHostname"], resources=each["Resources"])
            for each in ray.nodes()
            if each["Alive"]
        )

    def room(self, demand: Demand) -> int:
        """Return how many trunks the cluster holds at once."""
        return sum(demand.room(node.resources) for node in self.nodes())

    def has_gpus(self) -> bool:
        """Return whether a node has a GPU."""
        return any(node.resources.get("GPU", 0) >= 1 for node in self.nodes())

    def wait_for_room(self, demand: Demand) -> int:
        """Return how many trunks the cluster holds at once, once that is any.

        Raises:
            AdvisorError: no node has what a trunk asks for, and none came within a minute.
        """
        stop = time.monotonic() + ROOM_SECONDS
        while not (room := self.room(demand)):
            if time.monotonic() > stop:
                raise AdvisorError(self.too_little(demand))
            time.sleep(_POLL_SECONDS)
        return room

    def too_little(self, demand: Demand) -> str:
        """Return the sentence for a cluster none of whose nodes has what a trunk asks for."""
        nodes = self.nodes()
        most = Demand(
            cpus=max((int(node.resources.get("CPU", 0)) for node in nodes), default=0),
            gpus=max((int(node.resources.get("GPU", 0)) for node in nodes), default=0),
        )
        what_to_do = "train with --device cpu" if demand.gpus > most.gpus else "give fewer --threads"
        return (
            f"A trunk takes {demand} of one node, and none of the cluster's {plural(len(nodes), 'node')} has more than "
            f"{most}: {what_to_do}, or add a node that has them."
        )

    def on_every_node(self, name: str, *arguments: Any) -> dict[str, Any]:
        """Return what a function of ``on_node`` returns on each node that is alive, by the node's identity.

        Raises:
            AdvisorError: it fails on one, or one does not answer in time.
        """
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        task = ray.remote(num_cpus=0, max_retries=0)(carried())
        nodes = self.nodes()
        refs = {
            node.identity: task.options(
                name=f"advisor-{name}",
                scheduling_strategy=NodeAffinitySchedulingStrategy(node_id=node.identity, soft=False),
            ).remote(*packed(name, *arguments))
            for node in nodes
        }
        done, _ = ray.wait(list(refs.values()), num_returns=len(refs), timeout=ANSWER_SECONDS)
        for node in nodes:
            if refs[node.identity] not in done:
                raise AdvisorError(
                    f"The node {node.host} of the cluster does not answer within {ANSWER_SECONDS:g} s: see `ray "
                    "status` and its logs, or take it out of the cluster."
                )
        return {identity: _value(ref) for identity, ref in refs.items()}

    def on_a_node(self, name: str, *arguments: Any, demand: Demand, seconds: float | None = None) -> Any:
        """Return what a function of ``on_node`` returns on a node, with what a trunk asks for.

        Raises:
            AdvisorError: it fails, the node is lost, or nothing has come of it in so many seconds.
        """
        import ray

        task = ray.remote(max_retries=2, **demand.options)(carried())
        ref = task.options(name=f"advisor-{name}").remote(*packed(name, *arguments))
        if not ray.wait([ref], timeout=seconds)[0]:
            ray.cancel(ref, force=True)
            raise AdvisorError(
                f"No node of the cluster has had {demand} free for {seconds:g} s: wait for what else runs there (`ray "
                "status` lists it), or name another cluster."
            )
        return _value(ref)


def _value(ref: Any) -> Any:
    import ray

    from calibration.campaign.cluster.losses import said_of

    try:
        return value_of(ray.get(ref))
    except ray.exceptions.RayError as error:
        raise AdvisorError(f"A node of the cluster cannot do its part: {said_of(error)}.") from error
