"""A straight line by least squares, with the standard errors and p-values of Student's t."""

from __future__ import annotations

import math
from dataclasses import dataclass

from calibration.fit.objective import Array


@dataclass(frozen=True, kw_only=True)
class Line:
    """y = slope x + intercept; the standard error, 95 % interval and p-value of the slope (t with n - 2 df)."""

    slope: float
    intercept: float
    slope_se: float
    slope_ci95: tuple[float, float]
    p_value: float

    def at(self, x: float) -> float:
        """Return the line's value at ``x``."""
        return self.slope * x + self.intercept


def fit_line(x: Array, y: Array) -> Line:
    """Return the least-squares line through at least three points whose x are not all equal."""
    n = len(x)
    dx = x - x.mean()
    sxx = float(dx @ dx)
    slope = float(dx @ y) / sxx
    r = y - y.mean() - slope * dx
    se = math.sqrt(float(r @ r) / (n - 2) / sxx)
    half = t_quantile(0.975, n - 2) * se
    return Line(
        slope=slope,
        intercept=float(y.mean() - slope * x.mean()),
        slope_se=se,
        slope_ci95=(slope - half, slope + half),
        p_value=t_two_sided_p(slope / se, n - 2) if se > 0 else (0.0 if slope else 1.0),
    )


def t_two_sided_p(t: float, df: int) -> float:
    """Return P(|T| >= |t|) for Student's t with a whole number of degrees of freedom.

    The finite series of Abramowitz and Stegun, 26.7.3 and 26.7.4, in theta = atan(t / sqrt(df)).

    >>> round(t_two_sided_p(2.776445, 4), 6)
    0.05
    """
    theta = math.atan(abs(t) / math.sqrt(df))
    c, s = math.cos(theta), math.sin(theta)
    odd = df % 2
    term = c if odd else 1.0
    total = term if df > 1 else 0.0
    for k in range(3 + odd, df + 1, 2):
        term *= c * c * (k - 2) / (k - 1)
        total += term
    inside = 2.0 / math.pi * (theta + s * total) if odd else s * total
    return max(0.0, 1.0 - inside)


def t_quantile(p: float, df: int) -> float:
    """Return the t whose distribution function is ``p``, for p over 1/2, by bisection."""
    low, high = 0.0, 1.0
    while 1.0 - t_two_sided_p(high, df) / 2.0 < p:
        high *= 2.0
    for _ in range(80):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if 1.0 - t_two_sided_p(middle, df) / 2.0 < p else (low, middle)
    return 0.5 * (low + high)
