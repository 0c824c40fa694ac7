"""Training steps as CUDA graphs: recorded once for each batch size, replayed over buffers that stay in place.

A small model's step is hundreds of kernels that take less time than asking for them. What a graph reads and writes has
fixed addresses: weights, moments, where the batch begins, and the numbers of the step.
"""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import torch

from advisor.errors import CaptureError, first_line
from calibration.training.device import is_out_of_memory
from calibration.training.optimizer import State

# (state, position, documents, numbers) -> losses; see ``calibration.training.step.learn_at``.
Learn = Callable[[State, torch.Tensor, int, torch.Tensor], torch.Tensor]
# Steps before the capture, in which libraries load kernels and take workspaces; PyTorch's guide to graphs asks for
# three (https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs).
N_WARMUP = 3
# What a capture that broke said. torch then believes that it still goes on: the allocator keeps its pool, the generator
# its registration (pytorch/pytorch#180395). Eager steps need neither; another capture in this process would.
_broken: list[str] = []


class Capture:
    """The graphs of one trunk and the buffers that they share. Off CUDA the steps use the buffers without a graph."""

    def __init__(self) -> None:
        self._buffers: tuple[State, torch.Tensor, torch.Tensor] | None = None
        self._owner: Callable[[], State | None] = lambda: None
        self._replays: dict[int, Callable[[], torch.Tensor]] = {}
        self._stream: torch.cuda.Stream | None = None
        self._pool: Any = None

    def step(self, learn: Learn, state: State, first: int, n_documents: int, numbers: torch.Tensor) -> torch.Tensor:
        """Update ``state`` with the documents from ``first`` on as ``learn`` does; return the losses.

        Raises:
            CaptureError: torch cannot capture the step; the state is as it was.
        """
        static, position, static_numbers = self._buffers or self._make_buffers(state, numbers)
        self._lend_to(state, static)
        position.fill_(first)
        # From memory that is not pinned CUDA copies before it returns, so ``numbers`` may go.
        static_numbers.copy_(numbers, non_blocking=True)
        if n_documents not in self._replays:
            self._replays[n_documents] = self._record(learn, static, position, n_documents, static_numbers)
        return self._replays[n_documents]().clone()

    def _make_buffers(self, state: State, numbers: torch.Tensor) -> tuple[State, torch.Tensor, torch.Tensor]:
        device = state.weights.device
        position = torch.zeros((), dtype=torch.int64, device=device)
        self._buffers = state.copy(), position, torch.empty_like(numbers, device=device)
        return self._buffers

    def _lend_to(self, state: State, static: State) -> None:
        """Have ``state`` hold the graph's tensors, with its values; who held them before gets copies."""
        if state.weights is static.weights:
            return
        before = self._owner()
        if before is not None and before.weights is static.weights:
            kept = static.copy()
            before.weights, before.first, before.second = kept.weights, kept.first, kept.second
        static.weights.copy_(state.weights)
        static.first.copy_(state.first)
        static.second.copy_(state.second)
        state.weights, state.first, state.second = static.weights, static.first, static.second
        self._owner = weakref.ref(state)

    def _record(
        self, learn: Learn, static: State, position: torch.Tensor, n_documents: int, numbers: torch.Tensor
    ) -> Callable[[], torch.Tensor]:
        """Return a function that does the step with what is in the buffers, and returns its losses, to be copied."""
        device = position.device
        if device.type != "cuda":
            return lambda: learn(static, position, n_documents, numbers)
        if _broken:
            raise CaptureError(_broken[0])
        # The graphs share their memory: they run one at a time, and of what one leaves only the losses are read, at
        # once. Sharing asks for the same stream.
        self._stream = self._stream or torch.cuda.Stream(device)
        self._pool = self._pool or torch.cuda.graph_pool_handle()
        scratch = static.copy()  # the warm-up trains this and not the model
        self._stream.wait_stream(torch.cuda.current_stream(device))
        with torch.cuda.stream(self._stream):
            for _ in range(N_WARMUP):
                learn(scratch, position, n_documents, numbers)
        torch.cuda.current_stream(device).wait_stream(self._stream)
        del scratch
        gc.collect()  # an old graph that is freed during the capture would break it
        graph = torch.cuda.CUDAGraph()
        # ``graph`` leaves its stream in place if the end of the capture fails; the stream around it is restored.
        around = torch.cuda.stream(torch.cuda.current_stream(device))
        capture = torch.cuda.graph(graph, pool=self._pool, stream=self._stream)
        with torch.cuda.device(device), around, captured(capture):
            losses = learn(static, position, n_documents, numbers)

        def replay() -> torch.Tensor:
            graph.replay()
            return losses

        return replay


@contextmanager
def captured(capture: AbstractContextManager[object]) -> Iterator[None]:
    """Record what is done inside by ``capture``, a ``torch.cuda.graph``; one that breaks is the process's last.

    Raises:
        torch.OutOfMemoryError: the memory ran out inside, or while the graph was made.
        CaptureError: what is done inside cannot be captured.
    """
    inside: BaseException | None = None
    try:
        with capture:
            try:
                yield
            except Exception as error:
                inside = error
                raise
    except RuntimeError as error:
        # The end of a broken capture raises too; what broke it says more.
        reason = inside or error
        message = f"The training step cannot be captured in a CUDA graph ({first_line(reason)}): train without graphs."
        if error is not inside or not is_out_of_memory(error):
            _broken.append(message)
        if is_out_of_memory(reason):
            raise torch.OutOfMemoryError(first_line(reason)) from None
        raise CaptureError(message) from None
