"""A Ray cluster that a command is connected to: found, or started, within a bounded time, and left as it was."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from advisor.errors import AdvisorError, MissingExtraError, UsageError, first_line
from calibration.campaign.cluster.nodes import RayCluster

# Until a cluster has answered: Ray itself tries for minutes, and on a port of something else for ever.
CONNECT_SECONDS = 45.0
# Tried by a process of its own, which can be killed: Ray's own call heeds no signal while it waits.
_TRY = """
import logging, sys, ray
try:
    ray.init(address=sys.argv[1], logging_level=logging.CRITICAL, log_to_driver=False)
except ConnectionError as error:
    sys.exit("none" if sys.argv[1] == "auto" else str(error))
except Exception as error:
    sys.exit(str(error) or type(error).__name__)
print(ray.get_runtime_context().gcs_address)
"""
# Ray reads them when it is imported: no usage is reported of a cluster that is started here, no working directory is
# sent to workers because a command was given through uv, and nothing is said about GPUs that a task does not have.
_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}


@contextmanager
def connected(address: str | None = None, *, storage: str | None = None) -> Iterator[RayCluster]:
    """Yield the cluster at ``address``, by default that of RAY_ADDRESS, that of this machine, or one that is started.

    One that is started here has the cores and GPUs of this machine and ends with the connection. Where this process is
    connected to a cluster already, that is taken and stays.

    Raises:
        MissingExtraError: Ray is not installed.
        UsageError: the address is of Ray's client, or this process is connected to another cluster.
        AdvisorError: nothing answers there within a bounded time, or it is another version of Ray.
    """
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError as error:
        raise MissingExtraError("ray", "cluster", "--engine ray") from error
    if ray.is_initialized():
        _check_same(address, ray.get_runtime_context().gcs_address)
        yield RayCluster(storage=storage)
        return
    wanted = address or os.environ.get("RAY_ADDRESS") or "auto"
    found = _found(wanted, is_named=address is not None)
    with _signals_kept():
        _connect(found)
    try:
        yield RayCluster(storage=storage, is_own=found is None)
    finally:
        ray.shutdown()


def _check_same(address: str | None, connected_to: str) -> None:
    if address not in (None, "auto", connected_to):
        raise UsageError(
            f"This process is connected to the Ray cluster at {connected_to}, and --address names {address}: leave it "
            "out, or call ray.shutdown() first."
        )


def _found(wanted: str, *, is_named: bool) -> str | None:
    """Return the address of the cluster's head; None where no cluster was named and none is on this machine."""
    if "://" in wanted:
        raise UsageError(
            f"{wanted} is an address of Ray's client or of its dashboard, and this command is a driver: give it "
            "on a node of the cluster with --address HOST:6379, or submit it with `ray job submit`."
        )
    where = "" if wanted == "auto" else f" at {wanted}"
    try:
        tried = subprocess.run(
            [sys.executable, "-c", _TRY, wanted], capture_output=True, text=True, timeout=CONNECT_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise AdvisorError(
            f"No Ray cluster answers{where} within {CONNECT_SECONDS:g} s: see that `ray status --address ADDRESS` "
            "does, that the port is that of the head (6379), and that this machine is a node of the cluster."
        ) from error
    if tried.returncode == 0:
        return tried.stdout.split()[-1]
    said = tried.stderr.strip().splitlines() or ["it ended without a word"]
    if said[-1] == "none" and not is_named:
        return None
    reason = "none runs on this machine" if said[-1] == "none" else first_line(ValueError("\n".join(said)))
    raise AdvisorError(
        f"The Ray cluster{where} cannot be joined ({reason}): start one with `ray start --head`, or name the address "
        "of its head, such as 10.0.0.1:6379, on a machine that is a node of it."
    )


def _connect(address: str | None) -> None:
    import ray

    quiet = {"logging_level": logging.CRITICAL, "log_to_driver": False}
    silence()
    try:
        if address is None:
            ray.init(address="local", include_dashboard=False, **quiet)
        else:
            ray.init(address=address, **quiet)
    except Exception as error:
        where = "on this machine" if address is None else f"at {address}"
        raise AdvisorError(
            f"Ray {where} does not start ({first_line(error)}): see session_latest/logs in its temporary folder."
        ) from error


def silence() -> None:
    """Keep Ray from printing on standard output, perhaps inside a document, that a process was lost: we say what is."""
    from ray._private import worker  # it has no setting for it

    worker.print_to_stdstream = lambda *_, **__: None


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Keep this process's own way to end on SIGTERM, which Ray would put its own in place of."""
    is_main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGTERM) if is_main else None
    try:
        yield
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)
