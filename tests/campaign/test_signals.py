"""SIGTERM and SIGKILL of a real calibration with two worker processes: they end at once, and the next run goes on."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def start(folder, *options):
    return subprocess.Popen(
        [sys.executable, "-m", "tests.campaign.signalled", "calibrate", "--out", str(folder), "--quiet", *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def in_session(session):
    """Return the processes of a session that run."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, of = path.read_text().rsplit(")", 1)[1].split()[:4]
        except OSError:
            continue
        if int(of) == session and state != "Z":
            found.append(int(path.parent.name))
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
def test_a_calibration_that_is_told_to_end_takes_its_workers_along_and_goes_on(tmp_path):
    folder = tmp_path / "c"
    for number, code in ((signal.SIGTERM, 143), (signal.SIGKILL, -9)):
        running = start(folder, "--preset", "tiny", "--workers", "2")
        while not (folder / "checkpoints").exists() or len(in_session(running.pid)) < 3:
            assert running.poll() is None, running.stderr.read()
            time.sleep(0.02)
        running.send_signal(number)
        running.wait(30)
        begun = time.monotonic()
        while in_session(running.pid):
            assert time.monotonic() - begun < 5  # a second, and the machine may be busy
            time.sleep(0.02)
        said = running.communicate()[1]
        if number == signal.SIGKILL and said.endswith("EOFError: Ran out of input\n"):
            said = ""  # Python's own words in a worker that had not begun: what starts it died in the middle of that
        kept = [f"Every row that was finished is in {folder}: the same command goes on from there.", "Terminated."]
        assert (running.returncode, [*filter(None, said.split("\n"))]) == (code, kept if code == 143 else [])
    last = start(folder, "--preset", "tiny", "--engine", "process")
    assert (last.wait(60), last.communicate()[1]) == (0, "")
