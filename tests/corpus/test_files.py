"""Which files a folder, a glob or a link means."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from advisor.corpus.files.find import find_files
from advisor.corpus.options import CorpusOptions
from advisor.corpus.tally import Tally
from tests.corpus.reading import contents, profile

JSONL = "".join(json.dumps({"text": f"document {i} says " + "some words " * 300}) + "\n" for i in range(30))


def test_a_folder_leaves_out_what_is_not_the_corpus(tmp_path: Path) -> None:
    for name in ("a.py", "sub/b.c", ".git/c.py", "__pycache__/d.py", "x/site-packages/e.py", "x/dist-packages/f.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"text of {name} " * 100)
    (tmp_path / "binary.py").write_bytes(b"\0\1\2" * 100)
    (tmp_path / "latin.txt").write_bytes("é".encode("latin-1") * 100)
    (tmp_path / "table.csv").write_text("text\nrow\n")
    (tmp_path / "photo.png").write_bytes(b"\x89PNG")
    (tmp_path / "empty.py").touch()
    assert [text.split()[2] for text in contents(tmp_path)] == ["a.py", "sub/b.c"]
    found = profile(tmp_path)
    assert found.skipped == {"files that are binary or not UTF-8": 2, "csv files (most of the bytes are text)": 1}
    assert found.n_documents_skipped == 3
    assert {each.reason: (each.n, each.n_bytes) for each in found.left_out if each.deliberate} == {
        "hidden files, which --all-folders reads": (1, 1800),
        "files in __pycache__, which --all-folders reads": (1, 2500),
        "files in dist-packages, which --all-folders reads": (1, 2900),
        "files in site-packages, which --all-folders reads": (1, 2900),
        "pictures, sound, programs and the like": (1, 4),
        "empty files": (1, 0),
    }
    assert len(contents(tmp_path, everything=True)) == 6


def test_a_data_set_with_a_readme_is_the_data(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("about")
    (tmp_path / "train.jsonl").write_text(JSONL)
    assert len(contents(tmp_path)) == 30
    assert contents(tmp_path, format="text")[0] == "about"


def test_globs_and_existing_paths_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a1", "a2", "b1"):
        (tmp_path / f"{name}.txt").write_text(name)
    assert contents(tmp_path / "a*.txt") == ["a1", "a2"]
    assert contents(tmp_path / "**" / "*1.txt") == ["a1", "b1"]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "org").mkdir()
    (tmp_path / "org" / "name").write_text("a file that looks like a hub name")
    assert contents("org/name") == ["a file that looks like a hub name"]
    (tmp_path / "odd[1].txt").write_text("brackets in a real name")
    assert contents("odd[1].txt") == ["brackets in a real name"]


def test_links_and_loops_of_links_are_read_once(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one.txt").write_text("one")
    (tmp_path / "a" / "up").symlink_to("..")
    (tmp_path / "two.txt").symlink_to("a/one.txt")
    assert contents(tmp_path / "**") == contents(tmp_path) == ["one"]


def test_a_file_without_an_extension_is_text_and_parquet_is_known_by_its_magic(tmp_path: Path) -> None:
    (tmp_path / "LICENSE").write_text("words")
    pq.write_table(pa.table({"text": ["row"]}), tmp_path / "blob")
    assert contents(tmp_path / "LICENSE") == ["words"]
    assert contents(tmp_path / "blob") == ["row"]


@pytest.mark.parametrize("source", ["hf://datasets/org/name@v1/data/*.json.gz", "hf://datasets/org/name/**"])
def test_a_glob_of_the_hub_is_left_to_the_hub(source: str) -> None:
    assert find_files(source, CorpusOptions(), Tally()) is None
