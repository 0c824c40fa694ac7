"""Text in columns that the first rows do not show: refused where it is most, said where it is much."""

from __future__ import annotations

import csv
import gzip
import json
import re
from pathlib import Path

import pytest

from advisor.corpus.readers.text_seen import check_text_seen
from advisor.corpus.tally import Tally, read_tally
from advisor.errors import CorpusError

N_HEAD = 30  # rows by which a column is chosen, and a few more
TEXTS = [
    f"Document {n} of {n * n} says {n % 7} things that the next one does not, and ends after them." for n in range(90)
]
LATE = [
    *({"text": text} for text in TEXTS[:N_HEAD]),
    *({"text": "ok", "response": 5 * text} for text in TEXTS[N_HEAD:]),
]
EMPTY = [{"text": row["text"], "response": row.get("response", "")} for row in LATE]
SOME = [*({"text": text} for text in TEXTS[:60]), *({"text": "ok", "response": text} for text in TEXTS[60:])]
REFUSED = " of its text in the column 'response', which its first rows do not show, and "


def write(path: Path, rows: list[dict[str, str]]) -> str:
    if path.suffix == ".json":
        path.write_text(json.dumps(rows))
    elif path.suffix == ".csv":
        with path.open("w", newline="") as file:
            made = csv.DictWriter(file, ["text", "response"], restval="")
            made.writeheader()
            made.writerows(rows)
    else:
        data = "".join(json.dumps(row) + "\n" for row in rows).encode()
        path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return str(path)


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.json"])
@pytest.mark.parametrize("rows", [LATE, EMPTY], ids=["late", "empty"])
def test_most_of_the_text_in_a_later_column_is_refused(tmp_path, advisor, name, rows):
    path = write(tmp_path / name, rows)
    found = advisor("score", path, "--tokenizer", "bytes", "--seq-len", "64")
    assert found.code == 1
    assert REFUSED in found.stderr
    assert found.stderr.endswith(": choose with --column response or --column text.\n")
    chosen = advisor("score", path, "--tokenizer", "bytes", "--seq-len", "64", "--column", "text")
    assert chosen.code == 0
    assert "response" not in chosen.stdout


def test_most_of_the_text_in_later_cells_is_refused(tmp_path, advisor):
    rows = [*EMPTY[:N_HEAD] * 40, *EMPTY[N_HEAD:] * 40]  # more rows than a table's columns are looked at by
    found = advisor("score", write(tmp_path / "a.csv", rows), "--tokenizer", "bytes", "--seq-len", "64")
    assert found.code == 1
    assert "choose " in found.stderr
    assert "--column response" in found.stderr


def test_a_corpus_measured_whole_is_refused_too(tmp_path, advisor):
    line = ("score", write(tmp_path / "a.jsonl", LATE), "--tokenizer", "bytes", "--seq-len", "64", "--all")
    found = advisor(*line, "--workers", "1", "--scratch", str(tmp_path / "scratch"))
    assert (found.code, REFUSED in found.stderr) == (1, True)


def test_much_of_the_text_in_a_later_column_is_a_caution(tmp_path, advisor):
    path = write(tmp_path / "a.jsonl", SOME)
    found = json.loads(advisor("score", path, "--tokenizer", "bytes", "--seq-len", "64", "--json").stdout)
    (said,) = [each["message"] for each in found["corpora"][0]["cautions"] if each["code"] == "text_elsewhere"]
    assert said.startswith("Column text is ")
    assert " of the text in the records that were read, and only it is measured: column response has " in said


@pytest.mark.parametrize(
    "beside", [{"url": "https://example.com/" + 90 * "a"}, {"id": 4 * "0123456789abcdef"}, {"n": 5}]
)
def test_what_is_no_corpus_is_not_counted(tmp_path, advisor, beside):
    rows = [*({"text": text} for text in TEXTS[:N_HEAD]), *({"text": text, **beside} for text in TEXTS[N_HEAD:])]
    path = write(tmp_path / "a.jsonl", rows)
    assert "text_elsewhere" not in advisor("score", path, "--tokenizer", "bytes", "--seq-len", "64", "--json").stdout


def test_what_was_seen_goes_through_json_and_adds_up():
    parts = [Tally(), Tally()]
    for number, tally in enumerate(parts):
        tally.text_seen("text").add(None, 10)
        tally.text_seen("text").add("response", 30 + number, "words of a text that are no label, and a few more")
    whole = Tally()
    for tally in parts:
        whole.add(read_tally(json.loads(json.dumps(tally.as_json()))))
    assert whole.text_seen("text").n_chars == {None: 20, "response": 61}
    with pytest.raises(CorpusError, match=r"^a has 75 % of its text in the column 'response'"):
        check_text_seen(whole, "a")


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_lines_that_are_left_out_are_a_share_of_all_bytes_and_may_be_most(tmp_path, advisor, name):
    rows = [*({"text": text} for text in TEXTS[:N_HEAD]), *({"text": 5, "n": len(text)} for text in TEXTS * 9)]
    path = write(tmp_path / name, rows)
    n_bad = sum(len(json.dumps(row)) + 1 for row in rows if row["text"] == 5)
    n_bytes = sum(len(json.dumps(row)) + 1 for row in rows)
    line = ("score", path, "--tokenizer", "bytes", "--seq-len", "64")
    assert advisor(*line).stderr.endswith("; --skip-bad leaves such lines out.\n")
    found = advisor(*line, "--skip-bad")
    assert found.code == 0
    (share,) = re.findall(r"bad lines \([\d.]+ kB, (\d+) %\)", " ".join(found.stdout.split()))
    # Of what is compressed the text counts, without the brackets of its lines.
    assert 0 <= int(share) / 100 - n_bad / n_bytes < (0.01 if name == "a.jsonl" else 0.1)
