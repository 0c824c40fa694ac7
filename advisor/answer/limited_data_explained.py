"""The answer with limited unique tokens, explained: the data-constrained law's formulas over each base law."""

from __future__ import annotations

import math

from advisor.answer.flat_region import LOSS_TOLERANCE
from advisor.answer.limited_data import LimitedChoice, LimitedData, MoreData
from advisor.explanation import Page
from advisor.laws.explained import (
    DECAY,
    REPETITION,
    SEARCH,
    SURFACE,
    LawNames,
    best_size,
    cheapest,
    cost_of,
    effective_tokens,
    excess_of,
    last_worth,
    limited_loss,
    loss_limit,
    usable_params,
)
from advisor.laws.repetition import R_D_STAR, R_N_STAR

_SEARCHED = f"{REPETITION}: {SEARCH}"
_LOSS = f"{REPETITION}: L"
_EPOCHS = "tokens over unique tokens"
_LOST = "the share that is lost"


def explain_limited_data(
    page: Page, answers: tuple[LimitedData, ...], given: float | None, names: dict[str, LawNames]
) -> None:
    """Explain every column of the answer, and what more data is worth; ``given`` are the unique tokens if they were.

    ``names`` are those of the answers' base laws, by law.
    """
    if not answers:
        return
    unique, key = answers[0].unique_tokens, "limited_data.unique_tokens"
    if given is not None:
        page.add("U", "unique_tokens", "given: --unique-tokens", value=unique, key=key, unique_tokens=given)
    else:
        page.add("U", "corpus_tokens", "the corpus's own size", value=unique, key=key)
    for i, answer in enumerate(answers):
        base, key = names[answer.law], f"limited_data.answers[{i}]"
        tag = limited_tag(base)
        _optimum(page, base, answer, tag, key)
        _comparisons(page, base, answer, tag, key)
        if answer.choice is not None:
            _choice(page, base, answer.choice, tag, f"{key}.choice")
        for j, more in enumerate(answer.more_data):
            _more(page, base, answer, more, tag, f"{key}.more_data[{j}]", j)


def limited_tag(base: LawNames) -> str:
    """Return what the names of the answer over a base law end in."""
    return f"_u{base.suffix}"


def _optimum(page: Page, base: LawNames, answer: LimitedData, tag: str, key: str) -> None:
    n, d, epochs = f"N{tag}", f"D{tag}", f"epochs{tag}"
    n_key, d_eff, n_eff = f"{key}.n_params", f"D_eff{tag}", f"N_eff{tag}"
    if answer.n_params == answer.unlimited_n_params:
        what = "the optimum needs no more than the unique tokens"
        base.add(page, n, "{N}", what, value=answer.n_params, key=n_key)
    else:
        base.add(page, n, best_size(n), _SEARCHED, value=answer.n_params, key=n_key, known=DECAY)
    page.add(d, f"C/(6*{n})", "C = 6 N D", value=answer.n_tokens, key=f"{key}.n_tokens")
    page.add(epochs, f"{d}/U", _EPOCHS, value=answer.epochs, key=f"{key}.epochs")
    source, d_eff_key = f"{REPETITION}: D'", f"{key}.effective_tokens"
    page.add(d_eff, effective_tokens(d), source, value=answer.effective_tokens, key=d_eff_key, R_D=R_D_STAR)
    usable, source = f"usable{tag}", f"{REPETITION}: U_N"
    base.add(page, usable, usable_params(d), source, value=answer.usable_params, key=f"{key}.usable_params")
    worth, source, n_eff_key = f"worth({n}, min({n}, {usable}), R_N)", f"{REPETITION}: N'", f"{key}.effective_params"
    page.add(n_eff, worth, source, value=answer.effective_params, key=n_eff_key, R_N=R_N_STAR)
    loss, loss_key = f"{{E}} + {excess_of(n_eff, d_eff)}", f"{key}.loss_nats_per_token"
    base.add(page, f"loss{tag}", loss, _LOSS, value=answer.loss, key=loss_key)
    average, source, value = f"{d_eff}/{d}", "D'/D, the worth of a token on average", answer.average_value
    page.add(f"average{tag}", average, source, value=value, key=f"{key}.average_value_fraction")
    last, source, value = last_worth(epochs), "dD'/dD, that of the last", answer.last_value
    page.add(f"last{tag}", last, source, value=value, key=f"{key}.last_value_fraction", R_D=R_D_STAR)
    if (found := answer.interval80) is not None:
        at = f"{key}.interval80"
        base.interval(page, n, found.n_params, key=f"{at}.n_params")
        base.interval(page, d, found.n_tokens, key=f"{at}.n_tokens")
        base.interval(page, epochs, found.epochs, key=f"{at}.epochs")
        base.interval(page, f"loss{tag}", found.loss, key=f"{at}.loss_nats_per_token")


def _comparisons(page: Page, base: LawNames, answer: LimitedData, tag: str, key: str) -> None:
    """Explain what the limit costs, and how near the optimum others come."""
    loss, free, spent = f"loss{tag}", f"C_free{tag}", (1 - answer.wasted) * answer.flops
    what, at = f"{REPETITION}: N and D without end", f"{key}.loss_limit_nats_per_token"
    base.add(page, f"limit{tag}", loss_limit(), what, value=answer.loss_limit, key=at, known=DECAY)
    what, at = "the same law, unlimited data", f"{key}.unlimited_loss_nats_per_token"
    base.add(page, f"unlimited{tag}", "{loss}", what, value=answer.unlimited_loss, key=at)
    cost, what = f"min(C, {cost_of(f'({loss} - {{E}})')})", "the budget that reaches this loss with unlimited data"
    base.add(page, free, cost, what, value=spent)
    page.add(f"wasted{tag}", f"1 - {free}/C", _LOST, value=answer.wasted, key=f"{key}.wasted_fraction")
    known, near = {**DECAY, "tolerance": LOSS_TOLERANCE}, f"(1 + tolerance)*{loss}"
    name, what, at = f"C_nearly{tag}", f"{SURFACE}; {SEARCH}", f"{key}.flops_within_1_percent_of_loss"
    base.add(page, name, cheapest(name, near), what, value=answer.nearly_flops, key=at, known=known)
    ends = zip(("low", "high"), ("smaller", "larger"), answer.n_params_by_loss, strict=True)
    for i, (end, side, value) in enumerate(ends):
        name, what = f"N{tag}_{end}_near", f"the {side} of two solutions, found by bisection"
        formula = f"root({limited_loss(name, f'(C/(6*{name}))')} - {near}, {name})"
        at = f"{key}.n_params_within_1_percent_of_loss[{i}]"
        base.add(page, name, formula, what, value=value, key=at, known=known)


def _choice(page: Page, base: LawNames, choice: LimitedChoice, tag: str, key: str) -> None:
    """Explain what the user's own size does with the same unique tokens."""
    n, d, loss, spent = (f"{name}_choice{tag}" for name in ("N", "D", "loss", "C"))
    page.add(n, "N_choice", "as chosen", value=choice.n_params, key=f"{key}.n_params")
    page.add(d, f"C/(6*{n})", "C = 6 N D", value=choice.n_tokens, key=f"{key}.n_tokens")
    page.add(f"epochs_choice{tag}", f"{d}/U", _EPOCHS, value=choice.epochs, key=f"{key}.epochs")
    at = f"{key}.loss_nats_per_token"
    base.add(page, loss, limited_loss(n, d), _LOSS, value=choice.loss, key=at, known=DECAY)
    same = choice.equivalent_flops == choice.flops
    formula, known = ("C", {}) if same else (cheapest(spent, loss), DECAY)
    what, at = f"the budget that reaches this loss at its optimum: {SEARCH}", f"{key}.equivalent_flops"
    base.add(page, spent, formula, what, value=choice.equivalent_flops, key=at, known=known)
    page.add(f"wasted_choice{tag}", f"1 - {spent}/C", _LOST, value=choice.wasted, key=f"{key}.wasted_fraction")


def _more(page: Page, base: LawNames, answer: LimitedData, more: MoreData, tag: str, key: str, j: int) -> None:
    """Explain a row of more unique data."""
    unlimited, own = math.isinf(more.unique_tokens), f"{tag}_{j}"
    u, n, d, loss = (f"{name}{own}" for name in ("U", "N", "D", "loss"))
    what, at = "times the unique tokens", f"{key}.unique_tokens"
    page.add(u, "U*factor", what, value=more.unique_tokens, key=at, factor=more.factor)
    at = f"{key}.n_params"
    if unlimited or more.n_params == answer.unlimited_n_params:
        base.add(page, n, "{N}", "the optimum with unlimited data", value=more.n_params, key=at)
    else:
        base.add(page, n, best_size(n, u), _SEARCHED, value=more.n_params, key=at, known=DECAY)
    page.add(d, f"C/(6*{n})", "C = 6 N D", value=more.n_tokens, key=f"{key}.n_tokens")
    if not unlimited:
        page.add(f"epochs{own}", f"{d}/{u}", _EPOCHS, value=more.epochs, key=f"{key}.epochs")
    formula, known = ("{loss}", {}) if unlimited else (limited_loss(n, d, u), DECAY)
    base.add(page, loss, formula, _LOSS, value=more.loss, key=f"{key}.loss_nats_per_token", known=known)
    match, enough, at = f"C_match{own}", f"C_enough{own}", f"{key}.matching_flops"
    what = f"the budget that reaches this loss with U: {SEARCH}"
    base.add(page, match, cheapest(match, loss), what, value=more.matching_flops, key=at, known=DECAY)
    formula = f"min(C, {cost_of(f'(loss{tag} - {{E}})')})" if unlimited else cheapest(enough, f"loss{tag}", u)
    what, value = f"the budget that reaches loss{tag} with these tokens", (1 - more.saved) * answer.flops
    base.add(page, enough, formula, what, value=value, known=known)
    page.add(f"saved{own}", f"1 - {enough}/C", "the share that is saved", value=more.saved, key=f"{key}.saved_fraction")
