"""What faults do to calibrations on a real Ray cluster of two nodes: tries, what was lost, what was said, the time.

    python benchmarks/bench_ray_faults.py --tries 3
    python benchmarks/bench_ray_faults.py --only ray-slow-node

The cluster is on this machine: two nodes of one CPU. A calibration of two grammars (18 rows in 6 trunks, slowed to
30 ms a step) is done a fault at a random moment, and gone on with where the command itself was killed. ``lost`` counts
the tries whose rows and laws are not those of this machine alone, bit for bit, and says how many steps were trained
again, of those that one whole calibration has. ``said`` are the cautions of all tries, with names of one kind. Exit
code 1 if anything differs.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.campaign.on_cluster import QUIET, Counted, TwoNodes, failing_server, pinned

SLOW_SHARE = 0.25  # of the time, that the workers of the slow node may run


class Outcome(NamedTuple):
    """What came of one try: whether the result is the same, the steps that were taken, the cautions, the seconds."""

    is_same: bool
    n_steps: int
    said: list[str]
    seconds: float


class Bench:
    """A cluster, a store that can fail, and what a calibration comes to that is left alone."""

    def __init__(self, folder: Path, cluster: TwoNodes, switch: threading.Event) -> None:
        self.folder, self.cluster, self.switch, self.rng = folder, cluster, switch, random.Random(0)
        self.n_tries = 0
        from calibration.campaign import calibrate as campaign
        from calibration.campaign.devices import take_devices

        campaign.calibrate(pinned(), folder / "alone", devices=take_devices(device="cpu", engine="process"))
        self.expected = outcome(folder / "alone")
        self.attempt(lambda: None, after=1)  # the first starts the workers
        whole = self.attempt(lambda: None, after=1)
        assert whole.is_same
        self.n_steps, self.seconds = whole.n_steps, whole.seconds

    def fresh(self) -> Path:
        """Return a folder that there is not yet."""
        self.n_tries += 1
        return self.folder / f"try{self.n_tries}"

    def attempt(self, fault: Callable[[], object], *, after: int, storage: str | None = None) -> Outcome:
        """Calibrate from this process, with ``fault`` done once ``after`` rows are there."""
        folder, told, begun = self.fresh(), [], time.monotonic()
        is_done = False

        def hear(news: Any) -> None:
            nonlocal is_done
            told.append(news)
            if not is_done and sum(each.row is not None for each in told) >= after:
                is_done = True
                fault()

        calibrate(folder, hear, storage)
        said = [news.warning or news.failure for news in told if news.warning or news.failure]
        return Outcome(outcome(folder) == self.expected, steps(folder), said, time.monotonic() - begun)

    def moment(self) -> int:
        """Return after how many of the 18 rows something happens."""
        return self.rng.randint(1, 12)


def calibrate(folder: Path, hear: Callable[[Any], object], storage: str | None = None) -> None:
    from calibration.campaign import calibrate as campaign
    from calibration.campaign.devices import devices_held

    @contextmanager
    def watch(opened: Any, missing: Any) -> Iterator[Callable[[Any], object]]:
        yield hear

    with devices_held(engine="ray", device="cpu", storage=storage) as devices:
        counted = Counted(steps=folder.with_name(f"{folder.name}.steps"))
        campaign.calibrate(pinned(), folder, devices=devices, trainer=counted, watch=watch)


def outcome(folder: Path) -> tuple[str, bytes]:
    from calibration.campaign.ledger import Ledger

    return Ledger(folder / "runs.jsonl").digest(), (folder / "laws.json").read_bytes()


def steps(folder: Path) -> int:
    """Return how many steps were taken for a folder, by all processes."""
    return sum(path.stat().st_size for path in folder.parent.glob(f"{folder.name}.steps.*"))


def processes(part: str) -> list[int]:
    """Return the processes of this cluster's workers that train, by what stands in their titles."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().decode(errors="replace").startswith(part):
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def kill_worker(bench: Bench) -> Outcome:
    """Send SIGKILL to one of the processes that train."""

    def fault() -> None:
        if trains := processes("ray::A"):
            os.kill(bench.rng.choice(trains), signal.SIGKILL)

    return bench.attempt(fault, after=bench.moment())


def kill_node(bench: Bench) -> Outcome:
    """Send SIGKILL to a node; another one joins for the next try."""
    found = bench.attempt(lambda: bench.cluster.do("lost"), after=bench.moment())
    bench.cluster.do("added")
    return found


def kill_driver(bench: Bench) -> Outcome:
    """Send SIGKILL to the command, and give it again here."""
    folder, begun = bench.fresh(), time.monotonic()
    process = subprocess.Popen([sys.executable, __file__, "--drive", bench.cluster.address, str(folder)])
    ledger, after = folder / "runs.jsonl", bench.moment()
    while process.poll() is None and not (ledger.exists() and ledger.read_bytes().count(b"\n") >= after):
        time.sleep(0.02)
    process.kill()
    process.wait()
    said: list[str] = []
    calibrate(folder, lambda news: said.append(news.warning) if news.warning else None)
    return Outcome(outcome(folder) == bench.expected, steps(folder), said, time.monotonic() - begun)


def fail_storage(bench: Bench) -> Outcome:
    """Have the store close every connection for three seconds."""

    def fault() -> None:
        bench.switch.set()
        threading.Timer(3.0, bench.switch.clear).start()

    return bench.attempt(fault, after=bench.moment(), storage=f"s3://shared/{bench.n_tries}")


def slow_node(bench: Bench) -> Outcome:
    """Let one of the workers run a quarter of the time."""
    ended = threading.Event()

    def slow() -> None:
        slowed = processes("ray::A")[:1]
        while slowed and not ended.is_set():
            for number, seconds in ((signal.SIGSTOP, 0.2 * (1 - SLOW_SHARE)), (signal.SIGCONT, 0.2 * SLOW_SHARE)):
                for pid in slowed:
                    try:
                        os.kill(pid, number)
                    except ProcessLookupError:
                        return
                time.sleep(seconds)

    try:
        return bench.attempt(lambda: threading.Thread(target=slow, daemon=True).start(), after=1)
    finally:
        ended.set()


FAULTS: dict[str, Callable[[Bench], Outcome]] = {
    "ray-worker": kill_worker,
    "ray-node": kill_node,
    "ray-driver": kill_driver,
    "ray-storage": fail_storage,
    "ray-slow-node": slow_node,
}


def words(said: list[str]) -> str:
    """Return what was said, the same with other names once, with how often."""
    alike = Counter(
        re.sub(r"The node \S+", "The node NODE", re.sub(r"\bA\d-\d+x\d+-\d+", "TRUNK", text)) for text in said
    )
    return "; ".join(f"{text} ({count})" for text, count in alike.most_common(4)) or "nothing"


def row(name: str, bench: Bench, found: list[Outcome]) -> str:
    n_other = sum(not each.is_same for each in found)
    again = sum(each.n_steps - bench.n_steps for each in found) / len(found)
    lost = f"{n_other} results differ; {again:.1f} of {bench.n_steps} steps again"
    seconds = sum(each.seconds for each in found) / len(found)
    what = (FAULTS[name].__doc__ or "").rstrip(".")
    said = words([text for each in found for text in each.said])
    return f"| {name}: {what} | {len(found)} | {lost} | {said} | {seconds:.0f} s, alone {bench.seconds:.0f} s |"


@contextmanager
def stored() -> Iterator[threading.Event]:
    """Yield the switch of a store of S3 that fails while it is set, whose address is in the environment."""
    import logging

    import boto3
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    with failing_server(server.get_host_and_port()) as (endpoint, switch):
        os.environ |= {"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "X", "AWS_SECRET_ACCESS_KEY": "X"}
        os.environ |= {"AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}
        boto3.client("s3").create_bucket(Bucket="shared")
        yield switch
    server.stop()


def main() -> None:
    """Print a row for each fault."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tries", type=int, default=3)
    parser.add_argument("--only", action="append", choices=FAULTS)
    parser.add_argument("--drive", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    os.environ |= {**QUIET, "PYTHONPATH": str(Path(__file__).resolve().parent.parent)}  # for the workers
    import ray

    if given.drive:  # the command that is to be killed
        ray.init(address=given.drive[0], log_to_driver=False, logging_level="CRITICAL")
        calibrate(Path(given.drive[1]), lambda news: None)
        return
    n_other = 0
    with stored() as switch, tempfile.TemporaryDirectory() as folder:
        from calibration.campaign.cluster.connection import silence

        cluster = TwoNodes()
        ray.init(address=cluster.address, log_to_driver=False, logging_level="CRITICAL")
        silence()
        try:
            bench = Bench(Path(folder), cluster, switch)
            print("| fault | tries | lost | said | time of one |\n|---|---|---|---|---|", flush=True)
            for name in given.only or FAULTS:
                found = [FAULTS[name](bench) for _ in range(given.tries)]
                n_other += sum(not each.is_same for each in found)
                print(row(name, bench, found), flush=True)
        finally:
            ray.shutdown()
            cluster.end()
    sys.exit(n_other > 0)


if __name__ == "__main__":
    main()
