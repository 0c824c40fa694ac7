"""Text, JSON and ids that would break a reader, or cost far more than their bytes: read, or one sentence."""

from __future__ import annotations

import io
import json
import random
import time
import tracemalloc
from pathlib import Path

import pytest

from advisor.corpus import columns
from advisor.corpus.documents import Document, passage
from advisor.corpus.long_lines import LongLineError, LongObject
from advisor.corpus.options import CorpusOptions
from advisor.corpus.readers.json_records import JsonRecords
from advisor.corpus.readers.json_values import JsonText
from advisor.corpus.sampling import Sampling, _reservoir
from advisor.corpus.source import open_corpus
from advisor.corpus.values.kinds import shape_of_value
from advisor.corpus.values.messages import n_chars_of, text_of_messages
from tests.corpus.reading import contents, profile, sentence

DEEP = 900  # a parser takes it; a walk of three calls a level does not
LISTS = "[" * DEEP + '"a"' + "]" * DEEP
OBJECTS = '{"a":' * DEEP + '"a"' + "}" * DEEP
WORDS = "some words of it " * 20


def file(folder: Path, data: str, name: str) -> Path:
    path = folder / name
    path.write_bytes(data.encode("utf-8", "surrogatepass"))
    return path


@pytest.mark.parametrize("deep", [LISTS, OBJECTS])
def test_a_field_that_is_nested_deeply_hinders_nobody(deep: str, tmp_path: Path) -> None:
    record = f'{{"text": "{WORDS}", "n": {deep}}}'
    assert contents(file(tmp_path, record + "\n" + record, "a.jsonl")) == [WORDS] * 2
    assert contents(file(tmp_path, f"[{record}, {record}]", "a.json")) == [WORDS] * 2
    assert contents(file(tmp_path, f'{{"n": {deep}, "data": [{record}]}}', "b.json"), column="data.text") == [WORDS]


def test_values_are_walked_at_any_depth() -> None:
    assert n_chars_of(json.loads(LISTS)) == n_chars_of(json.loads(OBJECTS)) == 1
    assert shape_of_value(json.loads(LISTS)).kind is None
    assert shape_of_value([[["a"]]]).type == "list of lists of lists of strings"
    assert text_of_messages([{"role": "user", "content": [[["a"]]]}]) == "a"
    for deep in (LISTS, OBJECTS):
        assert text_of_messages([{"role": "user", "content": json.loads(deep)}]) is None


def test_halves_of_surrogate_pairs_are_read_and_shown(tmp_path: Path) -> None:
    record = json.dumps({"\ud800t": "\udfff " + WORDS})
    assert profile(file(tmp_path, (record + "\n") * 3, "a.jsonl")).columns[0].column == "\ud800t"
    assert contents(file(tmp_path, f"[{record}]", "a.json")) == ["\udfff " + WORDS]
    lists = json.dumps({f"\ud800{n}": [{"text": "a"}] for n in range(30)})
    said = sentence(file(tmp_path, lists, "b.json"))
    assert "'\\ud8000', '\\ud8001'" in said
    assert "'\\ud80019' and 10 more: choose one with --column" in said


def test_what_is_no_record_among_records_is_a_sentence(tmp_path: Path) -> None:
    path = file(tmp_path, '{"data": [{"text": "a"}, [1]]}', "a.json")
    assert sentence(path) == f"{path} has no text column: 'data' (mixed list)."
    path = file(tmp_path, '[{"text": "a"}, [1]]', "a.json")
    assert sentence(path) == (
        f"{path} is a list of lists, without names for what they hold: "
        'write each as an object, {"text": ...} or {"ids": [...]}.'
    )


def test_small_records_cost_microseconds(tmp_path: Path) -> None:
    data = b"[" + b", ".join([b'{"text": "a"}'] * 50_000) + b"]"
    begin = time.process_time()
    assert sum(1 for _ in JsonRecords(JsonText(io.BytesIO(data), "x"), None)) == 50_000
    assert time.process_time() - begin < 5  # half a second on an idle machine


def test_a_draw_holds_no_more_short_documents_than_a_sequence_has_tokens() -> None:
    documents = [Document(key=("x", number, 0), content="a", raw_bytes=1) for number in range(3000)]
    drawn = _reservoir(documents, 50, 256, random.Random(0))
    assert {len(each.following) for each in drawn if each.key[1] < 2000} == {256}


def test_a_window_with_an_emoji_is_no_longer_than_is_needed() -> None:
    plain, mixed = "a word " * 5000, "a word 😀 " * 5000
    for text, n_chars in ((plain, 8192), (mixed, 3072)):
        document = Document(key=("x", 0, 0), content=text, raw_bytes=len(text))
        assert len(passage(document, 0.5, (), 256).content) == n_chars


def test_fields_are_counted_before_they_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "MOST_COLUMNS", 10)
    path = file(tmp_path, json.dumps({f"k{n}": n for n in range(11)}) + "\n", "a.jsonl")
    assert sentence(path) == (
        f"{path} has records with over 10 fields: write those that hold the corpus to a file of their own."
    )
    monkeypatch.setattr("advisor.corpus.long_lines.MOST_COLUMNS", 10)
    with pytest.raises(LongLineError, match=r"^x has over 10 fields: name one with --column\.$"):
        LongObject([json.dumps({f"k{n}": n for n in range(11)}).encode()], "x").columns()
    with pytest.raises(LongLineError, match=r"^x has a field at its byte 1 with a name of over 1 MB\.$"):
        LongObject([b'{"' + b"k" * (3 << 20) + b'": 1}'], "x").columns()


def test_a_file_that_follows_is_not_held_to_learn_its_length(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(WORDS)
    with (tmp_path / "b.txt").open("wb") as large:
        large.truncate(1 << 40)  # of holes; a terabyte of memory where a text of its length is made
    [reader] = open_corpus(str(tmp_path), CorpusOptions(), seq_len=Sampling().seq_len).readers
    [found] = reader.at([3.0])  # type: ignore[attr-defined]
    assert found.content == WORDS
    assert found.following == ()


@pytest.mark.parametrize(("name", "row"), [("a.jsonl", "{}\n"), ("a.json", "{} ")])
def test_few_long_records_are_held_to_choose_a_column(
    name: str, row: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("advisor.corpus.readers.jsonl.LONG_LINE", 1 << 20)
    monkeypatch.setattr("advisor.corpus.readers.tables.LONGEST_VALUE", 1 << 20)
    record = row.format(json.dumps({"text": "😀" + "word of it " * 80_000}, ensure_ascii=False))
    path = file(tmp_path, record * 20, name)
    tracemalloc.start()
    [reader] = open_corpus(str(path), CorpusOptions(), seq_len=256).readers
    assert sum(len(document.content) for document in reader.documents()) == 20 * 880_001
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 50 << 20  # 90 MB where 20 of them are held


def test_a_number_without_end_among_ids_is_one_sentence(tmp_path: Path) -> None:
    path = file(tmp_path, "5 523 99 1024 7 88 31999 4 " * 20 + "9" * (5 << 20), "a.txt")
    assert sentence(path, format="ids") == (
        f"{path}:1 holds a number that no token id can be; --skip-bad leaves such lines out."
    )
    path = file(tmp_path, "5 52 " * 1_000_000, "b.txt")
    tracemalloc.start()
    assert (
        sum(
            len(ids)
            for reader in open_corpus(str(path), CorpusOptions(), seq_len=256).readers
            for ids in (document.content for document in reader.documents())
        )
        == 2_000_000
    )
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 70 << 20
