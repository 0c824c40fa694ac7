"""The picture of a recommendation shows the answer's own numbers."""

from __future__ import annotations

import pytest

from advisor.answer.recommendation import recommend
from advisor.answer.request import Request
from advisor.laws.published import KAPLAN, MUENNIGHOFF
from tests.answer.said import CORPUS
from tests.report.pictures.made import bars, is_whole, picture, points, profile

pytest.importorskip("matplotlib")
pytestmark = pytest.mark.usefixtures("nothing_ships")


def rows(axis):
    """Return the sizes of each row by the row's name."""
    names = [label.get_text() for label in axis.get_yticklabels()]
    marked = [line for line in axis.lines if line.get_marker() not in ("None", "", None)]
    return {names[int(line.get_ydata()[0])]: float(line.get_xdata()[0]) for line in marked}


def title(figure):
    return figure._suptitle.get_text().split("\n")


def test_the_loss_of_every_size_with_what_is_nearly_as_good():
    found = recommend(Request(flops=1e21))
    loss, _, _ = picture(found).axes
    best, flat, law = found.headline, found.flat, found.candidates.headline
    curve = max(loss.lines, key=lambda line: len(line.get_xdata()))
    assert list(curve.get_ydata()) == [law.loss(n, 1e21 / (6 * n)) for n in curve.get_xdata()]
    assert points(loss) == [(best.n_params, best.loss)]
    assert bars(loss) == [best.interval80.n_params]
    near = loss.patches[0].get_extents().transformed(loss.transData.inverted())
    assert (near.x0, near.x1) == pytest.approx(flat.n_params_by_flops)
    shaded = loss.collections[0].get_paths()[0].get_extents()
    assert (shaded.x0, shaded.x1) == pytest.approx(flat.n_params_by_loss)
    assert (shaded.y0, shaded.y1) == pytest.approx((best.loss, 1.01 * best.loss), rel=1e-5)
    assert loss.get_ylabel() == "loss, nats/token"
    names = [text.get_text() for text in loss.get_legend().get_texts()]
    assert names == ["within 10 % of the FLOPs", "within 1 % of the loss"]


def test_every_law_has_its_row_and_is_hollow_where_its_n_counts_others():
    found = recommend(Request(flops=1e21))
    laws = picture(found).axes[1]
    assert rows(laws) == {answer.law: answer.n_params for answer in found.laws}
    assert bars(laws) == [answer.interval80.n_params for answer in found.laws if answer.interval80 is not None]
    hollow = [line.get_markerfacecolor() == "white" for line in laws.lines if line.get_marker() == "o"]
    assert hollow == [answer.count != "total" for answer in found.laws]
    assert laws.get_xlabel() == "parameters N (total; hollow: counted otherwise), bars: 80 %"


def test_the_frontier_is_what_would_be_answered_at_every_budget():
    found = recommend(Request(flops=1e21), profile=CORPUS)
    frontier = picture(found).axes[2]
    lines = {line.get_label(): line for line in frontier.lines}
    for name in ("N", "D"):
        line = lines[name]
        for budget, value in list(zip(*line.get_data(), strict=True))[::7]:
            there = recommend(Request(flops=float(budget)), profile=CORPUS).headline
            assert value == pytest.approx({"N": there.n_params, "D": there.n_tokens}[name], rel=1e-12)
    (d_band, n_band) = frontier.collections
    for band, interval in ((n_band, found.headline.interval80.n_params), (d_band, found.headline.interval80.n_tokens)):
        at = [y for x, y in band.get_paths()[0].vertices if x == 1e21]
        assert (min(at), max(at)) == pytest.approx(interval)
    reach = found.candidates.headline.ranges.flops[1]
    assert lines["N"].get_xdata()[-1] == lines["N beyond the law's runs"].get_xdata()[0] == reach


def test_the_losses_of_web_text_are_not_shown_for_another_corpus():
    found = recommend(Request(flops=1e21), profile=CORPUS)
    loss = picture(found).axes[0]
    assert loss.get_ylabel() == "loss above the least, %"
    assert points(loss) == [(found.headline.n_params, 0.0)]
    shaded = loss.collections[0].get_paths()[0].get_extents()
    assert shaded.y1 == pytest.approx(1.0)


def test_your_choice_limited_data_and_serving_are_marked():
    chosen = recommend(Request(flops=1e21, n_params=7e9))
    loss, laws, frontier = picture(chosen).axes
    assert points(loss, "X") == [(7e9, chosen.choice.loss)]
    assert rows(laws)["your choice"] == 7e9
    assert title(laws.figure)[0] == "Your 7.00B parameters on 23.8B tokens waste 25.9 % of 1e21 FLOPs,"
    assert points(frontier, "X") == [(1e21, 7e9), (1e21, chosen.choice.n_tokens)]
    limited = recommend(Request(flops=1e22, unique_tokens=25e9))
    figure = picture(limited)
    first = limited.limited[0]
    assert rows(figure.axes[1])["25.0B unique, muennighoff"] == first.n_params
    assert points(figure.axes[2], "D") == [(1e22, first.n_params), (1e22, first.n_tokens)]
    assert title(figure) == [
        "Train 7.03B parameters on 237B tokens: 9.49 passes over 25.0B",
        "unique tokens, loss 2.222 nats/token by muennighoff.",
        "1e22 FLOPs, law muennighoff",
    ]
    served = recommend(Request(n_params=13e9, inference_tokens=2e12))
    figure, best = picture(served), served.inference.best
    assert points(figure.axes[0], "s") == []  # it is trained with another budget than that of the curve
    assert rows(figure.axes[1])["to serve 2.00T, 2.69e22 FLOPs"] == best.n_params
    assert points(figure.axes[2], "s") == [(best.training_flops, best.n_params), (best.training_flops, best.n_tokens)]
    assert title(figure)[-1] == "2.69e22 FLOPs, law chinchilla"
    assert title(figure)[0] == "Train 6.09B parameters on 736B tokens to serve 2.00T more: 29.0 %"
    assert figure.axes[0].get_legend().get_texts()[-1].get_text() == "2.02e22 FLOPs"


def test_the_curve_of_limited_data_has_their_answer_and_none_of_unlimited_data():
    found = recommend(Request(flops=1e22, unique_tokens=25e9))
    loss, limited = picture(found).axes[0], found.limited[0]
    assert points(loss, "D") == [(limited.n_params, limited.loss)]
    assert points(loss) == []
    assert min(next(y for line in loss.lines if len(y := line.get_ydata()) > 2)) >= limited.loss
    shaded = loss.collections[0].get_paths()[0].get_extents()
    assert (shaded.x0, shaded.x1) == pytest.approx(limited.n_params_by_loss)
    names = [text.get_text() for text in loss.get_legend().get_texts()]
    assert names == ["within 1 % of the loss", "25.0B unique tokens"]


def test_a_choice_beyond_what_the_data_afford_is_on_the_curve_of_the_whole_budget():
    found = recommend(Request(flops=1e22, unique_tokens=1e9, n_params=7e9))
    loss, limited = picture(found).axes[0], found.limited[0]
    assert points(loss, "X") == [(7e9, pytest.approx(limited.choice.loss))]
    assert points(loss, "D") == [(limited.n_params, pytest.approx(limited.loss))]
    assert loss.collections[:] == []
    assert limited.choice.loss >= loss.get_ylim()[0]
    used = limited.choice.flops_used  # less than the budget, which 40 passes do not use
    assert points(picture(found).axes[2], "X") == [(used, 7e9), (used, 40e9)]


def test_a_law_without_losses_has_its_frontier_alone():
    figure = picture(recommend(Request(flops=1e21, law="kaplan")))
    (frontier,) = figure.axes
    best = KAPLAN.frontier(1e21)
    assert points(frontier) == [(1e21, best.n_tokens), (1e21, best.n_params)]
    assert frontier.collections[:] == []


def test_the_law_of_repeated_data_and_an_unreachable_loss_have_pictures():
    found = recommend(Request(flops=1e22, law="muennighoff", unique_tokens=25e9))
    assert rows(picture(found).axes[1])["muennighoff unlimited"] == MUENNIGHOFF.frontier(1e22).n_params
    far = recommend(Request(target_loss=1.9), profile=CORPUS)
    assert far.headline.interval80.n_params[1] == float("inf")
    low, high = bars(picture(far).axes[1])[0]
    assert low == far.headline.interval80.n_params[0]
    assert high < 1e16


@pytest.mark.parametrize("flops", [1e5, 1e13, 1e60, 1e200])
def test_any_budget_has_a_picture(flops):
    figure = picture(recommend(Request(flops=flops)))
    assert len(figure.axes) == 3


def test_a_name_from_outside_is_shown_as_it_is_and_fits():
    name = "/data/$x_{1}$/" + "a long folder/" * 20 + "日本語.jsonl"
    figure = picture(recommend(Request(flops=1e21), profile=profile(name, 0.5)))
    said = figure._suptitle.get_text().split("\n")
    assert said[-1] == "1e21 FLOPs, /data/$x_{1}$/a…older/日本語.jsonl, law data"
    assert " ".join(said[:-1]).startswith("Train 2.66B parameters on 62.6B tokens")
    assert is_whole(figure)
