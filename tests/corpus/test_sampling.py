"""The sample is uniform over sequences, whatever the format and whether the corpus is read whole or by draws."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from advisor.corpus import sampling
from advisor.corpus.options import CorpusOptions
from advisor.corpus.sampling import Sampling, draw_sample
from advisor.corpus.sequences import Sample
from advisor.corpus.source import open_corpus
from advisor.corpus.tokenizer import Tokenizer, load_tokenizer
from advisor.errors import CorpusError

SEQ_LEN = 64


def quiet(what: str, done: float, total: float | None) -> None:
    """No progress."""


def sample_of(source: Path, *, n_sequences: int = 1000, seed: int = 0, seq_len: int = SEQ_LEN) -> Sample:
    options = CorpusOptions()
    corpus = open_corpus(str(source), options, seq_len=seq_len)
    asked = Sampling(seq_len=seq_len, n_sequences=n_sequences, seed=seed)
    return draw_sample(corpus.readers, asked, tokenizer=words(), progress=quiet)


def words() -> Tokenizer:
    """A tokenizer whose ids say which kind of document a token is from: 1 for a short word, 2 for a long one."""
    return Tokenizer(
        name="words",
        vocab_size=3,
        encode=lambda text: [1 if len(word) < 4 else 2 for word in text.split()],
        decode=str,
        separator=0,
    )


def mixed_documents(rng: random.Random, n: int) -> list[str]:
    """Documents of two kinds, 2 and 9 bytes a token, of lengths from none to many sequences."""
    documents = []
    for _ in range(n):
        word = rng.choice(["a", "abcdefgh"])
        documents.append(" ".join([word] * int(rng.lognormvariate(5, 1.3))))
    return documents


def true_share(documents: list[str]) -> float:
    """Return the share of all sequences that are of short words, each document cut by itself."""
    counts = {1: 0, 2: 0}
    for text in documents:
        tokens = text.split()
        if tokens:
            counts[1 if len(tokens[0]) < 4 else 2] += len(tokens) // SEQ_LEN
    return counts[1] / (counts[1] + counts[2])


def write(folder: Path, documents: list[str], kind: str) -> Path:
    path = folder / f"corpus.{kind}"
    if kind == "jsonl":
        path.write_text("".join(json.dumps({"n": i, "text": text}) + "\n" for i, text in enumerate(documents)))
    elif kind == "parquet":
        pq.write_table(pa.table({"text": documents}), path, row_group_size=97)
    else:
        path.mkdir()
        for number, text in enumerate(documents):
            (path / f"{number:05}.txt").write_text(text)
    return path


@pytest.mark.parametrize("kind", ["jsonl", "parquet", "files"])
@pytest.mark.parametrize("by_draws", [True, False], ids=["by draws", "in order"])
def test_kinds_of_documents_have_their_share_of_sequences(
    kind: str, by_draws: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "_TOKENISE_WHOLE", 0)
    monkeypatch.setattr(sampling, "_READ_WHOLE", 0 if by_draws else 1 << 40)
    documents = mixed_documents(random.Random(5), 1500)
    share = true_share(documents)
    assert 0.3 < share < 0.7
    path = write(tmp_path, documents, kind)
    drawn = [sample_of(path, seed=seed, n_sequences=400) for seed in range(5)]
    shares = [float((sample.ids[:, 0] == 1).mean()) for sample in drawn]
    n = sum(len(sample.ids) for sample in drawn)
    assert n > 1500
    # Four standard errors of a binomial share, and 1.5 % for long documents whose ends no window reaches exactly.
    assert np.mean(shares) == pytest.approx(share, abs=4 * (0.25 / n) ** 0.5 + 0.015)


@pytest.mark.parametrize("kind", ["jsonl", "parquet", "files"])
def test_totals_are_estimated_within_their_interval(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "_READ_WHOLE", 0)
    documents = [text or "a" for text in mixed_documents(random.Random(6), 1500)]
    path = write(tmp_path, documents, kind)
    truth = sum(len(text.split()) for text in documents)
    text_bytes = sum(map(len, documents))
    inside = 0
    for seed in range(8):
        sample = sample_of(path, seed=seed)
        assert sample.estimated_tokens == pytest.approx(truth, rel=0.06)
        assert sample.bytes_per_token == pytest.approx(text_bytes / truth, rel=0.06)
        assert sample.estimated_tokens_ci95 is not None
        inside += sample.estimated_tokens_ci95[0] <= truth <= sample.estimated_tokens_ci95[1]
        assert sample.n_documents == pytest.approx(len(documents), rel=0.25)
        assert sample.n_documents_exact == (kind != "jsonl")
    assert inside >= 6


def test_ends_of_documents_count_as_much_as_their_middles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Documents that begin with dense markup: a sampler that shuns ends would find too few of those tokens."""
    monkeypatch.setattr(sampling, "_TOKENISE_WHOLE", 0)
    documents = ["a " * 500 + "abcd " * 600 for _ in range(400)]
    path = write(tmp_path, documents, "jsonl")
    truth = sum(len(text.split()) for text in documents)
    for whole in (0, 1 << 40):
        monkeypatch.setattr(sampling, "_READ_WHOLE", whole)
        samples = [sample_of(path, seed=seed) for seed in range(4)]
        assert np.mean([sample.estimated_tokens for sample in samples]) == pytest.approx(truth, rel=0.02)
        short = np.mean([(sample.ids == 1).mean() for sample in samples])
        assert short == pytest.approx(500 / 1088, abs=0.025)  # 12 tokens are the remainder


def test_no_sequence_is_taken_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "_TOKENISE_WHOLE", 0)
    numbers = iter(range(10**9))
    documents = [" ".join(str(next(numbers)) for _ in range(150)) for _ in range(300)]
    path = write(tmp_path, documents, "jsonl")
    tokenizer = Tokenizer(
        name="n", vocab_size=10**6, encode=lambda text: [int(w) for w in text.split()], decode=str, separator=0
    )
    for whole in (0, 1 << 40):
        monkeypatch.setattr(sampling, "_READ_WHOLE", whole)
        corpus = open_corpus(str(path), CorpusOptions(column="text:text"), seq_len=SEQ_LEN)
        asked = Sampling(seq_len=SEQ_LEN, n_sequences=2000, seed=1)
        sample = draw_sample(corpus.readers, asked, tokenizer=tokenizer, progress=quiet)
        assert len({tuple(row) for row in sample.ids.tolist()}) == len(sample.ids) > 400


def test_a_small_corpus_is_taken_whole_and_counted_exactly(tmp_path: Path) -> None:
    documents = mixed_documents(random.Random(7), 60)
    path = write(tmp_path, documents, "jsonl")
    sample = sample_of(path, n_sequences=100_000)
    assert sample.exhaustive
    assert len(sample.ids) == sum(len(text.split()) // SEQ_LEN for text in documents)
    assert sample.estimated_tokens == sum(len(text.split()) for text in documents)
    assert sample.estimated_tokens_ci95 is None


@pytest.mark.parametrize("by_draws", [True, False])
def test_short_documents_are_joined_with_the_separator(
    by_draws: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "_TOKENISE_WHOLE", 0)
    monkeypatch.setattr(sampling, "_READ_WHOLE", 0 if by_draws else 1 << 40)
    path = write(tmp_path, ["a bb ccc dddd eeeee"] * 4000, "jsonl")
    sample = sample_of(path, n_sequences=200)
    assert sample.joined
    assert len(sample.ids) >= 190
    period = [1, 1, 1, 2, 2, 0]
    for row in sample.ids[:20].tolist():
        assert any(row == (period * 20)[start : start + SEQ_LEN] for start in range(6))


def test_the_same_seed_gives_the_same_sequences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, mixed_documents(random.Random(8), 800), "parquet")
    for whole in (0, 1 << 40):
        monkeypatch.setattr(sampling, "_READ_WHOLE", whole)
        first, again, other = (sample_of(path, n_sequences=300, seed=seed) for seed in (3, 3, 4))
        assert (first.ids == again.ids).all()
        assert first.keys == again.keys
        assert first.keys != other.keys


def test_draws_touch_every_row_group_and_at_most_128(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "_READ_WHOLE", 0)
    loaded: list[int] = []
    for n_groups, expected in ((40, 40), (400, 128)):
        path = tmp_path / f"{n_groups}.parquet"
        pq.write_table(pa.table({"text": ["a b c " * 22] * n_groups * 10}), path, row_group_size=10)
        corpus = open_corpus(str(path), CorpusOptions(), seq_len=SEQ_LEN)
        for reader in corpus.readers:
            reader.at = lambda places, at=reader.at, row=reader.first_row: (loaded.append(row), at(places))[1]  # type: ignore[attr-defined]
        loaded.clear()
        draw_sample(corpus.readers, Sampling(seq_len=SEQ_LEN, n_sequences=500), tokenizer=words(), progress=quiet)
        assert len(set(loaded)) == pytest.approx(expected, abs=1)


def test_a_corpus_of_less_than_one_sequence_says_so(tmp_path: Path) -> None:
    path = write(tmp_path, ["a b c", "d"], "jsonl")
    with pytest.raises(
        CorpusError, match=r"^The corpus holds 4 tokens, and H needs at least 64 of them: measure more text\.$"
    ):
        sample_of(path)


def test_a_document_of_many_megabytes_is_many_units_of_the_bootstrap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "book.txt"
    path.write_text("word and " * 1_500_000)
    for whole in (0, 1 << 40):
        monkeypatch.setattr(sampling, "_READ_WHOLE", whole)
        sample = draw_sample(
            open_corpus(str(path), CorpusOptions(), seq_len=256).readers,
            Sampling(n_sequences=300),
            tokenizer=load_tokenizer("bytes"),
            progress=quiet,
        )
        assert len(sample.ids) == 300
        assert 12 <= len(set(sample.keys)) <= 14
