"""The panel of a recommendation that shows N and D against the budget, with their 80 % intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from advisor.answer.law_choice import Known, choose_laws
from advisor.answer.recommendation import Recommendation
from advisor.answer.request import Request
from advisor.errors import LawError
from advisor.laws.scaling_law import Law, ScalingLaw, central_interval
from advisor.quantities import format_quantity
from advisor.report.pictures.style import BEST, BLUE, GREY, ORANGE, around, flops_axis, log_axis, spaced

if TYPE_CHECKING:
    from advisor.answer.row import Bounds

_N_BUDGETS = 24
_REACH = 100.0  # times the budget to either side


class Marked(Protocol):
    """An allocation that is marked beside the frontier."""

    @property
    def n_params(self) -> float: ...  # noqa: D102
    @property
    def n_tokens(self) -> float: ...  # noqa: D102
    @property
    def flops(self) -> float: ...  # noqa: D102
    @property
    def color(self) -> str: ...  # noqa: D102
    @property
    def marker(self) -> str: ...  # noqa: D102


def draw_frontier(axis: Any, recommendation: Recommendation, asked: Sequence[Marked]) -> None:
    """Draw N and D of the headline's law against the budget, the user's own marked; dashed beyond the law's runs."""
    best = recommendation.headline
    laws = dict(_laws_by_budget(recommendation, best.flops))
    values = [best.n_params, best.n_tokens]
    for name, which, color in (("D", 1, ORANGE), ("N", 0, BLUE)):
        values += _draw_quantity(axis, laws, name, which, color)
        axis.plot([best.flops], [(best.n_params, best.n_tokens)[which]], color=color, zorder=5, **{**BEST, "ms": 8})
    for size in asked[:-1]:
        for value in (size.n_params, size.n_tokens):
            axis.plot([size.flops], [value], size.marker, color=size.color, mec="white", mew=0.8, ms=7, zorder=6)
            values.append(value)
    axis.axvline(best.flops, color=GREY, lw=0.9, ls=":", zorder=0)
    flops_axis(axis, "x", (min(laws), max(laws)))
    log_axis(axis, "y", around(values, 1.15), most=7)
    axis.set(xlabel="budget, training FLOPs", ylabel="parameters N, tokens D")
    for value in (best.n_params, best.n_tokens) if len(asked) == 1 else ():  # else the title has another answer's
        at = {"xytext": (-6, 4), "textcoords": "offset points", "ha": "right", "va": "bottom"}
        axis.annotate(format_quantity(value), (best.flops, value), **at)


def _laws_by_budget(recommendation: Recommendation, flops: float) -> list[tuple[float, Law]]:
    """Return the headline's law at budgets around ``flops``, each with draws as wide as an answer there."""
    found = []
    reach = recommendation.candidates.headline.ranges.flops
    budgets = {*spaced(flops / _REACH, flops * _REACH, _N_BUDGETS), flops, *(() if reach is None else reach)}
    for budget in sorted(budgets):
        if not flops / _REACH <= budget <= flops * _REACH:
            continue
        try:
            law = law_at_budget(recommendation, budget)
            law.frontier(budget)
        except LawError:  # beyond what numbers can hold
            continue
        found.append((budget, law))
    return found


def law_at_budget(recommendation: Recommendation, flops: float) -> Law:
    """Return the law by which the request would be answered at another budget."""
    request, profile = recommendation.request, recommendation.profile
    asked = Request(
        flops=flops,
        compressibility=request.compressibility,
        bytes_per_token=request.bytes_per_token,
        law=request.law,
        epsilon=request.epsilon,
        base=request.base,
        coefficients=request.coefficients,
        calibration=request.calibration,
        pilot=request.pilot,
    )
    known = Known(
        compressibility=recommendation.compressibility,
        ci95=None if profile is None else profile.ci95,
        epsilon=request.epsilon,
        text=recommendation.candidates.text,
    )
    return choose_laws(asked, recommendation.usable, known).headline


def _draw_quantity(axis: Any, laws: dict[float, Law], name: str, which: int, color: str) -> list[float]:
    """Draw N or D by budget with its interval and its name; return every value drawn."""
    best = [(law.frontier(budget).n_params, law.frontier(budget).n_tokens)[which] for budget, law in laws.items()]
    bands = [_interval(law, budget, which) for budget, law in laws.items()]
    drawn = [(budget, band) for budget, band in zip(laws, bands, strict=True) if band is not None]
    if drawn:
        low, high = zip(*(band for _, band in drawn), strict=True)
        axis.fill_between([budget for budget, _ in drawn], low, high, color=color, alpha=0.22, lw=0)
    reach = next(iter(laws.values())).ranges.flops
    inside = [budget for budget in laws if reach is None or budget <= reach[1]]
    dashed = {"lw": 1.6, "ls": (0, (3, 1.5)), "label": f"{name} beyond the law's runs"}
    axis.plot(list(laws)[max(len(inside) - 1, 0) :], best[max(len(inside) - 1, 0) :], color=color, **dashed)
    axis.plot(inside, best[: len(inside)], color=color, label=name)
    place = {"xytext": (5, 0), "textcoords": "offset points", "va": "center", "color": color, "weight": "bold"}
    axis.annotate(name, (max(laws), best[-1]), annotation_clip=False, **place)
    return [*best, *(end for _, band in drawn for end in band)]


def _interval(law: Law, flops: float, which: int) -> Bounds | None:
    """Return the 80 % interval of N or D at a budget; None for a law without draws."""
    if not isinstance(law, ScalingLaw) or not law.draws:
        return None
    rows = law.drawn_frontiers(flops)
    if rows is None:
        best = [drawn.frontier(flops) for drawn in law.drawn_laws()]
        rows = [(each.n_params, each.n_tokens, 0.0) for each in best]
    return central_interval(row[which] for row in rows)
