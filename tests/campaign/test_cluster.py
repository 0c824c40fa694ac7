"""Calibrations on a real Ray cluster of two nodes, whose workers, nodes and driver are killed, and what users read."""

import json
import os
import signal
import socket
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from advisor.errors import AdvisorError, MissingExtraError, UsageError
from calibration.campaign import calibrate as campaign
from calibration.campaign.cluster import calls, connection, nodes, trunks
from calibration.campaign.cluster.ledger_writer import LedgerWriter
from calibration.campaign.cluster.storage import Storage, StorageError
from calibration.campaign.devices import devices_held, take_devices
from calibration.campaign.ledger import Ledger
from tests.campaign.on_cluster import QUIET, Counted, TwoNodes, failing_server, pinned, train_or_die
from tests.campaign.test_engine import start, wait_for

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
        connection.silence()
        ray.init(address=found.address, log_to_driver=False, logging_level="CRITICAL")
        yield found
        ray.shutdown()
        found.end()


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The folder of a tiny calibration on this machine alone."""
    folder = tmp_path_factory.mktemp("whole") / "tiny"
    campaign.calibrate(pinned(), folder, devices=take_devices(device="cpu", engine="process"))
    return folder


@pytest.fixture(scope="module")
def whole(alone):
    """What it comes to: the digest of its rows, the bytes of its laws."""
    return outcome(alone)


def outcome(folder):
    return Ledger(folder / "runs.jsonl").digest(), (folder / "laws.json").read_bytes()


def calibrate(folder, *, told=None, **options):
    """Calibrate on the cluster; return what was trained. What is told is added to ``told``."""
    trainer, request = options.pop("trainer", None), options.pop("request", pinned())

    @contextmanager
    def watch(opened, missing):
        yield (told if told is not None else []).append

    with devices_held(engine="ray", device="cpu", **options) as devices:
        return campaign.calibrate(request, folder, devices=devices, trainer=trainer, watch=watch).trained


def rows(folder):
    return Ledger(folder / "runs.jsonl").rows()


def test_rows_are_those_of_this_machine_bit_for_bit_though_the_storage_fails_for_a_while(
    cluster, store, whole, tmp_path
):
    told = []

    class Failing(list):
        def append(self, news):
            told.append(news)
            if news.row is not None and not store.is_set() and len(self) == 0:
                super().append(news)
                store.set()
                threading.Timer(2.0, store.clear).start()

    trained = calibrate(tmp_path / "tiny", told=Failing(), storage="s3://shared/tiny")
    assert not store.is_set()  # it failed, and does no more
    assert (trained.left, trained.failures) == ((), {})
    assert outcome(tmp_path / "tiny") == whole
    assert sum(news.row is not None for news in told) == 18
    assert len({news.work for news in told if news.ended}) == 6
    assert [news.warning for news in told if news.warning] == []
    there = Storage(address="s3://shared/tiny")
    assert there.names("checkpoints") == []
    assert there.names("data") == [
        f"data/{name}.{part}" for name in ("A1", "A2") for part in ("sha256", "training.npy", "validation.npy")
    ]


def test_a_killed_worker_costs_the_steps_since_its_checkpoint_and_one_that_always_dies_stops_no_other(
    cluster, tmp_path, monkeypatch
):
    monkeypatch.setattr(trunks, "MOST_LOSSES", 1)
    dying = Path(os.environ["DYING"])
    (dying / "A1-8.json").write_text(json.dumps({"at": 45, "once": True}))
    (dying / "A2-2.json").write_text(json.dumps({"at": 1, "once": False}))
    told = []
    trained = calibrate(tmp_path / "tiny", told=told, trainer=train_or_die)
    why = "its process was ended from outside"
    lost = f"was lost because {why}: it goes on from its last checkpoint (1 of 1)."
    once, always = "A1-8x1-0", "A2-2x1-0"
    assert sorted(news.warning for news in told if news.warning) == [f"{once} {lost}", f"{always} {lost}"]
    assert trained.failures == {always: f"It was lost 2 times, the last time because {why}: see the logs of its node."}
    steps = [line.split() for line in (dying / "A1-8.steps").read_text().splitlines()]
    on_trunk = [int(n) for where, n in steps if where == "trunk"]
    assert on_trunk == [*range(8, 49, 8), *range(48, 65, 8)]
    assert len(rows(tmp_path / "tiny")) == 15


def test_a_killed_driver_and_a_lost_node_leave_the_same_rows(cluster, whole, tmp_path):
    folder, address = tmp_path / "tiny", ("--engine", "ray", "--device", "cpu", "--address", cluster.address)
    planned = ("--preset", "tiny", "--precision", "float32", "--no-compile")
    process = start(folder, *address, *planned)
    wait_for(lambda: len(rows(folder)) >= 2, seconds=120)
    process.kill()
    process.communicate()
    n_rows = len(rows(folder))
    assert 2 <= n_rows < 18
    told, trainer = [], Counted(steps=tmp_path / "steps", held=tmp_path / "held")
    gone = f"The node {NODE} has left the cluster: 1 node with room for 1 trunk at once is left."

    class Losing(list):
        def append(self, news):
            told.append(news)
            if news.n_tokens and not self:
                super().append(news)
                trainer.held.touch()
                cluster.do("lost")
            if news.warning == gone:
                trainer.held.unlink()

    trained = calibrate(folder, told=Losing(), trainer=trainer, request=None)
    assert trained.failures == {}
    warnings = [news.warning for news in told if news.warning]
    assert gone in warnings
    assert all("was lost because its node was lost: it goes on" in warning for warning in warnings if warning != gone)
    assert outcome(folder) == whole
    assert len((folder / "runs.jsonl").read_text().splitlines()) == 18


def test_a_corpus_is_measured_whole_on_the_nodes_as_on_this_machine_though_a_process_is_killed(
    cluster, tmp_path, monkeypatch, advisor, sources
):
    (tmp_path / "shards").mkdir()
    for number in range(3):
        lines = (json.dumps({"text": text}) for text in sources[number::3])
        (tmp_path / "shards" / f"{number}.jsonl").write_text("\n".join(lines))
    monkeypatch.chdir(tmp_path)
    whole = ("score", "shards/*.jsonl", "--all", "--quiet", "--json")
    here = advisor(*whole, "--scratch", tmp_path / "here", "--workers", 1)
    killed = []

    def kill():
        while not (found := measuring_processes()):
            time.sleep(0.01)
        os.kill(found[0], signal.SIGKILL)
        killed.append(found[0])

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    there = advisor(*whole, "--scratch", tmp_path / "there", "--engine", "ray")
    thread.join(1)
    assert killed
    assert (there.code, there.stderr) == (0, "")
    assert there.stdout == here.stdout
    (tmp_path / "shards" / "1.jsonl").write_text("not json\n")
    refused = advisor(*whole, "--scratch", tmp_path / "there", "--engine", "ray")
    assert refused.code == 1
    assert f"On the node {NODE} of the cluster: " in " ".join(refused.stderr.split())
    piped = advisor("score", "-", "--all", "--engine", "ray", "--scratch", tmp_path / "pipe", stdin="text " * 9000)
    assert piped.code == 0  # what this process alone can read it measures


def measuring_processes():
    """Return the processes that measure a shard now: Ray has them say so."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if each.read_bytes().startswith(b"ray::advisor-measure"):
                found.append(int(each.parent.name))
    return found


def test_a_trunk_that_no_node_has_room_for_is_one_sentence(cluster, monkeypatch):
    monkeypatch.setattr(nodes, "ROOM_SECONDS", 0.1)
    with pytest.raises(AdvisorError) as refused, devices_held(engine="ray", device="cpu", threads=3):
        pass
    assert str(refused.value).startswith("A trunk takes 3 CPUs of one node, and none of the cluster's ")
    assert str(refused.value).endswith("has more than 1 CPU: give fewer --threads, or add a node that has them.")
    with pytest.raises(AdvisorError) as refused, devices_held(engine="ray", device="cuda"):
        pass
    assert str(refused.value).startswith("A trunk takes 1 CPU and 1 GPU of one node, and none of the cluster's ")
    assert str(refused.value).endswith("has more than 1 CPU: train with --device cpu, or add a node that has them.")


def test_this_process_stays_with_the_cluster_that_it_is_connected_to(cluster):
    with pytest.raises(UsageError) as refused, devices_held(engine="ray", address="10.0.0.1:6379"):
        pass
    assert str(refused.value) == (
        f"This process is connected to the Ray cluster at {cluster.address}, and --address names 10.0.0.1:6379: leave "
        "it out, or call ray.shutdown() first."
    )


def test_a_node_without_the_package_or_with_another_says_so(cluster):
    import ray

    call = ray.remote(num_cpus=0)(calls.carried())
    module, name, given, digest = calls.packed("look")
    answers = ray.get([call.remote("advisor_of_nowhere", name, given, digest), call.remote(module, name, given, "0")])
    install = "install the same one, with the extra calibrate, on every node."
    assert [calls.unpacked(answer).problem for answer in answers] == [
        f"The node {NODE} of the cluster cannot import this package (No module named 'advisor_of_nowhere'): {install}",
        f"The node {NODE} of the cluster has another version of this package than the command: {install}",
    ]


def test_a_storage_that_nodes_do_not_see_is_one_sentence(cluster, tmp_path):
    with pytest.raises(AdvisorError) as refused:
        calibrate(tmp_path / "tiny", storage="memory://nowhere")
    assert str(refused.value) == (
        f"The node {NODE} of the cluster cannot use memory://nowhere (it sees no plan.json there): name with --storage "
        "a folder that all nodes mount, or an address such as s3://BUCKET/PATH."
    )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"address": "ray://head:10001"}, "ray://head:10001 is an address of Ray's client or of its dashboard, and"),
        ({"device": "cuda:1"}, "--device cuda:1 is of one machine: on a cluster choose cpu or cuda."),
    ],
)
def test_what_a_cluster_cannot_do_is_wrong_usage(options, expected, request):
    if "address" in options:
        with pytest.raises(UsageError) as refused:
            connection._found(options["address"], is_named=True)
    else:
        request.getfixturevalue("cluster")
        with pytest.raises(UsageError) as refused, devices_held(engine="ray", **options):
            pass
    assert str(refused.value).startswith(expected)


def test_a_port_that_never_answers_and_one_where_nobody_is_are_said_in_time(monkeypatch):
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 3.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        begun = time.monotonic()
        with pytest.raises(AdvisorError) as refused:
            connection._found(address, is_named=True)
        assert time.monotonic() - begun < 10
    assert str(refused.value) == (
        f"No Ray cluster answers at {address} within 3 s: see that `ray status --address ADDRESS` does, that the port "
        "is that of the head (6379), and that this machine is a node of the cluster."
    )


def test_an_address_or_a_storage_needs_the_engine():
    for name in ("address", "storage"):
        with pytest.raises(UsageError) as refused, devices_held(**{name: "x"}):
            pass
        assert str(refused.value) == f"--{name} is of a cluster: give --engine ray with it."


def test_ray_that_is_not_installed_is_the_command_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError) as missing, devices_held(engine="ray"):
        pass
    assert str(missing.value).startswith("--engine ray needs the package ray, which is not installed: ")
    assert str(missing.value).endswith("-m pip install 'ray>=2.40'")


def test_the_writer_appends_each_key_once_even_behind_one_that_ended_late(tmp_path, alone):
    there = rows(alone)
    first, second = LedgerWriter(str(tmp_path / "runs.jsonl")), LedgerWriter(str(tmp_path / "runs.jsonl"))
    one, other = there[:2]
    assert first.rows_of([one.key]) == ()
    assert first.append(one) is None
    assert second.append(one) is None  # it sees what the first has written
    assert second.append(other) is None
    assert first.append(other) is None
    assert len((tmp_path / "runs.jsonl").read_text().splitlines()) == 2
    assert first.rows_of([other.key]) == (other,)
    (tmp_path / "runs.jsonl").write_text("{}\n")
    assert "line 1" in first.append(there[2])


def test_the_writer_keeps_of_progress_the_last_and_all_else():
    writer = LedgerWriter("runs.jsonl")
    for n in range(3):
        writer.tell("a", b"progress %d" % n, is_progress=True)
        writer.tell("a", b"row %d" % n, is_progress=False)
    assert writer.take() == [b"progress 2", b"row 0", b"row 1", b"row 2"]
    assert writer.take() == []


def test_a_storage_is_given_up_after_its_patience_and_what_cannot_be_mended_at_once(store, tmp_path):
    (tmp_path / "file").write_bytes(b"content")
    kept = Storage(address="s3://shared/kept", patience=0.0)
    kept.put(tmp_path / "file", "folder/name")
    assert kept.get("folder/name", tmp_path / "there")
    assert (tmp_path / "there").read_bytes() == b"content"
    assert not kept.get("folder/other", tmp_path / "other")
    assert not (tmp_path / "other").exists()
    assert kept.names("folder") == ["folder/name"]  # nothing beside it
    with pytest.raises(StorageError) as refused:
        Storage(address="s3://nowhere/x").put(tmp_path / "file", "name")
    assert str(refused.value) == "There is no storage s3://nowhere/x to put name in: make it, or name another."
    store.set()
    try:
        with pytest.raises(StorageError, match=r"^In the storage s3://shared/kept folder/name cannot be read: "):
            kept.content("folder/name")
    finally:
        store.clear()
    kept.remove(["folder/name", "folder/name"])
    assert kept.content("folder/name") is None


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("x/y", "--storage x/y is a relative path: name it from / on, as every node sees it."),
        ("nofs://x", "The storage nofs://x cannot be used: Protocol not known: nofs."),
    ],
)
def test_an_address_that_is_no_storage_is_wrong_usage(address, expected):
    with pytest.raises(UsageError) as refused:
        Storage(address=address).check()
    assert str(refused.value) == expected
