"""Charts without a library: where marks stand, what is drawn, and that names are text."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from advisor.report.page.blocks import Axis, Chart, Series
from advisor.report.page.svg import HEIGHT, WIDTH, svg, tick_text, ticks
from tests.report.page.pages import HOSTILE

BAND = Series(name="interval", form="band", x=(2e9, 3e9), y=(2.4, 2.4), low=(2.3, 2.3))
LINE = Series(name=HOSTILE, form="line", x=(1e9, 2e9, 4e9), y=(2.4, 2.3, 2.4), colour=1)
POINT = Series(name="best", form="points", x=(2e9,), y=(2.3,), text=("best: <2.00B>",))
CHART = Chart(
    name="sizes",
    title="SizeCurve & <b>",
    x=Axis(label="N", log=True),
    y=Axis(label="loss"),
    series=(POINT, LINE, BAND),
    says="A valley.",
)


def test_bands_lie_below_lines_and_these_below_points():
    root = ElementTree.fromstring(svg(CHART))
    assert root.get("aria-label") == "SizeCurve & <b>. A valley."
    drawn = [each.tag for each in root if each.tag in ("polygon", "polyline", "circle")]
    assert drawn == ["polygon", "polyline", "circle"]
    assert [each.text for each in root.iter("title")] == ["interval", HOSTILE, "best: <2.00B>"]


def test_everything_is_inside_the_picture():
    root = ElementTree.fromstring(svg(CHART))
    for each in root.iter("circle"):
        assert 0 < float(each.attrib["cx"]) < WIDTH
        assert 0 < float(each.attrib["cy"]) < HEIGHT
    for shape in [*root.iter("polyline"), *root.iter("polygon")]:
        places = [tuple(map(float, each.split(","))) for each in shape.attrib["points"].split()]
        assert all(0 < x < WIDTH and 0 < y < HEIGHT for x, y in places)


@pytest.mark.parametrize(
    ("axis", "low", "high", "said"),
    [
        (Axis(label="N", log=True), 9e8, 3e10, "1B 2B 5B 10B 20B"),
        (Axis(label="C", log=True), 1e18, 1e23, "1e18 1e19 1e20 1e21 1e22 1e23"),
        (Axis(label="passes", log=True), 1, 40, "1 2 5 10 20"),
        (Axis(label="training budget, FLOPs", log=True), 1e8, 1e10, "1e8 2e8 5e8 1e9 2e9 5e9 1e10"),
        (Axis(label="N", log=True), 2.2e9, 4.9e9, "2.5B 3B 3.5B 4B"),
        (Axis(label="loss"), 2.3, 2.52, "2.3 2.35 2.4 2.45 2.5"),
        (Axis(label="wasted, %"), 0, 80, "0 20 40 60 80"),
        (Axis(label="H"), 0.0, 0.8, "0 0.2 0.4 0.6 0.8"),
    ],
)
def test_marks_are_round_numbers(axis, low, high, said):
    assert " ".join(tick_text(axis, each) for each in ticks(axis, low, high)) == said


def test_a_flat_line_can_be_drawn():
    flat = Series(name="flat", form="line", x=(1.0, 2.0), y=(2.0, 2.0))
    chart = Chart(name="f", title="", x=Axis(label="x"), y=Axis(label="y"), series=(flat,), says="")
    assert "nan" not in svg(chart)
