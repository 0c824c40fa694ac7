"""What unique tokens and a budget afford: no answer reads the tokens more than 40 times, whatever the law would do."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from advisor.answer.flat_region import LOSS_TOLERANCE
from advisor.laws.repetition import RepeatedLaw
from advisor.laws.scaling_law import Allocation, ScalingLaw

# No answer reads the data more often: the law knows no overfitting, and at 44 epochs the loss was seen to rise 2.5 to 5
# times as much as it predicts (Muennighoff et al. 2023, arXiv:2305.16264).
MOST_EPOCHS = 40.0
GOOD_EPOCHS = 4.0  # up to here a repeated token is nearly as good as a new one


@dataclass(frozen=True, kw_only=True)
class LargerModel:
    """The model that the whole budget pays for where its answer stops at 40 epochs: as many tokens, more parameters.

    ``gained`` is the share of the answer's loss by which it is better, if the law is right so far out.
    """

    n_params: float
    loss: float
    gained: float

    JSON = ("n_params", "loss_nats_per_token=loss", "gained_fraction=gained")


def law_within(base: ScalingLaw, unique: float) -> RepeatedLaw:
    """Return the data-constrained law over ``base``, no answer of which reads the data more than MOST_EPOCHS times."""
    return RepeatedLaw(base=base, unique_tokens=unique, most_epochs=MOST_EPOCHS)


def affordable(law: RepeatedLaw, flops: float) -> Allocation:
    """Return what the unique tokens and a budget afford: the law's optimum, or what stops short of the budget."""
    return law.used_up(flops) if stops_early(law, flops) else law.optimum(flops)


def stops_early(law: RepeatedLaw, flops: float) -> bool:
    """Return whether the answer leaves some of the budget over: 40 epochs are reached, and the rest buys under 1 %."""
    whole, enough = law.optimum(flops), law.used_up(flops)
    least = law.loss(whole.n_params, whole.n_tokens)
    return enough != whole and law.loss(enough.n_params, enough.n_tokens) <= (1 + LOSS_TOLERANCE) * least


def alone(law: RepeatedLaw) -> RepeatedLaw:
    """Return the law without a limit on the epochs, which answers what it cannot see."""
    return replace(law, most_epochs=math.inf)


def epochs_of(at: Allocation, unique: float) -> float:
    """Return how often the tokens of an allocation within the limit read the unique ones: 40, exactly, at most."""
    epochs = at.n_tokens / unique
    return MOST_EPOCHS if math.isclose(epochs, MOST_EPOCHS, rel_tol=1e-12) else epochs


def larger_model(law: RepeatedLaw, flops: float, loss: float) -> LargerModel:
    """Return what the rest of the budget would buy."""
    whole = law.optimum(flops)
    least = law.loss(whole.n_params, whole.n_tokens)
    return LargerModel(n_params=whole.n_params, loss=least, gained=1 - least / loss)
