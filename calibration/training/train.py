"""Training a model, or a stack of models of one shape, at several token counts: one trunk and a branch for each.

The data of a source is one tensor of ids on the device, (documents, time), read in order and never twice. Nothing here
imports more than numpy and torch. On one device, for one thread count, the same call gives the same bytes.
"""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from advisor.errors import DivergenceError
from calibration.training.execution import Execution
from calibration.training.model import document_losses
from calibration.training.optimizer import State
from calibration.training.schedule import Branch
from calibration.training.step import step
from calibration.training.trunk import Measurement, Run, Trunk

MAX_HALVINGS = 5
# Scores of the largest chunk of a validation: 128 MB.
EVALUATION_SCORES = 2**25
NOTHING: Mapping[tuple[int, int], int] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Where ``train_all`` stands, all that it takes to go on from there: what a checkpoint holds.

    ``places`` are the models in training, by their places in the stack: all of them at first, and after divergence
    those that train again, with ``runs`` at half their rates. Of each, measurements from ``since`` tokens on are taken.
    ``state`` is None before the first step.
    """

    places: tuple[int, ...]
    runs: tuple[Run, ...]
    since: tuple[int, ...]
    state: State | None = None

    def reaches(self, place: int, branch: Branch) -> bool:
        """Return whether this model's measurement at this branch is still to come."""
        if place not in self.places:
            return False
        i = self.places.index(place)
        diverged_at = self.state.diverged_at[i] if self.state else 0
        is_ahead = self.state is None or branch.start >= self.state.n_documents
        return branch.n_tokens >= self.since[i] and (is_ahead or 0 < diverged_at <= branch.n_tokens)


class TrunkProgress(NamedTuple):
    """A step that was taken: the state after it, and each model's loss on its batch, (models,), still on the device.

    ``n_tokens`` were trained on in this step by all models together. On the trunk, and not on a branch, the ``stage``
    may be saved, for ``train_all`` to go on from; ``train`` by itself has none.
    """

    trunk: Trunk
    state: State
    losses: torch.Tensor
    on_trunk: bool
    n_tokens: int
    stage: Stage | None = None


OnStep = Callable[[TrunkProgress], object]


def be_deterministic() -> None:
    """Have torch choose deterministic algorithms in this process; on CUDA, call it before any other work there.

    Then, for one version of torch:

    - on a CPU the same call gives the same bytes with the same number of threads, graph or not, resumed or not;
    - on one model of GPU it does with the same ``graph``, stack and micro-batch: torch takes deterministic kernels for
      attention's gradient and leaves cuDNN's out, and the embedding's gradient is a matrix product. A graph replays the
      kernels of the eager step in their order, but cuBLAS may choose others during the capture;
    - between CPU and GPU, two models of GPU, float32 and bfloat16, other stacks or other micro-batches nothing is equal
      bit for bit: sums have another order, and losses agree to what that and the dtype leave.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    # As torch.use_deterministic_algorithms does, but for inductor, whose import takes seconds: execution.py tells it.
    torch.set_deterministic_debug_mode("error")
    # Memory is always written before it is read here; filling it first would only add a kernel to every operation.
    torch.utils.deterministic.fill_uninitialized_memory = False


def train(
    trunk: Trunk,
    *,
    state: State | None = None,
    wanted: Callable[[Branch], Sequence[bool]] | None = None,
    on_step: OnStep = lambda _: None,
) -> Iterator[tuple[Measurement, ...]]:
    """Yield the measurements of a stack at each token count, in rising order: one per model.

    With the ``state`` of a trunk it goes on from there, exactly as it would have; branches that left before are not
    measured again. ``wanted`` says of which models a branch is wanted: one that none wants is left out, and the trunk
    ends with the last that is. Divergence is only reported here: see ``train_all``.
    """
    state = trunk.begin() if state is None else state.copy()
    for branch in trunk.plan.branches:
        wants = [True] * len(trunk.runs) if wanted is None else wanted(branch)
        if branch.start < state.n_documents or not any(wants):
            continue
        while state.n_documents < branch.start:
            _stepped(trunk, state, None, on_step)
        row = _cool_down(trunk, state.copy(), branch, on_step)
        for place, measurement in enumerate(row):
            if measurement.diverged and wants[place] and not state.diverged_at[place]:
                state.diverged_at[place] = measurement.n_tokens
        yield row


def train_all(
    trunk: Trunk,
    *,
    stage: Stage | None = None,
    known: Mapping[tuple[int, int], int] = NOTHING,
    on_step: OnStep = lambda _: None,
) -> Iterator[tuple[int, Measurement]]:
    """Yield (place in the stack, measurement) for every model at every token count, none of them diverged.

    A model that diverges at some token count is trained again from the start at half its rate, and that count and the
    larger ones are taken from there; ``run.halvings`` marks them. With a ``stage`` it goes on from there, exactly as
    it would have. Measurements of ``known`` (place, tokens) are there already, after that many halvings: they are not
    yielded, and what only they need is not trained.

    Raises:
        DivergenceError: a model diverges still after five halvings.
    """
    stage = stage or Stage(places=tuple(range(len(trunk.runs))), runs=trunk.runs, since=(0,) * len(trunk.runs))
    while stage.places:
        failed = _failures(stage, known)
        yield from _train_stage(trunk, stage, known, failed, on_step)
        again = sorted(failed)  # whatever the order of failing: the stack of a resumed run must be the same
        stage = Stage(
            places=tuple(stage.places[i] for i in again),
            runs=tuple(_halved(trunk, stage.runs[i]) for i in again),
            since=tuple(max(stage.since[i], failed[i]) for i in again),
        )


def _train_stage(
    trunk: Trunk, stage: Stage, known: Mapping[tuple[int, int], int], failed: dict[int, int], on_step: OnStep
) -> Iterator[tuple[int, Measurement]]:
    """Yield what one stage measures; add to ``failed`` the tokens at which its models, by number, diverge."""

    def wants(i: int, n_tokens: int) -> bool:
        taken = n_tokens >= stage.since[i] and not (i in failed and n_tokens >= failed[i])
        return taken and (stage.places[i], n_tokens) not in known

    def wanted(branch: Branch) -> list[bool]:
        return [wants(i, branch.n_tokens) for i in range(len(stage.places))]

    def report(progress: TrunkProgress) -> None:
        on_step(progress._replace(stage=dataclasses.replace(stage, state=progress.state)))

    part = trunk.only(stage.places, stage.runs)
    for row in train(part, state=stage.state, wanted=wanted, on_step=report):
        for i, measurement in enumerate(row):
            if not wants(i, measurement.n_tokens):
                continue
            if measurement.diverged:
                failed[i] = measurement.n_tokens
            else:
                yield stage.places[i], measurement


def _failures(stage: Stage, known: Mapping[tuple[int, int], int]) -> dict[int, int]:
    """Return the tokens at which models of a stage, by number, are known to diverge: from its state, and from rows."""
    failed = {}
    for i, (place, run) in enumerate(zip(stage.places, stage.runs, strict=True)):
        at = [n_tokens for (other, n_tokens), halvings in known.items() if other == place and halvings > run.halvings]
        if stage.state and stage.state.diverged_at[i]:
            at.append(stage.state.diverged_at[i])
        if at:
            failed[i] = min(at)
    return failed


def _halved(trunk: Trunk, run: Run) -> Run:
    if run.halvings == MAX_HALVINGS:
        raise DivergenceError(
            f"Training at width {trunk.shape.width} with seed {run.seed} diverges even at a learning rate of "
            f"{run.rate:.2g}: start from a lower one."
        )
    return dataclasses.replace(run, rate=run.rate / 2, halvings=run.halvings + 1)


def _stepped(trunk: Trunk, state: State, branch: Branch | None, on_step: OnStep) -> torch.Tensor:
    before = state.n_documents
    losses = step(trunk, state, branch)
    n_tokens = (state.n_documents - before) * trunk.plan.seq_len * len(trunk.runs)
    on_step(TrunkProgress(trunk, state, losses, branch is None, n_tokens))
    return losses


def _cool_down(trunk: Trunk, state: State, branch: Branch, on_step: OnStep) -> tuple[Measurement, ...]:
    total, weight = torch.zeros(len(trunk.runs), device=trunk.device), 0
    while state.n_documents < branch.stop:
        before = state.n_documents
        losses = _stepped(trunk, state, branch, on_step)
        if branch.in_last_share(state.n_documents):
            total += losses * (state.n_documents - before)
            weight += state.n_documents - before
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
    n_scores = len(trunk.runs) * trunk.shape.context * trunk.shape.vocab_size
    size = max(1, EVALUATION_SCORES // n_scores)
    execution = Execution(dtype=trunk.execution.dtype)  # other sizes than the steps': too few of each to compile for
    if trunk.sharded is not None:
        found = trunk.sharded.document_losses(weights, documents, size)
    else:
        with torch.no_grad():
            chunks = [document_losses(trunk.shape, weights, chunk, execution) for chunk in documents.split(size, dim=1)]
        found = torch.cat(chunks, dim=1)
    losses: NDArray[np.float64] = found.cpu().double().numpy()
    return losses
