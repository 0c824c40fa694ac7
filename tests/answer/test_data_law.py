"""The default law in a recommendation: tokenizers, languages, serving, mixtures, tables, and what is said of it."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from advisor.answer.comparison import compare
from advisor.answer.recommendation import recommend
from advisor.answer.repetition.repeat_table import repeat_table
from advisor.answer.request import Request
from advisor.answer.table import table
from advisor.compressibility.mixture import score_mixture
from advisor.compressibility.protocol import DEFAULT_PROTOCOL
from advisor.compressibility.score import score
from advisor.compressibility.units import TokenCount
from advisor.errors import LawError, ProtocolMismatchError, UsageError
from advisor.laws.data_rule import shift_at, shown
from advisor.laws.published import CHINCHILLA
from advisor.laws.text import SLOPE_H, WEB_H, Text
from tests.answer.said import CORPUS, codes, message

BYTES = TokenCount(tokenizer="bytes", bytes_per_token=1.0, vocab_size=257)


def test_a_corpus_and_web_text_get_different_answers_whose_intervals_a_reader_would_act_on():
    code = recommend(Request(flops=1e21), profile=replace(CORPUS, median=0.402, bytes_per_token=3.0, ci95=None))
    web = recommend(Request(flops=1e21), profile=replace(CORPUS, median=0.565, bytes_per_token=4.05, ci95=None))
    assert code.headline.n_params == pytest.approx(2.3e9, rel=0.02)
    assert web.headline.n_params == pytest.approx(CHINCHILLA.frontier(1e21).n_params, rel=0.1)
    low, high = code.headline.interval80.n_params
    assert (low, high) == (pytest.approx(1.8e9, rel=0.07), pytest.approx(2.8e9, rel=0.07))
    low, high = web.headline.interval80.n_params
    assert high / low < 1.5
    assert code.headline.loss_of == "web text"
    assert (code.loss_is_of_corpus, web.loss_is_of_corpus) == (False, True)
    assert "gzip_does_not_predict" not in codes(code)
    assert "evidence_disagrees" not in codes(code)


def test_the_training_tokenizer_moves_n_and_counts_the_tokens():
    plain = recommend(Request(flops=1e21), profile=CORPUS)
    found = recommend(Request(flops=1e21), profile=CORPUS, counted=BYTES)
    assert found.headline.n_params / plain.headline.n_params == pytest.approx(3.5**-0.554)
    # D is in bytes now, and so is the corpus that it is set against.
    assert found.headline.n_tokens == pytest.approx(1e21 / (6 * found.headline.n_params))
    assert found.headline.epochs == pytest.approx(found.headline.n_tokens / (CORPUS.estimated_tokens * 3.5))
    assert found.units.n_bytes == pytest.approx(found.headline.n_tokens)
    assert found.units.tokenizer == "bytes"
    given = recommend(Request(flops=1e21, bytes_per_token=1.0), profile=CORPUS)
    assert given.headline.n_params == pytest.approx(found.headline.n_params)
    # Bytes for each parameter stay as they are under the other tokenizer but for the parameters' own exponent.
    ratio = found.units.bytes_per_param / plain.units.bytes_per_param
    assert ratio == pytest.approx(3.5 ** (2 * 0.554 - 1))
    with pytest.raises(UsageError, match="both say what the training tokenizer does"):
        recommend(Request(flops=1e21, bytes_per_token=4.0), profile=CORPUS, counted=BYTES)


def test_limited_data_are_counted_in_tokens_of_the_training_tokenizer():
    found = recommend(Request(flops=1e22, use_corpus_size=True), profile=CORPUS, counted=BYTES)
    assert found.limited[0].unique_tokens == pytest.approx(CORPUS.estimated_tokens * 3.5)


def test_text_that_is_not_ascii_is_answered_by_h_alone_and_said():
    corpus = replace(CORPUS, median=0.59, bytes_per_token=2.0, non_ascii_fraction=0.4, ci95=None)
    found = recommend(Request(flops=1e20), profile=corpus)
    assert found.shift.by_t is None
    assert math.log(found.shift.factor) == pytest.approx(SLOPE_H * (0.59 - WEB_H) * shown(1e20))
    assert message(found, "other_language").startswith("40 % of the bytes are not ASCII (more than 10 %)")
    ascii_text = recommend(Request(flops=1e20), profile=replace(corpus, non_ascii_fraction=0.0, bytes_per_token=4.0))
    assert found.shift.sd > ascii_text.shift.sd


def test_the_share_of_bytes_that_are_not_ascii_is_measured(tmp_path):
    (tmp_path / "a.txt").write_text("plain words and nothing else, " * 400, encoding="utf-8")
    assert score(str(tmp_path)).non_ascii_fraction == 0
    (tmp_path / "b.txt").write_text("слово " * 2000, encoding="utf-8")
    size, other = 30 * 400 + 11 * 2000, 10 * 2000
    assert score(str(tmp_path)).non_ascii_fraction == pytest.approx(other / size, rel=1e-6)


def test_a_mixture_lies_between_its_corpora(tmp_path, stdlib):
    prose = tmp_path / "prose.txt"
    prose.write_text("\n".join(f"Day {i}: the weather was {i % 7} degrees and she wrote of it." for i in range(4000)))
    parts, mixture = score_mixture([str(stdlib / "json"), str(prose)], (0.5, 0.5))
    rows = compare([Request(flops=1e21)], [*parts, mixture]).rows
    first, second, both = (row.shift.corpus for row in rows)
    assert min(first, second) < both < max(first, second)
    assert mixture.non_ascii_fraction is not None


@pytest.mark.parametrize("question", [{"n_params": 7e9}, {"n_tokens": 1e11}, {"target_loss": 2.2}])
def test_an_inverse_question_and_its_answer_give_each_other(question):
    asked = recommend(Request(**question), profile=CORPUS).headline
    again = recommend(Request(flops=asked.flops), profile=CORPUS).headline
    assert again.n_params == pytest.approx(asked.n_params, rel=1e-6)
    assert again.n_tokens == pytest.approx(asked.n_tokens, rel=1e-6)
    assert 6 * asked.n_params * asked.n_tokens == pytest.approx(asked.flops)


def test_serving_repetition_and_tables_answer_under_the_data_rule():
    text = Text(compressibility=0.4, trained_bytes_per_token=4.0)
    serving = recommend(Request(flops=1e21, inference_tokens=1e12, compressibility=0.4, bytes_per_token=4.0))
    assert serving.inference.best.n_params < serving.headline.n_params
    rows = table(compressibility=0.4, bytes_per_token=4.0, flops=(1e18, 1e21)).rows
    for row in rows:
        expected = CHINCHILLA.frontier(row.flops).n_params * math.exp(shift_at(text, row.flops).log_n)
        assert row.n_params == pytest.approx(expected)
    assert rows[1].n_params == pytest.approx(serving.headline.n_params)
    repeated = repeat_table(None, 25e9, flops=1e22, compressibility=0.4)
    assert repeated.law == "data"
    assert repeat_table(None, 25e9).law == "muennighoff"


def test_the_law_bytes_needs_a_tokenizer_and_keeps_the_bytes():
    found = recommend(Request(flops=1e20, law="bytes", bytes_per_token=4.57)).headline
    assert found.n_params / CHINCHILLA.frontier(1e20).n_params == pytest.approx(1.07, abs=0.005)
    with pytest.raises(UsageError, match="The law bytes depends on bytes per token"):
        recommend(Request(flops=1e20, law="bytes", compressibility=0.4))
    with pytest.raises(UsageError, match="The law data depends on the corpus"):
        recommend(Request(flops=1e20, law="data"))


def test_token_ids_are_answered_by_h_alone_where_their_tokenizer_is_named():
    named = replace(CORPUS, bytes_per_token=None)
    found = recommend(Request(flops=1e20), profile=named)
    assert (found.headline.law, found.shift.by_t) == ("data", None)
    unnamed = replace(named, protocol=replace(DEFAULT_PROTOCOL, tokenizer=None))
    with pytest.raises(
        ProtocolMismatchError, match="say whose with --tokenizer NAME, and if not mistral-v1's add --decode"
    ):
        recommend(Request(flops=1e20), profile=unnamed)
    assert recommend(Request(flops=1e20, law="chinchilla"), profile=unnamed).headline.law == "chinchilla"


def test_the_loss_of_the_corpus_stands_behind_full(advisor, tmp_path):
    asked = ("recommend", "--flops", "1e21", "--compressibility", ".4")
    assert "The loss of this corpus" not in advisor(*asked).stdout
    assert "The loss of this corpus by lines in H through six corpora" in advisor(*asked, "--full").stdout
    document = json.loads(advisor(*asked, "--json").stdout)
    low, high = document["corpus_loss"]["interval80"]["loss_nats_per_token"]
    assert low < document["corpus_loss"]["loss_nats_per_token"] < high < document["headline"]["loss_nats_per_token"]


def test_prose_of_short_tokens_is_of_another_language():
    german = replace(CORPUS, median=0.59, bytes_per_token=2.75, non_ascii_fraction=0.04, ci95=None)
    found = recommend(Request(flops=1e20), profile=german)
    assert found.shift.by_t is None
    assert message(found, "other_language").startswith("2.75 bytes per token are few for prose (under 3.4)")
    code = replace(german, median=0.40, bytes_per_token=3.0)
    assert "other_language" not in codes(recommend(Request(flops=1e20), profile=code))


def test_losses_of_a_corpus_unlike_web_text_are_said_to_be_web_text_s():
    for asked in (
        {"target_loss": 2.1},
        {"flops": 1e21, "inference_tokens": 1e12},
        {"flops": 1e22, "unique_tokens": 1e10},
    ):
        assert "loss_of_web_text" in codes(recommend(Request(compressibility=0.4, **asked)))
        assert "loss_of_web_text" not in codes(recommend(Request(compressibility=WEB_H, **asked)))
    assert "loss_of_web_text" not in codes(recommend(Request(compressibility=0.4, flops=1e21)))
    for made in (table(compressibility=0.4, flops=(1e20,)), repeat_table(None, 1e10, compressibility=0.4)):
        assert "loss_of_web_text" in codes(made)
    with pytest.raises(LawError, match="under the law data, whose floor"):
        recommend(Request(compressibility=0.4, target_loss=1.5))


def test_a_table_with_a_calibration_is_of_it():
    assert table(compressibility=0.45, calibration="six-corpora", sizes=(1e9,)).law == "anchored"
    assert repeat_table(None, 1e10, compressibility=0.45, calibration="six-corpora").law == "anchored"


def test_what_is_not_used_or_not_tried_is_said():
    said = recommend(Request(flops=1e20, compressibility=0.5, law="anchored", bytes_per_token=4.0))
    assert "tokenizer_not_used" in codes(said)
    assert "tokenizer_outside_range" in codes(recommend(Request(flops=1e20, bytes_per_token=30.0)))
    assert "gap_extrapolated" not in codes(recommend(Request(flops=1e21, law="bytes", bytes_per_token=4.0)))
    assert recommend(Request(flops=1e20, compressibility=0.9)).sensitivity.dlnN_dH == 0


def test_an_h_without_an_interval_is_not_taken_as_exact():
    without, within = (recommend(Request(flops=1e20), profile=replace(CORPUS, ci95=c)) for c in (None, (0.399, 0.401)))
    assert without.shift.sds["predictors"] > 1.5 * within.shift.sds["predictors"]


def test_beyond_real_runs_a_shift_of_another_base_is_as_wide_as_its_own():
    asked = {"flops": 1e21, "compressibility": 0.402, "calibration": "six-corpora"}
    for base in ("own", "chinchilla"):
        low, high = recommend(Request(**asked, base=base)).headline.interval80.n_params
        assert math.log(high / low) > 2 * 1.28 * 0.10 * math.log(1e21 / 4.84e19) * 0.9
