"""A program that runs tiny calibrations in processes that SIGKILL themselves, each going on where the last one died.

Usage: killed_calibration.py FOLDER planning|training. It prints JSON: of each process what it died of, and of the last
one, and of a calibration that was left alone, the bytes that count. Every process is forked and does what
`advisor calibrate` does; only torch's import is shared.
"""

import hashlib
import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path

import torch

from calibration.campaign.ledger import Ledger
from tests.campaign.toy_calibration import calibrate, tiny_request, train_planted

# What each process is killed at: the how manieth of its moments of this name.
PLANNING = (
    *(("measuring A1", 1), ("sampling A1", 1), ("timing a few steps", 2), ("before fsync", 1), ("before replace", 1)),
    *(("after replace", 1), ("after fsync", 3)),
)
TRAINING = (
    *(("before replace", 4), ("after replace", 3)),  # of token arrays
    *(("step", 3), ("step", 40), ("before replace", 5), ("after replace", 4), ("before fsync", 6), ("inside write", 4)),
    *(("after write", 5), ("step", 45), ("inside write", 2), ("fitting", 1)),
    *(("before replace", 1), ("after replace", 1), ("before replace", 2), ("after replace", 2)),
)
FILES = ("laws.json", "fitted_coefficients.json")


def moments_of(kill):
    """Wrap what touches the disk; return what is to be called at other moments. At ``kill`` this process dies."""
    counts = {}

    def moment(name, *_):
        counts[name] = counts.get(name, 0) + 1
        if (name, counts[name]) == kill:
            os.kill(os.getpid(), signal.SIGKILL)

    def wrapped(name, call):
        def inner(*arguments):
            moment(f"before {name}")
            if name == "write" and kill is not None and kill == ("inside write", counts.get("inside write", 0) + 1):
                call(arguments[0], arguments[1][:50])  # a torn line
            if name == "write":
                moment("inside write")
            result = call(*arguments)
            moment(f"after {name}")
            return result

        return inner

    for name in ("write", "fsync", "replace", "ftruncate"):
        setattr(os, name, wrapped(name, getattr(os, name)))
    return moment, counts


def attempt(folder, request, kill=None):
    """Calibrate in a process of its own, killed at a moment or after some seconds; return its wait status."""
    pid = os.fork()
    if pid:
        if isinstance(kill, float):
            time.sleep(kill)
            os.kill(pid, signal.SIGKILL)
        return os.waitpid(pid, 0)[1]
    status = 1
    try:
        torch.set_num_threads(1)
        moment, counts = moments_of(None if isinstance(kill, float) else kill)

        def trainer(task, *, on_step, **options):
            def stepped(progress):
                moment("step")
                on_step(progress)

            train_planted(task, on_step=stepped, **options)

        calibrate(folder, request=request, trainer=trainer, progress=moment)
        folder.with_suffix(".counts").write_text(json.dumps(counts))
        status = 0
    finally:
        os._exit(status)


def outcome(folder):
    """Return what a calibration came to: digests of its files, its rows and what else lies there."""
    written = [folder / name for name in FILES if (folder / name).exists()]
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in written}
    left = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    ledger = Ledger(folder / "runs.jsonl")
    return {"digests": digests, "rows": ledger.digest(), "n_rows": len(ledger.rows()), "files": left}


def main(folder, part):
    request = tiny_request() if part == "training" else tiny_request(only=("A1",))
    whole, broken = folder / "whole", folder / "broken"
    assert attempt(whole, request) == 0
    if part == "training":  # what is planned is planned; all else is to do
        broken.mkdir()
        shutil.copy(whole / "plan.json", broken)
    kills = []
    for kill in PLANNING if part == "planning" else TRAINING:
        status = attempt(broken, request, kill)
        ledger = broken / "runs.jsonl"
        kills.append(
            {
                "at": kill,
                "signal": os.WTERMSIG(status),
                "is_torn": ledger.exists() and ledger.read_bytes()[-1:] not in (b"", b"\n"),
                "n_rows": len(Ledger(ledger).rows()),
                "parts": [path.name for path in broken.rglob(".*.part")],
            }
        )
    last = attempt(broken, request)
    print(json.dumps({"kills": kills, "last": last, "broken": outcome(broken), "whole": outcome(whole)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
