"""The formulas of the frontier, on floats and on arrays, against each other and against a search."""

import math

import numpy as np
import pytest

from advisor.laws import frontier
from advisor.laws.published import CHINCHILLA, CODE, HOFFMANN, MUENNIGHOFF, chinchilla
from advisor.laws.search import minimise

SURFACES = (CHINCHILLA, HOFFMANN, MUENNIGHOFF, CODE)
LOG_ND = math.log(1e21) - math.log(6)


@pytest.mark.parametrize("law", SURFACES, ids=lambda law: law.name)
def test_ln_n_is_where_the_loss_is_least(law):
    def log_excess(log_n: float) -> float:
        return math.log(law.excess(math.exp(log_n), math.exp(LOG_ND - log_n)))

    found = frontier.log_n_at(LOG_ND, *frontier.exponent_and_level(law.ratio, law.alpha, law.beta))
    assert found == pytest.approx(minimise(log_excess, 10, 40), abs=1e-6)


def test_arrays_give_what_floats_give():
    rows = np.array(chinchilla().draws)
    log_a, log_b, alpha, beta = rows[:, 1:].T
    ratio = frontier.ratio_of(log_a, log_b, alpha, beta, np.log)
    exponent, level = frontier.exponent_and_level(ratio, alpha, beta)
    for i, law in enumerate(chinchilla().drawn_laws()):
        assert exponent[i] == law.exponent_a
        assert level[i] == pytest.approx(law.log_g, rel=1e-13)
        assert frontier.log_n_at(LOG_ND, exponent, level)[i] == pytest.approx(
            math.log(law.frontier(1e21).n_params), rel=1e-14
        )


def test_both_forms_of_the_optimum_agree_but_for_the_last_digit():
    log_a, log_b, alpha, beta = np.array(chinchilla().draws)[:, 1:].T
    ratio = frontier.ratio_of(log_a, log_b, alpha, beta, np.log)
    one = frontier.log_optimum(ratio, alpha, beta, LOG_ND)
    np.testing.assert_allclose(
        one, frontier.log_n_at(LOG_ND, *frontier.exponent_and_level(ratio, alpha, beta)), rtol=1e-15
    )


@pytest.mark.parametrize("law", SURFACES, ids=lambda law: law.name)
def test_the_inverses_return_to_the_budget(law):
    found = frontier.exponent_and_level(law.ratio, law.alpha, law.beta)
    log_n = frontier.log_n_at(LOG_ND, *found)
    assert frontier.log_nd_for_params(log_n, *found) == pytest.approx(LOG_ND, rel=1e-13)
    assert frontier.log_n_for_tokens(LOG_ND - log_n, *found) == pytest.approx(log_n, rel=1e-13)
    assert frontier.log_usable(law.ratio, law.alpha, law.beta, LOG_ND - log_n) == pytest.approx(log_n, rel=1e-13)
    excess = law.excess(math.exp(log_n), math.exp(LOG_ND - log_n))
    sides = frontier.cheapest(math.log(excess), math.log(law.A), math.log(law.B), law.alpha, law.beta)
    assert sides == pytest.approx((log_n, LOG_ND - log_n), rel=1e-12)
