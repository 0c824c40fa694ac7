"""What is said of a package that is missing: a command that works without an index that has this project."""

from __future__ import annotations

import configparser
import re
import shlex
import sys
from pathlib import Path

import pytest

from advisor.corpus.remote.address import STORES
from advisor.errors import EXTRAS, MissingExtraError, install_command

ROOT = Path(__file__).parent.parent


def test_the_extras_are_those_of_the_metadata() -> None:
    metadata = configparser.ConfigParser()
    metadata.read(ROOT / "setup.cfg", encoding="utf-8")
    declared = {name: tuple(value.split()) for name, value in metadata["options.extras_require"].items()}
    assert {name: declared[name] for name in EXTRAS} == EXTRAS


def test_every_extra_that_is_named_where_a_package_is_missing_is_known() -> None:
    code = [
        path.read_text(encoding="utf-8") for name in ("advisor", "calibration") for path in (ROOT / name).rglob("*.py")
    ]
    named = {name for text in code for name in re.findall(r'MissingExtraError\([^,()]+, "(\w+)"', text)}
    assert {"plot", "report", "calibrate"} <= named <= EXTRAS.keys()


def test_the_command_is_of_the_python_that_runs() -> None:
    command = install_command("torch>=2.6", "nltk")
    assert shlex.split(command) == [sys.executable, "-m", "pip", "install", "torch>=2.6", "nltk"]
    assert command.endswith(" -m pip install 'torch>=2.6' nltk")


def test_a_path_with_a_space_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/my venv/bin/python")
    assert install_command("x") == "'/my venv/bin/python' -m pip install x"


def test_a_missing_extra_is_one_sentence() -> None:
    said = str(MissingExtraError("matplotlib", "plot", "--plot"))
    command = f"{shlex.quote(sys.executable)} -m pip install 'matplotlib>=3.8'"
    assert said == f"--plot needs the package matplotlib, which is not installed: {command}"


def test_every_extra_that_the_code_names_is_known(advisor, tmp_path, monkeypatch) -> None:
    code = [
        path.read_text("utf-8") for package in ("advisor", "calibration") for path in (ROOT / package).rglob("*.py")
    ]
    named = {found for text in code for found in re.findall(r'MissingExtraError\([^,()]+, "(\w+)"', text)}
    assert named == {"calibrate", "cluster", "plot", "report"}
    assert named | {extra for _, extra in STORES.values()} == set(EXTRAS)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    result = advisor("report", "--flops", "1e21", "--out", tmp_path / "x.html")
    command = f"{shlex.quote(sys.executable)} -m pip install 'jinja2>=3.1' 'plotly>=6'"
    assert (result.code, result.stderr) == (
        *(1, f"Error: advisor report needs the package jinja2, which is not installed: {command}\n"),
    )


def test_no_message_asks_an_index_for_this_project() -> None:
    code = [path for package in ("advisor", "calibration") for path in (ROOT / package).rglob("*.py")]
    asking = r"install '?data-scaling-advisor|\"pip install|: pip install"
    assert [path.name for path in code if re.search(asking, path.read_text(encoding="utf-8"))] == []
