"""The numbers in cautions, explained: how far outside a range, how far apart, how near the supply."""

from __future__ import annotations

import math
from collections.abc import Set

from advisor.answer.cautions import APART, WORLD_GROWTH, WORLD_TOKENS_2023, XUE
from advisor.answer.inference import InferenceAnswer
from advisor.answer.repetition.affordable import MOST_EPOCHS
from advisor.answer.repetition.cautions import explain_epochs
from advisor.answer.repetition.limited_data import LimitedData
from advisor.answer.row import Answer
from advisor.compressibility.protocol import DEFAULT_PROTOCOL
from advisor.explanation import Page, file_of
from advisor.laws.data_rule import LARGEST
from advisor.laws.explained import LawNames
from advisor.laws.scaling_law import Ranges
from advisor.laws.text import KNOWN_H
from advisor.plan.hardware import Hardware
from advisor.plan.plan import Plan
from advisor.plan.shape import DEFAULT_VOCAB_SIZE


def explain_cautions(
    page: Page,
    codes: Set[str],
    *,
    laws: tuple[Answer, ...],
    ranges: Ranges,
    names: dict[str, LawNames],
    limited: tuple[LimitedData, ...],
    serving: InferenceAnswer | None,
    hardware: Hardware | None,
    plan: Plan,
    hours: float | None,
) -> None:
    """Explain the numbers of the cautions with these ``codes``; ``laws``, ``ranges`` ... are what they are about.

    ``laws`` has the headline first, and ``ranges`` are its law's.
    """
    headline = laws[0]
    if "budget_outside_range" in codes and ranges.flops is not None:
        _outside(page, headline, ranges.flops, plan.flops)
    if "loss_of_guessing" in codes:
        _known(page, "guessed_of", DEFAULT_VOCAB_SIZE, "the vocabulary of the laws' runs")
        page.add("loss_of_guessing", "log(guessed_of)", "nats/token", value=math.log(DEFAULT_VOCAB_SIZE))
    if "time_exceeded" in codes and plan.cluster is not None and hours is not None:
        took = plan.cluster.wall_hours or math.nan
        _known(page, "hours_given", hours, "given: --hours")
        _known(page, "hours_taken", took, "the plan's wall time")
        page.add("hours_more", "hours_taken - hours_given", "beyond the time given", value=took - hours)
        tokens, source = plan.n_tokens * hours / took, "the plan's tokens, as many as the time is enough for"
        page.add("tokens_in_time", "D_plan*hours_given/hours_taken", source, value=tokens, D_plan=plan.n_tokens)
    if "laws_disagree" in codes:
        _disagreement(page, laws, names)
    if "near_world_supply" in codes:
        _supply(page, headline, limited, serving)
    if any(code.startswith("epochs_above") for code in codes):
        explain_epochs(page)
    if "training_tokens_outside_range" in codes and ranges.n_tokens is not None:
        _known(page, "largest_tokens", ranges.n_tokens[1], "the largest run of the headline law's fit")
    if "compressibility_outside_range" in codes and ranges.compressibility is None:
        for end, value in zip(("lowest", "highest"), KNOWN_H, strict=True):
            _known(page, f"{end}_H", value, "the six corpora that the data rule rests on")
    outside = {"compressibility_outside_range", "compressibility_far_from_law"} & codes
    if outside and ranges.compressibility is not None:
        for end, value in zip(("lowest", "highest"), ranges.compressibility, strict=True):
            _known(page, f"{end}_H", value, "what the law was fitted to")
    if "corpus_too_small" in codes and (headline.epochs or 0.0) > MOST_EPOCHS:
        value, source = MOST_EPOCHS * headline.n_tokens / (headline.epochs or math.nan), "no answer has more epochs"
        page.add("corpus_affords", "epochs_most*D/epochs", source, value=value, epochs_most=MOST_EPOCHS)
    if "training_exceeds_budget" in codes and serving is not None:
        value = serving.best.training_flops / headline.flops
        page.add("times_budget", "training_flops_served/C", "training over the budget", value=value)
    if "gap_extrapolated" in codes:
        source = f"the largest budget of the six corpora, {file_of('advisor.laws.data_rule')}"
        page.add("times_beyond", "C/largest", source, value=headline.flops / LARGEST, largest=LARGEST)
    if "assumed_protocol" in codes:
        source = f"the default protocol, {file_of(type(DEFAULT_PROTOCOL).__module__)}"
        _known(page, "sequence_tokens", DEFAULT_PROTOCOL.seq_len, source)
        _known(page, "gzip_level", DEFAULT_PROTOCOL.level, source)
    if codes & {"gpu_variant_assumed", "gpu_without_bf16"} and hardware is not None:
        peak = hardware.gpu.peak_flops
        page.add("peak_teraflops", "peak/1e12", hardware.gpu.source, value=peak / 1e12, peak=peak)


def _known(page: Page, name: str, value: float, source: str) -> None:
    page.take(name, "known", source, value=value)


def _outside(page: Page, headline: Answer, fitted: tuple[float, float], flops: float) -> None:
    """Explain how far the run is from those that the headline law was fitted to."""
    smallest, largest = fitted
    above = flops > largest
    formula, times = ("C_run/largest", flops / largest) if above else ("smallest/C_run", smallest / flops)
    page.take("C_run", "computed", "6 N D of the plan", value=flops)
    source = f"the runs that {headline.law} was fitted to"
    page.add("times_outside", formula, source, value=times, smallest=smallest, largest=largest)


def _disagreement(page: Page, laws: tuple[Answer, ...], names: dict[str, LawNames]) -> None:
    compared = sorted((law for law in laws if law.law not in APART), key=lambda law: law.n_params)
    low, high = compared[0], compared[-1]
    formula = f"{names[high.law].write('{N}')}/{names[low.law].write('{N}')}"
    page.add("disagreement", formula, "the largest N over the smallest", value=high.n_params / low.n_params)


def _supply(page: Page, headline: Answer, limited: tuple[LimitedData, ...], serving: InferenceAnswer | None) -> None:
    """Explain the share of the world's text that the training would read."""
    name, tokens = "D", headline.n_tokens
    if limited:
        name, tokens = "U", limited[0].unique_tokens
    elif serving is not None and serving.best.n_tokens > tokens:
        name, tokens = "D_served", serving.best.n_tokens
    _known(page, "supply", WORLD_TOKENS_2023, f"{XUE}: the world's text in 2023, tokens")
    for end, growth in zip(("low", "high"), WORLD_GROWTH, strict=True):
        _known(page, f"growth_{end}", growth, f"{XUE}: growth of high-quality text in a year")
    page.add("supply_share", f"{name}/supply", "tokens over the supply", value=tokens / WORLD_TOKENS_2023)
    page.add("supply_trillions", "supply/1e12", "in T", value=WORLD_TOKENS_2023 / 1e12)
