"""Fields of JSON objects that are read in pieces: the same text as json.loads, whatever the chunks."""

from __future__ import annotations

import json
import random
import time

import pytest

from advisor.corpus.long_lines import LongObject
from advisor.errors import CorpusError

ALPHABET = [
    "a",
    "b ",
    " ",
    '"',
    "\\",
    "/",
    "\n",
    "\t",
    "é",
    "漢",
    "😀",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\\u0041",
    "\x07",
]


def chunked(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 10_000])
def test_pieces_join_to_the_text_that_json_gives(size: int, ascii_only: bool) -> None:
    rng = random.Random(size)
    for _ in range(40):
        text = "".join(rng.choices(ALPHABET, k=rng.randrange(60)))
        record = {"id": 7, "meta": {"a": [1, '"}', {"text": "no"}]}, "é\\": None, "text": text, "after": [True, 1.5e3]}
        data = json.dumps(record, ensure_ascii=ascii_only).encode()
        found = list(LongObject(chunked(data, size), "x").pieces("text"))
        assert "".join(piece for piece, _, _ in found) == text
        for piece, offset, length in found:
            assert json.loads(b'"' + data[offset : offset + length] + b'"', strict=False) == piece


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_columns_are_named_with_their_kinds(size: int) -> None:
    data = json.dumps({"n": 1, "text": "x y", "list": ["a"], "none": None, "last": "z"}).encode()
    found = LongObject(chunked(data, size), "x").columns()
    assert found == {"n": None, "text": "text", "list": None, "none": None, "last": "text"}


def test_text_without_a_space_is_cut_between_characters() -> None:
    for text in ("漢" * 5000, "😀" * 3000, "\\" * 4000, "x" * 9000, " " + "x" * 9000, '"' * 5000, "\n😀\\" * 999):
        for ascii_only in (True, False):
            data = json.dumps({"text": text}, ensure_ascii=ascii_only).encode()
            found = list(LongObject(chunked(data, 1000), "x").pieces("text"))
            assert "".join(piece for piece, _, _ in found) == text
            assert max(length for _, _, length in found) < 3000


def test_long_strings_of_escapes_cost_little() -> None:
    data = json.dumps({"text": '\\"\n' * (1 << 20)}).encode()
    begin = time.perf_counter()
    assert sum(length for _, _, length in LongObject(chunked(data, 1 << 20), "x").pieces("text")) == 6 << 20
    assert time.perf_counter() - begin < 3  # a second for each MB where quotes are looked at one by one


@pytest.mark.parametrize("data", [b"[1, 2]", b'{"text": "torn', b'{"text"', b'{"a": [1, 2', b"{text: 1}", b'{"a": 1'])
def test_what_is_not_an_object_is_one_sentence(data: bytes) -> None:
    with pytest.raises(CorpusError, match=r"^file:3 is not valid JSON at its byte \d+\.$"):
        list(LongObject([data], "file:3").pieces("text"))
