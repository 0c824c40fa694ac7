"""Scaling laws: the loss they predict, the compute-optimal frontier, and its inverses. Closed-form, ``math`` only.

L(N, D) = E + A/N^alpha + B/D^beta   nats/token,   C = 6 N D FLOPs      (Hoffmann et al. 2022, arXiv:2203.15556)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Count = Literal["total", "non-embedding"]


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


@dataclass(frozen=True, kw_only=True)
class ScalingLaw:
    """L(N, D) = E + A/N^alpha + B/D^beta in nats/token (Hoffmann et al. 2022, eq. 2).

    ``draws`` are joint rows (ln A, ln B, ln E, alpha, beta) of the law's sampling distribution: the five are strongly
    correlated, so an interval is a quantile over rows, never a product of five normals.
    """

    name: str
    E: float
    A: float
    B: float
    alpha: float
    beta: float
    count: Count
    source: str
    draws: tuple[tuple[float, float, float, float, float], ...] = ()
    ranges: Ranges = Ranges()

    @property
    def exponent_a(self) -> float:
        """The exponent of N* in C: beta / (alpha + beta)."""
        return self.beta / (self.alpha + self.beta)

    def loss(self, n_params: float, n_tokens: float) -> float:
        """Return the predicted loss in nats/token."""
        return self.E + self.A * n_params**-self.alpha + self.B * n_tokens**-self.beta

    def frontier(self, flops: float) -> Allocation:
        """Return the allocation of least loss that costs ``flops``.

        With flops = 6 N D the optimum is closed-form (Hoffmann et al. 2022, eq. 4), evaluated in logs:
            N* = G (flops/6)^a,  a = beta/(alpha+beta),  G = (alpha A / (beta B))^(1/(alpha+beta))
        """
        log_g = (math.log(self.alpha * self.A) - math.log(self.beta * self.B)) / (self.alpha + self.beta)
        log_nd = math.log(flops / 6.0)
        log_n = log_g + self.exponent_a * log_nd
        return Allocation(n_params=math.exp(log_n), n_tokens=math.exp(log_nd - log_n))
