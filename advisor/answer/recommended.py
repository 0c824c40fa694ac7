"""What to follow, whatever the request was: one N and one D, with how sure they are and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.laws.scaling_law import Count
from advisor.plan.plan import Plan, PlanOf
from advisor.quantities import format_flops, format_quantity, format_share, format_times

if TYPE_CHECKING:
    from advisor.answer.inference import InferenceAnswer
    from advisor.answer.repetition.limited_data import LimitedData
    from advisor.answer.row import Answer, Bounds, Choice
    from advisor.laws.data_rule import Shift

_ALIKE = 0.02  # of N: a corpus that moves it less is answered as web text
WORTH_SAYING = 5e-4  # of what training and serving take: less is saved by no model that anyone would train


@dataclass(frozen=True, kw_only=True)
class RecommendedInterval:
    """Central 80 % intervals; None where the request fixed the number, or nothing is known of it."""

    n_params: Bounds | None
    n_tokens: Bounds | None
    loss: Bounds | None

    JSON = ("n_params", "n_tokens", "loss_nats_per_token=loss")


@dataclass(frozen=True, kw_only=True)
class Recommended:
    """The run to make: what the plan trains.

    Attributes:
        of: the part of the answer that it is: the headline, the user's own choice, or the optimum with limited data or
            with serving.
        law: the law that says so.
        count: the parameters that N counts.
        flops: 6 N D, which is less than the budget where the data end before it.
        n_params: N.
        n_tokens: D, tokens that are repeated among them.
        n_bytes: the text of D, once for each time that it is read; None where bytes per token are not known.
        loss: nats/token of this text; None where the law says none, or that of web text alone.
        epochs: D over the unique tokens at hand, or over the corpus's own; None where neither is known.
        interval80: None where the law has no draws.
        why: the reason, in a sentence.
    """

    of: PlanOf
    law: str
    count: Count
    flops: float
    n_params: float
    n_tokens: float
    n_bytes: float | None
    loss: float | None
    epochs: float | None
    interval80: RecommendedInterval | None
    why: str

    JSON = (
        *("of", "law", "count", "flops", "n_params", "n_tokens", "tokens_per_param", "n_bytes"),
        *("loss_nats_per_token=loss", "epochs", "interval80", "why"),
    )

    @property
    def tokens_per_param(self) -> float:
        """Training tokens for each parameter."""
        return self.n_tokens / self.n_params


def recommended(
    plan: Plan,
    *,
    headline: Answer,
    choice: Choice | None,
    limited: tuple[LimitedData, ...],
    serving: InferenceAnswer | None,
    shift: Shift | None,
    loss_known: bool,
) -> Recommended:
    """Return what the plan trains, beside the loss, the interval and the reason of the part that it is of.

    ``loss_known`` says whether the headline's losses are this text's.
    """
    loss, epochs, interval = _numbers(plan, headline, choice, limited, serving)
    if not loss_known:
        loss, interval = None, None if interval is None else _without_loss(interval)
    return Recommended(
        of=plan.of,
        law=limited[0].law if limited else headline.law,  # of a choice too: its loss is that law's
        count=plan.count,
        flops=plan.flops,
        n_params=plan.n_params,
        n_tokens=plan.n_tokens,
        n_bytes=None if plan.units is None else plan.units.n_bytes,
        loss=loss,
        epochs=epochs,
        interval80=interval,
        why=_why(plan, headline, choice, limited, serving, shift),
    )


def _numbers(
    plan: Plan,
    headline: Answer,
    choice: Choice | None,
    limited: tuple[LimitedData, ...],
    serving: InferenceAnswer | None,
) -> tuple[float | None, float | None, RecommendedInterval | None]:
    """Return the loss, the epochs and the intervals of what is trained."""
    if plan.of == "limited_data":
        return limited[0].loss, limited[0].epochs, _of_limited(limited[0])
    if plan.of == "inference" and serving is not None:
        return serving.loss, _passes(headline, plan.n_tokens), _of_serving(serving)
    if plan.of != "choice":
        return headline.loss, headline.epochs, _of_headline(headline)
    if limited and (own := limited[0].choice) is not None:
        return own.loss, own.epochs, None
    return None if choice is None else choice.loss, _passes(headline, plan.n_tokens), _of_choice(choice)


def loss_by_law(
    plan: Plan,
    headline: Answer,
    choice: Choice | None,
    limited: tuple[LimitedData, ...],
    serving: InferenceAnswer | None,
) -> float | None:
    """Return the loss of what is trained by the law, be it this text's or not; None where the law says none."""
    return _numbers(plan, headline, choice, limited, serving)[0]


def _passes(headline: Answer, n_tokens: float) -> float | None:
    return None if headline.epochs is None else headline.epochs * n_tokens / headline.n_tokens


def _of_headline(headline: Answer) -> RecommendedInterval | None:
    found = headline.interval80
    if found is None:
        return None
    n_params, n_tokens, loss = (_free(each) for each in (found.n_params, found.n_tokens, found.loss))
    return RecommendedInterval(n_params=n_params, n_tokens=n_tokens, loss=loss)


def _free(bounds: Bounds) -> Bounds | None:
    """Return an interval; None where its ends are one number, which the request fixed."""
    low, high = bounds
    return None if high <= low * (1 + 1e-9) else bounds


def _of_limited(answer: LimitedData) -> RecommendedInterval | None:
    found = answer.interval80
    if found is None:
        return None
    return RecommendedInterval(n_params=found.n_params, n_tokens=found.n_tokens, loss=found.loss)


def _of_serving(answer: InferenceAnswer) -> RecommendedInterval | None:
    found = answer.interval80
    return None if found is None else RecommendedInterval(n_params=found.n_params, n_tokens=found.n_tokens, loss=None)


def _of_choice(choice: Choice | None) -> RecommendedInterval | None:
    if choice is None or choice.interval80 is None:
        return None
    return RecommendedInterval(n_params=None, n_tokens=None, loss=choice.interval80.loss_nats_per_token)


def _without_loss(interval: RecommendedInterval) -> RecommendedInterval | None:
    if interval.n_params is None and interval.n_tokens is None:
        return None
    return RecommendedInterval(n_params=interval.n_params, n_tokens=interval.n_tokens, loss=None)


def _why(
    plan: Plan,
    headline: Answer,
    choice: Choice | None,
    limited: tuple[LimitedData, ...],
    serving: InferenceAnswer | None,
    shift: Shift | None,
) -> str:
    """Return the reason in a sentence."""
    if plan.of == "limited_data":
        return _why_limited(limited[0])
    if plan.of == "inference" and serving is not None:
        if serving.saved < WORTH_SAYING:
            return f"Serving {format_quantity(serving.inference_tokens)} tokens is too little to want a smaller model."
        return (
            f"Serving {format_quantity(serving.inference_tokens)} tokens makes a smaller model that is trained for "
            f"longer pay: it saves {format_share(serving.saved)} of the "
            f"{'cost' if serving.minimised == 'cost' else 'FLOPs'} of training and serving, at the same loss."
        )
    if plan.of == "choice":
        return _why_choice(headline, choice, limited)
    return _why_corpus(shift)


def _why_limited(answer: LimitedData) -> str:
    unique = f"{format_quantity(answer.unique_tokens)} unique tokens"
    if answer.epochs <= 1:
        return f"The {unique} are enough: none is read twice."
    if answer.used_up:
        part = answer.flops_used / answer.flops
        share = f"{'under 0.1 %' if part < 0.001 else format_share(part)} of the budget"
        used = "all of the budget" if answer.flops_used >= answer.flops * (1 - 1e-9) else share
        return (
            f"No law sees what more than {answer.most_epochs:g} passes do, so the {unique} are read that often, with "
            f"{used}."
        )
    return (
        f"Over {format_times(answer.epochs)} passes a token is worth {format_share(answer.average_value)} of a new "
        f"one, {format_share(answer.last_value)} in the last."
    )


def _why_choice(headline: Answer, choice: Choice | None, limited: tuple[LimitedData, ...]) -> str:
    if limited and (own := limited[0].choice) is not None:
        found = limited[0]
        best = f"{format_quantity(found.n_params)} parameters on {format_quantity(found.n_tokens)} tokens"
        return (
            f"It is your choice, {format_times(own.epochs)} passes for {format_flops(own.flops_used)} FLOPs: with "
            f"these data {best} are best, for {format_flops(found.flops_used)} FLOPs."
        )
    if choice is None:
        return "It is your choice, and the law predicts no loss that could weigh it."
    best = f"{format_quantity(headline.n_params)} parameters on {format_quantity(headline.n_tokens)} tokens"
    if choice.wasted < 0.001:
        return f"It is your choice, and the optimum: {best}."
    return (
        f"It is your choice, and wastes {format_share(choice.wasted)} of the FLOPs: the best use of "
        f"{format_flops(choice.equivalent_flops)} FLOPs has the same loss, and of this budget is {best}."
    )


def _why_corpus(shift: Shift | None) -> str:
    if shift is None:
        return "It is the optimum of the law for this budget."
    if abs(shift.log_n) < _ALIKE:
        return "Text like this wants what web text wants."
    what = "this text and tokenizer" if shift.tokenizer else "text that compresses like this"
    fewer = shift.log_n < 0
    return (
        f"{what.capitalize()} want{'' if shift.tokenizer else 's'} {'more' if fewer else 'fewer'} tokens for each "
        f"parameter: {format_share(abs(1 - shift.factor))} {'fewer' if fewer else 'more'} parameters than web text "
        "would get."
    )
