"""How far a table's law drifts: refits to the runs below a part of its largest budget, tried on the runs above.

For the cuts C_max/f, f = 2, 3, 5, 10 and 20, that have at least 20 runs below and a refit that is not refused, and with
x = ln(C/cut) of the runs above, those with x > .3 alone:
    kappa   = the largest, over the cuts, of rms(r / x), r the run's ln L less that of the refit
    kappa_n = the largest of |ln N* of the refit - ln N* of the fit of all runs| / ln(C_max/cut), at C_max
Both are at least ``advisor.laws.drift.LEAST``, which stands where there is no such cut.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from advisor.laws.drift import LEAST, Drift
from calibration.fit.diagnostics import refusal
from calibration.fit.minimum import Fit, FitOptions, box_of, log_optimum, refine
from calibration.fit.objective import Array, shares
from calibration.fit.run_checks import check_runs
from calibration.fit.runs import Runs

FACTORS = (2.0, 3.0, 5.0, 10.0, 20.0)
LEAST_BELOW = 20  # runs that a refit needs
NEAREST = 0.3  # e-folds above the cut: nearer, a run's own noise is divided by next to nothing


@dataclass(frozen=True, kw_only=True)
class Cut:
    """A refit to the ``n_below`` runs of at most ``flops``, the largest budget over ``factor``, tried on those above.

    ``E`` is the refit's, nats/token. ``drift`` is what the cut measures, ``bias`` the mean of r / x: below 0 where the
    losses came out lower than the refit said. All three are None where the refit is ``refused``, for that reason.
    """

    factor: float
    flops: float
    n_below: int
    n_above: int
    E: float | None = None
    bias: float | None = None
    drift: Drift | None = None
    refused: str | None = None

    JSON = (
        *("factor", "flops", "n_below", "n_above", "E", "bias_of_ln_loss_per_e_fold=bias"),
        *("drift.loss=drift.loss", "drift.n_params=drift.n_params", "refused"),
    )


def cuts_of(runs: Runs, fit: Fit, options: FitOptions) -> tuple[Cut, ...]:
    """Return what every cut with enough runs below it says of the law ``fit`` of ``runs``."""
    largest = float(runs.flops.max())
    return tuple(
        _cut(runs, fit, options, factor)
        for factor in FACTORS
        if int((runs.flops <= largest / factor).sum()) >= LEAST_BELOW
    )


def drift_of(cuts: tuple[Cut, ...]) -> Drift:
    """Return the largest drift of all cuts, and at least the floor."""
    measured = [LEAST, *(cut.drift for cut in cuts if cut.drift is not None)]
    return Drift(loss=max(d.loss for d in measured), n_params=max(d.n_params for d in measured))


def predicted_log_loss(parameters: Array, runs: Runs) -> Array:
    """Return ln of the loss at the runs' N and D for rows (ln E, ln A, ln B, alpha, beta), (rows, runs)."""
    problem = runs.problem()
    return shares(problem, problem.centred(np.atleast_2d(parameters)))[2]


def refit_to(runs: Runs, fit: Fit, options: FitOptions) -> Fit:
    """Return the fit of ``runs``, a part of those of ``fit``, descended from it: no other start finds a better one."""
    problem = runs.problem()
    box = box_of(problem, options)
    start = np.clip(problem.centred(fit.parameters)[None], box.low, box.high)
    theta, values = refine(problem, start, delta=fit.delta, l1=fit.l1, box=box)
    return replace(fit, problem=problem, box=box, theta=theta[0], objective=float(values[0]), basins=np.empty((0, 5)))


def _cut(runs: Runs, fit: Fit, options: FitOptions, factor: float) -> Cut:
    largest = float(runs.flops.max())
    flops = largest / factor
    below, above = runs.where(runs.flops <= flops), runs.where(np.log(runs.flops / flops) > NEAREST)
    cut = Cut(factor=factor, flops=flops, n_below=len(below), n_above=len(above))
    refit = refit_to(below, fit, options)
    found = next((r for r in check_runs(below) if r.level == "refused"), None) or refusal(refit, largest)
    if found is not None:
        return replace(cut, refused=found.message)
    ratio = (np.log(above.loss) - predicted_log_loss(refit.parameters, above)[0]) / np.log(above.flops / flops)
    moved = float(log_optimum(refit.parameters, largest) - log_optimum(fit.parameters, largest))
    drift = Drift(loss=math.sqrt(float((ratio**2).mean())), n_params=abs(moved) / math.log(factor))
    return replace(cut, E=math.exp(float(refit.parameters[0])), bias=float(ratio.mean()), drift=drift)
