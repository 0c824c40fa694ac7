"""The tables of ``advisor repeat`` and ``advisor table``, explained number by number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.answer.table import GOPHER_FLOPS
from advisor.explain.laws import explain_frontier
from advisor.explain.limited import (
    DECAY,
    SEARCH,
    best_size,
    effective_params,
    effective_tokens,
    limited_loss,
    usable_params,
)
from advisor.explain.lines import FRONTIER, SURFACE, Explanation, LawNames, Page, names_of
from advisor.laws.repetition import R_D_STAR, SOURCE
from advisor.laws.scaling_law import FrontierLaw, Law, ScalingLaw

_LAW = f"{SOURCE}, eq. 5 to 7"


def explain_table(law: Law, document: Mapping[str, Any], *, by_flops: bool) -> tuple[Explanation, ...]:
    """Return where the numbers of ``advisor table`` come from; ``by_flops`` says that its rows are budgets."""
    page, names = Page(document), names_of(law, "")
    page.section = "The table"
    page.add("gopher_flops", "gopher", "Hoffmann et al. 2022, table 3", value=GOPHER_FLOPS, gopher=GOPHER_FLOPS)
    if isinstance(law, ScalingLaw):
        explain_frontier(page, names)
    for i, row in enumerate(document["rows"]):
        _row_of_table(page, names, i, row, by_flops=by_flops)
    return tuple(page.lines)


def explain_repeat(base: ScalingLaw, document: Mapping[str, Any]) -> tuple[Explanation, ...]:
    """Return where the numbers of ``advisor repeat`` come from."""
    page, names = Page(document), names_of(base, "")
    page.section = "The table"
    page.add(
        "U", "unique_tokens", "given: --unique-tokens", key="unique_tokens", unique_tokens=document["unique_tokens"]
    )
    explain_frontier(page, names)
    if document["flops"] is not None:
        page.add("C", "flops", "given: --flops", key="flops", flops=document["flops"])
    if document["n_params"] is not None:
        page.add("N", "n_params", "given: --params", key="n_params", n_params=document["n_params"])
    page.add("most", "(1 + R_D)*U", f"{_LAW}: D' of tokens without end", key="most_effective_tokens", R_D=R_D_STAR)
    most = "{E} + {A}/((1 + R_N)*{G}*({G}*U)**({beta}/{alpha}))**{alpha} + {B}/((1 + R_D)*U)**{beta}"
    page.add("limit", most, f"{_LAW}: N and D without end", key="loss_limit_nats_per_token", law=names, known=DECAY)
    for i in range(len(document["rows"])):
        _row_of_repeat(page, names, str(i), f"rows[{i}]")
    if document["optimum"] is not None:
        _row_of_repeat(page, names, "optimum", "optimum")
    return tuple(page.lines)


def _row_of_table(page: Page, names: LawNames, i: int, row: Mapping[str, Any], *, by_flops: bool) -> None:
    law, at = names.law, f"rows[{i}]"
    n, d, c = f"N_{i}", f"D_{i}", f"C_{i}"
    frontier = isinstance(law, FrontierLaw)
    source = f"{law.source}" if frontier else f"{FRONTIER}; {law.source}"
    if by_flops:
        page.add(c, "flops", "given: --flops", key=f"{at}.flops", flops=row["flops"])
        optimal = f"{{coefficient}}*{c}**{{exponent}}" if frontier else f"{{G}}*({c}/6)**{{a}}"
        page.add(n, optimal, source, key=f"{at}.n_params", law=names)
        page.add(d, f"{c}/(6*{n})", "C = 6 N D", key=f"{at}.n_tokens")
    else:
        page.add(
            n, "n_params", "given: --sizes, else the Chinchilla table's", key=f"{at}.n_params", n_params=row["n_params"]
        )
        tokens = f"({n}/{{coefficient}})**(1/{{exponent}})/(6*{n})" if frontier else f"({n}/{{G}})**(1/{{a}})/{n}"
        page.add(d, tokens, source, key=f"{at}.n_tokens", law=names)
        page.add(c, f"6*{n}*{d}", "C = 6 N D", key=f"{at}.flops")
    page.add(f"units_{i}", f"{c}/gopher_flops", "Gopher's training is the unit", key=f"{at}.gopher_units")
    page.add(f"tokens_per_param_{i}", f"{d}/{n}", "tokens over parameters", key=f"{at}.tokens_per_param")
    loss = f"{{E}} + {{A}}/{n}**{{alpha}} + {{B}}/{d}**{{beta}}"
    page.add(f"loss_{i}", loss, SURFACE, key=f"{at}.loss_nats_per_token", law=names)


def _row_of_repeat(page: Page, names: LawNames, tag: str, at: str) -> None:
    n, d, epochs = f"N_{tag}", f"D_{tag}", f"epochs_{tag}"
    if tag == "optimum":
        searched = page.at(f"{at}.epochs") > 1
        optimal = best_size(n) if searched else "{G}*(C/6)**{a}"
        source = f"{_LAW}: {SEARCH}"
        page.add(n, optimal, source, key=f"{at}.n_params", law=names, known=DECAY if searched else {})
        page.add(d, f"C/(6*{n})", "C = 6 N D", key=f"{at}.n_tokens")
        page.add(epochs, f"{d}/U", "tokens over unique tokens", key=f"{at}.epochs")
    else:
        passes = page.at(f"{at}.epochs")
        page.add(epochs, "passes", "given: --epochs, else the default", key=f"{at}.epochs", passes=passes)
        page.add(d, f"{epochs}*U", "epochs times unique tokens", key=f"{at}.n_tokens")
        _size(page, names, n, d, at)
    page.add(f"C_{tag}", f"6*{n}*{d}", "C = 6 N D", key=f"{at}.flops")
    page.add(f"D_eff_{tag}", effective_tokens(d), f"{_LAW}: D'", key=f"{at}.effective_tokens", R_D=R_D_STAR)
    params = effective_params(n, d)
    page.add(f"N_eff_{tag}", params, f"{_LAW}: N'", key=f"{at}.effective_params", law=names, R_N=DECAY["R_N"])
    page.add(f"average_{tag}", f"D_eff_{tag}/{d}", "D'/D", key=f"{at}.average_value_fraction")
    last = f"exp(-max({epochs} - 1, 0)/R_D)"
    page.add(f"last_{tag}", last, "dD'/dD", key=f"{at}.last_value_fraction", R_D=R_D_STAR)
    key = f"{at}.loss_nats_per_token"
    page.add(f"loss_{tag}", limited_loss(n, d), f"{_LAW}: L", key=key, law=names, known=DECAY)
    _interval(page, names, tag, at)


def _interval(page: Page, names: LawNames, tag: str, at: str) -> None:
    """Explain the interval of a row's loss: N and D are those of the row in every draw."""
    if page.at(f"{at}.loss_interval80_nats_per_token") is None:
        return
    held = {"n_held": page.at(f"{at}.n_params"), "d_held": page.at(f"{at}.n_tokens")}
    drawn = names.write(limited_loss("n_held", "d_held"))
    key = f"{at}.loss_interval80_nats_per_token"
    page.interval(f"loss_{tag}", key, names.law, drawn, known={**held, **DECAY})


def _size(page: Page, names: LawNames, n: str, d: str, at: str) -> None:
    """Explain the parameters of a row: given, what the budget leaves, or those for which the tokens cost least."""
    if page.document["n_params"] is not None:
        page.add(n, "N", "as given", key=f"{at}.n_params")
    elif page.document["flops"] is not None:
        page.add(n, f"C/(6*{d})", "what the budget leaves", key=f"{at}.n_params")
    elif page.at(f"{at}.epochs") <= 1:
        page.add(n, f"({{G}}*{d}**{{a}})**(1/(1 - {{a}}))", FRONTIER, key=f"{at}.n_params", law=names)
    else:
        usable = usable_params(d)
        growth = f"({n}/({usable}) - 1)/R_N"
        left = f"log({{alpha}}*{{A}}*{n}) - (1 + {{alpha}})*log({effective_params(n, d)}) - {growth}"
        right = f"log({{beta}}*{{B}}*{d}) - (1 + {{beta}})*log({effective_tokens(d)}) - ({d}/U - 1)/R_D"
        source = f"{_LAW}: where a FLOP is worth as much in N as in D, by bisection"
        page.add(n, f"root({left} - ({right}), {n})", source, key=f"{at}.n_params", law=names, known=DECAY)
