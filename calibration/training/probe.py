"""Real steps timed in several ways: eager and compiled, in float32 and bf16, from a CUDA graph, in stacks.

The way that ends the whole plan first is taken. Nothing is guessed from a data sheet. What does not work, a capture, a
compilation or a stack that does not fit, is left out and said, and so is what comes to another loss.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import torch

from advisor.errors import CaptureError, CompileError, DeviceMemoryError, UsageError
from advisor.plan.shape import Architecture
from advisor.quantities import plural
from calibration.training.device import Device, free_memory, is_out_of_memory
from calibration.training.estimate import state_bytes
from calibration.training.execution import EAGER, PINNED, DType, Execution, ExecutionChoice, compiler_problem
from calibration.training.optimizer import State
from calibration.training.ranks import ALONE, Ranks, Tell, agreed
from calibration.training.ranks import run as run_ranks
from calibration.training.schedule import Recipe, make_schedule
from calibration.training.step import step
from calibration.training.trunk import MIN_VALIDATION, DataSource, Run, Trunk

if TYPE_CHECKING:
    from calibration.training.sharded import Sharded

# Models in one stack that are tried, beside as many as there are; a stack that brings nothing ends the search.
STACKS = (4, 16)
# Another way is taken if the plan ends sooner by this: what ways come to differs in the last digits, so it should be
# worth it.
MIN_GAIN = 1.1
# Steps are timed in blocks of at least this many seconds on a device that works behind our back.
BLOCK_SECONDS = 0.02
# Of the batches that take turns.
N_BATCHES = 4
# Compiling one shape takes about this long, and is tried where the plan takes many times as long.
COMPILE_SECONDS, COMPILE_WORTH = 40.0, 5.0
# Steps that each way takes from the same weights, and by how much, relative, its losses may differ from the first's.
CHECKED_STEPS = 4
TOLERANCE: dict[DType, float] = {"float32": 1e-3, "bfloat16": 2e-2}


@dataclass(frozen=True, kw_only=True)
class Throughput:
    """The speed of training a stack with a batch of ``batch_documents`` for each of its models.

    ``step_seconds`` is the median of ``n_steps`` steps of the whole stack, ``tokens_per_second`` counts all its models,
    and ``mfu`` is None where the peak is not known.
    """

    batch_documents: int
    step_seconds: float
    n_steps: int
    tokens_per_second: float
    mfu: float | None


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way to train models of a shape: ``n_models`` of them in a stack, executed so, and its speed at each batch.

    ``setup_seconds`` are those before the first steps: loading kernels, compiling, capturing. ``losses`` are those of
    its first steps, to be compared. ``notes`` say what was tried and left out, and why.
    """

    shape: Architecture
    n_models: int
    execution: Execution
    throughputs: tuple[Throughput, ...]
    setup_seconds: float = 0.0
    losses: tuple[float, ...] = field(default=(), compare=False)
    notes: tuple[str, ...] = ()

    @property
    def largest(self) -> Throughput:
        """The speed at the largest batch."""
        return self.throughputs[-1]


def fastest(
    shape: Architecture,
    batches: Iterable[int],
    *,
    hardware: Device,
    cost: Callable[[Way], float],
    n_models: int = 1,
    choice: ExecutionChoice = PINNED,
    seconds: float = 0.8,
) -> Way:
    """Return the way to train that costs least, ``cost`` being the seconds of the plan.

    ``batches`` are the documents of each batch that the plan takes, ``n_models`` the most models in a stack, and
    ``seconds`` what each way is timed for at each batch; a step that takes longer is taken once.

    Raises:
        DeviceMemoryError: even one document at a time does not fit into the device's memory.
        CompileError: ``choice`` asks for it, and it cannot be compiled.
        UsageError: ``n_models`` or a batch is less than 1.
    """
    sizes = sorted(set(batches))
    if n_models < 1 or min(sizes, default=0) < 1:
        raise UsageError(f"{plural(n_models, 'model')}, batches of {sizes} documents: give at least 1 to be timed.")
    search = _Search(
        timing=_Timing(shape=shape, batches=tuple(sizes), hardware=hardware, seconds=seconds), cost=cost, choice=choice
    )
    search.run(n_models)
    return replace(search.best, notes=tuple(dict.fromkeys((*search.reason(), *search.notes))))


def check_memory(shape: Architecture, hardware: Device, n_models: int = 1, execution: Execution = EAGER) -> None:
    """Raise DeviceMemoryError where what training keeps of a stack's parameters is more than the device has."""
    memory = hardware.memory_bytes
    if memory is not None and n_models * state_bytes(shape, execution) > memory:
        raise DeviceMemoryError(_too_large(shape, hardware, n_models, execution, f"of {memory / 1e9:.1f} GB is there"))


def fits(shape: Architecture, hardware: Device, execution: Execution = EAGER) -> bool:
    """Return whether what training keeps of a model's parameters is not more than the device has."""
    memory = hardware.memory_bytes
    return memory is None or state_bytes(shape, execution) <= memory


def _too_large(shape: Architecture, hardware: Device, n_models: int, execution: Execution, there: str) -> str:
    needed = n_models * state_bytes(shape, execution) / 1e9
    each = f" on each of {execution.n_ranks} devices" if execution.n_ranks > 1 else ""
    return (
        f"{n_models} x {shape.n_params:,} parameters with all that training keeps of them take {needed:.1f} "
        f"GB{each}, and less {there} on {hardware.device}: train a smaller model or take another device."
    )


def time_together(
    shape: Architecture,
    batches: Iterable[int],
    *,
    hardware: Device,
    n_ranks: int,
    choice: ExecutionChoice = PINNED,
    seconds: float = 0.8,
) -> Way:
    """Return the speed of training a model that no device holds on ``n_ranks`` of them together, eager if not asked.

    Raises:
        DeviceMemoryError: not even one document a rank fits.
        AdvisorError: a rank failed or died.
    """
    sizes = tuple(sorted(set(batches)))
    whole = micro_batch = math.ceil(sizes[-1] / n_ranks)
    while True:
        execution = Execution(
            dtype=choice.dtype or hardware.dtypes[0],
            compiled=bool(choice.compiled),
            micro_batch=None if micro_batch == whole else micro_batch,
            n_ranks=n_ranks,
        )
        check_memory(shape, hardware, execution=execution)
        timing = _Timing(shape=shape, batches=sizes, hardware=hardware, seconds=seconds)
        found: list[Way] = []
        try:
            run_ranks(_time_on_rank, (timing, execution), n_ranks=n_ranks, device=hardware.device, hear=found.append)
        except DeviceMemoryError:
            if micro_batch == 1:
                raise
            micro_batch //= 2
        else:
            return replace(found[0], notes=_together_in_words(shape, hardware, execution))


def _time_on_rank(argument: tuple[_Timing, Execution], ranks: Ranks, tell: Tell) -> None:
    timing, execution = argument
    hardware = timing.hardware
    if hardware.is_cuda:
        hardware = replace(hardware, device=f"cuda:{torch.cuda.current_device()}")
    torch.set_num_threads(hardware.n_threads)
    way = replace(timing, hardware=hardware, ranks=ranks).time(1, execution)
    if ranks.is_first:
        tell(way)


def _together_in_words(shape: Architecture, hardware: Device, execution: Execution) -> tuple[str, ...]:
    alone = state_bytes(shape, replace(execution, n_ranks=1)) / 1e9
    memory = f" of {hardware.memory_bytes / 1e9:.3g} GB" if hardware.memory_bytes is not None else ""
    said = (
        f"Width {shape.width}, layers {shape.n_layers}: {alone:.3g} GB do not fit on one {hardware.name}{memory}, so "
        f"{execution.n_ranks} train a model together (FSDP2), {state_bytes(shape, execution) / 1e9:.3g} GB on each."
    )
    if execution.micro_batch is None:
        return (said,)
    return said, f"Each goes through {plural(execution.micro_batch, 'document')} at a time: more do not fit."


def time_way(shape: Architecture, way: Way, *, hardware: Device, seconds: float) -> Way:
    """Return the speed of another shape trained like ``way``, at the same batches.

    Raises:
        DeviceMemoryError: it does not fit.
        CaptureError: a CUDA graph cannot be captured.
        CompileError: it cannot be compiled.
    """
    batches = [found.batch_documents for found in way.throughputs]
    return time_steps(
        shape, batches, hardware=hardware, n_models=way.n_models, execution=way.execution, seconds=seconds
    )


def time_steps(
    shape: Architecture,
    batches: Iterable[int],
    *,
    hardware: Device,
    n_models: int,
    execution: Execution,
    seconds: float,
) -> Way:
    """Return the speed of this one way, the first steps left out, at each batch of so many documents.

    Raises:
        DeviceMemoryError: it does not fit.
        CaptureError: a CUDA graph cannot be captured.
        CompileError: it cannot be compiled.
    """
    timing = _Timing(shape=shape, batches=tuple(sorted(batches)), hardware=hardware, seconds=seconds)
    return timing.time(n_models, execution)


@dataclass(kw_only=True)
class _Search:
    """The ways that are tried, one change at a time, each kept where the plan ends sooner by it."""

    timing: _Timing
    cost: Callable[[Way], float]
    choice: ExecutionChoice
    first: Way = field(init=False)
    best: Way = field(init=False)
    notes: list[str] = field(default_factory=list)

    def run(self, n_models: int) -> None:
        usual, *others = self.timing.hardware.dtypes if self.choice.dtype is None else (self.choice.dtype,)
        self.first = self.best = self._fitting(Execution(dtype=usual))
        for dtype in others:
            self._try(1, replace(self.first.execution, dtype=dtype))
        self._compile((usual, *others))
        if self.timing.hardware.is_cuda:
            self._try(1, replace(self.best.execution, graph=True))
        for size in sorted({*STACKS, n_models}):
            if 1 < size <= n_models and not self._try(size, self.best.execution):
                break

    def reason(self) -> Iterator[str]:
        """Yield why another way than the first was taken."""
        first, best = self.first, self.best
        if best is not first:
            fast, slow = (f"{each.largest.tokens_per_second:,.0f}" for each in (best, first))
            shape = self.timing.shape
            yield (
                f"Width {shape.width}, layers {shape.n_layers}: {_in_words(best.n_models, best.execution)}, "
                f"{fast} tokens/s against {slow} of {_in_words(first.n_models, first.execution)}."
            )

    def _compile(self, dtypes: Sequence[DType]) -> None:
        """Try what is compiled, where it may be and the plan is long enough; the fastest eager dtype may be another."""
        if self.choice.compiled is False:
            return
        problem = None if self.timing.hardware.is_cuda else compiler_problem()
        if self.choice.compiled:
            if problem is not None:
                raise CompileError(problem)
            self.best = self.first = self.timing.time(1, replace(self.best.execution, compiled=True))
        elif problem is not None:
            self.notes.append(problem)
        elif self.cost(self.best) > COMPILE_WORTH * COMPILE_SECONDS * len(dtypes):
            for dtype in dtypes:
                self._try(1, replace(self.first.execution, dtype=dtype, compiled=True))

    def _fitting(self, execution: Execution) -> Way:
        """Time one model, with the largest micro-batch of halves of the largest batch that fits."""
        whole = micro_batch = self.timing.batches[-1]
        while True:
            try:
                found = self.timing.time(
                    1, replace(execution, micro_batch=None if micro_batch == whole else micro_batch)
                )
            except DeviceMemoryError:
                if micro_batch == 1:
                    raise
            else:
                if micro_batch != whole:
                    self.notes.append(
                        f"A batch of {whole} documents goes through {micro_batch} at a time: more do not fit into the "
                        "memory."
                    )
                return found
            micro_batch //= 2  # out of the handler, which keeps the failed step's memory
            free_memory(self.timing.hardware)

    def _try(self, n_models: int, execution: Execution) -> bool:
        """Take a way if the plan ends sooner by it; say what cannot be had, or is not the same training."""
        what = _in_words(n_models, execution)
        what = what[0].upper() + what[1:]
        try:
            found = self.timing.time(n_models, execution)
        except DeviceMemoryError:
            self.notes.append(f"{what} does not fit into the memory of {self.timing.hardware.device}.")
        except (CaptureError, CompileError) as error:
            self.notes.append(f"{what}: {error}")
        else:
            if (apart := _apart(found, self.first)) > TOLERANCE[execution.dtype]:
                self.notes.append(f"{what} comes to losses that differ by {apart:.1%}, and is left out.")
            elif self.cost(found) * MIN_GAIN < self.cost(self.best):
                self.best = found
                return True
            return False
        free_memory(self.timing.hardware)
        return False


def _apart(found: Way, first: Way) -> float:
    """Return by how much, relative, the losses of two ways differ at most; infinite where one is not a number.

    Where steps are slow one has fewer.
    """
    apart = [abs(one / other - 1) for one, other in zip(found.losses, first.losses, strict=False)]
    return max((math.inf if math.isnan(each) else each for each in apart), default=0.0)


def _in_words(n_models: int, execution: Execution) -> str:
    what = f"a stack of {n_models}" if n_models > 1 else "one model"
    return " ".join([what, "in", execution.how, *["in a CUDA graph"] * execution.graph])


@dataclass(frozen=True, kw_only=True)
class _Timing:
    shape: Architecture
    batches: tuple[int, ...]
    hardware: Device
    seconds: float
    ranks: Ranks = ALONE

    def time(self, n_models: int, execution: Execution) -> Way:
        """Return one way's speed at each batch, the largest first, which shows what does not fit.

        Raises:
            DeviceMemoryError: it does not fit.
            CaptureError: a CUDA graph cannot be captured.
            CompileError: it cannot be compiled.
        """
        check_memory(self.shape, self.hardware, n_models, execution)
        found: list[Throughput] = []
        setup_seconds = 0.0
        losses: list[float] = []
        for batch in reversed(self.batches):
            throughput, seconds, losses = self._time_batch(n_models, batch, execution)
            found.append(throughput)
            setup_seconds += seconds
        return Way(
            shape=self.shape,
            n_models=n_models,
            execution=execution,
            throughputs=tuple(reversed(found)),
            setup_seconds=setup_seconds,
            losses=tuple(losses),
        )

    def _time_batch(self, n_models: int, batch: int, execution: Execution) -> tuple[Throughput, float, list[float]]:
        """Return the speed at one batch, the seconds before its first steps, and their losses.

        A copy of the state is there, as the trunk's is while a branch is trained; nothing stays beside the next batch.
        """
        try:
            trunk, state = self._begin(n_models, batch, execution)
            on_trunk = state.copy()
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            raise DeviceMemoryError(_too_large(self.shape, self.hardware, n_models, execution, "is left")) from None
        first, losses = self._first_steps(trunk, state)
        times = self._times(trunk, state)
        del on_trunk
        median = statistics.median(times)
        return self._throughput(n_models, batch, median, len(times)), max(0.0, first - len(losses) * median), losses

    def _throughput(self, n_models: int, batch: int, step_seconds: float, n_steps: int) -> Throughput:
        tokens_per_second = n_models * batch * self.shape.context / step_seconds
        return Throughput(
            batch_documents=batch,
            step_seconds=step_seconds,
            n_steps=n_steps,
            tokens_per_second=tokens_per_second,
            mfu=self.hardware.mfu(self.shape, tokens_per_second),
        )

    def _begin(self, n_models: int, batch: int, execution: Execution) -> tuple[Trunk, State]:
        """Return a stack on random tokens and its state, random too: a model's first weights are slow to draw."""
        device, seq_len = torch.device(self.hardware.device), self.shape.context
        generator = torch.Generator(device).manual_seed(0)
        n_documents = N_BATCHES * batch
        size = (max(n_documents, MIN_VALIDATION), seq_len)
        documents = torch.randint(self.shape.vocab_size, size, generator=generator, device=device, dtype=torch.int32)
        recipe = Recipe(batches=((0, batch * seq_len),))
        trunk = Trunk(
            shape=self.shape,
            plan=make_schedule(recipe, [n_documents * seq_len], seq_len=seq_len),
            runs=(Run(seed=0, rate=1e-4),) * n_models,
            sources=(DataSource(documents=documents, validation=documents[:MIN_VALIDATION]),) * n_models,
            execution=execution,
            sharded=self._sharded(execution),
        )
        n_own = self.shape.n_params if trunk.sharded is None else trunk.sharded.n_own
        weights = torch.randn((1, n_own), generator=generator, device=device)
        return trunk, State.begin(weights.mul_(self.shape.width**-0.5).repeat(n_models, 1))

    def _sharded(self, execution: Execution) -> Sharded | None:
        if self.ranks.n == 1:
            return None
        from calibration.training.sharded import Sharded

        return Sharded(self.shape, self.ranks, torch.device(self.hardware.device), execution)

    def _first_steps(self, trunk: Trunk, state: State) -> tuple[float, list[float]]:
        """Return the seconds of the first steps, which load, compile and capture, and the losses of one model."""
        begin, losses = time.perf_counter(), [float(step(trunk, state)[0])]
        once = time.perf_counter()
        while agreed(self.ranks, len(losses) < CHECKED_STEPS and time.perf_counter() - once < self.seconds):
            losses.append(float(step(trunk, state)[0]))
        return time.perf_counter() - begin, losses

    def _times(self, trunk: Trunk, state: State) -> list[float]:
        """Return seconds a step, several times."""
        once = agreed(self.ranks, self._seconds_a_step(trunk, state, 1))
        if once > self.seconds / 2:
            return [once]
        block = 1 if self.hardware.device == "cpu" else math.ceil(BLOCK_SECONDS / once)
        times: list[float] = []
        begin = time.perf_counter()
        while agreed(self.ranks, time.perf_counter() - begin < self.seconds):
            times += [self._seconds_a_step(trunk, state, block)] * block
        return times

    def _seconds_a_step(self, trunk: Trunk, state: State, n_steps: int) -> float:
        begin = time.perf_counter()
        for _ in range(n_steps):
            state.n_documents %= trunk.plan.n_documents
            step(trunk, state)
        if self.hardware.is_cuda:
            torch.cuda.synchronize(trunk.device)
        elif self.hardware.device == "mps":
            torch.mps.synchronize()
        return (time.perf_counter() - begin) / n_steps
