"""A shift of the optimum, found in one law and carried to another."""

import math

import pytest

from advisor.calibrations.frontier_shift import FrontierShift, shift_between, shifted
from advisor.laws.parameters import Parameters
from advisor.laws.published import CHINCHILLA, HOFFMANN
from advisor.laws.scaling_law import ScalingLaw


def in_logs(law):
    return Parameters(law.E, math.log(law.A), math.log(law.B), law.alpha, law.beta)


def as_law(p):
    return ScalingLaw(
        name="", E=p.E, A=math.exp(p.A), B=math.exp(p.B), alpha=p.alpha, beta=p.beta, count="total", source=""
    )


def test_the_shift_between_two_laws_is_that_of_their_frontiers():
    shift = shift_between(in_logs(CHINCHILLA), in_logs(HOFFMANN))
    assert shift is not None
    assert shift.exponent == pytest.approx(HOFFMANN.exponent_a - CHINCHILLA.exponent_a)
    assert shift.level == pytest.approx(HOFFMANN.log_g - CHINCHILLA.log_g)
    assert shift.floor == pytest.approx(HOFFMANN.E - CHINCHILLA.E)


def test_a_law_that_is_shifted_to_another_has_its_optimum_and_its_floor():
    shift = shift_between(in_logs(CHINCHILLA), in_logs(HOFFMANN))
    assert shift is not None
    moved = shifted(in_logs(CHINCHILLA), shift)
    assert moved is not None
    for flops in (1e15, 1e20, 1e25):
        expected = HOFFMANN.frontier(flops).n_params
        assert as_law(moved).frontier(flops).n_params == pytest.approx(expected, rel=1e-9)
    assert pytest.approx(HOFFMANN.E) == moved.E


def test_what_is_kept_is_the_sum_of_the_exponents_and_the_excess_in_the_middle():
    moved = shifted(in_logs(CHINCHILLA), FrontierShift(0.05, -1.0, 0.1))
    assert moved is not None
    assert moved.alpha + moved.beta == pytest.approx(CHINCHILLA.alpha + CHINCHILLA.beta)
    for law in (as_law(moved), CHINCHILLA):
        best = law.frontier(1.35e20)
        assert law.excess(best.n_params, best.n_tokens) == pytest.approx(
            CHINCHILLA.excess(*vars(CHINCHILLA.frontier(1.35e20)).values()), rel=1e-9
        )


def test_no_shift_is_no_change():
    moved = shifted(in_logs(CHINCHILLA), FrontierShift(0.0, 0.0, 0.0))
    assert moved == pytest.approx(in_logs(CHINCHILLA), rel=1e-13)


def test_sources_whose_exponents_move_together_hardly_move_a():
    """Alpha and beta both times 1.3: as parameters a large step, of a none."""
    one = Parameters(1.0, 6.0, 7.0, 1.0, 1.1)
    shift = shift_between(one, one._replace(alpha=1.3, beta=1.43))
    assert shift is not None
    assert shift.exponent == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("exponent", [0.5, -0.6])
def test_a_shift_out_of_the_domain_gives_no_law(exponent):
    assert shifted(in_logs(CHINCHILLA), FrontierShift(exponent, 0.0, 0.0)) is None


@pytest.mark.parametrize("name", ["alpha", "beta"])
def test_a_law_without_exponents_has_no_shift(name):
    without = in_logs(CHINCHILLA)._replace(**{name: 0.0})
    assert shift_between(in_logs(CHINCHILLA), without) is None
    assert shift_between(without, in_logs(CHINCHILLA)) is None
