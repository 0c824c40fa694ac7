"""How the laws of several groups depend on any covariate, for ``advisor fit --covariate``.

Two stages: a law for each group, then a straight line in H through each parameter (Pandey 2024, arXiv:2405.16684, eq. 4
and 5). Between fits the correlation of ln A and alpha is .99, so the default form ("log") draws its lines through ln A
and ln B; "linear" is the paper's and draws them through A and B. "joint" is one stage besides: all runs of all groups
at once (``calibration.fit.covariate.joint``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from advisor.errors import RunsError
from advisor.laws.drift import LEAST
from advisor.quantities import format_flops
from calibration.fit.covariate.dependence import BudgetDependence, dependence_at, n_separate
from calibration.fit.covariate.joint import JointLines
from calibration.fit.covariate.new_group import NewGroup, predicted
from calibration.fit.covariate.parameter_lines import Form, law_at, lines_through, varies
from calibration.fit.line import Line
from calibration.fit.objective import Array
from calibration.fit.reason import Reason

_ENOUGH_APART = 0.75  # ours: of evenly drawn values .86 stand apart
LEAST_GROUPS = 3  # one more than a line has parameters


@dataclass(frozen=True, kw_only=True)
class Regression:
    """Lines in the covariate, by parameter, and how well they carry over to a group they have not seen.

    ``at_budgets`` says at each budget how N* depends on the covariate; ``flops`` is the largest of them that was asked.
    ``n_separate`` counts the values of the covariate that stand apart from the others. ``new_groups`` are those asked
    for. ``joint`` is the fit of all runs at once, for the form "joint" only. Beyond ``fitted_to``, the largest budget
    that all groups cover, a group's own ln N* is its law's extrapolation. ``refused_groups`` took part although their
    laws are refused.
    """

    form: Form
    covariate: str
    values: Mapping[str, float]
    flops: float
    lines: Mapping[str, Line]
    at_budgets: tuple[BudgetDependence, ...]
    n_separate: int
    new_groups: tuple[NewGroup, ...] = ()
    joint: JointLines | None = None
    fitted_to: float | None = None
    refused_groups: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()

    JSON = (
        *("form", "covariate", "values", "n_separate", "flops", "lines", "dlnN_dH=log_optimum"),
        *("left_out_error_ln_n=left_out", "median_left_out_error_ln_n=median_left_out_error", "at_budgets"),
        *("new_groups", "joint", "fitted_to_flops=fitted_to", "refused_groups", "reasons"),
    )

    @property
    def _asked(self) -> BudgetDependence:
        return next(one for one in self.at_budgets if one.flops == self.flops)

    @property
    def log_optimum(self) -> Line:
        """The line through the groups' own ln N* at ``flops``: its p-value is the one figure most users want."""
        return self._asked.line

    @property
    def left_out(self) -> Mapping[str, float | None]:
        """By group, ln N* at ``flops`` by the lines without it minus its own law's; None where they give no law."""
        return self._asked.left_out["line"]

    @property
    def median_left_out_error(self) -> float | None:
        """The median |error of ln N*| over the groups left out; None unless every one has an error."""
        errors = list(self.left_out.values())
        known = [abs(e) for e in errors if e is not None]
        return float(np.median(known)) if len(known) == len(errors) else None


def regress(
    parameters: Mapping[str, Array],
    values: Mapping[str, float],
    *,
    covariate: str,
    flops: float,
    form: Form = "log",
    budgets: Sequence[float] = (),
    seed: int = 0,
) -> Regression:
    """Return the two-stage regression of laws (ln E, ln A, ln B, alpha, beta) on a covariate.

    Args:
        parameters: The law of each group.
        values: The covariate of each group.
        covariate: Its name.
        flops: The budget at which ln N* is compared.
        form: "log", "linear", or "joint", which adds nothing here: see ``with_joint_fit``.
        budgets: Further budgets at which it is.
        seed: Of the permutations, where there are more than eight groups.

    Raises:
        RunsError: There are fewer than three groups, or the covariate is the same in all of them.
    """
    h = np.array([values[group] for group in parameters])
    if len(h) < LEAST_GROUPS:
        raise RunsError(
            f"a line in {covariate} needs {LEAST_GROUPS} groups or more with a law, and there are {len(h)}."
        )
    if not varies(h):
        raise RunsError(f"{covariate} is {h[0]:g} in every group; a regression needs values that differ.")
    rows = np.stack(list(parameters.values()))
    found = Regression(
        form=form,
        covariate=covariate,
        values={group: float(values[group]) for group in parameters},
        flops=flops,
        lines=lines_through(rows, h, form),
        at_budgets=tuple(
            dependence_at(rows, h, list(parameters), budget, form, seed) for budget in sorted({*budgets, flops})
        ),
        n_separate=n_separate(h),
    )
    return replace(found, reasons=_reasons(found))


def with_new_groups(
    found: Regression,
    parameters: Mapping[str, Array],
    at: Sequence[float],
    *,
    largest: float,
    drift: float = LEAST.n_params,
) -> Regression:
    """Return ``found`` with N* at the values ``at`` of the covariate, by the joint fit where there is one.

    Args:
        found: The regression of ``parameters``.
        parameters: The law of each group.
        at: Values of the covariate.
        largest: The largest fitted budget, FLOPs.
        drift: The sd of ln N* for each e-fold beyond it.
    """
    h, rows = np.array(list(found.values.values())), np.stack(list(parameters.values()))
    groups, reasons = [], []
    for value in at:
        law = law_at(rows, h, value, found.form) if found.joint is None else found.joint.law_at(value)
        beyond = [drift * max(math.log(budget.flops / largest), 0.0) for budget in found.at_budgets]
        each = zip(found.at_budgets, beyond, strict=True)
        optima = tuple(predicted(law, h, value, one.line, one.flops, far) for one, far in each)
        outside = not h.min() <= value <= h.max()
        groups.append(NewGroup(value=value, outside=outside, optima=optima))
        if outside:
            message = f"{found.covariate} {value:g} lies outside the {h.min():g} to {h.max():g} of the groups."
            reasons.append(Reason(code="covariate-outside", message=message, level="caution"))
    return replace(found, new_groups=tuple(groups), fitted_to=largest, reasons=(*found.reasons, *reasons))


def with_joint_fit(found: Regression, joint: JointLines) -> Regression:
    """Return ``found`` with the fit of all runs at once, and what the two disagree on.

    A slope outside its two-stage 95 % interval is a caution: one of the two is wrong, and usually it is the joint fit,
    in which one odd group bends every line.
    """
    reasons = []
    for name, slope in joint.slopes.items():
        low, high = found.lines[name].slope_ci95
        if not low <= slope <= high:
            message = (
                f"the joint slope of {name} on {found.covariate} is {slope:.3g}, "
                f"outside the two-stage interval {low:.3g} to {high:.3g}."
            )
            reasons.append(Reason(code="joint-disagrees", message=message, level="caution"))
    return replace(found, joint=joint, reasons=(*found.reasons, *reasons))


def _reasons(found: Regression) -> tuple[Reason, ...]:
    each = (_no_left_out_law(found), _no_better(found), _not_apart(found))
    return tuple(reason for reason in each if reason is not None)


def _no_left_out_law(found: Regression) -> Reason | None:
    unknown = [group for group, error in found.left_out.items() if error is None]
    if not unknown:
        return None
    message = f"without {', '.join(unknown)} the lines give an A, B, alpha or beta that is not positive there."
    return Reason(code="no-left-out-law", message=message, level="caution")


def _no_better(found: Regression) -> Reason | None:
    """Say at which budgets a line in the covariate is no better than none."""
    worse = []
    for one in found.at_budgets:
        line, mean, nearest = (one.missed_by[rule] for rule in ("line", "mean", "nearest"))
        if line is not None and mean is not None and nearest is not None and not one.helps:
            worse.append(f"{format_flops(one.flops)} FLOPs (missed by {line:.3f}, {mean:.3f} and {nearest:.3f})")
    if not worse:
        return None
    message = (
        f"the lines in {found.covariate} predict ln N* of a group left out no better than the mean of the other groups "
        f"or the nearest one at {'; '.join(worse)}."
    )
    return Reason(code="line-no-better", message=message, level="caution")


def _not_apart(found: Regression) -> Reason | None:
    n = len(found.values)
    if found.n_separate >= _ENOUGH_APART * n:
        return None
    message = (
        f"of the {n} groups' values of {found.covariate} {found.n_separate} stand apart (the others lie within .15 of "
        f"the mean gap): both p-values take them for {n} independent groups, which groups of one kind are not."
    )
    return Reason(code="groups-alike", message=message, level="caution")
