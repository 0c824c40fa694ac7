"""What a recommendation rests on, and the numbers of its headline: tables behind --full."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from advisor.answer.recommendation import Recommendation
from advisor.quantities import format_flops
from advisor.report.plan import unit_rows
from advisor.report.score import read_words
from advisor.report.text import (
    amount,
    counted,
    echo,
    nats,
    percent,
    plural,
    print_labelled,
    print_table,
    quantity,
    ratio,
    spread,
)

if TYPE_CHECKING:
    from advisor.answer.reliance import Reliance, WrongChoice
    from advisor.calibrations.corpus_loss import CorpusLoss
    from advisor.calibrations.laws_in_h import Sensitivity
    from advisor.compressibility.protocol import MeasuredCorpus
    from advisor.laws.data_rule import Shift


def print_about(recommendation: Recommendation) -> None:
    """Print what the headline rests on, its numbers with their intervals, and the loss of a corpus unlike web text."""
    unlimited = ", were unique data unlimited" if recommendation.limited else ""
    echo(f"Compute-optimal for {format_flops(recommendation.headline.flops)} FLOPs{unlimited}", "bold")
    print_labelled(_about(recommendation))
    echo()
    _allocation(recommendation)
    if recommendation.corpus_loss is not None:
        echo()
        _print_corpus_loss(recommendation.corpus_loss)


def _about(recommendation: Recommendation) -> list[tuple[str, str]]:
    """Return what the answer rests on: the law, the corpus, how H moves it."""
    headline, profile, sensitivity = recommendation.headline, recommendation.profile, recommendation.sensitivity
    rows = [("law", f"{headline.law}: {headline.source}" + (f"; {headline.note}" if headline.note else ""))]
    if profile is not None:
        interval = f" (95 % {spread(profile.ci95, nats)})" if profile.ci95 else ""
        tokens = profile.estimated_tokens
        size = "of unknown size" if tokens is None else f"about {plural(quantity(tokens), 'token')}"
        rows.append(("corpus", f"{profile.source}: H = {profile.median:.3f}{interval}, {size}{_measured(profile)}"))
        if read := read_words(profile.columns):
            rows.append(("read", read))
    elif recommendation.compressibility is not None:
        rows.append(("corpus", f"H = {recommendation.compressibility:g}, as given"))
    if recommendation.shift is not None:
        pilot = "" if recommendation.request.pilot is None else "; your pilot is in it"
        rows.append(("moved by", _moved(recommendation.shift) + pilot))
    if sensitivity is not None:
        rows.append(("d ln N*/dH", _slope(sensitivity)))
    if recommendation.wrong is not None and recommendation.shift is not None and recommendation.shift.log_n != 0:
        rows.append(("if wrong", _cost(headline.law, recommendation.wrong)))
    return rows + _reliance_rows(recommendation.reliance)


def _moved(shift: Shift) -> str:
    """Return how far the corpus and the tokenizer move N, and what each of them says."""
    said = (shift.by_h, "H"), (shift.by_t, "bytes per token"), (shift.tokenizer or None, "the training tokenizer")
    parts = [f"{_factor(math.exp(part))} by {what}" for part, what in said if part is not None]
    of = f" ({', '.join(parts)})" if len(parts) > 1 else ""
    return f"{_factor(shift.factor)} times web text's parameters, 80 % {spread(shift.factor_interval, _factor)}{of}"


def _factor(value: float) -> str:
    return f"{value:.2f}"


def _reliance_rows(reliance: Reliance | None) -> list[tuple[str, str]]:
    """Return the lines about what the headline rests on; none where it does not depend on the corpus."""
    if reliance is None:
        return []
    rows = [("weight", reliance.in_words), ("trained on", _reach(reliance))]
    if reliance.wrong is not None and reliance.epsilon != 0:  # with no weight the two are one law
        rows.append(("if wrong", _cost(reliance.law, reliance.wrong)))
    return rows


def _reach(reliance: Reliance) -> str:
    """Return where the calibration was trained, and how far this question is from there."""
    parts = [reliance.calibration]
    if reliance.h_range is not None:
        low, high = reliance.h_range
        parts.append(f"H {low:.3g} to {high:.3g}{'' if reliance.h_inside else ' (this corpus is outside)'}")
    if reliance.flops_range is not None and reliance.decades is not None:
        low, high = reliance.flops_range
        far = abs(reliance.decades)
        beyond = "" if far == 0 else f" ({far:.1f} decades {'below' if reliance.decades > 0 else 'above'} this budget)"
        parts.append(f"{format_flops(low)} to {format_flops(high)} FLOPs{beyond}")
    if reliance.native_ids:
        parts.append("sources with token ids of their own")
    if reliance.training_tokenizer is not None:
        read = "bytes" if reliance.training_tokenizer == "bytes" else f"tokens of {reliance.training_tokenizer}"
        parts.append(f"models that read {read}")
    return "; ".join(parts)


def _cost(law: str, wrong: WrongChoice) -> str:
    return (
        f"{law} loses {percent(wrong.headline_if_chinchilla_is_right)} of the FLOPs where chinchilla is right, "
        f"chinchilla {percent(wrong.chinchilla_if_headline_is_right)} where {law} is"
    )


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
        f"{documents}{rate}; {plural(profile.n_sequences, 'sequence')}, sd {found.sd:.3f}, "
        f"tokens shuffled {found.shuffled_median:.3f}, ceiling {found.ceiling:.3f}"
    )


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
    if best.loss is not None and best.bits_per_byte is not None and recommendation.loss_is_of_corpus:
        add("Loss of web text, nats/token", nats(best.loss), "loss", nats)
        add("... in bits per byte", nats(best.bits_per_byte))
    elif best.loss is not None and best.bits_per_byte is None:
        add("Loss, nats/token", nats(best.loss), "loss", nats)
    if best.epochs is not None and not recommendation.limited:
        add("Epochs of the corpus", amount(best.epochs))
    if hardware is not None and best.gpu_hours is not None:
        add(f"GPU-hours by 6 N D, {hardware.gpu.name} at MFU {hardware.mfu:g}", amount(best.gpu_hours))
    if best.cost is not None:
        add(f"Cost by 6 N D, at {request.price_per_hour:g} per GPU-hour", amount(best.cost))
    answers = [i for i, row in enumerate(rows) if row[0].startswith(("Budget", "Parameters", "Training"))]
    print_table(("", "", "80 % interval" if best.interval80 else ""), rows, bold=answers)


def _print_corpus_loss(found: CorpusLoss) -> None:
    """Print what the lines of six corpora predict for this corpus."""
    bits = "" if found.bits_per_byte is None else f", {nats(found.bits_per_byte)} bits per byte"
    echo("The loss of this corpus by lines in H through six corpora", "bold")
    echo(
        f"{nats(found.loss)} nats/token (80 % {spread(found.interval80, nats)}){bits}. H says little of the loss, and "
        f"nothing outside .40 to .57: at 4.84e19 FLOPs a corpus left out of the lines is missed by "
        f"{percent(found.left_out)} (rms)."
    )
