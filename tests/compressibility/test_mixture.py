"""A mixture is one corpus: its H against that of a corpus which is really mixed, its interval, its size."""

import math
from dataclasses import replace

import numpy as np
import pytest

from advisor.compressibility.mixture import _interval, _Sequences, check_weights, mix
from advisor.compressibility.score import score_and_sample
from advisor.corpus.sampling import Sampling
from advisor.errors import CorpusError, UsageError


@pytest.fixture(scope="module")
def parts(stdlib):
    return [
        score_and_sample(str(stdlib / folder), sampling=Sampling(n_sequences=400)) for folder in ("email", "pydoc_data")
    ]


def test_alone_a_corpus_keeps_its_h(parts):
    profile, sample = parts[0]
    found = mix([(profile, sample), (profile, sample)], (1, 3))
    assert found.median == pytest.approx(profile.median, abs=1e-12)
    assert found.bytes_per_token == pytest.approx(profile.bytes_per_token)
    # Three quarters of the tokens come from the second: it is used up first.
    assert found.estimated_tokens == pytest.approx(profile.estimated_tokens / 0.75)


def test_the_median_is_that_of_sequences_drawn_in_proportion(parts):
    from advisor.compressibility.measure import sequence_ratios

    found = mix(parts, (0.7, 0.3))
    ratios = [sequence_ratios(sample.ids) for _, sample in parts]
    rng = np.random.default_rng(1)
    which = rng.random(200_000) < 0.7
    drawn = np.where(which, rng.choice(ratios[0], len(which)), rng.choice(ratios[1], len(which)))
    assert found.median == pytest.approx(float(np.median(drawn)), abs=1.5e-3)
    # It is a mixture's median, and no mean of the two medians.
    low, high = sorted(profile.median for profile, _ in parts)
    assert low < found.median < high
    assert found.bytes_per_token == pytest.approx(0.7 * parts[0][0].bytes_per_token + 0.3 * parts[1][0].bytes_per_token)


def test_more_weight_moves_h_from_one_corpus_to_the_other(parts):
    medians = [mix(parts, (share, 1 - share)).median for share in (0.999, 0.75, 0.5, 0.25, 0.001)]
    first, second = (profile.median for profile, _ in parts)
    assert medians == sorted(medians, reverse=first > second)
    assert (medians[0], medians[-1]) == pytest.approx((first, second), abs=2e-3)


def test_the_interval_is_that_of_the_corpus_with_all_the_weight(parts):
    for number, weights in enumerate([(0.999, 0.001), (0.001, 0.999)]):
        found = mix(parts, weights)
        assert found == mix(parts, weights)
        assert found.ci95 == pytest.approx(parts[number][0].ci95, abs=3e-3)
        assert found.ci95[0] < found.median < found.ci95[1]


def test_the_interval_covers_what_the_documents_could_have_been():
    # Two corpora of 60 documents, 5 like sequences each; the mixture of their laws has the median .4.
    rng = np.random.default_rng(0)
    covered, widths = 0, []
    for seed in range(40):
        ratios = [np.repeat(rng.normal(0.4, spread, 60), 5) for spread in (0.02, 0.06)]
        members = [np.repeat(np.arange(60), 5).tolist()] * 2
        low, high = _interval(_Sequences(ratios), members, (0.7, 0.3), seed)
        covered += low <= 0.4 <= high
        widths.append(high - low)
    assert covered >= 35
    # 60 documents of sd .02 give a median an sd of about .02 sqrt(pi/2) / sqrt(60) = .003: the width is 4 of them.
    assert 0.008 < np.mean(widths) < 0.02


def test_a_corpus_of_one_short_document_gives_no_interval(parts):
    profile, sample = parts[0]
    few = replace(sample, ids=sample.ids[:20], keys=(sample.keys[0],) * 20)
    assert mix([parts[1], (profile, few)], (1, 1)).ci95 is None


def test_names_and_weights(parts):
    found = mix(parts, (7, 3))
    assert found.weights == (0.7, 0.3)
    assert found.sources == tuple(profile.source for profile, _ in parts)
    assert found.cautions == mix(parts, (0.7, 0.3)).cautions == ()
    (caution,) = mix(parts, (0.7, 0.25)).cautions
    assert caution.message == "--weights sum to 0.95 and not to 1: they are scaled to shares that do."
    assert found.source == f"mixture of 0.7 {found.sources[0]}, 0.3 {found.sources[1]}"


def test_from_python(stdlib, parts):
    import advisor

    sources = [str(stdlib / folder) for folder in ("email", "pydoc_data")]
    profiles, mixture = advisor.score_mixture(sources, (0.7, 0.3), sampling=Sampling(n_sequences=400))
    assert profiles == tuple(profile for profile, _ in parts)
    assert mixture == mix(parts, (0.7, 0.3))
    rows = advisor.compare([advisor.Request(flops=1e21)], [*profiles, mixture]).rows
    assert [row.compressibility for row in rows] == [profiles[0].median, profiles[1].median, mixture.median]


@pytest.mark.parametrize(
    ("weights", "n_sources", "complaint"),
    [
        ((1.0,), 1, "--weights mixes two corpora or more: name them as SOURCES."),
        ((1.0,), 0, "--weights mixes two corpora or more: name them as SOURCES."),
        ((1.0, 2.0, 3.0), 2, "--weights has 3 numbers for 2 corpora: give one for each, in order."),
    ],
)
def test_weights_that_do_not_fit(weights, n_sources, complaint):
    with pytest.raises(UsageError) as caught:
        check_weights(weights, n_sources)
    assert str(caught.value) == complaint


def test_text_and_ids_cannot_be_mixed(parts):
    profile, sample = parts[0]
    ids = replace(profile, protocol=replace(profile.protocol, tokenizer=None))
    with pytest.raises(CorpusError, match=r"^Some of the corpora hold text and others token ids: they cannot be mixed"):
        mix([(ids, sample), parts[1]], (1, 1))


@pytest.mark.parametrize("weights", [(math.nan, 1), (2, -1), (0, 1), (math.inf, 1)])
def test_weights_are_above_0(weights: tuple[float, float]) -> None:
    with pytest.raises(UsageError, match=r"^Each of --weights must be a finite number above 0, not "):
        check_weights(weights, 2)
