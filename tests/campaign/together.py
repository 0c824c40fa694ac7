"""A tiny calibration, one of whose sizes no device holds: python together.py FOLDER, alone or under torchrun."""

import atexit
import dataclasses
import sys
from pathlib import Path

from torch import distributed

from calibration.campaign import calibrate as campaign
from calibration.campaign.devices import take_devices
from calibration.campaign.grid import Size
from calibration.training.execution import PINNED
from tests.campaign.toy_calibration import GRID, tiny_request

SIZES = (Size(width=4, n_layers=1), Size(width=8, n_layers=6))
MEMORY = 100_000  # the larger size takes 154 KB, and 80 KB of each of two


def request():
    grid = dataclasses.replace(GRID, sizes=SIZES, token_counts=(8192, 12_288))
    return dataclasses.replace(tiny_request(only=("A1",)), grid=grid, choice=PINNED)


def two_devices():
    """Two devices of too little memory, both of them this CPU."""
    devices = take_devices(device="cpu", engine="process")
    small = dataclasses.replace(devices.first, memory_bytes=MEMORY)
    return dataclasses.replace(devices, hardware=(small, small), n_ranks=2)


def leave():
    """Say whether this process left the others: a thread of gloo's that outlives Python aborts it, now and then."""
    print("in the group" if distributed.is_initialized() else "left the group", file=sys.stderr)


if __name__ == "__main__":
    atexit.register(leave)
    outcome = campaign.calibrate(None, Path(sys.argv[1]), devices=two_devices())
    print(len(outcome.opened.works), "works,", outcome.trained.failures or "none failed", flush=True)
