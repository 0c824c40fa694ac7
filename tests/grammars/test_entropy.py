"""Entropies and exact probabilities, against closed forms, enumeration and nltk."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest

from advisor.errors import GrammarError
from calibration.grammars.entropy import derivation_entropy, document_bound, entropy_rate, expected_length
from calibration.grammars.grammar import Grammar, Rule, draw, to_nltk
from calibration.grammars.sampling import sample_documents
from calibration.grammars.sets import SHAPES, shape_of
from calibration.grammars.tilting import tilt
from tests.grammars.inside import Chart, document_cross_entropy
from tests.grammars.small_grammars import MIXED, RUN

# Supercritical: tilted before anything else.
DOUBLING = Grammar(n_terminals=2, start=(1,), rules=((Rule(6, (-1, -1)), Rule(3, (1,)), Rule(1, (2, 1))),))


def test_lengths_and_rates_have_their_closed_forms():
    run = tilt(RUN)
    choice = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert expected_length(run) == pytest.approx(4)  # 1 / (1/4)
    assert derivation_entropy(run) == pytest.approx(4 * choice)
    assert entropy_rate(run) == pytest.approx(4 * choice / 5)
    # Two starts with nothing else to choose: one bit for every two tokens and a separator.
    coin = tilt(Grammar(n_terminals=2, start=(1, 1), rules=((Rule(5, (1, 1)),), (Rule(5, (2, 2)),))))
    assert entropy_rate(coin) == pytest.approx(math.log(2) / 3)


def test_a_critical_grammar_has_no_rate():
    critical = tilt(Grammar(n_terminals=1, start=(1,), rules=((Rule(1, (-1, -1)), Rule(1, (1,))),)))
    assert math.isinf(expected_length(critical))
    assert math.isnan(entropy_rate(critical))
    assert document_bound(critical, n_documents=200, seq_len=16).mean > 0


def run_entropy(seq_len: int) -> float:
    """Entropy of a document of RUN, token by token: a choice wherever the one before is not 2, and none after a 2."""
    choice = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    in_sentence, total = 1.0, 0.0
    for _ in range(seq_len):
        total += in_sentence * choice
        in_sentence = 1 - in_sentence / 4
    return total / seq_len


def test_the_bound_of_an_unambiguous_grammar_is_its_entropy():
    bound = document_bound(tilt(RUN), n_documents=20_000, seq_len=16)
    assert abs(bound.mean - run_entropy(16)) < 3 * bound.standard_error
    assert bound.standard_error < 0.001
    # Above the stationary rate: the document begins at a sentence.
    assert run_entropy(16) > 1.005 * entropy_rate(tilt(RUN))


@pytest.mark.parametrize(("numbers", "low", "high"), [((20, 300, 10, 5), 1.0, 1.02), ((100, 2000, 100, 30), 1.1, 1.4)])
def test_the_bound_exceeds_the_rate_where_sentences_are_long(numbers, low, high):
    tight = tilt(draw(shape_of(numbers), seed=0))
    assert low < document_bound(tight, n_documents=400).mean / entropy_rate(tight) < high


@pytest.mark.parametrize("grammar", [RUN, MIXED, DOUBLING], ids=["run", "mixed", "doubling"])
@pytest.mark.parametrize("seq_len", [1, 4, 6])
def test_probabilities_of_all_documents_add_up_to_one(grammar, seq_len):
    documents = np.array(list(itertools.product(range(3), repeat=seq_len)), dtype=np.int16)
    # No sentence is empty, so no document begins with 0 or has two in a row.
    possible = np.array([0 not in row[:1] and (0, 0) not in itertools.pairwise(row) for row in documents.tolist()])
    probability = np.exp(-seq_len * document_cross_entropy(tilt(grammar), documents[possible]))
    assert probability.sum() == pytest.approx(1, abs=1e-12)


def test_exact_entropy_of_an_unambiguous_grammar_is_its_closed_form():
    documents = np.array(list(itertools.product(range(3), repeat=8)), dtype=np.int16)
    with np.errstate(invalid="ignore"):
        nats = document_cross_entropy(tilt(RUN), documents)
    possible = np.isfinite(nats)
    assert (np.exp(-8 * nats[possible]) * nats[possible]).sum() == pytest.approx(run_entropy(8), abs=1e-12)


def nltk_probability(parser, sentence):
    return sum(tree.prob() for tree in parser.parse(list(sentence)))


@pytest.mark.parametrize(
    ("grammar", "length"),
    [(MIXED, 4), (DOUBLING, 5), (draw(shape_of((3, 4, 3, 3)), seed=9), 4)],
    ids=["mixed", "doubling", "drawn"],
)
def test_sentence_probabilities_are_those_of_nltk(grammar, length):
    pchart = pytest.importorskip("nltk.parse.pchart")
    tight = tilt(grammar)
    ends = np.array(grammar.start) @ tight.q / sum(grammar.start)
    parser = pchart.InsideChartParser(to_nltk(grammar))
    found = 0
    for n in range(1, length + 1):
        sentences = list(itertools.product(range(1, grammar.n_terminals + 1), repeat=n))
        expected = [nltk_probability(parser, sentence) / ends for sentence in sentences]
        with np.errstate(divide="ignore"):
            assert np.exp(Chart(tight).log_probabilities(sentences)) == pytest.approx(expected, rel=1e-9, abs=1e-300)
        found += np.count_nonzero(expected)
    assert found > 5


def test_a_prefix_has_the_probability_of_all_sentences_that_begin_with_it():
    chart = Chart(tilt(MIXED))
    total = Counter()
    for n in range(1, 15):
        sentences = list(itertools.product((1, 2), repeat=n))
        for sentence, log in zip(sentences, chart.log_probabilities(sentences), strict=True):
            total[sentence[:2]] += math.exp(log) * (n > 1)
            total["all"] += math.exp(log)
    prefixes = list(itertools.product((1, 2), repeat=2))
    missing = 1 - total["all"]
    assert missing < 0.02  # the sentences of 15 tokens and more
    for prefix, log in zip(prefixes, chart.log_probabilities(prefixes, prefix=True), strict=True):
        assert total[prefix] - 1e-9 <= math.exp(log) <= total[prefix] + missing


def test_long_documents_do_not_underflow():
    # 301 equally likely rules: ln P of 160 tokens is -913, and the smallest double is e^-745.
    rules = ((*(Rule(1, (terminal, -1)) for terminal in range(1, 301)), Rule(1, (1,))),)
    tight = tilt(Grammar(n_terminals=300, start=(1,), rules=rules))
    document = np.arange(2, 162, dtype=np.int16)[None, :]
    assert document_cross_entropy(tight, document) == pytest.approx([math.log(301)], rel=1e-9)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_sampled_documents_cost_no_more_than_the_bound(seed):
    tight = tilt(draw(shape_of(SHAPES["paper"]["A2"]), seed=seed))
    nats = document_cross_entropy(tight, sample_documents(tight, n_documents=300, seed=1))
    error = nats.std() / math.sqrt(len(nats))
    bound = document_bound(tight).mean
    assert bound * 0.9 < nats.mean() < bound + 3 * error


def test_grammars_that_are_too_large_are_refused():
    tight = tilt(draw(shape_of(SHAPES["paper"]["A6"]), seed=0))
    with pytest.raises(GrammarError, match=r"^Exact probabilities would take .* operations for sentences of up to "):
        document_cross_entropy(tight, sample_documents(tight, n_documents=50, seed=0))
