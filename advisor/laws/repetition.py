"""The data-constrained law: what repeated tokens, and parameters that the data cannot fill, are still worth.

    L = E + A/N'^alpha + B/D'^beta
    D' = U_D + U_D R_D* (1 - e^(-R_D/R_D*)),   U_D = min(U, D),   R_D = max(D/U_D - 1, 0)
    N' = U_N + U_N R_N* (1 - e^(-R_N/R_N*)),   U_N = min(N, G (G U_D)^(beta/alpha)),   R_N = max(N/U_N - 1, 0)

(Muennighoff et al. 2023, arXiv:2305.16264, eq. 5 to 7), with U the unique tokens. U_N are the parameters for which U_D
tokens are optimal in one epoch. The form only ever falls as tokens are repeated: it cannot see overfitting.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from advisor.laws.frontier import log_usable
from advisor.laws.in_logs import (
    LARGEST,
    effective,
    exp_or_inf,
    finite_exp,
    log_shortfall,
    log_slope,
    log_sum,
    log_term_gap,
)
from advisor.laws.scaling_law import Allocation, Decay, ScalingLaw
from advisor.laws.search import crossing, minimise

# Fitted together with the law MUENNIGHOFF (unrounded, from the paper's code): the decay of the value of a repeated
# token, and of a parameter beyond U_N.
R_D_STAR = 15.387756
R_N_STAR = 5.309743
SOURCE = "Muennighoff et al. 2023, arXiv:2305.16264"
MUENNIGHOFFS = Decay(R_D_STAR, R_N_STAR, SOURCE)

_MARGIN = 4 * math.log(10)  # the search reaches this far beyond where the optimum can be thought to be
_SMALLEST_BUDGET = 1e-299


def average_value(epochs: float, r_d: float = R_D_STAR) -> float:
    """Return what a token is worth on average over ``epochs`` passes, as a share of a unique one: D'/D.

    >>> [round(average_value(e), 2) for e in (1, 4, 8, 16, 40)]
    [1.0, 0.93, 0.83, 0.66, 0.38]
    """
    return 1.0 if epochs <= 1 else (1 - r_d * math.expm1(-(epochs - 1) / r_d)) / epochs


def last_value(epochs: float, r_d: float = R_D_STAR) -> float:
    """Return what one more token is worth at the end of ``epochs`` passes, as a share of a unique one: dD'/dD.

    >>> [round(last_value(e), 2) for e in (1, 4, 8, 16, 40)]
    [1.0, 0.82, 0.63, 0.38, 0.08]
    """
    return 1.0 if epochs <= 1 else math.exp(-(epochs - 1) / r_d)


def decay_of(base: ScalingLaw) -> Decay:
    """Return how repeated data lose their value under ``base``: as its own runs say, else as Muennighoff's do."""
    return base.decay or MUENNIGHOFFS


@dataclass(frozen=True, kw_only=True)
class RepeatedLaw:
    """The data-constrained law over ``base`` for a corpus of ``unique_tokens``.

    R_D* and R_N* were fitted with the law ``muennighoff``; over any other base they are transplanted, unless it has a
    ``decay`` of its own. No allocation that is searched for reads the tokens more than ``most_epochs`` times; ``loss``
    answers for any.
    """

    base: ScalingLaw
    unique_tokens: float
    most_epochs: float = math.inf

    @cached_property
    def r_d(self) -> float:
        """R_D*: the epochs after the first at whose end one more token is worth 1/e of a unique one."""
        return decay_of(self.base).r_d

    @cached_property
    def r_n(self) -> float:
        """R_N*: the same for parameters beyond U_N."""
        return decay_of(self.base).r_n

    @property
    def transplanted(self) -> bool:
        """Whether the base is another law than the one that R_D* and R_N* were fitted with."""
        return self.base.decay is None and self.base.name != "muennighoff"

    @property
    def source(self) -> str:
        """The papers, or runs, of the base and of the decay."""
        own = self.base.decay is None and not self.transplanted
        return self.base.source if own else f"{self.base.source}; {decay_of(self.base).source}"

    @property
    def most_tokens(self) -> float:
        """The tokens of ``most_epochs`` passes; infinite where there is no such limit."""
        return self.most_epochs * self.unique_tokens

    @property
    def most_effective_tokens(self) -> float:
        """The unique tokens that endless repetition is worth, (1 + R_D*) U."""
        return (1 + self.r_d) * self.unique_tokens

    @property
    def loss_limit(self) -> float:
        """The loss of unlimited compute, nats/token: N' = (1 + R_N*) U_N, D' = (1 + R_D*) U or of ``most_epochs``."""
        log_n, log_d = self._limits()
        if math.isfinite(self.most_epochs):
            log_d = math.log(self.effective_tokens(self.most_tokens))
        return self.base.E + sum(self._terms(log_n, log_d))

    def effective_tokens(self, n_tokens: float) -> float:
        """Return D', the unique tokens that ``n_tokens`` are worth."""
        log_d = math.log(n_tokens)
        return finite_exp(effective(log_d, min(log_d, math.log(self.unique_tokens)), self.r_d))

    def usable_params(self, n_tokens: float) -> float:
        """Return G (G U_D)^(beta/alpha), the parameters beyond which one more is worth less than in one epoch."""
        return finite_exp(self._log_usable(math.log(min(self.unique_tokens, n_tokens))))

    def effective_params(self, n_params: float, n_tokens: float) -> float:
        """Return N', the parameters that ``n_params`` are worth."""
        log_n, log_u_d = math.log(n_params), math.log(min(self.unique_tokens, n_tokens))
        return finite_exp(effective(log_n, min(log_n, self._log_usable(log_u_d)), self.r_n))

    def loss(self, n_params: float, n_tokens: float) -> float:
        """Return the predicted loss in nats/token."""
        return self._loss(math.log(n_params), math.log(n_tokens))

    def optimum(self, flops: float) -> Allocation:
        """Return the allocation of least loss that costs ``flops``, by a 1-D search over ln N.

        Where it would have more than ``most_tokens``, it has these and all the parameters that are left to pay for.

        The search spans the base's frontier, and the N for which N/U_N and D/U are in the ratio R_N* : R_D* of their
        decays, with four decades on either side of both. Where the frontier asks for no more than the unique tokens it
        is the answer: there N' = N and D' = D, and nowhere are they more.
        """
        unlimited = self.base.frontier(flops)
        if unlimited.n_tokens <= self.unique_tokens:
            return unlimited
        log_nd = math.log(flops) - math.log(6)
        log_u, frontier = math.log(self.unique_tokens), math.log(unlimited.n_params)
        balanced = (log_nd + self._log_usable(log_u) - log_u + math.log(self.r_n / self.r_d)) / 2
        low = max(min(frontier, balanced) - _MARGIN, -LARGEST)
        high = min(max(frontier, balanced) + _MARGIN, LARGEST)
        log_n = minimise(lambda x: self._log_gap(x, log_nd - x), low, high)
        if log_nd - log_n > self._log_most:
            return Allocation(n_params=math.exp(log_nd - self._log_most), n_tokens=self.most_tokens)
        return Allocation(n_params=math.exp(log_n), n_tokens=math.exp(log_nd - log_n))

    def used_up(self, flops: float) -> Allocation:
        """Return the optimum of ``flops``, or of less: that of ``most_epochs``, from where only parameters can grow.

        It costs at most ``flops``: the rest of them would pay for parameters that are worth less than such tokens.
        """
        best = self.optimum(flops)
        return best if best.n_tokens < self.most_tokens else self.for_tokens(self.most_tokens)

    def unique_tokens_for(self, flops: float, epochs: float) -> float:
        """Return the unique tokens with which the optimum of ``flops`` reads each ``epochs`` times, above 1."""
        free, log_flops = self.base.frontier(flops).n_tokens, math.log(flops)

        def over(log_unique: float) -> float:
            law = RepeatedLaw(base=self.base, unique_tokens=math.exp(log_unique))
            best = law.for_tokens(epochs * law.unique_tokens)
            return math.log(6) + math.log(best.n_params) + math.log(best.n_tokens) - log_flops

        low = math.log(free) - math.log(epochs)
        while over(low) > 0:
            low -= 1
        return math.exp(crossing(over, low, math.log(free)))

    def sizes_within(self, best: Allocation, loss: float) -> tuple[float, float]:
        """Return the least and the largest N for which the budget of ``best``, its optimum, stays within ``loss``.

        What ``most_tokens`` do not use of the budget is left over.
        """
        log_best = math.log(best.n_params)
        log_nd = log_best + math.log(best.n_tokens)

        def above(log_n: float) -> float:
            return self._loss(log_n, min(log_nd - log_n, self._log_most)) - loss

        ends = []
        for direction in (-1.0, 1.0):
            step = direction
            while abs(step) < LARGEST and above(log_best + step) < 0:
                step *= 1.5
            bounded = above(log_best + step) >= 0
            log_end = crossing(above, *sorted((log_best, log_best + step))) if bounded else log_best + step
            ends.append(math.exp(max(-LARGEST, min(log_end, LARGEST))))
        return ends[0], ends[1]

    def for_tokens(self, n_tokens: float) -> Allocation:
        """Return the optimum whose training tokens are ``n_tokens``: where dL/d ln N = dL/d ln D.

        alpha A/N'^alpha N/N' e^(-R_N/R_N*) = beta B/D'^beta D/D' e^(-R_D/R_D*), whose left side falls as N grows.
        """
        if n_tokens <= self.unique_tokens:
            return self.base.for_tokens(n_tokens)
        law, log_d, log_u = self.base, math.log(n_tokens), math.log(self.unique_tokens)
        log_u_n = self._log_usable(log_u)
        wanted = math.log(law.beta * law.B) + log_slope(log_d, log_u, self.r_d, law.beta)

        def missing(log_n: float) -> float:
            return math.log(law.alpha * law.A) + log_slope(log_n, log_u_n, self.r_n, law.alpha) - wanted

        high = log_u_n + 1
        while missing(high) > 0:
            high += 1
        return Allocation(n_params=math.exp(crossing(missing, log_u_n, high)), n_tokens=n_tokens)

    def cheapest(self, loss: float) -> Allocation | None:
        """Return the cheapest allocation that reaches ``loss`` with these unique tokens, or None where none does."""
        if not loss > self.loss_limit:
            return None

        def missing(log_flops: float) -> float:
            best = self.optimum(math.exp(log_flops))
            return self.loss(best.n_params, best.n_tokens) - loss

        # Repeated data never do better than unique data.
        low = math.log(max(self.base.for_loss(loss).flops, _SMALLEST_BUDGET))
        if missing(low) <= 0:
            return self.optimum(math.exp(low))
        high = low + 1
        while missing(high) > 0:
            low, high = high, 2 * high - low
            if high > LARGEST:
                return None
        return self.optimum(math.exp(crossing(missing, low, high, tolerance=1e-11)))

    def _loss(self, log_n: float, log_d: float) -> float:
        log_u = min(log_d, math.log(self.unique_tokens))
        log_u_n = min(log_n, self._log_usable(log_u))
        return self.base.E + sum(self._terms(effective(log_n, log_u_n, self.r_n), effective(log_d, log_u, self.r_d)))

    def _log_usable(self, log_u_d: float) -> float:
        return log_usable(self._ratio, self.base.alpha, self.base.beta, log_u_d)

    @cached_property
    def _ratio(self) -> float:
        return self.base.ratio

    @cached_property
    def _log_most(self) -> float:
        return math.log(self.unique_tokens) + math.log(self.most_epochs)

    def _limits(self) -> tuple[float, float]:
        """Return ln of the largest N' and D'."""
        log_u = math.log(self.unique_tokens)
        return self._log_usable(log_u) + math.log1p(self.r_n), log_u + math.log1p(self.r_d)

    def _terms(self, log_n: float, log_d: float) -> tuple[float, float]:
        """Return A/N'^alpha and B/D'^beta."""
        law = self.base
        logs = math.log(law.A) - law.alpha * log_n, math.log(law.B) - law.beta * log_d
        return exp_or_inf(logs[0]), exp_or_inf(logs[1])

    def _log_gap(self, log_n: float, log_d: float) -> float:
        """Return ln(L - L_limit), the objective of the search.

        The loss itself is flat to its last digit once the tokens are repeated a few hundred times; the logarithm of
        what is left to gain is not, so the optimum is found there too.
        """
        law, log_u = self.base, math.log(self.unique_tokens)
        log_u_n = self._log_usable(min(log_u, log_d))
        below = self._log_usable(log_u) - log_u_n
        limit_n, limit_d = self._limits()
        gaps = (
            log_term_gap(law.alpha, log_shortfall(log_n, log_u_n, self.r_n, below)) - law.alpha * limit_n,
            log_term_gap(law.beta, log_shortfall(log_d, log_u, self.r_d)) - law.beta * limit_d,
        )
        return log_sum(math.log(law.A) + gaps[0], math.log(law.B) + gaps[1])
