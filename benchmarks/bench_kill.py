"""What SIGKILL does to tiny calibrations: at how many moments each was killed, and whether its bytes stayed the same.

    python benchmarks/bench_kill.py --kills 100

Every calibration is killed ten times, by itself at a random write, flush, rename, step or stage, or from outside at a
random time, each time going on where the last process died. Then it is left to end, and its laws, lines, draws and rows
are compared with those of one that was left alone.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.campaign.killed_calibration import attempt, outcome
from tests.campaign.toy_calibration import tiny_request

MOMENTS = (
    *("step", "before write", "inside write", "after write", "before fsync", "after fsync", "before replace"),
    *("after replace", "fitting", "measuring A1", "timing a few steps"),
)
KILLS_EACH = 10


def main() -> None:
    """Print a table of outcomes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=100)
    n_kills = parser.parse_args().kills
    rng, request = random.Random(0), tiny_request()
    met: Counter[str] = Counter()
    n_same = n_ended = 0
    with tempfile.TemporaryDirectory() as name:
        whole = Path(name) / "whole"
        assert attempt(whole, request) == 0
        expected = outcome(whole)
        while met.total() < n_kills:
            folder = Path(name) / "broken"
            for number in range(KILLS_EACH):
                at_time = number % 2 == 1
                kill = rng.uniform(0.1, 8.0) if at_time else (rng.choice(MOMENTS), rng.randint(1, 20))
                if attempt(folder, request, kill) == 9:
                    met["a random time" if at_time else kill[0]] += 1
            assert attempt(folder, request) == 0
            n_ended += 1
            n_same += outcome(folder) == expected
            shutil.rmtree(folder)
    for moment, count in met.most_common():
        print(f"{moment:20} {count:4}")
    print(f"{met.total()} kills, {n_ended} calibrations, {n_same} of them byte for byte as one left alone")


if __name__ == "__main__":
    main()
