"""What the rows of a source say about its law beyond ``fit.diagnostics``: seeds, leave-one-out, its entropy."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from advisor.quantities import format_flops
from calibration.fit.analysis import GroupFit
from calibration.fit.bootstrap import ci95
from calibration.fit.minimum import Fit, log_optimum, refine
from calibration.fit.objective import Array
from calibration.fit.reason import Reason
from calibration.fit.runs import Runs
from calibration.lines.records import SourceRecord

_SATURATED = 5.0  # standard deviations of seeds that the loss must range over
_MISFIT = 3.0  # residual scale over the standard deviation of seeds
_WIDE_LEFT_OUT = math.log(2.0)  # ours: one point of the grid moves N* by a factor of two


@dataclass(frozen=True, kw_only=True)
class RowFigures:
    """``seed_sd`` is the standard deviation of ln L between seeds of one (N, D); None where no two seeds met.

    ``left_out`` is the range of ln N* at the largest budget over refits without each (N, D) in turn.
    """

    seed_sd: float | None
    left_out: tuple[float, float] | None


def row_figures(source: SourceRecord, group: GroupFit, flops: float | None) -> tuple[RowFigures, tuple[Reason, ...]]:
    """Return the figures of a source's rows, and the reasons that they give."""
    sd = seed_sd(group.runs)
    if group.fit is None or flops is None:
        return RowFigures(seed_sd=sd, left_out=None), ()
    figures = RowFigures(seed_sd=sd, left_out=left_out_range(group.runs, group.fit, flops))
    found = (
        _saturated(group.runs, sd),
        _misfit(group.fit, sd),
        _wide_left_out(figures, flops),
        _at_entropy_bound(source, group.fit),
        _under_entropy_rate(source, group),
    )
    return figures, tuple(reason for reason in found if reason is not None)


def seed_sd(runs: Runs) -> float | None:
    """Return the pooled standard deviation of ln L between seeds, a share of the loss; None without two seeds."""
    squares, freedom = 0.0, 0
    for cell in cells(runs):
        if len(cell) > 1:
            log_loss = np.log(runs.loss[cell])
            squares += float(((log_loss - log_loss.mean()) ** 2).sum())
            freedom += len(cell) - 1
    return math.sqrt(squares / freedom) if freedom else None


def cells(runs: Runs) -> list[list[int]]:
    """Return the indices of the runs of each (N, D)."""
    found: dict[tuple[float, float], list[int]] = {}
    for i, key in enumerate(zip(runs.n_params.tolist(), runs.n_tokens.tolist(), strict=True)):
        found.setdefault(key, []).append(i)
    return list(found.values())


def left_out_range(runs: Runs, fit: Fit, flops: float) -> tuple[float, float]:
    """Return the least and the largest ln N* at ``flops`` over refits without each (N, D) in turn."""
    groups = cells(runs)
    weight: Array = np.tile(fit.problem.weight, (len(groups), 1))
    for i, cell in enumerate(groups):
        weight[i, cell] = 0.0
    start = np.repeat(fit.theta[None], len(groups), 0)
    theta, _ = refine(fit.problem, start, delta=fit.delta, l1=fit.l1, box=fit.box, weight=weight)
    optima = log_optimum(fit.problem.uncentred(theta), flops)
    return float(optima.min()), float(optima.max())


def _saturated(runs: Runs, sd: float | None) -> Reason | None:
    spread = float(np.ptp(np.log(runs.loss)))
    if sd is None:
        message = "no two seeds of one N and D were trained: the noise that the law is read against is not known."
        return Reason(code="one-seed", message=message, level="caution")
    if spread >= _SATURATED * sd:
        return None
    message = (
        f"the losses range over {100 * spread:.2g} %, under {_SATURATED:g} standard deviations of the seeds "
        f"({100 * sd:.2g} % each): the models are at the floor and show no law."
    )
    return Reason(code="saturated", message=message, level="refused")


def _misfit(fit: Fit, sd: float | None) -> Reason | None:
    if not sd or fit.scale <= _MISFIT * sd:
        return None
    message = (
        f"the residual scale, {100 * fit.scale:.2g} %, is {fit.scale / sd:.1f} times the standard deviation of the "
        f"seeds, {100 * sd:.2g} %: the runs do not follow the form of the law to within their noise."
    )
    return Reason(code="misfit", message=message, level="caution")


def _wide_left_out(figures: RowFigures, flops: float) -> Reason | None:
    low, high = figures.left_out or (0.0, 0.0)
    if high - low <= _WIDE_LEFT_OUT:
        return None
    message = (
        f"without one (N, D) or another, N* at {format_flops(flops)} FLOPs ranges over a factor of "
        f"{math.exp(min(high - low, 50.0)):.2g}: it hangs on single points of the grid."
    )
    return Reason(code="wide-left-out", message=message, level="caution")


def _at_entropy_bound(source: SourceRecord, fit: Fit) -> Reason | None:
    if not source.entropy_bound or fit.max_e is None or fit.theta[0] < fit.box.high[0] - 1e-6:
        return None
    message = (
        f"E lies at the entropy bound of the documents, {source.entropy_bound:.4g} nats/token; the runs want it higher."
    )
    return Reason(code="e-at-entropy-bound", message=message, level="caution")


def _under_entropy_rate(source: SourceRecord, group: GroupFit) -> Reason | None:
    """Compare E with the entropy rate, which an unambiguous grammar's documents cannot be predicted below."""
    if source.entropy_rate is None or group.draws is None or group.fit is None:
        return None
    low, high = ci95(np.exp(group.draws.rows[:, 0]))
    if high >= source.entropy_rate:
        return None
    message = (
        f"E = {math.exp(group.fit.parameters[0]):.3g} nats/token (95 % {low:.3g} to {high:.3g}) is below the entropy "
        f"rate, {source.entropy_rate:.3g}: the grammar is ambiguous, or the runs are too far from the floor to see it."
    )
    return Reason(code="e-under-entropy-rate", message=message, level="caution")
