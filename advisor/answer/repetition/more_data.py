"""What more unique data is worth: the same budget with 2 and 4 times the tokens, and without a limit."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from advisor.answer.repetition.affordable import MOST_EPOCHS, affordable, epochs_of
from advisor.laws.repetition import RepeatedLaw

# How many times the unique tokens at hand "more data" is.
_MORE = (2.0, 4.0, math.inf)


@dataclass(frozen=True, kw_only=True)
class MoreData:
    """The optimum of the same budget with ``factor`` times the unique tokens; unlimited data have no ``epochs``.

    Attributes:
        factor: infinity is unlimited data.
        unique_tokens: that many, or infinity.
        flops_used: what the optimum costs: less than the budget where even these data end at 40 epochs.
        n_params: of the optimum.
        n_tokens: ... its tokens.
        epochs: ... 0 with unlimited data.
        loss: ... nats/token.
        matching_flops: the budget that would reach this loss with the unique tokens at hand; None where none does.
        saved: the share of the FLOPs used now that the loss of now would not need, 1 - C'/C.
    """

    factor: float
    unique_tokens: float
    flops_used: float
    n_params: float
    n_tokens: float
    epochs: float | None
    loss: float
    matching_flops: float | None
    saved: float

    JSON = (
        *("factor", "unique_tokens", "n_params", "n_tokens", "epochs", "loss_nats_per_token=loss", "matching_flops"),
        *("saved_fraction=saved", "flops_used"),
    )


def more_data(law: RepeatedLaw, flops: float, used: float, loss: float) -> tuple[MoreData, ...]:
    """Return what more unique tokens than the law's would do with ``flops``, of which the answer takes ``used``."""
    return tuple(_more(law, flops, used, loss, factor) for factor in _MORE)


def _more(law: RepeatedLaw, flops: float, used: float, loss: float, factor: float) -> MoreData:
    """Return what ``factor`` times the unique tokens would do; a factor of infinity is the law of unique data."""
    base, richer = law.base, replace(law, unique_tokens=law.unique_tokens * factor)
    if math.isinf(factor):
        best = base.frontier(flops)
        better, saving = base.loss(best.n_params, best.n_tokens), base.for_loss(loss)
    else:
        best = affordable(richer, flops)
        better, saving = richer.loss(best.n_params, best.n_tokens), richer.cheapest(loss) or best
    matching = law.cheapest(better)
    epochs = None if math.isinf(factor) else epochs_of(best, richer.unique_tokens)
    return MoreData(
        factor=factor,
        unique_tokens=richer.unique_tokens,
        flops_used=min(best.flops, flops) if epochs == MOST_EPOCHS else flops,
        n_params=best.n_params,
        n_tokens=best.n_tokens,
        epochs=epochs,
        loss=better,
        matching_flops=None if matching is None else matching.flops,
        saved=1 - min(saving.flops / used, 1.0),
    )
