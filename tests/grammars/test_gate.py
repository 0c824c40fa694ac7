"""What makes a grammar unfit, and what is degenerate about one."""

import pytest

from calibration.grammars.gate import Degeneracies, count_sentences, degeneracies, gate
from calibration.grammars.grammar import Grammar, Rule, draw
from calibration.grammars.sets import SHAPES, shape_of
from calibration.grammars.tilting import tilt
from tests.grammars.small_grammars import binary


def test_what_never_ends_is_left_out():
    # N1 -> 1 | N2 1, N2 -> N2 2: only N1 -> 1 is left, and sentences start at N1 alone.
    grammar = Grammar(n_terminals=2, start=(1, 1), rules=((Rule(1, (1,)), Rule(3, (-2, 1))), (Rule(1, (-2, 2)),)))
    tight = tilt(grammar)
    assert tight.q == pytest.approx([0.25, 0])
    assert tight.start.tolist() == [1, 0]
    assert tight.table.symbols.tolist() == [1]
    assert tight.table.probability.tolist() == [1]
    assert degeneracies(tight) == Degeneracies(unreachable_terminals=1, dead_nonterminals=1, sentences=1)
    assert [reason.code for reason in gate(tight)] == ["q", "rho", "few"]


def test_the_gate_says_why():
    assert gate(tilt(draw(shape_of(SHAPES["paper"]["A3"]), seed=0))) == ()
    assert [reason.message for reason in gate(tilt(binary(60, 40)))] == [
        "derivations from 1 of 1 nonterminal may never end",
        "rho is 1.200, above 0.95",
    ]
    assert [reason.message for reason in gate(tilt(binary(48, 52)))] == ["rho is 0.960, above 0.95"]
    assert gate(tilt(binary(47, 53))) == ()
    four = Grammar(n_terminals=2, start=(1, 1), rules=((Rule(1, (-2, -2)),), (Rule(1, (1,)), Rule(1, (2,)))))
    assert [reason.message for reason in gate(tilt(four))] == ["only 6 distinct sentences, not more than 10"]


def test_sentences_are_counted_once_however_they_are_derived():
    # N1 -> N2 | N2 N2 | 1 1, N2 -> 1: two sentences, 1 and 1 1, the second in two ways.
    ambiguous = Grammar(
        n_terminals=1,
        start=(1, 1),
        rules=((Rule(1, (-2,)), Rule(1, (-2, -2)), Rule(1, (1, 1))), (Rule(1, (1,)),)),
    )
    assert count_sentences(tilt(ambiguous), limit=11) == 2
    assert count_sentences(tilt(binary(1, 2)), limit=11) == 11
    unary_cycle = Grammar(
        n_terminals=2, start=(1, 0), rules=((Rule(1, (-2,)), Rule(1, (1,))), (Rule(1, (-1,)), Rule(1, (2,))))
    )
    assert count_sentences(tilt(unary_cycle), limit=11) == 2


@pytest.mark.parametrize("exponent", [3, 4])
def test_counting_stops_just_beyond_ten(exponent):
    # 2^3 = 8 and 2^4 = 16 sentences.
    rules = ((Rule(1, (-2,) * exponent),), (Rule(1, (1,)), Rule(1, (2,))))
    tight = tilt(Grammar(n_terminals=2, start=(1, 0), rules=rules))
    assert count_sentences(tight, limit=11) == min(2**exponent, 11)
