"""Delimited text: the delimiter is what the rows show, and every row is read, or named by its line."""

from __future__ import annotations

import csv
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from advisor.corpus.readers import csv_rows
from advisor.corpus.readers.csv_rows import sniffed
from tests.corpus.reading import contents, sentence, tally_of

CELLS = ["plain", 'quote " comma , tab \t', "two\nlines; and | more", "é漢😀", "", "x" * 300, " spaces ", "\r\n"]


def file(folder: Path, data: str | bytes, name: str = "x.csv") -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("name", ["x.csv", "x.tsv"])
def test_what_the_csv_module_writes_is_read(name: str, delimiter: str, ends: str, tmp_path: Path) -> None:
    rng = random.Random(1)
    texts = ["".join(rng.choices(CELLS, k=3)) for _ in range(60)]
    path = tmp_path / name
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, delimiter=delimiter, lineterminator=ends)
        writer.writerow(["id", "text"])
        writer.writerows(enumerate(texts))
    assert contents(path) == [text for text in texts if text]


def test_the_delimiter_is_what_header_and_rows_have(tmp_path: Path) -> None:
    assert sniffed('id;text\n1;"a, b"\n2;c, d\n', ",") == ";"
    assert sniffed("id,text\n1,a; b\n2,c\n", ",") == ","
    assert sniffed("id\ttext\n1\ta, b\n", ",") == "\t"
    assert sniffed("id,text\n1,a\n", "\t") == ","
    assert sniffed("text\nhello world\n", ",") == ","
    assert sniffed('id;text\n1;"one\ntwo; and, so\n\non"\n2;b\n', ",") == ";"
    assert sniffed("id;text\n1;a; b\n2;c\n", ",") == ";"
    quoted = file(tmp_path, "id;text\n" + '1;"first, line\nsecond; line"\n' * 500)
    assert contents(quoted) == ["first, line\nsecond; line"] * 500


def test_rows_that_do_not_fit_are_named_and_can_be_left_out(tmp_path: Path) -> None:
    path = file(tmp_path, 'id,text\n1,"a\nb"\n\n2,hello, world\n3\n4,last of the words\n')
    assert sentence(path) == f"{path}:5 has 3 fields, and the header has 2; --skip-bad leaves such rows out."
    assert contents(path, skip_bad=True) == ["a\nb", "last of the words"]
    path = file(tmp_path, "text\n" + "words of a text\n" * 50 + "hello, world\n")
    assert sentence(path) == f"{path}:52 has 2 fields, and the header has 1; --skip-bad leaves such rows out."
    [left] = tally_of(path, skip_bad=True).left_out
    assert (left.reason, left.n, left.n_bytes) == ("bad rows", 1, 13)


def test_quotes_that_do_not_close_or_end_early(tmp_path: Path) -> None:
    path = file(tmp_path, 'id,text\n1,a\n2,"b\n3,c\n')
    assert sentence(path) == (
        f"{path}:3 begins a field with a quote that is never closed; --skip-bad leaves such rows out."
    )
    path = file(tmp_path, 'id,text\n1,"say "hi" now"\n2,b\n')
    assert sentence(path) == (
        f"{path}:2 has text behind a quoted field: quotes inside one are written twice; "
        "--skip-bad leaves such rows out."
    )
    assert contents(path, skip_bad=True) == ["b"]


def test_quotes_are_text_where_tabs_separate_and_nothing_is_quoted(tmp_path: Path) -> None:
    texts = ['"Yes" was the answer', '"Never', 'she said "no"', '"so it ends"', '5" wide']
    path = file(tmp_path, "id\ttext\n" + "".join(f"{i}\t{text}\n" for i, text in enumerate(texts)), "x.tsv")
    assert contents(path) == texts
    path = file(tmp_path, 'id\ttext\n1\t"a ""quoted""\tfield"\n2\t"over\nlines"\n3\t"b"\n', "x.tsv")
    assert contents(path) == ['a "quoted"\tfield', "over\nlines", "b"]


def test_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    body = "id,text\n1,plain\n2,café\n"
    latin = file(tmp_path, body.encode("latin-1"))
    assert sentence(latin) == (
        f"{latin}:3 is not UTF-8: name the encoding with --encoding; --skip-bad leaves such rows out."
    )
    assert contents(latin, encoding="latin-1") == ["plain", "café"]
    header = file(tmp_path, "id,téxt\n1,a\n".encode("latin-1"))
    for skip_bad in (False, True):
        assert sentence(header, skip_bad=skip_bad) == (
            f"{header}:1, the header, is not UTF-8: name the encoding with --encoding."
        )
    assert contents(header, encoding="latin-1") == ["a"]
    wide = file(tmp_path, body.encode("utf-16"))
    assert sentence(wide) == (f"{wide} begins with a byte-order mark of UTF-16: name its encoding, --encoding utf-16.")
    assert contents(wide, encoding="utf-16") == ["plain", "café"]
    unmarked = file(tmp_path, body.encode("utf-16-le"))
    assert sentence(unmarked).startswith(f"{unmarked}:1 holds a NUL byte: it is binary, or in an encoding to name")
    marked = file(tmp_path, b"\xef\xbb\xbf" + body.encode())
    assert contents(marked, column="text") == ["plain", "café"]


def test_headers(tmp_path: Path) -> None:
    numbers = file(tmp_path, "0,1\n2,3\n4,5\n")
    assert sentence(numbers) == (
        f"{numbers} has no header: its first row looks like data ('0'); put the names of its columns above it, "
        "such as text."
    )
    texts = file(tmp_path, "0,a text of several words\n1,another text of words\n")
    assert sentence(texts).startswith(
        f"{texts} has no header: its first row looks like data ('a text of several words')"
    )
    long = file(tmp_path, "words " * 50 + ",1\nb,2\n")
    assert sentence(long).startswith(f"{long} has no header: ")
    assert contents(file(tmp_path, ",text\n0,a\n1,b\n")) == ["a", "b"]
    assert contents(file(tmp_path, ",0\n0,a\n1,b\n")) == ["a", "b"]
    twice = file(tmp_path, "a,text,text\n1,b,c\n")
    assert sentence(twice) == f"{twice} has several columns called 'text': rename all but one."
    blank = file(tmp_path, "\n\n")
    assert sentence(blank) == f"{blank} has no header row."
    missing = file(tmp_path, "id,text\n1,a\n")
    assert sentence(missing, column="body") == f"{missing} has no column 'body': its columns are 'id', 'text'."


def test_types_of_columns(tmp_path: Path) -> None:
    path = file(tmp_path, "n,x,day,ok,empty,text\n1,1e5,2020-01-01,true,,a 1\n-2,.5,2020-01-02 10:00:00,false,,2\n")
    assert contents(path) == ["a 1", "2"]
    [column] = tally_of(path).columns
    assert (column.format, column.column, column.type) == ("csv", "text", "string")
    assert "holds no text" in sentence(path, column="n")


def test_only_line_feeds_and_only_carriage_returns(tmp_path: Path) -> None:
    assert contents(file(tmp_path, "id,text\r1,a\r2,b\r")) == ["a", "b"]


def test_a_field_or_line_without_end_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_rows, "LONGEST_FIELD", 1 << 18)
    long = file(tmp_path, "id,text\n1," + "words " * 100_000 + "\n")
    assert sentence(long) == f"{long}:2 is a line of over 0 MB: it is no csv row."
    wide = file(tmp_path, "id,text\n1," + "words " * 40_000 + "\n")
    assert contents(wide) == ["words " * 40_000]


def test_errors_do_not_end_the_interpreter(tmp_path: Path) -> None:
    """A csv error was one abort in five while pyarrow's reader had a thread of its own."""
    wide = file(tmp_path, "id,text\n1,a\n2,b,c\n".encode("utf-16"))
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-m", "advisor", "score", str(wide)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 1
        assert "byte-order mark of UTF-16" in done.stderr


def test_a_table_of_too_many_columns_or_too_long_a_row_is_one_sentence(tmp_path: Path) -> None:
    wide = file(tmp_path, "text" + ",a" * 1_000_000 + "\n")
    assert sentence(wide) == (
        f"{wide}:1 has over 100,000 columns: write those that hold the corpus to a file of their own."
    )
    row = 'id,text\n1,"' + "a line of a field, of several\n" * 10_000 + '"\n'
    assert len(contents(file(tmp_path, row))[0]) == 300_000
    fields = "id" + ",c" * 40 + "\n" + ('"' + "words " * 200_000 + '\n",') * 40 + "\n"
    path = file(tmp_path, fields)
    assert sentence(path) == f"{path}:29 belongs to a row of over 32 MB: a quote before it may not be closed."


def test_columns_cost_as_many_bytes_as_they_have(tmp_path: Path) -> None:
    header = ",".join(["text", *(f"c{at}" for at in range(30_000))])
    path = file(tmp_path, header + "\n" + ("some words of a text" + "," * 30_000 + "\n") * 20)
    begin = time.process_time()
    assert contents(path, column="text") == ["some words of a text"] * 20
    assert time.process_time() - begin < 5  # 30 s where each name is counted among all
    long_number = file(tmp_path, "id,text\n1," + "1" * 300_000 + "x\n")
    begin = time.process_time()
    assert len(contents(long_number, column="text")[0]) == 300_001
    assert time.process_time() - begin < 2


def test_the_csv_module_is_left_as_it_was(tmp_path: Path) -> None:
    before = csv.field_size_limit()
    path = file(tmp_path, "id,text\n1," + "long " * 100_000 + "\n")
    assert len(contents(path)[0]) == 500_000
    assert "has over" in sentence(file(tmp_path, "text" + ",a" * 100_000 + "\n"))
    assert csv.field_size_limit() == before
