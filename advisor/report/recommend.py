"""How a recommendation looks to people: tables on stdout, cautions on stderr."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from advisor.answer.recommendation import Recommendation
from advisor.answer.row import Answer
from advisor.calibrations.laws_in_h import Sensitivity
from advisor.compressibility.protocol import MeasuredCorpus
from advisor.quantities import format_flops
from advisor.report.advice import print_advice
from advisor.report.beyond import print_beyond, print_off_optimum, unlimited
from advisor.report.explain import explanation_keys, then_explained
from advisor.report.plan import show_plan, unit_rows
from advisor.report.reliance import reliance_rows
from advisor.report.text import (
    counted,
    echo,
    emit,
    money,
    nats,
    percent,
    plural,
    print_labelled,
    print_table,
    quantity,
    ratio,
    spread,
    warn,
)


def show(recommendation: Recommendation, *, explain: bool = False, as_json: bool, out: Path | None) -> None:
    """Print a recommendation on stdout and its cautions on stderr; write the JSON document to ``out`` if given.

    ``explain`` adds where every number comes from.
    """
    explanations = None
    if explain:
        from advisor.explain.recommendation import explain_recommendation

        explanations = explain_recommendation(recommendation)
    render = then_explained(lambda: _render(recommendation), explanations)

    def document() -> dict[str, Any]:
        from advisor.json_form import as_json

        return {**as_json(recommendation), **explanation_keys(explanations)}

    emit(document, render, as_json=as_json, out=out)
    warn(recommendation.cautions)


def _render(recommendation: Recommendation) -> None:
    name = recommendation.headline.law
    print_beyond(recommendation)
    echo(f"Compute-optimal for {format_flops(recommendation.headline.flops)} FLOPs{unlimited(recommendation)}", "bold")
    print_labelled(_about(recommendation))
    echo()
    _allocation(recommendation)
    echo()
    if recommendation.neighbours:
        _neighbours(recommendation)
        echo()
    _laws(recommendation)
    echo("Losses of different laws are of different data and tokenizers.", "dim")
    if any(answer.wasted is not None for answer in recommendation.laws):
        echo(f"Wasted: the share of the FLOPs lost by following that law if {name} is right.", "dim")
    show_plan(recommendation.plan)
    if recommendation.advice:
        echo()
        print_advice(recommendation.advice, everything=recommendation.request.advice)


def _about(recommendation: Recommendation) -> list[tuple[str, str]]:
    """Return what the answer rests on: the law, the corpus, how H moves it."""
    headline, profile, sensitivity = recommendation.headline, recommendation.profile, recommendation.sensitivity
    rows = [("law", f"{headline.law}: {headline.source}" + (f"; {headline.note}" if headline.note else ""))]
    if profile is not None:
        interval = f" (95 % {spread(profile.ci95, nats)})" if profile.ci95 else ""
        tokens = profile.estimated_tokens
        size = "of unknown size" if tokens is None else f"about {plural(quantity(tokens), 'token')}"
        rows.append(("corpus", f"{profile.source}: H = {profile.median:.3f}{interval}, {size}{_measured(profile)}"))
    elif recommendation.compressibility is not None:
        rows.append(("corpus", f"H = {recommendation.compressibility:g}, as given"))
    if sensitivity is not None:
        rows.append(("d ln N*/dH", _slope(sensitivity)))
    return rows + reliance_rows(recommendation.reliance)


def _slope(sensitivity: Sensitivity) -> str:
    """Return which way harder data moves the optimum, and where that flips."""
    if sensitivity.dlnN_dH == 0:
        return "0: H does not move this answer"
    flip = sensitivity.flip_flops
    where = "does not flip" if flip is None else f"flips at {format_flops(flip)} FLOPs"
    prefers = "parameters" if sensitivity.dlnN_dH > 0 else "tokens"
    return f"{sensitivity.dlnN_dH:+.2f}: at this budget harder data prefers {prefers}; the sign {where}"


def _measured(profile: MeasuredCorpus) -> str:
    """Return the rest of a profile that was measured just now, for the line about the corpus."""
    from advisor.compressibility.score import Profile

    if not isinstance(profile, Profile):
        return ""
    found = profile.compressibility
    documents = "" if profile.n_documents is None else f" in {plural(quantity(profile.n_documents), 'document')}"
    rate = "" if profile.bytes_per_token is None else f", {profile.bytes_per_token:.2f} bytes per token"
    return (
        f"{documents}{rate}; {plural(f'{profile.n_sequences:,}', 'sequence')}, sd {found.sd:.3f}, "
        f"tokens shuffled {found.shuffled_median:.3f}, ceiling {found.ceiling:.3f}"
    )


def _epochs(epochs: float) -> str:
    return f"{epochs:,.0f}" if epochs >= 100 else f"{epochs:.3g}"


def _allocation(recommendation: Recommendation) -> None:
    """Print the headline's numbers with their intervals; those that the request fixed have none."""
    best, request, hardware = recommendation.headline, recommendation.request, recommendation.request.hardware
    rows: list[tuple[str, str, str]] = []

    def add(name: str, value: str, interval: str = "", look: Callable[[float], str] = quantity) -> None:
        bounds = getattr(best.interval80, interval, None)
        fixed = bounds is None or math.isclose(*bounds)
        rows.append((name, value, "" if fixed else spread(bounds, look)))

    if request.budget is None:
        add("Budget, FLOPs", format_flops(best.flops), "flops", format_flops)
    add(f"Parameters N, {counted(best.count)}", quantity(best.n_params), "n_params")
    add("Training tokens D", quantity(best.n_tokens), "n_tokens")
    add("Tokens per parameter", ratio(best.tokens_per_param), "tokens_per_param", ratio)
    for name, value in unit_rows(recommendation.units):
        add(name, value)
    if best.loss is not None:
        add("Loss, nats/token", nats(best.loss), "loss", nats)
    if best.epochs is not None and not recommendation.limited:
        add("Epochs of the corpus", _epochs(best.epochs))
    if hardware is not None and best.gpu_hours is not None:
        add(f"GPU-hours by 6 N D, {hardware.gpu.name} at MFU {hardware.mfu:g}", money(best.gpu_hours))
    if best.cost is not None:
        add(f"Cost by 6 N D, at {request.price_per_hour:g} per GPU-hour", money(best.cost))
    answers = [i for i, row in enumerate(rows) if row[0].startswith(("Budget", "Parameters", "Training"))]
    print_table(("", "", "80 % interval" if best.interval80 else ""), rows, bold=answers)


def _neighbours(recommendation: Recommendation) -> None:
    """Print what other sizes would do with the same budget, and what the user's own choice does."""
    choices = [(choice, "") for choice in recommendation.neighbours]
    if recommendation.choice is not None:
        choices = sorted([*choices, (recommendation.choice, "your choice")], key=lambda pair: pair[0].n_params)
    rows = [
        (
            quantity(choice.n_params),
            quantity(choice.n_tokens),
            ratio(choice.tokens_per_param),
            nats(choice.loss),
            percent(choice.wasted),
            remark,
        )
        for choice, remark in choices
    ]
    best = recommendation.headline.n_params
    bold = [i for i, (choice, remark) in enumerate(choices) if remark or choice.n_params == best]
    header = ("N", "D", "D/N", "loss", "FLOPs wasted", "")
    print_table(header, rows, title=f"The same budget on other sizes{unlimited(recommendation)}", bold=bold)
    print_off_optimum(recommendation)


def _laws(recommendation: Recommendation) -> None:
    """Print every law's answer for the same budget."""
    rows = [
        (
            answer.law,
            quantity(answer.n_params),
            _interval(answer),
            quantity(answer.n_tokens),
            ratio(answer.tokens_per_param),
            "" if answer.loss is None else nats(answer.loss),
            percent(answer.wasted),
            counted(answer.count),
        )
        for answer in recommendation.laws
    ]
    header = ("law", "N", "80 %", "D", "D/N", "loss", "wasted", "N counts")
    print_table(header, rows, title=f"The same budget by every law{unlimited(recommendation)}", bold=(0,))


def _interval(answer: Answer) -> str:
    """Return the interval of N; nothing where the request fixed it."""
    bounds = None if answer.interval80 is None else answer.interval80.n_params
    return "" if bounds is None or math.isclose(*bounds) else spread(bounds)
