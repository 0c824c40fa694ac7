"""What is no corpus is never taken on its own, by its name and by what is in it; what is one is taken or asked for."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from advisor.corpus.columns import fields_of_schema
from advisor.corpus.options import CorpusOptions
from advisor.corpus.readers.shards import HubShards
from advisor.corpus.tally import Tally
from advisor.corpus.values.identifiers import why_no_text
from tests.corpus.reading import profile, sentence
from tests.corpus.tables import chosen, read, write_arrow, write_jsonl, write_parquet, written

PROSE = "a text of some words that goes on for a while, and then it ends"
UUIDS = [str(uuid.UUID(int=number * 7919**9 % 2**128)) for number in range(1, 21)]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (UUIDS, "UUIDs"),
        ([f"<urn:uuid:{value}>" for value in UUIDS], "UUIDs"),
        ([value.replace("-", "") for value in UUIDS], "hashes"),
        ([f"https://example.org/a?b={value}" for value in UUIDS], "URLs"),
        ([f"user{n}@example.org" for n in range(9)], "e-mail addresses"),
        (["src/a.py", "/usr/bin", "C:\\Users\\x.txt", "../b.tar.gz"], "paths"),
        (["2024-01-01", "2024-01-02T03:04:05Z", "2024-01-02 03:04:05.123 +00:00", "01/02/2024"], "dates"),
        (["1", "-2.5", "1,234,567", "3e-4", "12 %".replace(" ", "")], "numbers"),
        (["https://example.org/a", "7", "2024-01-01"], "URLs"),
        ([f"doc-{n}" for n in range(9)], "ids"),
        (["CC-MAIN-2013-20", "CC-MAIN-2014-10", "CC-MAIN-2015-06"], "ids"),
        (["dQw4w9WgXcQ", "aB3_e6gHi-k", "Zy9xW8vU7tS"], "ids"),
        (["pos", "neg"] * 8, "few distinct short values"),
    ],
)
def test_what_values_are_no_corpus(values: list[str], reason: str) -> None:
    assert why_no_text("x", values) == reason


@pytest.mark.parametrize(
    "values",
    [
        ["ACGTTGCA" * 9, "GGATTACA" * 9],  # DNA
        ["他不是我在这里的人", "这是中文没有空格"],
        ["aGVsbG8gd29ybGQhIHRoaXMgaXMgYmFzZTY0IHRleHQgb2YgYSBsaW5lIG9mIDc2IGNoYXJzPQ==", "c2Vjb25k"],
        ["apple", "pear", "chair", "table"],  # a list of words
        ["function a(b){return b+1}", "var x=1;y(x)"],  # minified code
        ["CC(=O)OC1=CC=CC=C1C(=O)O", "C1CCCCC1", "CCO"],  # molecules
        ["password1", "qwerty", "letmein!"],
        ["1. e4 e5 2. Nf3", "1. d4 d5"],
        ["https://example.org is a page", "see https://example.org"],
        ["12+5=17", "3*4=12"],
        ["\\alpha", "\\frac{a}{b}"],
    ],
)
def test_what_values_without_spaces_are_a_corpus(values: list[str]) -> None:
    assert why_no_text("x", values) is None


@pytest.mark.parametrize("name", ["id", "sourceUrl", "repo_name", "__index_level_0__", "max_stars_repo_path", "Lang"])
def test_a_name_of_labels_is_no_corpus_but_under_running_text(name: str) -> None:
    assert why_no_text(name, ["x y", "a b c"]) == "a name of labels, and short values"
    assert why_no_text(name, [PROSE, PROSE + "."]) is None


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ({"id": "a1", "url": "https://x.org/a", "text": PROSE}, "text"),
        ({"content": "x = 1", "path": "a/b.py", "repo_name": "me/it", "license": "mit", "size": "123"}, "content"),
        ({"id": "7", "url": "https://x.org", "title": "Cats", "text": PROSE * 9}, "text"),
        (
            {"input_ids": [5, 9, 7], "attention_mask": [1, 1, 1], "labels": [5, 9, 7], "position_ids": [0, 1, 2]},
            "input_ids",
        ),
        ({"TOKENS": [5, 9, 7], "special_tokens_mask": [1, 0, 0], "length": 3}, "TOKENS"),
        ({"text": PROSE, "embedding": [0.5, 0.25], "n": 3, "ok": True}, "text"),
        ({"id": "x", "conversations": [{"from": "human", "value": "hi"}]}, "conversations"),
    ],
)
def test_the_one_column_that_can_be_the_corpus_is_taken(tmp_path: Path, row: dict[str, Any], column: str) -> None:
    assert [chosen(path)[0] for path in written(tmp_path, [row])] == [column] * 3


def test_columns_that_are_no_corpus_are_refused_and_named_they_are_read(tmp_path: Path) -> None:
    rows = [{"id": value, "text": value, "n": number} for number, value in enumerate(UUIDS)]
    for path, number in zip(written(tmp_path, rows), ("integer", "int64", "int64"), strict=True):
        assert sentence(path) == (
            f"{path} has no text column: 'id' (string, UUIDs), 'text' (string, UUIDs), 'n' ({number}); "
            "--column NAME reads one of these all the same."
        )
        assert read(path, column="text")[0] == UUIDS


def test_what_is_nested_is_named_and_read(tmp_path: Path) -> None:
    chat = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}]
    rows: list[dict[str, Any]] = [
        {"id": UUIDS[0], "doc": {"messages": chat, "lang": "en"}},
        {"id": UUIDS[1], "doc": None},
    ]
    for path in written(tmp_path, rows):
        word = "object" if path.suffix == ".jsonl" else "struct"
        assert sentence(path) == (
            f"{path} has no text column: 'id' (string, UUIDs), 'doc' ({word}); --column doc.messages reads what is "
            "nested; --column NAME reads one of these all the same."
        )
        assert chosen(path, column="doc.messages") == ("doc.messages", "chat messages")
        assert read(path, column="doc.messages")[0] == ["hi\nho"]
        assert chosen(path, column="doc.messages.content") == ("doc.messages.content", "list of strings")
        assert read(path, column="doc.messages.content")[0] == ["hi\nho"]
        assert sentence(path, column="doc") == (
            f"Column 'doc' of {path} holds no text but {word}: expected strings, lists of token ids or chat messages; "
            "'doc.messages', 'doc.lang' would do."
        )


def test_a_column_with_a_dot_in_its_name_goes_before_a_nested_one(tmp_path: Path) -> None:
    for path in written(tmp_path, [{"doc": {"text": "nested"}, "doc.text": PROSE}]):
        assert read(path, column="doc.text")[0] == [PROSE]
        assert read(path)[0] == [PROSE]


def test_several_text_columns_are_ready_choices_with_their_shares(tmp_path: Path) -> None:
    row = {"instruction": "x" * 20, "input": "y" * 10, "output": "z z" * 90}
    for path in written(tmp_path, [row]):
        assert sentence(path) == (
            f"{path} has several text columns: choose --column output (90 % of their text), --column instruction (7 %) "
            "or --column input (3 %); --column instruction,input,output reads these joined."
        )


def test_several_columns_are_read_joined(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"prompt": "a question", "completion": "its answer", "n": 1, "meta": {"t": ["x y", "z"]}, "ids": [7, 3]},
        {"prompt": None, "completion": "alone", "n": 2, "meta": {"t": []}, "ids": [7, 3]},
        {"prompt": "", "completion": "", "n": 3, "meta": {"t": []}, "ids": [7, 3]},
    ]
    for path in written(tmp_path, rows):
        assert read(path, column="prompt,completion")[0] == ["a question\nits answer", "alone"]
        assert read(path, column="completion, meta.t")[0] == ["its answer\nx y\nz", "alone"]
        assert chosen(path, column="prompt,completion") == ("prompt,completion", "columns joined with newlines")
        assert sentence(path, column="prompt,ids").endswith("only columns of text can be joined.")
        assert f"{path} has no column 'other': its columns are " in sentence(path, column="prompt,other")
    (tmp_path / "a.csv").write_text('prompt,completion,"a,b"\nq,r,c\nqq,,d\n,,\n')
    assert read(tmp_path / "a.csv", column="prompt,completion")[0] == ["q\nr", "qq"]
    assert read(tmp_path / "a.csv", column="a,b")[0] == ["c", "d"]
    (tmp_path / "a.json").write_text(json.dumps([{"prompt": "q", "completion": "r"}, {"completion": "s"}]))
    assert read(tmp_path / "a.json", column="prompt,completion")[0] == ["q\nr", "s"]


def test_several_columns_of_a_large_table_are_drawn_from_by_their_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"prompt": f"question {i} of many " * 40, "completion": f"answer {i} of them " * 40} for i in range(200)]
    n_tokens = sum(len(row["prompt"]) + len(row["completion"]) + 1 for row in rows)
    monkeypatch.setattr("advisor.corpus.sampling._READ_WHOLE", 0)
    for path in written(tmp_path, rows):
        found = profile(path, column="prompt,completion")
        assert found.estimated_tokens == pytest.approx(n_tokens, rel=0.05)


def test_ids_beside_text_are_choices_without_shares(tmp_path: Path) -> None:
    for path in written(tmp_path, [{"my text": PROSE, "input_ids": [9, 5, 7]}]):
        assert sentence(path) == f"{path} has several text columns: choose --column 'my text' or --column input_ids."


def test_lists_of_words_are_not_joined_for_a_text(tmp_path: Path) -> None:
    for path in written(tmp_path, [{"tokens": ["the", "cat", "sat", "on", "it"], "tags": [0, 1, 0, 0, 0]}]):
        assert "'tokens' (list of strings, single words)" in sentence(path)


def test_most_of_the_text_in_another_column_is_an_error_and_a_good_part_of_it_a_caution(tmp_path: Path) -> None:
    row = {"text": "a b c d e", "tools": [{"does": "finds the weather of a town", "call": "weather(town)" * 3}]}
    for path in written(tmp_path, [row]):
        assert "of its text in the column 'tools', which is nested, and " in sentence(path)
        (caution,) = read(path, column="text")[1].cautions
        assert caution.code == "text_elsewhere"
        assert "of the text in this table, and only it is read: column tools has " in caution.message
    assert sentence(tmp_path / "rows.jsonl") == (
        f"{tmp_path}/rows.jsonl has 88 % of its text in the column 'tools', which is nested, and 12 % in 'text': "
        "choose with --column tools.FIELD or --column text."
    )
    assert read(tmp_path / "rows.jsonl", column="tools.does")[1].cautions == ()
    row["text"] = "a b c d e f g h i j k l m n o p " * 4
    (caution,) = read(write_jsonl(tmp_path / "more.jsonl", [row]))[1].cautions
    assert caution.message == (
        "Column text is 66 % of the text in this table, and only it is read: column tools has 34 %."
    )


def test_row_numbers_and_lists_without_a_name_of_ids_are_no_ids(tmp_path: Path) -> None:
    split = {"columns": ["a"], "index": list(range(9)), "data": [[0.5]] * 9}
    (tmp_path / "split.json").write_text(json.dumps(split))
    assert sentence(tmp_path / "split.json") == f"{tmp_path}/split.json has no text column: 'a' (number)."
    numbered = write_jsonl(tmp_path / "n.jsonl", [{"ids": list(range(9)), "n": 1}] * 3)
    assert sentence(numbered) == (
        f"{numbered} has no text column: 'ids' (list of integers, row numbers), 'n' (integer); --column NAME reads one "
        "of these all the same."
    )
    path = write_jsonl(tmp_path / "t.jsonl", [{"attention_mask": [1, 1, 0]}, {"attention_mask": [1, 1, 1]}])
    assert "(list of integers, not named as token ids)" in sentence(path)
    assert read(path, column="attention_mask")[0] == [[1, 1, 0], [1, 1, 1]]


def test_a_chat_printed_by_python_is_not_taken_for_text(tmp_path: Path) -> None:
    printed = str([{"role": "user", "content": "hi"}])
    for path in written(tmp_path, [{"messages": printed}]):
        assert sentence(path) == (
            f"{path} has no text column: 'messages' (string, objects printed by Python and not written as JSON); "
            "--column NAME reads one of these all the same."
        )
        assert read(path, column="messages")[0] == [printed]


def test_a_column_that_is_null_in_the_first_rows_is_read_where_it_is_named(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "t.jsonl", [*({"text": None} for _ in range(30)), {"text": PROSE}])
    assert sentence(path) == f"{path} has no text column: 'text' (null)."
    assert read(path, column="text")[0] == [PROSE]
    table = pa.table({"text": pa.nulls(3)})
    for path in (write_parquet(tmp_path / "t.parquet", table), write_arrow(tmp_path / "t.arrow", table)):
        assert read(path, column="text")[1].skipped == {"documents without text": 3}


def test_types_that_hold_no_text_are_named(tmp_path: Path) -> None:
    columns = {
        "decimal": pa.array([1]).cast(pa.decimal128(30, 2)),
        "map": pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int32())),
        "null": pa.nulls(1),
        "boolean": pa.array([True]),
        "list of lists of strings": pa.array([[["a"]]]),
        "list of floats": pa.array([[0.5]], pa.list_(pa.float32())),
        "list of structs": pa.array([[{"n": 1}]]),
        "binary that is not UTF-8": pa.array([b"\xff\xd8\xff"]),
        "binary that is not text": pa.array([b"a\0b"]),
    }
    table = pa.table({f"c{number}": array for number, array in enumerate(columns.values())})
    for path in (write_parquet(tmp_path / "t.parquet", table), write_arrow(tmp_path / "t.arrow", table)):
        named = ", ".join(f"'c{number}' ({words})" for number, words in enumerate(columns))
        assert sentence(path) == f"{path} has no text column: {named}."
        assert sentence(path, column="c1").startswith(f"Column 'c1' of {path} holds no text but map: expected strings")


def test_strings_of_every_arrow_type_are_read(tmp_path: Path) -> None:
    for number, type in enumerate(
        [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.large_string())]
    ):
        path = write_arrow(tmp_path / f"{number}.arrow", pa.table({"text": pa.array(["a b", None]).cast(type)}))
        assert read(path)[0] == ["a b"]
        assert chosen(path) == ("text", "string")
    for number, type in enumerate([pa.binary(), pa.large_binary(), pa.binary_view(), pa.binary(5)]):
        table = pa.table({"text": pa.array(["caf\u00e9".encode()], pa.binary()).cast(type)})
        assert read(write_arrow(tmp_path / f"b{number}.arrow", table))[0] == ["caf\u00e9"]
        assert chosen(tmp_path / f"b{number}.arrow") == ("text", "binary, UTF-8")


def test_lists_of_strings_are_joined(tmp_path: Path) -> None:
    for path in written(tmp_path, [{"text": ["a b", "c d"]}, {"text": ["e"]}, {"text": None}]):
        assert read(path)[0] == ["a b\nc d", "e"]
        assert chosen(path) == ("text", "list of strings")


def test_rows_that_cannot_be_read_are_an_error_or_counted(tmp_path: Path) -> None:
    offsets = pa.py_buffer(b"\0\0\0\0\2\0\0\0\4\0\0\0")
    text = pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"ok\xff\xfe")])
    ids = pa.array([[1, 5, 3], [1, None]], pa.list_(pa.int32()))
    for name, array, problem, kept in (
        ("text", text, "is not UTF-8", "ok"),
        ("input_ids", ids, "has a null, or no id, among its values", [1, 5, 3]),
    ):
        path = write_arrow(tmp_path / f"{name}.arrow", pa.table({name: array}))
        assert sentence(path) == f"Row 1 of {path}: its {name!r} {problem}; --skip-bad leaves such rows out."
        contents, tally = read(path, skip_bad=True)
        assert (contents, tally.skipped) == ([kept], {"bad rows": 1})


def test_what_is_no_id_in_arrow_is_no_column_or_a_bad_row(tmp_path: Path) -> None:
    storage = pa.array([uuid.UUID(UUIDS[0]).bytes], pa.binary(16))
    table = pa.table({"key": pa.ExtensionArray.from_storage(pa.uuid(), storage)})
    path = write_parquet(tmp_path / "uuid.parquet", table)
    assert sentence(path) == f"{path} has no text column: 'key' (UUID)."
    path = write_parquet(tmp_path / "u.parquet", pa.table({"ids": pa.array([[2**63, 5]], pa.list_(pa.uint64()))}))
    assert "Row 0 of " in sentence(path, column="ids")


def test_columns_of_one_name_are_an_error(tmp_path: Path) -> None:
    path = write_arrow(tmp_path / "t.arrow", pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], ["text", "text"]))
    assert sentence(path) == f"{path} has several columns called 'text': rename all but one."


def test_rows_of_the_hub_are_chosen_by_several_of_them() -> None:
    rows = [
        {"id": value, "doc": {"text": PROSE}, "text": PROSE if number else ""} for number, value in enumerate(UUIDS)
    ]
    schema = pa.Table.from_pylist(rows).schema
    for fields in (None, fields_of_schema(schema)):
        for column, expected in ((None, "text"), ("doc.text", "doc.text")):
            tally = Tally()
            shards = HubShards(
                name="org/name",
                shards=[lambda: iter(rows), lambda: iter(rows[:2])],
                options=CorpusOptions(column=column),
                tally=tally,
                n_rows=None,
                fields=fields,
            )
            contents = [document.content for document in shards.documents()]
            assert contents == [PROSE] * (22 if column else 20)
            assert [(each.column, each.type) for each in tally.columns] == [(expected, "string")]
            assert shards.n_rows_read == 22


@pytest.mark.parametrize(
    ("row", "column", "beside"),
    [
        ({"title": PROSE, "text": PROSE}, "text", ("title",)),
        ({"summary": PROSE, "Content": PROSE}, "Content", ("summary",)),
        ({"content": PROSE, "TEXT": PROSE}, "TEXT", ("content",)),
        ({"abstract": PROSE * 2, "text": PROSE}, "text", ("abstract",)),
        ({"abstract": PROSE, "raw_content": PROSE}, "raw_content", ("abstract",)),
    ],
)
def test_of_several_columns_the_one_called_text_is_taken_and_the_others_are_said(
    tmp_path: Path, row: dict[str, Any], column: str, beside: tuple[str, ...]
) -> None:
    for path in written(tmp_path, [row]):
        contents, tally = read(path)
        assert contents == [row[column]]
        assert [(each.column, each.beside) for each in tally.columns] == [(column, beside)]
        assert [caution.code for caution in tally.cautions] == ["text_elsewhere"]


@pytest.mark.parametrize(
    "row",
    [
        {"abstract": PROSE * 3, "text": PROSE},
        {"abstract": PROSE, "article": PROSE},
        {"prompt": PROSE, "completion": PROSE},
        {"text": PROSE, "input_ids": [9, 5, 7]},
    ],
)
def test_a_far_shorter_text_other_names_and_ids_are_asked_for(tmp_path: Path, row: dict[str, Any]) -> None:
    for path in written(tmp_path, [row]):
        assert sentence(path).startswith(f"{path} has several text columns: choose --column ")


def test_the_screen_says_among_which_columns_one_was_chosen(tmp_path: Path) -> None:
    from advisor.report.score import read_words

    path = write_jsonl(tmp_path / "a.jsonl", [{"text": PROSE, "title": PROSE, "url": "https://example.org/a"}])
    assert read_words(read(path)[1].columns) == "column text of text, title (string) of 1 jsonl file"


def test_documents_by_their_names_in_one_object_are_told_how_to_become_lines(tmp_path):
    path = tmp_path / "map.json"
    path.write_text(json.dumps({f"doc{i}": "some words of a text " * 20 for i in range(30)}))
    said = sentence(path)
    assert said.startswith(f"{path} has 30 text columns: if they are documents by their names, write one to a line, jq")
    assert said.endswith("else choose one, such as --column doc0, --column doc1, --column doc2.")
