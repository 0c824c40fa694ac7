"""Cautions that follow from a request, the laws and the numbers; those of a part of the answer stand with that part."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from advisor.calibrations.laws_in_h import LAW_NAMES
from advisor.caution import Caution
from advisor.compressibility.protocol import DEFAULT_PROTOCOL, MeasuredCorpus, Protocol, difference
from advisor.laws.scaling_law import Allocation, Law, ScalingLaw
from advisor.plan.accelerators import assumed_variant
from advisor.plan.shape import DEFAULT_VOCAB_SIZE
from advisor.quantities import format_amount, format_flops, format_quantity, format_times

if TYPE_CHECKING:
    from advisor.answer.law_choice import Candidates
    from advisor.answer.request import Request
    from advisor.answer.row import Answer
    from advisor.calibrations.coefficients import Calibration, Coefficients

# Laws that are printed for comparison and would disagree by design.
APART = ("kaplan", "code")
_DISAGREEMENT = 2.0

# Xue et al. 2023: the world's high-quality text in 2023, in tokens, and how it grows.
WORLD_TOKENS_2023 = 9e12
WORLD_GROWTH = (0.04, 0.05)  # a year
XUE = "Xue et al. 2023, arXiv:2305.13230"
_MOST_PROBLEMS = 3  # that are told of installed files; `advisor laws` has them all
_NEAR = 0.5  # of the supply of 2023


def about_request(
    request: Request, coefficients: Coefficients, calibration: Calibration | None, protocol: Protocol | None
) -> Iterator[Caution]:
    """Yield what follows from the request itself: assumptions made, and coefficients that do not apply.

    ``protocol`` is that of the compressibility at hand, None where there is none.
    """
    if protocol is None and request.pilot is not None:
        pass  # the pilot says what the corpus is like
    elif protocol is None:
        yield Caution(
            code="no_compressibility",
            message="Without a SOURCE, --profile or --compressibility the answer is that of web text.",
        )
    elif request.coefficients is not None and calibration is None:
        names = ", ".join(one.name for one in coefficients.calibrations)
        yield Caution(
            code="no_default_calibration",
            message=f"{coefficients.path} names no default calibration: choose one with --calibration ({names}).",
        )
    elif calibration is not None and (request.calibration or request.coefficients or request.law in LAW_NAMES):
        yield from _about_protocols(protocol, calibration)
    if coefficients.problems:
        said = list(coefficients.problems.values())
        more = f" And {len(said) - _MOST_PROBLEMS} more." if len(said) > _MOST_PROBLEMS else ""
        problems = " ".join(said[:_MOST_PROBLEMS]) + more
        yield Caution(
            code="calibration_unreadable",
            message=f"Installed calibrations that cannot be used are left out: {problems}",
        )
    if request.use_corpus_size:
        yield Caution(
            code="corpus_not_deduplicated",
            message="The corpus's tokens are counted and not deduplicated: where it repeats itself it has fewer unique "
            "tokens than --use-corpus-size takes it to have.",
        )
    if request.compressibility is not None:
        yield Caution(
            code="assumed_protocol",
            message="The compressibility given is taken to be measured under the default protocol: "
            f"{DEFAULT_PROTOCOL.tokenizer} tokens, {DEFAULT_PROTOCOL.seq_len} a sequence, gzip level "
            f"{DEFAULT_PROTOCOL.level}, the {DEFAULT_PROTOCOL.statistic}.",
        )
    if request.names_gpu and (gpu := request.named_gpu).number_format != "bf16":
        yield Caution(
            code="gpu_without_bf16",
            message=f"{gpu.name} has no bf16: its peak, {gpu.peak_flops / 1e12:g} TFLOP/s, is of {gpu.number_format}.",
        )
    if request.gpu is not None and (variant := assumed_variant(request.gpu)) is not None:
        yield Caution(
            code="gpu_variant_assumed",
            message=f"{request.gpu} is taken to mean {variant}, {request.named_gpu.peak_flops / 1e12:g} TFLOP/s.",
        )


def about_answers(
    candidates: Candidates,
    headline: Answer,
    laws: tuple[Answer, ...],
    profile: MeasuredCorpus | None,
    flops: float,
) -> Iterator[Caution]:
    """Yield what follows from the numbers: extrapolation, too little data, laws that disagree or count differently.

    ``flops`` are those of the run that is recommended, which may be fewer or more than the headline's.
    """
    fitted = candidates.headline.ranges.flops
    if fitted is not None and not fitted[0] <= flops <= fitted[1]:
        above = flops > fitted[1]
        times = flops / fitted[1] if above else fitted[0] / flops
        decades = f": {math.log10(times):.1f} powers of ten of extrapolation" if candidates.at_h is not None else ""
        lower = (
            ""
            if candidates.at_h is not None or not above
            else " Intervals are wider for it, and losses usually come out lower than such laws say."
        )
        yield Caution(
            code="budget_outside_range",
            message=f"{format_flops(flops)} FLOPs is {format_times(times)} times "
            f"{'above the largest' if above else 'below the smallest'} run that {headline.law} was fitted to "
            f"({format_flops(fitted[0])} to {format_flops(fitted[1])}){decades}.{lower}",
        )
    available = None if profile is None else profile.estimated_tokens
    if available is not None and headline.n_tokens > available:
        yield Caution(
            code="corpus_too_small",
            message=f"The corpus holds about {format_quantity(available)} tokens, less than the "
            f"{format_quantity(headline.n_tokens)} asked for: that would be "
            f"{format_amount(headline.n_tokens / available)} epochs.{_beyond(available, headline.n_tokens)}",
        )
    yield from _disagreement(laws)
    yield from _counts(headline, laws)


def _beyond(available: float, n_tokens: float) -> str:
    """Return what to do where the corpus would be read more often than any answer does; nothing where it is not."""
    from advisor.answer.repetition.affordable import MOST_EPOCHS

    if n_tokens <= MOST_EPOCHS * available:
        return ""
    most = format_quantity(MOST_EPOCHS * available)
    return (
        f" That is not to be trained: above {MOST_EPOCHS:g} epochs no law sees what repetition does. --use-corpus-size "
        f"beside a budget answers with what these data afford, at most {most} training tokens."
    )


def about_loss(loss: float | None) -> Iterator[Caution]:
    """Yield that the law's loss of the run that is recommended is above that of a model that guesses."""
    if loss is not None and loss > math.log(DEFAULT_VOCAB_SIZE):
        yield Caution(
            code="loss_of_guessing",
            message=f"The law's loss of this run, {loss:.3g} nats/token, is above {math.log(DEFAULT_VOCAB_SIZE):.1f}, "
            f"that of guessing one of {DEFAULT_VOCAB_SIZE:,} tokens: it is asked about so little that it says nothing.",
        )


def about_choice(law: Law, chosen: float | None) -> Iterator[Caution]:
    """Yield that a choice of parameters or tokens is not weighed, where the law predicts no loss."""
    if chosen is not None and not isinstance(law, ScalingLaw):
        yield Caution(
            code="choice_not_weighed",
            message=f"The law {law.name} predicts no loss, so your choice of {format_quantity(chosen)} parameters "
            "cannot be weighed against its optimum: choose another --law.",
        )


def about_rows(law: Law, rows: Sequence[Allocation]) -> Iterator[Caution]:
    """Yield that rows of a table lie outside the runs that the law was fitted to."""
    ranges, outside = law.ranges, []
    for row in rows:
        found = ((ranges.flops, row.flops), (ranges.n_params, row.n_params), (ranges.n_tokens, row.n_tokens))
        if any(known is not None and not known[0] <= value <= known[1] for known, value in found):
            outside.append(row)
    if outside:
        named = (("FLOPs", ranges.flops), ("parameters", ranges.n_params), ("tokens", ranges.n_tokens))
        fitted = ", ".join(
            f"{format_quantity(known[0])} to {format_quantity(known[1])} {what}" for what, known in named if known
        )
        lie = "1 row lies" if len(outside) == 1 else f"{len(outside)} rows lie"
        yield Caution(
            code="rows_outside_range",
            message=f"{lie} outside the runs that {law.name} was fitted to ({fitted}): extrapolated.",
        )


def about_supply(n_tokens: float, unique: float | None = None) -> Iterator[Caution]:
    """Yield the caution that ``n_tokens`` come near one estimate of the world's stock of text: half of it and more.

    ``unique`` are the unique tokens that were given, None where none were.
    """
    if n_tokens < _NEAR * WORLD_TOKENS_2023:
        return
    low, high = WORLD_GROWTH
    yield Caution(
        code="near_world_supply",
        message=f"{format_quantity(n_tokens)} {'training' if unique is None else 'unique'} tokens are "
        f"{format_flops(n_tokens / WORLD_TOKENS_2023)} times one published estimate of the world's stock of text, "
        f"about {WORLD_TOKENS_2023 / 1e12:g}T tokens in 2023, high-quality text growing by {100 * low:g} to "
        f"{100 * high:g} % a year ({XUE}); estimates differ by an order of magnitude.",
    )


def _about_protocols(protocol: Protocol, calibration: Calibration) -> Iterator[Caution]:
    problem = difference(protocol, calibration.protocol)
    if problem is not None:
        yield Caution(
            code="protocol_mismatch",
            message=f"The laws of the calibration {calibration.name} are left out: {problem}.",
        )
    elif calibration.protocol.tokenizer is None and protocol.tokenizer is not None:
        yield Caution(
            code="native_ids",
            message=f"The calibration {calibration.name} was made on sources with token ids of their own, and the "
            f"corpus was tokenized with {protocol.tokenizer}.",
        )


def _disagreement(laws: tuple[Answer, ...]) -> Iterator[Caution]:
    compared = sorted((law for law in laws if law.law not in APART), key=lambda law: law.n_params)
    low, high = compared[0], compared[-1]
    if high.n_params > _DISAGREEMENT * low.n_params:
        yield Caution(
            code="laws_disagree",
            message=f"The laws disagree by {format_times(high.n_params / low.n_params)} times at this budget: "
            f"{format_quantity(low.n_params)} parameters by {low.law}, {format_quantity(high.n_params)} by {high.law}.",
        )


def _counts(headline: Answer, laws: tuple[Answer, ...]) -> Iterator[Caution]:
    by_count: dict[str, list[str]] = {}
    for law in laws:
        if law.count != headline.count:
            by_count.setdefault(law.count, []).append(law.law)
    if by_count:
        what = {"unknown": "an unknown kind of"}
        others = "; ".join(f"{', '.join(names)}: {what.get(count, count)}" for count, names in by_count.items())
        yield Caution(
            code="counts_differ",
            message=f"N counts {what.get(headline.count, headline.count)} parameters under {headline.law}, and other "
            f"parameters under others ({others}).",
        )
