"""Refits of resampled runs: the joint sampling distribution of a law's five parameters.

Resampling whole cases keeps its level when the noise differs between runs; residual resampling does not. A resample is
a row of counts, and counts are weights, so all refits are one batch that starts from the fit of all runs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calibration.fit import Fit, refine
from calibration.objective import Array

_BATCH = 1000  # resamples whose weights are held at once


@dataclass(frozen=True, kw_only=True)
class Draws:
    """Joint rows (ln A, ln B, ln E, alpha, beta), and the share of them with a parameter at a bound."""

    rows: Array
    share_at_bound: float


def counts(n_runs: int, n_draws: int, rng: np.random.Generator, cluster: npt.NDArray[np.int64] | None = None) -> Array:
    """Return how often each run is drawn in each resample, (n_draws, n_runs).

    ``cluster`` numbers the cluster of each run from 0; whole clusters are then drawn, as many as there are.
    """
    n_units = n_runs if cluster is None else int(cluster.max()) + 1
    picked = rng.integers(0, n_units, size=(n_draws, n_units))
    picked += n_units * np.arange(n_draws)[:, None]
    drawn = np.bincount(picked.ravel(), minlength=n_draws * n_units).reshape(n_draws, n_units).astype(np.float64)
    return drawn if cluster is None else drawn[:, cluster]


def bootstrap(
    fit: Fit, *, n_draws: int = 4000, seed: int = 0, cluster: npt.NDArray[np.int64] | None = None
) -> Draws:
    """Return ``n_draws`` refits of resampled runs; the same seed gives the same rows."""
    rng = np.random.default_rng(seed)
    rows = []
    for first in range(0, n_draws, _BATCH):
        size = min(_BATCH, n_draws - first)
        weight = counts(fit.problem.n_runs, size, rng, cluster) * fit.problem.weight
        start = np.repeat(fit.theta[None], size, 0)
        rows.append(refine(fit.problem, start, delta=fit.delta, l1=fit.l1, box=fit.box, weight=weight)[0])
    theta = np.concatenate(rows)
    return Draws(rows=fit.problem.uncentred(theta), share_at_bound=float(at_bound(fit, theta).mean()))


def at_bound(fit: Fit, theta: Array) -> npt.NDArray[np.bool_]:
    """Return for each centred row whether a parameter that is not held fixed lies at its bound."""
    low, high = fit.box.low, fit.box.high
    free = low < high
    near = (theta <= low + 1e-6) | (theta >= high - 1e-6)
    return np.asarray((near & free).any(-1))
