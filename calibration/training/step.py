"""One training step of a stack: gradient, clipping, Adam. The same operations run one by one or in a CUDA graph."""

from __future__ import annotations

import math
from functools import partial

import torch

from advisor.errors import DeviceMemoryError
from calibration.training.device import is_out_of_memory
from calibration.training.model import document_losses
from calibration.training.optimizer import State, adamw
from calibration.training.schedule import Branch
from calibration.training.trunk import Trunk


def step(trunk: Trunk, state: State, branch: Branch | None = None) -> torch.Tensor:
    """Train on the next batch, in place, and return each model's loss on it before the step, (models,).

    With ``execution.graph`` the tensors of ``state`` are exchanged for the graph's at its first step, and for copies of
    them when another state takes its turn.

    Raises:
        DeviceMemoryError: the device has not memory enough; the state is as it was before.
        CaptureError: torch cannot capture the step in a CUDA graph; the same holds.
        CompileError: it cannot be compiled; the same holds.
    """
    first, size = state.n_documents, trunk.plan.batch(state.n_documents)
    share = trunk.plan.rate(state.n_steps, first, branch)
    numbers = torch.tensor([*(share * run.rate for run in trunk.runs), state.n_steps + 1])
    try:
        if trunk.execution.graph:
            losses = trunk.capture.step(partial(learn_at, trunk), state, first, size, numbers)
        else:
            batch = torch.stack([source.documents[first : first + size] for source in trunk.sources])
            losses = learn(trunk, state, batch, on_device(numbers, trunk.device))
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        raise DeviceMemoryError(_does_not_fit(trunk, size)) from None
    state.n_steps += 1
    state.n_documents += size
    return losses


def on_device(numbers: torch.Tensor, device: torch.device) -> torch.Tensor:
    """Return the numbers there; CUDA takes its copy at once and is not waited for."""
    return numbers.to(device, non_blocking=device.type == "cuda")


def learn_at(
    trunk: Trunk, state: State, position: torch.Tensor, n_documents: int, numbers: torch.Tensor
) -> torch.Tensor:
    """Do ``learn`` with the ``n_documents`` documents from ``position`` on, an int64 scalar on the device."""
    rows = position + torch.arange(n_documents, device=position.device)
    batch = torch.stack([source.documents.index_select(0, rows) for source in trunk.sources])
    return learn(trunk, state, batch, numbers)


def learn(trunk: Trunk, state: State, batch: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
    """Update weights and moments in place with ``batch``, (models, batch, time); return each model's loss before it.

    ``numbers`` are the models' learning rates and the step's number, from 1. The counts of ``state`` stay. Nothing here
    asks the device for a value, and no number that differs between steps is anywhere but in a tensor.
    """
    if trunk.sharded is not None:
        return trunk.sharded.learn(state, batch, numbers)
    gradient, losses = _gradient(trunk, state.weights, batch)
    adamw(state, gradient, numbers[:-1], numbers[-1], trunk.alike)
    return losses


def _gradient(trunk: Trunk, weights: torch.Tensor, batch: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the gradient of each model's mean loss and that loss, piece by piece if there is a micro-batch."""
    size = batch.shape[1]
    n_pieces = math.ceil(size / (trunk.execution.micro_batch or size))
    gradient = loss = None
    for piece in batch.tensor_split(n_pieces, dim=1):  # sizes differ by at most one document
        leaf = weights.detach().requires_grad_()
        losses = document_losses(trunk.shape, leaf, piece, trunk.execution).mean(dim=1)
        if n_pieces > 1:
            losses = losses * (piece.shape[1] / size)
        (part,) = torch.autograd.grad(losses.sum(), leaf)  # a model's loss depends on its own weights alone
        gradient = part if gradient is None else gradient.add_(part)
        del part  # else it would stay beside the next one
        loss = losses.detach() if loss is None else loss + losses.detach()
    return gradient, loss


def _does_not_fit(trunk: Trunk, size: int) -> str:
    models = f"{len(trunk.runs)} models" if len(trunk.runs) > 1 else "a model"
    n_documents = min(size, trunk.execution.micro_batch or size)
    return (
        f"A training step of {models} of {trunk.shape.n_params:,} parameters with {n_documents} "
        f"document{'s' * (n_documents > 1)} at once does not fit into the memory of {trunk.device}: give fewer models "
        "or a smaller micro-batch."
    )
