"""Losses of runs beside those of web text by a published law: how high they are, and how they fall with N and D.

Hoffmann et al.'s law with Besiroglu et al.'s constants. Between corpora the level differs, .43 (code) to 1.19 in
published tables, and much less how ln L changes, .65 to 1.24 for one of the law's. So the shape tells in which unit N
and D are: with the right factors ln L follows the law's within a few percent, with a correlation over .985. With the
wrong ones it is off by .1 to .3; and the ledgers of this project, whose models truly are tiny, follow it with none.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from advisor.laws.published import CHINCHILLA
from calibration.fit.objective import Array

FACTORS = (1.0, 1e3, 1e6, 1e9, 1e12)
USUAL_RATIO = 20.0  # tokens per parameter
_LEAST_RUNS = 6
_FOLLOWS, _TIMES_BETTER = 0.045, 3.0  # sd of ln L about the law's, and by how much that is less than as written
_SLOPES, _CORRELATION = (0.6, 1.45), 0.985


@dataclass(frozen=True, kw_only=True)
class LossShape:
    """How ln L goes with the law's: median ratio of the losses, sd of the difference, slope and correlation."""

    level: float
    sd: float
    slope: float
    correlation: float

    @property
    def follows(self) -> bool:
        """Whether the losses fall as those of text do."""
        slope = _SLOPES[0] <= self.slope <= _SLOPES[1]
        return self.sd <= _FOLLOWS and slope and self.correlation >= _CORRELATION


def web_loss(n_params: Array, n_tokens: Array) -> Array:
    """Return the loss of web text, nats/token."""
    a, b = CHINCHILLA.A * n_params**-CHINCHILLA.alpha, CHINCHILLA.B * n_tokens**-CHINCHILLA.beta
    return np.asarray(CHINCHILLA.E + a + b)


def shape_of(n_params: Array, n_tokens: Array, loss: Array) -> LossShape:
    """Return how losses, all above 0, go with those of web text."""
    x, y = np.log(web_loss(n_params, n_tokens)), np.log(loss)
    level, sd = float(np.exp(np.median(y - x))), float((y - x).std())
    if len(x) < 3 or np.ptp(x) < 0.05 or np.ptp(y) == 0:
        return LossShape(level=level, sd=sd, slope=1.0, correlation=0.0)
    slope, r = float(np.polyfit(x, y, 1)[0]), float(np.corrcoef(x, y)[0, 1])
    return LossShape(level=level, sd=sd, slope=slope, correlation=r)


def likely_factors(n_params: Array, n_tokens: Array, loss: Array) -> tuple[float, float]:
    """Return the factors of N and D with which the losses fall most as those of text, at usual tokens per parameter."""

    def cost(factors: tuple[float, float]) -> float:
        n, d = factors[0] * n_params, factors[1] * n_tokens
        shape = shape_of(n, d, loss)
        far = abs(math.log(float(np.median(d / n)) / USUAL_RATIO))
        tiny = max(0.0, math.log(1e5 / float(np.median(n))))
        return shape.sd + 0.1 * abs(math.log(shape.level)) + 0.03 * far + 0.1 * tiny

    return min(itertools.product(FACTORS, FACTORS), key=cost)


def fits_better(n_params: Array, n_tokens: Array, loss: Array, factors: tuple[float, float]) -> bool:
    """Whether the losses fall as those of text with these factors of N and D, and by far not so without."""
    if factors == (1.0, 1.0) or len(loss) < _LEAST_RUNS:
        return False
    scaled, written = shape_of(factors[0] * n_params, factors[1] * n_tokens, loss), shape_of(n_params, n_tokens, loss)
    nearer = written.sd > _TIMES_BETTER * scaled.sd and 1 - written.correlation > 2 * (1 - scaled.correlation)
    return scaled.follows and nearer
