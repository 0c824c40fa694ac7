"""A corpus of token ids: whose they are, and the text that they stand for."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from advisor.compressibility.score import Profile, score
from advisor.corpus import sampling
from advisor.corpus.options import CorpusOptions, IdOptions
from advisor.corpus.sampling import Sampling
from advisor.corpus.tokenizer import load_tokenizer
from advisor.errors import UsageError
from tests.corpus.reading import sentence


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """Documents of a few hundred words each, with characters of several bytes."""
    rng = random.Random(0)
    words = [
        *[
            "the",
            "law",
            "of",
            "a",
            "small",
            "and",
            "large",
            "token",
            "is",
            "naïve",
            "漢字",
            "for",
            "every",
            "model",
            "that",
            "we",
            "trained",
            "on",
            "it",
        ],
        "def f():\n",
    ]
    return [" ".join(rng.choice(words) for _ in range(rng.randrange(100, 900))) for _ in range(60)]


def write(path: Path, name: str, values: list[object]) -> str:
    path.write_text("".join(json.dumps({name: value}) + "\n" for value in values))
    return str(path)


def measured(source: str, **ids: object) -> Profile:
    return score(source, options=CorpusOptions(ids=IdOptions(**ids)), sampling=Sampling(seq_len=64))  # type: ignore[arg-type]


def test_ids_of_a_named_tokenizer_are_measured_as_its_text(tmp_path: Path, texts: list[str]) -> None:
    encode = load_tokenizer().encode
    text = write(tmp_path / "text.jsonl", "text", list(texts))
    ids = write(tmp_path / "ids.jsonl", "input_ids", [encode(each) for each in texts])
    of_text, of_ids, unnamed = measured(text), measured(ids, tokenizer="mistral-v1"), measured(ids)
    assert of_ids.protocol == of_text.protocol
    assert unnamed.protocol.tokenizer is None
    assert of_ids.median == of_text.median == unnamed.median
    assert of_ids.vocab_size == 32000
    assert of_ids.bytes_per_token is None


@pytest.mark.parametrize("whole", [0, 1 << 40], ids=["by draws", "in order"])
def test_decoded_ids_are_their_text(
    whole: int, tmp_path: Path, texts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = write(tmp_path / "ids.jsonl", "input_ids", [list(each.encode()) for each in texts])
    text = write(tmp_path / "text.jsonl", "text", list(texts))
    of_text = measured(text)
    monkeypatch.setattr(sampling, "_READ_WHOLE", whole)
    monkeypatch.setattr(sampling, "_TOKENISE_WHOLE", 0 if whole == 0 else 1 << 24)
    found = measured(ids, tokenizer="bytes", decode=True)
    assert found.protocol == of_text.protocol
    assert found.bytes_per_token == pytest.approx(of_text.bytes_per_token, rel=0.01 if whole == 0 else 1e-12)
    assert found.estimated_tokens == pytest.approx(of_text.estimated_tokens, rel=0.03 if whole == 0 else 1e-12)
    assert found.median == pytest.approx(of_text.median, abs=0.01 if whole == 0 else 1e-12)


def test_ids_outside_the_vocabulary_and_decoding_for_nobody(tmp_path: Path) -> None:
    path = write(tmp_path / "ids.jsonl", "input_ids", [[*range(300), 40_000] * 3])
    assert sentence(path, ids=IdOptions(tokenizer="mistral-v1")) == (
        f"{path} holds the id 40000, and the tokenizer mistral-v1 has 32,000: name another, or another --dtype."
    )
    assert sentence(path, ids=IdOptions(vocab_size=301)) == (
        f"{path} holds the id 40000, and --vocab-size has 301: name another, or another --dtype."
    )
    assert measured(path, vocab_size=50_000).vocab_size == 50_000
    with pytest.raises(UsageError, match=r"^--decode makes text of token ids: say whose"):
        measured(path, decode=True)


def test_recommend_takes_ids_only_with_a_name(advisor, tmp_path: Path, texts: list[str]) -> None:
    encode = load_tokenizer().encode
    ids = write(tmp_path / "ids.jsonl", "input_ids", [encode(each * 3) for each in texts])
    asked = ("recommend", ids, "--flops", "1e20", "--json", "--quiet")
    refused = advisor(*asked)
    assert refused.code == 1
    assert "say whose with --tokenizer NAME, and if not mistral-v1's add --decode" in refused.stderr
    named = json.loads(advisor(*asked, "--tokenizer", "mistral-v1").stdout)
    assert (named["headline"]["law"], named["profile"]["bytes_per_token"]) == ("data", None)
    decoded = json.loads(advisor(*asked, "--tokenizer", "mistral-v1", "--decode").stdout)
    assert decoded["compressibility"] == pytest.approx(named["compressibility"], abs=0.02)
    assert decoded["profile"]["bytes_per_token"] > 1


def test_ids_that_are_no_text_are_cautioned(tmp_path: Path) -> None:
    rng = random.Random(0)
    noise = write(
        tmp_path / "noise.jsonl", "input_ids", [[rng.randrange(30_000) for _ in range(640)] for _ in range(20)]
    )
    (caution,) = [each for each in measured(noise).cautions if each.code == "like_noise"]
    assert caution.message.endswith("these are no text, or ids of another type.")
    rows = [[rng.choice([7, 7, 7, *range(8)]) if i % 3 else 7 for i in range(640)] for _ in range(40)]
    mostly = write(tmp_path / "mostly.jsonl", "input_ids", list(rows))
    codes = [each.code for each in measured(mostly).cautions]
    assert codes.count("one_id") == 1
