"""Other sizes and other laws with limited unique tokens, explained: the rows beside the answer of the law to follow."""

from __future__ import annotations

from advisor.answer.repetition.affordable import MOST_EPOCHS
from advisor.answer.repetition.by_law import LimitedLaw
from advisor.answer.repetition.limited_data import LimitedData
from advisor.answer.repetition.sizes import LimitedChoice
from advisor.answer.row import NEIGHBOURS
from advisor.explanation import Page
from advisor.laws.explained import (
    REPETITION,
    SEARCH,
    LawNames,
    balanced_size,
    best_size,
    cheapest,
    limited_loss,
    tokens_within,
)
from advisor.plan.hardware import Hardware, explain_cost, explain_gpu_hours

_LOSS = f"{REPETITION}: L"
_BALANCED = f"{REPETITION}: where a FLOP is worth as much in N as in D, by bisection"
_MOST = {"epochs_most": MOST_EPOCHS}
_EPOCHS = "tokens over unique tokens"


def limited_tag(base: LawNames) -> str:
    """Return what the names of the answer over a base law end in."""
    return f"_u{base.suffix}"


def explain_limited_choice(
    page: Page, base: LawNames, choice: LimitedChoice, flops: float, hardware: Hardware | None, key: str
) -> None:
    """Explain what the user's own size does with the same unique tokens."""
    own = f"_choice{limited_tag(base)}"
    page.add(f"N{own}", "N_choice", "as chosen", value=choice.n_params, key=f"{key}.n_params")
    _size(page, base, choice, flops, hardware, own, key)


def explain_limited_sizes(
    page: Page, base: LawNames, best: LimitedData, sizes: tuple[LimitedChoice, ...], hardware: Hardware | None
) -> None:
    """Explain the sizes around the answer ``best``, which is over the law of ``base``."""
    tag = limited_tag(base)
    *words, last = NEIGHBOURS
    source = f"{', '.join(words)} and {last} times the best"
    for i, (size, factor) in enumerate(zip(sizes, NEIGHBOURS.values(), strict=True)):
        own, key = f"_size_{i}{tag}", f"limited_data.sizes[{i}]"
        page.add(f"N{own}", f"N{tag}*factor", source, value=size.n_params, key=f"{key}.n_params", factor=factor)
        _size(page, base, size, best.flops, hardware, own, key)


def _size(
    page: Page, base: LawNames, size: LimitedChoice, flops: float, hardware: Hardware | None, own: str, key: str
) -> None:
    """Explain what the size ``N`` + ``own`` does with the same budget and unique tokens."""
    n, d, loss, enough, used = (f"{name}{own}" for name in ("N", "D", "loss", "C", "C_used"))
    whole = size.epochs > MOST_EPOCHS  # tokens that were chosen are not limited
    formula = f"C/(6*{n})" if whole else tokens_within("C", n)
    page.add(d, formula, "C = 6 N D", value=size.n_tokens, key=f"{key}.n_tokens", known={} if whole else _MOST)
    page.add(f"epochs{own}", f"{d}/U", _EPOCHS, value=size.epochs, key=f"{key}.epochs")
    page.add(used, f"6*{n}*{d}", "what of the budget it takes", value=size.flops_used, key=f"{key}.flops_used")
    page.add(f"used{own}", f"{used}/C", "the share of the budget", value=size.flops_used / flops)
    if hardware is not None and size.cost is not None:
        explain_gpu_hours(page, f"hours{own}", used, hardware, value=hardware.gpu_hours(size.flops_used), key=None)
        explain_cost(page, f"cost{own}", f"hours{own}", hardware, value=size.cost, key=f"{key}.cost")
    at = f"{key}.loss_nats_per_token"
    base.add(page, loss, limited_loss(n, d), _LOSS, value=size.loss, key=at, known=base.decay)
    same = size.equivalent_flops == size.flops_used
    formula, known = (used, {}) if same else (cheapest(enough, loss), {**base.decay, **_MOST})
    what, at = f"the budget that reaches this loss at its optimum: {SEARCH}", f"{key}.equivalent_flops"
    base.add(page, enough, formula, what, value=size.equivalent_flops, key=at, known=known)
    lost = "the share that is lost"
    page.add(f"wasted{own}", f"1 - {enough}/{used}", lost, value=size.wasted, key=f"{key}.wasted_fraction")


def explain_limited_laws(
    page: Page, names: dict[str, LawNames], answers: tuple[LimitedData, ...], laws: tuple[LimitedLaw, ...]
) -> None:
    """Explain what every law recommends; ``answers`` are those that are explained already."""
    answered = {answer.law for answer in answers}
    for i, law in enumerate(laws):
        base, key = names[law.law], f"limited_data.laws[{i}]"
        n, d = f"N_limited{base.suffix}", f"D_limited{base.suffix}"
        at, free, what = f"{key}.unlimited_n_params", f"N_free{base.suffix}", "the same law, unlimited data"
        base.add(page, free, "{N}", what, value=law.unlimited_n_params, key=at)
        if law.law in answered:
            same, what = f"N{limited_tag(base)}", "the answer of this law, above"
            page.add(n, same, what, value=law.n_params, key=f"{key}.n_params")
        else:
            _params(page, base, law, answers[0].flops, n, f"{key}.n_params")
        at_most = law.epochs == MOST_EPOCHS
        formula, known = ("epochs_most*U", _MOST) if at_most else (f"C/(6*{n})", {})
        page.add(d, formula, "C = 6 N D", value=law.n_tokens, key=f"{key}.n_tokens", known=known)
        page.add(f"epochs_limited{base.suffix}", f"{d}/U", _EPOCHS, value=law.epochs, key=f"{key}.epochs")
        spent = f"C_limited{base.suffix}"
        page.add(spent, f"6*{n}*{d}", "C = 6 N D", value=law.flops_used, key=f"{key}.flops_used")
        at, loss = f"{key}.loss_nats_per_token", f"loss_limited{base.suffix}"
        if law.loss is not None:
            base.add(page, loss, limited_loss(n, d), _LOSS, value=law.loss, key=at, known=base.decay)


def _params(page: Page, base: LawNames, law: LimitedLaw, flops: float, n: str, key: str) -> None:
    """Explain the N of a law: of unlimited data, of the best use of the budget, or of the most epochs."""
    known = {**base.decay, **_MOST}
    if law.n_params == law.unlimited_n_params:
        base.add(page, n, "{N}", "the optimum needs no more than the unique tokens", value=law.n_params, key=key)
    elif law.epochs != MOST_EPOCHS:
        base.add(page, n, best_size(n), f"{REPETITION}: {SEARCH}", value=law.n_params, key=key, known=base.decay)
    elif law.flops_used is not None and law.flops_used < flops * (1 - 1e-12):
        base.add(page, n, balanced_size(n, "(epochs_most*U)"), _BALANCED, value=law.n_params, key=key, known=known)
    else:
        page.add(n, "C/(6*epochs_most*U)", "the whole budget", value=law.n_params, key=key, known=_MOST)
