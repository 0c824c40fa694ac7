"""What a cluster trains on, and how fast: found and timed by a task that has what a trunk asks for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from advisor.errors import UsageError
from calibration.campaign.cluster.nodes import BUSY_SECONDS, Demand, RayCluster
from calibration.campaign.devices import Devices

if TYPE_CHECKING:
    from calibration.campaign.plan_file import CalibrationPlan
    from calibration.campaign.speed import Speed
    from calibration.training.device import Device
    from calibration.training.execution import ExecutionChoice


def devices_there(cluster: RayCluster, *, device: str | None, workers: int | None, threads: int) -> Devices:
    """Return what trains on a cluster: a GPU of it for each trunk if it has any, else ``threads`` CPUs.

    Raises:
        UsageError: the device is not one of a cluster.
        AdvisorError: a node cannot take part, or none has room for a trunk.
    """
    if device not in (None, "cpu", "cuda"):
        raise UsageError(f"--device {device} is of one machine: on a cluster choose cpu or cuda.")
    wanted = device or ("cuda" if cluster.has_gpus() else "cpu")
    demand = Demand(cpus=1, gpus=1) if wanted == "cuda" else Demand(cpus=threads)
    room = cluster.wait_for_room(demand)
    cluster.on_every_node("look")
    found = cluster.on_a_node("describe", wanted, threads, demand=demand, seconds=BUSY_SECONDS)
    n_workers = room if workers is None else min(room, workers)
    return Devices(
        hardware=(found,) * n_workers,
        n_workers=n_workers,
        threads=threads,
        in_processes=False,
        cluster=cluster,
        most=workers,
    )


def timed_there(
    cluster: RayCluster,
    plan: CalibrationPlan,
    hardware: Device,
    *,
    threads: int,
    choice: ExecutionChoice,
    progress: Callable[[str, float, float | None], None],
) -> Speed:
    """Return the speed of a plan's sizes, from real steps on a node that has such a device.

    Raises:
        AdvisorError: it cannot be done there.
    """
    progress("timing a few steps on the cluster", 0, None)
    demand = Demand(cpus=1, gpus=1) if hardware.is_cuda else Demand(cpus=threads)
    device = "cuda" if hardware.is_cuda else "cpu"
    speed: Speed = cluster.on_a_node("time_steps", plan, choice, device, threads, demand=demand)
    return speed
