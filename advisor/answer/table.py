"""The table of ``advisor table``: a law's optimal allocations for model sizes, or for budgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from advisor.answer.cautions import about_rows
from advisor.answer.law_choice import law_of_table
from advisor.answer.row import check_whole
from advisor.calibrations.laws_in_h import LAW_NAMES
from advisor.caution import Caution
from advisor.errors import UsageError
from advisor.laws.scaling_law import Allocation, Count, Law, ScalingLaw

# The training compute of Gopher, the unit of Hoffmann et al. 2022, table 3; the sizes are that table's.
GOPHER_FLOPS = 5.76e23
SIZES = (400e6, 1e9, 10e9, 67e9, 175e9, 280e9, 520e9, 1e12, 10e12)


@dataclass(frozen=True, kw_only=True)
class TableRow:
    """An optimal allocation: ``flops`` are also in Gopher's; ``loss`` is None where the law predicts none."""

    n_params: float
    flops: float
    gopher_units: float
    n_tokens: float
    tokens_per_param: float
    loss: float | None  # nats/token


@dataclass(frozen=True, kw_only=True)
class AllocationTable:
    """The optimal allocations of one law, in the order in which they were asked for."""

    law: str
    count: Count  # which parameters N counts
    source: str
    compressibility: float | None  # as it was given
    depends_on_compressibility: bool
    rows: tuple[TableRow, ...]
    cautions: tuple[Caution, ...]
    asked_by: Literal["sizes", "budgets"]
    base: Law  # the law itself


def table(
    law: str | Law = "chinchilla",
    *,
    sizes: Sequence[float] | None = None,
    flops: Sequence[float] | None = None,
    compressibility: float | None = None,
    epsilon: float | None = None,
    coefficients: Path | None = None,
    calibration: str | None = None,
) -> AllocationTable:
    """Return the budget and tokens for which each of ``sizes`` is optimal, or what is optimal for budgets in ``flops``.

    Without either the sizes are the Chinchilla table's. ``law`` is a law, the name of one, or a law file; the last four
    are those of ``Request``, for the laws that depend on the corpus.

    >>> [f"{row.n_tokens:.2e}" for row in table("hoffmann-table3", sizes=(1e9, 10e9)).rows]
    ['2.02e+10', '2.05e+11']

    Raises:
        UsageError: both sizes and budgets are given, or an argument is out of its domain.
        CoefficientsError: the law needs a calibration that is not there, or that cannot answer at this H.
        LawError: the law cannot answer, or a row is beyond what has a meaning.
    """
    if sizes is not None and flops is not None:
        raise UsageError("--sizes and --flops both give the rows of the table: give one.")
    found = law_of_table(law, compressibility, epsilon, coefficients, calibration)
    if flops is not None:
        optima = [found.frontier(budget) for budget in flops]
    else:
        optima = [found.for_params(n_params) for n_params in sizes or SIZES]
    return AllocationTable(
        law=found.name,
        count=found.count,
        source=found.source,
        compressibility=compressibility,
        depends_on_compressibility=found.name in LAW_NAMES,
        rows=tuple(_row(found, check_whole(at)) for at in optima),
        cautions=tuple(about_rows(found, optima)),
        asked_by="sizes" if flops is None else "budgets",
        base=found,
    )


def _row(law: Law, at: Allocation) -> TableRow:
    return TableRow(
        n_params=at.n_params,
        flops=at.flops,
        gopher_units=at.flops / GOPHER_FLOPS,
        n_tokens=at.n_tokens,
        tokens_per_param=at.tokens_per_param,
        loss=law.loss(at.n_params, at.n_tokens) if isinstance(law, ScalingLaw) else None,
    )
