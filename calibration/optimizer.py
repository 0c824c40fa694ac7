"""AdamW without weight decay for a stack of models, each with its own learning rate and its own clipping."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

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


def adamw(state: State, gradient: torch.Tensor, rates: torch.Tensor) -> None:
    """Take one step in place; ``rates`` (models,) are the learning rates, ``gradient`` is used up.

    Kingma and Ba 2015 (arXiv:1412.6980), algorithm 1, with the gradient of each model scaled to a norm of at most 1.
    Without decay AdamW is Adam.
    """
    beta1, beta2 = BETAS
    state.n_steps += 1
    norm = gradient.norm(dim=1, keepdim=True)
    gradient *= (MAX_NORM / (norm + 1e-6)).clamp(max=1.0)
    state.first.lerp_(gradient, 1 - beta1)
    state.second.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
    size = rates[:, None] / (1 - beta1**state.n_steps)
    spread = state.second.sqrt().div_(math.sqrt(1 - beta2**state.n_steps)).add_(EPS)
    state.weights.sub_(state.first.div(spread).mul_(size))
