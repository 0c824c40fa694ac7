"""A size that no device holds: planned for two, trained by two ranks, started here or by torchrun."""

import dataclasses
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from advisor.errors import DeviceMemoryError
from calibration.campaign import calibrate as campaign
from calibration.campaign.devices import take_devices
from calibration.campaign.ledger import Ledger
from calibration.campaign.plan_file import read_plan
from tests.campaign.together import MEMORY, SIZES, request, two_devices

pytestmark = pytest.mark.usefixtures("torch_restored")

ROOT = Path(__file__).parents[2]


def rows(folder):
    return Ledger(folder / "runs.jsonl").rows()


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """The calibration on one device that holds everything."""
    folder = tmp_path_factory.mktemp("together") / "one"
    campaign.calibrate(request(), folder, devices=take_devices(device="cpu", engine="process"))
    return folder


@pytest.fixture(scope="module")
def two(one):
    """The same on two devices that do not; the folder, and what came of it."""
    folder = one.with_name("two")
    return folder, campaign.calibrate(request(), folder, devices=two_devices())


def test_the_plan_says_so(two):
    folder, outcome = two
    (name,) = {device.name for device in outcome.opened.devices.hardware}
    assert outcome.opened.notes[0] == (
        f"Width 8, layers 6: 0.000154 GB do not fit on one {name} of 0.0001 GB, so 2 train a model together (FSDP2), "
        "7.98e-05 GB on each."
    )
    works = read_plan(folder).probe[name]["works"]
    assert {work["jobs"][0]: work["n_ranks"] for work in works} == {"A1-8x6-0": 2, "A1-4x1-0": 1}


def test_two_ranks_write_the_rows_of_one_device(one, two):
    folder, outcome = two
    assert outcome.trained.failures == {}
    for row, other in zip(rows(folder), rows(one), strict=True):
        assert row.key == other.key
        assert row.loss == pytest.approx(other.loss, rel=1e-5)
        assert row.hardware.get("ranks") == (2 if row.width == 8 else None)
    assert list((folder / "checkpoints").iterdir()) == []


def test_the_ranks_of_torchrun_train_what_those_that_are_started_do(two, tmp_path):
    folder = tmp_path / "torchrun"
    folder.mkdir()
    shutil.copy(two[0] / "plan.json", folder)
    shutil.copytree(two[0] / "data", folder / "data")
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*torchrun, str(ROOT / "tests/campaign/together.py"), str(folder)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "2 works, none failed\n"  # said by the first alone
    assert done.stderr.count("left the group") == 2, done.stderr
    assert Ledger(folder / "runs.jsonl").digest() == Ledger(two[0] / "runs.jsonl").digest()


def test_where_there_is_one_device_it_is_refused_before_anything_is_trained(tmp_path):
    devices = take_devices(device="cpu", engine="process")
    small = dataclasses.replace(devices.first, memory_bytes=MEMORY)
    with pytest.raises(DeviceMemoryError, match=r"take 0\.0 GB, and less of 0\.0 GB is there on cpu"):
        campaign.look(request(), tmp_path / "none", devices=dataclasses.replace(devices, hardware=(small,)))
    assert len(SIZES) == 2
