"""The fuzzing itself: what it calls a finding, that it goes on after one, and that it does the same again."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from fuzz import watch
from fuzz.bundle import LINK, PIPE, make_folder, packed, unpacked
from fuzz.findings import ROOT, target_and_turn
from fuzz.inputs import Inputs
from fuzz.mutations import changed
from fuzz.targets import TARGETS
from fuzz.worker import Work


def work(tmp_path: Path, target: str, n: int) -> Work:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return Work(target=target, seed=0, first=0, end=n, until=0.0, scratch=str(scratch), out=str(tmp_path / "out"))


def test_every_way_to_fail_is_a_finding_and_the_next_worker_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(watch, "WORKER", "tests.fuzz.failing")
    monkeypatch.setattr(watch, "MOST_SECONDS", 1.0)
    result = watch.watch(work(tmp_path, "failing", 11), seconds=60)
    assert result.n_inputs == 11
    assert dict(result.findings.n) == {
        "ValueError": 2,
        "SIGSEGV": 1,
        "over 400 MB": 1,
        "MemoryError": 1,
        "EscapedError": 1,
        "SystemExit": 1,
        "over 1 s": 1,
    }
    saved = {cause: path.read_bytes() for cause, path in result.findings.inputs.items()}
    assert saved["ValueError"] == b"x"  # the smaller of two
    assert saved["SIGSEGV"] == b"k"
    assert sorted((tmp_path / "out").iterdir()) == sorted(result.findings.inputs.values())
    assert {target_and_turn(path)[0] for path in result.findings.inputs.values()} == {"failing"}
    assert result.largest > 500 << 20


def test_a_fault_of_a_worker_between_inputs_is_no_finding(tmp_path: Path):
    with pytest.raises(RuntimeError, match="KeyError: 'no-such-target'"):
        watch.watch(work(tmp_path, "no-such-target", 3), seconds=60)


@pytest.mark.parametrize("name", ["jsonl", "parquet", "mds", "runs_csv"])
def test_the_same_seed_and_number_give_the_same_input(name: str):
    numbers = [0, 41, 64, 99]
    first, again, other = (
        [Inputs(name=name, target=TARGETS[name], seed=seed).at(i) for i in numbers] for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_examples_of_every_target_are_different_inputs():
    for name, target in TARGETS.items():
        if name not in ("checkpoint", "xz", "bz2"):  # those take seconds
            found = target.seeds()
            assert len({*found}) >= 2, name
            assert all(isinstance(each, bytes) for each in found)


def test_a_change_of_a_folder_is_a_folder():
    data = packed({b"a.txt": b"text" * 9, b"b/c.json": b'{"a": [1, 2]}'})
    for i in range(200):
        found = changed(data, [data], random.Random(i))
        assert packed(unpacked(found)) == found


def test_a_folder_is_made_inside_and_with_links_and_pipes(tmp_path: Path):
    inside = tmp_path / "inside"
    files = {
        b"a/b.txt": b"x",
        b"../out.txt": b"x",
        b"/tmp/../out": b"x",
        b"loop": LINK + b".",
        b"pipe": PIPE,
        b"\0": b"x",
    }
    make_folder(packed(files), inside)
    assert sorted(path.name for path in inside.iterdir()) == ["a", "loop", "pipe"]
    assert (inside / "pipe").is_fifo()
    assert [path.name for path in tmp_path.iterdir()] == ["inside"]


def test_the_command_prints_a_table_and_an_input_can_be_read_again(tmp_path: Path):
    command = [sys.executable, str(ROOT / "fuzz" / "run.py")]
    options = ["--inputs", "30", "--target", "quantity", "--markdown", "--out", str(tmp_path)]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    assert lines[:2] == [
        "| target | inputs | causes | slowest, s | largest, MB |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    assert [line.split(" | ")[:3] for line in lines[2:4]] == [["| quantity", "30", "0"], ["| all", "30", "0"]]
    assert done.returncode == 0
    saved = tmp_path / "quantity-7-0123456789ab"
    saved.write_bytes(b"1.5T")
    again = subprocess.run([*command, "--replay", str(saved)], capture_output=True, text=True, check=True)
    assert again.stdout == f"{saved}: no failure\n"
