"""Standard input is what it holds: every text format, compressed or not, from a stream that cannot be read twice."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import zstandard

from advisor.corpus.corpus_file import CorpusFile, Place
from advisor.corpus.options import CorpusOptions
from advisor.corpus.readers.text_ids import IdLines
from advisor.corpus.tally import Tally
from tests.corpus.reading import contents, sentence, tally_of

TEXTS = ["plain", 'quote " comma , tab', "two\nlines", "é漢😀", "x" * 300]
RECORDS = [{"n": i, "text": text} for i, text in enumerate(TEXTS)]


class Pipe(io.RawIOBase):
    """A stream that gives a little at a time and cannot seek."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        count = min(len(buffer), 7)
        part, self.data = self.data[:count], self.data[count:]
        buffer[: len(part)] = part
        return len(part)


def table(delimiter: str) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, ["n", "text"], delimiter=delimiter)
    writer.writeheader()
    writer.writerows(RECORDS)
    return out.getvalue()


def pipe(monkeypatch: pytest.MonkeyPatch, data: str | bytes) -> None:
    raw = Pipe(data.encode() if isinstance(data, str) else data)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(raw)))


BODIES = {
    "jsonl": "".join(json.dumps(record) + "\n" for record in RECORDS),
    "json": json.dumps(RECORDS, ensure_ascii=False),
    "json over lines": json.dumps(RECORDS, indent=1),
    "json of an object": json.dumps({"version": 1, "data": RECORDS}),
    "csv": table(","),
    "csv with semicolons": table(";"),
    "tsv": table("\t"),
    "warc": "".join(
        "WARC/1.0\r\nWARC-Type: conversion\r\nContent-Type: text/plain\r\n"
        f"Content-Length: {len(text.encode())}\r\n\r\n{text}\r\n\r\n"
        for text in TEXTS
    ),
    "texts": "\n<|endoftext|>\n".join(TEXTS),
}


@pytest.mark.parametrize("compress", [bytes, gzip.compress, zstandard.ZstdCompressor().compress])
@pytest.mark.parametrize("kind", BODIES)
def test_what_it_holds_is_recognised(kind: str, compress: object, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe(monkeypatch, compress(BODIES[kind].encode()))  # type: ignore[operator]
    assert contents("-") == TEXTS


def test_a_named_format_is_not_questioned(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe(monkeypatch, BODIES["json"])
    assert contents("-", format="text") == [BODIES["json"]]
    pipe(monkeypatch, "text\none\ntwo\n")
    assert contents("-", format="csv") == ["one", "two"]
    pipe(monkeypatch, "text\none\ntwo\n")
    assert contents("-") == ["text\none\ntwo\n"]


def test_what_stops_or_is_torn(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe(monkeypatch, gzip.compress(BODIES["csv"].encode())[:-9])
    assert sentence("-").startswith("standard input is truncated: it ends at byte ")
    pipe(monkeypatch, BODIES["json"][:-9])
    assert sentence("-").startswith("standard input is truncated: it ends at byte ")
    pipe(monkeypatch, b"")
    assert sentence("-") == "Standard input is empty."
    pipe(monkeypatch, json.dumps([{"a": "x", "b": "y"}]))
    assert sentence("-") == (
        "standard input has several text columns: choose --column a (50 % of their text) or --column b (50 %); "
        "--column a,b reads these joined."
    )


IDS = [[5, 17, 50_256, *range(40)], list(range(60, 130)), [1] * 30]


def test_ids_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    for body in (
        "\n".join(" ".join(map(str, line)) for line in IDS),
        "".join(f"{line}\n" for line in IDS),
        "\n\n".join(",".join(map(str, line)) for line in IDS) + "\n",
    ):
        pipe(monkeypatch, body)
        assert contents("-") == [str(np.array(line)) for line in IDS]
    pipe(monkeypatch, body)
    [column] = tally_of("-").columns
    assert (column.format, column.type) == ("ids", "token ids as text, one document a line")


def test_lines_of_ids_that_are_long_or_hold_something_else(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"

    def read(text: str, **options: object) -> tuple[list[list[int]], Tally]:
        path.write_text(text)
        file = CorpusFile(place=Place(name=str(path), n_bytes=len(text)), format="ids", compression=None, named=True)
        reader = IdLines(name=str(path), file=file, options=CorpusOptions(**options), tally=Tally())  # type: ignore[arg-type]
        return [list(map(int, document.content)) for document in reader.documents()], reader.tally

    ids = [i % 50_000 for i in range(600_000)]
    found, _ = read(" ".join(map(str, ids)) + "\n7 8\n")
    assert len(found) == 5
    assert [each for part in found for each in part] == [*ids, 7, 8]
    with pytest.raises(
        Exception, match=rf"^{path}:2 holds b'x 5' among token ids; --skip-bad leaves such lines out\.$"
    ):
        read("1 2 3\n4 x 5\n")
    with pytest.raises(Exception, match=rf"^{path}:1 holds b'-2 3' among token ids"):
        read("1 -2 3\n")
    found, tally = read("1 2 3\n4 x 5\n6\n", skip_bad=True)
    assert found == [[1, 2, 3], [6]]
    assert [(each.reason, each.n, each.n_bytes) for each in tally.left_out] == [("bad lines", 1, 6)]
    with pytest.raises(Exception, match=rf"^{path}:1 holds a number that no token id can be; "):
        read("9" * 30 + "\n")


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"PAR1" + bytes(99), "a parquet"),
        (b"\x93NUMPY\x01\0" + bytes(99), "an npy"),
        (b"PK\x03\x04" + bytes(99), "a zip"),
        (b"a.txt".ljust(257, b"\0") + b"ustar" + bytes(250), "a tar"),
        (gzip.compress(b"a.txt".ljust(257, b"\0") + b"ustar" + bytes(250), mtime=0), "a tar"),
        (b"ARROW1\0\0" + bytes(99), "an arrow"),
    ],
)
def test_what_is_no_text_is_named(data: bytes, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe(monkeypatch, data)
    assert sentence("-") == (
        f"Standard input is {what} file, which cannot be read from a pipe: write it to a file, and name that."
    )
