"""Cautions that follow from the laws that answer, whatever the budget: whose losses they are, how far they reach."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from advisor.calibrations.laws_in_h import LAW_NAMES
from advisor.caution import Caution
from advisor.laws.data_rule import LARGEST, DataLaw
from advisor.laws.scaling_law import Law, ScalingLaw
from advisor.laws.text import KNOWN_H, LEAST_T_OF_PROSE, LIMITS_H, LIMITS_T, MOST_NON_ASCII, Text
from advisor.quantities import format_flops, format_times

if TYPE_CHECKING:
    from advisor.answer.law_choice import Candidates
    from advisor.answer.request import Request
    from advisor.calibrations.coefficients import Calibration

_FAR_IN_H = 0.05  # beyond the corpora that a law was fitted to


def loss_of_web_text() -> Caution:
    """Return that losses under the data rule are not those of a corpus unlike web text."""
    return Caution(
        code="loss_of_web_text",
        message="Losses here are those of web text under Chinchilla's tokenizer and not of this corpus, whose own may "
        "be half as large or less: `advisor recommend --full` has what six corpora's lines predict.",
    )


def about_losses(law: Law | DataLaw) -> tuple[Caution, ...]:
    """Return what is to be said of a table's losses."""
    return (loss_of_web_text(),) if isinstance(law, DataLaw) and not law.text.like_web_text else ()


def _shows_losses(request: Request) -> bool:
    asked = (request.target_loss, request.unique_tokens, request.inference_tokens)
    return request.use_corpus_size or any(each is not None for each in asked)


def about_laws(
    candidates: Candidates, calibration: Calibration | None, h: float | None, request: Request
) -> Iterator[Caution]:
    """Yield what follows from the laws that answer, whatever the budget."""
    law = candidates.headline
    for reason in candidates.refused:
        yield Caution(code="law_refused", message=reason)
    if candidates.shift is None and request.bytes_per_token is not None:
        yield Caution(
            code="tokenizer_not_used",
            message=f"The law {law.name} does not depend on the tokenizer: --bytes-per-token moves nothing here.",
        )
    if candidates.shift is not None and not candidates.headline_text.like_web_text and _shows_losses(request):
        yield loss_of_web_text()
    if candidates.shift is not None:
        yield from _about_rule(candidates.headline_text, candidates.flops)
    if isinstance(law, ScalingLaw) and law.verdict == "caution":
        yield Caution(code="law_verdict", message=f"The fit that gave {law.name} itself says: with caution.")
    if h is not None:
        yield from _about_compressibility(law, h)
    if candidates.at_h is None or calibration is None or h is None:
        return
    if dropped := candidates.at_h.n_dropped:
        rest = (
            "the interval is over the others, so it is too narrow"
            if candidates.at_h.law.draws
            else "so there is no interval"
        )
        yield Caution(
            code="draws_dropped",
            message=f"{dropped} of {len(calibration.dependence.draws)} draws of the calibration give no law at "
            f"H = {h:.4g}; {rest}.",
        )
    yield Caution(
        code="evidence_disagrees",
        message="Published work on code (arXiv:2510.08702) finds it more data-hungry than text, against the rule of "
        "thumb that more compressible data prefers parameters.",
    )


def _about_rule(text: Text, flops: float) -> Iterator[Caution]:
    """Yield what widens the interval of the data rule, and by what it is extrapolated."""
    if text.outside:
        yield Caution(
            code="compressibility_outside_range",
            message=f"H = {text.compressibility:.3g} is outside the corpora that the data rule rests on, "
            f"{KNOWN_H[0]:g} to {KNOWN_H[1]:g}: the interval is wider for it, and the rule goes no further than "
            f"{LIMITS_H[0]:g} and {LIMITS_H[1]:g}.",
        )
    if text.foreign:
        share = text.non_ascii or 0.0
        why = (
            f"{100 * share:.0f} % of the bytes are not ASCII (more than {100 * MOST_NON_ASCII:g} %)"
            if share > MOST_NON_ASCII
            else f"{text.bytes_per_token:.3g} bytes per token are few for prose (under {LEAST_T_OF_PROSE:g})"
        )
        yield Caution(
            code="other_language",
            message=f"{why}: bytes per token say nothing of such a corpus, so H alone moves the answer and the "
            "interval is wider. The data rule rests on English and code.",
        )
    trained = text.trained_bytes_per_token
    if trained is not None and not LIMITS_T[0] <= trained <= LIMITS_T[1]:
        yield Caution(
            code="tokenizer_outside_range",
            message=f"Tokenizers of {LIMITS_T[0]:g} to {LIMITS_T[1]:g} bytes per token were tried, and {trained:.3g} "
            "is beyond them: what it does to N is extrapolated.",
        )
    if flops > LARGEST and (text.compressibility is not None or text.bytes_per_token is not None):
        yield Caution(
            code="gap_extrapolated",
            message=f"How far corpora differ was seen up to {format_flops(LARGEST)} FLOPs, "
            f"{format_times(flops / LARGEST)} times below this budget, on dense models: it is held from there on, and "
            "the interval widens with the budget.",
        )


def _about_compressibility(law: Law, h: float) -> Iterator[Caution]:
    """Yield that a law is used outside of what it was fitted to: a law in H at all, another law by over .05."""
    fitted = law.ranges.compressibility
    if fitted is None:
        return
    low, high = fitted
    if law.name in LAW_NAMES and not low <= h <= high:
        yield Caution(
            code="compressibility_outside_range",
            message=f"H = {h:.3g} is outside the calibrated range, {low:.3g} to {high:.3g}.",
        )
    elif law.name not in LAW_NAMES and not low - _FAR_IN_H <= h <= high + _FAR_IN_H:
        ends = f"{low:.3g}" if high - low < 5e-4 else f"{low:.3g} to {high:.3g}"
        yield Caution(
            code="compressibility_far_from_law",
            message=f"H = {h:.3g} is far from the runs that {law.name} was fitted to (H = {ends}): the optimum of such "
            "a corpus need not be this one's.",
        )
