"""The table of ``advisor repeat``: epochs to effective tokens to loss, for a given corpus size."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from advisor.answer.cautions import about_rows
from advisor.answer.law_cautions import about_losses
from advisor.answer.law_choice import law_answering
from advisor.answer.law_of_table import default_of_table, law_of_table
from advisor.answer.repetition.advice import Advice, advice_for
from advisor.answer.repetition.affordable import MOST_EPOCHS, affordable, epochs_of, law_within
from advisor.answer.repetition.cautions import about_epochs, about_transplant, about_used_up, unique_tokens_text
from advisor.answer.row import Bounds, check_whole
from advisor.caution import Caution
from advisor.errors import NoAnswerError, UsageError
from advisor.laws.drift import widened
from advisor.laws.repetition import RepeatedLaw, average_value, last_value
from advisor.laws.scaling_law import Allocation, Count, Law, ScalingLaw, central_interval
from advisor.quantities import check_positive, format_amount, format_quantity
from advisor.results.result import Result, Shown

EPOCHS = (1.0, 2.0, 4.0, 8.0, 16.0, 40.0)


@dataclass(frozen=True, kw_only=True)
class RepeatRow:
    """What ``epochs`` passes over the unique tokens give; values are shares of a unique token's."""

    epochs: float
    n_params: float
    n_tokens: float
    flops: float
    effective_tokens: float  # the unique tokens that these are worth, D' of Muennighoff et al. 2023
    effective_params: float  # ... and N', the parameters that these are worth with so few tokens
    average_value: float  # of a token over all epochs, D'/D
    last_value: float  # of a token at their end, dD'/dD
    loss: float  # nats/token
    loss_interval80: Bounds | None  # None where the law has no draws

    JSON = (
        *("epochs", "n_params", "n_tokens", "flops", "effective_tokens", "effective_params"),
        *("average_value_fraction=average_value", "last_value_fraction=last_value", "loss_nats_per_token=loss"),
        "loss_interval80_nats_per_token=loss_interval80",
    )


@dataclass(frozen=True, kw_only=True, repr=False)
class RepeatTable(Result):
    """Rows of increasing epochs under one law; ``optimum`` is the best one of a budget, where ``flops`` gives one.

    Without ``n_params`` and ``flops`` each row has the parameters that are optimal for its tokens. Rows have the epochs
    asked; the optimum has 40 at most, even where the law alone would go on to ``law_epochs``, and may then take less
    than the budget.
    """

    law: str
    count: Count  # which parameters N counts
    source: str
    transplanted: bool  # how repeated tokens decay is Muennighoff's, and not of the law's own runs
    unique_tokens: float
    n_params: float | None
    flops: float | None
    most_effective_tokens: float  # what endless repetition is worth in unique tokens
    loss_limit: float  # nats/token, of unlimited compute
    rows: tuple[RepeatRow, ...]
    optimum: RepeatRow | None
    law_epochs: float | None  # of the law's own optimum, without a limit; None without a budget
    advice: tuple[Advice, ...]
    cautions: tuple[Caution, ...]
    base: ScalingLaw  # the law of unique data

    JSON = (
        *("law", "count", "source", "transplanted", "unique_tokens", "n_params", "flops", "most_effective_tokens"),
        *(
            "loss_limit_nats_per_token=loss_limit",
            "rows",
            "optimum",
            "epochs_by_the_law_alone=law_epochs",
            "advice",
            "cautions",
            "-base",
        ),
    )
    ROWS = "rows"

    @property
    def in_brief(self) -> str:
        """How many unique tokens there are, the epochs, and the best of them where there is a budget."""
        tokens, law = format_quantity(self.unique_tokens), f"({self.law})"
        if self.optimum is not None:
            return f"{tokens} unique tokens, best read {format_amount(self.optimum.epochs)} times {law}"
        ends = (format_amount(self.rows[0].epochs), format_amount(self.rows[-1].epochs))
        return f"{tokens} unique tokens, {' to '.join(dict.fromkeys(ends))} epochs {law}"

    def shown(self) -> Shown:
        """Return the rows, and the optimum where there is one."""
        optimum = [] if self.optimum is None else [("optimum", self.optimum)]
        rows = [
            (
                format_amount(row.epochs) + (f", the {mark}" if mark else ""),
                format_quantity(row.n_params),
                format_quantity(row.n_tokens),
                format_quantity(row.effective_tokens),
                f"{row.loss:.3f}",
            )
            for mark, row in sorted([*(("", row) for row in self.rows), *optimum], key=lambda pair: pair[1].epochs)
        ]
        return Shown(("epochs", "N", "D", "worth", "loss"), rows, [each.message for each in self.cautions])

    def document(self) -> Mapping[str, Any]:
        """Return the document; --explain alone fills the last two of its keys."""
        return {**super().document(), "explanations": None, "explanation_functions": None}


def repeat_table(
    law: str | Path | Law | None,
    unique_tokens: float,
    *,
    epochs: Sequence[float] | None = None,
    n_params: float | None = None,
    flops: float | None = None,
    compressibility: float | None = None,
    bytes_per_token: float | None = None,
    epsilon: float | None = None,
    coefficients: Path | None = None,
    calibration: str | None = None,
    base: str | None = None,
) -> RepeatTable:
    """Return what repeating ``unique_tokens`` gives under the data-constrained law over ``law``.

    ``law`` is a law, the name of one, or a law file; None takes ``data`` where ``compressibility`` or
    ``bytes_per_token`` is given, else ``muennighoff``. The last six are those of ``Request``, for the laws that depend
    on the corpus; the data rule's law is that of the budget, else of what is optimal for one epoch, for all rows.
    Without ``epochs`` the rows are those of EPOCHS.

    >>> table = repeat_table("muennighoff", 25e9, flops=1e22)
    >>> [round(row.loss, 3) for row in table.rows], round(table.optimum.epochs, 2)
    ([2.357, 2.289, 2.243, 2.223, 2.23, 2.284], 9.49)

    Raises:
        UsageError: both ``n_params`` and ``flops`` are given, or an argument is out of its domain.
        CoefficientsError: the law needs a calibration that is not there, or that cannot answer at this H.
        LawError: the law predicts no loss.
    """
    if law is None:
        law = default_of_table("muennighoff", compressibility, bytes_per_token, coefficients, calibration)
    one = law_of_table(law, compressibility, epsilon, coefficients, calibration, bytes_per_token, base)
    if n_params is not None and flops is not None:
        raise UsageError("--params and --flops cannot be combined: with both the epochs are fixed.")
    given = (("--unique-tokens", unique_tokens), ("--flops", flops), ("--params", n_params))
    passes = EPOCHS if epochs is None else tuple(epochs)
    for option, value in (*given, *(("Each of --epochs", each) for each in passes)):
        if value is not None:
            check_positive(value, option)
    if not passes:
        raise UsageError("The table has no row: give --epochs.")
    if unique_tokens < 1:
        raise UsageError(f"--unique-tokens must be at least 1, not {unique_tokens:g}.")
    if n_params is not None and n_params < 1:
        raise UsageError(f"--params must be at least 1, not {n_params:g}.")
    found = law_answering(one, lambda law: law.frontier(flops) if flops else law.for_tokens(unique_tokens))
    if not isinstance(found, ScalingLaw):
        raise NoAnswerError(f"The law {found.name} predicts no loss, so it cannot weigh repeated data: choose another.")
    repeated = RepeatedLaw(base=found, unique_tokens=unique_tokens)
    at = [_allocation(repeated, each * unique_tokens, n_params, flops) for each in sorted(set(passes))]
    # One law for the table: its draws are as wide as the largest row needs.
    found = widened(found, max(one.flops for one in at))
    repeated = replace(repeated, base=found)
    rows = tuple(_row(repeated, one) for one in at)
    optimum = None if flops is None else _row(repeated, affordable(law_within(found, unique_tokens), flops))
    law_epochs = None if flops is None else repeated.optimum(flops).n_tokens / unique_tokens
    for row in rows:
        check_whole(Allocation(n_params=row.n_params, n_tokens=row.n_tokens))
    most = rows[-1].epochs
    return RepeatTable(
        law=found.name,
        count=found.count,
        source=repeated.source,
        transplanted=repeated.transplanted,
        unique_tokens=unique_tokens,
        n_params=n_params,
        flops=flops,
        most_effective_tokens=repeated.most_effective_tokens,
        loss_limit=repeated.loss_limit,
        rows=rows,
        optimum=optimum,
        law_epochs=law_epochs,
        advice=advice_for(most, asked=True),
        cautions=(
            *about_losses(one),
            *_about_epochs(most, law_epochs, unique_tokens_text(unique_tokens)),
            *about_rows(found, [Allocation(n_params=row.n_params, n_tokens=row.n_tokens) for row in rows]),
            *((about_transplant(found.name),) if repeated.transplanted and most > 1 else ()),
        ),
        base=found,
    )


def _about_epochs(most: float, law_epochs: float | None, of: str) -> tuple[Caution, ...]:
    """Return what to beware of in rows of up to ``most`` epochs, and in an optimum that stops before the law's own."""
    if law_epochs is not None and max(most, MOST_EPOCHS) < law_epochs:
        return (about_used_up(law_epochs, of),)
    return tuple(about_epochs(most, of))


def _allocation(law: RepeatedLaw, n_tokens: float, n_params: float | None, flops: float | None) -> Allocation:
    """Return the row's allocation: the parameters given, those that the budget leaves, or the optimal ones."""
    if n_params is not None:
        if not math.isfinite(6 * n_params * n_tokens):
            raise NoAnswerError("The answer is beyond 1e308 FLOPs: ask a smaller question.")
        return Allocation(n_params=n_params, n_tokens=n_tokens)
    if flops is not None:
        return Allocation(n_params=flops / (6 * n_tokens), n_tokens=n_tokens)
    return law.for_tokens(n_tokens)


def _row(law: RepeatedLaw, at: Allocation) -> RepeatRow:
    epochs = epochs_of(at, law.unique_tokens)
    losses = [replace(law, base=drawn).loss(at.n_params, at.n_tokens) for drawn in law.base.drawn_laws()]
    loss = law.loss(at.n_params, at.n_tokens)
    return RepeatRow(
        epochs=epochs,
        n_params=at.n_params,
        n_tokens=at.n_tokens,
        flops=at.flops,
        effective_tokens=law.effective_tokens(at.n_tokens),
        effective_params=law.effective_params(at.n_params, at.n_tokens),
        average_value=average_value(epochs, law.r_d),
        last_value=last_value(epochs, law.r_d),
        loss=loss,
        loss_interval80=central_interval(losses, point=loss) if losses else None,
    )
