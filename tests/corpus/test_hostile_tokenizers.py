"""Tokenizers that a user names and that are damaged or made to do harm: each ends in a sentence, and only itself."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from advisor.corpus import tokenizer_child
from advisor.corpus.tokenizer import load_tokenizer
from advisor.errors import TokenizerError


def written(path: Path, model: dict[str, Any], **parts: Any) -> str:
    empty = dict.fromkeys(("truncation", "padding", "normalizer", "pre_tokenizer", "post_processor", "decoder"))
    path.write_text(json.dumps({"version": "1.0", "added_tokens": [], **empty, "model": model, **parts}))
    return str(path)


WORDS = {"type": "WordLevel", "vocab": {"a": 0, "b": 1}, "unk_token": "a"}
BACKTRACKS = {
    "type": "Split",
    "pattern": {"Regex": "(a+)+$|(a|aa)+b"},
    "behavior": "Isolated",
    "invert": False,
}


def test_an_unknown_token_that_the_vocabulary_lacks(tmp_path: Path) -> None:
    name = written(tmp_path / "x.json", {**WORDS, "unk_token": "[UNK]"})
    with pytest.raises(TokenizerError) as caught:
        load_tokenizer(name).encode("c d")
    assert str(caught.value) == (
        f"A text with the tokenizer {name} cannot be read as token ids: WordLevel error: Missing [UNK] token from the "
        "vocabulary."
    )


def test_a_panic_of_the_library_is_a_sentence_and_not_on_the_screen(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    tokenizer = load_tokenizer(written(tmp_path / "x.json", WORDS, pre_tokenizer=BACKTRACKS))
    with pytest.raises(TokenizerError, match=r"cannot be read as token ids: Onig: Regex search error: retry-limit"):
        tokenizer.encode("a" * 40 + "c")
    assert tokenizer.encode("a") == [0]
    assert capfd.readouterr() == ("", "")


def replaced(what: dict[str, str], content: str, times: int) -> dict[str, Any]:
    each = {"type": "Replace", "pattern": what, "content": content}
    return {"type": "Sequence", "normalizers": [each] * times}


@pytest.mark.parametrize("normalizer", [replaced({"Regex": "."}, "aa", 22), replaced({"String": "a"}, "a" * 10, 8)])
def test_normalizers_that_multiply_a_text_are_found_by_its_beginning(
    tmp_path: Path, normalizer: dict[str, Any]
) -> None:
    name = written(tmp_path / "x.json", WORDS, normalizer=normalizer)
    with pytest.raises(TokenizerError) as caught:
        load_tokenizer(name).encode("a b " * 100_000)
    assert str(caught.value) == (
        f"The tokenizer {name} ended the process that ran it (SIGABRT) over 64 characters: it makes more of them than "
        "64 MB hold, so its normalizers are at fault; name another with --tokenizer."
    )


def test_normalizers_that_multiply_what_comes_later_end_in_the_bound_of_that_text(tmp_path: Path) -> None:
    name = written(tmp_path / "x.json", WORDS, normalizer=replaced({"String": "e"}, "e" * 100_000, 1))
    tokenizer = load_tokenizer(name)
    assert tokenizer.encode("a") == [0]
    with pytest.raises(TokenizerError, match=r"\(SIGABRT\) over 10,000 characters: it makes more of them than 73 MB"):
        tokenizer.encode("a" * 9_900 + "e" * 100)
    assert tokenizer.encode("b") == [1]


def test_a_word_that_is_cut_is_no_error_of_the_text(tmp_path: Path) -> None:
    known = {"type": "WordLevel", "vocab": {"a" * 100: 7}, "unk_token": "[UNK]"}
    assert load_tokenizer(written(tmp_path / "x.json", known)).encode("a" * 100) == [7]


def test_one_that_does_not_return_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokenizer_child, "_AT_LEAST", 0.001)
    name = written(tmp_path / "x.json", WORDS, normalizer=replaced({"String": "a"}, "a" * 10, 6))
    with pytest.raises(TokenizerError) as caught:
        load_tokenizer(name).encode("a")
    assert str(caught.value) == (
        f"The tokenizer {name} took over 0.0011 s for 1 characters: its normalizers or patterns are at fault; name "
        "another with --tokenizer."
    )


@pytest.mark.parametrize("data", ["[" * 200_000, '{"model": ' * 200_000, "", '{"version": "1.0"}', "null"])
def test_files_that_are_none(tmp_path: Path, data: str) -> None:
    (tmp_path / "x.json").write_text(data)
    (tmp_path / "x.model").write_text(data)
    for name, what in (("x.json", "a tokenizer.json"), ("x.model", "a SentencePiece model")):
        with pytest.raises(TokenizerError, match=f"^{tmp_path / name} cannot be read as {what}: "):
            load_tokenizer(str(tmp_path / name))


def test_a_file_too_large_to_be_one_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "x.json").touch()
    os.truncate(tmp_path / "x.json", 1 << 40)
    with pytest.raises(TokenizerError) as caught:
        load_tokenizer(str(tmp_path / "x.json"))
    assert str(caught.value) == f"{tmp_path / 'x.json'} has 1,048,576 MB, and a tokenizer at most 128."
