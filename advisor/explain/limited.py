"""The answer with limited unique tokens: the data-constrained law's formulas over each base law."""

from __future__ import annotations

import math

from advisor.answer.flat_region import LOSS_TOLERANCE
from advisor.answer.limited_data import LimitedData, MoreData
from advisor.answer.recommendation import Recommendation
from advisor.explain.laws import cost_of
from advisor.explain.lines import SURFACE, LawNames, Page
from advisor.laws.repetition import R_D_STAR, R_N_STAR, SOURCE

DECAY = {"R_D": R_D_STAR, "R_N": R_N_STAR}
SEARCH = "bounded search in log N, from several starts, of ln(L - limit), which is least where L is"
_LAW = f"{SOURCE}, eq. 5 to 7"


def explain_limited(page: Page, recommendation: Recommendation, names: dict[str, LawNames]) -> None:
    """Explain every column of the answer with limited data, and what more data is worth."""
    if not recommendation.limited:
        return
    given = recommendation.request.unique_tokens
    if given is not None:
        page.add("U", "unique_tokens", "given: --unique-tokens", key="limited_data.unique_tokens", unique_tokens=given)
    else:
        page.add("U", "corpus_tokens", "the corpus's own size", key="limited_data.unique_tokens")
    for i, answer in enumerate(recommendation.limited):
        base = names[answer.law]
        tag, prefix = f"_u{base.suffix}", f"limited_data.answers[{i}]"
        _optimum(page, base, answer, tag, prefix)
        _comparisons(page, base, answer, tag, prefix)
        if answer.choice is not None:
            _choice(page, base, answer, tag, prefix)
        for j, more in enumerate(answer.more_data):
            _more(page, base, answer, more, tag, f"{prefix}.more_data[{j}]", j)


def limited_loss(n_params: str, n_tokens: str, unique: str = "U") -> str:
    """Return the formula of the data-constrained law's loss, with {A} and the like for the base law's names."""
    return (
        f"{{E}} + {{A}}/{effective_params(n_params, n_tokens, unique)}**{{alpha}}"
        f" + {{B}}/{effective_tokens(n_tokens, unique)}**{{beta}}"
    )


def effective_tokens(n_tokens: str, unique: str = "U") -> str:
    """Return the formula of D', the unique tokens that ``n_tokens`` are worth."""
    return f"worth({n_tokens}, min({unique}, {n_tokens}), R_D)"


def effective_params(n_params: str, n_tokens: str, unique: str = "U") -> str:
    """Return the formula of N', the parameters that ``n_params`` are worth."""
    return f"worth({n_params}, min({n_params}, {usable_params(n_tokens, unique)}), R_N)"


def usable_params(n_tokens: str, unique: str = "U") -> str:
    """Return the formula of the parameters for which the unique tokens read are optimal in one epoch."""
    return f"{{G}}*({{G}}*min({unique}, {n_tokens}))**({{beta}}/{{alpha}})"


def best_size(name: str, unique: str = "U") -> str:
    """Return the formula of the N of least loss for the budget C."""
    return f"argmin({limited_loss(name, f'(C/(6*{name}))', unique)}, {name})"


def cheapest(name: str, loss: str, unique: str = "U") -> str:
    """Return the formula of the budget ``name`` whose least loss is ``loss``."""
    return f"root(least({limited_loss('n', f'({name}/(6*n))', unique)}, n) - {loss}, {name})"


def _optimum(page: Page, base: LawNames, answer: LimitedData, tag: str, prefix: str) -> None:
    n, d = f"N{tag}", f"D{tag}"
    if answer.n_params == answer.unlimited_n_params:
        page.add(n, "{N}", "the optimum needs no more than the unique tokens", key=f"{prefix}.n_params", law=base)
    else:
        page.add(n, best_size(n), f"{_LAW}: {SEARCH}", key=f"{prefix}.n_params", law=base, known=DECAY)
    page.add(d, f"C/(6*{n})", "C = 6 N D", key=f"{prefix}.n_tokens")
    page.add(f"epochs{tag}", f"{d}/U", "tokens over unique tokens", key=f"{prefix}.epochs")
    at = f"{prefix}.effective"
    page.add(f"D_eff{tag}", effective_tokens(d), f"{_LAW}: D'", key=f"{at}_tokens", R_D=R_D_STAR)
    page.add(f"usable{tag}", usable_params(d), f"{_LAW}: U_N", key=f"{prefix}.usable_params", law=base)
    worth = f"worth({n}, min({n}, usable{tag}), R_N)"
    page.add(f"N_eff{tag}", worth, f"{_LAW}: N'", key=f"{at}_params", R_N=R_N_STAR)
    terms = f"{{E}} + {{A}}/N_eff{tag}**{{alpha}} + {{B}}/D_eff{tag}**{{beta}}"
    page.add(f"loss{tag}", terms, f"{_LAW}: L", key=f"{prefix}.loss_nats_per_token", law=base)
    average, last = f"D_eff{tag}/{d}", f"exp(-max(epochs{tag} - 1, 0)/R_D)"
    page.add(f"average{tag}", average, "D'/D, the worth of a token on average", key=f"{prefix}.average_value_fraction")
    page.add(f"last{tag}", last, "dD'/dD, that of the last", key=f"{prefix}.last_value_fraction", R_D=R_D_STAR)
    for field in ("n_params", "n_tokens", "epochs", "loss"):
        symbol = {"n_params": n, "n_tokens": d, "epochs": f"epochs{tag}", "loss": f"loss{tag}"}[field]
        key = "loss_nats_per_token" if field == "loss" else field
        page.interval(symbol, f"{prefix}.interval80.{key}", base.law)


def _comparisons(page: Page, base: LawNames, answer: LimitedData, tag: str, prefix: str) -> None:
    """Explain what the limit costs, and how near the optimum others come."""
    loss = f"loss{tag}"
    most = "{E} + {A}/((1 + R_N)*{G}*({G}*U)**({beta}/{alpha}))**{alpha} + {B}/((1 + R_D)*U)**{beta}"
    source = f"{_LAW}: N and D without end"
    page.add(f"limit{tag}", most, source, key=f"{prefix}.loss_limit_nats_per_token", law=base, known=DECAY)
    key = f"{prefix}.unlimited_loss_nats_per_token"
    page.add(f"unlimited{tag}", "{loss}", "the same law, unlimited data", key=key, law=base)
    cost = f"min(C, {cost_of(f'({loss} - {{E}})')})"
    free = (1 - answer.wasted) * answer.flops
    page.add(f"C_free{tag}", cost, "the budget that reaches this loss with unlimited data", value=free, law=base)
    page.add(f"wasted{tag}", f"1 - C_free{tag}/C", "the share that is lost", key=f"{prefix}.wasted_fraction")
    name, key = f"C_nearly{tag}", f"{prefix}.flops_within_1_percent_of_loss"
    near = f"(1 + tolerance)*{loss}"
    page.add(
        name, cheapest(name, near), f"{SURFACE}; {SEARCH}", key=key, law=base, known=DECAY, tolerance=LOSS_TOLERANCE
    )
    for i, end in enumerate(("low", "high")):
        name, key = f"N{tag}_{end}_near", f"{prefix}.n_params_within_1_percent_of_loss[{i}]"
        formula = f"root({limited_loss(name, f'(C/(6*{name}))')} - {near}, {name})"
        source = f"the {'smaller' if end == 'low' else 'larger'} of two solutions, found by bisection"
        page.add(name, formula, source, key=key, law=base, known=DECAY, tolerance=LOSS_TOLERANCE)


def _choice(page: Page, base: LawNames, answer: LimitedData, tag: str, prefix: str) -> None:
    """Explain what the user's own size does with the same unique tokens."""
    choice = answer.choice
    assert choice is not None
    n, d, loss, spent = (f"{name}_choice{tag}" for name in ("N", "D", "loss", "C"))
    at = f"{prefix}.choice"
    page.add(n, "N_choice", "as chosen", key=f"{at}.n_params")
    page.add(d, f"C/(6*{n})", "C = 6 N D", key=f"{at}.n_tokens")
    page.add(f"epochs_choice{tag}", f"{d}/U", "tokens over unique tokens", key=f"{at}.epochs")
    page.add(loss, limited_loss(n, d), f"{_LAW}: L", key=f"{at}.loss_nats_per_token", law=base, known=DECAY)
    source = f"the budget that reaches this loss at its optimum: {SEARCH}"
    same = choice.equivalent_flops == choice.flops
    formula, known = ("C", {}) if same else (cheapest(spent, loss), DECAY)
    page.add(spent, formula, source, key=f"{at}.equivalent_flops", law=base, known=known)
    page.add(f"wasted_choice{tag}", f"1 - {spent}/C", "the share that is lost", key=f"{at}.wasted_fraction")


def _more(page: Page, base: LawNames, answer: LimitedData, more: MoreData, tag: str, key: str, j: int) -> None:
    """Explain a row of more unique data."""
    unlimited, own = math.isinf(more.unique_tokens), f"{tag}_{j}"
    u, n, d, loss = (f"{name}{own}" for name in ("U", "N", "D", "loss"))
    page.add(u, "U*factor", "times the unique tokens", key=f"{key}.unique_tokens", factor=more.factor)
    if unlimited or more.n_params == answer.unlimited_n_params:
        page.add(n, "{N}", "the optimum with unlimited data", key=f"{key}.n_params", law=base)
    else:
        page.add(n, best_size(n, u), f"{_LAW}: {SEARCH}", key=f"{key}.n_params", law=base, known=DECAY)
    page.add(d, f"C/(6*{n})", "C = 6 N D", key=f"{key}.n_tokens")
    page.add(f"epochs{own}", f"{d}/{u}", "tokens over unique tokens", key=f"{key}.epochs")
    formula, known = ("{loss}", {}) if unlimited else (limited_loss(n, d, u), DECAY)
    page.add(loss, formula, f"{_LAW}: L", key=f"{key}.loss_nats_per_token", law=base, known=known)
    match, saving, enough = f"C_match{own}", f"C_enough{own}", (1 - more.saved) * answer.flops
    source = f"the budget that reaches this loss with U: {SEARCH}"
    page.add(match, cheapest(match, loss), source, key=f"{key}.matching_flops", law=base, known=DECAY)
    source = f"the budget that reaches loss{tag} with these tokens"
    formula = f"min(C, {cost_of(f'(loss{tag} - {{E}})')})" if unlimited else cheapest(saving, f"loss{tag}", u)
    page.add(saving, formula, source, value=enough, law=base, known={} if unlimited else DECAY)
    page.add(f"saved{own}", f"1 - {saving}/C", "the share that is saved", key=f"{key}.saved_fraction")
