"""Chats whole, ids written as text, and the types that say so."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from advisor.corpus.values.messages import text_of_messages
from advisor.corpus.values.written_ids import ids_in
from tests.corpus.reading import sentence
from tests.corpus.tables import chosen, read, write_jsonl, written

IDS = [[random.Random(seed).randrange(1, 50_000) for _ in range(20)] for seed in range(12)]


def test_all_of_a_message_that_is_trained_on_is_read(tmp_path: Path) -> None:
    calls = [{"id": "c1", "type": "function", "function": {"name": "look", "arguments": {"at": "a", "n": 2}}}]
    old = {"name": "find", "arguments": '{"b": 1}'}
    messages: list[dict[str, Any]] = [
        {"role": "user", "content": "question", "name": "Ann"},
        {"role": "assistant", "reasoning_content": "because", "content": None, "tool_calls": calls},
        {"role": "tool", "tool_call_id": "c1", "content": "found"},
        {"role": "assistant", "thinking": "hm", "content": "answer", "function_call": old},
    ]
    for path in written(tmp_path, [{"messages": messages}]):
        assert read(path)[0] == [
            'question\nbecause\nlook\n{"at": "a", "n": 2}\nfound\nhm\nanswer\nfind\n{"b": 1}',
        ]
        assert chosen(path) == ("messages", "chat messages")
        assert read(path)[1].cautions == ()


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image_url", "url": "x"}, "b"]}, "a\nb"),
        ({"role": "assistant", "content": [{"type": "thinking", "thinking": "t", "signature": "zz"}]}, "t"),
        (
            {"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "f", "input": {"k": 1}}]},
            'f\n{"k": 1}',
        ),
        ({"role": "user", "content": [{"type": "tool_result", "content": [{"type": "text", "text": "r"}]}]}, "r"),
        ({"role": "user", "content": {"content_type": "text", "parts": ["a", "b"]}}, "a\nb"),
        ({"role": "assistant", "content": "", "tool_calls": '[{"name": "f"}]'}, '[{"name": "f"}]'),
        ({"role": "assistant", "content": "x", "tool_calls": [{"name": "f", "arguments": "{}"}, None]}, "x\nf\n{}"),
        ({"from": "gpt", "value": "v", "weight": 1.0}, "v"),
        ({"role": "user", "text": "t"}, "t"),
        ({"role": "user", "content": None}, ""),
        ({"sender": "human", "text": "a b\n", "content": [{"type": "text", "text": "a b"}]}, "a b"),
        ({"sender": "human", "text": "a\n\nb", "content": [{"text": "a"}, {"text": "b"}]}, "a\nb"),
        ({"role": "assistant", "reasoning": "r", "reasoning_content": "r", "content": "c"}, "r\nc"),
        ({"role": "assistant", "thinking": "r", "content": [{"thinking": "r"}, {"text": "c"}]}, "r\nc"),
        ({"role": "user", "content": ["echo", "echo"]}, "echo\necho"),
    ],
)
def test_messages_of_every_make(message: dict[str, Any], text: str) -> None:
    assert text_of_messages([message]) == text


def test_text_of_messages_that_is_not_read_is_a_caution(tmp_path: Path) -> None:
    messages = [{"role": "user", "content": "q " * 10, "observation": "much more of it " * 20, "url": "u" * 999}]
    for path in written(tmp_path, [{"messages": messages}]):
        (caution,) = read(path)[1].cautions
        assert (caution.code, caution.message) == (
            "text_elsewhere",
            "Of the messages in column messages 94 % of the text is not read in the first rows: most of it is in their "
            "field 'observation'.",
        )


def test_a_text_that_a_message_has_twice_is_not_said_to_be_unread(tmp_path: Path) -> None:
    messages = [{"from": "human", "value": "q " * 10, "text": "q " * 10, "markdown": "q " * 10}]
    texts, tally = read(write_jsonl(tmp_path / "a.jsonl", [{"conversations": messages}]))
    assert texts == ["q " * 10]
    assert tally.cautions == ()


def test_chats_written_as_json_are_chats(tmp_path: Path) -> None:
    chat = json.dumps([{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}])
    for path in written(tmp_path, [{"messages": "[]"}, {"messages": chat}, {"messages": chat}]):
        assert read(path)[0] == ["hi\nho"] * 2
        assert chosen(path) == ("messages", "chat messages written as JSON")


@pytest.mark.parametrize(("name", "write"), [("text", str), ("input_ids", lambda ids: " ".join(map(str, ids)))])
def test_ids_written_as_text_are_ids(tmp_path: Path, name: str, write: Any) -> None:
    rows = [{"id": "a", name: write(ids)} for ids in IDS]
    for path in written(tmp_path, rows):
        assert read(path)[0] == IDS
        assert chosen(path) == (name, "token ids written as text")
        assert read(path, column=f"{name}:text")[0] == [row[name] for row in rows]
        assert chosen(path, column=f"{name}:text") == (name, "string")
    (tmp_path / "t.csv").write_text(f"id,{name}\n" + "".join(f'a,"{row[name]}"\n' for row in rows))
    assert read(tmp_path / "t.csv")[0] == IDS


def test_whole_numbers_without_brackets_need_their_user_to_say_what_they_are(tmp_path: Path) -> None:
    rows = [{"text": ",".join(map(str, ids))} for ids in IDS]
    for path in written(tmp_path, rows):
        assert sentence(path) == (
            f"Column 'text' of {path} holds whole numbers as text: say whether they are token ids (--column text:ids) "
            "or the text itself (--column text:text)."
        )
        assert read(path, column="text:ids")[0] == IDS
        assert read(path, column="text:text")[0] == [row["text"] for row in rows]


def test_lists_under_a_name_that_is_not_of_ids_are_not_taken(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "t.jsonl", [{"boxes": str(ids)} for ids in IDS])
    assert sentence(path) == (
        f"{path} has no text column: 'boxes' (lists of whole numbers written as text, not named as token ids); "
        "--column NAME reads one of these all the same."
    )
    assert read(path, column="boxes")[0] == IDS


def test_a_row_that_is_no_list_is_a_bad_line(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "t.jsonl", [*({"tokens": str(ids)} for ids in IDS * 2), {"tokens": "[1, 2, ..., 9]"}])
    assert sentence(path) == (
        f"{path}:25 has a field 'tokens' that is not a list of token ids but str; --skip-bad leaves such lines out."
    )
    assert read(path, skip_bad=True)[0] == IDS * 2


@pytest.mark.parametrize("text", ["", "[]", "()", "[1]", "1", " [ 1 , 2 ] ", "[1 2\n 3]", "(1, 2,)", "1;2;3"])
def test_lists_of_ids_are_parsed(text: str) -> None:
    found = ids_in(text)
    assert (None if found is None else found.tolist()) == ([int(n) for n in "123" if n in text] if text else None)


@pytest.mark.parametrize(
    "text", ["[1, 2", "1, 2]", "[-1]", "[1.5]", "1,,2", "one", "[[1]]", "9" * 19, "[1, 2, ..., 3]"]
)
def test_what_is_no_list_of_ids_is_refused(text: str) -> None:
    assert ids_in(text) is None
