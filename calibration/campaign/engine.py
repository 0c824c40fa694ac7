"""Where trunks are trained: in this process, one after the other, or in worker processes, one on each core or GPU.

Workers append to the ledger themselves, so that a row is on disk before anything is built on it; what they tell this
process is for the eye alone.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from advisor.errors import (
    AdvisorError,
    CaptureError,
    CompileError,
    DeviceMemoryError,
    DivergenceError,
    first_line,
)
from calibration.campaign.grid import SEQ_LEN, Job
from calibration.campaign.ledger import Ledger
from calibration.campaign.lock import Lock
from calibration.campaign.plan_file import CHECKPOINT_FOLDER, DATA_FOLDER, LEDGER_FILE, CalibrationPlan
from calibration.campaign.sources import restore
from calibration.campaign.task import Label, Task, run_task
from calibration.lines.records import Row
from calibration.training import ranks as training_ranks
from calibration.training.device import Device, free_memory, is_out_of_memory
from calibration.training.execution import EAGER, Execution
from calibration.training.ranks import ALONE, Ranks, Tell
from calibration.training.train import TrunkProgress, be_deterministic
from calibration.training.trunk import DataSource, Run, Trunk
from calibration.training.worker import Worker, signals_put_off

if TYPE_CHECKING:
    from advisor.plan.shape import Architecture
    from calibration.training.sharded import Sharded

# How often a trunk tells how far it is.
TELL_SECONDS = 0.25
# How long the signal that ended a worker may take to reach this process as well.
GROUP_SECONDS = 0.5


@dataclass(frozen=True, kw_only=True)
class Work:
    """Jobs of one shape and one plan that are trained as one stack, and how."""

    jobs: tuple[Job, ...]
    execution: Execution = EAGER

    @property
    def name(self) -> str:
        """The name of its first job, and how many more there are."""
        more = f"+{len(self.jobs) - 1}" if len(self.jobs) > 1 else ""
        return self.jobs[0].name + more

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its jobs."""
        return tuple(job.name for job in self.jobs)


@dataclass(frozen=True, kw_only=True)
class News:
    """What happened in a trunk: ``n_tokens`` of its steps so far, the last loss; a row; a warning; or its end.

    ``failure`` says why it ended before all of its rows were there.
    """

    work: str
    n_tokens: int = 0
    loss: float | None = None
    row: Row | None = None
    warning: str | None = None
    failure: str | None = None
    ended: bool = False


Listener = Callable[[News], object]
Trainer = Callable[..., None]


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """What every trunk of a calibration needs: the plan, its folder and the devices; ``threads`` are torch's.

    ``trainer`` trains a task into the ledger; another one with the arguments of ``run_task`` may stand in its place.
    ``ranks`` are those that train a work together, of which this process is one.
    """

    plan: CalibrationPlan
    folder: Path
    hardware: tuple[Device, ...]
    threads: int
    checkpoint_seconds: float = field(default=120.0)
    tell_seconds: float = field(default=TELL_SECONDS)
    trainer: Trainer = run_task
    ranks: Ranks = ALONE

    def task(self, work: Work, hardware: Device) -> Task:
        """Return the task of a piece of work, with its data on the device."""
        first = work.jobs[0]
        plan = first.plan(self.plan.recipe)
        sources = {job.source: self._source(job.source, hardware) for job in work.jobs}
        shape = first.size.shape(self.plan.source(first.source).vocab_size)
        trunk = Trunk(
            shape=shape,
            plan=plan,
            runs=tuple(Run(seed=job.seed, rate=job.rate) for job in work.jobs),
            sources=tuple(sources[job.source] for job in work.jobs),
            execution=work.execution,
            sharded=self._sharded(shape, work.execution, hardware),
        )
        records = [self.plan.source(job.source) for job in work.jobs]
        facts = {
            "device": hardware.name,
            "torch": hardware.torch_version,
            "dtype": work.execution.dtype,
            "compiled": work.execution.compiled,
            "threads": self.threads if hardware.device == "cpu" else None,
            "micro_batch": work.execution.micro_batch,
            "graph": work.execution.graph,
            **({"ranks": work.execution.n_ranks} if work.execution.n_ranks > 1 else {}),
        }
        labels = tuple(Label(name=record.name, data=record.data) for record in records)
        return Task(trunk=trunk, labels=labels, hardware=facts)

    def _sharded(self, shape: Architecture, execution: Execution, hardware: Device) -> Sharded | None:
        """Return the model of a work that several ranks train."""
        if self.ranks.n == 1:
            return None
        from calibration.training.sharded import Sharded

        return Sharded(shape, self.ranks, torch.device(hardware.device), execution)

    def _source(self, name: str, hardware: Device) -> DataSource:
        n_tokens = self.plan.n_tokens(name)
        data = restore(
            self.plan.source(name),
            self.folder / DATA_FOLDER,
            n_tokens=n_tokens,
            n_validation=self.plan.n_validation,
        )
        parts = (data.training[: -(-n_tokens // SEQ_LEN)], data.validation)
        training, validation = (torch.from_numpy(part.astype(np.int32)).to(hardware.device) for part in parts)
        return DataSource(documents=training, validation=validation)

    def train(self, work: Work, hardware: Device, tell: Listener) -> None:
        """Train what is missing of a piece of work; one that cannot be trained to its end says so and stops no other.

        Steps that cannot be captured or compiled go on without, and so do graphs that do not fit: it is said.

        Raises:
            AdvisorError: a row or a checkpoint cannot be written, or the ledger or the data cannot be read.
        DeviceMemoryError: one of several ranks has not memory enough.
        """
        last = 0.0
        n_tokens = 0

        def on_step(progress: TrunkProgress) -> None:
            nonlocal last, n_tokens
            n_tokens += progress.n_tokens
            if time.monotonic() - last >= self.tell_seconds:
                last = time.monotonic()
                tell(News(work=work.name, n_tokens=n_tokens, loss=float(progress.losses.mean())))

        while True:
            failure, simpler = self._train(work, hardware, on_step, lambda: n_tokens, tell)
            if failure is not None:
                free_memory(hardware)  # here, where the error no longer holds what failed
            if simpler is None:
                break
            without = "compiled steps" if simpler.graph == work.execution.graph else "a CUDA graph"
            tell(News(work=work.name, warning=f"{work.name} goes on without {without}: {failure}"))
            work = replace(work, execution=simpler)
        tell(News(work=work.name, n_tokens=n_tokens, failure=failure, ended=True))

    def _train(
        self,
        work: Work,
        hardware: Device,
        on_step: Callable[[TrunkProgress], object],
        n_tokens: Callable[[], int],
        tell: Listener,
    ) -> tuple[str | None, Execution | None]:
        """Return why a work did not come to its end, if it did not, and how it may be executed instead."""
        try:
            task = self.task(work, hardware)
            self.trainer(
                task,
                ledger=Ledger(self.folder / LEDGER_FILE),
                checkpoint_path=self.folder / CHECKPOINT_FOLDER / f"{task.identity}.pt",
                on_step=on_step,
                on_row=lambda row: tell(News(work=work.name, n_tokens=n_tokens(), loss=row.loss, row=row)),
                warn=lambda message: tell(News(work=work.name, warning=message)),
                every_seconds=self.checkpoint_seconds,
            )
        except (DivergenceError, CaptureError, CompileError, DeviceMemoryError) as error:
            if self.ranks.n > 1 and isinstance(error, DeviceMemoryError):
                raise  # the other ranks did not fail, and wait for this one
            return str(error), _simpler(work.execution, error)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            if self.ranks.n > 1:
                raise DeviceMemoryError(_does_not_fit(work, hardware, error)) from None
            return _does_not_fit(work, hardware, error), _simpler(work.execution, error)
        return None, None

    def begin(self) -> None:
        """Set up this process for training."""
        torch.set_num_threads(self.threads)
        be_deterministic()


def _simpler(execution: Execution, error: Exception) -> Execution | None:
    """Return how a work that failed may be executed instead; None where nothing can be left out that failed."""
    if isinstance(error, CompileError):
        return replace(execution, compiled=False) if execution.compiled else None
    return replace(execution, graph=False) if execution.graph and not isinstance(error, DivergenceError) else None


def _does_not_fit(work: Work, hardware: Device, error: RuntimeError) -> str:
    """Return the sentence for memory that ran out outside the step: uploads, copies, validation."""
    return (
        f"What {work.name} keeps beside its steps, the data and copies of the weights, does not fit into the memory of "
        f"{hardware.device} ({first_line(error)}): train it on a device with more, or on the CPU with --device cpu."
    )


def train_here(workshop: Workshop, works: Iterator[Work], tell: Listener) -> None:
    """Train works one after the other in this process, on the first device.

    Raises:
        AdvisorError: a row or checkpoint cannot be written.
    """
    workshop.begin()
    for work in works:
        workshop.train(work, workshop.hardware[0], tell)


def train_together(workshop: Workshop, works: Iterator[Work], tell: Listener, *, held: Lock) -> None:
    """Train works one after the other, each on as many ranks as it takes; a rank that dies takes the others along.

    Raises:
        AdvisorError: as ``train_here``, or a rank failed or died.
    """
    for work in works:
        free_memory(workshop.hardware[0])  # what was timed here is in the way of the rank on the same GPU
        try:
            training_ranks.run(
                _train_on_rank,
                (workshop, work),
                n_ranks=work.execution.n_ranks,
                device=workshop.hardware[0].device,
                hear=tell,
                held=held,
            )
        except DeviceMemoryError as error:
            tell(News(work=work.name, failure=str(error), ended=True))


def _train_on_rank(argument: tuple[Workshop, Work], ranks: Ranks, tell: Tell) -> None:
    """Do a rank's part of a work; the first tells of it."""
    workshop, work = argument
    workshop.begin()
    hardware = workshop.hardware[ranks.local % len(workshop.hardware)]
    replace(workshop, ranks=ranks).train(work, hardware, tell if ranks.is_first else lambda news: None)


def train_in_processes(
    workshop: Workshop, works: Iterator[Work], tell: Listener, *, n_workers: int, held: Lock
) -> None:
    """Train works in ``n_workers`` processes, which take the devices in turn; a killed parent takes them along.

    Raises:
        AdvisorError: as ``train_here``, or a worker was killed.
    """
    free_memory(workshop.hardware[0])  # what was timed here is in the way of the worker on the same GPU
    workers: dict[Connection, _Worker] = {}
    try:
        for number in range(n_workers):
            hardware = workshop.hardware[number % len(workshop.hardware)]
            with signals_put_off():
                worker = _Worker(workshop, hardware, held)
                workers[worker.link] = worker
        for worker in workers.values():
            worker.give(next(works, None))
        while busy := {link: worker for link, worker in workers.items() if worker.is_busy}:
            for link in wait([*busy, *(worker.process.sentinel for worker in busy.values())]):
                if isinstance(link, Connection):
                    workers[link].hear(works, tell)
                elif ended := [worker for worker in busy.values() if worker.process.sentinel == link]:
                    ended[0].explain(works, tell)
    finally:
        for worker in workers.values():
            worker.end()


class _Worker(Worker):
    """A process that trains what it is given, and what this one knows of it."""

    def __init__(self, workshop: Workshop, hardware: Device, held: Lock) -> None:
        self.is_busy = False
        try:
            super().__init__(_work, (workshop, hardware), held)
        except OSError as error:
            raise AdvisorError(
                f"A worker process cannot be started: {error.strerror}; give the command again with fewer --workers."
            ) from error

    def give(self, work: Work | None) -> None:
        self.is_busy = work is not None
        with suppress(OSError):  # it has died: its sentinel says so
            self.link.send(work)

    def hear(self, works: Iterator[Work], tell: Listener) -> None:
        try:
            news = self.link.recv()
        except (EOFError, OSError):
            raise self._killed() from None
        if isinstance(news, str):
            raise AdvisorError(news)
        tell(news)
        if news.ended:
            self.give(next(works, None))

    def explain(self, works: Iterator[Work], tell: Listener) -> None:
        """Say why the process ended: what it said last, or that it was killed."""
        while self.link.poll():
            self.hear(works, tell)
        raise self._killed()

    def _killed(self) -> AdvisorError:
        self.process.join()  # it has ended, and only now is its exit code known
        if self.process.exitcode in (-signal.SIGTERM, -signal.SIGHUP):
            time.sleep(GROUP_SECONDS)  # who ends the whole group ends this process too, which then says so itself
        return AdvisorError(
            f"A worker process was ended from outside (exit code {self.process.exitcode}), perhaps for want of memory: "
            "every finished row is in the ledger; give the command again, with fewer --workers if memory is short."
        )


def _work(given: tuple[Workshop, Device], link: Connection, held: Lock) -> None:
    """Train what ``link`` brings until it brings None. ``held`` keeps the folder locked while this process lives."""
    workshop, hardware = given
    try:
        workshop.begin()
        while (work := link.recv()) is not None:
            workshop.train(work, hardware, link.send)
    except Exception as error:  # noqa: BLE001 (the parent says it; a worker has no one to raise to)
        known = isinstance(error, AdvisorError)
        with suppress(OSError):  # the parent is gone, and with it this process in a moment
            link.send(str(error) if known else f"A worker failed: {type(error).__name__}: {first_line(error)}.")
    finally:
        held.close()
