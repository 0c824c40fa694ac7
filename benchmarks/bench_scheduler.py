"""The order of works at scale: when the last worker is done, and how long the driver takes to choose.

    python benchmarks/bench_scheduler.py [--tasks 10000] [--seed 0]

Works of a calibration go to whichever worker is free, the largest first (`calibration.campaign`, `Speed.schedule` and
`InTime`, which are what runs here; that time passes is simulated). "theirs" is the same with the works as they come
(FIFO), as Ray, Slurm and a process pool do. Both are divided by the bound that no order can beat: all work over the sum
of the workers' speeds, or the longest work on the fastest worker. Works are lognormal (sd of the logarithm 1.5), or the
jobs of the preset `paper` over and over with a factor of at most 2 between equal ones; workers are alike, or of two
speeds, half of them a third as fast, or one in a hundred is ten times slower than the others. Which worker is slow
nobody knows before. The limit is of ours over the bound: 1.02 where workers are alike, else what any order keeps to
that leaves no worker idle (the bound, and the longest work on the slowest worker behind it), and never more than
"theirs". Below that: the microseconds that the driver takes for one choice, with its bookkeeping, and the seconds and
MB to lay out and to read back a plan of so many jobs and to find what is missing of it. Exit status 1 beyond a limit.
About a minute.
"""

from __future__ import annotations

import argparse
import heapq
import math
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from calibration.campaign.engine import Work
from calibration.campaign.grid import Job, Size
from calibration.campaign.ledger import Ledger
from calibration.campaign.pipeline import InTime, keys_of
from calibration.campaign.plan_file import CalibrationPlan, read_plan, write_plan
from calibration.campaign.planning import CalibrationRequest, make_plan
from calibration.campaign.presets import find_grid
from calibration.campaign.speed import TimedWork

LIMIT_ALIKE = 1.02
MOST_CHOICE_US, MOST_START_SECONDS = 100.0, 60.0
SIZE = Size(width=8, n_layers=1)
HOURS = 3600.0


def lognormal(n: int, draw: random.Random) -> list[float]:
    return [HOURS * draw.lognormvariate(0.0, 1.5) for _ in range(n)]


def paper(n: int, draw: random.Random) -> list[float]:
    grid = find_grid("paper")
    flops = [job.flops(grid.recipe, 301) for job in grid.jobs("A1", n_unique=None)]
    mean = sum(flops) / len(flops)
    return [HOURS * draw.choice(flops) / mean * 2 ** draw.uniform(-0.5, 0.5) for _ in range(n)]


WORKS: dict[str, Callable[[int, random.Random], list[float]]] = {"lognormal": lognormal, "paper": paper}
SPEEDS: dict[str, Callable[[int], list[float]]] = {
    "alike": lambda n: [1.0] * n,
    "two speeds": lambda n: [1.0 if worker % 2 else 1 / 3 for worker in range(n)],
    "a slow one in 100": lambda n: [0.1 if worker % 100 == 99 else 1.0 for worker in range(n)],
}


def timed(seconds: Sequence[float]) -> list[TimedWork]:
    return [
        TimedWork(
            work=Work(jobs=(Job(source="A1", size=SIZE, seed=number, token_counts=(1 << 20,), rate=0.01),)),
            seconds=each,
        )
        for number, each in enumerate(seconds)
    ]


def ended_at(works: Sequence[TimedWork], speeds: Sequence[float]) -> tuple[float, float]:
    """Return when the last worker is done, and the seconds that the driver really took for it all."""
    seconds = {each.work.name: each.seconds for each in works}
    choice = InTime(math.inf)
    order = choice.of(works)
    # A faster worker asks first where several are free.
    free: list[tuple[float, float, int, str]] = [(0.0, -speed, number, "") for number, speed in enumerate(speeds)]
    heapq.heapify(free)
    last = took = 0.0
    while free:
        now, speed, number, name = heapq.heappop(free)
        begin = time.perf_counter()
        if name:
            choice.ended(name)
        work = next(order, None)
        took += time.perf_counter() - begin
        last = max(last, now if name else 0.0)
        if work is not None:
            heapq.heappush(free, (now + seconds[work.name] / -speed, speed, number, work.name))
    return last, took


def bound(works: Sequence[TimedWork], speeds: Sequence[float]) -> float:
    return max(sum(each.seconds for each in works) / sum(speeds), max(each.seconds for each in works) / max(speeds))


def worst(works: Sequence[TimedWork], speeds: Sequence[float]) -> float:
    """Return the end that no order exceeds if no worker is idle while there is work: the last work begins before."""
    return sum(each.seconds for each in works) / sum(speeds) + max(each.seconds for each in works) / min(speeds)


def row(kind: str, n_tasks: int, speeds: Sequence[float], seed: int) -> tuple[float, float, float, float]:
    """Return ours, FIFO's and the limit over the bound, and the microseconds of a choice."""
    works = timed(WORKS[kind](n_tasks, random.Random(seed)))
    least = bound(works, speeds)
    end, took = ended_at(sorted(works, key=lambda each: (-each.seconds, each.work.name)), speeds)
    theirs = ended_at(works, speeds)[0]
    limit = LIMIT_ALIKE if len(set(speeds)) == 1 else min(worst(works, speeds), theirs) / least
    return end / least, theirs / least, limit, 1e6 * took / n_tasks


def plan_of(n_jobs: int) -> CalibrationPlan:
    """Return a plan of so many jobs: those of the preset cpu for one grammar, with ever other seeds."""
    request = CalibrationRequest.of(sets=("paper",), only=("A1",), grid="cpu")
    plan = make_plan(request, None, progress=lambda *_: None)
    jobs = [replace(plan.jobs[number % len(plan.jobs)], seed=number) for number in range(n_jobs)]
    return replace(plan, jobs=tuple(jobs))


def start(n_jobs: int) -> tuple[float, float, float]:
    """Return the seconds to read a plan and to find what is missing, the MB of its file, and those of this process."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_plan(plan_of(n_jobs), folder)
        begin = time.perf_counter()
        plan = read_plan(folder)
        assert plan is not None
        done = Ledger(folder / "runs.jsonl").keys()
        missing = [job for job in plan.jobs if not keys_of(plan, Work(jobs=(job,))) <= done]
        assert len(missing) == n_jobs
        took = time.perf_counter() - begin
        size = (folder / "plan.json").stat().st_size / 1e6
    return took, size, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    print("works      workers  of                  ours  theirs  ratio  limit   us a choice")
    is_worse = False
    for kind in WORKS:
        for n_workers in (8, 64, 1000):
            for name, speeds in SPEEDS.items():
                ours, theirs, limit, micros = row(kind, given.tasks, speeds(n_workers), given.seed)
                is_worse |= ours > limit or micros > MOST_CHOICE_US
                print(
                    f"{kind:9} {n_workers:8,}  {name:17} {ours:6.3f} {theirs:7.3f} {theirs / ours:6.2f} {limit:6.2f} "
                    f"{micros:13.1f}"
                )
    took, size, memory = start(given.tasks)
    is_worse |= took > MOST_START_SECONDS
    print(
        f"A plan of {given.tasks:,} jobs: {size:.1f} MB; read, and what is missing found, in {took:.1f} s (limit "
        f"{MOST_START_SECONDS:.0f}); this process has {memory:.0f} MB. A choice: at most {MOST_CHOICE_US:.0f} us."
    )
    return int(is_worse)


if __name__ == "__main__":
    sys.exit(main())
