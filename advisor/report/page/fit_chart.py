"""The best size along the budget by fitted laws, each with its interval and the optima that its runs show."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.json_fields import Node
from advisor.laws.drift import widened
from advisor.laws.law_file import law_from
from advisor.laws.scaling_law import ScalingLaw, central_interval
from advisor.quantities import format_flops
from advisor.report.page.blocks import Axis, Chart, Series
from advisor.report.page.curves import colour
from advisor.report.page.reading import members
from advisor.report.text import plural, quantity

_NEEDED = ("E", "A", "B", "alpha", "beta", "exponent_a")
_ALL = "all"  # the name of the one group of a table without groups
_LEVEL = 0.95  # of what is fitted, as in the tables
_N_BUDGETS = 41
_BEYOND = 10.0  # times the largest run: how far a line reaches whose interval is known there, as in fit's picture
_WIDE = 1.06  # of the budget, to either side, where an interval is known at one budget alone
_MOST_OFF = 30.0  # times the best sizes: draws of runs that hardly carry a law run over dozens of decades
_MOST_BANDS = 4  # laws: more bands lie over each other, and the table has the intervals
_LAST_COLOUR = 7

Place = tuple[float, float]
Interval = tuple[float, float, float]


def fit_chart(laws: dict[str, Node]) -> Chart | None:
    """Return N along the budget by each law, with its interval, beside the optima that the runs of one budget show."""
    with_bands = len(laws) <= _MOST_BANDS
    series = [
        each
        for number, (group, law) in enumerate(laws.items())
        for each in _of_law(number, group, law, with_band=with_bands)
    ]
    if not series:
        return None
    if len(laws) == 1:
        series += _largest_run(next(iter(laws.values())), series)
    forms = {each.form for each in series}
    band = "; bands are 95 % intervals, which widen beyond the runs" if "band" in forms else ""
    points = "; points are the best sizes among runs of one budget" if "points" in forms else ""
    return Chart(
        name="fit",
        title="Parameters along the budget",
        x=Axis(label="training budget, FLOPs", log=True),
        y=Axis(label="best number of parameters", log=True),
        series=tuple(series),
        says=f"By {plural(f'{len(laws)}', 'law')}{band}{points}.",
    )


def _of_law(number: int, group: str, node: Node, *, with_band: bool) -> list[Series]:
    """Return a law's best sizes from the least to the largest budget known of, its interval, its runs' own optima."""
    iso = node.get("isoflop")
    places = [] if iso is None else _optima(iso)
    flops = [*(each for each, _ in places), *_budgets(node)]
    if not flops or any(node.get(name) is None for name in _NEEDED):
        return []
    law = law_from(node, name=group, source="")
    if law.draws and law.ranges.flops is not None:
        flops.append(_BEYOND * law.ranges.flops[1])
    x = _spaced(flops)
    y = tuple(law.frontier(each).n_params for each in x)
    name = "law" if group == _ALL else group
    text = tuple(f"{group}: {quantity(n)} at {format_flops(c)} FLOPs" for c, n in zip(x, y, strict=True))
    line = Series(name=name, form="line", x=x, y=y, text=text, colour=colour(number))
    band = _band(f"{name}: 95 % interval", _intervals(law, node, x), y, number) if with_band else []
    return [*band, line, *_points(number, name, places)]


def _budgets(node: Node) -> list[float]:
    """Return the budgets that a law's document knows of: those of its best sizes, and the ends of its runs."""
    ranges = node.get("ranges")
    ends = None if ranges is None else ranges.get("flops")
    found = [row["flops"] for row in members(node.get("frontier"))] + members(ends)
    return [each.number(0, open_ends=True) for each in found]


def _spaced(flops: Sequence[float]) -> tuple[float, ...]:
    """Return budgets from the least to the largest; about a single one, from half of it to twice."""
    low, high = min(flops), max(flops)
    if high <= low:
        low, high = low / 2, high * 2
    return tuple(low * (high / low) ** (i / (_N_BUDGETS - 1)) for i in range(_N_BUDGETS))


def _intervals(law: ScalingLaw, node: Node, x: Sequence[float]) -> list[Interval]:
    """Return budgets with the 95 % interval of N there: by the law's draws, else as its document has them."""
    if law.draws:
        rows = [(each, widened(law, each).drawn_frontiers(each)) for each in x]
        known = [(each, [n for n, _, _ in found]) for each, found in rows if found is not None]
        return [(each, *central_interval(sizes, _LEVEL)) for each, sizes in known]
    found = [
        (row["flops"].number(0, open_ends=True), *ends.pair(0))
        for row in members(node.get("frontier"))
        if (sure := row.get("ci95")) is not None and (ends := sure.get("n_params")) is not None
    ]
    if len(found) == 1:
        ((flops, low, high),) = found
        return [(flops / _WIDE, low, high), (flops * _WIDE, low, high)]
    return sorted(found)


def _band(name: str, intervals: list[Interval], y: Sequence[float], number: int) -> list[Series]:
    """Return the band of intervals, cut where it is far from every best size; none without an interval."""
    if not intervals:
        return []
    least, most = min(y) / _MOST_OFF, max(y) * _MOST_OFF
    x, low, high = zip(*((c, max(a, least), min(b, most)) for c, a, b in intervals), strict=True)
    return [Series(name=name, form="band", x=x, y=high, low=low, colour=colour(number))]


def _points(number: int, name: str, places: list[Place]) -> list[Series]:
    if not places:
        return []
    x, y = zip(*places, strict=True)
    text = tuple(f"best of the runs: {quantity(n)} at {format_flops(c)} FLOPs" for c, n in places)
    of = f"{name}: best among runs of one budget"
    return [Series(name=of, form="points", x=x, y=y, text=text, colour=colour(number))]


def _largest_run(node: Node, series: Sequence[Series]) -> list[Series]:
    """Return a line at the largest run, beyond which the law extrapolates; none without."""
    beyond, ranges = node.get("extrapolation"), node.get("ranges")
    ends = None if ranges is None else ranges.get("flops")
    if beyond is not None and beyond.get("largest_flops") is not None:
        flops = beyond["largest_flops"].number(0, open_ends=True)
    elif ends is not None:
        flops = ends.pair(0)[1]
    else:
        return []
    if flops >= max(value for each in series for value in each.x):
        return []
    sizes = [value for each in series for value in (*each.y, *each.low)]
    text = (f"the largest run: {format_flops(flops)} FLOPs",) * 2
    ends_of_line = (min(sizes), max(sizes))
    name = "largest run"
    return [Series(name=name, form="line", x=(flops, flops), y=ends_of_line, text=text, colour=_LAST_COLOUR)]


def _optima(iso: Node) -> list[Place]:
    """Return the budgets of runs, each with the size that did best there."""
    flops, sizes = members(iso["flops"]), members(iso["n_params"])
    if len(flops) != len(sizes):
        raise iso["n_params"].fail(f"must have a size for each of the {len(flops)} budgets, not {len(sizes)}")
    return [(c.number(0, open_ends=True), n.number(0, open_ends=True)) for c, n in zip(flops, sizes, strict=True)]
