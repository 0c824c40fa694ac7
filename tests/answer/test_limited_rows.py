"""Other sizes and other laws with limited data: each row is what the data-constrained law gives for it alone."""

import itertools
from dataclasses import replace

import pytest

from advisor.answer.recommendation import recommend
from advisor.answer.repetition.by_law import by_law
from advisor.answer.repetition.limited_data import limited_data
from advisor.answer.repetition.sizes import sizes_around
from advisor.answer.request import Request
from advisor.laws.published import CHINCHILLA, MUENNIGHOFF, published_laws
from advisor.laws.repetition import RepeatedLaw
from advisor.laws.scaling_law import Decay
from advisor.plan.accelerators import find_gpu
from advisor.plan.hardware import Hardware


@pytest.mark.parametrize("unique", [1e9, 10e9, 25e9, 1e13])
def test_sizes_around_the_best_spend_what_the_data_afford(unique):
    best = limited_data(MUENNIGHOFF, 1e22, unique)
    sizes = sizes_around(MUENNIGHOFF, best)
    assert [size.n_params / best.n_params for size in sizes] == pytest.approx([1 / 3, 1 / 2, 1, 2, 3])
    law = RepeatedLaw(base=MUENNIGHOFF, unique_tokens=unique)
    for size in sizes:
        assert size.n_tokens == pytest.approx(min(1e22 / (6 * size.n_params), 40 * unique))
        assert size.epochs == pytest.approx(size.n_tokens / unique)
        assert size.flops_used == pytest.approx(6 * size.n_params * size.n_tokens)
        assert size.flops_used <= 1e22 * (1 + 1e-12)
        assert size.loss == law.loss(size.n_params, size.n_tokens)
        assert (size.cost, size.epochs <= 40) == (None, True)
    middle = sizes[2]
    assert (middle.n_tokens, middle.loss) == (pytest.approx(best.n_tokens), pytest.approx(best.loss))
    assert middle.wasted == pytest.approx(0, abs=1e-6)
    assert min(size.loss for size in sizes[:2]) > best.loss


def test_a_size_costs_what_its_own_flops_cost():
    hardware = Hardware(gpu=find_gpu("H100"), price_per_hour=2.0)
    best = limited_data(MUENNIGHOFF, 1e22, 1e9)
    costs = [size.cost for size in sizes_around(MUENNIGHOFF, best, hardware)]
    assert costs == pytest.approx([hardware.cost(factor * best.flops_used) for factor in (1 / 3, 1 / 2, 1, 2, 3)])


def test_what_each_law_recommends_is_its_own_answer_with_these_data():
    answer = recommend(Request(flops=1e22, unique_tokens=10e9))
    rows = answer.limited_laws
    assert [row.law for row in rows][:2] == ["muennighoff", "chinchilla"]
    assert sorted(row.law for row in rows) == sorted(law.law for law in answer.laws)
    for found, row in itertools.product(answer.limited, rows):
        if found.law == row.law:
            said = (row.n_params, row.n_tokens, row.epochs, row.flops_used, row.loss, row.unlimited_n_params)
            expected = (found.n_params, found.n_tokens, found.epochs, found.flops_used, found.loss)
            assert said == pytest.approx((*expected, found.unlimited_n_params))


def test_which_laws_have_a_law_of_repetition():
    own = replace(CHINCHILLA, name="mine", decay=Decay(10.0, 5.0, "my runs"))
    rows = by_law([own, *published_laws().values()], 1e22, 10e9, first="mine")
    assert {row.law: row.repetition for row in rows} == {
        "mine": "own",
        "muennighoff": "own",
        **dict.fromkeys(("chinchilla", "hoffmann", "code"), "muennighoff"),
        **dict.fromkeys(("hoffmann-table3", "deepseek", "kaplan"), None),
    }
    for row in rows:
        numbers = (row.n_params, row.n_tokens, row.epochs, row.flops_used, row.loss)
        assert [number is None for number in numbers] == [row.repetition is None] * 5


def test_a_law_without_a_law_of_repetition_answers_where_no_token_is_read_twice():
    kaplan = published_laws()["kaplan"]
    best = kaplan.frontier(1e22)
    enough, short = (by_law([kaplan], 1e22, unique, first="")[0] for unique in (best.n_tokens, 0.99 * best.n_tokens))
    assert (enough.n_params, enough.n_tokens, enough.epochs) == (best.n_params, best.n_tokens, 1)
    assert (short.n_params, short.n_tokens, short.epochs, short.unlimited_n_params) == (None, None, None, best.n_params)


def test_nothing_that_limits_the_data_is_no_rows():
    answer = recommend(Request(flops=1e22))
    assert (answer.limited_sizes, answer.limited_laws, answer.limited_data) == ((), (), None)
