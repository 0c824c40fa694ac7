"""The table of ``advisor table``: a law's optimal allocations for model sizes, or for budgets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from advisor.answer.cautions import about_rows
from advisor.answer.law_cautions import about_losses
from advisor.answer.law_choice import DATA, DATA_LAWS, law_answering
from advisor.answer.law_of_table import default_of_table, law_of_table
from advisor.answer.row import check_whole
from advisor.calibrations.laws_in_h import LAW_NAMES
from advisor.caution import Caution
from advisor.errors import UsageError
from advisor.laws.data_rule import DataLaw
from advisor.laws.scaling_law import Allocation, Count, FrontierLaw, Law, ScalingLaw
from advisor.laws.text import Text
from advisor.quantities import format_flops, format_quantity
from advisor.results.result import Result, Shown

if TYPE_CHECKING:
    from advisor.explanation import Explanation, Page
    from advisor.laws.explained import LawNames

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

    JSON = (*("n_params", "flops", "gopher_units", "n_tokens", "tokens_per_param", "loss_nats_per_token=loss"),)


@dataclass(frozen=True, kw_only=True, repr=False)
class AllocationTable(Result):
    """The optimal allocations of one law, in the order in which they were asked for."""

    law: str
    count: Count  # which parameters N counts
    source: str
    compressibility: float | None  # as it was given
    bytes_per_token: float | None  # under the training tokenizer, as it was given
    depends_on_compressibility: bool
    depends_on_bytes_per_token: bool
    rows: tuple[TableRow, ...]
    cautions: tuple[Caution, ...]
    asked_by: Literal["sizes", "budgets"]
    laws: tuple[Law, ...]  # the law of each row: the data rule has another one at every budget
    text: Text | None  # what the data rule knows; None for the other laws

    JSON = (
        *("law", "count", "source", "compressibility", "training_bytes_per_token=bytes_per_token"),
        *("depends_on_compressibility", "-depends_on_bytes_per_token", "rows", "cautions"),
        *("-asked_by", "-laws", "-text"),
    )
    ROWS = "rows"

    @property
    def in_brief(self) -> str:
        """How many rows of which law there are."""
        return f"{len(self.rows)} {'optimum' if len(self.rows) == 1 else 'optima'} of the law {self.law}"

    def shown(self) -> Shown:
        """Return the rows."""
        rows = [
            (
                format_quantity(row.n_params),
                format_flops(row.flops),
                format_quantity(row.n_tokens),
                f"{row.tokens_per_param:.3g}",
                "" if row.loss is None else f"{row.loss:.3f}",
            )
            for row in self.rows
        ]
        return Shown(("N", "FLOPs", "D", "D/N", "loss"), rows, [each.message for each in self.cautions])

    def document(self) -> Mapping[str, Any]:
        """Return the document; --explain alone fills the last two of its keys."""
        return {**super().document(), "explanations": None, "explanation_functions": None}


def table(
    law: str | Path | Law | None = None,
    *,
    sizes: Sequence[float] | None = None,
    flops: Sequence[float] | None = None,
    compressibility: float | None = None,
    bytes_per_token: float | None = None,
    epsilon: float | None = None,
    coefficients: Path | None = None,
    calibration: str | None = None,
    base: str | None = None,
) -> AllocationTable:
    """Return the budget and tokens for which each of ``sizes`` is optimal, or what is optimal for budgets in ``flops``.

    Without either the sizes are the Chinchilla table's. ``law`` is a law, the name of one, or a law file; without one
    it is ``anchored`` where a calibration and ``compressibility`` are given, ``data`` where that or ``bytes_per_token``
    is, else ``chinchilla``. The last six are
    those of ``Request``, for the laws that depend on the corpus.

    >>> [f"{row.n_tokens:.2e}" for row in table("hoffmann-table3", sizes=(1e9, 10e9)).rows]
    ['2.02e+10', '2.06e+11']

    Raises:
        UsageError: both sizes and budgets are given, or an argument is out of its domain.
        CoefficientsError: the law needs a calibration that is not there, or that cannot answer at this H.
        LawError: the law cannot answer, or a row is beyond what has a meaning.
    """
    if sizes is not None and flops is not None:
        raise UsageError("--sizes and --flops both give the rows of the table: give one.")
    if len(SIZES if sizes is None else sizes) == 0 or (flops is not None and len(flops) == 0):
        raise UsageError("The table has no row: give sizes or budgets.")
    if law is None:
        law = default_of_table("chinchilla", compressibility, bytes_per_token, coefficients, calibration)
    found = law_of_table(law, compressibility, epsilon, coefficients, calibration, bytes_per_token, base)
    questions: list[Callable[[Law], Allocation]]
    if flops is not None:
        questions = [partial(_optimum, flops=budget) for budget in flops]
    else:
        questions = [partial(_size, n_params=n_params) for n_params in (SIZES if sizes is None else sizes)]
    laws = [law_answering(found, question) for question in questions]
    optima = [question(one) for question, one in zip(questions, laws, strict=True)]
    return AllocationTable(
        law=found.name,
        count=laws[0].count,
        source=found.source,
        compressibility=compressibility,
        bytes_per_token=bytes_per_token,
        depends_on_compressibility=found.name in (DATA, *LAW_NAMES),
        depends_on_bytes_per_token=found.name in DATA_LAWS,
        rows=tuple(_row(one, check_whole(at)) for one, at in zip(laws, optima, strict=True)),
        cautions=(*about_rows(laws[0], optima), *about_losses(found)),
        asked_by="sizes" if flops is None else "budgets",
        laws=tuple(laws),
        text=found.text if isinstance(found, DataLaw) else None,
    )


def _optimum(law: Law, flops: float) -> Allocation:
    return law.frontier(flops)


def _size(law: Law, n_params: float) -> Allocation:
    return law.for_params(n_params)


def _row(law: Law, at: Allocation) -> TableRow:
    return TableRow(
        n_params=at.n_params,
        flops=at.flops,
        gopher_units=at.flops / GOPHER_FLOPS,
        n_tokens=at.n_tokens,
        tokens_per_param=at.tokens_per_param,
        loss=law.loss(at.n_params, at.n_tokens) if isinstance(law, ScalingLaw) else None,
    )


def explain_table(table: AllocationTable) -> tuple[Explanation, ...]:
    """Return where the numbers of the table come from."""
    from advisor.explanation import Page
    from advisor.laws.explained import explain_frontier, names_of

    page, names = Page("The table"), names_of(table.laws[0], headline=True)
    page.add("gopher_flops", "gopher", "Hoffmann et al. 2022, table 3", value=GOPHER_FLOPS, gopher=GOPHER_FLOPS)
    if table.text is None:
        explain_frontier(page, names)
    for i, (row, law) in enumerate(zip(table.rows, table.laws, strict=True)):
        if table.text is not None:
            names = _explain_rule(page, table, law, row, i)
        _explain_row(page, names, i, row, by_flops=table.asked_by == "budgets")
    return tuple(page.lines)


def _explain_rule(page: Page, table: AllocationTable, law: Law, row: TableRow, i: int) -> LawNames:
    """Explain the law that the data rule makes of the row's budget; return its names."""
    from advisor.laws.data_rule_explained import explain_data_law
    from advisor.laws.explained import explain_frontier

    assert isinstance(law, ScalingLaw)
    names = explain_data_law(page, replace(law, name=f"row_{i}"), table.text or Text(), row.flops, headline=False)
    explain_frontier(page, names)
    return names


def _explain_row(page: Page, names: LawNames, i: int, row: TableRow, *, by_flops: bool) -> None:
    from advisor.laws.explained import FRONTIER, SURFACE, excess_of, tokens_for

    law, key = names.law, f"rows[{i}]"
    n, d, c = f"N_{i}", f"D_{i}", f"C_{i}"
    frontier = isinstance(law, FrontierLaw)
    source = law.source if frontier else f"{FRONTIER}; {law.source}"
    if by_flops:
        page.add(c, "flops", "given: --flops", value=row.flops, key=f"{key}.flops", flops=row.flops)
        optimal = f"{{coefficient}}*{c}**{{exponent}}" if frontier else f"{{G}}*({c}/6)**{{a}}"
        names.add(page, n, optimal, source, value=row.n_params, key=f"{key}.n_params")
        page.add(d, f"{c}/(6*{n})", "C = 6 N D", value=row.n_tokens, key=f"{key}.n_tokens")
    else:
        given = "given: --sizes, else the Chinchilla table's"
        page.add(n, "n_params", given, value=row.n_params, key=f"{key}.n_params", n_params=row.n_params)
        names.add(page, d, tokens_for(law, n), source, value=row.n_tokens, key=f"{key}.n_tokens")
        page.add(c, f"6*{n}*{d}", "C = 6 N D", value=row.flops, key=f"{key}.flops")
    page.add(
        f"units_{i}",
        f"{c}/gopher_flops",
        "Gopher's training is the unit",
        value=row.gopher_units,
        key=f"{key}.gopher_units",
    )
    page.add(
        f"tokens_per_param_{i}",
        f"{d}/{n}",
        "tokens over parameters",
        value=row.tokens_per_param,
        key=f"{key}.tokens_per_param",
    )
    loss = f"{{E}} + {excess_of(n, d)}"
    names.add(page, f"loss_{i}", loss, SURFACE, value=row.loss, key=f"{key}.loss_nats_per_token")
