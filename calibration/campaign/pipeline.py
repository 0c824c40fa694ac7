"""The folder of a calibration opened or extended, and what is missing in it trained: the steps of ``calibrate``."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.data_files import folder_made
from advisor.errors import CorpusError, UsageError
from advisor.json_form import as_json
from advisor.quantities import plural
from calibration.campaign.ledger import Ledger, check_lines
from calibration.campaign.lock import Lock, remove_leftovers
from calibration.campaign.plan_file import (
    CHECKPOINT_FOLDER,
    DATA_FOLDER,
    LEDGER_FILE,
    CalibrationPlan,
    extended,
    rates_of,
    read_plan,
    write_plan,
)
from calibration.campaign.sources import CorpusSource, read_again, restore
from calibration.training.execution import PINNED, ExecutionChoice
from calibration.training.run_key import run_key

if TYPE_CHECKING:
    from advisor.corpus.sequences import Progress
    from calibration.campaign.devices import Devices
    from calibration.campaign.engine import Listener, News, Trainer, Work
    from calibration.campaign.grid import Job
    from calibration.campaign.planning import CalibrationRequest
    from calibration.campaign.speed import TimedWork, Timetable

# What a request calls otherwise than the command line.
_OPTIONS = {"dtype": "precision", "vocabulary": "vocab-size"}


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A plan, and how it is trained on this machine; ``hours`` are of all its works, done or not."""

    plan: CalibrationPlan
    devices: Devices
    works: tuple[TimedWork, ...]
    hours: float
    notes: tuple[str, ...]

    def document(self, missing: Sequence[TimedWork]) -> dict[str, Any]:
        """Return the plan as one document; ``hours`` are by the clock on this machine, done or not."""
        plan = self.plan
        return {
            **as_json(plan),
            "n_runs": plan.n_runs,
            "flops": sum(plan.flops(job) for job in plan.jobs),
            "hours": self.hours,
            "n_works_missing": len(missing),
            "hardware": self.devices.first,
            "n_workers": self.devices.n_workers,
            "threads": self.devices.threads,
            "notes": [*plan.notes, *self.notes],
        }


@dataclass(frozen=True, kw_only=True)
class Trained:
    """What training left undone: works not begun for want of time, and why works (by name) did not come to an end."""

    left: tuple[TimedWork, ...] = ()
    failures: Mapping[str, str] = field(default_factory=dict)


def plan_calibration(
    request: CalibrationRequest,
    devices: Devices,
    *,
    folder: Path | None,
    progress: Progress,
    there: CalibrationPlan | None = None,
    for_later: bool = False,
) -> Opened:
    """Return a new plan, timed on this machine, and added to the one that is ``there``.

    Without a ``folder`` nothing is written. Widths that are there keep their rates. A new plan ``for_later`` is cut to
    the hours that it may take by the machine that first trains it.

    Raises:
        UsageError: it cannot be added to the plan that is there.
        AdvisorError: a source cannot be read, or nothing is left to train.
    """
    from calibration.campaign.planning import make_plan
    from calibration.campaign.rate_sweep import sweep_rates

    plan = make_plan(request, folder, progress=progress, there=there)
    settled = {} if there is None else rates_of(there)
    plan = replace(plan, jobs=tuple(replace(job, rate=settled.get(job.size.width, job.rate)) for job in plan.jobs))
    if request.lr_sweep and devices.cluster is not None:
        raise UsageError(
            "--lr-sweep trains in the process of the command, and --engine ray on a cluster: plan with --prepare on "
            "one machine, and go on with --out on the cluster."
        )
    if request.lr_sweep and folder is not None:
        plan = sweep_rates(
            plan, devices.first, folder=folder, progress=progress, choice=request.choice, settled=settled
        )
    elif request.lr_sweep:
        plan = replace(plan, notes=(*plan.notes, "Learning rates are those before --lr-sweep, which trains."))
    if there is not None:
        if request.max_hours is not None:
            plan = _cut(plan, devices, request.choice, request.max_hours, progress)[0]
        both, hours = extended(there, plan), _still_to_cut(there)
        return _timed(both, devices, _choice(both), progress=progress, max_hours=hours, for_later=for_later)
    return _timed(plan, devices, request.choice, progress=progress, max_hours=request.max_hours, for_later=for_later)


def open_calibration(
    request: CalibrationRequest | None,
    devices: Devices,
    *,
    folder: Path,
    extend: bool,
    progress: Progress,
    for_later: bool = False,
) -> Opened:
    """Return the calibration of a folder, planned now if it is new; hold the folder's lock.

    With ``request`` None the folder's own plan is gone on with; with ``extend`` the request is added to it. What is
    prepared ``for_later`` is cut to the hours that it may take when it is first trained, and there.

    Raises:
        UsageError: the folder's plan is another one, or there is neither plan nor request.
        AdvisorError: the plan cannot be read or made.
    """
    remove_leftovers(folder)
    plan = read_plan(folder)
    _check_extension(plan, folder, extend=extend)
    if request is not None and (plan is None or extend):
        opened = plan_calibration(request, devices, folder=folder, progress=progress, there=plan, for_later=for_later)
    else:
        opened = _again(_same(plan, request, folder), devices, progress=progress, for_later=for_later)
    if opened.plan != plan:
        write_plan(opened.plan, folder)
    return opened


def _same(plan: CalibrationPlan | None, request: CalibrationRequest | None, folder: Path) -> CalibrationPlan:
    """Return the folder's plan if it is of this request, or if none is made."""
    if plan is None:
        raise UsageError(f"{folder} holds no calibration: name a --preset or a --corpus to plan one there.")
    if request is not None and (other := _differing(_given(request.asked), _given(plan.request))):
        raise UsageError(
            f"{folder} holds a calibration of {in_words(plan.request)}, with another {other}: give that again, add "
            "to it with --extend, or name another folder with --out."
        )
    return plan


def _differing(asked: Mapping[str, Any], there: Mapping[str, Any]) -> str:
    """Return which of what is asked for is not as it was: "preset, max-hours"; nothing where all is."""
    names = [name for name in {**asked, **there} if asked.get(name) != there.get(name)]
    return ", ".join(_OPTIONS.get(name, name) for name in names)


def _again(plan: CalibrationPlan, devices: Devices, *, progress: Progress, for_later: bool = False) -> Opened:
    """Return the plan of a folder with the works that it keeps for this device, or timed now."""
    hours = _still_to_cut(plan)
    return _timed(plan, devices, _choice(plan), progress=progress, max_hours=hours, for_later=for_later)


def _still_to_cut(plan: CalibrationPlan) -> float | None:
    """Return the hours that a plan is to be cut to, if no machine has timed it yet: it was prepared for a later one."""
    hours: float | None = None if plan.probe else plan.request.get("max-hours")
    return hours


def _choice(plan: CalibrationPlan) -> ExecutionChoice:
    return ExecutionChoice(dtype=plan.request.get("dtype"), compiled=plan.request.get("compile"))


def _timed(
    plan: CalibrationPlan,
    devices: Devices,
    choice: ExecutionChoice,
    *,
    progress: Progress,
    max_hours: float | None = None,
    for_later: bool = False,
) -> Opened:
    """Return the plan with the works that it keeps for this device, or timed now, and cut to ``max_hours``."""
    from calibration.campaign.speed import hours_of, works_from

    kept = (plan.probe or {}).get(devices.first.name)
    works = None if kept is None else works_from(plan, kept, devices.n_ranks)
    if works is not None and kept is not None:
        hours = hours_of(works, devices.n_workers)
        return Opened(plan=plan, devices=devices, works=works, hours=hours, notes=tuple(kept.get("notes", ())))
    is_cut_later = for_later and max_hours is not None
    if is_cut_later:
        choice = PINNED  # how it is trained is not chosen here: the hours are all that is asked for
    if max_hours is None or is_cut_later:
        schedule = devices.speed(plan, choice=choice, progress=progress).schedule(devices.n_workers)
    else:
        plan, schedule = _cut(plan, devices, choice, max_hours, progress)
    notes = schedule.notes
    if max_hours is not None and is_cut_later:  # without a probe: who has the plan next knows that it is to be cut
        notes = (*notes, f"The machine that trains leaves out what takes longer than {_hours(max_hours)} there.")
    else:
        plan = replace(plan, probe={**(plan.probe or {}), devices.first.name: as_json(schedule)})
    return Opened(plan=plan, devices=devices, works=schedule.works, hours=schedule.hours, notes=notes)


def _hours(hours: float) -> str:
    return plural(f"{hours:g}", "hour")


def _cut(
    plan: CalibrationPlan, devices: Devices, choice: ExecutionChoice, max_hours: float, progress: Progress
) -> tuple[CalibrationPlan, Timetable]:
    from calibration.campaign.speed import cut_to

    speed = devices.speed(plan, choice=choice, progress=progress)
    return cut_to(plan, speed, max_hours=max_hours, n_workers=devices.n_workers)


def _given(request: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in request.items() if value not in (None, False, [], {})}


def in_words(request: Mapping[str, Any]) -> str:
    """Return what was asked for as one line: preset cpu, only A1 A2, recipe tuned."""
    return ", ".join(f"{_OPTIONS.get(key, key)} {_word(value)}".strip() for key, value in _given(request).items())


def _word(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(f"{key} {_word(one)}" for key, one in value.items())
    return " ".join(map(str, value)) if isinstance(value, list) else "" if value is True else str(value)


def _check_extension(plan: CalibrationPlan | None, folder: Path, *, extend: bool) -> None:
    if extend and plan is None:
        raise UsageError(f"{folder} holds no calibration to extend: leave out --extend, or name another folder.")


def look(
    request: CalibrationRequest | None, devices: Devices, *, folder: Path, extend: bool, progress: Progress
) -> Opened:
    """Return the calibration that ``open_calibration`` would; nothing is written.

    Raises:
        AdvisorError: as ``open_calibration``.
    """
    plan = read_plan(folder)
    _check_extension(plan, folder, extend=extend)
    if request is None or (plan is not None and not extend):
        return _again(_same(plan, request, folder), devices, progress=progress)
    return plan_calibration(request, devices, folder=None, progress=progress, there=plan)


def materialise(
    plan: CalibrationPlan,
    folder: Path,
    missing: Sequence[TimedWork],
    *,
    progress: Progress,
    request: CalibrationRequest | None = None,
) -> None:
    """Have the tokens of what is missing on disk, so that a machine with numpy and torch alone trains from there.

    Grammars are sampled, and corpora whose tokens are gone are read again if the ``request`` names them.

    Raises:
        AdvisorError: a corpus's tokens are gone, or the disk refuses.
    """
    needed = {job.source for each in missing for job in each.work.jobs}
    specs = {} if request is None else {spec.name: spec for spec in request.specs if isinstance(spec, CorpusSource)}
    data = folder / DATA_FOLDER
    for done, name in enumerate(sorted(needed)):
        progress(f"sampling {name}", done, len(needed))
        source, n_tokens = plan.source(name), plan.n_tokens(name)
        try:
            restore(source, data, n_tokens=n_tokens, n_validation=plan.n_validation)
        except CorpusError:
            if name not in specs:
                raise
            read_again(source, specs[name], data, n_validation=plan.n_validation, progress=progress)


def missing_works(opened: Opened, folder: Path) -> tuple[TimedWork, ...]:
    """Return the works of which a row is missing in the ledger, in the order in which they are trained.

    Raises:
        AdvisorError: a line of the ledger is no row, was altered, or is of nothing that was trained.
    """
    lines = Ledger(folder / LEDGER_FILE).lines()
    check_lines(lines, opened.plan.sources)
    done = {line.row.key for line in lines}
    return tuple(each for each in opened.works if not keys_of(opened.plan, each.work) <= done)


def keys_of(plan: CalibrationPlan, work: Work) -> frozenset[str]:
    """Return the keys of the rows of a work."""
    return frozenset(key for job in work.jobs for key in keys_of_job(plan, job))


def keys_of_job(plan: CalibrationPlan, job: Job) -> list[str]:
    """Return the keys of the rows of a job, by their tokens."""
    record, job_plan = plan.source(job.source), job.plan(plan.recipe)
    shape = job.size.shape(record.vocab_size)
    return [
        run_key(data=record.data, shape=shape, seed=job.seed, plan=job_plan, branch=branch, rate=job.rate)
        for branch in job_plan.branches
    ]


def train(
    opened: Opened,
    folder: Path,
    held: Lock,
    *,
    missing: Sequence[TimedWork],
    tell: Listener,
    deadline: float = math.inf,
    trainer: Trainer | None = None,
) -> Trained:
    """Train what is missing, but for works that would not end before ``deadline``, in seconds of ``time.monotonic``.

    The longest come first. Where works take longer than they were timed to, the others are taken to do so too. What
    cannot be trained stops no other. ``trainer`` may stand in for ``run_task``, which trains a task.

    Raises:
        AdvisorError: a row cannot be written, or a worker was killed.
    """
    if not missing:
        _remove_checkpoints(folder, opened.devices)
        return Trained()
    from calibration.campaign.engine import Workshop, train_here, train_in_processes, train_together
    from calibration.campaign.task import run_task

    plan, devices = opened.plan, opened.devices
    workshop = Workshop(
        plan=plan, folder=folder, hardware=devices.hardware, threads=devices.threads, trainer=trainer or run_task
    )
    failures: dict[str, str] = {}
    together = [each for each in missing if each.work.execution.n_ranks > 1]
    alone = [each for each in missing if each.work.execution.n_ranks == 1]
    works = InTime(deadline)

    def listen(news: News) -> None:
        if news.ended:
            works.ended(news.work)
        if news.failure is not None:
            failures[news.work] = news.failure
        tell(news)

    with folder_made(folder / CHECKPOINT_FOLDER):
        train_together(workshop, works.of(together), listen, held=held)
        if devices.cluster is not None:
            from calibration.campaign.cluster.trunks import train_on_cluster

            train_on_cluster(workshop, works.of(alone), listen, cluster=devices.cluster, n_workers=devices.most)
        elif devices.in_processes and alone:
            n_workers = min(devices.n_workers, len(alone))
            train_in_processes(workshop, works.of(alone), listen, n_workers=n_workers, held=held)
        else:
            train_here(workshop, works.of(alone), listen)
    if not works.left and not failures:
        _remove_checkpoints(folder, devices)
    return Trained(left=tuple(works.left), failures=failures)


class InTime:
    """Works in their order, without those that would end after the deadline, which are ``left``."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.left: list[TimedWork] = []
        self._begun: dict[str, tuple[float, float]] = {}
        self._timed = self._took = 0.0  # seconds of those that ended: as they were timed, and as it was

    def of(self, works: Sequence[TimedWork]) -> Iterator[Work]:
        """Yield those of ``works`` that are begun."""
        for each in works:
            now = time.monotonic()
            factor = max(1.0, self._took / self._timed) if self._timed else 1.0
            if now + factor * each.seconds > self.deadline:
                self.left.append(each)
            else:
                self._begun[each.work.name] = now, each.seconds
                yield each.work

    def ended(self, name: str) -> None:
        """Take note of how long a work really took."""
        begin, seconds = self._begun[name]
        self._timed += seconds
        self._took += time.monotonic() - begin


def _remove_checkpoints(folder: Path, devices: Devices) -> None:
    """Remove what nothing will go on from: a process killed after a trunk's last row leaves its checkpoint behind."""
    from calibration.training import checkpoints

    if devices.cluster is not None:
        from calibration.campaign.cluster.trunks import remove_checkpoints

        remove_checkpoints(devices.cluster)
    checkpoints.remove_all(folder / CHECKPOINT_FOLDER)
