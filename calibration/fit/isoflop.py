"""A second opinion on the frontier, for runs that come in budgets (IsoFLOP profiles).

At each budget the optimum is that of L = E_c + A_c/N^alpha + B_c/D^beta with one pair of exponents for all budgets and
levels of its own: for given exponents the levels are linear and are projected out (variable projection, Golub and
Pereyra 1973). A parabola in ln N, the usual choice (Hoffmann et al. 2022, approach 2), is biased wherever alpha and
beta differ or the profile is not centred on its optimum; this is not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from advisor.laws.frontier import log_optimum
from calibration.fit.bootstrap import ci95, resampled_weights
from calibration.fit.line import fit_line
from calibration.fit.objective import Array
from calibration.fit.runs import Runs

_SAME_BUDGET = 0.05  # in ln C
_LEAST_SIZES, _LEAST_BUDGETS = 4, 3
_OUTSIDE = math.log(2.0)  # an optimum farther outside its profile's sizes is an extrapolation, not a measurement
_N_DRAWS = 400


@dataclass(frozen=True, kw_only=True)
class IsoFlop:
    """Optima by budget, and the exponent of N* in C with its 95 % interval (resampled within budgets)."""

    flops: tuple[float, ...]
    n_params: tuple[float, ...]
    exponent_a: float
    exponent_a_ci95: tuple[float, float]


def isoflop_optima(runs: Runs, seed: int = 0) -> IsoFlop | None:
    """Return the frontier read off IsoFLOP profiles; None where the runs have no such shape.

    The shape is three budgets, each within 5 %, with four or more model sizes and its optimum among them.
    """
    budgets = _budgets(runs)
    if len(budgets) < _LEAST_BUDGETS or sum(len(b) for b in budgets) < 3 * len(budgets) + 3:
        return None
    log_n, log_d = np.log(runs.n_params), np.log(runs.n_tokens)
    x0, y0 = log_n.mean(), log_d.mean()
    profiles = [_Profile(log_n[b] - x0, log_d[b] - y0, runs.loss[b], runs.weight[b]) for b in budgets]
    exponents = _best_exponents(profiles)
    log_c = np.array([float(np.log(runs.flops[b]).mean()) for b in budgets])
    middle = log_c - math.log(6.0) - x0 - y0  # ln(C/6) in centred coordinates
    optima = np.array([p.optimum(exponents, p.weight[None], k)[0] for p, k in zip(profiles, middle, strict=True)])
    inside = np.array([p.holds(v) for p, v in zip(profiles, optima, strict=True)])
    if inside.sum() < _LEAST_BUDGETS:
        return None
    rng = np.random.default_rng(seed)
    drawn = np.stack(
        [
            p.optimum(exponents, p.weight * resampled_weights(len(p.x), _N_DRAWS, rng), k)
            for p, k, i in zip(profiles, middle, inside, strict=True)
            if i
        ],
        1,
    )
    # A resample without a lowest point at some budget says nothing about the slope.
    drawn = drawn[np.isfinite(drawn).all(1)]
    if len(drawn) < _N_DRAWS // 2:
        return None
    c = log_c[inside]
    return IsoFlop(
        flops=tuple(float(v) for v in np.exp(c)),
        n_params=tuple(float(v) for v in np.exp(optima[inside] + x0)),
        exponent_a=fit_line(c, optima[inside]).slope,
        exponent_a_ci95=_slope_interval(c, drawn),
    )


@dataclass(frozen=True)
class _Profile:
    """The runs of one budget: centred ln N and ln D, loss and weight."""

    x: Array
    y: Array
    loss: Array
    weight: Array

    def levels(self, exponents: tuple[float, float], weight: Array) -> tuple[Array, Array]:
        """Return (E, A, B) for each row of weights, and the relative squared error."""
        alpha, beta = exponents
        design = np.stack([np.ones_like(self.x), np.exp(-alpha * self.x), np.exp(-beta * self.y)], 1)
        w = weight / self.loss**2
        normal = np.einsum("sr,ri,rj->sij", w, design, design)
        right = np.einsum("sr,ri->si", w * self.loss, design)
        scale = 1.0 / np.sqrt(np.einsum("sii->si", normal))
        scaled = normal * scale[:, :, None] * scale[:, None, :] + 1e-12 * np.eye(3)
        levels = np.linalg.solve(scaled, (right * scale)[:, :, None])[:, :, 0] * scale
        return levels, (w * (self.loss - levels @ design.T) ** 2).sum(1)

    def optimum(self, exponents: tuple[float, float], weight: Array, log_nd: float) -> Array:
        """Return centred ln N* for each row of weights; nan where the profile has no lowest point."""
        alpha, beta = exponents
        levels, _ = self.levels(exponents, weight)
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = np.log(alpha * levels[:, 1]) - np.log(beta * levels[:, 2])
        return np.asarray(log_optimum(ratio, alpha, beta, log_nd))

    def holds(self, log_n: float) -> bool:
        """Whether an optimum lies among the sizes of this budget."""
        return bool(self.x.min() - _OUTSIDE <= log_n <= self.x.max() + _OUTSIDE)


def _budgets(runs: Runs) -> list[np.ndarray]:
    order = np.argsort(runs.flops, kind="stable")
    log_c = np.log(runs.flops[order])
    groups, first = [], 0
    for i in range(1, len(order) + 1):
        if i == len(order) or log_c[i] - log_c[first] > _SAME_BUDGET:
            groups.append(order[first:i])
            first = i
    return [g for g in groups if len(np.unique(np.round(np.log(runs.n_params[g]), 2))) >= _LEAST_SIZES]


def _best_exponents(profiles: list[_Profile]) -> tuple[float, float]:
    """Return the exponents of least total error: a coarse grid in logs, narrowed three times."""
    alphas = betas = np.geomspace(0.05, 1.5, 12)
    best = (0.3, 0.3)
    for _ in range(4):
        error = np.array([[_error(profiles, (a, b)) for b in betas] for a in alphas])
        i, j = np.unravel_index(int(np.argmin(error)), error.shape)
        best = (float(alphas[i]), float(betas[j]))
        ratio = alphas[1] / alphas[0]
        alphas, betas = (np.geomspace(v / ratio, v * ratio, 7) for v in best)
    return best


def _error(profiles: list[_Profile], exponents: tuple[float, float]) -> float:
    return sum(float(p.levels(exponents, p.weight[None])[1][0]) for p in profiles)


def _slope_interval(c: Array, drawn: Array) -> tuple[float, float]:
    """Return the 95 % interval of the slope of ln N* on ln C over resamples, (draws, budgets)."""
    dx = c - c.mean()
    return ci95(drawn @ dx / (dx @ dx))
