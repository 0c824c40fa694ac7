"""Documents: their form, their law, and that the same seed gives the same bytes."""

import hashlib
import itertools
import random
from collections import Counter

import numpy as np
import pytest
from scipy import stats

from advisor.errors import GrammarError
from calibration.grammars import sampling
from calibration.grammars.grammar import Grammar, Rule, draw, to_nltk
from calibration.grammars.sampling import Sampler, sample_documents, sample_shards
from calibration.grammars.sets import SHAPES, shape_of
from calibration.grammars.tilting import tilt
from tests.grammars.inside import document_cross_entropy
from tests.grammars.small_grammars import MIXED, RUN

PAPER = SHAPES["paper"] | SHAPES["iso-vocab"] | SHAPES["iso-gzip"]


CRITICAL = Grammar(n_terminals=2, start=(1,), rules=((Rule(5, (-1, -1)), Rule(3, (1,)), Rule(2, (2,))),))


SUPERCRITICAL = Grammar(
    n_terminals=4,
    start=(1, 1),
    rules=(
        (Rule(60, (-1, -2)), Rule(25, (1,)), Rule(15, (2, 1))),
        (Rule(50, (-2, -1)), Rule(25, (3, -1)), Rule(25, (4,))),
    ),
)


def named(name, seed=0):
    return tilt(draw(shape_of(PAPER[name]), seed=seed))


def sentences(document):
    """Return the whole sentences of a document, and the cut one."""
    text = " ".join(map(str, document.tolist())).split(" 0")
    parts = [tuple(map(int, part.split())) for part in text]
    return parts[:-1], parts[-1]


@pytest.mark.parametrize("name", ["A1", "A6", "V6", "G3"])
def test_documents_have_exactly_the_context_length(name):
    documents = sample_documents(named(name), n_documents=200, seed=0)
    assert documents.shape == (200, 256)
    assert documents.dtype == np.int16
    assert documents.min() == 0
    assert documents.max() <= PAPER[name][1]
    assert (documents[:, 0] > 0).all()
    assert not ((documents[:, 1:] == 0) & (documents[:, :-1] == 0)).any()


@pytest.mark.parametrize(("terminals", "dtype"), [(2**15 - 1, np.int16), (2**15, np.int32), (2**31 - 1, np.int32)])
def test_ids_take_the_smallest_type_that_holds_them(terminals, dtype):
    grammar = Grammar(n_terminals=terminals, start=(1,), rules=((Rule(1, (terminals, -1)), Rule(1, (1,))),))
    documents = sample_documents(tilt(grammar), n_documents=4, seed=0)
    assert documents.dtype == dtype
    assert documents.max() == terminals


def test_the_same_seed_gives_the_same_bytes():
    documents = sample_documents(named("A2"), n_documents=50, seed=0)
    assert documents.tobytes() == sample_documents(named("A2"), n_documents=50, seed=0).tobytes()
    assert (documents != sample_documents(named("A2"), n_documents=50, seed=1)).any()
    # Printed by this call with numpy 2.3.5.
    assert hashlib.sha256(documents.astype("<i2").tobytes()).hexdigest()[:16] == "31cc1dece29edf9b"


def test_fewer_documents_are_the_head_of_more():
    many = sample_documents(named("A5"), n_documents=3000, seed=3)
    assert (sample_documents(named("A5"), n_documents=700, seed=3) == many[:700]).all()


def test_a_shard_does_not_depend_on_how_many_are_made():
    grammar, size = named("A2"), sampling.SHARD_DOCUMENTS
    shards = list(sample_shards(grammar, n_documents=2 * size + 10, seed=5, seq_len=16))
    assert [len(shard) for shard in shards] == [size, size, 10]
    sampler = Sampler(grammar, seq_len=16)
    for number in (2, 0, 1):
        alone = sampler.shard(seed=5, shard=number, n_documents=len(shards[number]))
        assert alone.tobytes() == shards[number].tobytes()
    assert (shards[0] != shards[1]).any()


@pytest.mark.parametrize(("n_documents", "seq_len"), [(0, 256), (10, 0)])
def test_no_documents_and_empty_documents_get_one_sentence(n_documents, seq_len):
    with pytest.raises(GrammarError) as error:
        sample_documents(named("A1"), n_documents=n_documents, seed=0, seq_len=seq_len)
    assert str(error.value) == (
        f"{n_documents} documents of {seq_len} tokens cannot be sampled: ask for at least 1 of 1."
    )


@pytest.mark.parametrize("grammar", [RUN, MIXED, CRITICAL, SUPERCRITICAL], ids=["run", "mixed", "critical", "super"])
@pytest.mark.parametrize("n_sentences", [1, 3, 5000])
def test_whole_documents_have_their_exact_probabilities(grammar, n_sentences):
    # Batches of one sentence too: what a batch leaves unfinished must not be lost.
    tight, seq_len, n_documents = tilt(grammar), 4, 20_000 if n_sentences > 3 else 3000
    sampler = Sampler(tight, seq_len=seq_len)
    sampler.n_sentences = n_sentences
    seen = Counter(map(tuple, sampler.shard(seed=1, shard=0, n_documents=n_documents).tolist()))
    every = [
        row
        for row in itertools.product(range(grammar.n_terminals + 1), repeat=seq_len)
        if row[0] and (0, 0) not in itertools.pairwise(row)
    ]
    with np.errstate(divide="ignore"):
        expected = n_documents * np.exp(-seq_len * document_cross_entropy(tight, np.array(every)))
    assert expected.sum() == pytest.approx(n_documents)
    assert fit(np.array([seen[row] for row in every]), expected) > 0.001


def fit(counts, expected):
    """Return the p-value of a chi-square test; rare outcomes count as one."""
    rare = expected < 5
    counts = np.append(counts[~rare], counts[rare].sum())
    expected = np.append(expected[~rare], expected[rare].sum())
    kept = expected > 0
    if kept.sum() < 2:
        return 1.0
    assert counts[~kept].sum() == 0
    return stats.chisquare(counts[kept], expected[kept] * counts.sum() / expected.sum()).pvalue


@pytest.mark.parametrize(("name", "seed"), [("A1", 0), ("A2", 0), ("A2", 1), ("V2", 3)])
def test_sentence_frequencies_are_nltk_s_parse_probabilities(name, seed):
    pchart = pytest.importorskip("nltk.parse.pchart")
    grammar = draw(shape_of(PAPER[name]), seed=seed)
    tight = tilt(grammar)
    ends = np.array(grammar.start) @ tight.q / sum(grammar.start)
    parser = pchart.InsideChartParser(to_nltk(grammar))
    documents = sample_documents(tight, n_documents=2000, seed=11, seq_len=64)
    # The first sentence of a document is one at random; those that are cut count as rare.
    first = [sentences(document)[0][:1] for document in documents]
    counts = Counter(sentence[0] if sentence else "cut" for sentence in first)
    common = [sentence for sentence, count in counts.most_common(60) if sentence != "cut" and len(sentence) <= 7]
    expected = np.array([sum(tree.prob() for tree in parser.parse(list(sentence))) for sentence in common]) / ends
    observed = np.array([counts[sentence] for sentence in common])
    rest = 2000 - observed.sum()
    assert fit(np.append(observed, rest), 2000 * np.append(expected, max(1 - expected.sum(), 0))) > 0.001


@pytest.mark.parametrize("name", ["A3", "A6", "G4"])
def test_rule_frequencies_are_the_grammar_s(name):
    sampler = Sampler(named(name))
    rule_of_segment = np.full(len(sampler.segment_tokens), -1)
    rule_of_segment[sampler.first_segment] = np.arange(len(sampler.first_segment))
    rules = rule_of_segment[np.concatenate(list(itertools.islice(sampler.stream(seed=0, shard=0), 4)))]
    counts = np.bincount(rules[rules >= 0], minlength=len(sampler.table.lhs))
    for lhs in range(sampler.root + 1):
        mine = sampler.table.lhs == lhs
        # Many tests: one p-value in ten thousand is still chance.
        if mine.sum() > 1 and counts[mine].sum() > 0:
            assert fit(counts[mine], counts[mine].sum() * sampler.table.probability[mine]) > 1e-5


def rejected_sentence(grammar, rng, limit):
    """Return a sentence as the paper samples it: derivations that do not end within ``limit`` steps are thrown away."""
    while True:
        stack = [-rng.choices(range(len(grammar.start)), grammar.start)[0] - 1]
        sentence, steps = [], 0
        while stack and steps < limit:
            symbol, steps = stack.pop(), steps + 1
            if symbol > 0:
                sentence.append(symbol)
                continue
            options = grammar.rules[-symbol - 1]
            stack += rng.choices(options, [rule.weight for rule in options])[0].symbols[::-1]
        if not stack:
            return sentence


def rejected_documents(grammar, n_documents, seq_len, limit=600):
    rng, documents = random.Random(1), []
    for _ in range(n_documents):
        document = []
        while len(document) < seq_len:
            document += [*rejected_sentence(grammar, rng, limit), 0]
        documents.append(document[:seq_len])
    return np.array(documents)


@pytest.mark.parametrize("grammar", [SUPERCRITICAL, draw(shape_of((4, 10, 4, 4)), seed=21)], ids=["made", "drawn"])
def test_tilted_and_rejection_sampled_documents_have_one_law(grammar):
    # 10 times these documents, once, by hand: p = .76, .36, .18 and .83 for the grammar made here.
    assert tilt(grammar).rho > 1.1
    tilted = sample_documents(tilt(grammar), n_documents=4000, seed=2, seq_len=24)
    rejected = rejected_documents(grammar, 1500, 24)
    for statistic in (
        lambda documents: (documents == 0).sum(axis=1),  # sentences
        lambda documents: (documents == 1).sum(axis=1),
        lambda documents: np.argmax(documents == 0, axis=1),  # length of the first sentence
    ):
        assert same_law(statistic(tilted), statistic(rejected)) > 0.001
    code = 5 ** np.arange(6)
    assert same_law(tilted[:, :6] % 5 @ code, rejected[:, :6] % 5 @ code) > 0.001


def same_law(first, second):
    """Return the p-value of a chi-square test that two samples have one distribution; rare values count as one."""
    values, index = np.unique(np.concatenate([first, second]), return_inverse=True)
    table = np.array([np.bincount(part, minlength=len(values)) for part in (index[: len(first)], index[len(first) :])])
    common = table.sum(axis=0) >= 20
    table = np.column_stack([table[:, common], table[:, ~common].sum(axis=1)])
    return stats.chi2_contingency(table[:, table.sum(axis=0) > 0]).pvalue


def test_cutting_derivations_instead_is_told_apart():
    # The check above can fail: here what does not end within ten steps is thrown away, which favours short sentences.
    cut = rejected_documents(SUPERCRITICAL, 1500, 24, limit=10)
    tilted = sample_documents(tilt(SUPERCRITICAL), n_documents=4000, seed=2, seq_len=24)
    assert same_law((tilted == 0).sum(axis=1), (cut == 0).sum(axis=1)) < 1e-6
