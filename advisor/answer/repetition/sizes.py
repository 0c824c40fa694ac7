"""Any size with limited unique tokens: how often it reads them, what that takes, and how far it is from the optimum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.answer.repetition.affordable import epochs_of, law_within
from advisor.answer.row import NEIGHBOURS
from advisor.laws.repetition import RepeatedLaw
from advisor.laws.scaling_law import Allocation, ScalingLaw

if TYPE_CHECKING:
    from advisor.answer.repetition.limited_data import LimitedData
    from advisor.plan.hardware import Hardware


@dataclass(frozen=True, kw_only=True)
class LimitedChoice:
    """A size with limited unique tokens, weighed as ``advisor.answer.row.Choice`` is: the user's own, or another.

    A choice of parameters is trained for 40 epochs at most; a choice of tokens is weighed as it is.

    Attributes:
        n_params: N.
        n_tokens: the tokens that it is trained on, repeated ones among them.
        epochs: n_tokens over the unique tokens.
        flops_used: what it takes, 6 N D: less than the budget where 40 epochs do not use it.
        cost: ... in the currency of the price per hour; None without a GPU or a price.
        loss: nats/token by the law whose answer it stands beside.
        equivalent_flops: the least budget that reaches this loss with these unique tokens.
        wasted: the share of ``flops_used`` that is more than that.
    """

    n_params: float
    n_tokens: float
    epochs: float
    flops_used: float
    cost: float | None
    loss: float
    equivalent_flops: float
    wasted: float

    JSON = (
        *("n_params", "n_tokens", "epochs", "flops_used", "cost", "loss_nats_per_token=loss", "equivalent_flops"),
        "wasted_fraction=wasted",
    )


def sizes_around(base: ScalingLaw, best: LimitedData, hardware: Hardware | None = None) -> tuple[LimitedChoice, ...]:
    """Return what a third, a half, once, twice and three times the best N do with the same budget and unique tokens.

    ``best`` is the answer by the law ``base``.
    """
    law = law_within(base, best.unique_tokens)
    return tuple(
        weighed(law, within(law, factor * best.n_params, best.flops), hardware) for factor in NEIGHBOURS.values()
    )


def within(law: RepeatedLaw, n_params: float, flops: float) -> Allocation:
    """Return what a budget trains of a size: all the tokens that it pays for, of the most epochs at most."""
    return Allocation(n_params=n_params, n_tokens=min(flops / (6 * n_params), law.most_tokens))


def weighed(law: RepeatedLaw, at: Allocation, hardware: Hardware | None = None) -> LimitedChoice:
    """Return how an allocation does against the optimum with the same unique tokens."""
    loss, used = law.loss(at.n_params, at.n_tokens), at.flops
    same = law.cheapest(loss)
    equivalent = used if same is None else min(same.flops, used)
    return LimitedChoice(
        n_params=at.n_params,
        n_tokens=at.n_tokens,
        epochs=epochs_of(at, law.unique_tokens),
        flops_used=used,
        cost=None if hardware is None else hardware.cost(used),
        loss=loss,
        equivalent_flops=equivalent,
        wasted=1 - equivalent / used,
    )
