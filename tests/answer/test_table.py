"""The table of optimal allocations as a library call: by a law's name, a law file or a law, and as the command says."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

import advisor as library
from advisor.answer.table import table
from advisor.errors import LawError, UsageError
from advisor.laws.published import CHINCHILLA, MUENNIGHOFF
from advisor.laws.scaling_law import ScalingLaw


def test_the_rows_are_the_frontier_in_order(advisor):
    found = library.table("chinchilla", flops=(1e22, 5.76e23))
    assert [row.flops for row in found.rows] == pytest.approx([1e22, 5.76e23])
    assert (found.law, found.asked_by, found.compressibility) == ("chinchilla", "budgets", None)
    assert found.rows[1].gopher_units == pytest.approx(1.0)
    for row in found.rows:
        best = CHINCHILLA.frontier(row.flops)
        assert (row.n_params, row.n_tokens) == pytest.approx((best.n_params, best.n_tokens))
        assert row.loss == CHINCHILLA.loss(row.n_params, row.n_tokens)
    document = json.loads(advisor("table", "--flops", "1e22,5.76e23", "--json").stdout)
    assert [row["n_params"] for row in document["rows"]] == [row.n_params for row in found.rows]


def test_without_rows_the_sizes_are_the_chinchilla_table_s():
    found = library.table()
    assert (len(found.rows), found.asked_by) == (9, "sizes")
    assert [row.n_params for row in found.rows][:2] == [400e6, 1e9]


def test_a_law_that_predicts_no_loss_has_none():
    assert [row.loss for row in library.table("kaplan", flops=(1e20,)).rows] == [None]


def test_a_law_may_be_given_itself_and_by_name():
    mine = ScalingLaw(name="mine", E=1.7, A=400.0, B=410.0, alpha=0.34, beta=0.28, count="total", source="here")
    assert library.table(mine, sizes=(1e9,)).laws == (mine,)
    assert library.repeat_table("muennighoff", 25e9) == library.repeat_table(MUENNIGHOFF, 25e9)
    assert library.repeat_table(mine, 25e9, flops=1e21).law == "mine"


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"sizes": (1e9,), "flops": (1e20,)}, UsageError, "--sizes and --flops both give the rows of the table"),
        ({"epsilon": 0.5}, UsageError, "--epsilon weighs the laws blend and anchored; --law chinchilla has none"),
        ({"law": MUENNIGHOFF, "epsilon": 0.5}, UsageError, "--law muennighoff has none"),
        ({"law": "gzip"}, UsageError, r"^The law gzip depends on the corpus: give --compressibility\.$"),
        ({"calibration": "none such"}, UsageError, "No calibration 'none such' ships or is installed"),
        ({"sizes": (0.5,)}, LawError, "less than one"),
    ],
)
def test_what_has_no_table_is_one_sentence(arguments, error, message):
    with pytest.raises(error, match=message):
        library.table(**arguments)


def test_a_law_that_its_fit_refused_answers_nothing() -> None:
    with pytest.raises(LawError, match=r"^The fit of chinchilla refused it: the runs cannot identify a law, "):
        table(replace(CHINCHILLA, verdict="refused"))


def test_no_sizes_are_no_default() -> None:
    for asked in ({"sizes": ()}, {"flops": ()}):
        with pytest.raises(UsageError, match=r"^The table has no row: give sizes or budgets\.$"):
            table(**asked)
