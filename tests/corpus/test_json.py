"""JSON files: every record of every value is read, or one sentence says at which byte it stops and why."""

from __future__ import annotations

import io
import json
import random
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard

from advisor.corpus.options import CorpusOptions
from advisor.corpus.readers import json_values
from advisor.corpus.readers.json_records import JsonRecords
from advisor.corpus.readers.json_values import JsonText
from advisor.corpus.source import open_corpus
from tests.corpus.reading import contents, sentence, tally_of

RECORDS = [{"text": f"document {i} é漢😀", "n": i, "tags": [{"a": [i]}]} for i in range(6)]
TEXTS = [str(record["text"]) for record in RECORDS]


def file(folder: Path, text: str, name: str = "x.json") -> Path:
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("between", ["", "\n", " \n\n"])
def test_values_one_after_another_are_read_on(between: str, indent: int | None, tmp_path: Path) -> None:
    halves = [json.dumps(half, indent=indent, ensure_ascii=False) for half in (RECORDS[:2], RECORDS[2:])]
    assert contents(file(tmp_path, between.join(halves)), column="text") == TEXTS
    objects = between.join(json.dumps(record, indent=indent) for record in RECORDS)
    assert contents(file(tmp_path, objects), column="text") == TEXTS
    assert contents(file(tmp_path, halves[0] + between + json.dumps(RECORDS[2]))) == TEXTS[:3]


def test_what_follows_a_value_is_an_error_with_its_byte(tmp_path: Path) -> None:
    whole = json.dumps(RECORDS)
    path = file(tmp_path, whole + "\n}garbage")
    assert sentence(path) == f"{path} is not valid JSON at byte {len(whole) + 1}: there is '}}' after a whole value."
    path = file(tmp_path, whole + "]")
    assert sentence(path) == f"{path} is not valid JSON at byte {len(whole)}: there is ']' after a whole value."


def test_a_file_that_stops_anywhere_is_an_error(tmp_path: Path) -> None:
    for whole in (json.dumps(RECORDS, ensure_ascii=False), json.dumps({"v": 1, "data": RECORDS})):
        data = whole.encode()
        for end in range(1, len(data)):
            (tmp_path / "x.json").write_bytes(data[:end])
            assert sentence(tmp_path / "x.json", column="text").startswith(str(tmp_path / "x.json"))
    path = file(tmp_path, '[{"text": "a"}, {"text": "b')
    assert sentence(path) == f"{path} is truncated: it ends at byte 27, inside the value from byte 16 on."
    path = file(tmp_path, '[{"text": "a"},')
    assert sentence(path) == f"{path} is truncated: it ends at byte 15, inside the list from byte 0 on."
    path = file(tmp_path, '[{"text": "é"}, {"text" "b"}, {"text": "c long enough"}]')
    assert sentence(path) == f"{path} is not valid JSON at byte 25: Expecting ':' delimiter."


@pytest.mark.parametrize("blocks", [1, 3, 64, 1000])
def test_reads_of_any_size_give_the_same_records(blocks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_values, "BLOCK", blocks)
    data = json.dumps(RECORDS, ensure_ascii=False, indent=1).encode() * 2
    items = list(JsonRecords(JsonText(io.BytesIO(data), "x"), None))
    assert [item.value for item in items] == RECORDS * 2
    for item in items:
        assert json.loads(data[item.offset : item.offset + item.n_bytes]) == item.value


def test_the_only_list_of_records_is_the_corpus(tmp_path: Path) -> None:
    answers = [{"title": "t", "text": text} for text in TEXTS]
    around = {"version": "1.1", "info": {"year": 2020}, "tags": ["a"], "data": answers, "license": "free for all"}
    assert contents(file(tmp_path, json.dumps(around)), column="text") == TEXTS
    assert contents(file(tmp_path, json.dumps(around, indent=1) * 2), column="text") == TEXTS * 2
    assert contents(file(tmp_path, json.dumps(around)), column="data.text") == TEXTS
    annotated = {"text": "a document of some words that is long enough", "spans": [{"begin": 1, "label": "X"}]}
    assert contents(file(tmp_path, json.dumps(annotated))) == [annotated["text"]]
    chat = {"id": 1, "messages": [{"role": "user", "content": "hello"}, {"role": "bot", "content": "yes"}]}
    assert len(contents(file(tmp_path, json.dumps([chat])))) == 1
    assert len(contents(file(tmp_path, json.dumps(chat)))) == 1


def test_a_column_that_is_the_smaller_part_of_the_text_is_not_taken(tmp_path: Path) -> None:
    articles = [{"title": f"on {i}", "paragraphs": [{"context": "words of a paragraph " * 9}]} for i in range(9)]
    path = file(tmp_path, json.dumps({"version": "2", "data": articles}))
    assert sentence(path) == (
        f"{path} has 98 % of its text in the column 'paragraphs', which is nested, and 2 % in 'title': choose with "
        "--column paragraphs.FIELD or --column title."
    )
    assert "text_elsewhere" in {each.code for each in tally_of(path, column="title").cautions}
    assert contents(path, column="paragraphs.context")[0] == "words of a paragraph " * 9


@pytest.mark.parametrize("compression", [bytes, zstandard.ZstdCompressor().compress])
def test_what_expands_without_bound_takes_little_memory(compression: object, tmp_path: Path) -> None:
    long = b"a" * (48 << 20)
    blank = b" " * (48 << 20)
    for data in (b'[{"text": "' + long + b'"}]', b'[{"text": "a"}' + blank + b"]", blank + b'{"text": "a"}' + blank):
        path = tmp_path / ("x.json" if compression is bytes else "x.json.zst")
        path.write_bytes(compression(data))  # type: ignore[operator]
        tracemalloc.start()
        assert sum(len(text) for text in iter_contents(path)) in (1, len(long))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 100 << 20


def iter_contents(path: Path) -> Iterator[str]:
    for reader in open_corpus(str(path), CorpusOptions(), seq_len=256).readers:
        yield from (str(document.content) for document in reader.documents())


def test_several_lists_are_named_and_one_is_chosen(tmp_path: Path) -> None:
    path = file(tmp_path, json.dumps({"train": RECORDS, "test": [{"text": "t"}]}))
    assert sentence(path) == (
        f"{path} holds several lists of records, 'train', 'test': choose one with --column, "
        "such as --column train.text."
    )
    assert contents(path, column="test.text") == ["t"]
    assert contents(path, column="train.text") == TEXTS
    path = file(tmp_path, json.dumps({"body": "x" * 50, "notes": [{"text": "y" * 40}]}))
    assert sentence(path) == (
        f"{path} is an object with text and a list of records, 'notes': say which is the corpus with --column, "
        "such as --column notes.text."
    )
    assert contents(path, column="body") == ["x" * 50]
    path = file(tmp_path, json.dumps({"data": RECORDS}) + json.dumps({"rows": RECORDS}))
    assert sentence(path, column="text") == (
        f"{path} holds 'rows' beside the list of records 'data': choose one with --column, such as --column data.text."
    )
    path = file(tmp_path, json.dumps({"data": RECORDS}) + json.dumps({"n": 1}))
    assert sentence(path, column="text").endswith(f" of {path} has no list 'data', which the first has.")


def test_tables_of_pandas(tmp_path: Path) -> None:
    split = {"columns": ["n", "text"], "index": [0, 1], "data": [[0, "a"], [1, "b"]]}
    assert contents(file(tmp_path, json.dumps(split))) == ["a", "b"]
    by_column = {"n": {"0": 0, "1": 1}, "text": {"0": "a", "1": "b"}}
    by_index = {"0": {"n": 0, "text": "a"}, "1": {"n": 1, "text": "b"}}
    for table, way in ((by_column, "column"), (by_index, "index")):
        path = file(tmp_path, json.dumps(table))
        assert sentence(path) == (
            f"{path} is a table as pandas writes it by {way}: write it with to_json(..., orient='records', lines=True)."
        )
    path = file(tmp_path, json.dumps([[0, "a"], [1, "b"]]))
    assert sentence(path) == (
        f"{path} is a list of lists, without names for what they hold: "
        'write each as an object, {"text": ...} or {"ids": [...]}.'
    )
    table = {"schema": {"fields": [{"name": "text"}]}, "data": [{"text": "a long text of a row"}, {"text": "b"}]}
    assert contents(file(tmp_path, json.dumps(table))) == ["a long text of a row", "b"]


def test_a_table_by_columns_is_read_by_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"text": ["one text", "another"], "n": [1, 2]}))
    assert contents(path) == ["one text", "another"]
    path.write_text(json.dumps({"text": ["one text", "another"]}, indent=1))
    assert contents(path) == ["one text", "another"]
    path.write_text(json.dumps({"input_ids": [[5, 9, 7], [8, 3, 5]], "attention_mask": [[1, 1, 1], [1, 1, 1]]}))
    assert contents(path) == ["[5 9 7]", "[8 3 5]"]
    path.write_text(json.dumps({"input_ids": [5, 9, 7], "attention_mask": [1, 1, 1]}))
    assert contents(path) == ["[5 9 7]"]
    records = [{"text": ["the first paragraph", "and the next"], "n": [1, 2]}] * 2
    path.write_text("\n".join(json.dumps(record, indent=1) for record in records))
    assert contents(path) == ["the first paragraph\nand the next"] * 2


def test_lists_of_strings_are_documents(tmp_path: Path) -> None:
    assert contents(file(tmp_path, json.dumps(TEXTS))) == TEXTS
    path = file(tmp_path, json.dumps([*TEXTS, 7]))
    assert sentence(path) == f"Record 7 of {path} is not a string; --skip-bad leaves it out."
    assert contents(path, skip_bad=True) == TEXTS
    assert sentence(path, column="a") == f"{path} is a list of strings, without a column 'a'."
    path = file(tmp_path, "[1, 2]")
    assert sentence(path) == (f"{path} is a list of int, not of records or strings; --format text reads it as text.")


def test_values_that_break_a_parser_are_sentences(tmp_path: Path) -> None:
    deep = file(tmp_path, '[{"text": "a", "b": ' + "[" * 100_000 + "]" * 100_000 + "}]")
    assert sentence(deep) == f"{deep} is not valid JSON at byte 1: it is nested too deeply."
    huge = file(tmp_path, '[{"text": "a", "n": ' + "9" * 5000 + "}]")
    assert sentence(huge) == f"{huge} is not valid JSON at byte 1: it holds an integer of over 4,300 digits."
    numbers = file(tmp_path, '[{"text": "a", "n": NaN, "m": -Infinity}, {"text": "\\ud83d"}]')
    assert contents(numbers) == ["a", "\ud83d"]
    mixed = file(tmp_path, json.dumps({"data": [{"text": "a" * 20}, [1]]}))
    assert sentence(mixed).startswith(str(mixed)) or sentence(mixed).startswith("Record 1 of")
    latin = tmp_path / "latin.json"
    latin.write_bytes('[{"text": "é"}]'.encode("latin-1"))
    assert sentence(latin).startswith(f"{latin} is not UTF-8 at offset 11: name its encoding")


def test_json_lines_whose_first_line_is_over_a_megabyte(tmp_path: Path) -> None:
    rows = [{"text": "word " * 300_000}, {"text": "short"}, {"text": "last"}]
    path = file(tmp_path, "".join(json.dumps(row) + "\n" for row in rows))
    assert contents(path) == [row["text"] for row in rows]


@pytest.fixture
def small_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_values, "LONGEST_VALUE", 5000)
    monkeypatch.setattr(json_values, "BLOCK", 700)


@pytest.mark.usefixtures("small_values")
@pytest.mark.parametrize("ascii_only", [True, False])
def test_values_too_long_to_hold_are_read_in_pieces(ascii_only: bool, tmp_path: Path) -> None:
    rows = [{"n": 1, "text": "short"}, {"n": 2, "text": 'long "é漢😀\\ ' * 2000}, {"n": 3, "text": "last"}]
    whole = "".join(str(row["text"]) for row in rows)
    dumped = json.dumps(rows, ensure_ascii=ascii_only)
    path = file(tmp_path, dumped)
    assert "".join(contents(path)) == whole
    path = file(tmp_path, "[" + json.dumps(rows[1], ensure_ascii=ascii_only) + "]" + dumped)
    assert "".join(contents(path)) == str(rows[1]["text"]) + whole
    path = file(tmp_path, json.dumps({"version": "1", "data": rows, "more": {"a": 1}}, ensure_ascii=ascii_only))
    assert "".join(contents(path)) == whole
    assert "".join(contents(path, column="data.text")) == whole
    path = file(tmp_path, json.dumps(rows[1], ensure_ascii=ascii_only))
    assert "".join(contents(path)) == rows[1]["text"]
    path = file(tmp_path, dumped[:-40])
    assert sentence(path).startswith(str(path)) or "The record at byte" in sentence(path)


@pytest.mark.usefixtures("small_values")
def test_large_objects_of_other_shapes(tmp_path: Path) -> None:
    many = [{"text": f"text number {i} of many"} for i in range(2000)]
    texts = [row["text"] for row in many]
    assert contents(file(tmp_path, json.dumps({"a": 1, "rows": many, "b": "c"}))) == texts
    two = file(tmp_path, json.dumps({"train": many, "test": many}))
    assert sentence(two) == (
        f"{two} holds 'test' beside the list of records 'train': choose one with --column, such as --column train.text."
    )
    assert contents(two, column="train.text") == texts
    assert contents(file(tmp_path, json.dumps({"train": many, "test": many[:3]})), column="test.text") == texts[:3]
    assert sentence(two, column="dev.text").endswith(f" of {two} has no list 'dev', which --column names.")
    string = file(tmp_path, json.dumps(["a", "b " * 9000]))
    assert sentence(string) == (
        f'{string} holds a value of over 0 MB at byte 6 that is no object: write it as JSON lines, {{"text": ...}}.'
    )


def test_small_records_cost_time_in_proportion_and_little_memory() -> None:
    def seconds(n: int) -> float:
        data = json.dumps([{"text": f"row {i}"} for i in range(n)]).encode()
        begin = time.perf_counter()
        assert sum(1 for _ in JsonRecords(JsonText(io.BytesIO(data), "x"), None)) == n
        return time.perf_counter() - begin

    seconds(1000)
    assert seconds(80_000) < 40 * seconds(8000)  # 400 times where the buffer is copied for each record


def test_a_long_text_with_one_emoji_takes_little_memory() -> None:
    rng = random.Random(0)
    words = "".join(rng.choices("abcdefgh  ", k=1 << 20))
    data = b'[{"text": "' + "😀".encode() + words.encode() * 40 + b'"}, {"text": "end"}]'
    tracemalloc.start()
    n_bytes = 0
    for item in JsonRecords(JsonText(io.BytesIO(data), "x"), None):
        if not isinstance(item.value, dict):
            n_bytes += sum(length for _, _, length in item.value.pieces("text"))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert n_bytes == len(words) * 40 + 4
    assert most < 160 << 20


def test_the_list_that_is_offered_has_the_text(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(
        json.dumps({"images": [{"file": "a.png"}] * 2, "annotations": [{"id": 1, "caption": "a dog runs"}] * 2})
    )
    assert sentence(path) == (
        f"{path} holds several lists of records, 'images', 'annotations': choose one with --column, such as --column "
        "annotations.caption."
    )
