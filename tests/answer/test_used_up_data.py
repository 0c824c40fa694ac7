"""What the data afford where the law alone would read them more than 40 times."""

from dataclasses import replace

import numpy as np
import pytest

from advisor.answer.recommendation import recommend
from advisor.answer.repetition.limited_data import limited_data
from advisor.answer.repetition.repeat_table import repeat_table
from advisor.answer.request import Request
from advisor.laws.published import CHINCHILLA, CODE, HOFFMANN, MUENNIGHOFF, chinchilla
from advisor.laws.repetition import RepeatedLaw
from advisor.laws.scaling_law import Decay

BASES = [MUENNIGHOFF, CHINCHILLA, HOFFMANN, CODE]


def grid(flops: float, unique: float) -> tuple[np.ndarray, np.ndarray]:
    """Return many allocations of at most ``flops`` FLOPs and 40 epochs."""
    n, d = (v.ravel() for v in np.meshgrid(np.geomspace(1e3, 1e13, 121), np.geomspace(unique / 100, 40 * unique, 61)))
    kept = 6 * n * d <= flops
    return n[kept], d[kept]


@pytest.mark.parametrize("base", BASES, ids=lambda law: law.name)
@pytest.mark.parametrize("flops", [1e19, 1e21, 1e23])
@pytest.mark.parametrize("unique", [1e8, 1e9, 1e10])
def test_no_answer_of_40_epochs_or_less_is_much_better(base, flops, unique):
    answer = limited_data(base, flops, unique)
    law = RepeatedLaw(base=base, unique_tokens=unique)
    assert answer.epochs <= 40
    assert all(more.epochs is None or more.epochs <= 40 for more in answer.more_data)
    assert answer.flops_used <= flops
    assert 6 * answer.n_params * answer.n_tokens == pytest.approx(answer.flops_used, rel=1e-9)
    assert answer.loss == law.loss(answer.n_params, answer.n_tokens)
    for budget, slack in ((answer.flops_used, 1), (flops, 1.01)):  # of its own FLOPs the best; of all of them nearly
        assert answer.loss <= slack * min(law.loss(n, d) for n, d in zip(*grid(budget, unique), strict=True))


def test_up_to_40_epochs_nothing_changes():
    for flops, unique in ((1e22, 25e9), (1e22, 7.2e9), (1e20, 1e9)):
        best = RepeatedLaw(base=MUENNIGHOFF, unique_tokens=unique).optimum(flops)
        answer = limited_data(MUENNIGHOFF, flops, unique)
        assert (answer.n_params, answer.n_tokens, answer.flops_used) == (best.n_params, best.n_tokens, flops)
        assert (answer.used_up, answer.larger, answer.law_epochs) == (False, None, answer.epochs)


def test_beyond_40_epochs_the_answer_is_what_the_data_afford():
    law = RepeatedLaw(base=MUENNIGHOFF, unique_tokens=1e9)
    at_40 = law.for_tokens(40e9)
    answers = [limited_data(MUENNIGHOFF, flops, 1e9) for flops in (1.001 * at_40.flops, 1e22, 1e25)]
    for answer in answers:
        assert (answer.n_params, answer.n_tokens, answer.epochs) == (at_40.n_params, 40e9, 40)
        assert answer.flops_used == pytest.approx(at_40.flops)
    # The budget for which 40 epochs are optimal has the same answer by the law alone: it begins there.
    assert law.optimum(at_40.flops).n_params == pytest.approx(at_40.n_params, rel=1e-6)
    assert answers[1].law_epochs == pytest.approx(305, abs=0.5)
    assert answers[1].larger.n_params == pytest.approx(1e22 / (6 * 40e9))
    assert answers[1].larger.loss == law.loss(answers[1].larger.n_params, 40e9)
    assert answers[1].larger.gained == pytest.approx(1 - answers[1].larger.loss / answers[1].loss)
    assert 0 < answers[1].larger.gained < 0.01


def test_where_the_rest_of_the_budget_is_worth_a_percent_it_is_spent():
    # Tokens that keep their value: at 40 epochs parameters are still what is missing.
    base = replace(MUENNIGHOFF, decay=Decay(500.0, 500.0, "made up"))
    answer = limited_data(base, 1e22, 1e9)
    assert (answer.epochs, answer.flops_used, answer.larger) == (40, 1e22, None)
    assert answer.n_params == pytest.approx(1e22 / (6 * 40e9))
    law = RepeatedLaw(base=base, unique_tokens=1e9)
    enough = law.for_tokens(40e9)
    assert law.loss(enough.n_params, 40e9) > 1.01 * answer.loss


@pytest.mark.parametrize("unique", [1e9, 25e9])
def test_the_unique_tokens_that_a_budget_needs(unique):
    answer = limited_data(CHINCHILLA, 1e22, unique)
    for needed, epochs in ((answer.unique_for_40, 40), (answer.unique_for_4, 4)):
        best = RepeatedLaw(base=CHINCHILLA, unique_tokens=needed).optimum(1e22)
        assert best.n_tokens / needed == pytest.approx(epochs, rel=1e-6)
    assert limited_data(CHINCHILLA, 1e22, 1e12).unique_for_4 is None


def test_every_draw_has_40_epochs_at_most():
    near = limited_data(chinchilla(), 1e22, 7.8e9)
    assert near.epochs < 40
    assert near.interval80.epochs[1] == 40
    laws = [RepeatedLaw(base=drawn, unique_tokens=1e9) for drawn in chinchilla().drawn_laws()]
    sizes = sorted(law.for_tokens(40e9).n_params for law in laws)
    interval = limited_data(chinchilla(), 1e22, 1e9).interval80
    assert interval.n_params == (pytest.approx(sizes[40], rel=0.01), pytest.approx(sizes[359], rel=0.01))
    assert interval.epochs == (40, 40)


def test_the_plan_trains_what_the_data_afford():
    found = recommend(Request(flops=1e22, unique_tokens=1e9, gpu="H100", gpus=8))
    answer = found.limited[0]
    assert (found.plan.of, found.plan.n_params, found.plan.n_tokens) == ("limited_data", answer.n_params, 40e9)
    assert found.plan.cluster.flops_6nd == pytest.approx(answer.flops_used)


def test_a_choice_of_parameters_stops_at_40_epochs_too():
    found = recommend(Request(flops=1e22, unique_tokens=1e9, n_params=400e6))
    choice = found.limited[0].choice
    assert (choice.n_tokens, choice.epochs) == (40e9, 40)
    assert choice.flops_used == pytest.approx(6 * 400e6 * 40e9)
    assert choice.loss == RepeatedLaw(base=MUENNIGHOFF, unique_tokens=1e9).loss(400e6, 40e9)
    assert choice.wasted == pytest.approx(1 - choice.equivalent_flops / choice.flops_used)
    assert (found.plan.of, found.plan.n_params, found.plan.n_tokens) == ("choice", 400e6, 40e9)
    best = recommend(Request(flops=1e22, unique_tokens=1e9, n_params=found.limited[0].n_params)).limited[0].choice
    assert best.wasted == pytest.approx(0, abs=1e-6)


def test_the_optimum_of_a_table_of_epochs_stops_at_40_and_rows_do_not():
    table = repeat_table(MUENNIGHOFF, 1e9, flops=1e22, epochs=(4, 100))
    answer = limited_data(MUENNIGHOFF, 1e22, 1e9)
    assert (table.optimum.n_params, table.optimum.epochs) == (answer.n_params, 40)
    assert [row.epochs for row in table.rows] == [4, 100]
    assert table.law_epochs == pytest.approx(answer.law_epochs)
    (caution,) = (each for each in table.cautions if each.code == "epochs_above_40")
    assert caution.message.startswith("305 epochs of the 1.00B unique tokens are beyond what this law can see")
