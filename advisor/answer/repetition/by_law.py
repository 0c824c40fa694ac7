"""What every law recommends for the same budget with limited unique tokens, and whose law of repetition it does so by.

A law that predicts a loss and was not fitted to repeated data takes over how they lose their value under muennighoff. A
law of optimal N alone has no loss that repetition could change: where it wants more than the unique tokens, it has no
answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from advisor.answer.repetition.affordable import affordable, epochs_of, law_within
from advisor.laws.repetition import RepeatedLaw
from advisor.laws.scaling_law import Allocation, Count, Law, ScalingLaw

Repetition = Literal["own", "muennighoff"]


@dataclass(frozen=True, kw_only=True)
class LimitedLaw:
    """What one law recommends with limited unique tokens.

    Attributes:
        law: its name.
        count: which parameters N counts.
        repetition: whose law of repetition it is, its own or muennighoff's that it takes over; None where it has none.
        n_params: N; None where tokens would be repeated under a law that has no law of repetition.
        n_tokens: ... the tokens, repeated ones among them.
        epochs: ... n_tokens over the unique tokens, 40 at most.
        flops_used: ... what of the budget that takes.
        loss: ... nats/token; None where the law predicts none.
        unlimited_n_params: N of the same law and budget with unlimited data.
    """

    law: str
    count: Count
    repetition: Repetition | None
    n_params: float | None
    n_tokens: float | None
    epochs: float | None
    flops_used: float | None
    loss: float | None
    unlimited_n_params: float

    JSON = (
        *("law", "count", "repetition", "n_params", "n_tokens", "epochs", "flops_used", "loss_nats_per_token=loss"),
        "unlimited_n_params",
    )


def by_law(laws: Iterable[Law], flops: float, unique: float, *, first: str) -> tuple[LimitedLaw, ...]:
    """Return what each law recommends for ``flops`` with ``unique`` tokens, the law of the name ``first`` before all.

    >>> from advisor.laws.published import published_laws
    >>> known = published_laws()
    >>> rows = by_law([known["chinchilla"], known["muennighoff"], known["kaplan"]], 1e22, 25e9, first="muennighoff")
    >>> [(row.law, row.repetition, row.epochs and round(row.epochs, 1)) for row in rows]
    [('muennighoff', 'own', 9.5), ('chinchilla', 'muennighoff', 10.0), ('kaplan', None, None)]
    """
    return tuple(_of(law, flops, unique) for law in sorted(laws, key=lambda law: law.name != first))


def _of(law: Law, flops: float, unique: float) -> LimitedLaw:
    free = law.frontier(flops)
    limited = law_within(law, unique) if isinstance(law, ScalingLaw) else None
    best = _without(free, unique) if limited is None else affordable(limited, flops)
    return LimitedLaw(
        law=law.name,
        count=law.count,
        repetition=None if limited is None else _whose(limited),
        n_params=None if best is None else best.n_params,
        n_tokens=None if best is None else best.n_tokens,
        epochs=None if best is None else epochs_of(best, unique),
        flops_used=None if best is None else min(best.flops, flops),
        loss=None if limited is None or best is None else limited.loss(best.n_params, best.n_tokens),
        unlimited_n_params=free.n_params,
    )


def _without(best: Allocation, unique: float) -> Allocation | None:
    """Return the optimum of a law without a law of repetition; None where it would read a token twice."""
    return best if best.n_tokens <= unique else None


def _whose(law: RepeatedLaw) -> Repetition:
    return "muennighoff" if law.transplanted else "own"
