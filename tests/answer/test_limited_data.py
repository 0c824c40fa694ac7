import math
from dataclasses import replace

import pytest

from advisor.answer.recommendation import recommend
from advisor.answer.repetition.limited_data import limited_data
from advisor.answer.request import Request
from advisor.calibrations.coefficients import load_coefficients
from advisor.calibrations.laws_in_h import law_at
from advisor.compressibility.profile_file import ProfileRecord
from advisor.compressibility.protocol import DEFAULT_PROTOCOL
from advisor.errors import LawError, UsageError
from advisor.laws.published import CHINCHILLA, HOFFMANN, MUENNIGHOFF, chinchilla
from advisor.laws.repetition import RepeatedLaw
from tests.answer.said import codes, message
from tests.calibrations.hand_made import document, write

CORPUS = ProfileRecord(
    source="corpus.jsonl",
    protocol=DEFAULT_PROTOCOL,
    median=0.4,
    ci95=(0.39, 0.41),
    estimated_tokens=25e9,
    bytes_per_token=3.5,
)


def test_the_optimum_with_25b_unique_tokens():
    # C = 1e22, U = 25e9 (Muennighoff et al. 2023): N 7.0262e9, D 237.21e9, 9.488 epochs, L 2.2221293.
    first, second = recommend(Request(flops=1e22, unique_tokens=25e9)).limited
    assert (first.law, first.transplanted, second.law, second.transplanted) == (
        *("muennighoff", False, "chinchilla", True),
    )
    assert first.n_params == pytest.approx(7.0262e9, rel=1e-5)
    assert first.n_tokens == pytest.approx(237.21e9, rel=1e-5)
    assert first.epochs == pytest.approx(9.488, abs=5e-4)
    assert first.loss == pytest.approx(2.2221293, abs=5e-8)
    assert (first.unlimited_n_params, first.unlimited_n_tokens) == (
        *(pytest.approx(9.2183e9, rel=1e-5), pytest.approx(180.80e9, rel=1e-5)),
    )
    assert first.unlimited_loss < first.loss
    assert first.wasted == pytest.approx(1 - MUENNIGHOFF.for_loss(first.loss).flops / 1e22)
    assert first.average_value * first.n_tokens == pytest.approx(first.effective_tokens)
    assert first.usable_params < first.effective_params < first.n_params


def test_a_budget_in_gpu_time_is_limited_too():
    asked = Request(gpu="A100", gpus=8, hours=1000, unique_tokens=1e9)
    assert recommend(asked).limited == recommend(Request(flops=asked.budget, unique_tokens=1e9)).limited


def test_more_unique_data_is_priced_both_ways():
    answer = limited_data(MUENNIGHOFF, 1e22, 25e9)
    assert [more.factor for more in answer.more_data] == [2, 4, math.inf]
    assert [more.unique_tokens for more in answer.more_data] == [50e9, 100e9, math.inf]
    now = RepeatedLaw(base=MUENNIGHOFF, unique_tokens=25e9)
    losses = [answer.loss, *(more.loss for more in answer.more_data)]
    assert losses == sorted(losses, reverse=True)
    for more in answer.more_data:
        # The budget that matches it with the tokens of now, and the one that reaches the loss of now with more tokens.
        matching = now.optimum(more.matching_flops)
        assert now.loss(matching.n_params, matching.n_tokens) == pytest.approx(more.loss, rel=1e-9)
        assert more.matching_flops > 1e22
    richer = replace(now, unique_tokens=50e9)
    less = richer.optimum((1 - answer.more_data[0].saved) * 1e22)
    assert richer.loss(less.n_params, less.n_tokens) == pytest.approx(answer.loss, rel=1e-9)
    assert answer.more_data[2].loss == answer.unlimited_loss
    assert answer.more_data[2].saved == pytest.approx(answer.wasted)


def test_what_no_budget_can_match_is_none():
    answer = limited_data(MUENNIGHOFF, 1e22, 1e9)
    assert [more.matching_flops for more in answer.more_data] == [None, None, None]
    assert answer.loss_limit > answer.more_data[0].loss


def test_one_percent_more_loss_costs_less():
    answer = limited_data(CHINCHILLA, 1e22, 25e9)
    law = RepeatedLaw(base=CHINCHILLA, unique_tokens=25e9)
    nearly = law.optimum(answer.nearly_flops)
    assert law.loss(nearly.n_params, nearly.n_tokens) == pytest.approx(1.01 * answer.loss, rel=1e-9)
    assert answer.nearly_flops < 1e22


@pytest.mark.parametrize("unique", [1e6, 1e9, 25e9, 1e12])
def test_the_ends_of_the_sizes_that_are_nearly_as_good(unique):
    answer = limited_data(CHINCHILLA, 1e22, unique)
    law = RepeatedLaw(base=CHINCHILLA, unique_tokens=unique)
    low, high = answer.n_params_by_loss
    assert low < answer.n_params < high
    for n_params in (low, high):
        n_tokens = min(answer.flops_used / (6 * n_params), 40 * unique)
        assert law.loss(n_params, n_tokens) == pytest.approx(1.01 * answer.loss, rel=1e-9)


def test_data_that_are_no_limit():
    found = recommend(Request(flops=1e22, unique_tokens=1e12))
    answer = found.limited[0]
    assert (answer.n_params, answer.n_tokens) == (answer.unlimited_n_params, answer.unlimited_n_tokens)
    assert (answer.more_data, answer.wasted) == ((), pytest.approx(0, abs=1e-9))
    assert answer.epochs < 1
    assert not {"repetition_transplanted", "epochs_above_4"} & set(codes(found))


def test_a_law_that_is_asked_for_comes_first_with_its_own_exponents():
    found = recommend(Request(flops=1e22, unique_tokens=25e9, law="hoffmann")).limited
    assert [answer.law for answer in found] == ["hoffmann", "muennighoff"]
    best = RepeatedLaw(base=HOFFMANN, unique_tokens=25e9).optimum(1e22)
    assert (found[0].n_params, found[0].interval80) == (best.n_params, None)
    alone = recommend(Request(flops=1e22, unique_tokens=25e9, law="muennighoff"))
    assert [answer.law for answer in alone.limited] == ["muennighoff"]
    assert "repetition_transplanted" not in codes(alone)


def test_a_law_of_the_corpus_lends_its_exponents(tmp_path):
    path = write(tmp_path / "c.json", document())
    asked = Request(flops=1e22, use_corpus_size=True, coefficients=path)
    found = recommend(asked, profile=CORPUS)
    law = law_at("anchored", load_coefficients(path).calibration().dependence, chinchilla(), 0.4).law
    best = RepeatedLaw(base=law, unique_tokens=25e9).optimum(1e22)
    assert [answer.law for answer in found.limited] == ["anchored", "muennighoff"]
    assert (found.limited[0].n_params, found.limited[0].unique_tokens) == (best.n_params, 25e9)
    assert message(found, "repetition_transplanted") == (
        "R_D* = 15.39 and R_N* = 5.31 were fitted with the law muennighoff, whose exponents are equal (Muennighoff et "
        "al. 2023, arXiv:2305.16264), and are used with the exponents of anchored."
    )
    assert found.limited[0].interval80.n_params[0] < best.n_params < found.limited[0].interval80.n_params[1]


def test_the_interval_gives_each_draw_its_own_optimum():
    interval = recommend(Request(flops=1e22, unique_tokens=25e9)).limited[1].interval80
    laws = [RepeatedLaw(base=drawn, unique_tokens=25e9) for drawn in chinchilla().drawn_laws()]
    sizes = sorted(law.optimum(1e22).n_params for law in laws)
    assert interval.n_params == (pytest.approx(sizes[40], rel=0.01), pytest.approx(sizes[359], rel=0.01))
    assert interval.epochs[0] == pytest.approx(interval.n_tokens[0] / 25e9)


def test_a_choice_is_weighed_with_the_same_unique_tokens():
    found = recommend(Request(flops=1e22, unique_tokens=25e9, n_params=2e9)).limited[0]
    law = RepeatedLaw(base=MUENNIGHOFF, unique_tokens=25e9)
    assert found.choice.loss == law.loss(2e9, 1e22 / 12e9)
    again = law.optimum(found.choice.equivalent_flops)
    assert law.loss(again.n_params, again.n_tokens) == pytest.approx(found.choice.loss, rel=1e-9)
    assert found.choice.wasted == pytest.approx(1 - found.choice.equivalent_flops / 1e22)
    best = recommend(Request(flops=1e22, unique_tokens=25e9, n_params=found.n_params)).limited[0]
    assert best.choice.wasted == pytest.approx(0, abs=1e-6)


@pytest.mark.usefixtures("nothing_ships")  # a corpus has H, and a calibration would answer for it
def test_the_corpus_size_is_used_where_it_is_asked_for():
    found = recommend(Request(flops=1e22, use_corpus_size=True), profile=CORPUS)
    assert found.limited == recommend(Request(flops=1e22, unique_tokens=25e9), profile=CORPUS).limited
    assert found.headline.epochs == pytest.approx(found.headline.n_tokens / 25e9)
    assert "corpus_too_small" not in codes(found)
    assert recommend(Request(flops=1e22), profile=CORPUS).limited == ()
    # Fewer unique tokens than the corpus holds may be given by hand.
    fewer = recommend(Request(flops=1e22, unique_tokens=5e9), profile=CORPUS)
    assert fewer.headline.epochs == pytest.approx(fewer.headline.n_tokens / 5e9)


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        (
            {"n_params": 7e9, "unique_tokens": 25e9},
            "--unique-tokens needs a budget: give --flops, or --gpu with --gpus and --hours.",
        ),
        (
            {"target_loss": 2.1, "use_corpus_size": True},
            "--use-corpus-size needs a budget: give --flops, or --gpu with --gpus and --hours.",
        ),
        (
            {"flops": 1e22, "unique_tokens": 25e9, "use_corpus_size": True},
            "The unique tokens are given twice: by --unique-tokens and by --use-corpus-size.",
        ),
        (
            {"flops": 1e22, "unique_tokens": 25e9, "inference_tokens": 1e12},
            "--unique-tokens and --inference-tokens cannot be combined: ask one at a time.",
        ),
        ({"flops": 1e22, "unique_tokens": 0.5}, "--unique-tokens must be at least 1, not 0.5."),
        ({"flops": 1e22, "unique_tokens": -1.0}, "--unique-tokens must be a finite number above 0, not -1."),
    ],
)
def test_requests_that_contradict_themselves(asked, complaint):
    with pytest.raises(UsageError) as caught:
        Request(**asked)
    assert str(caught.value) == complaint


def test_a_corpus_size_that_is_not_there():
    with pytest.raises(UsageError) as caught:
        recommend(Request(flops=1e22, use_corpus_size=True))
    assert str(caught.value) == "--use-corpus-size needs a SOURCE or a --profile: give one, or --unique-tokens."
    with pytest.raises(UsageError) as caught:
        recommend(Request(flops=1e22, use_corpus_size=True), profile=replace(CORPUS, estimated_tokens=None))
    assert str(caught.value) == (
        "The size of corpus.jsonl is not known: give --unique-tokens in place of the corpus's."
    )


def test_a_law_without_loss_cannot_weigh_repetition():
    with pytest.raises(LawError) as caught:
        recommend(Request(flops=1e22, unique_tokens=25e9, law="kaplan"))
    assert str(caught.value) == "The law kaplan predicts no loss, so it cannot weigh repeated data: choose another."
