"""What repeated tokens, or parameters beyond the data, count for, in logarithms: there no budget is out of range.

Of x with u of it new, x' = u + u r (1 - e^(-(x/u - 1)/r)) (Muennighoff et al. 2023, arXiv:2305.16264, eq. 5 to 7).
"""

from __future__ import annotations

import math

from advisor.errors import NoAnswerError
from advisor.laws.scaling_law import TOO_LARGE

_OVERFLOW = 709.78
LARGEST = 690.0  # exp of more overflows


def exp_or_inf(log_x: float) -> float:
    """Return e^x, infinity where that is beyond floats: of use where only the least is looked for."""
    return math.exp(log_x) if log_x < _OVERFLOW else math.inf


def finite_exp(log_x: float) -> float:
    """Return e^x.

    Raises:
        NoAnswerError: it is beyond floats.
    """
    if not log_x < _OVERFLOW:
        raise NoAnswerError(TOO_LARGE)
    return math.exp(log_x)


def effective(log_x: float, log_u: float, r: float) -> float:
    """Return ln of u + u r (1 - e^(-(x/u - 1)/r)); x itself up to u."""
    excess = math.expm1(min(log_x - log_u, LARGEST))
    return log_x if excess <= 0 else log_u + math.log1p(-r * math.expm1(-excess / r))


def log_slope(log_x: float, log_u: float, r: float, exponent: float) -> float:
    """Return ln of -d(x'^-exponent)/d ln x over the exponent, for x of u and more."""
    log_effective = effective(log_x, log_u, r)
    return log_x - (1 + exponent) * log_effective - math.expm1(min(log_x - log_u, LARGEST)) / r


def log_shortfall(log_x: float, log_u: float, r: float, below: float = 0.0) -> float:
    """Return ln of ln(limit/x'), where x' is the effective x and the limit is (1 + r) u e^below."""
    excess = math.expm1(min(log_x - log_u, LARGEST))
    if excess <= 0:
        return math.log(log_u - log_x + math.log1p(r) + below)
    log_share = math.log(r / (1 + r)) - excess / r  # of the limit, what x' falls short of
    shortfall = below - math.log1p(-math.exp(log_share))
    return math.log(shortfall) if shortfall > 1e-300 else log_share


def log_term_gap(exponent: float, log_shortfall: float) -> float:
    """Return ln(e^(exponent * shortfall) - 1): the excess of a term over its limit, relative to that limit."""
    y = math.log(exponent) + log_shortfall
    if y < -20:
        return y
    power = math.exp(min(y, LARGEST))
    return math.log(math.expm1(power)) if power < LARGEST else power


def log_sum(x: float, y: float) -> float:
    """Return ln(e^x + e^y)."""
    high = max(x, y)
    return high + math.log1p(math.exp(min(x, y) - high))
