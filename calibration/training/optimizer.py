"""AdamW without weight decay for a stack of models, each with its own learning rate and its own clipping."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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


def adamw(
    state: State,
    gradient: torch.Tensor,
    rates: torch.Tensor,
    n_steps: torch.Tensor,
    alike: Iterable[Sequence[int]] = ((0,),),
) -> None:
    """Take one step in place, the ``n_steps``-th; ``gradient`` is used up.

    Kingma and Ba 2015 (arXiv:1412.6980), algorithm 1, with the gradient of each model scaled to a norm of at most 1.
    Without decay AdamW is Adam. ``rates`` (models,) are the learning rates; ``alike`` has the places of the models that
    have one rate, for each rate. What differs between steps is in tensors, float32 on the device, so that a CUDA graph
    of this can be replayed; the caller counts the steps.
    """
    gradient *= shrinkage(gradient.norm(dim=1, keepdim=True))
    for places in alike:
        weights, gradients, firsts, seconds = (
            [each[place] for place in places] for each in (state.weights, gradient, state.first, state.second)
        )
        update(weights, gradients, firsts, seconds, rates[places[0]], n_steps)


def shrinkage(norm: torch.Tensor) -> torch.Tensor:
    """Return what a gradient of this norm is multiplied by, so that its norm is at most 1."""
    return (MAX_NORM / (norm + 1e-6)).clamp(max=1.0)


def update(
    weights: list[torch.Tensor],
    gradients: list[torch.Tensor],
    firsts: list[torch.Tensor],
    seconds: list[torch.Tensor],
    rate: torch.Tensor,
    n_steps: torch.Tensor,
) -> None:
    """Take Adam's step in each of the weights, of one rate, in one pass over memory: 28 bytes a parameter.

    That is torch's fused kernel. ``torch.optim`` would call it too, and would count the steps itself, in one tensor for
    each of the weights.
    """
    torch._fused_adamw_(
        weights,
        gradients,
        firsts,
        seconds,
        [],
        [n_steps] * len(weights),
        lr=rate,
        beta1=BETAS[0],
        beta2=BETAS[1],
        weight_decay=0.0,
        eps=EPS,
        amsgrad=False,
        maximize=False,
    )
