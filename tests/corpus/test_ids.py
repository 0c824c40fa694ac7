"""A corpus of token ids: whose they are, and the text that they stand for."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from advisor.compressibility.score import Profile, score
from advisor.corpus import sampling
from advisor.corpus.options import CorpusOptions, IdOptions
from advisor.corpus.sampling import Sampling
from advisor.corpus.tokenizer import load_tokenizer
from advisor.errors import UsageError
from tests.corpus.reading import profile, sentence


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


def test_row_numbers_are_no_token_ids(tmp_path: Path) -> None:
    for name, start in ("labels.npy", 0), ("rows.npy", 7):
        np.save(tmp_path / name, np.arange(start, start + 5000))
        problem = f"{tmp_path / name} holds row numbers, each one more than the one before, and no token ids."
        assert sentence(tmp_path / name) == problem
    np.savez_compressed(tmp_path / "x.npz", labels=np.arange(5000))
    assert "holds row numbers" in sentence(tmp_path / "x.npz")


def test_numbers_above_those_of_any_vocabulary_are_no_token_ids(tmp_path: Path) -> None:
    rng = random.Random(0)
    rows = [[1_600_000_000 + rng.randrange(20_000) for _ in range(100)] for _ in range(20)]
    path = write(tmp_path / "t.jsonl", "ids", rows)
    assert sentence(path) == (
        f"{path} has no text column: 'ids' (list of integers, numbers above those of any vocabulary); --column NAME "
        "reads one of these all the same."
    )
    assert profile(path, column="ids").vocab_size == max(map(max, rows)) + 1
    np.save(tmp_path / "t.npy", np.array(rows).reshape(-1))
    highest = max(map(max, rows))
    assert sentence(tmp_path / "t.npy") == (
        f"{tmp_path / 't.npy'} holds the id {highest:,}, and no tokenizer has a million tokens: these are no token "
        f"ids, or of another type; --vocab-size {highest + 1} measures them all the same."
    )
    assert profile(tmp_path / "t.npy", ids=IdOptions(vocab_size=highest + 1)).vocab_size == highest + 1
    with_text = [{"ids": row, "text": f"A text of some words, the {i}th of many. " * 9} for i, row in enumerate(rows)]
    (tmp_path / "u.jsonl").write_text("".join(json.dumps(each) + "\n" for each in with_text))
    assert profile(tmp_path / "u.jsonl").columns[0].column == "text"


def test_of_a_type_that_a_file_states_nobody_is_asked(tmp_path: Path) -> None:
    np.save(tmp_path / "t.npy", np.array([3, -100, 5] * 100))
    assert sentence(tmp_path / "t.npy") == (
        f"{tmp_path / 't.npy'}, read as int64, has the id -100 at place 1, and ids lie in 0 to 2,147,483,647: these "
        "are no token ids, or labels of what is not learnt."
    )


def test_lists_of_whole_numbers_as_text_are_token_ids(tmp_path: Path) -> None:
    rng = random.Random(0)
    rows = [[rng.randrange(30_000) for _ in range(rng.randrange(70, 300))] for _ in range(30)]
    as_text = [[str(each) for each in row] for row in rows]
    for name in ("tokens", "input_ids"):
        plain = profile(write(tmp_path / "plain.jsonl", name, rows))
        path = tmp_path / "digits.parquet"
        pq.write_table(pa.table({name: as_text}), path)
        for source in (str(path), write(tmp_path / "digits.jsonl", name, as_text)):
            found = profile(source)
            assert (found.median, found.estimated_tokens) == (plain.median, plain.estimated_tokens)
            assert [(each.column, each.type) for each in found.columns] == [(name, "token ids written as text")]
            assert profile(source, column=f"{name}:text").bytes_per_token is not None
    other = write(tmp_path / "other.jsonl", "numbers", as_text)
    assert sentence(other) == (
        f"{other} has no text column: 'numbers' (list of whole numbers written as text, not named as token ids); "
        "--column NAME reads one of these all the same."
    )
    assert profile(other, column="numbers").estimated_tokens == plain.estimated_tokens
    mixed = write(tmp_path / "mixed.jsonl", "tokens", [*as_text, ["1", "<s>"]])
    assert sentence(mixed).startswith(f"{mixed}:31 ")
    short = write(tmp_path / "short.jsonl", "tokens", [["3", "4"]] * 400)
    assert profile(short, column="tokens:ids").estimated_tokens == 800


def cautioned(source: str | Path, **ids: object) -> list[str]:
    found = profile(source, ids=IdOptions(**ids))  # type: ignore[arg-type]
    return [each.message for each in found.cautions if each.code == "unused_option"]


def test_options_on_ids_that_have_no_effect_are_said(tmp_path: Path, texts: list[str]) -> None:
    text = write(tmp_path / "t.jsonl", "text", list(texts))
    assert cautioned(text, dtype="uint16", eos_id=1, vocab_size=100) == [
        f"--dtype, --vocab-size and --eos-id had no effect: {text} holds text."
    ]
    assert cautioned(text) == []
    ids = write(tmp_path / "i.jsonl", "ids", [[3, 5, 9, 4, 7, 6, 8, 1] * 20] * 9)
    assert cautioned(ids, dtype="uint16", eos_id=1, vocab_size=100) == [
        f"--dtype had no effect: {ids} holds ids that are no flat array."
    ]
    np.array([3, 5, 9, 4, 7, 6, 8, 1] * 200, "uint16").tofile(tmp_path / "t.bin")
    assert cautioned(tmp_path / "t.bin", dtype="uint16", eos_id=1, vocab_size=100) == []


def test_an_end_that_no_id_of_the_type_can_be_is_an_error(tmp_path: Path) -> None:
    np.array([3, 5, 9, 4, 7, 6, 8, 1] * 200, "uint16").tofile(tmp_path / "t.bin")
    options = IdOptions(dtype="uint16", eos_id=70_000)
    assert sentence(tmp_path / "t.bin", ids=options) == (
        f"--eos-id 70000 cannot stand between documents of {tmp_path / 't.bin'}: its ids are uint16, and the largest "
        "of those is 65,535."
    )
