"""Laws on known lines in a covariate."""

from __future__ import annotations

import math

import numpy as np

H = {"a": 0.1, "b": 0.2, "c": 0.35, "d": 0.4, "e": 0.55, "f": 0.6}


def row(h: float) -> np.ndarray:
    """Lines in (ln A, ln B, E, alpha, beta), as (ln A, ln B, ln E, alpha, beta)."""
    return np.array([math.log(1.2 + 0.8 * h), 6.5 - 1.0 * h, 7.0 + 0.5 * h, 0.40 - 0.10 * h, 0.36 - 0.02 * h])
