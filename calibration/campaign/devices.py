"""Which engine trains, on which devices of this machine, in how many processes of how many threads."""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch

from advisor.errors import UsageError
from calibration.training.device import Device, choose_device, find_devices
from calibration.training.train import be_deterministic


@dataclass(frozen=True, kw_only=True)
class Devices:
    """What trains: the devices, how many processes take them in turn, and torch's threads in each."""

    hardware: tuple[Device, ...]
    n_workers: int
    threads: int
    in_processes: bool

    @property
    def first(self) -> Device:
        """The device that is timed."""
        return self.hardware[0]


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
    n_workers = 1 if engine == "process" else workers or most
    return Devices(
        hardware=devices,
        n_workers=n_workers,
        threads=threads,
        in_processes=engine == "processes" or n_workers > 1,
    )


def n_cores() -> int:
    """Return the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
