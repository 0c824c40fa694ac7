"""The format of text by what is in it, whatever its name says."""

from __future__ import annotations

import json

import pytest

from advisor.corpus.files.recognise import HEAD_BYTES, recognised

RECORDS = [{"text": f"document {i}", "n": i} for i in range(5)]
LINES = "".join(json.dumps(record) + "\n" for record in RECORDS)
LONG = json.dumps({"text": "word " * (HEAD_BYTES // 4)})[:HEAD_BYTES]
SECOND = LINES[: LINES.index("\n") + 9]
IDS = "".join(" ".join(str((i * j) % 50_257) for j in range(1, 30 + i)) + "\n" for i in range(1, 9))
SAME = [
    ("prose", "It was late, and the lamp, once lit, was out.\nNobody came.\n", "text"),
    ("dict reprs", "{'text': 'a'}\n{'text': 'b'}\n", "text"),
    ("a list in Python", "[1, 2, 3]\nprint('x')\n", "text"),
    ("a block in C", "{\n  int x = 1;\n}\n", "text"),
    ("an object, then prose", '{"title": "a"}\nIt was late.\nNobody came.\nAnd so on.\n', "text"),
    ("a link in markdown", "[home](http://x) and so on\n", "text"),
    ("a markdown table", "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n", "text"),
    ("front matter", "---\ntitle: a\n---\nText.\n", "text"),
    ("a notebook", json.dumps({"cells": [{"source": ["x = 1"]}], "nbformat": 4}, indent=1), "text"),
    ("settings", json.dumps({"name": "x", "version": 1}, indent=2), "text"),
    ("a matrix", "1 2 3\n4 5 6\n7 8 9\n" * 40, "text"),
    ("numbers of a table", ("1,20,300,4,5,6,7,8,9,10\n") * 40, "text"),
    ("years", "1990\n1991\n1992\n" * 50, "text"),
    ("large numbers", " ".join(str(10**6 + 50_000 * i) for i in range(100)) + "\n", "text"),
    ("a csv file called text", "id,text\n1,a\n2,b\n", "text"),
    ("a crawl that is talked of", "The WARC/1.0 format\n", "text"),
    ("csv", "id,text\n1,a\n2,b\n", "csv"),
    ("JSON", json.dumps(RECORDS), "json"),
    ("JSON over lines", json.dumps(RECORDS, indent=1), "json"),
    ("one record", json.dumps(RECORDS[0]), "json"),
    ("one line of a .jsonl file", LINES.partition("\n")[0], "jsonl"),
    ("a line that is cut", LONG, "json"),
    ("two lines of a .jsonl file, the second cut", SECOND, "jsonl"),
    ("broken lines", "oh\n" + LINES, "jsonl"),
    ("a package", json.dumps({"name": "x", "scripts": {"a": "b"}}, indent=2), "json"),
    ("lists of strings", '["a", "b"]\n["c", "d"]\n', "jsonl"),
    ("parquet", "PAR1", "parquet"),
    ("nothing", "", "text"),
]
OTHERS = [
    ("JSON lines", LINES, "text", "jsonl"),
    ("JSON lines in .json", LINES, "json", "jsonl"),
    ("JSON lines in .csv", LINES, "csv", "jsonl"),
    ("JSON lines without a name", LINES, None, "jsonl"),
    ("JSON lines after blank lines and a mark", "\ufeff\n\n" + LINES, "text", "jsonl"),
    ("a log with one torn line", LINES * 4 + '{"text"\n' + LINES, "text", "jsonl"),
    ("lines, the last of them cut", LINES[:-7], "text", "jsonl"),
    ("a second line that is cut", SECOND, "text", "jsonl"),
    ("a second line that is cut, without a name", SECOND, None, "jsonl"),
    ("a second line that is cut, in .json", SECOND, "json", "jsonl"),
    ("two records on one line", SECOND.replace("\n", " "), "jsonl", "json"),
    ("a first line of a megabyte", LONG, "text", "jsonl"),
    ("a first line of a megabyte without a name", LONG, None, "jsonl"),
    ("an array", json.dumps(RECORDS), "text", "json"),
    ("an array over lines", json.dumps(RECORDS, indent=2), "text", "json"),
    ("an array that is cut", json.dumps(RECORDS * 9)[:-200], None, "json"),
    ("an array in .jsonl", json.dumps(RECORDS, indent=2), "jsonl", "json"),
    ("an array whose first record is an item a line", "[" + LINES.replace("}\n", "},\n"), "jsonl", "json"),
    ("strings", json.dumps(["one", "two"]), None, "json"),
    ("records one after another", "\n".join(json.dumps(each, indent=1) for each in RECORDS), "text", "json"),
    ("a list beside its version", json.dumps({"version": 1, "data": RECORDS}, indent=1), "text", "json"),
    ("one object without a name", json.dumps(RECORDS[0], indent=1), None, "json"),
    ("ids", IDS, "text", "ids"),
    (
        "ids with commas and brackets",
        "".join(f"[{', '.join(line.split())}]\n" for line in IDS.splitlines()),
        "jsonl",
        "ids",
    ),
    ("ids on one line that is cut", " ".join(str(i % 999) for i in range(HEAD_BYTES))[:HEAD_BYTES], "text", "ids"),
    ("a crawl", "WARC/1.0\r\nWARC-Type: warcinfo\r\n", "text", "warc"),
    ("a crawl without a name", "WARC/1.1\r\n", None, "warc"),
    ("csv without a name", "id,text\n1,a\n2,b\n", None, "csv"),
    ("csv with quoted lines", 'id;text\n1;"a\nb; c"\n2;b\n', None, "csv"),
    ("tsv without a name", "id\ttext\n1\ta, b\n2\tb\n", None, "tsv"),
]
UNNAMED = ["prose", "dict reprs", "a block in C", "a markdown table", "a matrix", "years", "an object, then prose"]


@pytest.mark.parametrize(("what", "text", "format"), SAME, ids=[each[0] for each in SAME])
def test_what_a_name_says_and_the_text_is(what: str, text: str, format: str) -> None:
    assert recognised(text.encode(), format) == format


@pytest.mark.parametrize(("what", "text", "format", "found"), OTHERS, ids=[each[0] for each in OTHERS])
def test_what_a_name_does_not_say(what: str, text: str, format: str | None, found: str) -> None:
    assert recognised(text.encode(), format) == found


@pytest.mark.parametrize("what", UNNAMED)
def test_text_without_a_name_is_text(what: str) -> None:
    text = {name: text for name, text, _ in SAME}[what]
    assert recognised(text.encode(), None) == "text"


@pytest.mark.parametrize("lines", [LINES, IDS, "WARC/1.0\r\n" + "x" * 300, json.dumps(RECORDS, indent=1)])
def test_a_head_that_is_cut_anywhere_says_the_same(lines: str) -> None:
    found = recognised(lines.encode(), "text")
    assert found != "text"
    for end in range(max(len(lines) // 2, 260 if lines is IDS else 0), len(lines)):
        assert recognised(lines.encode()[:end], "text") == found
