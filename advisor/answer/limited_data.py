"""What a limit on unique tokens does: the optimum with it, what it costs, and what more data is worth."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from advisor.answer.flat_region import LOSS_TOLERANCE
from advisor.answer.request import Request
from advisor.answer.row import Bounds
from advisor.compressibility.protocol import MeasuredCorpus
from advisor.errors import LawError, UsageError
from advisor.laws.published import MUENNIGHOFF
from advisor.laws.repetition import SOURCE, RepeatedLaw, average_value, last_value
from advisor.laws.scaling_law import Count, Law, ScalingLaw, central_interval

# How many times the unique tokens at hand "more data" is.
_MORE = (2.0, 4.0, math.inf)


@dataclass(frozen=True, kw_only=True)
class MoreData:
    """The optimum of the same budget with ``factor`` times the unique tokens; unlimited data have no ``epochs``.

    Attributes:
        factor: infinity is unlimited data.
        unique_tokens: that many, or infinity.
        n_params: of the optimum.
        n_tokens: ... its tokens.
        epochs: ... 0 with unlimited data.
        loss: ... nats/token.
        matching_flops: the budget that would reach this loss with the unique tokens at hand; None where none does.
        saved: the share of the budget that the loss of now would not need, 1 - C'/C.
    """

    factor: float
    unique_tokens: float
    n_params: float
    n_tokens: float
    epochs: float | None
    loss: float
    matching_flops: float | None
    saved: float

    JSON = (
        *("factor", "unique_tokens", "n_params", "n_tokens", "epochs", "loss_nats_per_token=loss", "matching_flops"),
        "saved_fraction=saved",
    )


@dataclass(frozen=True, kw_only=True)
class LimitedInterval:
    """Central 80 % intervals over the base law's joint draws; R_D* and R_N* are held fixed, as they have no draws."""

    n_params: Bounds
    n_tokens: Bounds
    epochs: Bounds
    loss: Bounds

    JSON = ("n_params", "n_tokens", "epochs", "loss_nats_per_token=loss")


@dataclass(frozen=True, kw_only=True)
class LimitedChoice:
    """The user's own size with the same unique tokens, weighed as ``advisor.answer.row.Choice`` is."""

    n_params: float
    n_tokens: float
    epochs: float
    flops: float
    loss: float
    equivalent_flops: float
    wasted: float

    JSON = (
        *("n_params", "n_tokens", "epochs", "-flops", "loss_nats_per_token=loss", "equivalent_flops"),
        "wasted_fraction=wasted",
    )


@dataclass(frozen=True, kw_only=True)
class LimitedData:
    """The optimum of a budget with limited unique tokens, under the data-constrained law over one base law.

    Attributes:
        law: the name of the base law.
        count: which parameters N counts.
        source: the papers of the base law and of the decay.
        transplanted: R_D* and R_N* are another law's than the base.
        unique_tokens: the limit.
        flops: the budget.
        n_params: of the optimum.
        n_tokens: ... the tokens it is trained on, repeated ones among them.
        epochs: ... n_tokens over unique_tokens.
        effective_tokens: D', the unique tokens that these are worth.
        usable_params: U_N, the parameters that these unique tokens are optimal for.
        effective_params: N', the parameters that these are worth with so few tokens.
        loss: nats/token of the optimum.
        loss_limit: nats/token of unlimited compute with these tokens.
        average_value: what a token is worth over all epochs, against a unique one.
        last_value: ... and at their end.
        unlimited_n_params: of the optimum of the same law and budget with unlimited data.
        unlimited_n_tokens: ... its tokens.
        unlimited_loss: ... its loss, nats/token.
        wasted: the share of the FLOPs lost to the limit: 1 - C_eq/C, where C_eq reaches the loss with unlimited data.
        nearly_flops: the least budget whose loss is within 1 % of this one's.
        n_params_by_loss: the sizes that stay within 1 % with the budget.
        more_data: the optima with more unique tokens; empty where none are repeated.
        choice: the user's own number of parameters against the optimum; None where none is given.
        interval80: None where the base law has no draws.
    """

    law: str
    count: Count
    source: str
    transplanted: bool
    unique_tokens: float
    flops: float
    n_params: float
    n_tokens: float
    epochs: float
    effective_tokens: float
    usable_params: float
    effective_params: float
    loss: float
    loss_limit: float
    average_value: float
    last_value: float
    unlimited_n_params: float
    unlimited_n_tokens: float
    unlimited_loss: float
    wasted: float
    nearly_flops: float
    n_params_by_loss: Bounds
    more_data: tuple[MoreData, ...]
    choice: LimitedChoice | None
    interval80: LimitedInterval | None

    JSON = (
        *("law", "count", "source", "transplanted", "unique_tokens", "flops", "n_params", "n_tokens", "epochs"),
        *("effective_tokens", "usable_params", "effective_params"),
        *("loss_nats_per_token=loss", "loss_limit_nats_per_token=loss_limit"),
        *("average_value_fraction=average_value", "last_value_fraction=last_value"),
        *("unlimited_n_params", "unlimited_n_tokens", "unlimited_loss_nats_per_token=unlimited_loss"),
        *("wasted_fraction=wasted", "flops_within_1_percent_of_loss=nearly_flops", "tokens_per_param"),
        *("n_params_within_1_percent_of_loss=n_params_by_loss", "more_data", "choice", "interval80"),
    )

    @property
    def tokens_per_param(self) -> float:
        """Training tokens for each parameter."""
        return self.n_tokens / self.n_params


def unique_tokens(request: Request, profile: MeasuredCorpus | None) -> float | None:
    """Return the unique tokens that a request is limited to, or None where it is not.

    Raises:
        UsageError: the corpus's own size is asked for, and it is not known.
    """
    if not request.use_corpus_size:
        return request.unique_tokens
    if profile is None:
        raise UsageError("--use-corpus-size needs a SOURCE or a --profile: give one, or --unique-tokens.")
    if profile.estimated_tokens is None:
        raise UsageError(f"The size of {profile.source} is not known: give --unique-tokens in place of the corpus's.")
    return profile.estimated_tokens


def limited_answers(
    request: Request, headline: Law, flops: float, unique: float | None, chosen: float | None
) -> tuple[LimitedData, ...]:
    """Return what the budget ``flops`` does with ``unique`` tokens, the law to follow first; empty without a limit.

    The law ``muennighoff`` was fitted to repeated data and comes first, unless another law was asked for or depends on
    the corpus; the other of the two stands beside it. ``chosen`` is the user's own number of parameters.

    Raises:
        LawError: the headline law predicts no loss.
    """
    if unique is None:
        return ()
    if not isinstance(headline, ScalingLaw):
        raise LawError(f"The law {headline.name} predicts no loss, so it cannot weigh repeated data: choose another.")
    asked = request.law is not None or headline.name == "anchored"
    bases = [MUENNIGHOFF] if headline.name == MUENNIGHOFF.name else [headline, MUENNIGHOFF]
    bases = bases if asked else bases[::-1]
    return tuple(limited_data(base, flops, unique, chosen) for base in bases)


def limited_data(base: ScalingLaw, flops: float, unique: float, chosen: float | None = None) -> LimitedData:
    """Return the optimum of ``flops`` with ``unique`` tokens under the data-constrained law over ``base``.

    >>> answer = limited_data(MUENNIGHOFF, 1e22, 25e9)
    >>> round(answer.n_params / 1e9, 2), round(answer.epochs, 2), round(answer.loss, 4)
    (7.03, 9.49, 2.2221)
    """
    law = RepeatedLaw(base=base, unique_tokens=unique)
    best, free = law.optimum(flops), base.frontier(flops)
    loss, epochs = law.loss(best.n_params, best.n_tokens), best.n_tokens / unique
    nearly_loss = (1 + LOSS_TOLERANCE) * loss
    nearly = law.cheapest(nearly_loss)
    return LimitedData(
        law=base.name,
        count=base.count,
        source=f"{base.source}; {SOURCE}" if law.transplanted else base.source,
        transplanted=law.transplanted,
        unique_tokens=unique,
        flops=flops,
        n_params=best.n_params,
        n_tokens=best.n_tokens,
        epochs=epochs,
        effective_tokens=law.effective_tokens(best.n_tokens),
        usable_params=law.usable_params(best.n_tokens),
        effective_params=law.effective_params(best.n_params, best.n_tokens),
        loss=loss,
        loss_limit=law.loss_limit,
        average_value=average_value(epochs),
        last_value=last_value(epochs),
        unlimited_n_params=free.n_params,
        unlimited_n_tokens=free.n_tokens,
        unlimited_loss=base.loss(free.n_params, free.n_tokens),
        wasted=1 - min(base.for_loss(loss).flops / flops, 1.0),
        nearly_flops=flops if nearly is None else nearly.flops,
        n_params_by_loss=law.sizes_within(best, nearly_loss),
        more_data=tuple(_more(law, flops, loss, factor) for factor in _MORE) if epochs > 1 else (),
        choice=_choice(law, flops, chosen),
        interval80=_interval(law, flops),
    )


def _more(law: RepeatedLaw, flops: float, loss: float, factor: float) -> MoreData:
    """Return what ``factor`` times the unique tokens would do; a factor of infinity is the law of unique data."""
    base, richer = law.base, replace(law, unique_tokens=law.unique_tokens * factor)
    if math.isinf(factor):
        best = base.frontier(flops)
        better, saving = base.loss(best.n_params, best.n_tokens), base.for_loss(loss)
    else:
        best = richer.optimum(flops)
        better, saving = richer.loss(best.n_params, best.n_tokens), richer.cheapest(loss) or best
    matching = law.cheapest(better)
    return MoreData(
        factor=factor,
        unique_tokens=richer.unique_tokens,
        n_params=best.n_params,
        n_tokens=best.n_tokens,
        epochs=None if math.isinf(factor) else best.n_tokens / richer.unique_tokens,
        loss=better,
        matching_flops=None if matching is None else matching.flops,
        saved=1 - min(saving.flops / flops, 1.0),
    )


def _choice(law: RepeatedLaw, flops: float, chosen: float | None) -> LimitedChoice | None:
    """Return how ``chosen`` parameters do with the whole budget, against the optimum with the same unique tokens."""
    if chosen is None:
        return None
    n_tokens = flops / (6 * chosen)
    loss = law.loss(chosen, n_tokens)
    same = law.cheapest(loss)
    equivalent = flops if same is None else min(same.flops, flops)
    return LimitedChoice(
        n_params=chosen,
        n_tokens=n_tokens,
        epochs=n_tokens / law.unique_tokens,
        flops=flops,
        loss=loss,
        equivalent_flops=equivalent,
        wasted=1 - equivalent / flops,
    )


def _interval(law: RepeatedLaw, flops: float) -> LimitedInterval | None:
    """Return the intervals of the optimum over the base's draws, each draw with its own optimum."""
    laws = [replace(law, base=drawn) for drawn in law.base.drawn_laws()]
    if not laws:
        return None
    drawn = [(each, each.optimum(flops)) for each in laws]
    return LimitedInterval(
        n_params=central_interval(best.n_params for _, best in drawn),
        n_tokens=central_interval(best.n_tokens for _, best in drawn),
        epochs=central_interval(best.n_tokens / law.unique_tokens for _, best in drawn),
        loss=central_interval(each.loss(best.n_params, best.n_tokens) for each, best in drawn),
    )
