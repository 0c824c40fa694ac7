"""One law's answer to a request, with its interval, and how any other allocation of the budget compares with it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

from advisor.answer.request import Request
from advisor.compressibility.protocol import MeasuredCorpus
from advisor.errors import LawError, NoAnswerError
from advisor.laws.scaling_law import INTERVAL_LEVEL, Allocation, Count, Law, ScalingLaw, central_interval
from advisor.laws.text import WEB_T

Bounds = tuple[float, float]
WIDE_LEVEL = 0.95  # of the loss of a choice, beside INTERVAL_LEVEL: what a run is compared with
# How far from the optimal N the neighbours are: the cost of a wrong N is the same at every budget.
NEIGHBOURS = {"a third": 1 / 3, "a half": 1 / 2, "1": 1.0, "2": 2.0, "3": 3.0}


@dataclass(frozen=True, kw_only=True)
class Interval:
    """Central 80 % intervals over a law's joint draws; an upper end is infinite where draws cannot reach the loss."""

    flops: Bounds
    n_params: Bounds
    n_tokens: Bounds
    tokens_per_param: Bounds
    loss: Bounds

    JSON = ("flops", "n_params", "n_tokens", "tokens_per_param", "loss_nats_per_token=loss")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one law recommends. ``loss`` is in nats/token, ``cost`` in the currency of the price per hour.

    ``epochs`` is n_tokens over the unique tokens given, or over the corpus's estimated tokens. ``wasted`` is the share
    of the FLOPs lost by following this law if the headline law is the true one; None for the headline, and where N or
    the loss cannot be compared.
    """

    law: str
    count: Count
    source: str
    note: str
    flops: float
    n_params: float
    n_tokens: float
    loss: float | None
    epochs: float | None
    gpu_hours: float | None
    cost: float | None
    interval80: Interval | None
    wasted: float | None

    JSON = (
        *("law", "count", "source", "-note", "flops", "n_params", "n_tokens", "tokens_per_param"),
        *(
            "loss_nats_per_token=loss",
            "loss_of",
            "loss_bits_per_byte=bits_per_byte",
            "epochs",
            "gpu_hours",
            "cost",
            "interval80",
            "wasted_fraction=wasted",
        ),
    )

    @property
    def tokens_per_param(self) -> float:
        """Training tokens for each parameter."""
        return self.n_tokens / self.n_params

    @property
    def loss_of(self) -> str | None:
        """The text whose loss ``loss`` is, where the law is asked about another: the data rule keeps its base's."""
        return "web text" if self.loss is not None and self.law in ("data", "bytes") else None

    @property
    def bits_per_byte(self) -> float | None:
        """``loss`` of web text in bits for each byte, with WEB_T bytes for each token; None for other laws."""
        return None if self.loss is None or self.loss_of is None else self.loss / (math.log(2) * WEB_T)


class LossInterval(NamedTuple):
    """A central interval of the loss of one allocation over a law's joint draws, nats/token."""

    loss_nats_per_token: Bounds


@dataclass(frozen=True, kw_only=True)
class Choice:
    """An allocation of the budget weighed against the optimum, under the headline law.

    ``equivalent_flops`` is the budget that reaches the same loss at its optimum, C_eq; ``wasted`` is 1 - C_eq/C. The
    intervals are those of the loss, for the user's own choice under a law with joint draws and None for any other.
    """

    n_params: float
    n_tokens: float
    flops: float
    loss: float
    equivalent_flops: float
    wasted: float
    interval80: LossInterval | None = None
    interval95: LossInterval | None = None

    JSON = (
        *("n_params", "n_tokens", "tokens_per_param", "flops", "loss_nats_per_token=loss", "equivalent_flops"),
        *("wasted_fraction=wasted", "interval80", "interval95"),
    )

    @property
    def tokens_per_param(self) -> float:
        """Training tokens for each parameter."""
        return self.n_tokens / self.n_params


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """What every row of an answer shares."""

    request: Request
    headline: Law
    flops: float
    profile: MeasuredCorpus | None
    unique_tokens: float | None = None

    def answer(self, law: Law, best: Allocation) -> Answer:
        """Return the row of ``law``, whose optimum is ``best``."""
        hardware = self.request.hardware
        return Answer(
            law=law.name,
            count=law.count,
            source=law.source,
            note=law.note,
            flops=self.flops,
            n_params=best.n_params,
            n_tokens=best.n_tokens,
            loss=law.loss(best.n_params, best.n_tokens) if isinstance(law, ScalingLaw) else None,
            epochs=self._epochs(best.n_tokens),
            gpu_hours=None if hardware is None else hardware.gpu_hours(self.flops),
            cost=None if hardware is None else hardware.cost(self.flops),
            interval80=self._interval(law, best),
            wasted=self._wasted_by_following(law, best),
        )

    def choice(self, n_params: float | None) -> Choice | None:
        """Return how the user's own ``n_params`` do with the whole budget under the headline law."""
        law, found = self.headline, self.neighbour(n_params)
        if found is None or not isinstance(law, ScalingLaw) or not law.draws:
            return found
        losses = law.drawn_losses(found.n_params, found.n_tokens)
        levels = (INTERVAL_LEVEL, WIDE_LEVEL)
        of = [LossInterval(central_interval(losses, level, point=found.loss)) for level in levels]
        return replace(found, interval80=of[0], interval95=of[1])

    def neighbour(self, n_params: float | None) -> Choice | None:
        """Return how any ``n_params`` do, without intervals of the loss."""
        law = self.headline
        if n_params is None or not isinstance(law, ScalingLaw):
            return None
        n_tokens = self.flops / (6 * n_params)
        # At the optimum itself rounding can exceed the budget.
        equivalent = min(law.equivalent_flops(n_params, n_tokens), self.flops)
        return Choice(
            n_params=n_params,
            n_tokens=n_tokens,
            flops=self.flops,
            loss=law.loss(n_params, n_tokens),
            equivalent_flops=equivalent,
            wasted=1 - equivalent / self.flops,
        )

    def _epochs(self, n_tokens: float) -> float | None:
        """Return how often the unique tokens, or the whole corpus, would be read; None where neither is known."""
        size = self.unique_tokens or (None if self.profile is None else self.profile.estimated_tokens)
        return None if size is None else n_tokens / size

    def _wasted_by_following(self, law: Law, best: Allocation) -> float | None:
        if law is self.headline or law.count != self.headline.count:
            return None
        choice = self.neighbour(best.n_params)
        return None if choice is None else choice.wasted

    def _interval(self, law: Law, best: Allocation) -> Interval | None:
        """Return the intervals of a law's answer: of the question for the headline, of this budget for the others."""
        if not isinstance(law, ScalingLaw) or not law.draws:
            return None
        question = self.request if law is self.headline else Request(flops=self.flops)
        frontiers = None if question.budget is None else law.drawn_frontiers(question.budget)
        if frontiers is not None:
            return _interval_of(frontiers, self.flops, best, law.loss(best.n_params, best.n_tokens))
        rows = [_drawn_answer(drawn, question) for drawn in law.drawn_laws()]
        points = _drawn_answer(law, question)
        return Interval(**{name: central_interval([row[name] for row in rows], point=points[name]) for name in points})


def _interval_of(frontiers: list[tuple[float, float, float]], flops: float, best: Allocation, loss: float) -> Interval:
    """Return the intervals of the optimum of ``flops`` over those of a law's joint draws, each N, D and the loss."""
    n_params, n_tokens, losses = zip(*frontiers, strict=True)
    return Interval(
        flops=(flops, flops),
        n_params=central_interval(n_params, point=best.n_params),
        n_tokens=central_interval(n_tokens, point=best.n_tokens),
        tokens_per_param=central_interval([d / n for n, d, _ in frontiers], point=best.tokens_per_param),
        loss=central_interval(losses, point=loss),
    )


def _drawn_answer(law: ScalingLaw, question: Request) -> dict[str, float]:
    """Return one draw's answer; where it cannot reach the loss, the limit of infinite compute."""
    try:
        best = best_allocation(law, question)
    except LawError:
        limit = 0.0 if law.exponent_a > 0.5 else math.inf
        return {**dict.fromkeys(("flops", "n_params", "n_tokens"), math.inf), "tokens_per_param": limit, "loss": law.E}
    return {
        "flops": question.budget or best.flops,
        "n_params": best.n_params,
        "n_tokens": best.n_tokens,
        "tokens_per_param": best.tokens_per_param,
        "loss": law.loss(best.n_params, best.n_tokens),
    }


def best_allocation(law: Law, request: Request) -> Allocation:
    """Return the point of the law's frontier that the request asks for.

    Raises:
        LawError: the law cannot answer (NoAnswerError: the answer is so small that a number rounds to 0).
    """
    best = _asked(law, request)
    if not min(best.n_params, best.n_tokens, best.flops) > 0:
        raise NoAnswerError("The answer is below 1e-308 FLOPs, parameters or tokens: ask a larger question.")
    return best


def check_whole(best: Allocation) -> Allocation:
    """Return ``best``, which must have at least one parameter and one token.

    Raises:
        NoAnswerError: it has less.
    """
    for value, what in ((best.n_params, "parameter"), (best.n_tokens, "token")):
        if value < 1 - 1e-9:  # one, asked for, may come back rounded
            raise NoAnswerError(f"The answer has {value:.3g} of a {what}, less than one: ask a larger question.")
    return best


def _asked(law: Law, request: Request) -> Allocation:
    if (flops := request.budget) is not None:
        return law.frontier(flops)
    if request.n_params is not None:
        return law.for_params(request.n_params)
    if request.n_tokens is not None:
        return law.for_tokens(request.n_tokens)
    if not isinstance(law, ScalingLaw):
        raise NoAnswerError(
            f"The law {law.name} predicts no loss, so it cannot answer --target-loss: choose another --law."
        )
    return law.for_loss(request.target_loss or math.nan)


def chosen_params(request: Request, flops: float) -> float | None:
    """Return the parameters of the choice that is to be weighed against the optimum, or None where there is none."""
    if request.budget is None:
        return None
    if request.n_tokens is not None:
        return flops / (6 * request.n_tokens)
    return request.n_params
