"""The table of ``advisor table``: a law's optimal allocations for model sizes, or for budgets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from advisor.laws.scaling_law import FrontierLaw, ScalingLaw

if TYPE_CHECKING:
    from advisor.explanation import Explanation, Page
    from advisor.laws.explained import LawNames
    from advisor.laws.scaling_law import Allocation, Law

# The training compute of Gopher, the unit of Hoffmann et al. 2022, table 3.
GOPHER_FLOPS = 5.76e23


def explain_table(law: Law, rows: Sequence[Allocation], *, by_flops: bool) -> tuple[Explanation, ...]:
    """Return where the numbers of the table come from; ``by_flops`` says that its rows are budgets."""
    from advisor.explanation import Page
    from advisor.laws.explained import explain_frontier, names_of

    page, names = Page("The table"), names_of(law, headline=True)
    page.add("gopher_flops", "gopher", "Hoffmann et al. 2022, table 3", value=GOPHER_FLOPS, gopher=GOPHER_FLOPS)
    explain_frontier(page, names)
    for i, row in enumerate(rows):
        _explain_row(page, names, i, row, by_flops=by_flops)
    return tuple(page.lines)


def _explain_row(page: Page, names: LawNames, i: int, row: Allocation, *, by_flops: bool) -> None:
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
    units, ratio = row.flops / GOPHER_FLOPS, row.tokens_per_param
    page.add(f"units_{i}", f"{c}/gopher_flops", "Gopher's training is the unit", value=units, key=f"{key}.gopher_units")
    page.add(f"tokens_per_param_{i}", f"{d}/{n}", "tokens over parameters", value=ratio, key=f"{key}.tokens_per_param")
    if isinstance(law, ScalingLaw):
        loss, at = law.loss(row.n_params, row.n_tokens), f"{key}.loss_nats_per_token"
        names.add(page, f"loss_{i}", f"{{E}} + {excess_of(n, d)}", SURFACE, value=loss, key=at)
