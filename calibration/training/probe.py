"""Real steps timed: eager, from a CUDA graph and in stacks; the fastest is taken.

Nothing is guessed from a data sheet. What does not work, a capture or a stack that does not fit, is left out and said.
"""

from __future__ import annotations

import gc
import math
import statistics
import time
from contextlib import suppress
from dataclasses import dataclass, replace

import torch

from advisor.errors import CaptureError, DeviceMemoryError, UsageError
from advisor.plan.shape import Architecture
from calibration.training.device import Device
from calibration.training.optimizer import State
from calibration.training.schedule import Recipe, make_schedule
from calibration.training.step import step
from calibration.training.trunk import MIN_VALIDATION, DataSource, Run, Trunk

# Models in one stack that are tried; a stack that brings nothing ends the search.
STACKS = (1, 4, 16)
# A graph or a larger stack is taken if it is faster by this: what a stack comes to differs in the last digits from what
# its models come to alone, so it should be worth it.
MIN_GAIN = 1.1
# On a CPU stacks pay only for smaller batches than this, in tokens of one model.
CPU_STACK_TOKENS = 1024
# Steps are timed in blocks of at least this many seconds on a device that works behind our back.
BLOCK_SECONDS = 0.02
# Of the batches that take turns.
N_BATCHES = 4
# Weights, two moments, gradient and two temporaries in float32.
STATE_BYTES = 24


@dataclass(frozen=True, kw_only=True)
class Throughput:
    """The speed of training ``n_models`` models of one shape in a stack, a batch of ``batch_documents`` each.

    ``step_seconds`` is the median of ``n_steps`` steps of the whole stack, ``tokens_per_second`` counts all its models,
    and ``mfu`` is None where the peak is not known. ``micro_batch`` (documents, None for the whole batch) and ``graph``
    are what ``Trunk`` takes. ``notes`` say what was tried and left out, and why.
    """

    shape: Architecture
    batch_documents: int
    n_models: int
    micro_batch: int | None
    graph: bool
    step_seconds: float
    n_steps: int
    tokens_per_second: float
    mfu: float | None
    notes: tuple[str, ...] = ()


def probe(
    shape: Architecture,
    batch_documents: int,
    *,
    hardware: Device,
    n_models: int = 1,
    seconds: float = 0.8,
    graphs: bool = True,
) -> Throughput:
    """Return the fastest way found to train ``n_models`` models of this shape: at most that many in a stack.

    ``seconds`` are shared by what is tried; a step that takes longer is taken twice, and the second one counts. Without
    ``graphs`` no CUDA graph is tried.

    Raises:
        DeviceMemoryError: even one document at a time does not fit into the device's memory.
        UsageError: ``n_models`` or ``batch_documents`` is less than 1.
    """
    best, *others = timed = trials(
        shape, batch_documents, hardware=hardware, n_models=n_models, seconds=seconds, graphs=graphs
    )
    for found in others:
        if found.tokens_per_second > MIN_GAIN * best.tokens_per_second:
            best = found
    return replace(best, notes=tuple(note for found in timed for note in found.notes))


def trials(
    shape: Architecture,
    batch_documents: int,
    *,
    hardware: Device,
    n_models: int = 1,
    seconds: float = 0.8,
    graphs: bool = True,
) -> list[Throughput]:
    """Return the speed of each way that is tried, one model eagerly first; options and errors are those of ``probe``.

    The notes of each say what was tried after it in vain.
    """
    if n_models < 1 or batch_documents < 1:
        raise UsageError(f"{n_models} models, batches of {batch_documents} documents: give at least 1 to be timed.")
    graphs = graphs and hardware.is_cuda
    stacks = [size for size in STACKS if size <= n_models]
    if not hardware.is_cuda and batch_documents * shape.context >= CPU_STACK_TOKENS:
        stacks = [1]
    share = seconds / (len(stacks) + graphs)
    timing = _Timing(shape=shape, batch_documents=batch_documents, hardware=hardware, seconds=share)
    found = [_fitting(timing)]
    if graphs:
        graphs = _try(timing, found, 1, graph=True)
    for size in stacks[1:]:
        before = found[-1].tokens_per_second
        if not _try(timing, found, size, graph=graphs) or found[-1].tokens_per_second < MIN_GAIN * before:
            break
    return found


def _fitting(timing: _Timing) -> Throughput:
    """Time one model eagerly, with the largest micro-batch of halves of the batch that fits."""
    whole = micro_batch = timing.batch_documents
    while True:
        try:
            found = timing.time(1, micro_batch, graph=False)
        except DeviceMemoryError:
            if micro_batch == 1:
                raise
        else:
            if micro_batch == whole:
                return found
            note = (
                f"A batch of {whole} documents goes through {micro_batch} at a time: more do not fit into the memory."
            )
            return replace(found, notes=(note,))
        micro_batch //= 2  # out of the handler, which keeps the failed step's memory
        _free(timing.hardware)


def _try(timing: _Timing, found: list[Throughput], n_models: int, *, graph: bool) -> bool:
    """Add the speed of a stack to ``found``, or to its last one a note why it cannot be had."""
    what = f"A stack of {n_models}" if n_models > 1 else "One model"
    try:
        found.append(timing.time(n_models, found[0].micro_batch or timing.batch_documents, graph=graph))
        return True
    except DeviceMemoryError:
        note = f"{what} in a CUDA graph" if graph else what
        note += f" does not fit into the memory of {timing.hardware.device}."
    except CaptureError as error:
        note = f"{what}: {error}"
    _free(timing.hardware)
    found[-1] = replace(found[-1], notes=(*found[-1].notes, note))
    return False


def _free(hardware: Device) -> None:
    gc.collect()
    if hardware.is_cuda:
        # After a failed capture torch may believe that it still goes on, and refuse (pytorch/pytorch#180395).
        with suppress(RuntimeError):
            torch.cuda.empty_cache()


@dataclass(frozen=True, kw_only=True)
class _Timing:
    shape: Architecture
    batch_documents: int
    hardware: Device
    seconds: float

    def time(self, n_models: int, micro_batch: int, *, graph: bool) -> Throughput:
        """Return the speed of one way; ``DeviceMemoryError`` where it does not fit, ``CaptureError`` from a capture."""
        pieces = None if micro_batch >= self.batch_documents else micro_batch
        self._check_memory(n_models)
        try:
            trunk, state = self._begin(n_models, pieces, graph)
        except torch.OutOfMemoryError:
            raise DeviceMemoryError(self._too_large(n_models, "is left")) from None
        times = self._times(trunk, state)
        median = statistics.median(times)
        tokens_per_second = n_models * self.batch_documents * self.shape.context / median
        return Throughput(
            shape=self.shape,
            batch_documents=self.batch_documents,
            n_models=n_models,
            micro_batch=pieces,
            graph=graph,
            step_seconds=median,
            n_steps=len(times),
            tokens_per_second=tokens_per_second,
            mfu=self.hardware.mfu(self.shape, tokens_per_second),
        )

    def _begin(self, n_models: int, micro_batch: int | None, graph: bool) -> tuple[Trunk, State]:
        """Return a stack on random tokens and its state, random too: a model's first weights are slow to draw."""
        device, seq_len = torch.device(self.hardware.device), self.shape.context
        generator = torch.Generator(device).manual_seed(0)
        n_documents = N_BATCHES * self.batch_documents
        size = (max(n_documents, MIN_VALIDATION), seq_len)
        documents = torch.randint(self.shape.vocab_size, size, generator=generator, device=device, dtype=torch.int32)
        recipe = Recipe(batches=((0, self.batch_documents * seq_len),))
        trunk = Trunk(
            shape=self.shape,
            plan=make_schedule(recipe, [n_documents * seq_len], seq_len=seq_len),
            runs=(Run(seed=0, rate=1e-4),) * n_models,
            sources=(DataSource(documents=documents, validation=documents[:MIN_VALIDATION]),) * n_models,
            dtype=self.hardware.matmul_dtype,
            micro_batch=micro_batch,
            graph=graph,
        )
        weights = torch.randn((n_models, self.shape.n_params), generator=generator, device=device)
        return trunk, State.begin(weights.mul_(self.shape.width**-0.5))

    def _times(self, trunk: Trunk, state: State) -> list[float]:
        """Return seconds a step, several times; the step that loads kernels and captures a graph is not among them."""
        once = self._seconds_a_step(trunk, state, 1)
        if once > self.seconds / 2:
            return [self._seconds_a_step(trunk, state, 1)]
        if self.hardware.device != "cpu":
            once = self._seconds_a_step(trunk, state, 1)
        block = 1 if self.hardware.device == "cpu" else math.ceil(BLOCK_SECONDS / once)
        times: list[float] = []
        begin = time.perf_counter()
        while time.perf_counter() - begin < self.seconds:
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

    def _check_memory(self, n_models: int) -> None:
        memory = self.hardware.memory_bytes
        if memory is not None and STATE_BYTES * n_models * self.shape.n_params > memory:
            raise DeviceMemoryError(self._too_large(n_models, f"of {memory / 1e9:.1f} GB is there"))

    def _too_large(self, n_models: int, there: str) -> str:
        needed = STATE_BYTES * n_models * self.shape.n_params / 1e9
        return (
            f"{n_models} x {self.shape.n_params:,} parameters with their moments and gradient take {needed:.1f} GB, "
            f"and less {there} on {self.hardware.device}: train a smaller model or take another device."
        )
