"""Sources: what is measured of them, and that a plan's word is enough to have a grammar's tokens again."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from advisor.compressibility.protocol import DEFAULT_PROTOCOL
from advisor.compressibility.score import score
from advisor.corpus.hub.dataset import HubOptions
from advisor.corpus.options import CorpusOptions
from advisor.corpus.sampling import Sampling
from advisor.errors import AdvisorError, CorpusError, UsageError
from advisor.json_form import as_json
from calibration.campaign.grid import SEQ_LEN
from calibration.campaign.presets import grammars_of
from calibration.campaign.sources import WINDOWS, CorpusSource, grammar_data, prepare, read_again, restore
from calibration.campaign.token_data import write_data
from calibration.grammars.profile import profile
from calibration.lines.predictors import features
from calibration.lines.records import read_source

HEAD = {"n_tokens": 390 * SEQ_LEN, "n_validation": 130}


def quiet(*_):
    """No progress."""


@pytest.fixture(scope="module")
def a2():
    return grammars_of("paper", seed=0)[1]


@pytest.fixture(scope="module")
def prepared(a2):
    return prepare(a2, **HEAD, seed=0, progress=quiet)


@pytest.fixture(scope="module")
def code(tmp_path_factory, sources):
    folder = tmp_path_factory.mktemp("code")
    for number, text in enumerate(sources[::4]):
        (folder / f"{number}.py").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def prepared_code(code):
    return prepare(corpus(code), n_tokens=100_000, n_validation=130, seed=0, progress=quiet)


def corpus(folder, **changes):
    return CorpusSource(name="code", source=str(folder), tokenizer="bytes", options=CorpusOptions(), **changes)


def test_a_grammar_is_measured_as_by_the_table_of_grammars(a2, prepared):
    record, table = prepared.record, profile(a2, seed=0)
    assert record.compressibility == table.compressibility
    assert record.shuffled == table.shuffled_compressibility
    assert (record.entropy_bound, record.entropy_rate) == (table.entropy_bound.mean, table.entropy_rate)
    assert (record.vocab_size, record.n_unique_tokens) == (151, None)  # 150 terminals and the separator
    # Longer sequences are more compressible.
    assert record.windows["8000"] < record.windows["1000"] < record.compressibility
    assert prepared.protocol.tokenizer is None


def test_more_tokens_of_a_grammar_have_fewer_as_their_head(a2):
    less, more = (grammar_data(a2, n_tokens=n, n_validation=130, seed=0) for n in (10_000, 100_000))
    assert np.array_equal(more.validation, less.validation)
    assert np.array_equal(more.training[: len(less.training)], less.training)
    assert (len(less.training), len(more.training)) == (40, 391)  # whole documents


def test_training_and_held_out_documents_differ(a2):
    data = grammar_data(a2, n_tokens=100_000, n_validation=130, seed=0)
    held_out = {bytes(document) for document in data.validation}
    assert len(held_out) == 130
    assert not held_out & {bytes(document) for document in data.training}


@pytest.mark.parametrize(("group", "name"), [("paper", "A6"), ("ladder", "L5")])
def test_a_plan_s_word_is_enough_to_draw_a_grammar_again(tmp_path, group, name):
    grammar = next(one for one in grammars_of(group, seed=1) if one.name == name)
    record = prepare(grammar, **HEAD, seed=1, progress=quiet).record
    written = json.loads(json.dumps(as_json(record)))
    data = restore(read_source(_node(written)), tmp_path, n_tokens=120_000, n_validation=130)
    assert data.digest() == record.data
    assert data.training.size >= 120_000


def test_tokens_on_disk_grow_with_what_is_asked_for(tmp_path, prepared):
    for n_tokens, n_documents in ((99_840, 390), (50_000, 390), (200_000, 782)):
        data = restore(prepared.record, tmp_path, n_tokens=n_tokens, n_validation=130)
        assert len(data.training) == n_documents


def test_a_few_tokens_of_a_grammar_are_still_the_planned_ones(tmp_path, prepared):
    data = restore(prepared.record, tmp_path, n_tokens=1000, n_validation=130)
    assert data.digest() == prepared.record.data


def test_other_tokens_than_planned_are_made_again(tmp_path, prepared, a2):
    write_data(grammar_data(a2, n_tokens=100_000, n_validation=130, seed=9), tmp_path, "A2")
    assert restore(prepared.record, tmp_path, **HEAD).digest() == prepared.record.data


def test_a_grammar_that_is_sampled_otherwise_is_refused(tmp_path, prepared):
    with pytest.raises(AdvisorError) as caught:
        restore(replace(prepared.record, data="0" * 32), tmp_path, **HEAD)
    assert str(caught.value) == (
        "The tokens of A2 are sampled otherwise by this version than by the one that planned: name another folder."
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shape": 3}, "The plan: A2.definition.shape must be an object, not 3."),
        ({"data_seed": "x"}, "The plan: A2.definition.data_seed must be a whole number of at least 0, not 'x'."),
        (
            {"grammar_seed": None},
            "The plan: A2.definition.grammar_seed must be a whole number of at least 0, not null.",
        ),
    ],
)
def test_a_definition_that_says_nothing_is_one_sentence(tmp_path, prepared, change, message):
    record = replace(prepared.record, definition={**prepared.record.definition, **change})
    with pytest.raises(AdvisorError) as caught:
        restore(record, tmp_path, **HEAD)
    assert str(caught.value) == message


def test_a_corpus_is_measured_as_by_advisor_score(code, prepared_code):
    found = prepared_code
    record, scored = found.record, score(str(code), sampling=Sampling(tokenizer="bytes"))
    assert record.compressibility == scored.median
    assert record.ci95 == scored.ci95
    assert (record.kind, record.vocab_size, record.entropy_bound) == ("corpus", 257, None)
    assert record.n_unique_tokens == found.data.training.size > 900_000
    assert found.protocol == scored.protocol
    assert found.notes == ()


def test_tokens_of_a_corpus_that_are_gone_are_read_again_from_the_corpus(tmp_path, code, prepared_code):
    record = prepared_code.record
    with pytest.raises(CorpusError) as caught:
        restore(record, tmp_path, **HEAD)
    assert str(caught.value) == (
        f"The tokens of code in {tmp_path} are missing or not those that were planned: give the command that planned "
        f"this calibration again, with --corpus code={code}, to have them read again."
    )
    read_again(record, corpus(code), tmp_path, n_validation=130, progress=quiet)
    assert np.array_equal(restore(record, tmp_path, **HEAD).training, prepared_code.data.training)


def test_a_corpus_of_ids_has_the_vocabulary_of_its_ids(tmp_path):
    path = tmp_path / "ids.jsonl"
    ids = (np.arange(400_000) % 700).tolist()
    path.write_text(json.dumps({"input_ids": ids}) + "\n")
    found = prepare(corpus(path), n_tokens=100_000, n_validation=130, seed=0, progress=quiet)
    assert (found.record.vocab_size, found.protocol.tokenizer) == (700, None)


def test_how_a_corpus_is_read_is_kept_without_the_access_token():
    options = CorpusOptions(column="text", hub=HubOptions(split="test", data_files=("a", "b"), token="hf_secret"))
    spec = CorpusSource(name="x", source="org/name", tokenizer="bytes", options=options)
    assert spec.reading == {"column": "text", "split": "test", "data_files": ["a", "b"]}
    assert corpus("x").reading == {}


def test_h_can_be_of_other_tokens_than_are_trained_on(code, prepared_code):
    spec = corpus(code, score_tokenizer="mistral-v1")
    found = prepare(spec, n_tokens=100_000, n_validation=130, seed=0, progress=quiet)
    record, scored = found.record, score(str(code))
    assert (record.compressibility, record.ci95, record.shuffled) == (
        scored.median,
        scored.ci95,
        scored.compressibility.shuffled_median,
    )
    assert found.protocol == DEFAULT_PROTOCOL
    assert record.windows["1000"] == score(str(code), sampling=Sampling(seq_len=1000, n_sequences=WINDOWS[1000])).median
    # What is trained on is the same bytes as without it.
    assert record.trained_compressibility == prepared_code.record.compressibility
    assert (record.data, record.vocab_size) == (prepared_code.record.data, 257)
    assert prepared_code.record.trained_compressibility is None
    assert read_source(_node(as_json(record))) == record
    assert features(record)["H of the training tokens"] == (prepared_code.record.compressibility,)
    assert "H of the training tokens" not in features(prepared_code.record)


def test_bytes_per_token_are_a_predictor_where_tokens_are_not_bytes(prepared_code):
    record = prepared_code.record
    assert record.definition["bytes_per_token"] == 1
    assert "ln bytes per token" not in features(record)
    pieces = replace(record, definition={**record.definition, "tokenizer": "pieces.model", "bytes_per_token": 2.5})
    assert features(pieces)["ln bytes per token"] == (math.log(2.5),)


def test_ids_cannot_be_scored_by_another_tokenizer(tmp_path):
    path = tmp_path / "ids.jsonl"
    path.write_text(json.dumps({"input_ids": [i % 300 for i in range(400_000)]}) + "\n")
    spec = CorpusSource(
        name="x", source=str(path), tokenizer="bytes", options=CorpusOptions(), score_tokenizer="mistral-v1"
    )
    with pytest.raises(UsageError, match="holds token ids, which --score-tokenizer cannot tokenise"):
        prepare(spec, n_tokens=20_000, n_validation=128, seed=0, progress=quiet)


def _node(value):
    from advisor.json_fields import Node

    return Node(value, "plan.json", "sources[0]", AdvisorError)
