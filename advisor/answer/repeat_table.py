"""The table of ``advisor repeat``: epochs to effective tokens to loss, for a given corpus size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from advisor.answer.advice import Advice, advice_for
from advisor.answer.cautions import about_rows
from advisor.answer.repetition_cautions import about_epochs, about_transplant, unique_tokens_text
from advisor.answer.row import Bounds, check_whole
from advisor.caution import Caution
from advisor.errors import LawError, UsageError
from advisor.laws.repetition import SOURCE, RepeatedLaw, average_value, last_value
from advisor.laws.scaling_law import Allocation, Count, Law, ScalingLaw, central_interval

EPOCHS = (1.0, 2.0, 4.0, 8.0, 16.0, 40.0)


@dataclass(frozen=True, kw_only=True)
class RepeatRow:
    """What ``epochs`` passes over the unique tokens give; values are shares of a unique token's."""

    epochs: float
    n_params: float
    n_tokens: float
    flops: float
    effective_tokens: float
    effective_params: float
    average_value: float
    last_value: float
    loss: float
    loss_interval80: Bounds | None

    JSON = (
        *("epochs", "n_params", "n_tokens", "flops", "effective_tokens", "effective_params"),
        *("average_value_fraction=average_value", "last_value_fraction=last_value", "loss_nats_per_token=loss"),
        "loss_interval80_nats_per_token=loss_interval80",
    )


@dataclass(frozen=True, kw_only=True)
class RepeatTable:
    """Rows of increasing epochs under one law; ``optimum`` is the best one of a budget, where ``flops`` gives one.

    Without ``n_params`` and ``flops`` each row has the parameters that are optimal for its tokens.
    """

    law: str
    count: Count
    source: str
    transplanted: bool
    unique_tokens: float
    n_params: float | None
    flops: float | None
    most_effective_tokens: float
    loss_limit: float
    rows: tuple[RepeatRow, ...]
    optimum: RepeatRow | None
    advice: tuple[Advice, ...]
    cautions: tuple[Caution, ...]

    JSON = (
        *("law", "count", "source", "transplanted", "unique_tokens", "n_params", "flops", "most_effective_tokens"),
        *("loss_limit_nats_per_token=loss_limit", "rows", "optimum", "advice", "cautions"),
    )


def repeat_table(
    base: Law,
    unique_tokens: float,
    *,
    epochs: Sequence[float] = EPOCHS,
    n_params: float | None = None,
    flops: float | None = None,
) -> RepeatTable:
    """Return what repeating ``unique_tokens`` gives under the data-constrained law over ``base``.

    >>> from advisor.laws.published import MUENNIGHOFF
    >>> table = repeat_table(MUENNIGHOFF, 25e9, flops=1e22)
    >>> [round(row.loss, 3) for row in table.rows], round(table.optimum.epochs, 2)
    ([2.357, 2.289, 2.243, 2.223, 2.23, 2.284], 9.49)

    Raises:
        UsageError: both ``n_params`` and ``flops`` are given.
        LawError: the law predicts no loss.
    """
    if n_params is not None and flops is not None:
        raise UsageError("--params and --flops cannot be combined: with both the epochs are fixed.")
    if unique_tokens < 1:
        raise UsageError(f"--unique-tokens must be at least 1, not {unique_tokens:g}.")
    if n_params is not None and n_params < 1:
        raise UsageError(f"--params must be at least 1, not {n_params:g}.")
    if not isinstance(base, ScalingLaw):
        raise LawError(f"The law {base.name} predicts no loss, so it cannot weigh repeated data: choose another.")
    law = RepeatedLaw(base=base, unique_tokens=unique_tokens)
    rows = tuple(_row(law, _allocation(law, each * unique_tokens, n_params, flops)) for each in sorted(set(epochs)))
    optimum = None if flops is None else _row(law, law.optimum(flops))
    for row in rows:
        check_whole(Allocation(n_params=row.n_params, n_tokens=row.n_tokens))
    most = rows[-1].epochs
    return RepeatTable(
        law=base.name,
        count=base.count,
        source=f"{base.source}; {SOURCE}" if law.transplanted else base.source,
        transplanted=law.transplanted,
        unique_tokens=unique_tokens,
        n_params=n_params,
        flops=flops,
        most_effective_tokens=law.most_effective_tokens,
        loss_limit=law.loss_limit,
        rows=rows,
        optimum=optimum,
        advice=advice_for(most, asked=True),
        cautions=(
            *about_epochs(most, unique_tokens_text(unique_tokens)),
            *about_rows(base, [Allocation(n_params=row.n_params, n_tokens=row.n_tokens) for row in rows]),
            *((about_transplant(base.name),) if law.transplanted and most > 1 else ()),
        ),
    )


def _allocation(law: RepeatedLaw, n_tokens: float, n_params: float | None, flops: float | None) -> Allocation:
    """Return the row's allocation: the parameters given, those that the budget leaves, or the optimal ones."""
    if n_params is not None:
        if not math.isfinite(6 * n_params * n_tokens):
            raise LawError("The answer is beyond 1e308 FLOPs: ask a smaller question.")
        return Allocation(n_params=n_params, n_tokens=n_tokens)
    if flops is not None:
        return Allocation(n_params=flops / (6 * n_tokens), n_tokens=n_tokens)
    return law.for_tokens(n_tokens)


def _row(law: RepeatedLaw, at: Allocation) -> RepeatRow:
    epochs = at.n_tokens / law.unique_tokens
    losses = [replace(law, base=drawn).loss(at.n_params, at.n_tokens) for drawn in law.base.drawn_laws()]
    return RepeatRow(
        epochs=epochs,
        n_params=at.n_params,
        n_tokens=at.n_tokens,
        flops=at.flops,
        effective_tokens=law.effective_tokens(at.n_tokens),
        effective_params=law.effective_params(at.n_params, at.n_tokens),
        average_value=average_value(epochs),
        last_value=last_value(epochs),
        loss=law.loss(at.n_params, at.n_tokens),
        loss_interval80=central_interval(losses) if losses else None,
    )
