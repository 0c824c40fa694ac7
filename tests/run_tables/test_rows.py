"""Tables in every format that people have read alike, and what is no table gets one sentence."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
from pathlib import Path

import numpy as np
import pytest
import zstandard

from advisor.errors import RunsError
from advisor.run_tables.file_bytes import MOST_BYTES
from advisor.run_tables.json_rows import is_law
from advisor.run_tables.rows import read_rows

ROWS = [("1e8", "2e9", "3.25"), ("2e8", "4e9", "3.125"), ("4e8", "8e9", "3.0625")]
NAMES = ("N", "D", "loss")
COMMAS = "\n".join(map(",".join, (NAMES, *ROWS))) + "\n"
COLUMNS = {name: [float(row[i]) for row in ROWS] for i, name in enumerate(NAMES)}
RECORDS = [dict(zip(NAMES, map(float, row), strict=True)) for row in ROWS]


def named(name: str) -> bool:
    return name in NAMES


def values(path: Path) -> list[tuple[float, ...]]:
    table = read_rows(path, named)
    return [tuple(float(row[name]) for name in NAMES) for row in table.rows]


EXPECTED = [tuple(map(float, row)) for row in ROWS]
JSON = {
    "records": RECORDS,
    "columns of lists": COLUMNS,
    "split": {"columns": NAMES, "index": [0, 1, 2], "data": list(EXPECTED)},
    "columns": {name: {str(i): v for i, v in enumerate(column)} for name, column in COLUMNS.items()},
    "index": {str(i): row for i, row in enumerate(RECORDS)},
    "index by name": {f"run-{i}": row for i, row in enumerate(RECORDS)},
    "a list under a key": {"title": "sweep", "runs": RECORDS},
    "table": {"schema": {"fields": []}, "data": RECORDS},
}


@pytest.mark.parametrize("form", JSON)
def test_every_orientation_of_json_reads_alike(tmp_path: Path, form: str) -> None:
    path = tmp_path / "t.json"
    path.write_text(json.dumps(JSON[form], indent=1), encoding="utf-8")
    assert values(path) == EXPECTED
    assert not is_law(path)


@pytest.mark.parametrize("name", ["t.jsonl", "t.json", "t.txt", "t.csv"])
def test_json_lines_are_known_by_what_is_in_them(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("\n".join(map(json.dumps, RECORDS)) + "\n\n", encoding="utf-8")
    assert values(path) == EXPECTED


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (COMMAS, ()),
        (COMMAS.replace(",", ";"), ("semicolons divide its columns",)),
        (COMMAS.replace(",", "\t"), ("tabs divide its columns",)),
        (COMMAS.replace(",", "|"), ("bars divide its columns",)),
        (COMMAS.replace(",", "  "), ("spaces divide its columns",)),
        ("sep=;\n" + COMMAS.replace(",", ";"), ("semicolons divide its columns",)),
        ("\ufeff" + COMMAS, ()),
        (COMMAS.replace("\n", "\r\n"), ()),
        (COMMAS.replace("\n", ",,\n"), ()),  # empty columns at the end
        (COMMAS.replace("\n2e8", "\n,,\n\n2e8"), ()),  # empty lines
        (COMMAS.replace(",", ", "), ()),
        ("# a sweep\n" + COMMAS.replace("2e8,4e9", "#9e9,9e9,9\n2e8,4e9"), ("2 lines that begin with # left out",)),
        ("# " + COMMAS.replace(",", " "), ("spaces divide its columns",)),  # as numpy.savetxt writes a header
        ("#" + COMMAS, ()),
        (
            "|" + COMMAS.replace(",", "|").replace("\n", "|\n|", 1).replace("\n|", "\n|---|:-:|---|\n|", 1)
            .replace("e9|3.25\n", "e9|3.25|\n|").replace("3.125\n", "3.125|\n|").replace("3.0625\n", "3.0625|\n"),
            ("bars divide its columns",),
        ),
    ],
)  # fmt: skip
def test_delimited_text_reads_alike_and_what_is_unusual_is_said(tmp_path: Path, text: str, said: tuple[str]) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode())
    assert values(path) == EXPECTED
    assert read_rows(path).said == said


def test_an_index_without_a_name_is_a_column_like_any(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("".join(f"{i},{line}\n" if i else f",{line}\n" for i, line in enumerate(COMMAS.splitlines())))
    assert read_rows(path).names == ("Unnamed: 0", *NAMES)
    assert values(path) == EXPECTED


def test_quoted_fields_hold_commas_and_lines(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('N,loss,note\n"1,100,000",3,"two\nlines"\n2e8,2.5,5" tail\n', encoding="utf-8")
    assert [dict(row) for row in read_rows(path).rows] == [
        {"N": "1,100,000", "loss": "3", "note": "two\nlines"},
        {"N": "2e8", "loss": "2.5", "note": '5" tail'},
    ]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_other_encodings_are_read_and_said(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "t.tsv"
    path.write_bytes(COMMAS.replace(",", "\t").encode(encoding))
    assert values(path) == EXPECTED
    assert read_rows(path).said == (f"its text is {encoding.upper()[:6]}",)


@pytest.mark.parametrize("name", ["t.csv.gz", "t.csv.bz2", "t.csv.xz", "t.csv.zst", "t.csv"])
@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zstandard.compress])
def test_compressed_tables_are_read_whatever_their_name_and_torn_ones_refused(tmp_path: Path, name: str, pack) -> None:
    path = tmp_path / name
    path.write_bytes(pack(COMMAS.encode()))
    assert values(path) == EXPECTED
    path.write_bytes(pack(COMMAS.encode())[:-5])
    with pytest.raises(RunsError, match=rf"^{path} is truncated: it ends at byte \d+, inside its \w+ data; get"):
        read_rows(path)


def test_frames_of_zstd_after_one_another_are_read_to_the_end(tmp_path: Path) -> None:
    path = tmp_path / "t.zst"
    path.write_bytes(zstandard.compress(COMMAS[:20].encode()) + zstandard.compress(COMMAS[20:].encode()))
    assert values(path) == EXPECTED


def test_parquet_is_known_by_what_is_in_it(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist(RECORDS), tmp_path / "t.data")
    assert values(tmp_path / "t.data") == EXPECTED
    (tmp_path / "t.parquet").write_bytes((tmp_path / "t.data").read_bytes()[:-20])
    with pytest.raises(RunsError, match=r"t\.parquet is truncated: .+; get the whole file\.$"):
        read_rows(tmp_path / "t.parquet")
    (tmp_path / "t.parquet").write_bytes(b"PAR1" + bytes(100) + b"PAR1")
    with pytest.raises(RunsError, match=r"t\.parquet cannot be read as a parquet file: .+\.$"):
        read_rows(tmp_path / "t.parquet")


def test_numpy_text_is_read(tmp_path: Path) -> None:
    np.savetxt(tmp_path / "t.dat", np.array(EXPECTED), header="N D loss")
    assert values(tmp_path / "t.dat") == EXPECTED


LARGE = "holds over 8 MB, and a table of runs has one row a run: keep the last of each."
SHEET = "is a spreadsheet: convert it with `libreoffice --headless --convert-to csv {path}`."


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"PK\x03\x04..xl/workbook.xml", SHEET),
        (b"PK\x03\x04mimetypeapplication/vnd.oasis.opendocument.spreadsheet", SHEET),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", SHEET),
        (b"PK\x03\x04..runs.csv", "is a zip archive: `unzip {path}` it, and name the table that was in it."),
        (b"N,D\n1,2\0", "is no table: there is a NUL byte in it at 7."),
        (b"N,D,caf\xe9\n1,2,3", "is not UTF-8 text (byte 7): save it as UTF-8."),
        (b"", "holds no runs."),
        (b"N,D,loss\n", "holds no runs."),
        (b"1e8,2e9,3\n2e8,4e9,2.5\n", "has no header: its first line is numbers; put the "
            "names of the columns above it."),
        (b"N,D,N\n1,2,3\n", "has several columns called N: rename all but one."),
        (b"N,D,loss\n1,2\n", ", line 2: the header has 3 fields and this line has 2: mend the line."),
        (
            b"N,D,loss\n1,2,3,14\n1,2,3,15\n",
            ", line 2: the header has 3 fields and this line has 4, as all have: give a row name in front a column "
            "name too, or put numbers with a comma in quotes.",
        ),
        (b'N,D,loss\n1,2,"3\n4,5,6\n', "cannot be read (unexpected end of data)."),
        (b"a;b,c\n1;2,3\n", "may be divided by commas or semicolons, each of which fits every line: write it with "
            "commas alone."),
        (
            b"My runs of 2026\nN,D,loss\n1,2,3\n",
            ", line 1: 'My runs of 2026' is no header of the lines below it, which have one: delete it, or begin it "
            "with #.",
        ),
        (b"loss\n3\n", "is no table of runs: its first line, 'loss', has one field; a table has several columns."),
        (b'[[1, 2], [3, 4]]', "is a list of lists, which has no column names: write a list of objects."),
        (b'{"N": [1, 2], "D": [1]}', "has columns of different lengths: N 2, D 1."),
        (b'{"columns": ["N"], "data": [[1, 2]]}',
            "has columns and data, but not as many fields in each row as columns."),
        (b'{"N": 1}\n{"N": 1, "N": 2}', ", line 2: a run has the key N twice: rename one."),
        (b'{"N": 1}\n{"N": 1', ", line 2: this is not JSON (Expecting ',' delimiter)."),
        (b'{"a": {"b": {"c": 1}}}',
            "is an object of objects, and neither their keys nor its own are all columns of runs."),
        (b'{"a": 1}', "is a JSON object that holds no table: write a list of objects, one a run."),
        (b'{"E": 1.8, "A": 400, "B": 400, "alpha": 0.3, "beta": 0.3}',
            "is a law and no table of runs: `advisor fit LAW --predict RUNS` compares them."),
        (b'{"laws": {"all": {}}}', "holds laws and no runs: give the table that was fitted."),
        (b"[" * 100_000, ", line 1: this JSON is nested too deeply for a table."),
        (b"a,b\n" * (MOST_BYTES // 4 + 1), LARGE),
        (gzip.compress(b"a,b\n" * (MOST_BYTES // 4 + 1), mtime=0), LARGE),
    ],
)  # fmt: skip
def test_what_is_no_table_gets_one_sentence(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    with pytest.raises(RunsError) as error:
        read_rows(path, named)
    assert str(error.value) == f"{path}{'' if message[0] == ',' else ' '}{message.format(path=path)}"


@pytest.mark.parametrize(
    ("text", "law"),
    [
        ('{"E": 1.8, "A": 400, "alpha": 0.3}', True),
        ('{"E": null, "A": null, "draws": []}', True),
        ('{"E": [1], "A": [2]}', False),
        ('[{"E": 1, "A": 2}]', False),
        ('{"E": 1', False),
        ("E,A\n1,2\n", False),
    ],
)
def test_a_law_is_known_by_what_is_in_it(tmp_path: Path, text: str, law: bool) -> None:
    path = tmp_path / "x.json"
    path.write_text(text, encoding="utf-8")
    assert is_law(path) is law


def test_a_date_that_python_has_no_word_for_is_an_empty_cell_of_its_column(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    dates, times = pa.array([2**31 - 1, 0], pa.date32()), pa.array([2**40, 0], pa.timestamp("s"))
    table = pa.table({"N": [1e8, 2e8], "D": [2e9, 4e9], "loss": [3.0, 2.5], "made": dates, "ended": times})
    pq.write_table(table, tmp_path / "t.parquet")
    rows = read_rows(tmp_path / "t.parquet").rows
    assert [row["N"] for row in rows] == [1e8, 2e8]
    assert [str(row["made"]) for row in rows] == ["None", "1970-01-01"]
    assert [str(row["ended"]) for row in rows] == ["None", "1970-01-01 00:00:00"]


def test_parquet_with_a_name_twice_is_refused(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "t.parquet"
    pq.write_table(pa.table([[1e8], [2e8]], names=["N", "N"]), path)
    with pytest.raises(RunsError) as error:
        read_rows(path)
    assert str(error.value) == f"{path} has several columns called N: rename all but one."
