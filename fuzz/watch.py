"""Watches workers: one that dies or hangs is a finding of the input that it was at, and another goes on after it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import IO

from fuzz.findings import ROOT, Findings, place_in
from fuzz.processes import cpu_seconds, tree
from fuzz.state import State
from fuzz.worker import MOST_SECONDS, Work

_LONGEST_WAIT = 20.0  # seconds by the clock; a machine with other work to do is slow, but not so slow
_MOST_DEATHS = 25  # of one target's workers, each of which costs a start
_LOOK = 0.05
WORKER = "fuzz.worker"


@dataclass(frozen=True, kw_only=True)
class Result:
    """What the inputs of one target came to; ``stopped`` where too many workers died to go on."""

    target: str
    n_inputs: int
    findings: Findings
    slowest: float
    largest: int
    stopped: bool


def watch_all(works: Sequence[Work], *, seconds: float, jobs: int) -> list[Result]:
    """Return the results of several targets, ``jobs`` at a time; each may take ``seconds`` by the clock."""
    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(partial(watch, seconds=seconds), works))


def watch(work: Work, *, seconds: float) -> Result:
    """Return what a target's inputs came to: as many workers as it takes read them, for at most ``seconds``."""
    work = replace(work, until=time.monotonic() + seconds)
    state, deaths = State(work.folder / "state"), 0
    while work.first < work.end and time.monotonic() < work.until and deaths < _MOST_DEATHS:
        cause = _end_of_worker(work, state)
        state.read()
        if cause is None:
            break
        deaths += 1
        work.findings().add(cause, (work.folder / "current").read_bytes(), state.number % 100)
        state.end(0.0, 0)
        work = replace(work, first=state.number + 1)
    return Result(
        target=work.target,
        n_inputs=state.n_done,
        findings=work.findings(),
        slowest=state.slowest,
        largest=state.largest,
        stopped=deaths == _MOST_DEATHS,
    )


def _end_of_worker(work: Work, state: State) -> str | None:
    """Return how a worker ended that did not do all its work; None for one that did.

    Raises:
        RuntimeError: it ended between two inputs, which is a fault of the fuzzing itself.
    """
    words = work.folder / "stderr"
    with words.open("w") as stderr:
        process = _started(work, stderr)
        hangs = _waited(process, state)
    trace = place_in((work.folder / "trace").read_text() if process.returncode else "", newest_last=False)
    if hangs:
        return f"over {MOST_SECONDS:g} s{trace}"
    if process.returncode == 0:
        return None
    if state.started == 0:
        raise RuntimeError(f"The worker of {work.target} ended with {process.returncode}:\n{words.read_text()[-3000:]}")
    if process.returncode < 0:
        return f"{signal.Signals(-process.returncode).name}{trace}"
    return f"exit {process.returncode}{trace}"


def _started(work: Work, stderr: IO[str]) -> subprocess.Popen[bytes]:
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    paths = os.pathsep.join((str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])))
    return subprocess.Popen(
        [sys.executable, "-m", WORKER, work.as_json()],
        cwd=ROOT,
        env={**os.environ, **threads, "PYTHONPATH": paths, "PYTHONHASHSEED": "0"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=stderr,
        start_new_session=True,
    )


def _waited(process: subprocess.Popen[bytes], state: State) -> bool:
    """Wait for a worker's end, and return whether it had to be ended because an input took too long."""
    try:
        while process.poll() is None:
            time.sleep(_LOOK)
            state.read()
            if state.started and _is_late(process.pid, state):
                process.send_signal(signal.SIGUSR1)  # it writes down where it is
                time.sleep(10 * _LOOK)
                return process.poll() is None
        return False
    finally:
        _kill(process)
        state.read()


def _is_late(pid: int, state: State) -> bool:
    waited = time.monotonic() - state.started
    return waited > MOST_SECONDS and (waited > _LONGEST_WAIT or cpu_seconds(pid) - state.cpu_before > MOST_SECONDS)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a worker, and the children that it may have left in the middle of something."""
    if process.poll() is None:
        for pid in reversed(tree(process.pid)):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
    process.wait()


def scratch_of(folder: Path, target: str) -> str:
    """Return a folder for a target's worker, inside ``folder``."""
    own = folder / target
    own.mkdir()
    return str(own)
