"""The answer with limited unique tokens, explained: the data-constrained law's formulas over each base law."""

from __future__ import annotations

import math

from advisor.answer.flat_region import LOSS_TOLERANCE
from advisor.answer.repetition.affordable import GOOD_EPOCHS, MOST_EPOCHS, affordable, law_within
from advisor.answer.repetition.limited_data import LimitedData
from advisor.answer.repetition.more_data import MoreData
from advisor.answer.repetition.sizes_explained import explain_limited_choice, limited_tag
from advisor.explanation import Page, file_of
from advisor.laws.explained import (
    REPETITION,
    SEARCH,
    SURFACE,
    LawNames,
    balance,
    balanced_size,
    best_size,
    cheapest,
    cost_of,
    effective_tokens,
    excess_of,
    last_worth,
    limited_loss,
    most_params,
    tokens_within,
    usable_params,
)
from advisor.laws.scaling_law import ScalingLaw
from advisor.plan.hardware import Hardware

_SEARCHED = f"{REPETITION}: {SEARCH}"
_LOSS = f"{REPETITION}: L"
_BALANCED = f"{REPETITION}: where a FLOP is worth as much in N as in D, by bisection"
_EPOCHS = "tokens over unique tokens"
_LOST = "the share that is lost"
_MOST = {"epochs_most": MOST_EPOCHS}
_NEAR = MOST_EPOCHS / 2  # from here on a draw of the law may reach the most epochs


def explain_limited_data(
    page: Page,
    answers: tuple[LimitedData, ...],
    given: float | None,
    names: dict[str, LawNames],
    hardware: Hardware | None,
) -> None:
    """Explain every column of the answer, and what more data is worth; ``given`` are the unique tokens if they were.

    ``names`` are those of the answers' base laws, by law; ``hardware`` prices a choice.
    """
    if not answers:
        return
    unique, key = answers[0].unique_tokens, "limited_data.unique_tokens"
    if given is not None:
        page.add("U", "unique_tokens", "given: --unique-tokens", value=unique, key=key, unique_tokens=given)
    else:
        page.add("U", "D/epochs", "the corpus's own size, in tokens of the headline", value=unique, key=key)
    for i, answer in enumerate(answers):
        base, key = names[answer.law], f"limited_data.answers[{i}]"
        tag = limited_tag(base)
        _optimum(page, base, answer, tag, key)
        _comparisons(page, base, answer, tag, key)
        _limit(page, base, answer, tag, key)
        if answer.choice is not None:
            explain_limited_choice(page, base, answer.choice, answer.flops, hardware, f"{key}.choice")
        for j, more in enumerate(answer.more_data):
            _more(page, base, answer, more, tag, f"{key}.more_data[{j}]", j)


def _optimum(page: Page, base: LawNames, answer: LimitedData, tag: str, key: str) -> None:
    n, d, epochs = f"N{tag}", f"D{tag}", f"epochs{tag}"
    n_key, d_eff, n_eff = f"{key}.n_params", f"D_eff{tag}", f"N_eff{tag}"
    if answer.n_params == answer.unlimited_n_params:
        what = "the optimum needs no more than the unique tokens"
        base.add(page, n, "{N}", what, value=answer.n_params, key=n_key)
        budget = "C"
    elif answer.used_up and answer.larger is None:
        what, known = f"{_SEARCHED}; or, at the most epochs, what the budget pays for", {**base.decay, **_MOST}
        base.add(page, f"{n}_alone", best_size(f"{n}_alone"), _SEARCHED, value=_alone(answer), known=base.decay)
        formula, budget = f"max({n}_alone, C/(6*epochs_most*U))", "C"
        base.add(page, n, formula, what, value=answer.n_params, key=n_key, known=known)
    else:
        budget = _enough(page, base, answer, tag)
        formula = best_size(n, budget=budget)
        base.add(page, n, formula, _SEARCHED, value=answer.n_params, key=n_key, known=base.decay)
    page.add(d, f"{budget}/(6*{n})", "C = 6 N D", value=answer.n_tokens, key=f"{key}.n_tokens")
    page.add(f"C_used{tag}", budget, "what of the budget it takes", value=answer.flops_used, key=f"{key}.flops_used")
    page.add(epochs, f"{d}/U", _EPOCHS, value=answer.epochs, key=f"{key}.epochs")
    source, d_eff_key = f"{REPETITION}: D'", f"{key}.effective_tokens"
    page.add(d_eff, effective_tokens(d), source, value=answer.effective_tokens, key=d_eff_key, R_D=base.decay["R_D"])
    usable, source = f"usable{tag}", f"{REPETITION}: U_N"
    base.add(page, usable, usable_params(d), source, value=answer.usable_params, key=f"{key}.usable_params")
    worth, source, n_eff_key = f"worth({n}, min({n}, {usable}), R_N)", f"{REPETITION}: N'", f"{key}.effective_params"
    page.add(n_eff, worth, source, value=answer.effective_params, key=n_eff_key, R_N=base.decay["R_N"])
    loss, loss_key = f"{{E}} + {excess_of(n_eff, d_eff)}", f"{key}.loss_nats_per_token"
    base.add(page, f"loss{tag}", loss, _LOSS, value=answer.loss, key=loss_key)
    average, source, value = f"{d_eff}/{d}", "D'/D, the worth of a token on average", answer.average_value
    page.add(f"average{tag}", average, source, value=value, key=f"{key}.average_value_fraction")
    last, source, value = last_worth(epochs), "dD'/dD, that of the last", answer.last_value
    page.add(f"last{tag}", last, source, value=value, key=f"{key}.last_value_fraction", R_D=base.decay["R_D"])
    if (found := answer.interval80) is not None:
        at = f"{key}.interval80"
        base.interval(page, n, found.n_params, key=f"{at}.n_params")
        base.interval(page, d, found.n_tokens, key=f"{at}.n_tokens")
        base.interval(page, epochs, found.epochs, key=f"{at}.epochs")
        base.interval(page, f"loss{tag}", found.loss, key=f"{at}.loss_nats_per_token")


def _alone(answer: LimitedData) -> float:
    """Return the parameters of the law's own optimum, without a limit on the epochs."""
    return answer.flops / (6 * answer.law_epochs * answer.unique_tokens)


def _enough(page: Page, base: LawNames, answer: LimitedData, tag: str) -> str:
    """Return the formula of the FLOPs that the answer takes; explain the most epochs where it may reach them."""
    highest = max(answer.epochs, 0.0 if answer.interval80 is None else answer.interval80.epochs[1])
    if highest < _NEAR:
        return "C"
    n, spent = f"N_most{tag}", f"C_most{tag}"
    assert isinstance(base.law, ScalingLaw)
    at = law_within(base.law, answer.unique_tokens).for_tokens(MOST_EPOCHS * answer.unique_tokens)
    what = f"{REPETITION}: at the most epochs, where a FLOP is worth as much in N as in D"
    formula, known = f"argmin(({balance(n, '(epochs_most*U)')})**2, {n})", {**base.decay, **_MOST}
    base.add(page, n, formula, what, value=at.n_params, known=known)
    page.add(spent, f"6*{n}*epochs_most*U", "C = 6 N D", value=at.flops, known=_MOST)
    return f"min(C, {spent})"


def _limit(page: Page, base: LawNames, answer: LimitedData, tag: str, key: str) -> None:
    """Explain the limit on the epochs: what the law alone would do, what is left over, what data the budget needs."""
    known = {**base.decay, **_MOST}
    what = f"{file_of(affordable.__module__)}: no answer has more"
    page.add(f"most{tag}", "epochs_most", what, value=MOST_EPOCHS, key=f"{key}.most_epochs", known=_MOST)
    page.add(f"used{tag}", f"C_used{tag}/C", "the share of the budget", value=answer.flops_used / answer.flops)
    if answer.used_up:
        n, what = f"N_alone_law{tag}", f"{REPETITION}: where a FLOP is worth as much in N as in D, without a limit"
        formula = f"root({balance(n, f'(C/(6*{n}))')}, {n})"
        base.add(page, n, formula, what, value=_alone(answer), known=base.decay)
        at = f"{key}.epochs_by_the_law_alone"
        page.add(f"epochs_alone{tag}", f"C/(6*{n})/U", _EPOCHS, value=answer.law_epochs, key=at)
    if (larger := answer.larger) is not None:
        n, loss, at = f"N_larger{tag}", f"loss_larger{tag}", f"{key}.larger_model"
        page.add(n, "C/(6*epochs_most*U)", "the whole budget", value=larger.n_params, key=f"{at}.n_params", known=_MOST)
        formula, loss_key = limited_loss(n, "(epochs_most*U)"), f"{at}.loss_nats_per_token"
        base.add(page, loss, formula, _LOSS, value=larger.loss, key=loss_key, known=known)
        what, value = "the share of the loss that is gained", larger.gained
        page.add(f"gained{tag}", f"1 - {loss}/loss{tag}", what, value=value, key=f"{at}.gained_fraction")
    needed = ((MOST_EPOCHS, answer.unique_for_40), (GOOD_EPOCHS, answer.unique_for_4))
    for epochs, unique in needed:
        u, at, known = f"U_for_{epochs:g}{tag}", f"{key}.unique_tokens_for_{epochs:g}_epochs", {"passes": epochs}
        tokens = f"(passes*{u})"
        formula = f"root({balance(f'(C/(6*{tokens}))', tokens, u)}, {u})"
        base.add(page, u, formula, _BALANCED, value=unique, key=at, known={**base.decay, **known})


def _comparisons(page: Page, base: LawNames, answer: LimitedData, tag: str, key: str) -> None:
    """Explain what the limit costs, and how near the optimum others come."""
    loss, free, spent = f"loss{tag}", f"C_free{tag}", (1 - answer.wasted) * answer.flops
    what, at = f"{REPETITION}: the most epochs, N without end", f"{key}.loss_limit_nats_per_token"
    formula = f"{{E}} + {excess_of(most_params(), effective_tokens('(epochs_most*U)'))}"
    base.add(page, f"limit{tag}", formula, what, value=answer.loss_limit, key=at, known={**base.decay, **_MOST})
    what, at = "the same law, unlimited data", f"{key}.unlimited_loss_nats_per_token"
    base.add(page, f"unlimited{tag}", "{loss}", what, value=answer.unlimited_loss, key=at)
    cost, what = f"min(C, {cost_of(f'({loss} - {{E}})')})", "the budget that reaches this loss with unlimited data"
    base.add(page, free, cost, what, value=spent)
    page.add(f"wasted{tag}", f"1 - {free}/C", _LOST, value=answer.wasted, key=f"{key}.wasted_fraction")
    known, near = {**base.decay, **_MOST, "tolerance": LOSS_TOLERANCE}, f"(1 + tolerance)*{loss}"
    name, what, at = f"C_nearly{tag}", f"{SURFACE}; {SEARCH}", f"{key}.flops_within_1_percent_of_loss"
    base.add(page, name, cheapest(name, near), what, value=answer.nearly_flops, key=at, known=known)
    ends = zip(("low", "high"), ("smaller", "larger"), answer.n_params_by_loss, strict=True)
    for i, (end, side, value) in enumerate(ends):
        name, what = f"N{tag}_{end}_near", f"the {side} of two solutions, found by bisection"
        formula = f"root({limited_loss(name, tokens_within(f'C_used{tag}', name))} - {near}, {name})"
        at = f"{key}.n_params_within_1_percent_of_loss[{i}]"
        base.add(page, name, formula, what, value=value, key=at, known=known)


def _more(page: Page, base: LawNames, answer: LimitedData, more: MoreData, tag: str, key: str, j: int) -> None:
    """Explain a row of more unique data."""
    unlimited, own = math.isinf(more.unique_tokens), f"{tag}_{j}"
    u, n, d, loss = (f"{name}{own}" for name in ("U", "N", "D", "loss"))
    at_most, known = more.epochs == MOST_EPOCHS, {**base.decay, **_MOST}
    what, at = "times the unique tokens", f"{key}.unique_tokens"
    page.add(u, "U*factor", what, value=more.unique_tokens, key=at, factor=more.factor)
    at = f"{key}.n_params"
    if unlimited or more.n_params == answer.unlimited_n_params:
        base.add(page, n, "{N}", "the optimum with unlimited data", value=more.n_params, key=at)
    elif at_most and more.flops_used < answer.flops:
        base.add(
            page, n, balanced_size(n, f"(epochs_most*{u})", u), _BALANCED, value=more.n_params, key=at, known=known
        )
    elif at_most:
        page.add(n, f"C/(6*epochs_most*{u})", "the whole budget", value=more.n_params, key=at, known=_MOST)
    else:
        base.add(page, n, best_size(n, u), _SEARCHED, value=more.n_params, key=at, known=base.decay)
    formula, constants = (f"epochs_most*{u}", _MOST) if at_most else (f"C/(6*{n})", {})
    page.add(d, formula, "C = 6 N D", value=more.n_tokens, key=f"{key}.n_tokens", known=constants)
    page.add(f"C_used{own}", f"6*{n}*{d}", "C = 6 N D", value=more.flops_used, key=f"{key}.flops_used")
    if not unlimited:
        page.add(f"epochs{own}", f"{d}/{u}", _EPOCHS, value=more.epochs, key=f"{key}.epochs")
    formula, constants = ("{loss}", {}) if unlimited else (limited_loss(n, d, u), base.decay)
    base.add(page, loss, formula, _LOSS, value=more.loss, key=f"{key}.loss_nats_per_token", known=constants)
    match, enough, at = f"C_match{own}", f"C_enough{own}", f"{key}.matching_flops"
    what = f"the budget that reaches this loss with U: {SEARCH}"
    base.add(page, match, cheapest(match, loss), what, value=more.matching_flops, key=at, known=known)
    own_cost = f"min(C_used{tag}, {cost_of(f'(loss{tag} - {{E}})')})"
    formula = own_cost if unlimited else cheapest(enough, f"loss{tag}", u)
    what, value = f"the budget that reaches loss{tag} with these tokens", (1 - more.saved) * answer.flops_used
    base.add(page, enough, formula, what, value=value, known={} if unlimited else known)
    page.add(
        f"saved{own}",
        f"1 - {enough}/C_used{tag}",
        "the share that is saved",
        value=more.saved,
        key=f"{key}.saved_fraction",
    )
