"""The command as a process: interrupted, and with a reader that leaves."""

import json
import os
import re
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


def shell(command):
    """Return (exit code, stdout, stderr) of the command with redirections, in a shell."""
    whole = f"{sys.executable} -m advisor {command}"
    done = subprocess.run(["bash", "-c", whole], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    return done.returncode, done.stdout, done.stderr


def test_a_stderr_that_cannot_be_written_costs_no_answer():
    code, out, _ = shell("recommend --flops 1e21 --json 2>/dev/full")
    assert code == 0
    assert json.loads(out)["headline"]["n_params"] > 1e9
    assert shell("recommend --flops 1e21 --json 2>&-")[:2] == (0, out)


@pytest.mark.parametrize(("to", "why"), [("/dev/full", "No space left on device"), ("&-", "standard output is closed")])
@pytest.mark.parametrize("form", ["", "--json"])
def test_an_answer_that_cannot_be_printed_is_an_error(to, why, form):
    assert shell(f"laws {form} >{to}") == (1, "", f"Error: Cannot print the result: {why}.\n")


def test_a_closed_stdin_is_a_sentence():
    assert shell("score - <&-") == (1, "", "Error: Standard input is closed: there is nothing to read from it.\n")


@pytest.mark.parametrize(
    "arguments",
    [
        "table --sizes 0.5,1B",
        "table --flops 5",
        "repeat --unique-tokens 1B --flops 5",
        "recommend --flops 5",
        "compare --flops 5 --flops 1e21",
    ],
)
def test_answers_below_one_are_one_sentence(advisor, arguments):
    result = advisor(*arguments.split())
    assert (result.code, result.stdout) == (2, "")
    assert re.fullmatch(
        r"Error: The answer has [\d.e-]+ of a parameter, less than one: ask a larger question\.\n", result.stderr
    )
