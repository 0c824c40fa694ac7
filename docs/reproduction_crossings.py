"""Where the lines in H of a calibration cross: alpha and beta, and its frontier and Chinchilla's."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle

import numpy as np
from reproduction_statistics import Interval

from advisor.calibrations.laws_in_h import Dependence
from advisor.laws.published import chinchilla
from advisor.laws.scaling_law import central_interval
from calibration.fit.minimum import log_optimum
from calibration.fit.objective import Array

_STEPS = 2000  # of H from 0 to 1, between which a crossing is interpolated


@dataclass(frozen=True, kw_only=True)
class Crossing:
    """Where two quantities that are functions of H are equal.

    ``value`` is the crossing of the lines as fitted, nearest to the middle of the calibrated range where there are
    several and None where there is none in 0 to 1; ``drawn`` are those of each draw, of which ``n_draws`` were asked.
    """

    value: float | None
    drawn: tuple[tuple[float, ...], ...]
    n_draws: int
    h_range: Interval

    def share(self, low: float = 0.0, high: float = 1.0) -> float:
        """Return the share of all draws that have a crossing between ``low`` and ``high``."""
        return sum(any(low <= h <= high for h in found) for found in self.drawn) / self.n_draws

    @property
    def ci95(self) -> Interval | None:
        """The 95 % interval of the crossing over the draws that have one, None where a twentieth or more has none."""
        middle = sum(self.h_range) / 2
        nearest = [min(found, key=lambda h: abs(h - middle)) for found in self.drawn if found]
        return central_interval(nearest, 0.95) if len(nearest) > 0.95 * self.n_draws else None


def exponents_cross(dependence: Dependence) -> Crossing:
    """Return H where alpha(H) = beta(H) on the lines of a calibration (log form; exponents are the same in both)."""

    def gap(rows: Array) -> Array:
        return np.asarray(rows[..., 3] - rows[..., 4])

    return _crossing(dependence, gap)


def frontiers_cross(dependence: Dependence, flops: float) -> Crossing:
    """Return H where N* of the calibration alone (the law gzip, log form) is Chinchilla's at ``flops``.

    Draws of the lines are paired with draws of Chinchilla's law. N is taken as each law counts it.
    """
    base = chinchilla()
    drawn = [math.log(law.frontier(flops).n_params) for law, _ in zip(cycle(base.drawn_laws()), dependence.draws)]
    levels = np.array([math.log(base.frontier(flops).n_params), *drawn])

    def gap(rows: Array) -> Array:
        with np.errstate(invalid="ignore", divide="ignore"):
            found = log_optimum(rows, flops) - levels[:, None]
        return np.where(rows[..., 3:].min(-1) > 0, found, np.nan)

    return _crossing(dependence, gap)


def laws_on_lines(dependence: Dependence, h: Array) -> Array:
    """Return rows (ln E, ln A, ln B, alpha, beta) at each H, (1 + draws, len(h), 5): the lines as fitted, then drawn.

    ln E is -inf where E is not above 0; exponents may be negative, where there is no law.
    """
    lines = [dependence.regressions.log, *(draw.log for draw in dependence.draws)]
    slope, intercept = (
        np.array([getattr(line, name) for line in lines])[:, None, :] for name in ("slope", "intercept")
    )
    e, log_a, log_b, alpha, beta = np.moveaxis(slope * h[:, None] + intercept, -1, 0)
    with np.errstate(divide="ignore"):
        return np.stack([np.log(np.maximum(e, 0.0)), log_a, log_b, alpha, beta], -1)


def _crossing(dependence: Dependence, gap: Callable[[Array], Array]) -> Crossing:
    h = np.linspace(0.0, 1.0, _STEPS + 1)
    rows = laws_on_lines(dependence, h)
    values = gap(rows)
    found = [_roots(h, row) for row in values]
    h_range = dependence.ranges.compressibility or (0.0, 1.0)
    middle = sum(h_range) / 2
    return Crossing(
        value=min(found[0], key=lambda x: abs(x - middle)) if found[0] else None,
        drawn=tuple(found[1:]),
        n_draws=len(found) - 1,
        h_range=h_range,
    )


def _roots(h: Array, values: Array) -> tuple[float, ...]:
    """Return where ``values`` changes its sign, interpolated linearly; nan has none."""
    left, right = values[:-1], values[1:]
    with np.errstate(invalid="ignore"):
        at = np.flatnonzero((left * right < 0) | (left == 0))
    return tuple(
        float(h[i] + (h[i + 1] - h[i]) * left[i] / (left[i] - right[i])) if left[i] else float(h[i]) for i in at
    )
