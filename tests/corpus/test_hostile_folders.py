"""Folders with anything in them: pipes, devices, links in circles, names that are no text, folders without end."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.corpus.reading import contents, sentence, tally_of

TEXT = "some words\n" * 300


def test_what_is_no_file_is_not_opened_and_said(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)
    os.mkfifo(tmp_path / "b.txt")
    for name, target in (("c.txt", "/dev/zero"), ("d.txt", "d.txt"), ("e", "."), ("f.txt", "nowhere")):
        (tmp_path / name).symlink_to(target)
    assert contents(tmp_path) == [TEXT]
    assert {each.reason: each.n for each in tally_of(tmp_path).left_out} == {
        "broken links or special files": 4,
        "links to a folder that holds them": 1,
    }
    assert sentence(tmp_path / "b.txt") == (
        f"{tmp_path / 'b.txt'} is neither a file nor a folder: to read a pipe, send it to standard input and name -."
    )


@pytest.mark.parametrize("name", [b"a\nb.txt", b"\x1b[31m.txt", b"\xff\xfe.txt", b"x" * 250 + b".txt"])
def test_names_that_are_no_text(tmp_path: Path, name: bytes) -> None:
    path = Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name)))
    path.write_text(TEXT)
    assert contents(tmp_path) == contents(path) == [TEXT]


def test_folders_a_thousand_deep(tmp_path: Path) -> None:
    here = Path.cwd()
    os.chdir(tmp_path)
    try:
        for _ in range(1500):
            os.mkdir("d")
            os.chdir("d")
        Path("a.txt").write_text(TEXT)
    finally:
        os.chdir(here)
    try:
        assert contents(tmp_path) == [TEXT]
    finally:
        subprocess.run(["rm", "-rf", tmp_path / "d"], check=True)  # deeper than Python, and so pytest, can remove


def test_a_glob_of_many_double_stars(tmp_path: Path) -> None:
    inner = tmp_path.joinpath(*"abcdefghijklmnop")
    inner.mkdir(parents=True)
    (inner / "a.txt").write_text(TEXT)
    assert contents(f"{tmp_path}/{'**/' * 16}*.txt") == [TEXT]
    assert not tally_of(f"{tmp_path}/{'**/' * 16}*.txt").left_out
