import math
from dataclasses import replace

import pytest

from advisor.errors import LawError
from advisor.laws.parameters import Parameters
from advisor.laws.published import (
    CHINCHILLA,
    CODE,
    HOFFMANN,
    KAPLAN,
    MUENNIGHOFF,
    chinchilla,
    published_laws,
)
from advisor.laws.scaling_law import ScalingLaw, central_interval
from tests.laws.intervals import interval

SURFACES = (CHINCHILLA, HOFFMANN, MUENNIGHOFF, CODE)


BUDGETS = (1e15, 1e20, 5.76e23, 1e27)


@pytest.mark.parametrize("law", published_laws().values(), ids=lambda law: law.name)
@pytest.mark.parametrize("flops", [*BUDGETS, 1e-30, 1e200])
def test_the_frontier_costs_its_budget_and_is_found_from_either_end(law, flops):
    best = law.frontier(flops)
    assert best.flops == pytest.approx(flops, rel=1e-9)
    assert law.for_params(best.n_params).flops == pytest.approx(flops, rel=1e-9)
    assert law.for_tokens(best.n_tokens).flops == pytest.approx(flops, rel=1e-9)
    assert law.for_params(7e9).n_params == 7e9
    assert law.for_tokens(3e11).n_tokens == 3e11


@pytest.mark.parametrize("law", SURFACES, ids=lambda law: law.name)
@pytest.mark.parametrize("flops", BUDGETS)
def test_moving_n_along_the_budget_raises_the_loss(law, flops):
    best = law.frontier(flops)
    least = law.loss(best.n_params, best.n_tokens)
    for factor in (0.5, 0.99, 1.01, 2.0):
        assert law.loss(factor * best.n_params, best.n_tokens / factor) > least


@pytest.mark.parametrize("law", SURFACES, ids=lambda law: law.name)
@pytest.mark.parametrize("flops", BUDGETS)
def test_the_cheapest_budget_for_a_loss_is_on_the_frontier(law, flops):
    best = law.frontier(flops)
    again = law.for_loss(law.loss(best.n_params, best.n_tokens))
    assert again.n_params == pytest.approx(best.n_params, rel=1e-6)
    assert again.n_tokens == pytest.approx(best.n_tokens, rel=1e-6)


@pytest.mark.parametrize("flops", [1e-300, 1e100, 1e300])
def test_the_excess_keeps_its_digits_where_the_loss_is_rounded_to_e(flops):
    best = CHINCHILLA.frontier(flops)
    again = CHINCHILLA.for_excess(CHINCHILLA.excess(best.n_params, best.n_tokens))
    assert again.flops == pytest.approx(flops, rel=1e-9)


def test_a_loss_at_or_below_the_floor_is_refused():
    for loss in (CHINCHILLA.E, 1.5, 0.0, -1.0, math.nan):
        with pytest.raises(LawError) as caught:
            CHINCHILLA.for_loss(loss)
        assert str(caught.value) == (
            f"No budget reaches a loss of {loss:g} nats/token under the law chinchilla, whose floor E is 1.817: "
            "ask for a higher loss."
        )


def test_a_law_without_a_frontier_says_which_constant_is_wrong():
    with pytest.raises(LawError) as caught:
        replace(CHINCHILLA, beta=0.0).frontier(1e21)
    assert str(caught.value) == (
        "The law chinchilla has no compute-optimal frontier: A, B, alpha and beta must be above 0, not A=482.006, "
        "B=2085.43, alpha=0.347813, beta=0."
    )


@pytest.mark.parametrize("law", [CHINCHILLA, KAPLAN], ids=lambda law: law.name)
def test_what_no_float_can_hold_is_refused(law):
    for ask in (law.for_params, law.for_tokens):
        with pytest.raises(LawError, match=r"^The answer is beyond 1e308 FLOPs: ask a smaller question\.$"):
            ask(1e300)


@pytest.mark.parametrize("law", [CHINCHILLA, KAPLAN], ids=lambda law: law.name)
@pytest.mark.parametrize(("value", "text"), [(0.0, "0"), (-1.0, "-1"), (math.nan, "nan"), (math.inf, "inf")])
def test_questions_outside_the_numbers_are_refused(law, value, text):
    for ask, what in ((law.frontier, "flops"), (law.for_params, "n_params"), (law.for_tokens, "n_tokens")):
        with pytest.raises(LawError) as caught:
            ask(value)
        assert str(caught.value) == f"A scaling law needs {what} to be a finite number above 0, not {text}."


def test_doubling_tokens_and_scaling_b_alike_changes_nothing():
    """D enters as B/D^beta: tokens half as long (2 D, B 2^beta) give the same losses and parameters at 2 C."""
    other = replace(CHINCHILLA, B=CHINCHILLA.B * 2**CHINCHILLA.beta)
    one, two = CHINCHILLA.frontier(1e21), other.frontier(2e21)
    assert two.n_params == pytest.approx(one.n_params)
    assert two.n_tokens == pytest.approx(2 * one.n_tokens)
    assert other.loss(two.n_params, two.n_tokens) == pytest.approx(CHINCHILLA.loss(one.n_params, one.n_tokens))


@pytest.mark.parametrize(("factor", "wasted"), [(2, 0.156), (0.5, 0.156), (3, 0.34), (1 / 3, 0.34)])
@pytest.mark.parametrize("flops", [1e19, 1e24])
def test_the_cost_of_a_wrong_n(factor, wasted, flops):
    # 1 - C_eq/C under the corrected law: x2 or /2 15.6 %, x3 34 %, whatever the budget.
    best = CHINCHILLA.frontier(flops)
    equivalent = CHINCHILLA.equivalent_flops(factor * best.n_params, best.n_tokens / factor)
    assert 1 - equivalent / flops == pytest.approx(wasted, abs=0.006)


@pytest.mark.parametrize("flops", [1e-20, *BUDGETS])
def test_the_frontiers_of_the_draws_are_those_of_the_drawn_laws_to_the_last_digit(flops):
    law, expected = chinchilla(), []
    for drawn in law.drawn_laws():
        best = drawn.frontier(flops)
        expected.append((best.n_params, best.n_tokens, drawn.loss(best.n_params, best.n_tokens)))
    assert law.drawn_frontiers(flops) == expected


@pytest.mark.parametrize("row", [(0.5, -700, 5, 0.01, 0.01), (0.5, 700, -700, 0.01, 0.01), (0.5, -800, 5, 0.3, 0.3)])
def test_draws_with_an_optimum_beyond_all_numbers_are_not_taken_together(row):
    law = replace(chinchilla(), draws=(*chinchilla().draws[:3], Parameters(*row)))
    assert law.drawn_frontiers(1e21) is None


def test_draws_are_joint():
    """Five independent draws would give an interval of N* many times wider than the rows do."""
    law = chinchilla()
    rows = list(zip(*law.draws, strict=True))
    shifted = tuple(map(Parameters, *(row[i * 37 :] + row[: i * 37] for i, row in enumerate(rows))))
    joint = interval(law, lambda drawn: drawn.frontier(1e21).n_params)
    independent = interval(replace(law, draws=shifted), lambda drawn: drawn.frontier(1e21).n_params)
    assert joint[0] < law.frontier(1e21).n_params < joint[1]
    assert math.log(independent[1] / independent[0]) > 3 * math.log(joint[1] / joint[0])


def test_intervals_of_known_distributions():
    draws = tuple(Parameters(-math.inf, math.log(100 + i), math.log(200), 0.3, 0.3) for i in range(101))
    law = ScalingLaw(name="x", E=0, A=150, B=200, alpha=0.3, beta=0.3, count="total", source="test", draws=draws)
    assert interval(law, lambda drawn: drawn.A, 0.8) == pytest.approx((110, 190))
    assert interval(law, lambda drawn: drawn.E) == (0.0, 0.0)
    assert central_interval([1.0, 2.0, math.inf, math.inf], 0.5) == (1.75, math.inf)


def test_quantiles_agree_with_numpy():
    numpy = pytest.importorskip("numpy")
    values = numpy.random.default_rng(0).lognormal(size=57).tolist()
    assert central_interval(values, 0.8) == pytest.approx(tuple(numpy.quantile(values, [0.1, 0.9])), rel=1e-14)
