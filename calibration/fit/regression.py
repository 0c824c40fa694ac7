"""How the laws of several groups depend on a covariate, such as the compressibility H of their corpora.

Two stages: a law for each group, then a straight line in H through each parameter (Pandey 2024, arXiv:2405.16684, eq. 4
and 5). Between fits the correlation of ln A and alpha is .99, so the default form ("log") draws its lines through ln A
and ln B; "linear" is the paper's and draws them through A and B.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from advisor.errors import RunsError
from calibration.fit.fit import log_optimum
from calibration.fit.line import Line, fit_line
from calibration.fit.objective import Array
from calibration.fit.run_checks import Reason

Form = Literal["log", "linear", "joint"]
LEAST_GROUPS = 3  # one more than a line has parameters
_NAMES = {"log": ("log_A", "log_B", "E", "alpha", "beta"), "linear": ("A", "B", "E", "alpha", "beta")}


@dataclass(frozen=True, kw_only=True)
class Regression:
    """Lines in the covariate, by parameter, and how well they carry over to a group they have not seen.

    ``left_out`` is ln N*(predicted without the group) - ln N*(the group's own law) at ``flops``; None where the lines
    without it give an A, B, alpha or beta that is not positive. ``log_optimum`` is the line through the groups' own
    ln N* at ``flops``: its slope is d ln N*/dH and its p-value is the one figure most users want. ``joint_slopes`` are
    those of the fit of all runs at once, per parameter, for the form "joint" only. ``refused_groups`` took part
    although their laws are refused.
    """

    form: Form
    covariate: str
    values: Mapping[str, float]
    flops: float
    lines: Mapping[str, Line]
    log_optimum: Line
    left_out: Mapping[str, float | None]
    joint_slopes: Mapping[str, float] | None = None
    joint_intercepts: Mapping[str, float] | None = None
    refused_groups: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()

    JSON = (
        *("form", "covariate", "values", "flops", "lines", "dlnN_dH=log_optimum", "left_out_error_ln_n=left_out"),
        *("median_left_out_error_ln_n=median_left_out_error", "-joint_slopes", "-joint_intercepts", "joint"),
        *("refused_groups", "reasons"),
    )

    @property
    def joint(self) -> dict[str, Mapping[str, float]] | None:
        """The lines of the fit of all runs at once, None for the other forms."""
        if self.joint_slopes is None or self.joint_intercepts is None:
            return None
        return {"slopes": self.joint_slopes, "intercepts": self.joint_intercepts}

    @property
    def median_left_out_error(self) -> float | None:
        """The median |error of ln N*| over the groups left out; None unless every one has an error."""
        errors = list(self.left_out.values())
        known = [abs(e) for e in errors if e is not None]
        return float(np.median(known)) if len(known) == len(errors) else None


def regress(
    parameters: Mapping[str, Array], values: Mapping[str, float], *, covariate: str, flops: float, form: Form = "log"
) -> Regression:
    """Return the two-stage regression of laws (ln A, ln B, ln E, alpha, beta) on a covariate.

    Args:
        parameters: The law of each group.
        values: The covariate of each group.
        covariate: Its name.
        flops: The budget at which ln N* is compared.
        form: "log", "linear", or "joint", which adds nothing here: see ``calibration.fit.joint_regression``.

    Raises:
        RunsError: There are fewer than three groups, or the covariate is the same in all of them.
    """
    h = np.array([values[group] for group in parameters])
    if len(h) < LEAST_GROUPS:
        raise RunsError(
            f"a line in {covariate} needs {LEAST_GROUPS} groups or more with a law, and there are {len(h)}."
        )
    if np.ptp(h) <= 1e-12 * np.abs(h).max():
        raise RunsError(f"{covariate} is {h[0]:g} in every group; a regression needs values that differ.")
    rows = np.stack(list(parameters.values()))
    lines = _lines(rows, h, form)
    optimum = log_optimum(rows, flops)
    left_out: dict[str, float | None] = {}
    for i, group in enumerate(parameters):
        rest = np.arange(len(h)) != i
        predicted = _left_out_row(rows[rest], h[rest], float(h[i]), form)
        left_out[group] = None if predicted is None else float(log_optimum(predicted, flops) - optimum[i])
    return Regression(
        form=form,
        covariate=covariate,
        values={group: float(values[group]) for group in parameters},
        flops=flops,
        lines=lines,
        log_optimum=fit_line(h, optimum),
        left_out=left_out,
        reasons=_reasons(left_out),
    )


def _columns(rows: Array, form: Form) -> Array:
    """Return what the lines are drawn through: ln A and ln B, or A and B; then E, alpha, beta."""
    levels = np.exp(rows[:, :2]) if form == "linear" else rows[:, :2]
    return np.column_stack([levels, np.exp(rows[:, 2]), rows[:, 3:]])


def _lines(rows: Array, h: Array, form: Form) -> dict[str, Line]:
    columns = _columns(rows, form)
    names = _NAMES["linear" if form == "linear" else "log"]
    return {name: fit_line(h, columns[:, i]) for i, name in enumerate(names)}


def _left_out_row(rows: Array, h: Array, at: float, form: Form) -> Array | None:
    """Return the law that lines through ``rows`` give at ``at``; E plays no part in N* and is left as 1."""
    columns = _columns(rows, form)
    if np.ptp(h) <= 1e-12 * np.abs(h).max():
        return None
    slope, intercept = np.polyfit(h, columns, 1)
    a, b, _, alpha, beta = slope * at + intercept
    if form == "linear":
        if min(a, b) <= 0:
            return None
        a, b = math.log(a), math.log(b)
    if min(alpha, beta) <= 0:
        return None
    return np.array([a, b, 0.0, alpha, beta])


def _reasons(left_out: Mapping[str, float | None]) -> tuple[Reason, ...]:
    unknown = [group for group, error in left_out.items() if error is None]
    if not unknown:
        return ()
    message = f"without {', '.join(unknown)} the lines give an A, B, alpha or beta that is not positive there."
    return (Reason(code="no-left-out-law", message=message, level="caution"),)
