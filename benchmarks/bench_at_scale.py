"""What docs/scale.md rests on: rows, checkpoints and shards, each as many as fit into a minute.

    python benchmarks/bench_at_scale.py [--rows 20000] [--params 20000000] [--shards 100000]

Rows: appended to a ledger and flushed to disk, by one process; and a ledger of so many rows read, with the memory that
it takes. Checkpoints: of a model of so many parameters, written with its digest and flushed to disk, and read back.
Shards: so many small files of jsonl in a hundred folders, listed and scored by `advisor score`, against one file of the
same lines ("theirs"). Nothing has a limit: these are facts of a disk and a machine.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import torch

from advisor.json_form import as_json
from calibration.campaign.ledger import Ledger, signed_line
from calibration.lines.records import Row
from calibration.training import checkpoints
from calibration.training.optimizer import State
from calibration.training.train import Stage
from calibration.training.trunk import Run

ROOT = Path(__file__).resolve().parent.parent
APPENDED = 200
TEXT = "It was the best of times, it was the worst of times, it was the age of wisdom; a line of number "


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def now_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


def some_row() -> Row:
    return Ledger(next((ROOT / "data/calibrations").glob("*/runs.jsonl"))).rows()[0]


def copies(n: int) -> Iterator[Row]:
    row = some_row()
    return (replace(row, key=f"{number:032x}") for number in range(n))


def rows(folder: Path, n: int) -> None:
    path = folder / "runs.jsonl"
    begin = time.perf_counter()
    for row in copies(APPENDED):
        Ledger(path).append(row)
    a_row = (time.perf_counter() - begin) / APPENDED
    path.write_bytes(b"".join(signed_line(as_json(row)) for row in copies(n)))
    before, begin = now_mb(), time.perf_counter()
    assert len(Ledger(path).rows()) == n
    took = time.perf_counter() - begin
    print(
        f"rows         {path.stat().st_size / n:,.0f} bytes each; {1e3 * a_row:.2f} ms to append one, on disk on "
        f"return; {n:,} read in {took:.1f} s, {peak_mb() - before:.0f} MB"
    )


def written_checkpoint(folder: Path, n_params: int) -> None:
    weights = torch.randn((1, n_params))
    state = State(weights=weights, first=weights.clone(), second=weights.clone(), diverged_at=[0], n_steps=1)
    stage = Stage(places=(0,), runs=(Run(seed=0, rate=1e-3),), since=(0,), state=state)
    path = folder / "task.pt"
    times = [time.perf_counter()]
    checkpoints.save(path, stage, task="task")
    times.append(time.perf_counter())
    assert checkpoints.load(path, task="task").warning is None
    times.append(time.perf_counter())
    size = path.stat().st_size
    write, read = (size / 1e6 / (after - before) for before, after in pairwise(times))
    print(
        f"checkpoint   {size / n_params:.1f} bytes a parameter; written at {write:,.0f} MB/s, read at {read:,.0f} MB/s"
    )


def shards(folder: Path, n: int) -> None:
    lines = [json.dumps({"text": TEXT * 20 + str(number)}) + "\n" for number in range(n)]
    (folder / "one.jsonl").write_text("".join(lines), encoding="utf-8")
    for number, line in enumerate(lines):
        place = folder / f"shards/{number % 100:02d}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number:06d}.jsonl").write_text(line, encoding="utf-8")
    begin = time.perf_counter()
    assert sum(len(files) for _, _, files in os.walk(folder / "shards")) == n
    print(f"shards       {n:,} files listed in {time.perf_counter() - begin:.2f} s (os.walk)")
    for what, name in (("ours", "shards"), ("theirs", "one.jsonl")):
        seconds, memory = scored(folder / name)
        print(f"{what:12} advisor score {name}: {seconds:.1f} s, {memory:.0f} MB")


def scored(place: Path) -> tuple[float, float]:
    """Return the seconds of `advisor score` there, and its MB with its children's."""
    script = (
        "import resource, subprocess, sys; code = subprocess.run(sys.argv[1:], stdout=-3).returncode; "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3); sys.exit(code)"
    )
    command = [sys.executable, "-c", script, sys.executable, "-m", "advisor", "score", str(place), "--quiet"]
    begin = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    return time.perf_counter() - begin, float(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("rows", 20_000), ("params", 20_000_000), ("shards", 100_000)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        rows(Path(name), given.rows)
        written_checkpoint(Path(name), given.params)
        shards(Path(name), given.shards)


if __name__ == "__main__":
    main()
