"""How steps are executed: precision, compiled or not, from a CUDA graph, in pieces; without torch until it is asked."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, get_args

from advisor.errors import CompileError, UsageError, first_line

if TYPE_CHECKING:
    import torch

DType = Literal["bfloat16", "float32"]
# Compiled variants of one function in a process: a batch, a width, a dtype each. Beyond it torch would give up.
MOST_VARIANTS = 1024


@dataclass(frozen=True, kw_only=True)
class Execution:
    """How the steps of a trunk are executed. What is trained does not follow from it but for rounding.

    ``dtype`` is that of the matrix products; weights, sums and losses stay in float32. With ``compiled`` the layers
    and the loss are compiled by ``torch.compile``. With ``graph`` each step is replayed from a CUDA graph over
    buffers that stay in place; off CUDA the same buffers are used without a graph. ``micro_batch`` is how many
    documents of each model go through it at once, None for the whole batch: larger batches are summed up, which
    takes less memory and gives the same gradient but for its last bits. With ``n_ranks`` above 1 one model, and no
    stack, is spread over as many devices, one process each; ``micro_batch`` is then a rank's.
    """

    dtype: DType = "float32"
    compiled: bool = False
    graph: bool = False
    micro_batch: int | None = None
    n_ranks: int = 1

    def __post_init__(self) -> None:
        if self.micro_batch is not None and self.micro_batch < 1:
            raise UsageError(f"A micro-batch of {self.micro_batch} documents cannot be trained on: give at least 1.")

    @property
    def matmul_dtype(self) -> torch.dtype | None:
        """The dtype that autocast takes for matrix products, None for float32."""
        import torch

        return torch.bfloat16 if self.dtype == "bfloat16" else None

    @property
    def how(self) -> str:
        """It in words: "float32", "bf16 compiled"."""
        dtype = "bf16" if self.dtype == "bfloat16" else "float32"
        return f"{dtype} compiled" if self.compiled else dtype

    def way(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return ``function``, compiled if this is."""
        return _compiled(function) if self.compiled else function


@dataclass(frozen=True, kw_only=True)
class ExecutionChoice:
    """What of it may be chosen: ``dtype`` and ``compiled`` as they were asked for, None where the fastest is taken."""

    dtype: DType | None = None
    compiled: bool | None = None

    def __post_init__(self) -> None:
        if self.dtype not in (None, *get_args(DType)):
            raise UsageError(f"Models are trained in {' or '.join(get_args(DType))}, not in {self.dtype!r}.")
        if self.compiled not in (None, True, False):
            raise UsageError(f"Steps are compiled or not: true or false, not {self.compiled!r}.")


EAGER = Execution()
FREE = ExecutionChoice()
# What the machine does beside it then decides nothing: one machine comes to the same bytes again.
PINNED = ExecutionChoice(dtype="float32", compiled=False)


@cache
def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return ``function`` as ``torch.compile`` makes it, once for each shape of its tensors.

    A call raises CompileError where it cannot be compiled.
    """
    # In this process: what torch starts to compile in parallel would outlive a worker that is killed.
    os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")
    import torch
    import torch._dynamo.config
    import torch._inductor.config
    from torch._dynamo.exc import TorchDynamoException

    # torch looks at the gradients of what it compiles for, and warns of doing so.
    warnings.filterwarnings(
        "ignore", message="The .grad attribute of a Tensor that is not a leaf", category=UserWarning
    )
    torch._inductor.config.deterministic = torch.are_deterministic_algorithms_enabled()
    torch._dynamo.config.recompile_limit = MOST_VARIANTS
    torch._dynamo.config.accumulated_recompile_limit = MOST_VARIANTS
    fast = torch.compile(function, fullgraph=True, dynamic=False)

    def call(*arguments: Any) -> Any:
        try:
            return fast(*arguments)
        except TorchDynamoException as error:
            cause = getattr(error, "inner_exception", error)  # what went wrong, and not in which part of torch
            raise CompileError(
                f"The training step cannot be compiled here ({first_line(cause)}): train without --compile."
            ) from error

    return call


@cache
def compiler_problem() -> str | None:
    """Return why nothing can be compiled for a CPU here, in a sentence; None where a C++ compiler is found."""
    from torch._inductor.cpp_builder import get_cpp_compiler
    from torch._inductor.exc import InvalidCxxCompiler

    try:
        get_cpp_compiler()
    except InvalidCxxCompiler:
        return "Steps are not compiled: there is no C++ compiler here, such as g++."
    return None
