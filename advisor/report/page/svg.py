"""A chart as SVG, drawn without a library: what a page shows on paper and where no script runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from advisor.quantities import format_flops, format_short_quantity
from advisor.report.page.blocks import Axis, Chart, Series
from advisor.report.pictures.style import ticks_between

WIDTH, HEIGHT = 560, 340
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 18, 12, 48
_DOT = 4.0
_LEAST_ROOM, _ROOM_OF_ONE = 1.05, 2.5  # times the ends of a logarithmic axis, or its one value
_STEPS = (1.0, 2.0, 5.0, 10.0)

Scale = Callable[[float], float]


def svg(chart: Chart) -> str:
    """Return the chart as an SVG element; its colours are those of the page, by classes."""
    from markupsafe import escape

    x = _scale(chart.x, [v for each in chart.series for v in each.x], _LEFT, WIDTH - _RIGHT)
    y = _scale(chart.y, [v for each in chart.series for v in (*each.y, *each.low)], HEIGHT - _BOTTOM, _TOP)
    lines = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(f"{chart.title}. {chart.says}")}">',
        *_grid(chart, x, y),
        *(mark for each in sorted(chart.series, key=_depth) for mark in _marks(each, x, y)),
        f'<text class="axis" x="{(_LEFT + WIDTH - _RIGHT) / 2}" y="{HEIGHT - 8}">{escape(chart.x.label)}</text>',
        f'<text class="axis" transform="translate(14 {(HEIGHT - _BOTTOM) / 2}) rotate(-90)">{escape(chart.y.label)}'
        "</text>",
        "</svg>",
    ]
    return "\n".join(lines)


def _depth(series: Series) -> int:
    return ("band", "line", "points").index(series.form)


def bounds(axis: Axis, values: list[float]) -> tuple[float, float]:
    """Return the ends of an axis, a little beyond its values."""
    low, high = min(values), max(values)
    if axis.log:
        room = _LEAST_ROOM if high > low else _ROOM_OF_ONE
        return low / room, high * room
    room = 0.04 * (high - low) or 0.5
    return (low if low == 0 else low - room), high + room


def _scale(axis: Axis, values: list[float], start: float, end: float) -> tuple[Scale, tuple[float, float]]:
    """Return from a value to its place between ``start`` and ``end``, and the ends of the axis."""
    low, high = bounds(axis, values)
    form: Scale = math.log if axis.log else float
    span = form(high) - form(low)
    return (lambda value: start + (end - start) * (form(value) - form(low)) / span), (low, high)


def ticks(axis: Axis, low: float, high: float) -> list[float]:
    """Return where an axis is marked: four to nine round numbers.

    >>> ticks(Axis(label="N", log=True), 1e9, 3e10), ticks(Axis(label="loss"), 2.0, 2.5)
    ([1000000000.0, 2000000000.0, 5000000000.0, 10000000000.0, 20000000000.0], [2.0, 2.1, 2.2, 2.3, 2.4, 2.5])
    """
    if not axis.log:
        rough = (high - low) / 5
        power = 10.0 ** math.floor(math.log10(rough))
        step = min((each * power for each in _STEPS), key=lambda each: abs(each - rough))
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        return [round(i * step, 10) for i in range(first, last + 1)]
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    among = (1, 2, 5) if len(decades) <= 4 else (1,)
    found = [float(f"{digit}e{decade}") for decade in decades for digit in among]
    inside = [each for each in found if low <= each <= high]
    # A single mark would not say how the axis runs.
    return inside if len(inside) > 1 else ticks_between(low, high, 6)


def tick_text(axis: Axis, value: float) -> str:
    """Return what stands beside a mark: 2B and 1e21 on logarithmic axes, 2.1 on others."""
    if not axis.log:
        return f"{value:g}"
    return (format_flops if "FLOPs" in axis.label else format_short_quantity)(value)


def _grid(chart: Chart, x: tuple[Scale, tuple[float, float]], y: tuple[Scale, tuple[float, float]]) -> Iterator[str]:
    bottom, right = HEIGHT - _BOTTOM, WIDTH - _RIGHT
    for value in ticks(chart.x, *x[1]):
        at = x[0](value)
        yield f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{_TOP}" y2="{bottom}"/>'
        yield f'<text class="tick" x="{at:.1f}" y="{bottom + 16}">{tick_text(chart.x, value)}</text>'
    for value in ticks(chart.y, *y[1]):
        at = y[0](value)
        yield f'<line class="grid" x1="{_LEFT}" x2="{right}" y1="{at:.1f}" y2="{at:.1f}"/>'
        yield f'<text class="tick side" x="{_LEFT - 6}" y="{at + 4:.1f}">{tick_text(chart.y, value)}</text>'


def _marks(series: Series, x: tuple[Scale, tuple[float, float]], y: tuple[Scale, tuple[float, float]]) -> Iterator[str]:
    from markupsafe import escape

    places = [f"{x[0](a):.1f},{y[0](b):.1f}" for a, b in zip(series.x, series.y, strict=True)]
    look = f'class="{series.form} c{series.colour}"'
    title = f"<title>{escape(series.name)}</title>"
    if series.form == "band":
        back = [f"{x[0](a):.1f},{y[0](b):.1f}" for a, b in zip(series.x, series.low, strict=True)]
        yield f'<polygon {look} points="{" ".join([*places, *reversed(back)])}">{title}</polygon>'
    elif series.form == "line":
        yield f'<polyline {look} points="{" ".join(places)}">{title}</polyline>'
    else:
        texts = series.text or [series.name] * len(series.x)
        for place, text in zip(places, texts, strict=True):
            a, b = place.split(",")
            yield f'<circle {look} cx="{a}" cy="{b}" r="{_DOT:g}"><title>{escape(text)}</title></circle>'
