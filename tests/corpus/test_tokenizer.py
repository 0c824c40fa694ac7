"""Tokenizers: the default one, files, bytes, and what is said of those that cannot be had."""

from __future__ import annotations

from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from advisor.corpus.tokenizer import load_tokenizer
from advisor.errors import TokenizerError


def test_the_default_is_the_32000_piece_model_without_importing_its_package() -> None:
    tokenizer = load_tokenizer()
    assert (tokenizer.name, tokenizer.vocab_size, tokenizer.separator) == ("mistral-v1", 32000, 2)
    # "Hello world" is two pieces of Mistral-v1, as its published tokenizer gives them.
    assert tokenizer.encode("Hello world") == [22557, 1526]


def test_a_model_file_is_the_same_tokenizer_under_its_own_name(tmp_path: Path) -> None:
    import importlib.util

    spec = importlib.util.find_spec("mistral_common")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    source = Path(spec.submodule_search_locations[0]) / "data" / "tokenizer.model.v1"
    path = tmp_path / "own.model"
    path.write_bytes(source.read_bytes())
    tokenizer = load_tokenizer(str(path))
    assert tokenizer.name == str(path)
    assert tokenizer.encode("def f(x):\n    return x") == load_tokenizer().encode("def f(x):\n    return x")


def test_a_tokenizer_json_and_the_folder_that_holds_it(tmp_path: Path) -> None:
    model = Tokenizer(models.WordLevel({"a": 0, "b": 1, "</s>": 2, "?": 3}, unk_token="?"))
    model.pre_tokenizer = pre_tokenizers.Whitespace()
    model.save(str(tmp_path / "tokenizer.json"))
    for name in (str(tmp_path / "tokenizer.json"), str(tmp_path)):
        tokenizer = load_tokenizer(name)
        assert tokenizer.encode("a b zzz a") == [0, 1, 3, 0]
        assert (tokenizer.vocab_size, tokenizer.separator) == (4, 2)


def test_bytes_are_their_own_ids() -> None:
    tokenizer = load_tokenizer("bytes")
    assert tokenizer.encode("é!") == [0xC3, 0xA9, 0x21]
    assert tokenizer.vocab_size == 257


def test_every_failure_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "junk.model").write_bytes(b"not a model")
    (tmp_path / "junk.json").write_text("{}")
    (tmp_path / "empty").mkdir()
    cases = {
        "nope": "'nope' is neither 'mistral-v1', 'bytes', a file, nor a hub id such as org/name.",
        "missing.model": "There is no tokenizer file missing.model.",
        str(tmp_path / "junk.model"): f"{tmp_path}/junk.model cannot be read as a SentencePiece model",
        str(tmp_path / "junk.json"): f"{tmp_path}/junk.json cannot be read as a tokenizer.json",
        str(tmp_path / "empty"): f"The folder {tmp_path}/empty holds neither a tokenizer.json nor a tokenizer.model.",
    }
    for name, message in cases.items():
        with pytest.raises(TokenizerError) as caught:
            load_tokenizer(name)
        assert str(caught.value).startswith(message)
        assert "\n" not in str(caught.value)
