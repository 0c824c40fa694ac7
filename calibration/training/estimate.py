"""What one trunk takes: the seconds, from steps that were timed, and the memory of its parameters at its peak."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from calibration.training.shape import parts

if TYPE_CHECKING:
    from advisor.plan.shape import Architecture
    from calibration.training.execution import Execution
    from calibration.training.probe import Way
    from calibration.training.schedule import Schedule

# Of a step's FLOPs two parts in six are the forward pass, which is all that a validation does
# (Architecture.flops_per_token).
FORWARD_SHARE = 1 / 3
# Memory, in bytes of a float32 and in tensors as large as the weights.
FLOAT = 4
# Weights and the two moments, on the trunk and once more on a branch.
STATES = 2 * 3
# The gradient, and its parts before it is one.
STEP = 3
# While another batch size is captured: the scratch that the warm-up trains, and the step's tensors once more, in the
# memory that the graphs before it share and keep. Their buffers are the states of trunk or branch.
CAPTURE = 3 + STEP
# Of several ranks each keeps its share of the weights once more, in the model, and of the gradient.
SHARDED = 2
# What is gathered, in tensors as large as a layer's matrices, or as embedding, gains and head: at most 3.1 and 4.8 were
# allocated at once, with what is sent and the gradients (tests/training/test_sharded.py).
LAYER, OUTER = 4, 5


def trunk_seconds(plan: Schedule, way: Way, *, n_validation: int) -> float:
    """Return the seconds that one model's trunk takes with its branches, without what comes before the first step.

    Every batch of the plan is one that was timed. In a stack a model takes its share of the stack's step. Each branch
    is validated on ``n_validation`` documents, at the speed of the largest timed batch and a third of its FLOPs.
    """
    timed = {found.batch_documents: found.step_seconds / way.n_models for found in way.throughputs}
    steps = sum(n_steps * timed[size] for size, n_steps in count_steps(plan).items())
    largest = way.largest.batch_documents
    return steps + len(plan.branches) * n_validation * FORWARD_SHARE * timed[largest] / largest


def count_steps(plan: Schedule) -> dict[int, int]:
    """Return how many steps the trunk and its branches take, by the documents of the batch."""
    steps: Counter[int] = Counter()
    for start, stop in ((0, plan.branches[-1].start), *((branch.start, branch.stop) for branch in plan.branches)):
        while start < stop:
            size = plan.batch(start)
            steps[size] += 1
            start += size
    return dict(steps)


def state_bytes(shape: Architecture, execution: Execution) -> int:
    """Return the bytes that training a model of this shape takes at its peak without its activations.

    >>> from calibration.training.execution import Execution
    >>> from calibration.training.shape import model_shape
    >>> shape = model_shape(width=64, n_layers=2, n_heads=1, vocab_size=21)
    >>> [state_bytes(shape, Execution(graph=graph)) // shape.n_params for graph in (False, True)]
    [36, 60]
    """
    if execution.n_ranks > 1:
        return _state_bytes_of_rank(shape, execution.n_ranks)
    n_tensors = STATES + STEP + (CAPTURE if execution.graph else 0)
    return FLOAT * n_tensors * shape.n_params


def _state_bytes_of_rank(shape: Architecture, n_ranks: int) -> int:
    """Return the bytes of one rank: its share of what stays, and what is gathered of the model for a while."""
    sizes = {name: math.prod(size) for name, size in parts(shape)}
    matrices = sum(n for name, n in sizes.items() if name.endswith(".0"))
    outer = sum(n for name, n in sizes.items() if "." not in name and name != "head")
    gathered = max(LAYER * matrices + outer, OUTER * (outer + sizes["head"]))
    return FLOAT * (math.ceil((STATES + SHARDED) * shape.n_params / n_ranks) + gathered)
