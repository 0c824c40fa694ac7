"""The chart of a fit: its interval beyond the runs, by the law's draws or by its document, and the largest run."""

from __future__ import annotations

import pytest

from advisor.errors import AdvisorError
from advisor.json_fields import Node
from advisor.laws.drift import widened
from advisor.laws.law_file import law_from
from advisor.laws.scaling_law import central_interval
from advisor.report.page.fit_chart import fit_chart
from advisor.report.page.fits import fit_section

LAW = {
    **{"E": 1.8, "A": 480.0, "B": 2000.0, "alpha": 0.35, "beta": 0.37, "exponent_a": 0.514, "count": "total"},
    **{"verdict": "ok", "ranges": {"flops": [1e18, 1e20]}},
}
DRAWS = [[6.17 + i / 1000, 7.6 - i / 1000, 0.588, 0.35, 0.37] for i in range(-20, 21)]


def row(flops, low, high):
    return {
        **{"flops": flops, "n_params": 3e9, "n_tokens": 59e9, "tokens_per_param": 20.0, "loss_nats_per_token": 2.3},
        "ci95": {"n_params": [low, high], "n_tokens": [40e9, 80e9], "loss_nats_per_token": [2.2, 2.4]},
    }


def node(value):
    return Node(value, "fit.json", "", AdvisorError)


def chart(law, *others):
    found = fit_chart({"all": node(law), **{f"law {i}": node(other) for i, other in enumerate(others)}})
    assert found is not None
    return found, {each.name: each for each in found.series}


def test_draws_give_the_interval_at_each_budget_to_ten_times_the_largest_run():
    found, series = chart({**LAW, "draws": DRAWS})
    band, line = series["law: 95 % interval"], series["law"]
    assert band.x == line.x
    assert (line.x[0], line.x[-1]) == pytest.approx((1e18, 1e21))
    law = law_from(node({**LAW, "draws": DRAWS}), name="law", source="")
    for at in (0, 25, 40):
        rows = widened(law, band.x[at]).drawn_frontiers(band.x[at])
        assert (band.low[at], band.y[at]) == pytest.approx(central_interval((n for n, _, _ in rows), 0.95))
    assert band.y[40] / band.low[40] > 1.5 * band.y[20] / band.low[20]
    assert series["largest run"].x == (1e20, 1e20)
    assert found.says == "By 1 law; bands are 95 % intervals, which widen beyond the runs."


def test_a_document_without_draws_has_the_intervals_of_its_table():
    _, series = chart({**LAW, "frontier": [row(1e20, 8e8, 1e9), row(1e21, 2e9, 5e9)]})
    band = series["law: 95 % interval"]
    assert (band.x, band.low, band.y) == ((1e20, 1e21), (8e8, 2e9), (1e9, 5e9))
    _, series = chart({**LAW, "frontier": [row(1e21, 2e9, 5e9)]})
    assert series["law: 95 % interval"].low == (2e9, 2e9)


def test_without_an_interval_the_line_ends_with_the_runs():
    found, series = chart(LAW)
    assert list(series) == ["law"]
    assert series["law"].x[-1] == pytest.approx(1e20)
    assert found.says == "By 1 law."


def test_the_bands_of_many_laws_are_left_to_the_table():
    law = {**LAW, "frontier": [row(1e20, 8e8, 1e9), row(1e21, 2e9, 5e9)]}
    _, series = chart(law, law, law)
    assert sum(each.form == "band" for each in series.values()) == 3
    _, series = chart(law, law, law, law, law)
    assert {each.form for each in series.values()} == {"line"}


def test_a_quantity_is_written_as_on_the_screen():
    section = fit_section({"all": node({**LAW, "frontier": [row(1e21, 2e9, 5e9)]})}, "")
    assert section.answer == ("At 1e21 FLOPs the runs ask for 3.00B parameters (95 % 2.00B to 5.00B) on 59.0B tokens.")
