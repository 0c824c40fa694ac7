"""Shared fixtures: a small real corpus (Python's standard library) and a runner of the command."""

from __future__ import annotations

import os
import signal
import sys
import sysconfig
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner


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


@pytest.fixture(autouse=True)
def no_installed_calibrations(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What the person who runs the tests has installed plays no part in them."""
    monkeypatch.setenv("ADVISOR_DATA_DIR", str(tmp_path_factory.getbasetemp() / "nothing-installed"))


@pytest.fixture
def nothing_ships(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """For tests of what is so without any calibration, and of texts that those which ship would change."""
    from advisor.calibrations import coefficients

    path = tmp_path_factory.mktemp("ships") / "fitted_coefficients.json"
    path.write_text('{"schema_version": 1, "default": null, "calibrations": []}', encoding="utf-8")
    monkeypatch.setattr(coefficients, "shipped_file", lambda name: path)


@pytest.fixture(scope="session")
def stdlib() -> Path:
    """The folder of Python's standard library."""
    return Path(sysconfig.get_path("stdlib"))


@pytest.fixture(scope="session")
def sources(stdlib: Path) -> list[str]:
    """The texts of the standard library's top-level modules: about 160 documents, 5 MB."""
    return [path.read_text(encoding="utf-8") for path in sorted(stdlib.glob("*.py"))]


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
