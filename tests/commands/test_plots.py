"""``--plot`` of every command: a picture beside the answer, and what is refused before any work."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from advisor.errors import install_command

pytest.importorskip("matplotlib")


@pytest.fixture
def profiles(tmp_path: Path, advisor) -> Path:
    """Profiles of two small corpora, in a file."""
    path = tmp_path / "profiles.json"
    names = []
    for k in range(2):
        words = ["scaling", "laws", "depend", "on", "the", "data", "they", "are", "fitted", "to"]
        text = [" ".join(words[(i * j + j * j + k) % 10] for j in range(300)) for i in range(40)]
        names.append(tmp_path / f"{k} $x$.txt")
        names[k].write_text("\n\n".join(text))
    found = advisor("score", *map(str, names), "--out", str(path), "--quiet", "--sequences", "60")
    assert found.code == 0
    return path


COMMANDS = {
    "score": ("score", "--from", "{profiles}"),
    "recommend": ("recommend", "--profile", "{profiles}", "--corpus", "{first}", "--flops", "1e21"),
    "compare": ("compare", "--profile", "{profiles}", "--flops", "1e21"),
    "repeat": ("repeat", "--unique-tokens", "25B"),
}


def asked(name: str, profiles: Path) -> list[str]:
    first = json.loads(profiles.read_text())["corpora"][0]["source"]
    return [part.format(profiles=profiles, first=first) for part in COMMANDS[name]]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_answer_is_as_without_a_picture_and_the_picture_is_there(advisor, profiles, tmp_path: Path, name):
    command, path = asked(name, profiles), tmp_path / "picture.svg"
    before = advisor(*command)
    after = advisor(*command, "--plot", str(path))
    assert (after.code, after.stdout, after.stderr) == (0, before.stdout, before.stderr)
    assert path.read_bytes().startswith(b"<?xml")
    assert json.loads(advisor(*command, "--plot", str(path), "--json").stdout)["schema_version"] == 1
    assert not [each for each in tmp_path.iterdir() if each.name.endswith(".part")]


@pytest.mark.parametrize("name", COMMANDS)
def test_what_cannot_be_drawn_is_refused_before_the_answer(advisor, profiles, tmp_path: Path, name, monkeypatch):
    command, path = asked(name, profiles), tmp_path / "picture.gif"
    refused = advisor(*command, "--plot", str(path))
    expected = f"Error: {path} does not end in .svg, .pdf, .png: name the picture so.\n"
    assert (refused.code, refused.stdout, refused.stderr) == (2, "", expected)
    one = str(tmp_path / "one.svg")
    refused = advisor(*command, "--plot", one, "--out", one)
    expected = f"Error: --out and --plot both name {one}: give them different names.\n"
    assert (refused.code, refused.stdout, refused.stderr) == (2, "", expected)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    refused = advisor(*command, "--plot", one)
    missing = "--plot needs the package matplotlib, which is not installed"
    expected = f"Error: {missing}: {install_command('matplotlib>=3.8')}\n"
    assert (refused.code, refused.stdout, refused.stderr) == (1, "", expected)
    assert not Path(one).exists()


def test_a_picture_that_is_read_is_not_overwritten(advisor, tmp_path: Path):
    source = tmp_path / "drawing.svg"
    source.write_text("<svg/> " * 3000)
    refused = advisor("score", str(source), "--format", "text", "--plot", str(source))
    assert refused.code == 2
    assert refused.stderr == (
        f"Error: --plot {source} would overwrite what is read from {source}: name another file.\n"
    )
    assert source.read_text() == "<svg/> " * 3000


@pytest.mark.parametrize("way", ["--dry-run", "--prepare={tmp}/p"])
def test_a_calibration_that_trains_nothing_draws_nothing(advisor, tmp_path: Path, way):
    plot = str(tmp_path / "a.svg")
    refused = advisor("calibrate", "--preset", "smoke", way.format(tmp=tmp_path), "--plot", plot)
    option = way.split("=")[0]
    assert (refused.code, refused.stderr) == (2, f"Error: {option} trains nothing: leave out --plot.\n")
    assert list(tmp_path.iterdir()) == []
