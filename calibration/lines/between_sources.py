"""How sources of one H differ, apart from the error of each one's fit: the between-source covariance and its draws.

The residuals of sources about their lines in H hold both, and on runs of minutes the error of a fit is the larger. What
a further corpus is off the lines by is the first alone: the random effect of a meta-regression. It is estimated by
moments, as DerSimonian and Laird (1986) do, with the weights of the two-step form of DerSimonian and Kacker (2007): for
any weights w the covariance of residuals sum w r r'/sum M expects T + sum M S/sum M, where T lies between sources, S is
each source's sampling covariance and M the diagonal of (I - P)' W (I - P). The weights of the second step are those of
T + S from the first, one number for a source. Where the difference is not a covariance it is projected onto one, in the
coordinates in which both are diagonal (Amemiya 1985, "What should be done when an estimated between-group covariance
matrix is not nonnegative definite?"); it can be zero.

An estimate from six degrees of freedom is itself hardly known, so T is drawn: the total over a chi-square, as Hartung
and Knapp (2001) and Student's t have it, less the sampling covariance. With exact fits draws are those of Student's t;
with a T of zero they are not all zero. With eight sources the nominal 80 % interval of a further one, far beyond the
sources' budgets, covers .89, .79, .81 and .82 for T of 0, .5, 4 and 25 times the errors; with the parametric bootstrap
of the estimate .96, .78, .76 and .74, with the estimate taken as known .84, .73, .76 and .77, and with all of the
residuals .99, .93, .88 and .81 (``benchmarks/bench_between.py --simulations 400``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from advisor.laws.frontier import exponent_and_level, log_n_at
from calibration.fit.objective import Array

_TAIL = 0.005  # a refit that runs off along a flat valley would otherwise be the whole of a covariance
_TINY = 1e-12


@dataclass(frozen=True, kw_only=True)
class Moments:
    """The residuals' covariance about lines in H, the part of it that is the error of fits, and the weights."""

    total: Array
    sampling: Array
    weight: Array

    @property
    def between(self) -> Array:
        """The between-source covariance: the difference, projected onto the covariances."""
        found = self._roots(np.ones(1))[0]
        return np.asarray(found @ found.T)

    def drawn(self, scale: Array, normal: Array) -> Array:
        """Return offsets (n, p) of a further source for draws (n,) of freedom/chi-square and normals (n, p)."""
        return np.asarray(np.einsum("nij,nj->ni", self._roots(scale), normal))

    def _roots(self, scale: Array) -> Array:
        """Return a root of the projection of ``scale * total - sampling`` for each scale."""
        both = self.total + self.sampling
        unit = np.sqrt(np.where(np.diag(both) > 0, np.diag(both), 1.0))
        joint = np.linalg.cholesky(both / np.outer(unit, unit) + _TINY * np.eye(len(unit)))
        inverse = np.linalg.inv(joint)
        # Total and sampling add up to 1 in these coordinates, so what is diagonal for one is so for the other.
        share, vectors = np.linalg.eigh(inverse @ (self.sampling / np.outer(unit, unit)) @ inverse.T)
        variance = np.maximum((1.0 - share) * scale[:, None] - share, 0.0)
        return np.asarray((unit[:, None] * (joint @ vectors)) * np.sqrt(variance)[:, None, :])


def between_sources(h: Array, values: Array, sampling: Array) -> Moments:
    """Return the moments of ``values`` (n, p) about lines in ``h``, for sampling covariances (n, p, p) of the values.

    At least three sources at more than one H are needed.
    """
    first = _moments(h, values, sampling, np.ones(len(h)))
    typical = first.between + first.sampling
    if not np.trace(first.sampling):
        return first
    spread = np.linalg.pinv(typical, hermitian=True) @ (first.between + sampling)
    size = np.trace(spread, axis1=1, axis2=2)
    return _moments(h, values, sampling, values.shape[1] / size)


def sampling_covariance(drawn: Array) -> Array:
    """Return the covariance (p, p) of refits (n, p), their outermost hundredth drawn in."""
    low, high = np.quantile(drawn, [_TAIL, 1 - _TAIL], axis=0)
    return np.atleast_2d(np.cov(np.clip(drawn, low, high).T))


def _moments(h: Array, values: Array, sampling: Array, weight: Array) -> Moments:
    design = np.stack([np.ones(len(h)), h - h.mean()], 1)
    hat = design @ np.linalg.solve((design.T * weight) @ design, design.T * weight)
    off = np.eye(len(h)) - hat
    residuals = off @ values
    share = np.diag((off.T * weight) @ off)
    total = (residuals.T * weight) @ residuals / share.sum()
    return Moments(total=total, sampling=np.tensordot(share / share.sum(), sampling, 1), weight=weight)


def to_frontier(laws: Array, flops: float) -> Array:
    """Return (..., 5) a, ln N* at ``flops``, E, ln(alpha + beta) and the log of the excess loss on the frontier there.

    ``laws`` are rows (E, ln A, ln B, alpha, beta). With N* D* = C/6 the five say all that a law does.
    """
    e, log_a, log_b, alpha, beta = np.moveaxis(laws, -1, 0)
    exponent, level = exponent_and_level(np.log(alpha / beta) + log_a - log_b, alpha, beta)
    log_n = log_n_at(math.log(flops / 6), exponent, level)
    log_excess = log_a - alpha * log_n - np.log(exponent)
    return np.stack([exponent, log_n, e, np.log(alpha + beta), log_excess], -1)


def from_frontier(frontier: Array, flops: float) -> Array:
    """Return the inverse of ``to_frontier``; an a outside (0, 1) gives an alpha or beta that is not above 0."""
    exponent, log_n, e, log_total, log_excess = np.moveaxis(frontier, -1, 0)
    total = np.exp(log_total)
    alpha, beta = (1.0 - exponent) * total, exponent * total
    log_a = log_excess + np.log(np.maximum(exponent, _TINY)) + alpha * log_n
    log_b = log_excess + np.log(np.maximum(1.0 - exponent, _TINY)) + beta * (math.log(flops / 6) - log_n)
    return np.stack([e, log_a, log_b, alpha, beta], -1)
