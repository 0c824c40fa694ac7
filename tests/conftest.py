"""Shared fixtures: a small real corpus (Python's standard library) and a runner of the command."""

from __future__ import annotations

import json
import os
import signal
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from click.testing import CliRunner

if TYPE_CHECKING:
    from xdist.scheduler import LoadFileScheduling

    from advisor.compressibility.score import Profile


class Outcome(NamedTuple):
    code: int
    stdout: str
    stderr: str


# One thread for each process that tests run in, before numpy is imported: threads that wait for each other's turn on a
# small product take more time than they save, and several workers share the cores.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

# A shell's background job ignores Ctrl-C, and so would every command that tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: Any, log: Any) -> LoadFileScheduling:
    """The tests of a module run in one worker, so that what they share is made once."""
    from xdist.scheduler import LoadFileScheduling

    return LoadFileScheduling(config, log)


@pytest.fixture(autouse=True)
def no_installed_calibrations(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What the person who runs the tests has installed plays no part in them."""
    monkeypatch.setenv("ADVISOR_DATA_DIR", str(tmp_path_factory.getbasetemp() / "nothing-installed"))


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """What trains in tests trains on the CPU, whatever this machine has: here, and in the processes that tests start.

    Tests of a GPU itself have their own fixture of this name, which hides nothing.
    """
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    if (torch := sys.modules.get("torch")) is not None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


@pytest.fixture
def nothing_ships(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """For tests of what is so without any calibration, and of texts that those which ship would change."""
    from advisor.calibrations import coefficients

    path = tmp_path_factory.mktemp("ships") / "fitted_coefficients.json"
    path.write_text('{"schema_version": 1, "default": null, "calibrations": []}', encoding="utf-8")
    monkeypatch.setattr(coefficients, "shipped_file", lambda name: path)


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Training in a test is on one thread: the machine is shared, and sums have one order."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def stdlib() -> Path:
    """The folder of Python's standard library."""
    return Path(sysconfig.get_path("stdlib"))


@pytest.fixture(scope="session")
def sources(stdlib: Path) -> list[str]:
    """The texts of the standard library's top-level modules: about 160 documents, 5 MB."""
    return [path.read_text(encoding="utf-8") for path in sorted(stdlib.glob("*.py"))]


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small made corpus: 40 documents, about 30,000 tokens."""
    path = tmp_path_factory.mktemp("corpus") / "squares.jsonl"
    texts = (" ".join(f"{n} times {n} is {n * n}," for n in range(at, at + 150)) for at in range(40))
    path.write_text("".join(f"{json.dumps({'text': text})}\n" for text in texts))
    return path


@pytest.fixture(scope="session")
def profile(corpus: Path) -> Profile:
    """What 50 sequences of it say."""
    from advisor.compressibility.score import score
    from advisor.corpus.sampling import Sampling

    return score(str(corpus), sampling=Sampling(n_sequences=50))


@pytest.fixture
def advisor(monkeypatch: pytest.MonkeyPatch):
    """A function that runs the command in this process, at 100 columns."""
    monkeypatch.setenv("COLUMNS", "100")

    def run(*arguments: str, stdin: str | bytes | None = None) -> Outcome:
        from advisor.cli import group

        result = CliRunner().invoke(group, [str(each) for each in arguments], input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Outcome(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture
def program(monkeypatch, capsys):
    """Return a function that runs the command line and returns (exit code, stdout, stderr)."""
    from advisor import cli

    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["advisor", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        captured = capsys.readouterr()
        return caught.value.code or 0, captured.out, captured.err

    return run
