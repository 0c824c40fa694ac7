"""Two panels of a fit: the IsoFLOP profiles with each one's optimum, and N* that the law predicts at larger budgets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from advisor.laws.drift import widened
from advisor.laws.parameters import Parameters
from advisor.laws.scaling_law import central_interval
from advisor.quantities import format_flops
from advisor.report.pictures.style import (
    BEST,
    BLUE,
    GREY,
    ORANGE,
    SHADES,
    around,
    flops_axis,
    log_axis,
    plain_axis,
    spaced,
)
from advisor.report.text import counted

if TYPE_CHECKING:
    from advisor.answer.row import Bounds
    from advisor.laws.scaling_law import ScalingLaw
    from calibration.fit.analysis import GroupFit
    from calibration.fit.isoflop import IsoFlop

_LEVEL = 0.95  # of what is measured and fitted
_N_BUDGETS = 16
_MOST_OFF = 30.0


def draw_isoflops(axis: Any, found: IsoFlop) -> None:
    """Draw the runs of each budget, the profile through them, and its optimum with a 95 % interval."""
    from matplotlib import colormaps

    values: list[float] = []
    for i, curve in enumerate(found.curves):
        color = colormaps[SHADES](0.92 * i / max(len(found.curves) - 1, 1))
        axis.plot(curve.run_n_params, curve.run_loss, ".", ms=4.5, color=color, label=format_flops(found.flops[i]))
        axis.plot(curve.n_params, curve.loss, lw=1.2, color=color)
        lowest = _loss_at(curve.n_params, curve.loss, found.n_params[i])
        axis.plot(found.n_params_ci95[i], (lowest, lowest), color="black", lw=1.6, zorder=3)
        axis.plot([found.n_params[i]], [lowest], color="black", zorder=4, **{**BEST, "ms": 5})
        values += [*curve.n_params, found.n_params[i]]
    log_axis(axis, "x", around(values, 1.05), most=4)
    plain_axis(axis, "y")
    budgets = f"{format_flops(found.flops[0])} to {format_flops(found.flops[-1])}"
    axis.set(xlabel="parameters N", ylabel="loss, nats/token", title=f"IsoFLOP, {budgets}")


def _loss_at(n_params: Any, loss: Any, n: float) -> float:
    import numpy as np

    return float(np.interp(np.log(n), np.log(n_params), loss))


def draw_predictions(axis: Any, group: GroupFit) -> None:
    """Draw N* against the budget with its 95 % interval, which widens beyond the runs by the drift of such laws."""
    law, runs = group.law, group.runs
    assert law is not None
    assert group.draws is not None
    largest = float(runs.flops.max())
    last = max(10 * largest, *(budget.flops for budget in group.budgets))
    budgets = sorted({*spaced(float(runs.flops.min()), last, _N_BUDGETS), largest})
    whole = replace(law, draws=tuple(Parameters(*row) for row in group.draws.rows.tolist()))
    bands = [_interval(whole, flops) for flops in budgets]
    best = [law.frontier(flops).n_params for flops in budgets]
    axis.fill_between(budgets, *zip(*bands, strict=True), color=BLUE, alpha=0.22, lw=0)
    n_inside = budgets.index(largest) + 1
    axis.plot(budgets[:n_inside], best[:n_inside], color=BLUE)
    axis.plot(budgets[n_inside - 1 :], best[n_inside - 1 :], color=BLUE, ls=(0, (3, 1.5)))
    for budget in group.budgets:
        axis.plot([budget.flops] * 2, budget.n_params_ci95, color=BLUE, lw=1.6)
        axis.plot([budget.flops], [budget.n_params], color=BLUE, **BEST)
    if group.isoflop is not None:
        axis.plot(group.isoflop.flops, group.isoflop.n_params, "D", mfc="white", color=ORANGE, ms=4.5, label="IsoFLOP")
        axis.legend(loc="upper left", handletextpad=0.2, borderaxespad=0.1)
    axis.axvline(largest, color=GREY, lw=0.9, ls=":", zorder=0)
    flops_axis(axis, "x", (budgets[0] / 1.5, last * 1.5), most=4)
    # Draws of runs that hardly carry a law run over dozens of decades, and the optimum would be a flat line.
    ends = [min(max(end, best[0] / _MOST_OFF), best[-1] * _MOST_OFF) for band in bands for end in band]
    log_axis(axis, "y", around([*best, *ends], 1.2), most=5)
    axis.set(xlabel="FLOPs; dotted: largest run", ylabel=f"best N ({counted(law.count)})")
    axis.set_title("optimum, 95 %")


def _interval(law: ScalingLaw, flops: float) -> Bounds:
    """Return the 95 % interval of N* at a budget, with the drift beyond the law's runs."""
    wide = widened(law, flops)
    rows = wide.drawn_frontiers(flops)
    if rows is None:
        return central_interval((drawn.frontier(flops).n_params for drawn in wide.drawn_laws()), _LEVEL)
    return central_interval((row[0] for row in rows), _LEVEL)
