"""The first screen of a recommendation: what to train, of what corpus, how sure, why, and where to begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.answer.law_choice import DATA_LAWS
from advisor.answer.recommended import WORTH_SAYING
from advisor.quantities import format_flops, format_share
from advisor.report.plan import data_size, start_rows, time_rows
from advisor.report.recommendation.how_sure import NEAR, how_sure_rows, print_how_sure
from advisor.report.screen import LINES, lines_of, most_lines, print_answer, print_more, print_rows, warnings_within
from advisor.report.text import amount, echo, epochs_text, nats, percent, plural, quantity, shortened, spread

if TYPE_CHECKING:
    from advisor.answer.inference import InferenceAnswer
    from advisor.answer.recommendation import Recommendation
    from advisor.answer.recommended import Recommended
    from advisor.answer.repetition.limited_data import LimitedData
    from advisor.answer.repetition.sizes import LimitedChoice

_MORE = ("--laws", "--sizes", "--plan", "--cautions", "--explain", "--full", "--json")
_NAME = 40  # columns of a corpus's name
_MANY = 4.0  # passes over a corpus that are worth a word
# Rows, in this order, where warnings need their lines: what they say stands behind the options below the screen too.
_GIVE_WAY = ("Narrow", "Why", "Room", "Batch", "Shape", "More data")
# Codes of cautions that the rows say already.
_SAID = ("corpus_too_small",)
_SAID_OF_LIMITED = "epochs_above_40"  # by the answer that stops there; not by a choice that does not


def print_first_screen(recommendation: Recommendation) -> None:
    """Print the answer, what one needs to act on it and all warnings that fit in 24 lines at 80 columns."""
    sentences, corpus = answer_of(recommendation), corpus_row(recommendation)
    sure, about = how_sure_rows(recommendation), _about(recommendation)
    start = [*time_rows(recommendation.plan, recommendation.request.hours), *start_rows(recommendation.plan)]
    said = (*_SAID, *([_SAID_OF_LIMITED] if recommendation.recommended.of == "limited_data" else []))
    cautions = [each for each in recommendation.cautions if each.code not in said]
    fixed = sum(lines_of([("", each)]) for each in sentences) + lines_of([corpus]) + 3
    wanted = lines_of(warnings_within(cautions, len(cautions) * LINES))

    def room() -> int:
        return most_lines() - fixed - len(sure) - lines_of([*about, *start]) - bool(start)

    if room() < wanted and sure[-1].label.startswith(NEAR):
        sure.pop()
    for label in _GIVE_WAY:
        if room() < wanted:
            about, start = ([row for row in rows if row[0] != label] for rows in (about, start))
    print_answer(*sentences)
    print_rows([corpus])
    echo()
    print_how_sure(sure)
    print_rows(about)
    print_rows(warnings_within(cautions, room()))
    if start:
        echo()
        print_rows(start)
    print_more(_MORE, recommendation.cautions)


def answer_of(r: Recommendation) -> list[str]:
    """Return the answer in a sentence, and what belongs beside it in another."""
    found = r.recommended
    run = f"{quantity(found.n_params)} parameters on {quantity(found.n_tokens)} tokens"
    if found.of == "choice":
        return _of_choice(r, run)
    if found.of == "limited_data":
        return _of_limited(r, run)
    size = "" if found.n_bytes is None else f" ({data_size(found.n_bytes)} of text)"
    if found.of == "inference" and (serving := r.inference) is not None:
        what = "cost" if serving.minimised == "cost" else "FLOPs"
        served = f"serve {quantity(serving.inference_tokens)} more"
        if serving.saved < WORTH_SAYING:
            return [f"Train {run}{size}, as for training alone: to {served} asks for no smaller model."]
        return [
            f"Train {run}{size} to {served}: {percent(serving.saved)} less {what} in all than the "
            f"{quantity(serving.baseline.n_params)} that training alone would make, at the same loss."
        ]
    loss = "" if r.request.target_loss is not None else _loss(found)
    return [f"Train {run}{size}{_purpose(r)}{loss}."]


def _loss(found: Recommended) -> str:
    """Return the loss to expect, where it is this text's."""
    return "" if found.loss is None else f", loss {nats(found.loss)} nats/token"


def _purpose(r: Recommendation) -> str:
    """Return what the budget is, or which budget the question leads to."""
    request, flops = r.request, format_flops(r.headline.flops)
    if request.n_params is not None:
        return f": {flops} FLOPs are the budget for which so many parameters are best"
    if request.n_tokens is not None:
        return f": {flops} FLOPs are the budget for which so many tokens are best"
    if request.target_loss is not None:
        whose = "" if r.loss_is_of_corpus else " of web text"
        return f": the cheapest way to {request.target_loss:g} nats/token{whose}, {flops} FLOPs"
    return f" for {flops} FLOPs"


def _of_choice(r: Recommendation, run: str) -> list[str]:
    if r.limited and (limited := r.limited[0]).choice is not None:
        return _of_limited_choice(r, limited, limited.choice, run)
    own, best = r.choice, r.headline
    if own is None:
        return [f"Your {run} cannot be weighed: the law {r.headline.law} predicts no loss."]
    interval = "" if best.interval80 is None else f" (80 % {spread(best.interval80.n_params)} parameters)"
    wasted = f"waste {percent(own.wasted)} of {format_flops(best.flops)} FLOPs"
    return [
        f"Your {run} {'are the best use of the FLOPs' if own.wasted < 5e-4 else wasted}{_loss(r.recommended)}.",
        f"Best are {quantity(best.n_params)} parameters on {quantity(best.n_tokens)} tokens{interval}.",
    ]


def _of_limited_choice(r: Recommendation, best: LimitedData, own: LimitedChoice, run: str) -> list[str]:
    """Return what a choice does with limited data, beside what these data are best for."""
    unique = plural(quantity(best.unique_tokens), "unique token")
    passes = f"{epochs_text(own.epochs)} passes over {unique}"
    losses = [f", loss {nats(each)}" if r.recommended.loss is not None else "" for each in (own.loss, best.loss)]
    return [
        f"Your {run}, {passes}, take {format_flops(own.flops_used)} FLOPs{losses[0]}{_by(r, best)}.",
        f"Best for these data are {quantity(best.n_params)} parameters on {quantity(best.n_tokens)} tokens, "
        f"{format_flops(best.flops_used)} FLOPs{losses[1]}.",
    ]


def _of_limited(r: Recommendation, run: str) -> list[str]:
    best = r.limited[0]
    unique = plural(quantity(best.unique_tokens), "unique token")
    passes = f"{epochs_text(best.epochs)} passes over {unique}" if best.epochs > 1 else f"{unique} are enough"
    said = f"Train {run}: {passes}{_loss(r.recommended)}{_by(r, best)}."
    if best.flops_used < best.flops * (1 - 1e-9):
        share = format_share(best.flops_used / best.flops)
        return [said, f"That takes {format_flops(best.flops_used)} FLOPs, {share} of the budget: the data end there."]
    return [said]


def _by(r: Recommendation, best: LimitedData) -> str:
    """Return whose loss it is, where it is another law's than that of unlimited data."""
    return f" by {best.law}" if best.law != r.headline.law and r.recommended.loss is not None else ""


def corpus_row(r: Recommendation) -> tuple[str, str]:
    """Return what is known of the corpus, and how often D would read it where nothing limits the data."""
    profile = r.profile
    if profile is None:
        if r.compressibility is None:
            return "Corpus", _without_corpus(r)
        return "Corpus", f"H {nats(r.compressibility)}, as given (web text 0.565, code 0.402)."
    size = profile.estimated_tokens
    tokens = "" if size is None else f"{plural(quantity(size), 'token')}{_as_trained(r)}, "
    rate = "" if profile.bytes_per_token is None else f", {profile.bytes_per_token:.2f} bytes per token"
    known = f"{tokens}H {nats(profile.median)} (web text 0.565, code 0.402){rate}"
    return "Corpus", f"{shortened(profile.source, _NAME)}: {known}.{_passes(r)}"


def _without_corpus(r: Recommendation) -> str:
    """Return whose answer it is where no corpus is named."""
    if r.request.pilot is not None:
        return "none: the corpus is known by your pilot alone."
    if r.shift is not None:
        return "none: web text's answer, moved by your tokenizer. Name a SOURCE, and its text decides."
    if r.request.law is not None:
        return f"none, and the law {shortened(r.headline.law, _NAME)} answers alike for every corpus."
    return "none: this is web text's answer. Name a SOURCE, and its text decides."


def _as_trained(r: Recommendation) -> str:
    """Return the corpus's tokens of the training tokenizer, where that is another."""
    seen, profile = r.seen, r.profile
    if seen is None or profile is None or seen is profile or seen.estimated_tokens is None:
        return ""
    return f" ({quantity(seen.estimated_tokens)} of your tokenizer)"


def _passes(r: Recommendation) -> str:
    epochs = r.recommended.epochs
    if epochs is None or r.limited or epochs <= 1:
        return ""
    if epochs <= _MANY:
        return f" D is {epochs_text(epochs)} passes over it."
    if r.request.budget is None or r.inference is not None or r.headline.loss is None:  # no law to weigh repeated data
        return f" D is {epochs_text(epochs)} passes over it."
    return f" If that is all you have, D is {epochs_text(epochs)} passes over it: give --use-corpus-size."


def _about(r: Recommendation) -> list[tuple[str, str]]:
    """Return how far one may go from the optimum, the loss of a corpus unlike web text, and why."""
    rows = []
    if r.limited:
        from advisor.report.repetition.limited import more_data_rows

        rows += more_data_rows(r.limited[0], with_loss=r.recommended.loss is not None)
    elif r.inference is not None and r.recommended.of == "inference":
        rows.append(("FLOPs", _served(r.inference)))
    elif r.flat is not None:
        low_high = spread(r.flat.n_params_by_flops)
        rows.append(("Room", f"{low_high} parameters lose at most {100 * r.flat.flops_tolerance:g} % of the FLOPs"))
    if not r.loss_is_of_corpus and r.recommended.of == "headline" and (found := r.corpus_loss) is not None:
        interval = spread(found.interval80, nats)
        rows.append(("Loss", f"about {nats(found.loss)} nats/token (80 % {interval}): H says little of it"))
    source = ""
    if r.recommended.of == "headline" and r.recommended.law in DATA_LAWS:
        measured = "your pilot, and " if r.request.pilot is not None else ""
        source = f" ({measured}six corpora, 2e17 to 4.84e19 FLOPs: advisor evidence)"
    if r.recommended.of != "choice" and not (r.shift is None and r.recommended.of == "headline"):
        rows.append(("Why", r.recommended.why.removesuffix(".") + source))
    text = r.candidates.headline_text
    if r.shift is not None and (text.foreign or text.outside) and r.request.pilot is None:
        from advisor.pilot.least import DEFAULT_SHARE, least_flops

        if least_flops(paired=True) <= DEFAULT_SHARE * r.headline.flops:
            rows.append(("Narrow", "small runs on it and on web text would: advisor pilot"))
    return rows


def _served(answer: InferenceAnswer) -> str:
    """Return what training and serving take, in FLOPs and in money where both are priced, beside training alone."""
    best, alone = answer.best, answer.baseline
    said = (
        f"training {format_flops(best.training_flops)} ({format_flops(alone.training_flops)} for training alone), "
        f"serving {format_flops(best.inference_flops)} ({format_flops(alone.inference_flops)})"
    )
    if best.total_cost is None or alone.total_cost is None:
        return said
    return f"{said}; cost in all {amount(best.total_cost)} ({amount(alone.total_cost)}), by 6 N D"
