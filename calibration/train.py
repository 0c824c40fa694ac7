"""Training a model, or a stack of models of one shape, at several token counts: one trunk and a branch for each.

The data of a source is one tensor of ids on the device, (documents, time), read in order and never twice. Nothing here
imports more than numpy and torch. On one device, for one thread count, the same call gives the same bytes.
"""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from advisor.errors import AdvisorError
from calibration.model import document_losses
from calibration.optimizer import State, adamw
from calibration.schedule import Branch
from calibration.trunk import Measurement, Run, Trunk

MAX_HALVINGS = 5
# Scores of the largest chunk of a validation: 128 MB.
EVALUATION_SCORES = 2**25


class Progress(NamedTuple):
    """A step that was taken: the state after it, and each model's loss on its batch, (models,), still on the device.

    On the trunk, and not on a branch, the state may be saved and given to ``train`` again.
    """

    trunk: Trunk
    state: State
    losses: torch.Tensor
    on_trunk: bool


OnStep = Callable[[Progress], object]


def be_deterministic() -> None:
    """Have torch choose deterministic algorithms in this process; on CUDA, call it before any other work there."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True)


def train(
    trunk: Trunk, *, state: State | None = None, on_step: OnStep = lambda _: None
) -> Iterator[tuple[Measurement, ...]]:
    """Yield the measurements of a stack at each token count, in rising order: one per model.

    With the ``state`` of a trunk it goes on from there, exactly as it would have; branches that left before are not
    measured again. Divergence is only reported here: see ``train_all``.
    """
    state = trunk.begin() if state is None else state.copy()
    for branch in trunk.plan.branches:
        if branch.start < state.n_documents:
            continue
        while state.n_documents < branch.start:
            on_step(Progress(trunk, state, step(trunk, state), True))
        row = _cool_down(trunk, state.copy(), branch, on_step)
        for place, measurement in enumerate(row):
            if measurement.diverged and not state.diverged_at[place]:
                state.diverged_at[place] = measurement.n_tokens
        yield row


def train_all(
    trunk: Trunk, *, state: State | None = None, on_step: OnStep = lambda _: None
) -> Iterator[tuple[int, Measurement]]:
    """Yield (place in the stack, measurement) for every model at every token count, none of them diverged.

    A model that diverges at some token count is trained again from the start at half its rate, and that count and the
    larger ones are taken from there; ``run.halvings`` marks them. ``on_step`` sees that trunk of fewer models, and its
    states go on from ``train_all`` of that trunk.

    Raises:
        AdvisorError: a model diverges still after five halvings.
    """
    before = state.diverged_at if state else [0] * len(trunk.runs)
    failed = {place: n_tokens for place, n_tokens in enumerate(before) if n_tokens}
    for row in train(trunk, state=state, on_step=on_step):
        for place, measurement in enumerate(row):
            if measurement.diverged:
                failed.setdefault(place, measurement.n_tokens)
            if place not in failed:
                yield place, measurement
        if len(failed) == len(row):
            break
    if not failed:
        return
    places = list(failed)
    for again, measurement in train_all(trunk.only(places, [_halved(trunk, i) for i in places]), on_step=on_step):
        if measurement.n_tokens >= failed[places[again]]:
            yield places[again], measurement


def _halved(trunk: Trunk, place: int) -> Run:
    run = trunk.runs[place]
    if run.halvings == MAX_HALVINGS:
        raise AdvisorError(
            f"Training at width {trunk.shape.width} with seed {run.seed} diverges even at a learning rate of "
            f"{run.rate:.2g}: start from a lower one."
        )
    return dataclasses.replace(run, rate=run.rate / 2, halvings=run.halvings + 1)


def step(trunk: Trunk, state: State, branch: Branch | None = None) -> torch.Tensor:
    """Train on the next batch, in place, and return each model's loss on it before the step, (models,)."""
    first, size = state.n_documents, trunk.plan.batch(state.n_documents)
    batch = torch.stack([source.documents[first : first + size] for source in trunk.sources])
    share = trunk.plan.rate(state.n_steps, first, branch)
    rates = torch.tensor([share * run.rate for run in trunk.runs], device=trunk.device)
    weights = state.weights.detach().requires_grad_()
    losses = document_losses(trunk.shape, weights, batch, trunk.dtype).mean(dim=1)
    (gradient,) = torch.autograd.grad(losses.sum(), weights)  # a model's loss depends on its own weights alone
    adamw(state, gradient, rates)
    state.n_documents += size
    return losses.detach()


def _cool_down(trunk: Trunk, state: State, branch: Branch, on_step: OnStep) -> tuple[Measurement, ...]:
    total, weight = torch.zeros(len(trunk.runs), device=trunk.device), 0
    while state.n_documents < branch.stop:
        before = state.n_documents
        losses = step(trunk, state, branch)
        if branch.in_last_share(state.n_documents):
            total += losses * (state.n_documents - before)
            weight += state.n_documents - before
        on_step(Progress(trunk, state, losses, False))
    per_document = evaluate(trunk, state.weights)
    means, trained = per_document.mean(axis=1), (total / weight).tolist()
    errors = per_document.std(axis=1, ddof=1) / math.sqrt(per_document.shape[1])
    return tuple(
        Measurement(
            run=run,
            n_tokens=branch.n_tokens,
            n_steps=branch.n_steps,
            loss=float(means[i]),
            standard_error=float(errors[i]),
            train_loss=trained[i],
            few_steps=branch.few_steps,
            diverged=not means[i] <= math.log(trunk.shape.vocab_size),
        )
        for i, run in enumerate(trunk.runs)
    )


def evaluate(trunk: Trunk, weights: torch.Tensor) -> NDArray[np.float64]:
    """Return the loss of each model on each of its validation documents, (models, documents), in nats per token."""
    documents = torch.stack([source.validation for source in trunk.sources])
    n_scores = len(trunk.runs) * trunk.shape.seq_len * trunk.shape.vocab_size
    size = max(1, EVALUATION_SCORES // n_scores)
    with torch.no_grad():
        chunks = [document_losses(trunk.shape, weights, chunk, trunk.dtype) for chunk in documents.split(size, dim=1)]
    losses: NDArray[np.float64] = torch.cat(chunks, dim=1).cpu().double().numpy()
    return losses
