"""What is trained and what comes of it: models of one shape, a source of data for each, and their measurements."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import torch

from advisor.errors import UsageError
from advisor.plan.shape import Architecture
from advisor.quantities import plural
from calibration.training.capture import Capture
from calibration.training.execution import EAGER, Execution
from calibration.training.model import initial_weights
from calibration.training.optimizer import State
from calibration.training.ranks import ALONE, Ranks
from calibration.training.schedule import Schedule

if TYPE_CHECKING:
    from calibration.training.sharded import Sharded

MIN_VALIDATION = 128


@dataclass(frozen=True, kw_only=True)
class Run:
    """One model of a stack: the seed of its weights, its peak rate, and how often divergence has halved that."""

    seed: int
    rate: float
    halvings: int = 0


@dataclass(frozen=True, kw_only=True)
class DataSource:
    """The ids of a source on the device that trains: (documents, time) to train on, and a fixed set to validate on."""

    documents: torch.Tensor
    validation: torch.Tensor


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """What one model came to after one token count, in nats per token.

    ``loss`` and its standard error are of the validation documents; ``train_loss`` is the mean over the last 5 % of the
    tokens, each batch taken before it is learned from: a cross-check, as no token is seen twice. A model that diverged
    did worse than ln V, where it began, or not even that.
    """

    run: Run
    n_tokens: int
    n_steps: int
    loss: float
    standard_error: float
    train_loss: float
    few_steps: bool
    diverged: bool


@dataclass(frozen=True, kw_only=True)
class Trunk:
    """One stack to train: the shape, a run and a source for each model, the plan that they share.

    ``execution`` says how its steps are executed. With ``sharded`` it is one model on several ranks, each of which has
    the whole data.
    """

    shape: Architecture
    plan: Schedule
    runs: tuple[Run, ...]
    sources: tuple[DataSource, ...]
    execution: Execution = EAGER
    sharded: Sharded | None = field(default=None, repr=False, compare=False)
    capture: Capture = field(default_factory=Capture, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.runs or len(self.runs) != len(self.sources):
            raise UsageError(
                f"{plural(len(self.runs), 'run')} cannot be trained on {plural(len(self.sources), 'source')}: pair "
                "them."
            )
        if self.sharded is not None and len(self.runs) > 1:
            raise UsageError(f"{plural(len(self.runs), 'model')} cannot be one stack on several ranks: give one.")
        if len(sizes := {len(source.validation) for source in self.sources}) > 1:
            raise UsageError(f"Sources with {sorted(sizes)} validation documents cannot be stacked: hold out as many.")
        for source in self.sources:
            self._check(source)

    def _check(self, source: DataSource) -> None:
        if self.plan.n_documents > len(source.documents):
            raise UsageError(
                f"{self.plan.n_documents} documents are to be trained on and the source has {len(source.documents)}: "
                "an epoch is not repeated, so give it more data or ask for fewer tokens."
            )
        if len(source.validation) < MIN_VALIDATION:
            raise UsageError(
                f"{len(source.validation)} validation documents are too few: hold out at least {MIN_VALIDATION}."
            )
        lengths = {self.plan.seq_len, self.shape.context, source.documents.shape[1], source.validation.shape[1]}
        if len(lengths) > 1:
            raise UsageError(f"Documents of {sorted(lengths)} tokens were mixed: data, shape and plan must agree.")
        for tokens in (source.documents, source.validation):
            if int(tokens.min()) < 0 or int(tokens.max()) >= self.shape.vocab_size:
                raise UsageError(
                    f"The data has ids from {int(tokens.min())} to {int(tokens.max())}, and the model has "
                    f"{self.shape.vocab_size}, from 0: give it a vocabulary that holds them."
                )

    @property
    def device(self) -> torch.device:
        """The device of the data, which trains."""
        return self.sources[0].documents.device

    @cached_property
    def alike(self) -> list[list[int]]:
        """The places of the models that have one learning rate, for each rate."""
        places: dict[float, list[int]] = {}
        for place, run in enumerate(self.runs):
            places.setdefault(run.rate, []).append(place)
        return list(places.values())

    @property
    def ranks(self) -> Ranks:
        """This process's place among those that train it."""
        return ALONE if self.sharded is None else self.sharded.ranks

    def begin(self) -> State:
        """Return the state before the first step; on several ranks, of this one's weights."""
        if self.sharded is not None:
            return State.begin(self.sharded.initial(self.runs[0].seed))
        return State.begin(initial_weights(self.shape, [run.seed for run in self.runs]).to(self.device))

    def only(self, chosen: Sequence[int], runs: Sequence[Run]) -> Trunk:
        """Return the trunk of the models at these places, with other runs."""
        return dataclasses.replace(self, runs=tuple(runs), sources=tuple(self.sources[i] for i in chosen))
