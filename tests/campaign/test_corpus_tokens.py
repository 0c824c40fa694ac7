"""A corpus as training data: nothing twice, nothing held out that is trained on, the same data for larger grids."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from advisor.corpus.options import CorpusOptions
from advisor.corpus.sampling import Sampling
from advisor.corpus.tokenizer import load_tokenizer
from advisor.errors import CorpusError
from calibration.campaign import corpus_tokens as module
from calibration.campaign.corpus_tokens import MIN_VALIDATION, STRETCH, corpus_tokens

SEQ_LEN = 256
BYTES = load_tokenizer("bytes")


def read(path, **changes):
    sampling = Sampling(seq_len=SEQ_LEN, seed=changes.pop("seed", 0))
    arguments = {"n_tokens": 100_000, "n_validation": 200, "tokenizer": BYTES} | changes
    # The ids of these tests count up, as row numbers do: such are taken for ids only where somebody says so.
    options = CorpusOptions(column="input_ids" if Path(path).name == "ids.jsonl" else None)
    return corpus_tokens(str(path), options, sampling, progress=lambda *_: None, **arguments)


def ids_file(path, lengths, first=0):
    """A corpus of ids of which none occurs twice: document i holds the numbers that follow those of document i - 1."""
    with path.open("w") as file:
        for length in lengths:
            file.write(json.dumps({"input_ids": list(range(first, first + length))}) + "\n")
            first += length
    return path


@pytest.fixture(scope="module")
def numbered(tmp_path_factory):
    """Of 90 documents 30 have 50 sequences, 30 five, 30 one, and each a remainder of 100 ids: 1,680 sequences."""
    lengths = [n * SEQ_LEN + 100 for n in (50, 5, 1) for _ in range(30)]
    return ids_file(tmp_path_factory.mktemp("ids") / "ids.jsonl", lengths)


def test_every_id_is_there_at_most_once_and_no_sequence_is_lost(numbered):
    data = read(numbered).data
    assert len(data.validation) == 168  # a tenth, which is less than 200
    both = np.concatenate([data.training, data.validation])
    assert len(np.unique(both)) == both.size
    # Only what the last held-out stretch has too many is left out, less than a stretch.
    assert 1680 - STRETCH < len(both) <= 1680
    assert np.array_equal(np.diff(both, axis=1), np.ones((len(both), SEQ_LEN - 1)))  # cut as they were, in one piece


def test_held_out_stretches_are_not_trained_on(numbered):
    """Neighbours in a document are alike, so held-out sequences are not between ones that are trained on."""
    data = read(numbered).data
    document, length = np.divmod(data.validation[:, 0], 50 * SEQ_LEN + 100)
    long = document < 30  # the documents of 50 sequences come first
    held_out = {(d, n // SEQ_LEN // STRETCH) for d, n in zip(document[long], length[long], strict=True)}
    document, length = np.divmod(data.training[:, 0], 50 * SEQ_LEN + 100)
    trained = {(d, n // SEQ_LEN // STRETCH) for d, n in zip(document, length, strict=True) if d < 30}
    assert held_out
    assert not held_out & trained


def test_a_grid_that_needs_more_tokens_has_the_same_data(numbered):
    less, more = read(numbered, n_tokens=10_000).data, read(numbered, n_tokens=400_000).data
    assert less.digest() == more.digest()
    assert np.array_equal(less.training, more.training)


def test_the_order_is_random_and_the_seed_s(numbered):
    data, again, other = read(numbered).data, read(numbered).data, read(numbered, seed=1).data
    assert np.array_equal(data.training, again.training)
    assert not np.array_equal(data.validation, other.validation)
    # The correlation of place and position in the corpus has standard error 1/sqrt(1500) = .026.
    assert abs(np.corrcoef(data.training[:, 0], np.arange(len(data.training)))[0, 1]) < 0.11


def test_of_a_larger_corpus_a_random_part_of_the_documents_is_read(tmp_path, monkeypatch):
    path = ids_file(tmp_path / "ids.jsonl", [4 * SEQ_LEN] * 2000)  # 8,000 sequences
    monkeypatch.setattr(module, "HELD_TOKENS", 2000 * SEQ_LEN)
    data = read(path, n_validation=128).data
    both = np.concatenate([data.training, data.validation])[:, 0] / (8000 * SEQ_LEN)
    assert 2000 < len(both) < 3000  # 1.2 times what is to be held, give or take a draw
    assert len(np.unique(both)) == len(both)
    # From all over the corpus: each quarter has its share of some 2,400, give or take 600 * .087 (documents of 4).
    assert np.histogram(both, bins=4, range=(0, 1))[0] == pytest.approx([len(both) / 4] * 4, rel=0.2)


def test_short_documents_are_joined_with_the_separator(tmp_path):
    path = tmp_path / "short.jsonl"
    texts = [f"the {i} th line" for i in range(30_000)]
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    read_ = read(path)
    assert read_.sample.joined
    both = np.concatenate([read_.data.training, read_.data.validation])
    n_tokens = sum(map(len, texts)) + len(texts)
    assert (n_tokens // SEQ_LEN) - STRETCH < len(both) <= n_tokens // SEQ_LEN
    assert int(both.max()) == BYTES.separator == 256
    lines = bytes(token if token < 256 else 10 for token in both.flatten().tolist()).split(b"\n")
    whole = [line for line in lines if line.startswith(b"the ") and line.endswith(b" line")]
    assert len(set(whole) & {text.encode() for text in texts}) > 0.9 * len(texts)


def test_text_is_tokenised_and_what_is_left_out_is_counted(tmp_path, sources):
    for number, text in enumerate(sources):
        (tmp_path / f"{number}.py").write_text(text, encoding="utf-8")
    (tmp_path / "empty.py").write_text("")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    (tmp_path / "notes.xyz").write_text("of another type")
    found = read(tmp_path)
    assert found.left_out == {"files ending in .xyz": 1}
    assert found.data.training.dtype == np.uint16
    corpus = "".join(sources).encode()
    for sequence in found.data.validation[:20]:
        assert bytes(sequence.tolist()) in corpus
    assert len(found.data.validation) == 200


@pytest.mark.parametrize(("n_sequences", "fits"), [(10 * MIN_VALIDATION - 1, False), (10 * MIN_VALIDATION, True)])
def test_too_small_a_corpus_is_one_sentence(tmp_path, n_sequences, fits):
    path = ids_file(tmp_path / "ids.jsonl", [n_sequences * SEQ_LEN])
    if fits:
        assert len(read(path).data.validation) == MIN_VALIDATION
        return
    with pytest.raises(CorpusError) as caught:
        read(path)
    assert str(caught.value) == (
        f"{path} has 1,279 whole sequences, and 1,280 are needed, a tenth of them to measure losses on: give a larger "
        "corpus."
    )


@pytest.mark.parametrize(("first", "last"), [(-5, 499_994), ((1 << 31) - 100, (1 << 31) + 499_899)])
def test_ids_beyond_31_bits_are_one_sentence(tmp_path, first, last):
    path = ids_file(tmp_path / "ids.jsonl", [500_000], first=first)
    with pytest.raises(CorpusError) as caught:
        read(path)
    assert str(caught.value) == f"{path} holds ids from {first} to {last}: token ids lie in 0 to 2147483647."


def test_ids_keep_their_values_beside_a_tokenizer_of_few(tmp_path):
    path = ids_file(tmp_path / "ids.jsonl", [400_000], first=100_000)
    data = read(path, tokenizer=BYTES._replace(vocab_size=257)).data
    assert int(data.training.min()) >= 100_000
    assert data.training.dtype == np.int32


def test_what_is_left_out_of_too_small_a_corpus_is_said(tmp_path):
    (tmp_path / "a.txt").write_bytes("naïve".encode("latin-1"))
    (tmp_path / "b.txt").write_text("a little")
    with pytest.raises(CorpusError) as caught:
        read(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path} has 0 whole sequences, and 1,280 are needed, a tenth of them to measure losses on: give a larger "
        "corpus. Left out: 1 (files that are binary or not UTF-8)."
    )
