"""Processes that train one model together: started here, one for each device, or found as torchrun or srun began them.

They are called ranks, from 0 on, as torch.distributed calls them. Those that are started here report to the process
that started them. That one ends them all as soon as one dies or fails, so that none waits for it; what does not die and
does not answer is given up after TIMEOUT.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection, wait
from typing import Any, Protocol, TypeVar

import torch
from torch import distributed

from advisor.errors import AdvisorError, UsageError, first_line
from calibration.training.worker import Worker, signals_put_off

# The longest that a rank waits for another in one operation.
TIMEOUT = timedelta(minutes=10)
# The longest that one waits for its next order: while the first plans, measures and fits.
IDLE = timedelta(days=30)
# Others end by themselves when one has died, and may say so first: for this long the reason is looked for.
SETTLE_SECONDS = 1.0

Value = TypeVar("Value")
Tell = Callable[[Any], object]


class Function(Protocol):
    """What every rank calls with the same argument; what it tells is heard by the process that runs it."""

    def __call__(self, argument: Any, ranks: Ranks, tell: Tell) -> object:
        """Do a rank's part."""


@dataclass(frozen=True, kw_only=True)
class Ranks:
    """One process's place among ``n`` ranks, on its own machine the ``local``-th, and where they ``meet``."""

    number: int = 0
    n: int = 1
    local: int = 0
    meet: str = "env://"

    @property
    def is_first(self) -> bool:
        """Whether it is the one that writes and decides."""
        return self.number == 0

    def __str__(self) -> str:
        return f"Rank {self.number} (of 0 to {self.n - 1})"


ALONE = Ranks()
# What says it: of torchrun's processes, and of srun's, as which no other has SLURM_STEP_NUM_TASKS.
_TORCHRUN = ("RANK", "WORLD_SIZE", "LOCAL_RANK")
_SRUN = ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID")
_PORT = 29_400


def found(environment: Mapping[str, str]) -> Ranks:
    """Return this process's place among those that torchrun or srun began with it; ALONE where neither did.

    Those of srun meet at MASTER_ADDR and MASTER_PORT, else on the step's first machine, at a port of the job's number.

    Raises:
        UsageError: what they say of it is no place.
    """
    for names in (_TORCHRUN, _SRUN):
        if any(name not in environment for name in names):
            continue
        said = ", ".join(f"{name}={environment[name]}" for name in names)
        if not all(re.fullmatch(r"\d{1,9}", environment[name]) for name in names):
            raise UsageError(f"{said} are no numbers: start every process with torchrun or srun.")
        number, n, local = (int(environment[name]) for name in names)
        if not max(number, local) < n:
            raise UsageError(f"{said} is no place among {n}: start every process with torchrun or srun.")
        if n == 1:
            return ALONE
        return Ranks(number=number, n=n, local=local, meet="env://" if names == _TORCHRUN else _meeting(environment))
    return ALONE


def _meeting(environment: Mapping[str, str]) -> str:
    """Return where the processes of srun meet."""
    nodes = environment.get("SLURM_STEP_NODELIST", "localhost")
    first = re.match(r"([^,\[]+)(?:\[(\d+))?", nodes)  # gpu[01-04,7],login: the first is gpu01
    host = environment.get("MASTER_ADDR") or ("".join(filter(None, first.groups())) if first else nodes)
    job = environment.get("SLURM_JOB_ID", "0")
    port = environment.get("MASTER_PORT") or str(_PORT + int(job[-4:] if job.isdigit() else 0))
    return f"tcp://{host}:{port}"


def agreed(ranks: Ranks, value: Value) -> Value:
    """Return the first rank's value, on every rank; each must call it."""
    if ranks.n == 1:
        return value
    box = [value]
    distributed.broadcast_object_list(box, src=0, device=torch.device("cpu"))
    return box[0]


def gathered(ranks: Ranks, value: Value) -> list[Value]:
    """Return every rank's value, on every rank; each must call it."""
    values: list[Any] = [value] * ranks.n
    if ranks.n > 1:
        distributed.all_gather_object(values, value)
    return values


def run(function: Function, argument: Any, *, n_ranks: int, device: str, hear: Tell, held: Any = None) -> None:
    """Call ``function`` on every rank, and ``hear`` with what they tell; it returns when all are done.

    They are the ranks that were found, where this process is one of them, else new processes; ``held`` is kept open in
    these for as long as they live.

    Raises:
        AdvisorError: a rank failed, died or could not be started; then none is left.
    """
    if _joined:
        _order(_joined[0], (function, argument))
        try:
            _called(function, argument, _joined[0], hear)
        except AdvisorError as error:
            raise AdvisorError(str(error)) from error  # whatever it is: the others wait, and this process must end
        return
    crew: list[_Process] = []
    with tempfile.TemporaryDirectory(prefix="ranks-") as folder:
        try:
            for number in range(n_ranks):
                ranks = Ranks(number=number, n=n_ranks, local=number, meet=f"file://{folder}/store")
                with signals_put_off():
                    crew.append(_Process((function, argument, ranks, device), held))
            _listen(crew, hear)
        finally:
            for each in crew:
                each.end()


@dataclass(frozen=True, kw_only=True)
class _Problem:
    """Why a rank ended, and how near that is to the cause: what it knows of itself, its death, what others made it."""

    distance: int
    error: AdvisorError


class _Process(Worker):
    """A rank that was started here, and what is known of it."""

    def __init__(self, given: tuple[Any, ...], held: Any) -> None:
        self.ranks: Ranks = given[2]
        self.is_over = False
        self.problem: _Problem | None = None
        try:
            super().__init__(_main, given, *(() if held is None else (held,)))
        except OSError as error:
            raise AdvisorError(f"{self.ranks} cannot be started: {error.strerror}.") from error

    def listen(self, hear: Tell) -> None:
        """Take what it sent, and see whether it lives."""
        is_dead = not self.process.is_alive()  # before what it sent last is taken
        with suppress(EOFError, OSError):
            while not self.is_over and self.link.poll():
                kind, what = self.link.recv()
                if kind == "told":
                    hear(what)
                else:
                    self.is_over, self.problem = True, what
        if is_dead and not self.is_over:
            self.is_over, self.problem = True, _Problem(distance=1, error=self._died())

    def _died(self) -> AdvisorError:
        self.process.join()
        return AdvisorError(
            f"{self.ranks} was ended from outside (exit code {self.process.exitcode}), perhaps for want of memory, and "
            "the others with it: what was finished is kept; give the command again."
        )


def _listen(crew: list[_Process], hear: Tell) -> None:
    """Hear the ranks until all are done, or one is not to be.

    Raises:
        AdvisorError: one failed or died.
    """
    while running := [each for each in crew if not each.is_over]:
        wait([end for each in running for end in (each.link, each.process.sentinel)])
        for each in running:
            each.listen(hear)
        if any(each.problem for each in crew):
            raise _cause(crew, hear)


def _cause(crew: list[_Process], hear: Tell) -> AdvisorError:
    """Return what one rank's end came of; that of others may have come of it, and be heard first."""
    until = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < until:
        for each in crew:
            if not each.is_over:
                each.listen(hear)
        time.sleep(SETTLE_SECONDS / 20)
    return min((each.problem for each in crew if each.problem), key=lambda problem: problem.distance).error


def _main(given: tuple[Function, Any, Ranks, str], link: Connection, *held: Any) -> None:
    """Be a rank that was started; ``held`` keeps the folder locked while this process lives."""
    function, argument, ranks, device = given
    # They are on one machine, whose name need not have an address.
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo0" if sys.platform == "darwin" else "lo")
    problem = None
    try:
        _join(ranks, device)
        _called(function, argument, ranks, lambda what: link.send(("told", what)))
        distributed.destroy_process_group()
    except AdvisorError as error:
        problem = _Problem(distance=2 if isinstance(error, _LostError) else 0, error=error)
    with suppress(OSError):  # nobody is there to hear it, and this process ends in a moment
        link.send(("over", problem))
    for each in held:
        each.close()


class _LostError(AdvisorError):
    """A rank failed in what torch did for it, as each does when another has gone."""


def _called(function: Function, argument: Any, ranks: Ranks, tell: Tell) -> None:
    """Call it, and say of what torch raises which rank it was."""
    try:
        function(argument, ranks, tell)
    except AdvisorError:
        raise
    except Exception as error:
        raise _LostError(f"{ranks} failed: {type(error).__name__}: {first_line(error)}.") from error


# The ranks that were found and joined, and the group by which the first gives its orders: as torch's, one a process.
_joined: list[Any] = []


@contextmanager
def joined(device: str) -> Iterator[None]:
    """Join the ranks that were found, if there are any: the first goes on, the others do what it orders, and end.

    Raises:
        SystemExit: this is another rank than the first, and all is done.
        AdvisorError: the others did not come, or were lost.
    """
    ranks = found(os.environ)
    if ranks == ALONE or _joined:
        yield
        return
    _join(ranks, device)
    _joined[:] = [ranks, distributed.new_group(backend="gloo", timeout=IDLE)]
    if ranks.number:
        _serve(ranks)
        _leave()
        raise SystemExit(0)
    yield  # where it fails, this process ends, and the others when they have lost it
    _order(ranks, None)
    _leave()


def _leave() -> None:
    """Leave the ranks that were joined, as each must: a thread of gloo's that outlives Python aborts the process."""
    _joined.clear()
    distributed.destroy_process_group()


def _serve(ranks: Ranks) -> None:
    while (order := _order(ranks, None)) is not None:
        function, argument = order
        _called(function, argument, ranks, lambda what: None)


def _order(ranks: Ranks, order: Any) -> Any:
    """Return the first rank's order, on every rank."""
    box = [order]
    try:
        distributed.broadcast_object_list(box, src=0, group=_joined[1], device=torch.device("cpu"))
    except RuntimeError as error:
        raise AdvisorError(f"{ranks} lost the others ({first_line(error)}): the first that ended says why.") from error
    return box[0]


def _join(ranks: Ranks, device: str) -> None:
    backend = "gloo"
    if device.startswith("cuda"):
        torch.cuda.set_device(ranks.local % torch.cuda.device_count())  # srun may show each its own alone
        backend = "cpu:gloo,cuda:nccl"
    try:
        distributed.init_process_group(
            backend, init_method=ranks.meet, rank=ranks.number, world_size=ranks.n, timeout=TIMEOUT
        )
    except (RuntimeError, ValueError) as error:
        raise AdvisorError(
            f"{ranks} cannot join the others ({first_line(error)}): start all of them, with one MASTER_ADDR and "
            "MASTER_PORT that each can reach."
        ) from error
