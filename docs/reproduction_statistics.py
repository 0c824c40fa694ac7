"""Statistics of laws and their draws: intervals, differences, whether one value serves all, least squares in H.

Sources are trained apart, so their laws are independent of each other: the difference of two is taken between every
draw of the one and every draw of the other. Row by row would not do, for the bootstraps of one grid and one seed
resample the same runs in the same row. Nominal 95 % intervals of these bootstraps cover .85 to .90
(``calibration.lines.source_laws``), as if errors were WIDER times what the draws say: comparisons of laws count them
so. Nothing here judges: a figure comes with its 95 % interval or its p-value, and who publishes it says by which rule
it counts for or against a claim.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from advisor.laws.scaling_law import ScalingLaw, central_interval
from calibration.fit.line import t_quantile, t_two_sided_p
from calibration.fit.objective import Array

Interval = tuple[float, float]
Quantity = Callable[[ScalingLaw], float]
_SD_OF_95 = 1.959963984540054
WIDER = 1.28  # the normal quantile of 95 % over that of 87.5 %

PARAMETERS: dict[str, Quantity] = {
    "E": lambda law: law.E,
    "ln A": lambda law: math.log(law.A),
    "ln B": lambda law: math.log(law.B),
    "alpha": lambda law: law.alpha,
    "beta": lambda law: law.beta,
}


def log_n_at(flops: float) -> Quantity:
    """Return the function that gives ln N* of a law at ``flops``."""
    return lambda law: math.log(law.frontier(flops).n_params)


def interval(law: ScalingLaw, quantity: Quantity) -> Interval | None:
    """Return the 95 % interval of ``quantity`` over the joint draws of a law, None where it has none."""
    return central_interval(map(quantity, law.drawn_laws()), 0.95) if law.draws else None


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A quantity of one law less that of another, its 95 % interval by their draws, WIDER, and a p-value.

    The p-value is that of a normal variable with the interval's width, which also tells the far tails of 400 draws
    apart. ``at_most`` is the largest absolute value in the interval.
    """

    value: float
    ci95: Interval
    p_value: float

    @property
    def apart(self) -> bool:
        """Whether the interval leaves out 0."""
        return not self.ci95[0] <= 0 <= self.ci95[1]

    @property
    def at_most(self) -> float:
        """The largest difference that the interval allows, either way."""
        return max(abs(self.ci95[0]), abs(self.ci95[1]))


def difference(one: ScalingLaw, other: ScalingLaw, quantity: Quantity) -> Difference:
    """Return how far ``quantity`` of two laws with draws, fitted to different runs, lies apart."""
    return differences((one, other), quantity)[0]


def differences(laws: Sequence[ScalingLaw], quantity: Quantity) -> tuple[Difference, ...]:
    """Return the differences between all pairs of ``laws``, in the order of itertools.combinations."""
    every = [(quantity(law), np.array([quantity(drawn) for drawn in law.drawn_laws()])) for law in laws]
    return tuple(_difference(*one, *other) for one, other in combinations(every, 2))


def _difference(one: float, ours: Array, other: float, theirs: Array) -> Difference:
    value = one - other
    ends = np.quantile(np.subtract.outer(ours, theirs), [0.025, 0.975])
    low, high = (value + WIDER * (float(end) - value) for end in ends)
    se = (high - low) / (2 * _SD_OF_95)
    p = math.erfc(abs(value) / se / math.sqrt(2)) if se > 0 else float(value == 0)
    return Difference(value=value, ci95=(low, high), p_value=p)


@dataclass(frozen=True, kw_only=True)
class Heterogeneity:
    """Whether one value serves all laws (Cochran 1954): Q = sum ((x - mean)/s)^2, chi-square with k - 1 df if so."""

    q: float
    df: int
    p_value: float


def heterogeneity(laws: Sequence[ScalingLaw], quantity: Quantity) -> Heterogeneity:
    """Return Cochran's test of ``quantity`` over two laws or more; s is WIDER times their 95 % interval over 3.92.

    Raises:
        ValueError: a law has no draws.
    """
    x = np.array([quantity(law) for law in laws])
    s = np.array([_standard_error(law, quantity) for law in laws])
    weight = 1.0 / np.maximum(s, 1e-12) ** 2
    mean = float(weight @ x / weight.sum())
    q, df = float(weight @ (x - mean) ** 2), len(laws) - 1
    return Heterogeneity(q=q, df=df, p_value=_chi_square_tail(q, df))


def _standard_error(law: ScalingLaw, quantity: Quantity) -> float:
    found = interval(law, quantity)
    if found is None:
        raise ValueError(f"the law {law.name} has no draws")
    return WIDER * (found[1] - found[0]) / (2 * _SD_OF_95)


def _chi_square_tail(q: float, df: int) -> float:
    from scipy.special import gammaincc

    return float(gammaincc(df / 2, q / 2))


@dataclass(frozen=True, kw_only=True)
class Coefficient:
    """A coefficient of a least-squares fit, its 95 % interval and its p-value, by Student's t."""

    value: float
    ci95: Interval
    p_value: float


def least_squares(columns: Sequence[Array], y: Array) -> tuple[Coefficient, ...] | None:
    """Return the coefficient of each column beside an intercept; None where they leave no freedom or are dependent."""
    design = np.column_stack([np.ones(len(y)), *(column - column.mean() for column in columns)])
    df = len(y) - design.shape[1]
    if df < 1 or np.linalg.matrix_rank(design, tol=1e-9) < design.shape[1]:
        return None
    found = np.linalg.lstsq(design, y, rcond=None)[0]
    r = y - design @ found
    errors = np.sqrt(np.diag(np.linalg.inv(design.T @ design)) * float(r @ r) / df)
    t95 = t_quantile(0.975, df)
    return tuple(
        Coefficient(
            value=float(b),
            ci95=(float(b - t95 * se), float(b + t95 * se)),
            p_value=t_two_sided_p(float(b / se), df) if se > 0 else float(b == 0),
        )
        for b, se in zip(found[1:], errors[1:], strict=True)
    )
