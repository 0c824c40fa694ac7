"""The picture of repeated data has the rows of the table and, between them, the same law."""

from __future__ import annotations

import pytest

from advisor.answer.repetition.repeat_table import repeat_table
from advisor.laws.repetition import RepeatedLaw, average_value, last_value
from tests.report.pictures.made import is_whole, picture, points

pytest.importorskip("matplotlib")


def test_the_loss_of_a_budget_with_its_optimum():
    table = repeat_table(None, 25e9, flops=1e22)
    figure = picture(table)
    loss, _ = figure.axes
    assert [point for point in points(loss) if point[0] > 0] == [(row.epochs, row.loss) for row in table.rows]
    assert points(loss, "*") == [(table.optimum.epochs, table.optimum.loss)]
    law, curve = RepeatedLaw(base=table.base, unique_tokens=25e9), loss.lines[0]
    for epochs, drawn in list(zip(*curve.get_data(), strict=True))[::9]:
        tokens = 25e9 * float(epochs)
        assert drawn == pytest.approx(law.loss(1e22 / (6 * tokens), tokens), rel=1e-9)
    assert figure._suptitle.get_text().startswith("25.0B unique tokens, 1e22 FLOPs\nlaw muennighoff")
    assert is_whole(figure)


def test_what_an_epoch_is_worth_is_marked_at_4_16_and_40():
    worth = picture(repeat_table(None, 25e9)).axes[1]
    averages, lasts = points(worth)[::2], points(worth)[1::2]
    assert averages == [pytest.approx((e, 100 * average_value(e))) for e in (4, 16, 40)]
    assert lasts == [pytest.approx((e, 100 * last_value(e))) for e in (4, 16, 40)]
    upright = [line.get_xdata()[0] for line in worth.lines if line.get_linestyle() == ":"]
    assert upright == [4, 16, 40]
    assert [text.get_text() for text in worth.get_legend().get_texts()] == ["over all epochs", "at their end"]


def test_intervals_and_the_rows_beyond_40_epochs_are_there():
    table = repeat_table("chinchilla", 25e9, n_params=7e9, epochs=[0.5, 4, 100])
    loss, worth = picture(table).axes
    assert [x for x, _ in points(loss)] == [0.5, 4, 100]
    drawn = [tuple(line.get_ydata()) for line in loss.lines if len(set(line.get_xdata())) == 1 and line.get_alpha()]
    assert drawn == [row.loss_interval80 for row in table.rows]
    blind = worth.patches[0].get_extents().transformed(worth.transData.inverted())
    assert (blind.x0, blind.x1) == pytest.approx((40, 115))


def test_the_title_is_whole_where_neither_a_budget_nor_a_size_is_given():
    figure = picture(repeat_table(None, 25e9))
    said = " ".join(figure._suptitle.get_text().split("\n"))
    assert said.startswith("25.0B unique tokens, the best number of parameters for each number of epochs law muenn")
    assert is_whole(figure)
