"""The regression on a covariate in one stage: all runs of all groups at once, ten parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from calibration.fit.curve import fit_curve
from calibration.fit.objective import Array
from calibration.fit.regression import Regression
from calibration.fit.run_checks import Reason
from calibration.fit.runs import Runs

_NAMES = ("log_A", "log_B", "E", "alpha", "beta")
_SMALLEST = 1e-6  # of E, alpha and beta, so that a trial step cannot leave the law's domain


def fit_jointly(groups: Mapping[str, Runs], two_stage: Regression, delta: float) -> Regression:
    """Return ``two_stage`` with the slopes and intercepts of one fit to all runs, and what they disagree on.

    ln L = ln(E(H) + exp(ln A(H)) / N^alpha(H) + exp(ln B(H)) / D^beta(H)), each of ln A, ln B, E, alpha, beta a line in
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
        a, b, e, alpha, beta = (theta[:, [i]] + theta[:, [5 + i]] * z for i in range(5))
        e, alpha, beta = (np.maximum(v, _SMALLEST) for v in (e, alpha, beta))
        return np.asarray(np.log(e + np.exp(a - alpha * x) + np.exp(b - beta * y)))

    level = [two_stage.lines[name].at(centre) for name in _NAMES]
    slope = [two_stage.lines[name].slope for name in _NAMES]
    # centred in ln N and ln D, ln A becomes ln A - alpha mean(ln N), slope and level alike
    start = np.array([*level, *slope])
    for i, shift in ((0, x0), (1, y0)):
        start[i] -= start[i + 3] * shift
        start[5 + i] -= start[8 + i] * shift
    bound = np.full(10, np.inf)
    theta, _ = fit_curve(
        predict, log_loss, start[None], delta=delta, weight=weight, low=-bound, high=bound, n_steps=2000
    )
    row = theta[0].copy()
    for i, shift in ((0, x0), (1, y0)):
        row[i] += row[i + 3] * shift
        row[5 + i] += row[8 + i] * shift
    slopes = {name: float(row[5 + i]) for i, name in enumerate(_NAMES)}
    intercepts = {name: float(row[i] - row[5 + i] * centre) for i, name in enumerate(_NAMES)}
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
