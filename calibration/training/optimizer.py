"""AdamW without weight decay for a stack of models, each with its own learning rate and its own clipping."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from calibration.training.execution import EAGER, Execution

BETAS = (0.9, 0.95)
EPS = 1e-8
MAX_NORM = 1.0


@dataclass(kw_only=True)
class State:
    """All there is to know of training at one moment: what a checkpoint holds, and what a branch copies.

    ``weights``, ``first`` and ``second`` (Adam's moments) are (models, n_params); ``diverged_at`` holds the tokens at
    which each model was first found to have diverged, 0 for none. ``torch.save(vars(state), ...)`` writes it, and
    ``State(**torch.load(..., weights_only=True))`` reads it.
    """

    weights: torch.Tensor
    first: torch.Tensor
    second: torch.Tensor
    diverged_at: list[int]
    n_steps: int = 0
    n_documents: int = 0

    @classmethod
    def begin(cls, weights: torch.Tensor) -> State:
        """Return the state before the first step; ``weights`` are copied."""
        weights = weights.clone()
        return cls(
            weights=weights,
            first=torch.zeros_like(weights),
            second=torch.zeros_like(weights),
            diverged_at=[0] * len(weights),
        )

    def copy(self) -> State:
        """Return a copy that training does not touch."""
        return State(
            weights=self.weights.clone(),
            first=self.first.clone(),
            second=self.second.clone(),
            diverged_at=list(self.diverged_at),
            n_steps=self.n_steps,
            n_documents=self.n_documents,
        )


def corrections(n_steps: int) -> tuple[float, float]:
    """Return what Adam divides its moments by at step ``n_steps``, from 1: 1 - beta1^n, and sqrt(1 - beta2^n)."""
    beta1, beta2 = BETAS
    return 1 - beta1**n_steps, math.sqrt(1 - beta2**n_steps)


def adamw(
    state: State,
    gradient: torch.Tensor,
    rates: torch.Tensor,
    divisors: torch.Tensor,
    execution: Execution = EAGER,
) -> None:
    """Take one step in place; ``rates`` (models,) are the learning rates, ``gradient`` is used up.

    Kingma and Ba 2015 (arXiv:1412.6980), algorithm 1, with the gradient of each model scaled to a norm of at most 1.
    Without decay AdamW is Adam. ``divisors`` are the two ``corrections`` of the step that is taken. They are a tensor,
    as all else that differs between steps, so that a CUDA graph of this can be replayed; the caller counts the steps.
    """
    execution.way(_clipped)(state.weights, state.first, state.second, gradient, rates, divisors)


def _clipped(
    weights: torch.Tensor,
    first: torch.Tensor,
    second: torch.Tensor,
    gradient: torch.Tensor,
    rates: torch.Tensor,
    divisors: torch.Tensor,
) -> None:
    update(weights, first, second, gradient, gradient.norm(dim=1, keepdim=True), rates, divisors)


def update(
    weights: torch.Tensor,
    first: torch.Tensor,
    second: torch.Tensor,
    gradient: torch.Tensor,
    norm: torch.Tensor,
    rates: torch.Tensor,
    divisors: torch.Tensor,
) -> None:
    """Take the step of ``adamw`` in these columns of the weights; ``norm``, (models, 1), is of the whole gradient."""
    beta1, beta2 = BETAS
    gradient *= (MAX_NORM / (norm + 1e-6)).clamp(max=1.0)
    first.lerp_(gradient, 1 - beta1)
    second.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
    spread = second.sqrt().div_(divisors[1]).add_(EPS)
    weights.sub_(first.div(spread).mul_(rates[:, None] / divisors[0]))
