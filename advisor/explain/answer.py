"""The headline: the budget, N and D however they were asked for, time, money, the corpus, the data in bytes."""

from __future__ import annotations

from advisor.answer.recommendation import Recommendation
from advisor.explain.laws import explain_answer, explain_frontier, frontier_of_budget
from advisor.explain.lines import FRONTIER, LawNames, Page
from advisor.laws.scaling_law import FrontierLaw, ScalingLaw

_GIVEN = "given: {}"
_SHARES = "on the frontier A/N^alpha is the share beta/(alpha + beta) of loss - E, B/D^beta the rest"


def explain_corpus(page: Page, recommendation: Recommendation) -> None:
    """Explain what is known of the corpus: measured, not computed."""
    profile = recommendation.profile
    if profile is None:
        page.add(
            "H",
            "H_given",
            _GIVEN.format("--compressibility"),
            key="compressibility",
            H_given=page.at("compressibility") or 0.0,
        )
        return
    source = f"measured on {profile.source}"
    p = profile.protocol
    sample = f"{p.n_sequences} sequences of {p.seq_len} tokens, gzip level {p.level}"
    _measured(page, "H", f"the median compressed/raw size, {source}: {sample}", key="compressibility")
    for end, i in (("low", 0), ("high", 1)):
        what = "95 % interval of H: bootstrap over documents (shares: over sources too), quantiles .025 and .975"
        _measured(page, f"H_{end}", f"{what}, {source}", key=f"profile.ci95[{i}]", level=0.95)
    _measured(page, "corpus_tokens", f"bytes over bytes per token, {source}", key="profile.estimated_tokens")
    _measured(page, "bytes_per_token", f"mean over the sample, {source}", key="profile.bytes_per_token")
    found = getattr(profile, "compressibility", None)
    if found is not None:
        _measured(page, "n_documents", f"counted, {source}", value=getattr(profile, "n_documents", None))
        _measured(page, "n_sequences", f"drawn, {source}", value=getattr(profile, "n_sequences", None))
        _measured(page, "H_sd", f"standard deviation over sequences, {source}", value=found.sd)
        _measured(
            page, "H_shuffled", f"median of the same tokens in random order, {source}", value=found.shuffled_median
        )
        _measured(
            page, "H_ceiling", "median of ids drawn uniformly from the vocabulary, same protocol", value=found.ceiling
        )


def explain_headline(page: Page, recommendation: Recommendation, names: LawNames) -> None:
    """Explain the budget, N and D, from whichever of them was given, and what follows from them."""
    law, request = names.law, recommendation.request
    if isinstance(law, ScalingLaw) and request.budget is None:
        explain_frontier(page, names)
    if request.budget is not None:
        _budget(page, recommendation)
        frontier_of_budget(page, names, "headline")
    elif request.n_params is not None:
        _from_params(page, names, request.n_params)
    elif request.n_tokens is not None:
        _from_tokens(page, names, request.n_tokens)
    else:
        _from_loss(page, names, request.target_loss or 0.0)
    explain_answer(page, names, "headline")
    _money(page, recommendation)
    _units(page, recommendation)


def _measured(
    page: Page, name: str, source: str, *, key: str | None = None, value: float | None = None, **more: float
) -> None:
    found = page.at(key) if key is not None else value
    if found is not None:
        page.add(name, f"measured_{name}", source, key=key, value=value, known={f"measured_{name}": found, **more})


def _budget(page: Page, recommendation: Recommendation) -> None:
    request, hardware = recommendation.request, recommendation.request.hardware
    if request.flops is not None or hardware is None:
        page.add("C", "flops", _GIVEN.format("--flops"), key="headline.flops", flops=request.flops or 0.0)
        return
    page.add(
        "C",
        "peak*mfu*n_gpus*hours*3600",
        f"peak FLOP/s: {hardware.gpu.source}; seconds an hour; the rest as given, MFU .4 unless given",
        key="headline.flops",
        peak=hardware.gpu.peak_flops,
        mfu=hardware.mfu,
        n_gpus=request.gpus or 0,
        hours=request.hours or 0.0,
    )


def _from_params(page: Page, names: LawNames, given: float) -> None:
    page.add("{N}", "n_params", _GIVEN.format("--params"), key="headline.n_params", law=names, n_params=given)
    if isinstance(names.law, FrontierLaw):
        formula = "({N}/{coefficient})**(1/{exponent})/(6*{N})"
    else:
        formula = "({N}/{G})**(1/{a})/{N}"
    page.add("{D}", formula, f"{FRONTIER}, solved for the tokens", key="headline.n_tokens", law=names)
    page.add("C", "6*{N}*{D}", "C = 6 N D", key="headline.flops", law=names)


def _from_tokens(page: Page, names: LawNames, given: float) -> None:
    page.add("{D}", "n_tokens", _GIVEN.format("--tokens"), key="headline.n_tokens", law=names, n_tokens=given)
    if isinstance(names.law, FrontierLaw):
        formula = "(6*{coefficient}*{D})**(1/(1 - {exponent}))/(6*{D})"
    else:
        formula = "({G}*{D}**{a})**(1/(1 - {a}))"
    page.add("{N}", formula, f"{FRONTIER}, solved for the parameters", key="headline.n_params", law=names)
    page.add("C", "6*{N}*{D}", "C = 6 N D", key="headline.flops", law=names)


def _from_loss(page: Page, names: LawNames, given: float) -> None:
    n_params = "({A}*({alpha} + {beta})/({beta}*(target - {E})))**(1/{alpha})"
    n_tokens = "({B}*({alpha} + {beta})/({alpha}*(target - {E})))**(1/{beta})"
    page.add("{N}", n_params, f"{FRONTIER}: {_SHARES}", key="headline.n_params", law=names, target=given)
    page.add("{D}", n_tokens, f"{FRONTIER}: {_SHARES}", key="headline.n_tokens", law=names, target=given)
    page.add("C", "6*{N}*{D}", "C = 6 N D", key="headline.flops", law=names)


def _money(page: Page, recommendation: Recommendation) -> None:
    """Explain epochs, GPU-hours and their cost."""
    request, hardware, profile = recommendation.request, recommendation.request.hardware, recommendation.profile
    if request.unique_tokens is not None:
        page.add(
            "epochs",
            "D/unique_tokens",
            "tokens over unique tokens",
            key="headline.epochs",
            unique_tokens=request.unique_tokens,
        )
    elif profile is not None and profile.estimated_tokens is not None:
        page.add("epochs", "D/corpus_tokens", "tokens over the corpus's", key="headline.epochs")
    if hardware is None:
        return
    page.add(
        "gpu_hours",
        "C/(peak*mfu*3600)",
        f"peak FLOP/s: {hardware.gpu.source}; MFU as given, else .4",
        key="headline.gpu_hours",
        peak=hardware.gpu.peak_flops,
        mfu=hardware.mfu,
    )
    price = hardware.price_per_hour or 0.0
    page.add("cost", "gpu_hours*price", _GIVEN.format("--price-per-hour"), key="headline.cost", price=price)


def _units(page: Page, recommendation: Recommendation) -> None:
    units = recommendation.units
    if units is None:
        return
    page.add(
        "n_bytes", "D*bytes_per_token", "tokens of the protocol's tokenizer, in bytes of UTF-8", key="units.n_bytes"
    )
    page.add("bytes_per_param", "n_bytes/N", "bytes over parameters", key="units.bytes_per_param")
    if units.counted is not None:
        page.add(
            "n_tokens_counted",
            "n_bytes/count_bytes_per_token",
            f"bytes per token of {units.counted.tokenizer}, measured on the corpus",
            key="units.n_tokens_counted",
            count_bytes_per_token=units.counted.bytes_per_token,
        )
