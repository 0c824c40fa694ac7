"""The picture of profiles shows what was measured, and compares only what may be compared."""

from __future__ import annotations

from itertools import pairwise

import pytest

from advisor.calibrations.published_evidence import CODE_TEXT, WEB
from advisor.calibrations.six_corpora import six_corpora
from advisor.compressibility.mixture import Mixture
from advisor.compressibility.protocol import DEFAULT_PROTOCOL, Protocol
from advisor.laws.text import WEB_H
from tests.report.pictures.made import bars, extent, is_whole, picture, points, profile, texts

pytest.importorskip("matplotlib")


def test_a_row_for_each_corpus_with_its_sequences_median_and_interval():
    found = [profile("prose.jsonl", 0.55), profile("code/", 0.39)]
    figure = picture(found)
    (axis,) = figure.axes
    assert [label.get_text() for label in axis.get_yticklabels()] == ["prose.jsonl", "code/"]
    assert points(axis) == [(0.55, 0.0), (0.39, 1.0)]
    assert bars(axis) == [pytest.approx((0.54, 0.56)), pytest.approx((0.38, 0.40))]
    stairs = [patch for patch in axis.patches if hasattr(patch, "get_data")]
    for row, (each, patch) in enumerate(zip(found, stairs, strict=True)):
        values, edges, baseline = patch.get_data()
        assert (edges[0], edges[-1]) == (0.0, 0.8)
        heights = [baseline - value for value in values]
        assert heights == pytest.approx([0.72 * count / 500 for count in each.compressibility.histogram.counts])
        assert baseline == row + 0.34
    assert {"0.550", "0.390"} <= set(texts(figure))


def test_web_text_and_code_stand_beside_with_their_sources():
    figure = picture(profile("a", 0.5))
    (axis,) = figure.axes
    code = six_corpora().texts["starcoder"].compressibility
    upright = [line.get_xdata() for line in axis.lines if line.get_marker() == "None"]
    assert [x[0] for x in upright if x[0] == x[1]] == [WEB_H, code]
    spans = [patch.get_extents().transformed(axis.transData.inverted()) for patch in axis.patches[-2:]]
    assert [(span.x0, span.x1) for span in spans] == [pytest.approx(kind.h_range) for kind in (WEB, CODE_TEXT)]
    assert {"web text 0.565", "code 0.402"} <= set(texts(figure))
    assert "arXiv:2411.12925" in figure._supxlabel.get_text().replace("\n", " ")


def test_values_measured_in_another_way_are_not_compared():
    bytewise = Protocol(tokenizer="bytes")
    figure = picture([profile("a", 0.5), profile("b", 0.5, protocol=bytewise)])
    said = figure._supxlabel.get_text().replace("\n", " ")
    assert "Web text and code are left out: their H was measured in another way than that of these corpora." in said
    assert said.endswith("These corpora were measured in different ways: their H cannot be compared.")
    assert not any("web text" in text for text in texts(figure) if text != figure._supxlabel.get_text())
    assert len(figure.axes[0].patches) == 2
    alone = picture([profile("a", 0.5, protocol=bytewise), profile("b", 0.5, protocol=bytewise)])
    assert "different ways" not in alone._supxlabel.get_text()


def test_a_corpus_without_sequences_or_interval_has_its_median():
    mixture = Mixture(
        source="a 50 %, b 50 %",
        sources=("a", "b"),
        weights=(0.5, 0.5),
        protocol=DEFAULT_PROTOCOL,
        median=0.5,
        ci95=None,
        estimated_tokens=None,
        bytes_per_token=None,
        non_ascii_fraction=None,
    )
    figure = picture([profile("a", 0.45, ci95=None), mixture])
    assert points(figure.axes[0]) == [(0.45, 0.0), (0.5, 1.0)]
    assert bars(figure.axes[0]) == []


def test_twenty_corpora_with_long_names_have_room():
    names = [f"/data/$x_{{{i}$/{'long ' * 20}コーパス{i}.jsonl" for i in range(20)]
    figure = picture([profile(name, 0.4 + 0.005 * i) for i, name in enumerate(names)])
    assert is_whole(figure)
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert len(set(labels)) == 20
    boxes = [extent(label) for label in figure.axes[0].get_yticklabels()]
    assert all(upper.y0 > lower.y1 for upper, lower in pairwise(boxes))


def test_more_corpora_than_a_page_holds_are_counted():
    figure = picture([profile(str(i), 0.5) for i in range(63)])
    assert len(points(figure.axes[0])) == 60
    assert figure._supxlabel.get_text().replace("\n", " ").endswith("Not drawn: 3 more.")
