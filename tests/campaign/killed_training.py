"""A program that trains toy tasks in processes that SIGKILL themselves: at one step, write, flush or rename of all.

Usage: killed_training.py FOLDER N_MOMENTS. It prints JSON: of a run left alone its steps and the digest of its ledger,
and for each moment chosen what the kill left and what one resumption made of it. Every attempt is a forked process
that trains, saves and appends as a command would; only torch's import is shared.
"""

import json
import os
import signal
import sys
from pathlib import Path

import torch

from calibration.campaign.ledger import Ledger
from calibration.campaign.task import run_task
from tests.training.toy_training import WILD, toy_task


def count_moments(kill_at, names):
    """Wrap what touches the disk: before and after each call is a moment; at number ``kill_at`` this process dies."""

    def moment(name):
        names.append(name)
        if len(names) == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def wrapped(name, call):
        def inner(*arguments):
            moment(f"before {name}")
            if name == "write" and len(names) + 1 == kill_at:  # a torn line
                call(arguments[0], arguments[1][:50])
                moment("inside write")
            result = call(*arguments)
            moment(f"after {name}")
            return result

        return inner

    for name in ("write", "fsync", "replace", "ftruncate"):
        setattr(os, name, wrapped(name, getattr(os, name)))
    return lambda _: moment("step")


def attempt(folder, kill_at=0, names=None):
    """Train in a process of its own; return its wait status."""
    pid = os.fork()
    if pid:
        return os.waitpid(pid, 0)[1]
    torch.set_num_threads(1)
    on_step = count_moments(kill_at, names := [])
    run_task(
        toy_task(WILD),
        ledger=Ledger(folder / "runs.jsonl"),
        checkpoint_path=folder / "toy.pt",
        on_step=on_step,
        every_seconds=0 if folder.name.endswith("often") else 120,
    )
    (folder / "names.json").write_text(json.dumps(names))
    os._exit(0)


def main(folder, n_moments):
    found = {}
    for kind in ("rarely", "often"):
        whole = folder / f"whole-{kind}"
        whole.mkdir()
        assert attempt(whole) == 0
        names = json.loads((whole / "names.json").read_text())
        digest = Ledger(whole / "runs.jsonl").digest()
        killed = []
        for kill_at in moments(names, n_moments):
            place = folder / f"{kill_at}-{kind}"
            place.mkdir()
            status = attempt(place, kill_at)
            ledger = place / "runs.jsonl"
            is_torn = ledger.exists() and ledger.read_bytes()[-1:] not in (b"", b"\n")
            left = sorted(path.name for path in place.iterdir())
            n_rows = len(Ledger(place / "runs.jsonl").rows())
            resumed = attempt(place)
            steps = json.loads((place / "names.json").read_text()).count("step")
            killed.append(
                {
                    "name": names[kill_at - 1],
                    "signal": os.WTERMSIG(status),
                    "left": left,
                    "is_torn": is_torn,
                    "n_rows": n_rows,
                    "resumed": resumed,
                    "n_steps": steps,
                    "digest": Ledger(place / "runs.jsonl").digest(),
                    "files": sorted(path.name for path in place.iterdir()),
                }
            )
        found[kind] = {"digest": digest, "n_steps": names.count("step"), "killed": killed}
    print(json.dumps(found))


def moments(names, n_moments):
    """Return numbers of moments: evenly spread, and inside the first and the last line that is written."""
    writes = [number for number, name in enumerate(names, start=1) if name == "after write"]
    return sorted({1 + (2 * i + 1) * len(names) // (2 * n_moments) for i in range(n_moments)} | {writes[0], writes[-1]})


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
