"""One law's answer: its interval, and other allocations of the budget beside it."""

import math
from dataclasses import replace

import pytest

from advisor.answer.recommendation import recommend
from advisor.answer.request import Request
from advisor.answer.row import Sheet
from advisor.errors import LawError
from advisor.laws.drift import Drift, widened
from advisor.laws.published import CHINCHILLA, HOFFMANN, chinchilla
from advisor.laws.scaling_law import Ranges
from tests.laws.intervals import interval

pytestmark = pytest.mark.usefixtures("nothing_ships")


def test_the_interval_is_over_joint_draws():
    found = recommend(Request(flops=1e21)).headline.interval80
    assert found is not None
    assert found.flops == (1e21, 1e21)
    assert found.n_params == interval(chinchilla(), lambda law: law.frontier(1e21).n_params, 0.8)
    ratio = interval(chinchilla(), lambda law: law.frontier(1e21).tokens_per_param, 0.8)
    assert found.tokens_per_param == ratio
    assert found.loss[0] < recommend(Request(flops=1e21)).headline.loss < found.loss[1]


def test_the_interval_of_an_inverse_question_is_of_that_question():
    found = recommend(Request(n_params=7e9)).headline.interval80
    assert found is not None
    assert found.n_params == (7e9, 7e9)
    assert found.flops == interval(chinchilla(), lambda law: law.for_params(7e9).flops, 0.8)
    assert found.flops[0] < recommend(Request(n_params=7e9)).headline.flops < found.flops[1]


def test_a_loss_that_draws_cannot_reach_has_no_upper_end():
    # E is 1.817; a tenth of the draws and more have E above 1.83.
    interval = recommend(Request(target_loss=1.83)).headline.interval80
    assert interval is not None
    assert interval.flops[0] > 1e24
    assert interval.flops[1] == interval.n_params[1] == interval.n_tokens[1] == math.inf


def test_a_loss_below_the_floor_and_a_law_without_loss():
    with pytest.raises(LawError, match=r"No budget reaches a loss of 1.8 nats/token"):
        recommend(Request(target_loss=1.8))
    with pytest.raises(LawError) as caught:
        recommend(Request(target_loss=2.1, law="kaplan"))
    assert str(caught.value) == (
        "The law kaplan predicts no loss, so it cannot answer --target-loss: choose another --law."
    )


@pytest.mark.parametrize("asked", [{"n_params": 7e9}, {"n_tokens": 1e21 / (6 * 7e9)}])
def test_a_choice_is_weighed_against_the_optimum(asked):
    found = recommend(Request(flops=1e21, **asked))
    assert found.choice is not None
    assert found.headline.n_params == CHINCHILLA.frontier(1e21).n_params
    assert found.choice.n_params == pytest.approx(7e9)
    assert found.choice.loss == pytest.approx(CHINCHILLA.loss(7e9, 1e21 / (6 * 7e9)))
    # The same loss at its optimum costs C_eq, and 1 - C_eq/C is wasted.
    again = CHINCHILLA.frontier(found.choice.equivalent_flops)
    assert CHINCHILLA.loss(again.n_params, again.n_tokens) == pytest.approx(found.choice.loss)
    assert found.choice.wasted == pytest.approx(1 - found.choice.equivalent_flops / 1e21)


def test_the_loss_of_a_choice_has_intervals_over_joint_draws():
    found = recommend(Request(flops=1e21, n_params=7e9)).choice
    assert found is not None
    assert found.interval80 is not None
    assert found.interval95 is not None
    for level, ends in ((0.8, found.interval80), (0.95, found.interval95)):
        each = interval(chinchilla(), lambda law: law.loss(7e9, 1e21 / (6 * 7e9)), level)
        assert ends.loss_nats_per_token == pytest.approx(each, rel=1e-12)
    low, high = found.interval80.loss_nats_per_token
    assert found.interval95.loss_nats_per_token[0] < low < found.loss < high < found.interval95.loss_nats_per_token[1]


def test_the_loss_of_a_choice_is_widened_with_the_draws_of_its_law():
    """Draws that a caller widened come in as they are: once, not twice."""
    law = replace(chinchilla(), ranges=Ranges(flops=(1e18, 1e21)), drift=Drift(loss=0.02, n_params=0.2))
    request, wide = Request(flops=1e23, n_params=7e9), widened(law, 1e23)
    of = {}
    for name, each in (("narrow", law), ("wide", wide)):
        sheet = Sheet(request=request, headline=each, flops=1e23, profile=None)
        choice = sheet.choice(7e9)
        assert choice is not None
        assert choice.interval95 is not None
        of[name] = choice.interval95.loss_nats_per_token
    expected = interval(wide, lambda drawn: drawn.loss(7e9, 1e23 / (6 * 7e9)), 0.95)
    assert of["wide"] == pytest.approx(expected, rel=1e-12)
    far = math.log(1e23 / 1e21)
    assert (
        math.log(of["wide"][1] / of["wide"][0])
        > 0.8 * 2 * 1.96 * 0.02 * far
        > math.log(of["narrow"][1] / of["narrow"][0])
    )


def test_a_choice_under_a_law_without_draws_has_no_interval():
    found = recommend(Request(flops=1e21, n_params=7e9, law="hoffmann")).choice
    assert found is not None
    assert (found.interval80, found.interval95) == (None, None)


def test_neighbours_cost_what_a_wrong_n_costs():
    # x2 or /2 15.6 %, x3 34 % of the FLOPs, at any budget (the corrected law).
    found = recommend(Request(flops=1e23))
    assert [neighbour.wasted for neighbour in found.neighbours] == pytest.approx(
        [0.34, 0.156, 0, 0.156, 0.345], abs=6e-3
    )
    assert min(found.neighbours, key=lambda neighbour: neighbour.loss).n_params == found.headline.n_params


def test_following_another_law_wastes_what_its_n_wastes():
    found = recommend(Request(flops=1e21))
    by_name = {answer.law: answer for answer in found.laws}
    hoffmann = HOFFMANN.frontier(1e21)
    same_loss = CHINCHILLA.for_loss(CHINCHILLA.loss(hoffmann.n_params, hoffmann.n_tokens))
    assert by_name["hoffmann"].wasted == pytest.approx(1 - same_loss.flops / 1e21)
    # Not for the headline itself, nor where N counts other parameters.
    assert by_name["chinchilla"].wasted is None
    assert by_name["kaplan"].wasted is None
    assert by_name["code"].wasted is None


@pytest.mark.parametrize("loss", [1e100, 1e300])
def test_an_answer_that_rounds_to_nothing_is_an_error(loss: float) -> None:
    with pytest.raises(LawError) as caught:
        recommend(Request(target_loss=loss))
    assert str(caught.value) == ("The answer is below 1e-308 FLOPs, parameters or tokens: ask a larger question.")


@pytest.mark.parametrize("law", ["kaplan", "hoffmann-table3"])
def test_a_headline_without_loss_has_no_neighbours(law):
    found = recommend(Request(flops=1e21, law=law, n_params=7e9))
    assert (found.headline.law, found.headline.loss, found.choice, found.neighbours) == (law, None, None, ())
    assert [answer.law for answer in found.laws].count(law) == 1


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (Request(flops=5), "The answer has 0.109 of a parameter, less than one: ask a larger question."),
        (Request(flops=100), "The answer has 0.506 of a parameter, less than one: ask a larger question."),
        (Request(n_params=0.5), "The answer has 0.5 of a parameter, less than one: ask a larger question."),
        (Request(flops=100, law="hoffmann"), ""),
    ],
)  # fmt: skip
def test_answers_below_one_are_refused(request_, message):
    if not message:
        assert recommend(request_).headline.n_params > 1
        return
    with pytest.raises(LawError) as caught:
        recommend(request_)
    assert str(caught.value) == message
