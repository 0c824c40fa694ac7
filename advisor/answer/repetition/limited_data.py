"""What a limit on unique tokens does: the optimum with it, what it costs, and what more data is worth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from advisor.answer.flat_region import LOSS_TOLERANCE
from advisor.answer.law_choice import DATA_LAWS
from advisor.answer.repetition.affordable import (
    GOOD_EPOCHS,
    MOST_EPOCHS,
    LargerModel,
    affordable,
    alone,
    epochs_of,
    larger_model,
    law_within,
    stops_early,
)
from advisor.answer.repetition.more_data import MoreData, more_data
from advisor.answer.repetition.sizes import LimitedChoice, weighed
from advisor.answer.request import Request
from advisor.answer.row import Bounds
from advisor.compressibility.protocol import MeasuredCorpus
from advisor.errors import NoAnswerError, UsageError
from advisor.laws.published import MUENNIGHOFF
from advisor.laws.repetition import RepeatedLaw, average_value, last_value
from advisor.laws.scaling_law import Allocation, Count, Law, ScalingLaw, central_interval

if TYPE_CHECKING:
    from collections.abc import Callable

    from advisor.plan.hardware import Hardware


@dataclass(frozen=True, kw_only=True)
class LimitedInterval:
    """Central 80 % intervals over the base law's joint draws; R_D* and R_N* are held fixed, as they have no draws."""

    n_params: Bounds
    n_tokens: Bounds
    epochs: Bounds
    loss: Bounds

    JSON = ("n_params", "n_tokens", "epochs", "loss_nats_per_token=loss")


@dataclass(frozen=True, kw_only=True)
class LimitedData:
    """The optimum of a budget with limited unique tokens, under the data-constrained law over one base law.

    It reads them 40 times at most (MOST_EPOCHS). Where the law alone would go on, the answer is what the data afford:
    40 epochs of the model for which so many tokens are optimal, whatever is left of the budget; or, where the law has
    the rest of the budget lower that model's loss by over 1 %, 40 epochs of the model that the whole budget pays for.

    Attributes:
        law: the name of the base law.
        count: which parameters N counts.
        source: the papers of the base law and of the decay.
        transplanted: R_D* and R_N* are another law's than the base.
        unique_tokens: the limit.
        flops: the budget.
        flops_used: what of it the optimum takes; all, unless the data are used up before.
        n_params: of the optimum.
        n_tokens: ... the tokens it is trained on, repeated ones among them.
        epochs: ... n_tokens over unique_tokens, 40 at most.
        law_epochs: the epochs of the law's own optimum, were it right beyond 40 too.
        larger: what the rest of the budget would buy; None where nothing is left.
        effective_tokens: D', the unique tokens that these are worth.
        usable_params: U_N, the parameters that these unique tokens are optimal for.
        effective_params: N', the parameters that these are worth with so few tokens.
        loss: nats/token of the optimum.
        loss_limit: nats/token of unlimited compute with 40 epochs of these tokens.
        average_value: what a token is worth over all epochs, against a unique one.
        last_value: ... and at their end.
        unlimited_n_params: of the optimum of the same law and budget with unlimited data.
        unlimited_n_tokens: ... its tokens.
        unlimited_loss: ... its loss, nats/token.
        wasted: the share of the budget lost to the limit: 1 - C_eq/C, where C_eq reaches the loss with unlimited data.
        nearly_flops: the least budget whose loss is within 1 % of this one's.
        n_params_by_loss: the sizes that stay within 1 % with the FLOPs used.
        more_data: the optima with more unique tokens; empty where none are repeated.
        unique_for_40: the unique tokens that the law's own optimum would read 40 times; None where none are repeated.
        unique_for_4: ... 4 times.
        choice: the user's own number of parameters against the optimum; None where none is given.
        interval80: None where the base law has no draws.
    """

    law: str
    count: Count
    source: str
    transplanted: bool
    unique_tokens: float
    flops: float
    flops_used: float
    n_params: float
    n_tokens: float
    epochs: float
    law_epochs: float
    larger: LargerModel | None
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
    unique_for_40: float | None
    unique_for_4: float | None
    choice: LimitedChoice | None
    interval80: LimitedInterval | None

    JSON = (
        *("law", "count", "source", "transplanted", "unique_tokens", "flops", "flops_used", "n_params", "n_tokens"),
        *("epochs", "most_epochs", "epochs_by_the_law_alone=law_epochs", "larger_model=larger"),
        *("effective_tokens", "usable_params", "effective_params"),
        *("loss_nats_per_token=loss", "loss_limit_nats_per_token=loss_limit"),
        *("average_value_fraction=average_value", "last_value_fraction=last_value"),
        *("unlimited_n_params", "unlimited_n_tokens", "unlimited_loss_nats_per_token=unlimited_loss"),
        *("wasted_fraction=wasted", "flops_within_1_percent_of_loss=nearly_flops", "tokens_per_param"),
        *("n_params_within_1_percent_of_loss=n_params_by_loss", "more_data"),
        *("unique_tokens_for_40_epochs=unique_for_40", "unique_tokens_for_4_epochs=unique_for_4"),
        *("choice", "interval80"),
    )

    @property
    def most_epochs(self) -> float:
        """The epochs that no answer exceeds."""
        return MOST_EPOCHS

    @property
    def used_up(self) -> bool:
        """Whether the law alone would read the data more often than the answer does."""
        return self.law_epochs > MOST_EPOCHS

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
        raise NoAnswerError(
            f"The law {headline.name} predicts no loss, so it cannot weigh repeated data: choose another."
        )
    asked = request.law is not None or headline.name in (*DATA_LAWS, "anchored")
    bases = [MUENNIGHOFF] if headline.name == MUENNIGHOFF.name else [headline, MUENNIGHOFF]
    bases = bases if asked else bases[::-1]
    own = None if chosen is None else Allocation(n_params=chosen, n_tokens=flops / (6 * chosen))
    if own is not None and request.n_tokens is None:
        own = replace(own, n_tokens=min(own.n_tokens, MOST_EPOCHS * unique))
    return tuple(limited_data(base, flops, unique, own, request.hardware) for base in bases)


def limited_data(
    base: ScalingLaw, flops: float, unique: float, chosen: Allocation | None = None, hardware: Hardware | None = None
) -> LimitedData:
    """Return the optimum of ``flops`` with ``unique`` tokens under the data-constrained law over ``base``.

    ``chosen`` is the user's own choice, to be weighed; ``hardware`` is what prices it.

    >>> answer = limited_data(MUENNIGHOFF, 1e22, 25e9)
    >>> round(answer.n_params / 1e9, 2), round(answer.epochs, 2), round(answer.loss, 4)
    (7.03, 9.49, 2.2221)
    """
    law = law_within(base, unique)
    best, free, stops = affordable(law, flops), base.frontier(flops), stops_early(law, flops)
    loss, epochs = law.loss(best.n_params, best.n_tokens), epochs_of(best, unique)
    used = min(best.flops, flops) if epochs == MOST_EPOCHS else flops
    nearly_loss = (1 + LOSS_TOLERANCE) * loss
    nearly = law.cheapest(nearly_loss)
    return LimitedData(
        law=base.name,
        count=base.count,
        source=law.source,
        transplanted=law.transplanted,
        unique_tokens=unique,
        flops=flops,
        flops_used=used,
        n_params=best.n_params,
        n_tokens=best.n_tokens,
        epochs=epochs,
        law_epochs=alone(law).optimum(flops).n_tokens / unique if epochs == MOST_EPOCHS else epochs,
        larger=larger_model(law, flops, loss) if stops else None,
        effective_tokens=law.effective_tokens(best.n_tokens),
        usable_params=law.usable_params(best.n_tokens),
        effective_params=law.effective_params(best.n_params, best.n_tokens),
        loss=loss,
        loss_limit=law.loss_limit,
        average_value=average_value(epochs, law.r_d),
        last_value=last_value(epochs, law.r_d),
        unlimited_n_params=free.n_params,
        unlimited_n_tokens=free.n_tokens,
        unlimited_loss=base.loss(free.n_params, free.n_tokens),
        wasted=1 - min(base.for_loss(loss).flops / flops, 1.0),
        nearly_flops=used if nearly is None else nearly.flops,
        n_params_by_loss=law.sizes_within(best, nearly_loss),
        more_data=more_data(law, flops, used, loss) if epochs > 1 else (),
        unique_for_40=law.unique_tokens_for(flops, MOST_EPOCHS) if epochs > 1 else None,
        unique_for_4=law.unique_tokens_for(flops, GOOD_EPOCHS) if epochs > 1 else None,
        choice=None if chosen is None else weighed(law, chosen, hardware),
        interval80=_interval(law, flops, best, spends_all=epochs == MOST_EPOCHS and not stops),
    )


def _interval(law: RepeatedLaw, flops: float, best: Allocation, *, spends_all: bool) -> LimitedInterval | None:
    """Return the intervals of ``best`` over the base's draws, each with its own: at 40 epochs if ``spends_all``."""
    laws = [replace(law, base=drawn) for drawn in law.base.drawn_laws()]
    if not laws:
        return None
    drawn = [(each, each.optimum(flops) if spends_all else each.used_up(flops)) for each in laws]

    def around(of: Callable[[RepeatedLaw, Allocation], float]) -> tuple[float, float]:
        return central_interval((of(*each) for each in drawn), point=of(law, best))

    return LimitedInterval(
        n_params=around(lambda _, at: at.n_params),
        n_tokens=around(lambda _, at: at.n_tokens),
        epochs=around(lambda each, at: epochs_of(at, each.unique_tokens)),
        loss=around(lambda each, at: each.loss(at.n_params, at.n_tokens)),
    )
