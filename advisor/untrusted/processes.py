"""Processes that this package starts: how many run at once, and how they begin."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def n_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def start_python(module: str, link: int, *arguments: str, stderr: int | None = None) -> subprocess.Popen[bytes]:
    """Start a Python that runs a module with the number of a socket, which it inherits, and with arguments.

    It finds modules where this process does, and has no standard input or output; ``stderr`` is as Popen takes it.

    Raises:
        OSError: the system starts no process.
    """
    paths = os.pathsep.join(path for path in sys.path if path)
    return subprocess.Popen(
        # -P: a file json.py in the folder that one works in is not Python's.
        [sys.executable, "-P", "-m", module, str(link), *arguments],
        pass_fds=[link],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=stderr,
        env={**os.environ, "PYTHONPATH": paths},
    )


@contextmanager
def signals_put_off() -> Iterator[None]:
    """Start a process that a Ctrl-C does not reach before it ignores it, and none by half."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT, signal.SIGTERM])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
