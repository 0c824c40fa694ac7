"""Which engine trains, on which devices of this machine or a cluster, in how many processes of how many threads."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from advisor.errors import UsageError
from advisor.untrusted.processes import n_cores
from calibration.training.device import Device, choose_device, find_devices
from calibration.training.ranks import ALONE, found
from calibration.training.train import be_deterministic

if TYPE_CHECKING:
    from calibration.campaign.cluster.nodes import RayCluster
    from calibration.campaign.plan_file import CalibrationPlan
    from calibration.campaign.speed import Speed
    from calibration.training.execution import ExecutionChoice

ENGINES = ("process", "processes", "ray")


@dataclass(frozen=True, kw_only=True)
class Devices:
    """What trains: the devices, how many processes take them in turn, and torch's threads in each.

    With a ``cluster`` the device is that of one of its nodes, and ``n_workers`` is how many trunks it has room for, of
    which at most ``most`` are trained at once. ``n_ranks`` of the devices of a machine train one model together that
    fits on none alone.
    """

    hardware: tuple[Device, ...]
    n_workers: int
    threads: int
    in_processes: bool
    cluster: RayCluster | None = None
    most: int | None = None
    n_ranks: int = 1

    @property
    def first(self) -> Device:
        """The device that is timed."""
        return self.hardware[0]

    def speed(
        self, plan: CalibrationPlan, *, choice: ExecutionChoice, progress: Callable[[str, float, float | None], None]
    ) -> Speed:
        """Return the speed of a plan's sizes on the device, from real steps, which are taken where it is.

        Raises:
            AdvisorError: the cluster cannot do it.
        """
        from calibration.campaign.speed import Speed

        if self.cluster is None:
            return Speed(plan, self.first, choice=choice, progress=progress, n_ranks=self.n_ranks)
        from calibration.campaign.cluster.timing import timed_there

        return timed_there(self.cluster, plan, self.first, threads=self.threads, choice=choice, progress=progress)


@contextmanager
def devices_held(
    *,
    device: str | None = None,
    engine: str | None = None,
    address: str | None = None,
    storage: str | None = None,
    workers: int | None = None,
    threads: int = 1,
) -> Iterator[Devices]:
    """Yield what trains: devices of this machine, as ``take_devices``, or of the Ray cluster at an address.

    Raises:
        UsageError: as ``take_devices``, or an address or a storage is given to an engine that has none.
        AdvisorError: the cluster cannot be reached, or has no room for a trunk.
    """
    if engine != "ray":
        for name, value in (("address", address), ("storage", storage)):
            if value is not None:
                raise UsageError(f"--{name} is of a cluster: give --engine ray with it.")
        yield take_devices(device=device, engine=engine, workers=workers, threads=threads)
        return
    from calibration.campaign.cluster.connection import connected
    from calibration.campaign.cluster.timing import devices_there

    with connected(address, storage=storage) as cluster:
        yield devices_there(cluster, device=device, workers=workers, threads=threads)


def take_devices(
    *, device: str | None = None, engine: str | None = None, workers: int | None = None, threads: int = 1
) -> Devices:
    """Return all GPUs of the best kind, one process each; on a CPU as many processes of ``threads`` as it has cores.

    One thread is the fastest way to train small models, and what they come to does not depend on the cores. From here
    on torch is deterministic in this process, so that the kernels which are timed are those that train.

    Raises:
        UsageError: there is no such device, or ``engine`` and ``workers`` contradict each other.
    """
    if threads > n_cores():
        raise UsageError(f"--threads {threads} is more than the {n_cores()} cores that this process may use.")
    torch.set_num_threads(threads)  # what is timed here is what the workers will do
    be_deterministic()  # before CUDA is asked for anything
    chosen = choose_device(device)
    others = find_devices() if chosen.is_cuda and device in (None, "cuda") else ()
    devices = tuple(one for one in others if one.is_cuda) or (chosen,)
    if engine == "process" and (workers or 1) > 1:
        raise UsageError(f"--engine process trains in this process alone: leave out --workers {workers}.")
    most = max(1, n_cores() // threads) if chosen.device == "cpu" else len(devices)
    began = found(os.environ)
    if chosen.device == "cpu":
        workers = min(workers or most, most)  # more would take turns at the cores, and their hours would be untrue
    n_workers = 1 if engine == "process" else workers or most
    return Devices(
        hardware=devices,
        n_workers=n_workers,
        threads=threads,
        in_processes=engine == "processes" or n_workers > 1,
        n_ranks=len(devices) if began == ALONE else began.n,
    )
