"""How the laws of several groups depend on any covariate, for ``advisor fit --covariate``.

Two stages: a law for each group, then a straight line in H through each parameter (Pandey 2024, arXiv:2405.16684, eq. 4
and 5). Between fits the correlation of ln A and alpha is .99, so the default form ("log") draws its lines through ln A
and ln B; "linear" is the paper's and draws them through A and B. "joint" is one stage besides: all runs of all groups
at once, ten parameters.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from advisor.errors import RunsError
from advisor.laws.parameters import LOG_NAMES, NAMES
from calibration.fit.curve import fit_curve
from calibration.fit.line import Line, fit_line
from calibration.fit.minimum import log_optimum
from calibration.fit.objective import Array
from calibration.fit.run_checks import Reason
from calibration.fit.runs import Runs

Form = Literal["log", "linear", "joint"]
LEAST_GROUPS = 3  # one more than a line has parameters
_SMALLEST = 1e-6  # of E, alpha and beta, so that a trial step cannot leave the law's domain


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
    """Return the two-stage regression of laws (ln E, ln A, ln B, alpha, beta) on a covariate.

    Args:
        parameters: The law of each group.
        values: The covariate of each group.
        covariate: Its name.
        flops: The budget at which ln N* is compared.
        form: "log", "linear", or "joint", which adds nothing here: see ``fit_jointly``.

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
    """Return what the lines are drawn through: E, then ln A and ln B, or A and B; then alpha and beta."""
    levels = np.exp(rows[:, 1:3]) if form == "linear" else rows[:, 1:3]
    return np.column_stack([np.exp(rows[:, 0]), levels, rows[:, 3:]])


def _lines(rows: Array, h: Array, form: Form) -> dict[str, Line]:
    columns = _columns(rows, form)
    names = NAMES if form == "linear" else LOG_NAMES
    return {name: fit_line(h, columns[:, i]) for i, name in enumerate(names)}


def _left_out_row(rows: Array, h: Array, at: float, form: Form) -> Array | None:
    """Return the law that lines through ``rows`` give at ``at``; E plays no part in N* and is left as 1."""
    columns = _columns(rows, form)
    if np.ptp(h) <= 1e-12 * np.abs(h).max():
        return None
    slope, intercept = np.polyfit(h, columns, 1)
    _, a, b, alpha, beta = slope * at + intercept
    if form == "linear":
        if min(a, b) <= 0:
            return None
        a, b = math.log(a), math.log(b)
    if min(alpha, beta) <= 0:
        return None
    return np.array([0.0, a, b, alpha, beta])


def _reasons(left_out: Mapping[str, float | None]) -> tuple[Reason, ...]:
    unknown = [group for group, error in left_out.items() if error is None]
    if not unknown:
        return ()
    message = f"without {', '.join(unknown)} the lines give an A, B, alpha or beta that is not positive there."
    return (Reason(code="no-left-out-law", message=message, level="caution"),)


def fit_jointly(groups: Mapping[str, Runs], two_stage: Regression, delta: float) -> Regression:
    """Return ``two_stage`` with the slopes and intercepts of one fit to all runs, and what they disagree on.

    ln L = ln(E(H) + exp(ln A(H)) / N^alpha(H) + exp(ln B(H)) / D^beta(H)), each of E, ln A, ln B, alpha, beta a line in
    H; Huber loss, from the two-stage lines. A slope outside its two-stage 95 % interval is a caution: one of the two
    is wrong, and usually it is the joint fit, in which one odd group bends every line.
    """
    runs = [groups[name] for name in two_stage.values]
    h = np.repeat(list(two_stage.values.values()), [len(r) for r in runs])
    log_n, log_d = (np.log(np.concatenate([getattr(r, k) for r in runs])) for k in ("n_params", "n_tokens"))
    log_loss = np.log(np.concatenate([r.loss for r in runs]))
    weight = np.concatenate([r.weight for r in runs])
    centre = float(h.mean())
    x0, y0 = float(log_n.mean()), float(log_d.mean())
    x, y, z = log_n - x0, log_d - y0, h - centre

    def predict(theta: Array) -> Array:
        e, a, b, alpha, beta = (theta[:, [i]] + theta[:, [5 + i]] * z for i in range(5))
        e, alpha, beta = (np.maximum(v, _SMALLEST) for v in (e, alpha, beta))
        return np.asarray(np.log(e + np.exp(a - alpha * x) + np.exp(b - beta * y)))

    level = [two_stage.lines[name].at(centre) for name in LOG_NAMES]
    slope = [two_stage.lines[name].slope for name in LOG_NAMES]
    # centred in ln N and ln D, ln A becomes ln A - alpha mean(ln N), slope and level alike
    start = np.array([*level, *slope])
    for i, shift in ((1, x0), (2, y0)):
        start[i] -= start[i + 2] * shift
        start[5 + i] -= start[7 + i] * shift
    bound = np.full(10, np.inf)
    theta, _ = fit_curve(
        predict, log_loss, start[None], delta=delta, weight=weight, low=-bound, high=bound, n_steps=2000
    )
    row = theta[0].copy()
    for i, shift in ((1, x0), (2, y0)):
        row[i] += row[i + 2] * shift
        row[5 + i] += row[7 + i] * shift
    slopes = {name: float(row[5 + i]) for i, name in enumerate(LOG_NAMES)}
    intercepts = {name: float(row[i] - row[5 + i] * centre) for i, name in enumerate(LOG_NAMES)}
    return replace(
        two_stage,
        form="joint",
        joint_slopes=slopes,
        joint_intercepts=intercepts,
        reasons=two_stage.reasons + _disagreements(two_stage, slopes),
    )


def _disagreements(two_stage: Regression, slopes: Mapping[str, float]) -> tuple[Reason, ...]:
    reasons = []
    for name, slope in slopes.items():
        low, high = two_stage.lines[name].slope_ci95
        if not low <= slope <= high:
            message = (
                f"the joint slope of {name} on {two_stage.covariate} is {slope:.3g}, "
                f"outside the two-stage interval {low:.3g} to {high:.3g}."
            )
            reasons.append(Reason(code="joint-disagrees", message=message, level="caution"))
    return tuple(reasons)
