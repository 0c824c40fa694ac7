import csv
import math
from dataclasses import replace
from pathlib import Path

import pytest

from advisor.errors import LawError
from advisor.laws.parameters import Parameters
from advisor.laws.published import (
    CHINCHILLA,
    CODE,
    DEEPSEEK,
    HOFFMANN,
    HOFFMANN_TABLE_3,
    KAPLAN,
    MUENNIGHOFF,
    PETAFLOP_DAY,
    chinchilla,
    published_laws,
)
from advisor.laws.scaling_law import ScalingLaw, central_interval
from tests.laws.intervals import interval

REFERENCE = Path(__file__).resolve().parents[3] / "shared" / "reference"
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


# --- published values -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("flops", "ratio"), [(1e20, 22.8), (1e21, 21.5), (1e22, 20.3), (5.76e23, 18.3), (1e25, 17.1)])
def test_tokens_per_parameter_of_the_corrected_law(flops, ratio):
    # Besiroglu et al. 2024, arXiv:2404.10102, with the unrounded constants.
    assert CHINCHILLA.frontier(flops).tokens_per_param == pytest.approx(ratio, abs=0.05)


def test_constants_and_exponents_as_published():
    rows = {law.name: (law.E, law.A, law.B, law.alpha, law.beta, law.exponent_a) for law in SURFACES}
    # arXiv:2203.15556 (TeX source), 2404.10102, 2305.16264, 2510.08702
    assert rows["hoffmann"] == pytest.approx((1.693374, 406.4010, 410.7228, 0.33917084, 0.2849083, 0.4565), rel=1e-4)
    assert rows["chinchilla"] == pytest.approx((1.81686, 482.00572, 2085.4342, 0.347813, 0.365854, 0.5126), rel=1e-4)
    assert rows["muennighoff"] == pytest.approx((1.869144, 520.825, 1487.7161, 0.3526596, 0.3526596, 0.5), rel=1e-6)
    assert rows["code"] == pytest.approx((0.2193, 534.374, 76.0743, 0.4853, 0.2983, 0.381), rel=1e-3)
    assert math.exp(HOFFMANN.log_g) == pytest.approx(1.30005, rel=1e-5)


def test_the_rounding_trap():
    """Hoffmann's law at Gopher's budget: 40.36B parameters, and 32.2B with the constants as the paper prints them."""
    printed = replace(HOFFMANN, E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28)
    assert HOFFMANN.frontier(5.76e23).n_params == pytest.approx(40.36e9, rel=1e-3)
    assert printed.frontier(5.76e23).n_params == pytest.approx(32.2e9, rel=2e-3)


def test_muennighoff_unlimited_data():
    # arXiv:2305.16264's law at C = 1e22 without repetition: 9.2183e9 parameters, 180.80e9 tokens.
    best = MUENNIGHOFF.frontier(1e22)
    assert (best.n_params, best.n_tokens) == pytest.approx((9.2183e9, 180.80e9), rel=1e-4)


# Hoffmann et al. 2022, table 3: parameters, FLOPs, tokens.
TABLE_3 = [
    (400e6, 1.92e19, 8.0e9),
    (1e9, 1.21e20, 20.2e9),
    (10e9, 1.23e22, 205.1e9),
    (67e9, 5.76e23, 1.5e12),
    (175e9, 3.85e24, 3.7e12),
    (280e9, 9.90e24, 5.9e12),
    (520e9, 3.43e25, 11.0e12),
    (1e12, 1.27e26, 21.2e12),
    (10e12, 1.30e28, 216.2e12),
]


@pytest.mark.parametrize(("n_params", "flops", "n_tokens"), TABLE_3)
def test_table_3_is_reproduced(n_params, flops, n_tokens):
    row = HOFFMANN_TABLE_3.for_params(n_params)
    rounded = n_params == 67e9  # its tokens are printed as 1.5T: 6 N D / C = 1.047
    assert row.flops == pytest.approx(flops, rel=0.025 if rounded else 0.008)
    assert row.n_tokens == pytest.approx(n_tokens, rel=0.07 if rounded else 0.008)


def test_deepseek_gives_its_own_tokens_and_flops_per_token():
    # arXiv:2401.02954: M = .1715 C^.5243 FLOPs/token, D = 5.8316 C^.4757, C = M D.
    for flops in BUDGETS:
        best = DEEPSEEK.frontier(flops)
        assert 6 * best.n_params == pytest.approx(0.1715 * flops**0.5243, rel=1e-12)
        assert best.n_tokens == pytest.approx(5.8316 * flops**0.4757, rel=2e-4)


def test_kaplan_frontier():
    # arXiv:2001.08361: N = 1.3e9 (C_min in PF-days)^.73.
    assert KAPLAN.frontier(PETAFLOP_DAY).n_params == pytest.approx(1.3e9)
    assert KAPLAN.frontier(100 * PETAFLOP_DAY).n_params == pytest.approx(1.3e9 * 100**0.73)


@pytest.mark.parametrize(("factor", "wasted"), [(2, 0.156), (0.5, 0.156), (3, 0.34), (1 / 3, 0.34)])
@pytest.mark.parametrize("flops", [1e19, 1e24])
def test_the_cost_of_a_wrong_n(factor, wasted, flops):
    # 1 - C_eq/C under the corrected law: x2 or /2 15.6 %, x3 34 %, whatever the budget.
    best = CHINCHILLA.frontier(flops)
    equivalent = CHINCHILLA.equivalent_flops(factor * best.n_params, best.n_tokens / factor)
    assert 1 - equivalent / flops == pytest.approx(wasted, abs=0.006)


# --- draws ------------------------------------------------------------------------------------------------------------


def test_the_draws_of_the_corrected_law():
    """Their medians are the published values (1 %) and their 95 % ranges the paper's (5 %; arXiv:2404.10102)."""
    law = chinchilla()
    assert len(law.draws) == 400
    published = {
        "A": (285, 744), "B": (1042, 5810), "E": (1.769, 1.871), "alpha": (0.317, 0.373), "beta": (0.331, 0.415)
    }  # fmt: skip
    for name, bounds in published.items():
        values = [getattr(drawn, name) for drawn in law.drawn_laws()]
        found = central_interval(values, 0.95)
        assert central_interval(values, 0.0) == pytest.approx((getattr(law, name),) * 2, rel=1e-2), name
        assert found == pytest.approx(bounds, rel=0.05), name


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


def test_the_ranges_are_those_of_the_runs_read_off_figure_4():
    path = REFERENCE / "chinchilla_figure_runs.csv"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    with path.open(encoding="utf-8") as file:
        runs = list(csv.DictReader(file))
    for column, found in {"N": "n_params", "D": "n_tokens", "C": "flops"}.items():
        values = [float(run[column]) for run in runs]
        assert getattr(CHINCHILLA.ranges, found) == pytest.approx((min(values), max(values)), rel=5e-3)
