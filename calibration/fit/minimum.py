"""The law of least objective for a table of runs: options, many starts descended together, a check for other basins."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from advisor.errors import UsageError
from advisor.laws import frontier
from calibration.fit.objective import HUBER_DELTA, Array, Problem, residuals
from calibration.fit.solver import Box, descend
from calibration.fit.starts import hoffmann_starts, projection_starts, share_starts

# With at most this many runs all of Hoffmann's starts are tried as well: they cost a fraction of a second.
FEW_RUNS = 100
# Least absolute residuals is the limit of Huber's delta to 0, reached by continuation.
_L1_DELTAS = (1e-4, 1e-5, 1e-6, 1e-7)
_HUBER_EFFICIENT = 1.345  # delta in units of the residual scale: 95 % efficiency at the normal (Huber 1981)
_SMALLEST_SHARE_OF_E = 14.0  # E is at zero when it is e^-14 of the least loss
_EXPONENT_RANGE = (1e-3, 8.0)


@dataclass(frozen=True, kw_only=True)
class FitOptions:
    """How to fit: Huber's delta (or "auto", or "l1" for delta -> 0), what is known about E, and which starts.

    ``fixed_e`` and ``max_e`` are in nats/token. ``starts`` is "fast" (about 90), "all" (Hoffmann's 4500 besides) or
    "auto" (all of them for at most 100 runs).
    """

    delta: float | Literal["auto", "l1"] = HUBER_DELTA
    fixed_e: float | None = None
    max_e: float | None = None
    starts: Literal["auto", "fast", "all"] = "auto"

    def __post_init__(self) -> None:
        if isinstance(self.delta, float) and not (math.isfinite(self.delta) and self.delta > 0):
            raise UsageError(f"delta is {self.delta:g}; give a positive number, auto or l1.")
        for name, value in (("E", self.fixed_e), ("the upper bound on E", self.max_e)):
            if value is not None and not (math.isfinite(value) and value > 0):
                raise UsageError(f"{name} is {value:g} nats/token; it must be a positive number.")
        if self.fixed_e is not None and self.max_e is not None:
            raise UsageError(f"E is fixed at {self.fixed_e:g} and bounded by {self.max_e:g}; give one of the two.")


@dataclass(frozen=True, kw_only=True)
class Fit:
    """The fitted row and how it was found.

    ``theta`` is centred; ``parameters`` is (ln E, ln A, ln B, alpha, beta) as in the papers. ``objective`` is the sum
    of Huber losses (for l1 the sum of absolute residuals of ln L). ``basins`` holds the other local optima within 1 %
    of it, as rows of parameters. ``n_reached`` of ``n_starts`` starts ended within 1e-8 of it (those far behind after
    ten steps are dropped). ``max_e`` is the user's bound on E.
    """

    problem: Problem
    box: Box
    delta: float
    l1: bool
    max_e: float | None
    theta: Array
    objective: float
    basins: Array
    n_starts: int
    n_reached: int

    @property
    def parameters(self) -> Array:
        """(ln E, ln A, ln B, alpha, beta), not centred."""
        return self.problem.uncentred(self.theta)

    @property
    def residuals(self) -> Array:
        """Of each run, ln L minus ln of the fitted loss."""
        return np.asarray(residuals(self.problem, self.theta[None])[0])

    @property
    def scale(self) -> float:
        """The residual scale s = 1.4826 median|r| sqrt(n / (n - 5)), as a share of the loss."""
        return residual_scale(self.residuals)


def residual_scale(r: Array) -> float:
    """Return 1.4826 median|r| sqrt(n / (n - 5)): a standard deviation that outliers do not move."""
    n = len(r)
    return float(1.4826 * np.median(np.abs(r)) * math.sqrt(n / max(n - 5, 1)))


def log_optimum(parameters: Array, flops: float) -> Array:
    """Return ln N* at ``flops`` for rows (ln E, ln A, ln B, alpha, beta)."""
    log_a, log_b, alpha, beta = (parameters[..., i] for i in (1, 2, 3, 4))
    ratio = frontier.ratio_of(log_a, log_b, alpha, beta, np.log)
    return np.asarray(frontier.log_optimum(ratio, alpha, beta, math.log(flops / 6.0)))


def fit_problem(problem: Problem, options: FitOptions | None = None) -> Fit:
    """Return the fit of least objective over all starts."""
    options = options or FitOptions()
    if options.delta == "auto":
        return _fit_with_estimated_delta(problem, options)
    delta = HUBER_DELTA if options.delta == "l1" else float(options.delta)
    return _fit(problem, options, delta)


def _fit_with_estimated_delta(problem: Problem, options: FitOptions) -> Fit:
    """Alternate the fit and delta = 1.345 s until delta stands still (Huber's proposal with a MAD scale)."""
    delta = HUBER_DELTA
    for _ in range(6):
        fit = _fit(problem, options, delta)
        wanted = max(_HUBER_EFFICIENT * fit.scale, 1e-6)
        if abs(wanted / delta - 1.0) < 1e-3:
            return fit
        delta = wanted
    return _fit(problem, options, delta)


def _fit(problem: Problem, options: FitOptions, delta: float) -> Fit:
    box = box_of(problem, options)
    starts = np.concatenate([projection_starts(problem), share_starts(problem)])
    n_kept = 24
    if options.starts == "all" or (options.starts == "auto" and problem.n_runs <= FEW_RUNS):
        starts = np.concatenate([starts, problem.centred(hoffmann_starts())])
        n_kept = 500
    theta, values = descend(problem, starts, delta=delta, box=box, newton=False, n_steps=10)
    kept = np.argsort(values, kind="stable")[:n_kept]
    theta, values = descend(problem, theta[kept], delta=delta, box=box, newton=True, n_steps=200)
    if options.delta == "l1":
        delta = _L1_DELTAS[-1]
        theta, values = refine(problem, theta, delta=delta, l1=True, box=box)
    order = np.argsort(values, kind="stable")
    theta, values = theta[order], values[order]
    best = float(values[0])
    above = values / max(best, 1e-300) - 1.0
    total = float(np.abs(residuals(problem, theta[:1])[0]) @ problem.weight) if options.delta == "l1" else best
    return Fit(
        problem=problem,
        box=box,
        delta=delta,
        l1=options.delta == "l1",
        max_e=options.max_e,
        theta=theta[0],
        objective=total,
        basins=problem.uncentred(theta[(above > 1e-6) & (above < 0.01)]),
        n_starts=len(starts),
        n_reached=int((above <= 1e-8).sum()),
    )


def refine(
    problem: Problem, theta: Array, *, delta: float, l1: bool, box: Box, weight: Array | None = None
) -> tuple[Array, Array]:
    """Return rows and objectives at local optima near ``theta``, for each row's own weights where they are given."""
    for d in _L1_DELTAS if l1 else (delta,):
        theta, _ = descend(problem, theta, delta=d, box=box, newton=False, n_steps=8, weight=weight)
        theta, values = descend(problem, theta, delta=d, box=box, newton=True, n_steps=300, weight=weight)
    return theta, values


def box_of(problem: Problem, options: FitOptions) -> Box:
    """Return the bounds of a fit: exponents .001 to 8, E from e^-14 of the least loss to the largest loss.

    Raises:
        UsageError: E is held at a value that is not below every loss.
    """
    low = np.array([problem.log_loss.min() - _SMALLEST_SHARE_OF_E, -60.0, -60.0, *[_EXPONENT_RANGE[0]] * 2])
    high = np.array([problem.log_loss.max(), 60.0, 60.0, *[_EXPONENT_RANGE[1]] * 2])
    if options.max_e is not None:
        high[0] = math.log(options.max_e)
        low[0] = min(low[0], high[0] - 1.0)
    if options.fixed_e is not None:
        if math.log(options.fixed_e) >= problem.log_loss.min():
            least = f"{math.exp(problem.log_loss.min()):.4g}"
            raise UsageError(
                f"E is fixed at {options.fixed_e:g} nats/token, and the least loss of these runs is {least}: E is what "
                "no model falls below."
            )
        low[0] = high[0] = math.log(options.fixed_e)
    return Box(low=low, high=high)
