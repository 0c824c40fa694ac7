"""Drawing, JSON and nltk forms, and what no grammar can be."""

import json

import numpy as np
import pytest

from advisor.errors import GrammarError
from calibration.grammars.grammar import Grammar, GrammarShape, Rule, draw, from_json, to_json, to_nltk
from calibration.grammars.sets import SHAPES, shape_of

A3 = shape_of(SHAPES["paper"]["A3"])


def test_a_shape_and_a_seed_always_draw_the_same_grammar():
    grammar = draw(shape_of(SHAPES["paper"]["A1"]), seed=0)
    assert grammar == draw(shape_of(SHAPES["paper"]["A1"]), seed=0)
    assert grammar != draw(shape_of(SHAPES["paper"]["A1"]), seed=1)
    # Printed by this call with numpy 2.3.5: a change of the draw is a change of every data set.
    assert to_json(grammar) == GOLDEN_A1


def test_json_round_trips_exactly():
    grammar = draw(A3, seed=7)
    assert from_json(json.loads(json.dumps(to_json(grammar)))) == grammar


def test_draws_are_uniform_where_the_paper_says_so():
    grammars = [draw(A3, seed=seed) for seed in range(600)]
    options = [len(rules) for grammar in grammars for rules in grammar.rules]
    rules = [rule for grammar in grammars for rules in grammar.rules for rule in rules]
    symbols = np.array([symbol for rule in rules for symbol in rule.symbols])
    assert chi_square(np.bincount(options, minlength=11)[1:]) < 3
    assert chi_square(np.bincount([len(rule.symbols) for rule in rules])[1:]) < 3
    assert chi_square(np.bincount([rule.weight for rule in rules])[1:]) < 3
    assert chi_square(np.bincount(symbols + 20)[np.arange(321) != 20]) < 3  # 20 nonterminals, no 0, 300 terminals
    assert symbols.min() == -20
    assert symbols.max() == 300
    assert 0 not in symbols


def chi_square(counts):
    """Return the chi-square statistic of equal expected counts, in standard deviations above its mean."""
    expected = counts.mean()
    return (((counts - expected) ** 2 / expected).sum() - (len(counts) - 1)) / np.sqrt(2 * (len(counts) - 1))


def test_nltk_form_has_the_grammar_s_probabilities():
    nltk = pytest.importorskip("nltk")
    grammar = Grammar(
        n_terminals=2,
        start=(3, 1),
        rules=((Rule(3, (1, -2)), Rule(1, (2,))), (Rule(1, (-1, 2)), Rule(2, (1,)), Rule(1, (1,)))),
    )
    exported = to_nltk(grammar)
    assert isinstance(exported, nltk.grammar.PCFG)
    assert [(str(p.lhs()), [str(s) for s in p.rhs()], p.prob()) for p in exported.productions()] == [
        ("S", ["N1"], 0.75),
        ("S", ["N2"], 0.25),
        ("N1", ["1", "N2"], 0.75),
        ("N1", ["2"], 0.25),
        ("N2", ["N1", "2"], 0.25),
        ("N2", ["1"], 0.75),
    ]


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ((3, 0, 2, 2), "A grammar with 0 terminals cannot exist: ask for at least 1."),
        ((0, 3, 2, 2), "A grammar with 0 nonterminals cannot exist: ask for at least 1."),
        ((3, 3, 0, 2), "A grammar with 0 options cannot exist: ask for at least 1."),
        ((3, 3, 2, -1), "A grammar with -1 symbols a rule cannot exist: ask for at least 1."),
        ((3, 2**31, 2, 2), "2147483648 terminals do not fit in 32-bit token ids: ask for at most 2147483647."),
        ((5000, 3, 2, 2), "5000 nonterminals are too many: ask for at most 1024."),
        (
            (1000, 3, 2000, 2000),
            "A grammar of shape 1000,3,2000,2000 would have 1e+09 symbols: "
            "ask for fewer options or shorter rules (at most 1.7e+07 symbols).",
        ),
    ],
)
def test_impossible_shapes_get_one_sentence(numbers, message):
    with pytest.raises(GrammarError) as error:
        shape_of(numbers)
    assert str(error.value) == message
    assert error.value.exit_code == 2


def test_the_largest_vocabulary_is_drawn():
    grammar = draw(GrammarShape(nonterminals=2, terminals=2**31 - 1, max_options=3, max_length=3), seed=0)
    assert grammar.n_terminals == 2**31 - 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_terminals": 0}, "A grammar has 1 to 2147483647 terminals, not 0."),
        ({"start": [0]}, "1 nonterminals need as many start weights >= 0, at most 2^53 together, not (0,)."),
        ({"rules": [[]]}, "Nonterminal -1 has no rule: give it at least one."),
        (
            {"rules": [[[0, [1]]]]},
            "Nonterminal -1 has the rule (0, (1,)): a rule has a weight, 1 to 2^53, and symbols.",
        ),
        ({"rules": [[[1, []]]]}, "Nonterminal -1 has the rule (1, ()): a rule has a weight, 1 to 2^53, and symbols."),
        ({"rules": [[[1, [3]]]]}, "A rule of nonterminal -1 has a symbol outside -1..-1 and 1..2: (3,)."),
        ({"rules": [[[1, [-2]]]]}, "A rule of nonterminal -1 has a symbol outside -1..-1 and 1..2: (-2,)."),
        ({"rules": [[[1, [1, 0]]]]}, "A rule of nonterminal -1 has a symbol outside -1..-1 and 1..2: (1, 0)."),
        (
            {"rules": [[[0.5, [1]]]]},
            "This is not a grammar (TypeError('0.5 is not a whole number')): "
            "it needs n_terminals, start and rules, as `advisor grammar` writes.",
        ),
    ],
)
def test_a_file_that_is_no_grammar_gets_one_sentence(change, message):
    data = {"n_terminals": 2, "start": [1], "rules": [[[1, [1]]]]}
    from_json(data)
    with pytest.raises(GrammarError) as error:
        from_json(data | change)
    assert str(error.value) == message


GOLDEN_A1 = {
    "n_terminals": 20,
    "start": [1, 1, 1],
    "rules": [[[61, [2]], [29, [-2]]], [[42, [3, 3]]], [[56, [19, 5]]]],
}
