"""What a trunk keeps of its models' parameters in memory at its peak, in bytes; activations come on top of it."""

from __future__ import annotations

from advisor.plan.shape import Architecture
from calibration.training.execution import Execution

FLOAT = 4
# Weights and the two moments, on the trunk and once more on a branch.
STATES = 2 * 3
# The gradient and the two temporaries of Adam; the gradient's parts, before that, take no more.
STEP = 3
# While another batch size is captured: the scratch that the warm-up trains, and the step's tensors once more, in the
# memory that the graphs before it share and keep. Their buffers are the states of trunk or branch.
CAPTURE = 3 + STEP


def state_bytes(shape: Architecture, execution: Execution) -> int:
    """Return the bytes that training a model of this shape takes at its peak without its activations.

    >>> from calibration.training.shape import model_shape
    >>> shape = model_shape(width=64, n_layers=2, n_heads=1, vocab_size=21)
    >>> [state_bytes(shape, Execution(graph=graph)) // shape.n_params for graph in (False, True)]
    [36, 60]
    """
    n_tensors = STATES + STEP + (CAPTURE if execution.graph else 0)
    return FLOAT * n_tensors * shape.n_params
