"""The hours of a whole plan on this machine: its trunks stacked, timed, and cut to ``--max-hours``."""

from __future__ import annotations

import heapq
import math
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, get_args

from advisor.errors import CaptureError, CompileError, DeviceMemoryError
from advisor.quantities import plural
from calibration.campaign.engine import Work
from calibration.campaign.grid import Job, Size, without
from calibration.campaign.plan_file import CalibrationPlan
from calibration.fit.run_checks import LEAST_RUNS
from calibration.training.device import Device
from calibration.training.estimate import count_steps, trunk_seconds
from calibration.training.execution import DType, Execution, ExecutionChoice
from calibration.training.probe import Way, check_memory, fastest, fits, time_together, time_way

# A step of each batch size is timed for this long.
PROBE_SECONDS = 0.4
# On a CPU a step of more ids takes seconds, and is in proportion to them but for a little: one of 262,144 took 8 to 15
# times one of 16,384, at widths 8 and 64. So more are timed as if they were as many as this, and half of it.
MOST_TIMED = 1 << 15

Progress = Callable[[str, float, float | None], None]


@dataclass(frozen=True, kw_only=True)
class TimedWork:
    """A piece of work and the seconds that it takes on one device."""

    work: Work
    seconds: float

    JSON = (
        "jobs=work.names",
        "micro_batch=work.execution.micro_batch",
        "graph=work.execution.graph",
        "dtype=work.execution.dtype",
        "compiled=work.execution.compiled",
        "n_ranks=work.execution.n_ranks",
        "-seconds",
        "seconds=rounded_seconds",
    )

    @property
    def rounded_seconds(self) -> float:
        """The seconds as a plan keeps them, to the millisecond."""
        return round(self.seconds, 3)


@dataclass(frozen=True, kw_only=True)
class Timetable:
    """What is trained in which stacks on this machine, the longest first.

    A plan keeps its JSON form, so that a rerun trains the same stacks.
    """

    hardware: Device
    n_workers: int
    works: tuple[TimedWork, ...]
    tokens_per_second: Mapping[str, float]
    notes: tuple[str, ...] = ()

    JSON = ("hardware", "n_workers", "hours", "tokens_per_second", "notes", "works")

    @property
    def hours(self) -> float:
        """Hours until the last worker is done."""
        return hours_of(self.works, self.n_workers)


class Speed:
    """The fastest way to train every size of a plan, timed at its smallest and its largest vocabulary.

    The way is that in which all jobs of a size end first, by their largest vocabulary. What a CPU takes for one of more
    than MOST_TIMED follows from two smaller ones. ``plan`` may be replaced by one with fewer of its jobs and token
    counts.
    """

    def __init__(
        self, plan: CalibrationPlan, hardware: Device, *, choice: ExecutionChoice, progress: Progress, n_ranks: int = 1
    ) -> None:
        self.plan, self.hardware = plan, hardware
        self.timed: dict[tuple[Size, int], Way] = {}
        self._notes: list[str] = []
        self._known: dict[tuple[Size, int, tuple[int, ...]], float] = {}
        self._largest, batches = {size: max(found) for size, found in self._vocabularies().items()}, self._batches()
        sizes = sorted(self._largest, key=lambda size: (size.width, size.n_layers))
        for done, size in enumerate(sizes):
            progress("timing a few steps", done, len(sizes))
            if n_ranks > 1 and not fits(size.shape(self._largest[size]), hardware):
                self._time_together(size, batches[size], choice, n_ranks)
                continue
            check_memory(size.shape(self._largest[size]), hardware)
            *others, high = self._timed_at(self._vocabularies()[size])
            way = fastest(
                size.shape(high),
                batches[size],
                hardware=hardware,
                cost=partial(self._cost, size),
                n_models=self._largest_stack(size),
                choice=choice,
                seconds=PROBE_SECONDS,
            )
            self.timed[size, high] = way
            for other in others:
                self._time_smaller(size, other, way)
        if self._is_cut(largest := max(self._largest.values(), default=0)):
            self._notes.append(
                f"Steps were timed with vocabularies of {MOST_TIMED // 2:,} and {MOST_TIMED:,}: the hours of "
                f"{largest:,} follow in proportion."
            )

    def _time_together(self, size: Size, batches: Collection[int], choice: ExecutionChoice, n_ranks: int) -> None:
        """Time a size that no device holds on several together, at its largest vocabulary alone."""
        vocab = self._largest[size]
        self.timed[size, vocab] = time_together(
            size.shape(vocab),
            batches,
            hardware=self.hardware,
            n_ranks=n_ranks,
            choice=choice,
            seconds=PROBE_SECONDS,
        )

    def _time_smaller(self, size: Size, vocab: int, way: Way) -> None:
        """Time a size with fewer ids in the way of its largest vocabulary; what fails there is taken to be as fast."""
        try:
            self.timed[size, vocab] = time_way(size.shape(vocab), way, hardware=self.hardware, seconds=PROBE_SECONDS)
        except (CaptureError, CompileError, DeviceMemoryError) as error:
            self._notes.append(f"Width {size.width} with {vocab} ids is not timed: {error}")

    def _timed_at(self, vocabularies: Collection[int]) -> list[int]:
        """Return the vocabularies at which a size is timed, rising."""
        low, high = min(vocabularies), max(vocabularies)
        if self._is_cut(high):
            return sorted({min(low, MOST_TIMED // 2), MOST_TIMED // 2, MOST_TIMED})
        return sorted({low, high})

    def _is_cut(self, vocab: int) -> bool:
        """Return whether this many ids are too many to be timed: their hours follow from those of fewer."""
        return self.hardware.device == "cpu" and vocab > MOST_TIMED

    def _cost(self, size: Size, way: Way) -> float:
        """Return the seconds of all jobs of a size, stack after stack, trained this way."""
        groups = [group for group in self.groups() if group[0].size == size]
        n_stacks = [math.ceil(len(group) / way.n_models) for group in groups]
        n_setups = sum(n_stacks) if way.execution.graph else 1
        plans = [group[0].plan(self.plan.recipe) for group in groups]
        seconds = [trunk_seconds(plan, way, n_validation=self.plan.n_validation) for plan in plans]
        steps = sum(n * way.n_models * each for n, each in zip(n_stacks, seconds, strict=True))
        larger = self._largest[size] / way.shape.vocab_size  # than what is timed: steps are in proportion
        return n_setups * way.setup_seconds + larger * steps

    def _largest_stack(self, size: Size) -> int:
        """Return the most models in a stack: one on a CPU, where a stack wins little and what is faster is not sure.

        Stacks differ in the last digits, so there the same request would not always come to the same laws.
        """
        if self.hardware.device == "cpu":
            return 1
        return max(len(group) for group in self.groups() if group[0].size == size)

    def _vocabularies(self) -> dict[Size, set[int]]:
        found: dict[Size, set[int]] = {}
        for job in self.plan.jobs:
            found.setdefault(job.size, set()).add(self.plan.source(job.source).vocab_size)
        return found

    def _batches(self) -> dict[Size, set[int]]:
        found: dict[Size, set[int]] = {}
        for job in self.plan.jobs:
            found.setdefault(job.size, set()).update(count_steps(job.plan(self.plan.recipe)))
        return found

    def groups(self) -> list[list[Job]]:
        """Return the jobs that can be stacked: of one shape and one plan."""
        found: dict[tuple[Size, int, tuple[int, ...]], list[Job]] = {}
        for job in self.plan.jobs:
            found.setdefault(_stackable(self.plan, job), []).append(job)
        return list(found.values())

    def seconds(self, job: Job) -> float:
        """Return the seconds of a job on one device."""
        vocab = self.plan.source(job.source).vocab_size
        key = (job.size, vocab, job.token_counts)
        if key not in self._known:
            self._known[key] = self._at(job.size, vocab, partial(self._seconds, job))
        return self._known[key]

    def _at(self, size: Size, vocab: int, seconds: Callable[[int], float]) -> float:
        """Return what takes ``seconds`` of a vocabulary that was timed: between two and beyond them in proportion."""
        ends = sorted(v for each, v in self.timed if each == size)
        if len(ends) == 1:
            return seconds(ends[0])
        place = min(max(bisect_left(ends, vocab), 1), len(ends) - 1)
        low, high = ends[place - 1], ends[place]
        share = (vocab - low) / (high - low)
        # At least the less of both: timing is not steady, and a line that falls would end below 0.
        return max((1 - share) * seconds(low) + share * seconds(high), min(seconds(low), seconds(high)))

    def _seconds(self, job: Job, vocab: int) -> float:
        plan, way = job.plan(self.plan.recipe), self.timed[job.size, vocab]
        return trunk_seconds(plan, way, n_validation=self.plan.n_validation)

    def schedule(self, n_workers: int) -> Timetable:
        """Return the works of the plan, the longest first, so that no worker begins a long one last."""
        works = [self._timed_work(jobs) for group in self.groups() for jobs in self._stacks(group)]
        works.sort(key=lambda each: (-each.seconds, each.work.name))
        return Timetable(
            hardware=self.hardware,
            n_workers=n_workers,
            works=tuple(works),
            tokens_per_second=self._tokens_per_second(),
            notes=tuple(dict.fromkeys((*(note for way in self.timed.values() for note in way.notes), *self._notes))),
        )

    def _stacks(self, group: Sequence[Job]) -> Iterable[list[Job]]:
        size = self.way(group[0].size).n_models
        return (list(group[i : i + size]) for i in range(0, len(group), size))

    def way(self, size: Size) -> Way:
        """Return the way in which a size is trained, timed at its largest vocabulary."""
        return self.timed[size, max(vocab for each, vocab in self.timed if each == size)]

    def _timed_work(self, jobs: Sequence[Job]) -> TimedWork:
        """Return a work and its seconds, those of a whole stack where fewer are left: a small step takes as long.

        Graphs are captured anew by each; what is compiled or loaded stays.
        """
        way = self.way(jobs[0].size)
        setup = way.setup_seconds if way.execution.graph else 0.0
        work = Work(jobs=tuple(jobs), execution=way.execution)
        return TimedWork(work=work, seconds=setup + way.n_models * self.seconds(jobs[0]))

    def _tokens_per_second(self) -> dict[str, float]:
        """Return the speed of each size at its largest batch and vocabulary."""
        ordered = sorted({size for size, _ in self.timed}, key=lambda size: (size.width, size.n_layers))
        return {f"{size.width}x{size.n_layers}": round(self._speed(size), 1) for size in ordered}

    def _speed(self, size: Size) -> float:
        way = self.way(size)
        n_tokens = way.n_models * way.largest.batch_documents * way.shape.context
        return n_tokens / self._at(
            size, self._largest[size], lambda vocab: self.timed[size, vocab].largest.step_seconds
        )


def hours_of(works: Sequence[TimedWork], n_workers: int) -> float:
    """Return the hours by the clock until the last of ``n_workers`` is done, each taking the next work in turn.

    Works of several ranks take all devices, one after the other, before them.
    """
    ends = [sum(each.seconds for each in works if each.work.execution.n_ranks > 1)] * n_workers
    for each in works:
        if each.work.execution.n_ranks == 1:
            heapq.heapreplace(ends, ends[0] + each.seconds)
    return max(ends) / 3600


def cut_to(
    plan: CalibrationPlan, speed: Speed, *, max_hours: float, n_workers: int
) -> tuple[CalibrationPlan, Timetable]:
    """Return the plan without its costliest runs, and its schedule, so that it ends within ``max_hours``.

    What goes first is the largest token count of the job of most FLOPs: what is left does not hang on how steadily the
    steps were timed. At least one run stays. ``plan.cuts`` has a sentence for each size, one if even the run that stays
    takes longer, and one if what stays cannot carry a law.
    """
    cuts: dict[Job, list[int]] = {}
    whole = {job.name: job for job in plan.jobs}
    schedule = speed.schedule(n_workers)
    while schedule.hours > max_hours and plan.n_runs > 1:
        job = max(plan.jobs, key=lambda each: (plan.flops(each), each.name))
        cuts.setdefault(whole[job.name], []).append(job.token_counts[-1])
        plan = replace(plan, jobs=without(plan.jobs, job.name, job.token_counts[-1]))
        speed.plan = plan
        schedule = speed.schedule(n_workers)
    said = _cuts_in_words(cuts, whole.values(), max_hours)
    if schedule.hours > max_hours:
        said.append(
            f"The smallest run alone takes about {plural(f'{60 * schedule.hours:.2g}', 'minute')}, longer than "
            f"{plural(f'{max_hours:g}', 'hour')}."
        )
    few = [
        source for source in plan.sources if sum(len(j.token_counts) for j in plan.jobs_of(source.name)) < LEAST_RUNS
    ]
    if few:
        said.append(
            f"Fewer than {LEAST_RUNS} runs are left of {', '.join(source.name for source in few)}: too few for a law."
        )
    return replace(plan, cuts=(*plan.cuts, *said)), schedule


def _cuts_in_words(cuts: Mapping[Job, Sequence[int]], whole: Collection[Job], max_hours: float) -> list[str]:
    """Return a sentence for each size and its token counts that go, with the sources that they go from."""
    gone: dict[tuple[int, int, tuple[int, ...]], list[Job]] = {}
    for job, counts in cuts.items():
        gone.setdefault((job.size.width, job.size.n_layers, tuple(sorted(counts))), []).append(job)
    said = []
    for (width, n_layers, counts), jobs in sorted(gone.items(), reverse=True):
        which = "every run" if all(job.token_counts == counts for job in jobs) else "the runs"
        tokens = ", ".join(f"{n:,}" for n in counts)
        names = ", ".join(sorted(f"{job.source} (seed {job.seed})" if job.seed else job.source for job in jobs))
        if len(jobs) == sum(job.size == jobs[0].size for job in whole):
            names = "every source"
        said.append(
            f"Left out to end within {plural(f'{max_hours:g}', 'hour')}: {which} of width {width} and "
            f"{plural(n_layers, 'layer')} to {tokens} "
            f"tokens, of {names}."
        )
    return said


def works_from(plan: CalibrationPlan, kept: Mapping[str, Any], n_ranks: int = 1) -> tuple[TimedWork, ...] | None:
    """Return the works that a plan keeps of an earlier probe; None where they are not of these jobs, or not works.

    Jobs of one work must still be of one shape and plan, which an extension may have changed. Works of several ranks
    must be of ``n_ranks``: where there are others now, they are timed again.
    """
    jobs = {job.name: job for job in plan.jobs}
    try:
        works = tuple(_work_from(each, jobs) for each in kept["works"])
    except (KeyError, TypeError, ValueError):
        return None
    named = [job.name for each in works for job in each.work.jobs]
    alike = all(len({_stackable(plan, job) for job in each.work.jobs}) == 1 for each in works)
    here = {each.work.execution.n_ranks for each in works} <= {1, n_ranks}
    return works if sorted(named) == sorted(jobs) and alike and here else None


def _work_from(kept: Mapping[str, Any], jobs: Mapping[str, Job]) -> TimedWork:
    seconds, micro_batch, dtype = float(kept["seconds"]), kept["micro_batch"], kept.get("dtype", "float32")
    if not (0 <= seconds < math.inf) or not (
        micro_batch is None or (isinstance(micro_batch, int) and micro_batch >= 1)
    ):
        raise ValueError("a work takes some time, and a micro-batch has a document")
    if dtype not in get_args(DType):
        raise ValueError("models are trained in float32 or bfloat16")
    n_ranks = kept.get("n_ranks", 1)
    if not isinstance(n_ranks, int) or n_ranks < 1:
        raise ValueError("a work is trained by some ranks")
    execution = Execution(
        dtype=dtype,
        compiled=bool(kept.get("compiled")),
        graph=bool(kept["graph"]),
        micro_batch=micro_batch,
        n_ranks=n_ranks,
    )
    return TimedWork(work=Work(jobs=tuple(jobs[name] for name in kept["jobs"]), execution=execution), seconds=seconds)


def _stackable(plan: CalibrationPlan, job: Job) -> tuple[Size, int, tuple[int, ...]]:
    """Return what jobs of one stack have in common: shape and plan."""
    return job.size, plan.source(job.source).vocab_size, job.token_counts
