"""Straight lines in a covariate through the parameters of laws, and the law that they give at a value of it."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from advisor.laws.parameters import LOG_NAMES, NAMES
from calibration.fit.line import Line, fit_line
from calibration.fit.objective import Array

Form = Literal["log", "linear", "joint"]


def lines_through(rows: Array, h: Array, form: Form) -> dict[str, Line]:
    """Return the line of each parameter of ``rows`` (ln E, ln A, ln B, alpha, beta) in ``h``, by name."""
    columns = _columns(rows, form)
    names = NAMES if form == "linear" else LOG_NAMES
    return {name: fit_line(h, columns[:, i]) for i, name in enumerate(names)}


def law_at(rows: Array, h: Array, at: float, form: Form) -> Array | None:
    """Return the law that lines through ``rows`` give at ``at``; E plays no part in N* and is left as 1.

    None where ``h`` does not vary, or A, B, alpha or beta is not positive.
    """
    if not varies(h):
        return None
    slope, intercept = np.polyfit(h, _columns(rows, form), 1)
    _, a, b, alpha, beta = slope * at + intercept
    if form == "linear":
        if min(a, b) <= 0:
            return None
        a, b = math.log(a), math.log(b)
    if min(alpha, beta) <= 0:
        return None
    return np.array([0.0, a, b, alpha, beta])


def varies(h: Array) -> bool:
    """Whether a covariate is not the same in all groups."""
    return bool(np.ptp(h) > 1e-12 * np.abs(h).max())


def _columns(rows: Array, form: Form) -> Array:
    """Return what the lines are drawn through: E, then ln A and ln B, or A and B; then alpha and beta."""
    levels = np.exp(rows[:, 1:3]) if form == "linear" else rows[:, 1:3]
    return np.column_stack([np.exp(rows[:, 0]), levels, rows[:, 3:]])
