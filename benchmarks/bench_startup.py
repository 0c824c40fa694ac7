"""Start-up: `advisor recommend` against a Python that only imports click and rich.

    python benchmarks/bench_startup.py [--runs 60]

Both run alternately, as processes with bytecode cached; the medians and their ratio are printed, and the exit status is
1 where the ratio is above the limit.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIMIT = 2.2
ROOT = Path(__file__).resolve().parent.parent
OURS = [sys.executable, "-m", "advisor", "recommend", "--flops", "1e21", "--compressibility", ".45"]
THEIRS = [sys.executable, "-c", "import click, rich"]


def seconds(command: list[str], environment: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=60)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as cache:
        # An installed package has its bytecode; a checkout under PYTHONDONTWRITEBYTECODE would compile on each start.
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = cache
        seconds(OURS, environment), seconds(THEIRS, environment)
        times = [(seconds(OURS, environment), seconds(THEIRS, environment)) for _ in range(runs)]
    ours, theirs = (1e3 * statistics.median(column) for column in zip(*times, strict=True))
    ratio = ours / theirs
    print(f"ours {ours:.1f} ms, theirs {theirs:.1f} ms, ratio {ratio:.2f}, limit {LIMIT}, median of {runs}")
    return int(ratio > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
