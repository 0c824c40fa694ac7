"""The regression of groups of runs: at the budgets that they cover and those asked, jointly, and of new groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from calibration.fit.covariate.dependence import decades
from calibration.fit.covariate.joint import fit_jointly
from calibration.fit.covariate.parameter_lines import Form
from calibration.fit.objective import Array
from calibration.fit.regression import Regression, regress, with_joint_fit, with_new_groups
from calibration.fit.runs import Runs


def regress_groups(
    runs: Mapping[str, Runs],
    parameters: Mapping[str, Array],
    *,
    covariate: str,
    form: Form,
    at: Sequence[float],
    asked: Sequence[float],
    drift: float,
    delta: float,
    seed: int,
) -> Regression:
    """Return the regression on the covariate that the runs hold.

    Args:
        runs: Of each group.
        parameters: The law of each group, (ln E, ln A, ln B, alpha, beta).
        covariate: The covariate's name.
        form: "joint" fits all runs at once besides.
        at: Values of the covariate to give N* for.
        asked: Budgets, FLOPs; every decade that all groups cover is added.
        drift: The sd of ln N* for each e-fold beyond the largest budget that all groups cover.
        delta: Huber's, of the joint fit.
        seed: Of the permutations.

    Raises:
        RunsError: There are fewer than three groups, or the covariate is the same in all of them.
    """
    values = {name: group.covariate for name, group in runs.items()}
    known = {name: value for name, value in values.items() if value is not None}
    low = max((float(group.flops.min()) for group in runs.values()), default=1.0)
    high = min((float(group.flops.max()) for group in runs.values()), default=1.0)
    budgets = (*decades(low, high), *asked)
    found = regress(parameters, known, covariate=covariate, flops=max(asked), form=form, budgets=budgets, seed=seed)
    if form == "joint":
        found = with_joint_fit(found, fit_jointly(runs, parameters, known, found.lines, delta))
    return with_new_groups(found, parameters, at, largest=high, drift=drift)
