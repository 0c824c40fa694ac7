"""What tests of a Ray cluster share: two nodes of one CPU, a storage that can fail, trainers that workers import."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from calibration.campaign.task import run_task
from calibration.training.execution import PINNED
from tests.campaign.toy_calibration import tiny_request

MEMORY = 80 * 2**20  # bytes of each node's store, the least that Ray takes
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}


class TwoNodes:
    """A cluster of two nodes on this machine, of one CPU each, held by a process of its own: it ends with this one."""

    def __init__(self):
        with tempfile.TemporaryFile("w+") as errors:
            self.process = subprocess.Popen(
                [sys.executable, __file__],
                env={**os.environ, **QUIET, "PYTHONPATH": str(Path(__file__).parents[2])},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )
            self.address = self.process.stdout.readline().strip()
            if not self.address:
                self.end()
                errors.seek(0)
                raise AssertionError(f"No cluster of two nodes starts here:\n{errors.read()}")

    def do(self, what):
        """Have a node of it ``lost`` at once, or a new one ``added``; it is done when this returns."""
        print(what, file=self.process.stdin, flush=True)
        assert self.process.stdout.readline().strip() == what

    def end(self):
        self.process.communicate()


def hold_two_nodes():
    """Print the address of a cluster, and do what lines of the standard input say, until it ends."""
    with tempfile.TemporaryDirectory(prefix="r", dir="/tmp", ignore_cleanup_errors=True) as folder:
        os.environ["RAY_TMPDIR"] = folder  # short, for the names of sockets, and nobody else's
        (Path(folder) / "ray").mkdir()
        from ray.cluster_utils import Cluster

        node = {"num_cpus": 1, "object_store_memory": MEMORY, "include_dashboard": False}
        cluster = Cluster(initialize_head=True, head_node_args=node, shutdown_at_exit=False)
        other = cluster.add_node(**node)
        print(cluster.address, flush=True)
        for line in sys.stdin:
            if line.strip() == "lost":
                cluster.remove_node(other, allow_graceful=False)
            else:
                other = cluster.add_node(**node)
            print(line.strip(), flush=True)
        cluster.shutdown()


def pinned(**changes):
    """Return a tiny request whose rows are the same bytes again: float32, eager."""
    return replace(tiny_request(only=("A1", "A2"), **changes), choice=PINNED)


@dataclass(frozen=True, kw_only=True)
class Counted:
    """Trains a task with a pause at each step, so that there is time to do something to it, and counts the steps.

    They are the bytes of files called by ``steps`` and the number of the process. While there is a file ``held``, none
    is made.
    """

    steps: Path
    held: Path | None = None

    def __call__(self, task, *, on_step, **options):
        with open(f"{self.steps}.{os.getpid()}", "ab", buffering=0) as file:

            def stepped(progress):
                file.write(b".")
                time.sleep(0.03)
                while self.held is not None and self.held.exists():
                    time.sleep(0.03)
                on_step(progress)

            run_task(task, on_step=stepped, **options)


def train_or_die(task, *, on_step, **options):
    """Train a task; the folder in DYING says of which (source, width) the process is killed, and at which trunk step.

    A name there with ``once`` is removed before, so that the next try lives. Steps are written down beside it.
    """
    folder = Path(os.environ["DYING"])
    name = f"{task.labels[0].name}-{task.trunk.shape.width}"
    wanted = folder / f"{name}.json"
    with (folder / f"{name}.steps").open("a") as steps:

        def stepped(progress):
            steps.write(f"{'trunk' if progress.on_trunk else 'branch'} {progress.state.n_documents}\n")
            steps.flush()
            on_step(progress)
            if wanted.exists():
                said = json.loads(wanted.read_text())
                if progress.on_trunk and progress.state.n_documents >= said["at"]:
                    if said["once"]:
                        wanted.unlink()
                    os.kill(os.getpid(), signal.SIGKILL)

        run_task(task, on_step=stepped, **options)


@contextmanager
def failing_server(target):
    """Yield (address, switch) of a way to a server: while the switch is set, connections are closed at once."""
    import socket

    switch, listener = threading.Event(), socket.create_server(("127.0.0.1", 0))
    host, port = target

    def carry(source, sink):
        try:
            while data := source.recv(1 << 16):
                sink.sendall(data)
        except OSError:
            pass
        finally:
            for each in (source, sink):
                each.close()

    def serve():
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            if switch.is_set():
                client.close()
                continue
            server = socket.create_connection((host, port))
            for pair in ((client, server), (server, client)):
                threading.Thread(target=carry, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", switch
    finally:
        listener.close()


if __name__ == "__main__":
    hold_two_nodes()
