"""Calibrations on a real Ray cluster of two nodes, whose workers, nodes and driver are killed, and what users read."""

import json
import os
import signal
import socket
import time
from dataclasses import replace

import pytest

from advisor.errors import AdvisorError, MissingExtraError, UsageError
from calibration.campaign import calibrate as campaign
from calibration.campaign.cluster import calls, connection, nodes, trunks
from calibration.campaign.cluster.ledger_writer import LedgerWriter
from calibration.campaign.cluster.storage import Storage, StorageError
from calibration.campaign.devices import devices_held, take_devices
from calibration.campaign.engine import News
from calibration.campaign.ledger import Ledger
from tests.campaign.on_cluster import QUIET, TwoNodes, failing_server, pinned, train_or_die, train_slowly
from tests.campaign.test_engine import said, start, wait_for

pytest.importorskip("ray")
pytestmark = pytest.mark.usefixtures("torch_restored")
NODE = socket.gethostname()


@pytest.fixture(scope="module")
def store():
    """A bucket, and the switch that makes it fail."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    with failing_server(server.get_host_and_port()) as (endpoint, switch), pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "AKIDENTITY",
            "AWS_SECRET_ACCESS_KEY": "hidden-secret",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }.items():
            patch.setenv(name, value)
        import boto3

        boto3.client("s3").create_bucket(Bucket="shared")
        yield switch
    server.stop()


@pytest.fixture(scope="module")
def cluster(store, tmp_path_factory):
    """A cluster of two nodes, which workers inherit the bucket's address from, and this process connected to it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DYING", str(tmp_path_factory.mktemp("dying")))
        for name, value in QUIET.items():
            patch.setenv(name, value)
        import ray

        found = TwoNodes()
        ray.init(address=found.address, log_to_driver=False, logging_level="CRITICAL")
        yield found
        ray.shutdown()
        found.end()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What the tiny calibration comes to on this machine alone: the digest of its rows, the bytes of its laws."""
    folder = tmp_path_factory.mktemp("whole") / "tiny"
    campaign.calibrate(pinned(), folder, devices=take_devices(device="cpu", engine="process"))
    return outcome(folder)


def outcome(folder):
    return Ledger(folder / "runs.jsonl").digest(), (folder / "laws.json").read_bytes()


def calibrate(folder, *, told=None, **options):
    """Calibrate on the cluster; return what was trained. What is told is added to ``told``."""
    from contextlib import contextmanager

    trainer = options.pop("trainer", None)

    @contextmanager
    def watch(opened, missing):
        yield (told if told is not None else []).append

    with devices_held(engine="ray", device="cpu", **options) as devices:
        return campaign.calibrate(pinned(), folder, devices=devices, trainer=trainer, watch=watch).trained


def test_rows_and_laws_are_those_of_this_machine_bit_for_bit(cluster, whole, tmp_path):
    told = []
    trained = calibrate(tmp_path / "tiny", told=told)
    assert (trained.left, trained.failures) == ((), {})
    assert outcome(tmp_path / "tiny") == whole
    assert sum(news.row is not None for news in told) == 18
    assert sorted(news.work for news in told if news.ended) == sorted({news.work for news in told})
    assert [news.warning for news in told if news.warning] == []
    assert list((tmp_path / "tiny/checkpoints").iterdir()) == []


def test_a_killed_worker_costs_the_steps_since_its_checkpoint_and_one_that_always_dies_stops_no_other(
    cluster, whole, tmp_path, monkeypatch
):
    from pathlib import Path

    monkeypatch.setattr(trunks, "MOST_LOSSES", 1)
    dying = Path(os.environ["DYING"])
    (dying / "A1-8.json").write_text(json.dumps({"at": 45, "once": True}))
    (dying / "A2-2.json").write_text(json.dumps({"at": 1, "once": False}))
    told = []
    trained = calibrate(tmp_path / "tiny", told=told, trainer=train_or_die)
    lost = "was lost because its process was ended from outside: it goes on from its last checkpoint (1 of 1)."
    once, always = (next(news.work for news in told if news.work.startswith(name)) for name in ("A1-8", "A2-2"))
    assert sorted(news.warning for news in told if news.warning) == [f"{once} {lost}", f"{always} {lost}"]
    assert trained.failures == {
        always: "It was lost 2 times, the last time because its process was ended from outside: see the logs of its node."
    }
    trunk = [int(line.split()[1]) for line in (dying / "A1-8.steps").read_text().splitlines() if "trunk" in line]
    again = trunk.index(max(trunk[: trunk.index(48) + 1])) + 1
    assert trunk[again] > 32  # not from the beginning: from the branch point before
    assert len(Ledger(tmp_path / "tiny/runs.jsonl").rows()) == 15
    (dying / "A2-2.json").unlink()
    assert calibrate(tmp_path / "tiny").failures == {}
    assert outcome(tmp_path / "tiny") == whole
