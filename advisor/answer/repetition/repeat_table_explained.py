"""The table of epochs, explained: where the numbers of each row and of the optimum come from."""

from __future__ import annotations

from advisor.answer.repetition.affordable import MOST_EPOCHS
from advisor.answer.repetition.repeat_table import RepeatRow, RepeatTable
from advisor.explanation import Explanation, Page
from advisor.laws.explained import (
    FRONTIER,
    REPETITION,
    SEARCH,
    LawNames,
    balance,
    balanced_size,
    best_size,
    effective_params,
    effective_tokens,
    explain_frontier,
    last_worth,
    limited_loss,
    loss_limit,
    names_of,
    params_for,
)


def explain_repeat(table: RepeatTable) -> tuple[Explanation, ...]:
    """Return where the numbers of the table come from."""
    page, names = Page("The table"), names_of(table.base, headline=True)
    unique, flops, n_params = table.unique_tokens, table.flops, table.n_params
    page.add("U", "unique_tokens", "given: --unique-tokens", value=unique, key="unique_tokens", unique_tokens=unique)
    explain_frontier(page, names)
    if flops is not None:
        page.add("C", "flops", "given: --flops", value=flops, key="flops", flops=flops)
    if n_params is not None:
        page.add("N", "n_params", "given: --params", value=n_params, key="n_params", n_params=n_params)
    most, source = table.most_effective_tokens, f"{REPETITION}: D' of tokens without end"
    page.add("most", "(1 + R_D)*U", source, value=most, key="most_effective_tokens", R_D=names.decay["R_D"])
    source, at = f"{REPETITION}: N and D without end", "loss_limit_nats_per_token"
    names.add(page, "limit", loss_limit(), source, value=table.loss_limit, key=at, known=names.decay)
    for i, row in enumerate(table.rows):
        _explain_row(page, names, table, row, str(i), f"rows[{i}]")
    if table.optimum is not None:
        _explain_row(page, names, table, table.optimum, "optimum", "optimum")
        _explain_alone(page, names, table)
    return tuple(page.lines)


def _explain_row(page: Page, names: LawNames, table: RepeatTable, row: RepeatRow, tag: str, key: str) -> None:
    n, d, epochs = f"N_{tag}", f"D_{tag}", f"epochs_{tag}"
    if tag == "optimum":
        _explain_optimum(
            page, names, row, used_up=(table.law_epochs or 0) > MOST_EPOCHS, flops=table.flops or row.flops
        )
    else:
        what = "given: --epochs, else the default"
        page.add(epochs, "passes", what, value=row.epochs, key=f"{key}.epochs", passes=row.epochs)
        page.add(d, f"{epochs}*U", "epochs times unique tokens", value=row.n_tokens, key=f"{key}.n_tokens")
        _explain_size(page, names, table, row, tag, f"{key}.n_params")
    page.add(f"C_{tag}", f"6*{n}*{d}", "C = 6 N D", value=row.flops, key=f"{key}.flops")
    source, at = f"{REPETITION}: D'", f"{key}.effective_tokens"
    page.add(f"D_eff_{tag}", effective_tokens(d), source, value=row.effective_tokens, key=at, R_D=names.decay["R_D"])
    source, at = f"{REPETITION}: N'", f"{key}.effective_params"
    names.add(
        page, f"N_eff_{tag}", effective_params(n, d), source, value=row.effective_params, key=at, R_N=names.decay["R_N"]
    )
    at = f"{key}.average_value_fraction"
    page.add(f"average_{tag}", f"D_eff_{tag}/{d}", "D'/D", value=row.average_value, key=at)
    at = f"{key}.last_value_fraction"
    page.add(f"last_{tag}", last_worth(epochs), "dD'/dD", value=row.last_value, key=at, R_D=names.decay["R_D"])
    at = f"{key}.loss_nats_per_token"
    names.add(page, f"loss_{tag}", limited_loss(n, d), f"{REPETITION}: L", value=row.loss, key=at, known=names.decay)
    at, held = f"{key}.loss_interval80_nats_per_token", {"n_held": row.n_params, "d_held": row.n_tokens}  # in all draws
    drawn = limited_loss("n_held", "d_held")
    names.interval(page, f"loss_{tag}", row.loss_interval80, key=at, drawn=drawn, known={**held, **names.decay})


def _explain_optimum(page: Page, names: LawNames, row: RepeatRow, *, used_up: bool, flops: float) -> None:
    n, d, known = "N_optimum", "D_optimum", {**names.decay, "epochs_most": MOST_EPOCHS}
    optimal, tokens = ("{G}*(C/6)**{a}" if row.epochs <= 1 else best_size(n)), f"C/(6*{n})"
    if used_up:
        tokens = "epochs_most*U"
        stops = row.flops < flops * (1 - 1e-12)
        optimal = balanced_size(n, f"({tokens})") if stops else f"C/(6*{tokens})"
    names.add(page, n, optimal, f"{REPETITION}: {SEARCH}", value=row.n_params, key="optimum.n_params", known=known)
    page.add(d, tokens, "C = 6 N D", value=row.n_tokens, key="optimum.n_tokens", known=known)
    page.add("epochs_optimum", f"{d}/U", "tokens over unique tokens", value=row.epochs, key="optimum.epochs")


def _explain_alone(page: Page, names: LawNames, table: RepeatTable) -> None:
    """Explain the epochs of the law's own optimum, and what of the budget is used."""
    assert table.law_epochs is not None
    assert table.optimum is not None
    assert table.flops is not None
    used = table.optimum.flops / table.flops
    page.add("used", "C_optimum/C", "the share of the budget", value=used, epochs_most=MOST_EPOCHS)
    if table.law_epochs > 1:
        n, source = "N_alone", f"{REPETITION}: where a FLOP is worth as much in N as in D, without a limit"
        formula, value = (
            f"root({balance(n, f'(C/(6*{n}))')}, {n})",
            table.flops / 6 / table.law_epochs / table.unique_tokens,
        )
        names.add(page, n, formula, source, value=value, known=names.decay)
    else:
        names.add(page, "N_alone", "{G}*(C/6)**{a}", "the frontier", value=table.optimum.n_params)
    what, at = "tokens over unique tokens", "epochs_by_the_law_alone"
    page.add("epochs_alone", "C/(6*N_alone)/U", what, value=table.law_epochs, key=at)


def _explain_size(page: Page, names: LawNames, table: RepeatTable, row: RepeatRow, tag: str, key: str) -> None:
    """Explain the parameters of a row: given, what the budget leaves, or those for which the tokens cost least."""
    n, d = f"N_{tag}", f"D_{tag}"
    if table.n_params is not None:
        page.add(n, "N", "as given", value=row.n_params, key=key)
    elif table.flops is not None:
        page.add(n, f"C/(6*{d})", "what the budget leaves", value=row.n_params, key=key)
    elif row.epochs <= 1:
        names.add(page, n, params_for(names.law, d), FRONTIER, value=row.n_params, key=key)
    else:
        source = f"{REPETITION}: where a FLOP is worth as much in N as in D, by bisection"
        names.add(page, n, balanced_size(n, d), source, value=row.n_params, key=key, known=names.decay)
