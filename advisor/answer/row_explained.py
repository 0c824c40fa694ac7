"""The rows of an answer, explained: the headline from what was asked, the other laws, other sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from advisor.answer.request import Request
from advisor.answer.row import NEIGHBOURS, WIDE_LEVEL, Answer, Choice
from advisor.explanation import Page, file_of
from advisor.laws.explained import (
    FRONTIER,
    SURFACE,
    LawNames,
    cost_of,
    excess_of,
    explain_frontier,
    explain_optimum,
    params_for,
    sizes_of,
    tokens_for,
)
from advisor.laws.scaling_law import INTERVAL_LEVEL, ScalingLaw
from advisor.laws.text import WEB_T
from advisor.plan.hardware import explain_budget, explain_cost, explain_gpu_hours

_SHARES = "on the frontier A/N^alpha is the share beta/(alpha + beta) of loss - E, B/D^beta the rest"
_AT_ITS_OPTIMUM = "the budget that reaches this loss at its optimum"
_LOST = "the share that is lost"


def explain_headline(
    page: Page, names: LawNames, headline: Answer, request: Request, corpus_tokens: str | None
) -> None:
    """Explain the budget, N and D, from whichever of them was given, and what follows from them.

    ``corpus_tokens`` is the name of the corpus's size, None without a corpus.
    """
    if request.budget is not None:
        _budget(page, headline, request)
        explain_optimum(page, names, headline.n_params, headline.n_tokens, key="headline")
    else:
        explain_frontier(page, names)
        _asked(page, names, headline, request)
        names.add(page, "C", "6*{N}*{D}", "C = 6 N D", value=headline.flops, key="headline.flops")
    _answer(page, names, headline, "headline")
    if request.unique_tokens is not None:
        what, unique = "tokens over unique tokens", request.unique_tokens
        page.add("epochs", "D/unique_tokens", what, value=headline.epochs, key="headline.epochs", unique_tokens=unique)
    elif corpus_tokens is not None:
        what, formula = "tokens over the corpus's", f"D/{corpus_tokens}"
        page.add("epochs", formula, what, value=headline.epochs, key="headline.epochs")
    if (hardware := request.hardware) is not None:
        explain_gpu_hours(page, "gpu_hours", "C", hardware, value=headline.gpu_hours, key="headline.gpu_hours")
        explain_cost(page, "cost", "gpu_hours", hardware, value=headline.cost, key="headline.cost")


def explain_other(page: Page, head: LawNames, names: LawNames, answer: Answer, i: int) -> None:
    """Explain what a law but the headline, the i-th of all, answers for the budget C, and what following it wastes."""
    key = f"laws[{i}]"
    explain_optimum(page, names, answer.n_params, answer.n_tokens, key=key)
    _answer(page, names, answer, key)
    if answer.wasted is None or not isinstance(head.law, ScalingLaw):
        return
    excess, tag = head.law.excess(answer.n_params, answer.n_tokens), names.suffix
    terms, spent = excess_of(names.write("{N}"), names.write("{D}")), (1 - answer.wasted) * answer.flops
    head.add(page, f"excess_by{tag}", terms, head.of(SURFACE), value=excess)
    head.add(page, f"C_eq{tag}", f"min(C, {cost_of(f'excess_by{tag}')})", _AT_ITS_OPTIMUM, value=spent)
    page.add(f"wasted{tag}", f"1 - C_eq{tag}/C", _LOST, value=answer.wasted, key=f"{key}.wasted_fraction")


def explain_sizes(
    page: Page,
    head: LawNames,
    headline: Answer,
    request: Request,
    neighbours: tuple[Choice, ...],
    choice: Choice | None,
) -> None:
    """Explain the table of sizes, and the user's own."""
    if request.budget is not None:
        _chosen(page, headline, request)
    *words, last = NEIGHBOURS
    source = f"{', '.join(words)} and {last} times the optimum's"
    for i, each in enumerate(neighbours):
        factor, key = each.n_params / headline.n_params, f"neighbours[{i}]"
        page.add(f"N_{i}", "N*factor", source, value=each.n_params, key=f"{key}.n_params", factor=factor)
        _weighed(page, head, each, str(i), key)
    if choice is not None:
        _weighed(page, head, choice, "choice", "choice")
        for name, found, level in (
            ("interval80", choice.interval80, INTERVAL_LEVEL),
            ("interval95", choice.interval95, WIDE_LEVEL),
        ):
            ends = None if found is None else found.loss_nats_per_token
            key = f"choice.{name}.loss_nats_per_token"
            head.interval(page, f"loss_choice_{100 * level:g}", ends, key=key, drawn="loss_choice", level=level)


def explain_bytes_of(page: Page, tags: Sequence[str], choices: Sequence[Choice], bytes_per_token: float) -> None:
    """Explain the bytes for each parameter of other sizes."""
    for tag, each in zip(tags, choices, strict=False):
        value, formula = each.tokens_per_param * bytes_per_token, f"tokens_per_param_{tag}*T"
        page.add(f"bytes_per_param_{tag}", formula, "bytes over parameters", value=value, T=bytes_per_token)


def _budget(page: Page, headline: Answer, request: Request) -> None:
    if request.flops is not None or request.hardware is None:
        flops = request.flops or 0.0
        page.add("C", "flops", "given: --flops", value=headline.flops, key="headline.flops", flops=flops)
        return
    explain_budget(page, request.hardware, gpus=request.gpus or 0, hours=request.hours or 0.0, value=headline.flops)


def _asked(page: Page, names: LawNames, headline: Answer, request: Request) -> None:
    """Explain N and D where one of them, or the loss, was given in place of a budget."""

    def explain_n(formula: str, source: str, given: Mapping[str, float]) -> None:
        names.add(page, "{N}", formula, source, value=headline.n_params, key="headline.n_params", known=given)

    def explain_d(formula: str, source: str, given: Mapping[str, float]) -> None:
        names.add(page, "{D}", formula, source, value=headline.n_tokens, key="headline.n_tokens", known=given)

    if request.n_params is not None:
        explain_n("n_params", "given: --params", {"n_params": request.n_params})
        explain_d(tokens_for(names.law, "{N}"), f"{FRONTIER}, solved for the tokens", {})
    elif request.n_tokens is not None:
        explain_d("n_tokens", "given: --tokens", {"n_tokens": request.n_tokens})
        explain_n(params_for(names.law, "{D}"), f"{FRONTIER}, solved for the parameters", {})
    else:
        target = {"target": request.target_loss or 0.0}
        n_params, n_tokens = sizes_of("(target - {E})")
        explain_n(n_params, f"{FRONTIER}: {_SHARES}", target)
        explain_d(n_tokens, f"{FRONTIER}: {_SHARES}", target)


def _answer(page: Page, names: LawNames, answer: Answer, key: str) -> None:
    """Explain tokens per parameter and the loss of an answer, and the intervals of all of it."""
    law, ratio = names.law, f"tokens_per_param{names.suffix}"
    ratio_key = f"{key}.tokens_per_param"
    names.add(page, ratio, "{D}/{N}", "tokens over parameters", value=answer.tokens_per_param, key=ratio_key)
    if isinstance(law, ScalingLaw):
        excess, source = law.excess(answer.n_params, answer.n_tokens), names.of(SURFACE)
        names.add(page, "{excess}", excess_of("{N}", "{D}"), source, value=excess)
        names.add(page, "{loss}", "{E} + {excess}", source, value=answer.loss, key=f"{key}.loss_nats_per_token")
        bits, what = answer.bits_per_byte, f"bits a byte of web text: {file_of('advisor.laws.data_rule')}"
        bits_key = f"{key}.loss_bits_per_byte"
        names.add(page, f"bits{names.suffix}", "{loss}/(log(2)*T_web)", what, value=bits, key=bits_key, T_web=WEB_T)
    if (found := answer.interval80) is None:
        return
    at = f"{key}.interval80"
    names.interval(page, "{N}", found.n_params, key=f"{at}.n_params")
    names.interval(page, "{D}", found.n_tokens, key=f"{at}.n_tokens")
    names.interval(page, ratio, found.tokens_per_param, key=f"{at}.tokens_per_param")
    names.interval(page, "{loss}", found.loss, key=f"{at}.loss_nats_per_token")
    if not names.suffix:
        names.interval(page, "C", found.flops, key=f"{at}.flops")


def _chosen(page: Page, headline: Answer, request: Request) -> None:
    """Explain the user's own number of parameters."""
    if (given := request.n_params) is not None:
        page.add("N_choice", "n_params", "given: --params", value=given, n_params=given)
    elif (given := request.n_tokens) is not None:
        value = headline.flops / (6 * given)
        page.add("N_choice", "C/(6*n_tokens)", "given: --tokens", value=value, n_tokens=given)


def _weighed(page: Page, head: LawNames, choice: Choice, tag: str, key: str) -> None:
    """Explain how the size N_tag does with the whole budget, against the optimum."""
    law = head.law
    assert isinstance(law, ScalingLaw)
    n, d, excess = f"N_{tag}", f"D_{tag}", f"excess_{tag}"
    page.add(d, f"C/(6*{n})", "C = 6 N D", value=choice.n_tokens, key=f"{key}.n_tokens")
    ratio = choice.n_tokens / choice.n_params
    ratio_key = f"{key}.tokens_per_param"
    page.add(f"tokens_per_param_{tag}", f"{d}/{n}", "tokens over parameters", value=ratio, key=ratio_key)
    head.add(page, excess, excess_of(n, d), SURFACE, value=law.excess(choice.n_params, choice.n_tokens))
    loss_key = f"{key}.loss_nats_per_token"
    head.add(page, f"loss_{tag}", f"{{E}} + {excess}", SURFACE, value=choice.loss, key=loss_key)
    cost, cost_key = f"min(C, {cost_of(excess)})", f"{key}.equivalent_flops"
    head.add(page, f"C_eq_{tag}", cost, _AT_ITS_OPTIMUM, value=choice.equivalent_flops, key=cost_key)
    page.add(f"wasted_{tag}", f"1 - C_eq_{tag}/C", _LOST, value=choice.wasted, key=f"{key}.wasted_fraction")
