"""A second opinion on the frontier, for runs that come in budgets (IsoFLOP profiles).

Each budget has a profile of its own, L = E_c + A_c/N^alpha + B_c/D^beta: three numbers, as a parabola in ln N has
(Hoffmann et al. 2022, approach 2), so that its level, its vertex and its curvature are free. Only the skew is shared:
one pair of exponents for all budgets. A parabola has none, and is biased where alpha and beta differ or the profile is
not centred on its vertex. The levels are linear for given exponents and are projected out (variable projection, Golub
and Pereyra 1973); the loss is Huber's, at 1.345 residual scales.

The budget of a run is what its column ``flops`` states, or 6 N D without one. A vertex is the lowest point along the
(N, D) of its budget's own runs, so that a budget that is not 6 N D, as with non-embedding N, moves nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from calibration.fit.bootstrap import resampled_weights
from calibration.fit.line import fit_line, t_quantile
from calibration.fit.objective import HUBER_DELTA, Array
from calibration.fit.profiles import Profiles, Shape
from calibration.fit.reason import Reason
from calibration.fit.runs import Runs

_SAME_BUDGET = 0.05  # in ln C
_LEAST_SIZES, _LEAST_BUDGETS = 4, 3
_LEAST_FOUND = 0.9  # of the resamples must have a lowest point, or a vertex is not counted
_N_DRAWS = 100


@dataclass(frozen=True, kw_only=True)
class IsoCurve:
    """The runs of one budget, and the profile through them: N and losses in nats/token."""

    run_n_params: Array
    run_loss: Array
    n_params: Array
    loss: Array


@dataclass(frozen=True, kw_only=True)
class IsoFlop:
    """Vertices by budget, what the law says there, and the exponent of N* in C read off each.

    Intervals are 95 %. That of ``exponent_a`` is Student's t with two degrees of freedom fewer than budgets, times the
    larger of two standard errors: of the line through vertices that scatter about it, whatever makes them, and of the
    slope over resamples of the runs, exponents refitted. That of a vertex is the wider of its resamples' and of the one
    that its scatter about a parabola in ln C gives.

    Attributes:
        stated: whether the budgets are a column's; else they are 6 N D.
        flops: the budgets.
        n_params: the vertices.
        n_params_ci95: their intervals.
        law_n_params: the law's N of least loss along the same runs; N* where the budget is 6 N D.
        exponent_a: the slope of the vertices in ln C.
        exponent_a_ci95: its interval.
        law_exponent: the slope of ``law_n_params`` in ln C; None where the law has no lowest point at some budget.
        curves: the profile of each budget, for pictures.
    """

    stated: bool
    flops: tuple[float, ...]
    n_params: tuple[float, ...]
    n_params_ci95: tuple[tuple[float, float], ...]
    law_n_params: tuple[float | None, ...]
    exponent_a: float
    exponent_a_ci95: tuple[float, float]
    law_exponent: float | None
    curves: tuple[IsoCurve, ...]

    JSON = (
        *("stated", "flops", "n_params", "n_params_ci95", "law_n_params", "law_minus_vertex_ln_n=disagreement"),
        *("exponent_a", "exponent_a_ci95", "law_exponent", "-curves"),
    )

    @property
    def disagreement(self) -> tuple[float | None, ...]:
        """Of each budget, ln N of the law minus ln N of the vertex."""
        pairs = zip(self.law_n_params, self.n_params, strict=True)
        return tuple(None if law is None else math.log(law / vertex) for law, vertex in pairs)

    def exponent_disagrees(self, exponent_a: float, ci95: tuple[float, float]) -> Reason | None:
        """Return the caution where the law's exponent and that of the vertices differ beyond both intervals.

        ``exponent_a`` and ``ci95`` are the law's for C = 6 N D; along other budgets they move together.
        """
        moved = 0.0 if self.law_exponent is None else self.law_exponent - exponent_a
        (low, high), (iso_low, iso_high) = (ci95[0] + moved, ci95[1] + moved), self.exponent_a_ci95
        if low <= iso_high and iso_low <= high:
            return None
        message = (
            f"the IsoFLOP profiles give an exponent a of {iso_low:.3f} to {iso_high:.3f} "
            f"and the law one of {low:.3f} to {high:.3f}: one form does not hold over all runs."
        )
        return Reason(code="isoflop-disagrees", message=message, level="caution")

    @property
    def outside(self) -> tuple[float, ...]:
        """The budgets at which the law lies outside the vertex's interval."""
        each = zip(self.flops, self.law_n_params, self.n_params_ci95, strict=True)
        return tuple(flops for flops, law, (low, high) in each if law is not None and not low <= law <= high)


def isoflop_optima(runs: Runs, law: Array, seed: int = 0) -> IsoFlop | None:
    """Return the frontier read off IsoFLOP profiles beside that of a law; None where the runs have no such shape.

    The shape is three budgets, each within 5 %, with four or more model sizes and its optimum among them.

    Args:
        runs: Of one group.
        law: Its row (ln E, ln A, ln B, alpha, beta).
        seed: Of the resamples.
    """
    log_c = np.log(runs.flops if runs.stated_flops is None else runs.stated_flops)
    budgets = _budgets(runs, log_c)
    if len(budgets) < _LEAST_BUDGETS or sum(len(b) for b in budgets) < 3 * len(budgets) + 3:
        return None
    profiles = Profiles.of(runs, budgets)
    shape, delta = profiles.best(HUBER_DELTA)
    vertices = profiles.lowest(shape)[0]
    drawn = _drawn(profiles, shape, delta, vertices, seed)
    counted = np.isfinite(vertices) & (np.isfinite(drawn).mean(0) >= _LEAST_FOUND)
    if counted.sum() < _LEAST_BUDGETS:
        return None
    said = profiles.lowest(profiles.shape_of(law))[0][counted]
    c = np.array([float(log_c[b].mean()) for b in budgets])[counted]
    curves = _curves(runs, budgets, profiles, shape)
    kept = tuple(curve for curve, there in zip(curves, counted, strict=True) if there)
    return _summary(c, vertices[counted], drawn[:, counted], said, kept, stated=runs.stated_flops is not None)


def _curves(runs: Runs, budgets: list[np.ndarray], profiles: Profiles, shape: Shape) -> list[IsoCurve]:
    """Return the profile of each budget over the sizes of its runs."""
    log_n, loss = profiles.curves(shape)
    found = []
    for i, b in enumerate(budgets):
        n = np.exp(log_n[i])
        inside = (runs.n_params[b].min() / 1.2 <= n) & (n <= runs.n_params[b].max() * 1.2)
        own = {"run_n_params": runs.n_params[b], "run_loss": runs.loss[b]}
        found.append(IsoCurve(n_params=n[inside], loss=loss[i][inside], **own))
    return found


def _drawn(profiles: Profiles, shape: Shape, delta: float, vertices: Array, seed: int) -> Array:
    """Return the vertices of resampled runs, (draws, budgets).

    Weighted refits of n points by three numbers spread too little, by sqrt(1 - 3/n).
    """
    rng = np.random.default_rng(seed)
    weight = np.zeros((_N_DRAWS, *profiles.weight.shape))
    for i, n in enumerate(profiles.sizes):
        weight[:, i, : int(n)] = resampled_weights(int(n), _N_DRAWS, rng)
    drawn = profiles.lowest(profiles.refit(shape, delta, weight * profiles.weight))
    return np.asarray(vertices + (drawn - vertices) * np.sqrt(profiles.sizes / (profiles.sizes - 3.0).clip(1.0)))


def _summary(
    c: Array, vertices: Array, drawn: Array, said: Array, curves: tuple[IsoCurve, ...], *, stated: bool
) -> IsoFlop:
    line = fit_line(c, vertices)
    dx = c - c.mean()
    whole = drawn[np.isfinite(drawn).all(1)]
    half = t_quantile(0.975, len(c) - 2) * max(line.slope_se, float(np.std(whole @ dx / (dx @ dx))))
    reach = np.maximum(1.96 * np.nanstd(drawn, 0), _scatter(c, vertices))
    return IsoFlop(
        stated=stated,
        flops=tuple(float(v) for v in np.exp(c)),
        n_params=tuple(float(v) for v in np.exp(vertices)),
        n_params_ci95=tuple((math.exp(v - r), math.exp(v + r)) for v, r in zip(vertices, reach, strict=True)),
        law_n_params=tuple(math.exp(v) if math.isfinite(v) else None for v in said),
        exponent_a=line.slope,
        exponent_a_ci95=(line.slope - half, line.slope + half),
        law_exponent=fit_line(c, said).slope if np.isfinite(said).all() else None,
        curves=curves,
    )


def _scatter(c: Array, vertices: Array) -> float:
    """Return the half-width of a vertex's interval by scatter about a parabola in ln C, a line under five budgets."""
    degree = 2 if len(c) >= 5 else 1
    r = vertices - np.polyval(np.polyfit(c - c.mean(), vertices, degree), c - c.mean())
    df = len(c) - degree - 1
    return t_quantile(0.975, df) * math.sqrt(float(r @ r) / df)


def _budgets(runs: Runs, log_c: Array) -> list[np.ndarray]:
    """Return the runs of each budget that has sizes enough, by rising budget."""
    order = np.argsort(log_c, kind="stable")
    groups, first = [], 0
    for i in range(1, len(order) + 1):
        if i == len(order) or log_c[order[i]] - log_c[order[first]] > _SAME_BUDGET:
            groups.append(order[first:i])
            first = i
    return [g for g in groups if len(np.unique(np.round(np.log(runs.n_params[g]), 2))) >= _LEAST_SIZES]
