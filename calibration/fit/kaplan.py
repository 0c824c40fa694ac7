"""The laws of Kaplan et al. 2020 (arXiv:2001.08361): one factor at a time, and N and D together.

    L(N) = (N_c/N)^alpha_N,  L(D) = (D_c/D)^alpha_D,  L(C) = (C_c/C)^alpha_C                      (eq. 1.1 to 1.3)
    L(N, D) = [(N_c/N)^(alpha_N/alpha_D) + D_c/D]^alpha_D                                                (eq. 1.5)

They have no floor E, so they are for comparison and for interpolation only.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from calibration.fit.bootstrap import ci95, resampled_weights
from calibration.fit.curve import fit_curve
from calibration.fit.minimum import Fit, log_optimum
from calibration.fit.objective import Array
from calibration.fit.runs import Runs

# A run is free of the other factor when that factor's term is under a fifth of its own.
_FREE = 0.2
# A run lies on the frontier of compute when its N is within a factor e^(1/2) of the optimum.
_NEAR_OPTIMUM = 0.5
_LEAST_VALUES = 4
_NAMES = ("alpha_N", "alpha_D", "log_N_c", "log_D_c")
_N_DRAWS = 200


@dataclass(frozen=True, kw_only=True)
class PowerLaw:
    """L = (scale / X)^exponent over ``n_runs`` runs, with 95 % intervals; ``scale`` in X's unit, as ln."""

    exponent: float
    exponent_ci95: tuple[float, float]
    log_scale: float
    log_scale_ci95: tuple[float, float]
    n_runs: int


@dataclass(frozen=True, kw_only=True)
class JointLaw:
    """Kaplan et al. 2020, eq. 1.5, with 95 % intervals in the order (alpha_N, alpha_D, ln N_c, ln D_c)."""

    parameters: tuple[float, float, float, float]
    ci95: tuple[tuple[float, float], ...]
    objective: float

    JSON = ("-parameters", "-ci95", "*named", "ci95=named_ci95", "objective")

    @property
    def named(self) -> dict[str, float]:
        """The parameters by name."""
        return dict(zip(_NAMES, self.parameters, strict=True))

    @property
    def named_ci95(self) -> dict[str, tuple[float, float]]:
        """The intervals by name."""
        return dict(zip(_NAMES, self.ci95, strict=True))


def one_factor_laws(runs: Runs, fit: Fit, seed: int = 0) -> dict[str, PowerLaw | None]:
    """Return L(N), L(D) and L(C) on the runs that the other factors do not limit; None where they are too few.

    Which runs are limited is read off the fitted additive law. Four different values of the factor are needed.
    """
    _, log_a, log_b, alpha, beta = fit.parameters
    log_n, log_d, log_c = np.log(runs.n_params), np.log(runs.n_tokens), np.log(runs.flops)
    n_term, d_term = np.exp(log_a - alpha * log_n), np.exp(log_b - beta * log_d)
    optimum = np.array([float(log_optimum(fit.parameters, c)) for c in runs.flops])
    free = {
        "N": (log_n, d_term <= _FREE * n_term),
        "D": (log_d, n_term <= _FREE * d_term),
        "C": (log_c, np.abs(log_n - optimum) <= _NEAR_OPTIMUM),
    }
    return {name: _power_law(x[keep], runs, keep, seed) for name, (x, keep) in free.items()}


def _power_law(x: Array, runs: Runs, keep: npt.NDArray[np.bool_], seed: int) -> PowerLaw | None:
    if len(np.unique(np.round(x, 3))) < _LEAST_VALUES:
        return None
    kept = runs.where(keep)
    y, w = np.log(kept.loss), kept.weight
    if np.ptp(y) == 0:
        return None  # a constant loss has no slope
    slope, intercept = _weighted_lines(x, y, w[None])
    drawn = _weighted_lines(x, y, w * resampled_weights(len(x), _N_DRAWS, np.random.default_rng(seed), kept.cluster))
    return PowerLaw(
        exponent=float(-slope[0]),
        exponent_ci95=ci95(-drawn[0]),
        log_scale=float(-intercept[0] / slope[0]),
        log_scale_ci95=ci95(-drawn[1] / drawn[0]),
        n_runs=len(x),
    )


def _weighted_lines(x: Array, y: Array, w: Array) -> tuple[Array, Array]:
    """Return slope and intercept of the weighted least-squares line for each row of weights."""
    total = w.sum(1)
    mx, my = w @ x / total, w @ y / total
    dx = x - mx[:, None]
    slope = (w * dx * (y - my[:, None])).sum(1) / (w * dx * dx).sum(1)
    return slope, my - slope * mx


def joint_law(runs: Runs, delta: float, seed: int = 0) -> JointLaw | None:
    """Return the fit of Kaplan et al. 2020, eq. 1.5, to the runs (Huber loss of ln L), the best of 16 starts.

    None where it ends at a bound of the exponents, .001 or 10: the form does not describe the runs.
    """
    problem = runs.problem()
    x0, y0 = problem.centre

    def predict(theta: Array) -> Array:
        alpha_n, alpha_d, n_c, d_c = (theta[:, [i]] for i in range(4))
        return np.asarray(alpha_d * np.logaddexp(alpha_n / alpha_d * (n_c - problem.x), d_c - problem.y))

    level = float(np.median(problem.log_loss))
    starts = np.array(
        [
            (an, ad, (level / ad - np.log(2.0)) * ad / an, level / ad - np.log(2.0))
            for an, ad in itertools.product((0.05, 0.1, 0.2, 0.5), repeat=2)
        ]
    )
    low, high = np.array([1e-3, 1e-3, -1e3, -1e3]), np.array([10.0, 10.0, 1e3, 1e3])

    def fitted(theta: Array, weight: Array, n_steps: int) -> tuple[Array, Array]:
        return fit_curve(
            predict, problem.log_loss, theta, delta=delta, weight=weight, low=low, high=high, n_steps=n_steps
        )

    theta, values = fitted(starts, problem.weight, 40)
    theta, values = fitted(theta[np.argsort(values)[:2]], problem.weight, 400)
    best = theta[np.argmin(values)]
    if (best <= low).any() or (best >= high).any():
        return None
    weight = problem.weight * resampled_weights(len(runs), _N_DRAWS, np.random.default_rng(seed), runs.cluster)
    drawn, _ = fitted(np.repeat(best[None], _N_DRAWS, 0), weight, 40)
    shift = np.array([0.0, 0.0, x0, y0])
    row = best + shift
    return JointLaw(
        parameters=(float(row[0]), float(row[1]), float(row[2]), float(row[3])),
        ci95=tuple(ci95(column) for column in (drawn + shift).T),
        objective=float(values.min()),
    )
