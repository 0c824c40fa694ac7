"""The command as a process: interrupted, and with a reader that leaves."""

import os
import subprocess
import sys
import time
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


def test_sigterm_exits_with_143_and_a_word():
    command = [sys.executable, "-m", "advisor", "score", "-"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        process.stdin.write("x" * 100_000)  # more than a pipe holds: it is being read
        process.stdin.flush()
        time.sleep(0.5)  # it waits for more: a signal just before that would be seen with the next byte alone
        process.terminate()
        assert process.communicate(timeout=60)[1] == "\nTerminated.\n"
    assert process.returncode == 143


def test_an_exception_that_nobody_foresaw_is_a_sentence_that_asks_for_a_report(program, monkeypatch):
    def failing(*_args, **_options):
        raise KeyError("a fault\x1b[31m")

    monkeypatch.setattr("advisor.commands.recommend.recommend", failing)
    code, out, err = program("recommend", "--flops", "1e21")
    assert (code, out) == (1, "")
    assert err.startswith("Error: advisor itself is at fault (KeyError: 'a fault\\x1b[31m'; ")
    assert "tests/test_cli.py, line " in err
    monkeypatch.setenv("ADVISOR_TRACEBACK", "1")
    with pytest.raises(KeyError):
        program("recommend", "--flops", "1e21")
