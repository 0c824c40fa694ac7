"""The command as a process: interrupted, and with a reader that leaves."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("nothing_ships")


ROOT = Path(__file__).resolve().parents[2]


def test_ctrl_c_exits_with_130(program, monkeypatch):
    def interrupted(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr("advisor.commands.recommend.recommend", interrupted)
    code, out, err = program("recommend", "--flops", "1e21")
    assert (code, out) == (130, "")
    assert err.strip() == "Interrupted."


def test_a_reader_that_leaves_early_is_no_traceback():
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "advisor", "laws", "--json"]
    done = subprocess.run(command, cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")
