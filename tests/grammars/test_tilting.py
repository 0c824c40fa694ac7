"""Termination, the tilted grammar and the gate, against closed forms."""

import math

import numpy as np
import pytest

from advisor.errors import GrammarError
from calibration.grammars.grammar import Grammar, Rule, draw
from calibration.grammars.sets import SHAPES, shape_of
from calibration.grammars.tilting import rule_table, spectral_radius, tilt
from tests.grammars.small_grammars import binary


def test_a_supercritical_tree_ends_with_probability_stop_over_branch():
    # q = p q^2 + 1 - p has the roots 1 and (1 - p) / p; tilting exchanges p and 1 - p.
    tight = tilt(binary(60, 40))
    assert tight.rho == pytest.approx(1.2)
    assert tight.q == pytest.approx([2 / 3], abs=1e-14)
    assert tight.table.probability == pytest.approx([0.4, 0.6], abs=1e-14)
    assert spectral_radius(tight.table.mean_matrix()) == pytest.approx(0.8)
    assert tight.expected_length() == pytest.approx(3)  # n = 0.6 + 0.4 * 2 n


def test_a_critical_tree_ends_but_has_no_expected_length():
    tight = tilt(binary(50, 50))
    assert tight.q.tolist() == [1.0]
    assert math.isinf(tight.expected_length())


def test_a_subcritical_grammar_is_left_as_it_is():
    grammar = draw(shape_of(SHAPES["paper"]["A3"]), seed=0)
    tight, table = tilt(grammar), rule_table(grammar)
    assert tight.rho < 1
    assert (tight.q == 1).all()
    assert (tight.table.probability == table.probability).all()
    assert (tight.table.symbols == table.symbols).all()


def test_the_probability_of_ending_is_the_smallest_solution():
    # 1 is always a solution too where every nonterminal is productive; iterating from 0 finds the smallest one, slowly.
    grammar = draw(shape_of(SHAPES["iso-gzip"]["G4"]), seed=0)
    table = rule_table(grammar)
    rule, child = table.slots()
    q = np.zeros(50)
    for _ in range(3000):
        with np.errstate(divide="ignore"):
            q = table.by_lhs(table.probability * np.exp(np.bincount(rule, np.log(q[child]), len(table.lhs))))
    assert tilt(grammar).q == pytest.approx(q, abs=1e-12)
    assert q.max() < 1


def test_a_grammar_that_cannot_terminate_gets_one_sentence():
    with pytest.raises(GrammarError) as error:
        tilt(Grammar(n_terminals=1, start=(1,), rules=((Rule(1, (-1, 1)),),)))
    assert str(error.value) == (
        "This grammar cannot terminate: every sentence would go on for ever; take another seed."
    )
