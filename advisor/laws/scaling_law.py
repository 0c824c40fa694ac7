"""Scaling laws: the loss they predict, the compute-optimal frontier, and its inverses. Closed-form, ``math`` only.

L(N, D) = E + A/N^alpha + B/D^beta   nats/token,   C = 6 N D FLOPs      (Hoffmann et al. 2022, arXiv:2203.15556)
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from advisor.errors import LawError, NoAnswerError
from advisor.laws.drift import LEAST, Drift
from advisor.laws.frontier import (
    cheapest,
    exponent_and_level,
    exponent_of,
    log_n_at,
    log_n_for_tokens,
    log_nd_for_params,
    ratio_of,
)
from advisor.laws.parameters import Parameters

# Which parameters N counts; "unknown" where we could not learn it from the paper.
Count = Literal["total", "non-embedding", "unknown"]
INTERVAL_LEVEL = 0.8  # of an allocation's interval, a decision's range
_LARGEST = 709.0  # exp of more overflows
TOO_LARGE = "The answer is beyond 1e308 FLOPs: ask a smaller question."


@dataclass(frozen=True, kw_only=True)
class Allocation:
    """A number of parameters and of training tokens, and the training FLOPs that they cost (6 N D)."""

    n_params: float
    n_tokens: float

    @property
    def flops(self) -> float:
        """Training compute in FLOPs, 6 N D."""
        return 6.0 * self.n_params * self.n_tokens

    @property
    def tokens_per_param(self) -> float:
        """Training tokens for each parameter."""
        return self.n_tokens / self.n_params


@dataclass(frozen=True, kw_only=True)
class Ranges:
    """What a law was fitted on: (lowest, highest) of each quantity; None where it is not known."""

    n_params: tuple[float, float] | None = None
    n_tokens: tuple[float, float] | None = None
    flops: tuple[float, float] | None = None
    compressibility: tuple[float, float] | None = None


class Decay(NamedTuple):
    """How fast repeated tokens (R_D*) and parameters beyond what data can use (R_N*) lose their value."""

    r_d: float
    r_n: float
    source: str


@dataclass(frozen=True, kw_only=True)
class ScalingLaw:
    """L(N, D) = E + A/N^alpha + B/D^beta in nats/token (Hoffmann et al. 2022, eq. 2).

    ``draws`` are joint rows (ln E, ln A, ln B, alpha, beta) of the law's sampling distribution: the five are strongly
    correlated, so an interval is a quantile over rows, never a product of five normals. ``verdict`` is the fit's own,
    ``drift`` how far its predictions go astray beyond the largest budget of ``ranges`` (``advisor.laws.drift``),
    ``decay`` how repeated data lose their value, None where only another law's is known (``advisor.laws.repetition``).
    """

    name: str
    E: float
    A: float
    B: float
    alpha: float
    beta: float
    count: Count
    source: str
    draws: tuple[Parameters, ...] = ()
    ranges: Ranges = Ranges()
    note: str = ""
    verdict: Literal["ok", "caution", "refused"] = "ok"
    drift: Drift = LEAST
    decay: Decay | None = None

    @property
    def exponent_a(self) -> float:
        """The exponent of N* in C: beta / (alpha + beta)."""
        return exponent_of(self.alpha, self.beta)

    @property
    def ratio(self) -> float:
        """ln(alpha A / (beta B)), what the frontier hangs on beside the exponents."""
        if not min(self.A, self.B, self.alpha, self.beta) > 0:
            raise LawError(
                f"The law {self.name} has no compute-optimal frontier: A, B, alpha and beta must be above 0, not "
                f"A={self.A:g}, B={self.B:g}, alpha={self.alpha:g}, beta={self.beta:g}."
            )
        return ratio_of(math.log(self.A), math.log(self.B), self.alpha, self.beta, math.log)

    @property
    def log_g(self) -> float:
        """The logarithm of G = (alpha A / (beta B))^(1/(alpha+beta)), the level of the frontier."""
        return self._frontier[1]

    @property
    def _frontier(self) -> tuple[float, float]:
        return exponent_and_level(self.ratio, self.alpha, self.beta)

    @property
    def row(self) -> Parameters:
        """The law as a row of ``draws``: ln E (minus infinity where E is 0), ln A, ln B, alpha, beta."""
        log_e = math.log(self.E) if self.E > 0 else -math.inf
        return Parameters(log_e, math.log(self.A), math.log(self.B), self.alpha, self.beta)

    def loss(self, n_params: float, n_tokens: float) -> float:
        """Return the predicted loss in nats/token."""
        return self.E + self.excess(n_params, n_tokens)

    def excess(self, n_params: float, n_tokens: float) -> float:
        """Return how far the predicted loss is above E, which keeps its digits where the loss itself rounds to E."""
        try:
            excess: float = self.A * n_params**-self.alpha + self.B * n_tokens**-self.beta
        except OverflowError:
            raise NoAnswerError(
                f"The loss of {n_params:.3g} parameters and {n_tokens:.3g} tokens is beyond 1e308 nats/token under the "
                f"law {self.name}: ask a larger question."
            ) from None
        return excess

    def frontier(self, flops: float) -> Allocation:
        """Return the allocation of least loss that costs ``flops`` (``advisor.laws.frontier``)."""
        log_nd = _log(flops, "flops") - math.log(6)
        log_n = log_n_at(log_nd, *self._frontier)
        return _allocation(log_n, log_nd - log_n)

    def for_params(self, n_params: float) -> Allocation:
        """Return the point of the frontier with ``n_params`` parameters: the budget for which they are optimal."""
        log_n = _log(n_params, "n_params")
        best = _allocation(log_n, log_nd_for_params(log_n, *self._frontier) - log_n)
        return replace(best, n_params=n_params)

    def for_tokens(self, n_tokens: float) -> Allocation:
        """Return the point of the frontier with ``n_tokens`` training tokens."""
        log_d = _log(n_tokens, "n_tokens")
        return replace(_allocation(log_n_for_tokens(log_d, *self._frontier), log_d), n_tokens=n_tokens)

    def for_loss(self, loss: float) -> Allocation:
        """Return the cheapest allocation that reaches ``loss`` nats/token, which must be above E."""
        if not loss > self.E:
            raise NoAnswerError(
                f"No budget reaches a loss of {loss:g} nats/token under the law {self.name}, whose floor E is "
                f"{self.E:.4g}: ask for a higher loss."
            )
        return self.for_excess(loss - self.E)

    def for_excess(self, excess: float) -> Allocation:
        """Return the cheapest allocation whose loss is E + ``excess``."""
        if not excess > 0:
            raise NoAnswerError(TOO_LARGE)  # the loss is E to the last digit
        logs = math.log(self.A), math.log(self.B)
        return _allocation(*cheapest(math.log(excess), *logs, self.alpha, self.beta))

    def equivalent_flops(self, n_params: float, n_tokens: float) -> float:
        """Return C_eq, the budget whose optimum reaches the loss of this allocation, FLOPs."""
        return self.for_excess(self.excess(n_params, n_tokens)).flops

    def _factor(self, log_factor: float) -> float:
        """Return A or B of a draw.

        Raises:
            LawError: it is beyond floats, as drift makes it that far from the runs of a law.
        """
        if log_factor > _LARGEST:
            raise LawError(
                f"The draws of the law {self.name} are beyond 1e308 here: ask nearer to what it was fitted on."
            )
        return math.exp(log_factor)

    def drawn_laws(self) -> Iterator[ScalingLaw]:
        """Yield one law for each joint row of ``draws``."""
        # Not dataclasses.replace, which takes three times as long: a recommendation asks for some 1500 laws.
        shared = {
            "name": self.name,
            "count": self.count,
            "source": self.source,
            "ranges": self.ranges,
            "drift": self.drift,
            "decay": self.decay,
        }
        for log_e, log_a, log_b, alpha, beta in self.draws:
            yield ScalingLaw(
                E=math.exp(log_e),
                A=self._factor(log_a),
                B=self._factor(log_b),
                alpha=alpha,
                beta=beta,
                note=self.note,
                verdict=self.verdict,
                **shared,  # type: ignore[arg-type]
            )

    def drawn_losses(self, n_params: float, n_tokens: float) -> list[float]:
        """Return the predicted loss in nats/token for each joint row of ``draws``."""
        log_n, log_d, exp = _log(n_params, "n_params"), _log(n_tokens, "n_tokens"), math.exp
        return [
            exp(log_e) + exp(log_a - alpha * log_n) + exp(log_b - beta * log_d)
            for log_e, log_a, log_b, alpha, beta in self.draws
        ]

    def drawn_frontiers(self, flops: float) -> list[tuple[float, float, float]] | None:
        """Return N*, D* and the loss there for each joint row of ``draws``: ``frontier`` and ``loss`` without the laws.

        A recommendation asks some 1500 rows, so the formulas are written out. None where a row has no such optimum or a
        number is out of range, so that the laws must be asked one by one.
        """
        log_nd, log_6 = _log(flops, "flops") - math.log(6), math.log(6)
        exp, log = math.exp, math.log
        found = []
        for log_e, log_a, log_b, alpha, beta in self.draws:
            A, B, total = exp(log_a), exp(log_b), alpha + beta
            if not (A > 0 and B > 0 and alpha > 0 and beta > 0):
                return None
            log_n = (log(alpha) + log(A) - log(beta) - log(B)) / total + beta / total * log_nd
            log_d = log_nd - log_n
            if max(log_n, log_d, log_n + log_d + log_6) > _LARGEST:
                return None
            n_params, n_tokens = exp(log_n), exp(log_d)
            if not (n_params > 0 and n_tokens > 0 and 6.0 * n_params * n_tokens > 0):
                return None
            found.append((n_params, n_tokens, exp(log_e) + (A * n_params**-alpha + B * n_tokens**-beta)))
        return found


@dataclass(frozen=True, kw_only=True)
class FrontierLaw:
    """N* = coefficient * C^exponent, D* = C / (6 N*): a frontier without a loss."""

    name: str
    coefficient: float
    exponent: float
    count: Count
    source: str
    ranges: Ranges = Ranges()
    note: str = ""

    @property
    def exponent_a(self) -> float:
        """The exponent of N* in C."""
        return self.exponent

    def frontier(self, flops: float) -> Allocation:
        """Return the allocation that the law recommends for ``flops``."""
        log_flops = _log(flops, "flops")
        log_n = math.log(self.coefficient) + self.exponent * log_flops
        return _allocation(log_n, log_flops - math.log(6) - log_n)

    def for_params(self, n_params: float) -> Allocation:
        """Return the point of the frontier with ``n_params`` parameters."""
        log_n = _log(n_params, "n_params")
        log_flops = (log_n - math.log(self.coefficient)) / self.exponent
        return replace(_allocation(log_n, log_flops - math.log(6) - log_n), n_params=n_params)

    def for_tokens(self, n_tokens: float) -> Allocation:
        """Return the point of the frontier with ``n_tokens`` training tokens."""
        log_d = _log(n_tokens, "n_tokens")
        log_flops = (math.log(6 * self.coefficient) + log_d) / (1 - self.exponent)
        return replace(_allocation(log_flops - math.log(6) - log_d, log_d), n_tokens=n_tokens)


Law = ScalingLaw | FrontierLaw


def central_interval(
    values: Iterable[float], level: float = INTERVAL_LEVEL, *, point: float | None = None
) -> tuple[float, float]:
    """Return the quantiles (1-level)/2 and (1+level)/2 of ``values``, interpolated linearly between order statistics.

    A ``point`` that they leave out, as refits that are off centre do, is the nearer end in place of the quantile: an
    interval without the answer whose it is would say that the answer is wrong.

    >>> central_interval(range(101), 0.5), central_interval(range(101), 0.5, point=20)
    ((25.0, 75.0), (20.0, 75.0))
    """
    ordered = sorted(values)
    low, high = _quantile(ordered, (1 - level) / 2), _quantile(ordered, (1 + level) / 2)
    return (low, high) if point is None else (min(low, float(point)), max(high, float(point)))


def _quantile(ordered: list[float], share: float) -> float:
    """Return the quantile of an ordered list; infinities (a loss that a draw cannot reach) are kept as such."""
    position = share * (len(ordered) - 1)
    lower, upper = ordered[math.floor(position)], ordered[math.ceil(position)]
    return float(lower) if lower == upper else lower + (position - math.floor(position)) * (upper - lower)


def _log(value: float, what: str) -> float:
    """Return ln ``value``, which must be a finite number above 0."""
    if not 0 < value < math.inf:
        raise LawError(f"A scaling law needs {what} to be a finite number above 0, not {value:g}.")
    return math.log(value)


def _allocation(log_n: float, log_d: float) -> Allocation:
    """Return the allocation with these logarithms; its FLOPs must be a finite number too."""
    if max(log_n, log_d, log_n + log_d + math.log(6)) > _LARGEST:
        raise NoAnswerError(TOO_LARGE)
    if min(log_n, log_d) < -_LARGEST:
        raise NoAnswerError("The answer is below 1e-308 FLOPs, parameters or tokens: ask a larger question.")
    return Allocation(n_params=math.exp(log_n), n_tokens=math.exp(log_d))
