"""The picture of a comparison has every row's N and D with its interval."""

from __future__ import annotations

import pytest

from advisor.answer.comparison import compare
from advisor.answer.request import Request
from tests.report.pictures.made import bars, is_whole, picture, points, profile, texts

pytest.importorskip("matplotlib")
pytestmark = pytest.mark.usefixtures("nothing_ships")
PROSE, CODE = profile("prose.jsonl", 0.56), profile("code/", 0.40)


def test_corpora_side_by_side_a_colour_for_each_budget():
    found = compare([Request(flops=1e21), Request(flops=1e22)], [PROSE, CODE])
    figure = picture(found)
    params, tokens = figure.axes
    answers = [row.headline for row in found.rows]
    assert [x for x, _ in points(params)] == [answer.n_params for answer in answers]
    assert [x for x, _ in points(tokens)] == [answer.n_tokens for answer in answers]
    assert bars(params) == [answer.interval80.n_params for answer in answers]
    assert bars(tokens) == [answer.interval80.n_tokens for answer in answers]
    assert [round(y) for _, y in points(params)] == [0, 0, 1, 1]
    assert [label.get_text() for label in params.get_yticklabels()] == ["prose.jsonl", "code/"]
    colors = [line.get_color() for line in params.lines if line.get_marker() == "o"]
    assert colors[:2] == colors[2:]
    assert len(set(colors)) == 2
    assert {"1e21 FLOPs", "1e22 FLOPs", "parameters N (total)", "training tokens D"} <= set(texts(figure))


def test_budgets_alone_are_rows():
    found = compare([Request(flops=1e20), Request(flops=1e21), Request(flops=1e22)])
    params, tokens = picture(found).axes
    assert [label.get_text() for label in params.get_yticklabels()] == ["1e20 FLOPs", "1e21 FLOPs", "1e22 FLOPs"]
    assert points(tokens) == [(row.headline.n_tokens, float(i)) for i, row in enumerate(found.rows)]


def test_a_corpus_named_twice_and_a_budget_given_twice_keep_their_rows():
    twice = compare([Request(flops=1e21)] * 2, [PROSE, profile("prose.jsonl", 0.56)])
    params, _ = picture(twice).axes
    assert len(points(params)) == 4
    assert [label.get_text() for label in params.get_yticklabels()] == ["prose.jsonl", "prose.jsonl"]


def test_many_corpora_budgets_and_long_names_fit():
    many = [profile(f"/a long $folder$/{'x' * 80}/コーパス-{i}.jsonl", 0.4 + i / 200) for i in range(20)]
    figure = picture(compare([Request(flops=10.0**k) for k in range(19, 29)], many[:2]))
    assert is_whole(figure)
    assert min(axis.get_position().width for axis in figure.axes) > 0.3
    assert is_whole(picture(compare([Request(flops=1e21, law="kaplan")], many)))


def test_more_rows_than_a_page_holds_are_counted():
    figure = picture(compare([Request(flops=1e21, law="kaplan")], [profile(str(i), 0.5) for i in range(42)]))
    assert len(points(figure.axes[0])) == 40
    assert figure._suptitle.get_text().replace("\n", " ").endswith("bars: 80 %; 2 more rows not drawn")
