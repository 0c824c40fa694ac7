"""The table of epochs: one model, one budget, the optimal models."""

import math

import pytest

from advisor.answer.repetition.repeat_table import repeat_table
from advisor.errors import UsageError
from advisor.laws.published import CHINCHILLA, MUENNIGHOFF, chinchilla
from advisor.laws.repetition import RepeatedLaw
from tests.laws.intervals import interval


def test_rows_of_one_model():
    table = repeat_table(MUENNIGHOFF, 25e9, n_params=6.34e9, epochs=(242 / 25, 1))
    assert [row.epochs for row in table.rows] == pytest.approx([1, 9.68])
    assert table.rows[1].loss == pytest.approx(2.2256440889984477, rel=1e-12)  # the paper's model
    assert {row.n_params for row in table.rows} == {6.34e9}
    assert table.optimum is None


def test_rows_of_one_budget_have_their_optimum_beside_them():
    table = repeat_table(MUENNIGHOFF, 25e9, flops=1e22)
    assert all(row.flops == pytest.approx(1e22) for row in table.rows)
    assert table.optimum.epochs == pytest.approx(9.488, abs=5e-4)
    assert all(row.loss > table.optimum.loss for row in table.rows)


def test_rows_of_optimal_models():
    table = repeat_table(CHINCHILLA, 25e9)
    law = RepeatedLaw(base=CHINCHILLA, unique_tokens=25e9)
    for row in table.rows:
        assert row.n_params == pytest.approx(law.optimum(row.flops).n_params, rel=1e-6)
    assert [caution.code for caution in table.cautions] == [
        "epochs_above_16",
        "rows_outside_range",
        "repetition_transplanted",
    ]


def test_the_losses_have_intervals_where_the_law_has_draws():
    (row,) = repeat_table(chinchilla(), 25e9, n_params=7e9, epochs=(4,)).rows
    expected = interval(chinchilla(), lambda law: RepeatedLaw(base=law, unique_tokens=25e9).loss(7e9, 100e9), 0.8)
    assert row.loss_interval80 == expected


@pytest.mark.parametrize("value", [math.nan, math.inf, 0.0, -1.0])
@pytest.mark.parametrize("name", ["unique_tokens", "flops", "n_params", "epochs"])
def test_a_number_that_is_none_is_refused(name: str, value: float) -> None:
    given = {"unique_tokens": 25e9, name: (value,) if name == "epochs" else value}
    with pytest.raises(UsageError, match=r"must be a finite number above 0"):
        repeat_table(MUENNIGHOFF, **given)


def test_no_epochs_are_no_default() -> None:
    with pytest.raises(UsageError, match=r"^The table has no row: give --epochs\.$"):
        repeat_table(MUENNIGHOFF, 25e9, epochs=())
