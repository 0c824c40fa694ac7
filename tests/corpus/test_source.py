"""Sources of every kind: what is read, what is left out, and the one sentence for each that cannot be read."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import random
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from advisor.compressibility.score import score
from advisor.corpus import sampling
from advisor.corpus.sampling import Sampling
from advisor.errors import CorpusError, UsageError
from tests.corpus.reading import contents, profile, sentence

COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "": lambda data: data,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda data: zstandard.ZstdCompressor().compress(data),
}


JSONL = "".join(json.dumps({"text": f"document {i} says " + "some words " * 300}) + "\n" for i in range(30))


@pytest.mark.parametrize("suffix", COMPRESS)
@pytest.mark.parametrize("kind", ["jsonl", "json", "csv", "tsv", "txt", "py"])
def test_every_format_and_compression_gives_the_same_documents(kind: str, suffix: str, tmp_path: Path) -> None:
    texts = ["plain", 'quote " comma , tab', "two\nlines", "é漢😀", "x" * 300]
    bodies = {
        "jsonl": "\n".join(json.dumps({"text": text, "n": 1}) for text in texts),
        "json": json.dumps([{"text": text, "n": 1} for text in texts], ensure_ascii=False, indent=1),
        "csv": "n,text\n" + "".join(f'1,"{text.replace(chr(34), chr(34) * 2)}"\n' for text in texts),
        "tsv": "n\ttext\n" + "".join(f'1\t"{text.replace(chr(34), chr(34) * 2)}"\n' for text in texts),
        "txt": "one text é",
        "py": "x = 1\n",
    }
    path = tmp_path / f"data.{kind}{suffix}"
    path.write_bytes(COMPRESS[suffix](bodies[kind].encode()))
    assert contents(path) == ([bodies[kind]] if kind in ("txt", "py") else texts)


@pytest.mark.parametrize("whole", [0, 1 << 40], ids=["by draws", "in order"])
def test_columnar_files_and_folders(whole: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from datasets import Dataset, DatasetDict

    monkeypatch.setattr(sampling, "_READ_WHOLE", whole)
    texts = [f"document {i} " + "with words " * i for i in range(60)]
    table = pa.table({"text": texts, "n": list(range(60))})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=7)
    with pa.ipc.new_file(tmp_path / "b.arrow", table.schema) as file:
        file.write_table(table)
    with pa.ipc.new_stream(tmp_path / "c.arrow", table.schema) as stream:
        stream.write_table(table)
    Dataset.from_dict({"text": texts}).save_to_disk(tmp_path / "saved")
    DatasetDict({"train": Dataset.from_dict({"text": texts}), "test": Dataset.from_dict({"text": ["t"]})}).save_to_disk(
        tmp_path / "dict"
    )
    for name in ("a.parquet", "b.arrow", "c.arrow", "saved", "dict"):
        assert contents(tmp_path / name) == texts
    assert contents(tmp_path / "dict", hub=hub(split="test")) == ["t"]
    medians = {profile(tmp_path / name, n_sequences=500).median for name in ("a.parquet", "b.arrow", "saved")}
    assert len(medians) == 1
    assert "no split 'x': choose one of test, train" in sentence(tmp_path / "dict", hub=hub(split="x"))


def hub(**options: object) -> object:
    from advisor.corpus.hub.dataset import HubOptions

    return HubOptions(**options)  # type: ignore[arg-type]


def test_files_without_records_and_rows_without_text_are_counted(tmp_path: Path) -> None:
    (tmp_path / "good.jsonl").write_text(JSONL + '{"text": null}\n{"text": ""}\n')
    (tmp_path / "blank.jsonl").write_text("\n\n")
    reasons = {"files without a JSON object in their first lines": 1, "documents without text": 2}
    assert profile(tmp_path).skipped == reasons
    pq.write_table(pa.table({"text": ["word " * 100, None]}), tmp_path / "null.parquet")
    assert profile(tmp_path / "null.parquet").skipped == {"documents without text": 1}
    (tmp_path / "twice.csv").write_text("text,text\na,b\n")
    assert "several columns called 'text'" in sentence(tmp_path / "twice.csv")


def test_a_corpus_without_text_says_what_was_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"caf\xc3\xa9 " * 100)
    assert sentence(tmp_path, encoding="ascii") == (
        "The corpus holds no text. Left out: 1 (files that are binary or not ASCII: 600 bytes)."
    )
    (tmp_path / "b" / "dist-packages").mkdir(parents=True)
    (tmp_path / "b" / "dist-packages" / "a.py").write_text("x")
    assert "left out: 1 files in dist-packages, which --all-folders reads. " in sentence(tmp_path / "b")


def test_bad_lines_are_named_by_file_and_number_and_can_be_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = json.dumps({"text": "word " * 200})
    filler = "x" * 2000  # so that some draw falls on the line
    bad = {
        "torn": f'{{"text": "{filler}',
        "list": f'["{filler}"]',
        "no field": f'{{"other": "{filler}"}}',
        "number": f'{{"text": 5, "other": "{filler}"}}',
    }
    for name, line in bad.items():
        path = tmp_path / f"{name}.jsonl"
        path.write_text("\n".join([good, "", good, line, *[good] * 20]) + "\n")
        for whole in (1 << 40, 0):
            monkeypatch.setattr(sampling, "_READ_WHOLE", whole)
            assert sentence(path, column="text").startswith(f"{path}:4 ")
            reason = "bad lines" if whole else "bad lines that were drawn"
            assert profile(path, column="text", skip_bad=True).skipped == {reason: 1}
    (tmp_path / "tail.jsonl").write_text("\n".join([good] * 5000) + '\n{"text": "torn')
    monkeypatch.setattr(sampling, "_READ_WHOLE", 0)
    assert sentence(tmp_path / "tail.jsonl") == (
        f"{tmp_path}/tail.jsonl:5001 is not valid JSON (Unterminated string starting at); "
        "--skip-bad leaves such lines out."
    )


def test_bad_tables(tmp_path: Path) -> None:
    (tmp_path / "ragged.csv").write_text("text,b\n" + "some text,2\n" * 300 + "1,2,3\n")
    assert sentence(tmp_path / "ragged.csv") == (
        f"{tmp_path}/ragged.csv:302 has 3 fields, and the header has 2; --skip-bad leaves such rows out."
    )
    assert profile(tmp_path / "ragged.csv", skip_bad=True).skipped == {"bad rows": 1}
    (tmp_path / "torn.json").write_text('[{"text": "a"}, {"text": ')
    assert sentence(tmp_path / "torn.json") == (
        f"{tmp_path}/torn.json is truncated: it ends at byte 25, inside the value from byte 16 on."
    )
    (tmp_path / "scalar.json").write_text("3")
    assert "holds no records but int" in sentence(tmp_path / "scalar.json")
    (tmp_path / "one.json").write_text(json.dumps({"data": [{"text": "a"}, {"text": "b"}]}))
    assert contents(tmp_path / "one.json") == ["a", "b"]
    (tmp_path / "lines.json").write_text(JSONL)
    assert len(contents(tmp_path / "lines.json")) == 30


def test_what_is_missing_empty_or_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty.jsonl").touch()
    Path("blank.jsonl").write_text("\n\n")
    Path("nul.txt").write_bytes(b"text\0text" * 1000)
    Path("nul.jsonl").write_bytes(b'{"text": "a\0b"}\n')
    Path("bad.parquet").write_bytes(b"PAR1" + b"x" * 100)
    Path("bad.arrow").write_bytes(b"x" * 100)
    Path("torn.jsonl.gz").write_bytes(gzip.compress(JSONL.encode())[:-20])
    Path("fake.txt.xz").write_bytes(b"not xz" * 50)
    Path("torn.txt.zst").write_bytes(zstandard.ZstdCompressor().compress(random.Random(0).randbytes(9999))[:200])
    pq.write_table(pa.table({"text": pa.array([], pa.string())}), "rows0.parquet")
    Path("folder").mkdir()
    assert sentence("no/such/file.txt").startswith("There is no file, folder or glob no/such/file.txt")
    assert sentence("empty.jsonl") == "empty.jsonl is empty."
    assert sentence("blank.jsonl") == "blank.jsonl holds no JSON object in its first lines."
    assert sentence("nul.txt") == "nul.txt is binary: there is a NUL byte at offset 4."
    assert sentence("nul.jsonl") == "nul.jsonl is binary: there is a NUL byte at offset 11."
    assert sentence("bad.parquet").startswith("bad.parquet is truncated: ")
    assert sentence("bad.arrow").startswith("bad.arrow cannot be read as an arrow file: ")
    assert sentence("torn.jsonl.gz").startswith("torn.jsonl.gz is truncated: it ends at byte ")
    assert sentence("fake.txt.xz").startswith("fake.txt.xz is not xz data: it begins with b'not xzno'; ")
    assert sentence("torn.txt.zst").startswith("torn.txt.zst is truncated: it ends at byte 200, inside its zstd data")
    assert sentence("rows0.parquet") == "rows0.parquet has 0 rows."
    assert sentence("folder") == (
        "The folder folder holds no file to read. Expected: text, jsonl, json, csv, tsv, parquet, arrow, warc, "
        "tar, zip, ids, bin, megatron, npy, npz, mds, litdata or a save_to_disk folder; --format reads any file "
        "as one of these."
    )
    assert sentence("*.nothing") == "No file matches *.nothing."
    if os.geteuid():
        Path("secret.txt").write_text("x")
        Path("secret.txt").chmod(0)
        assert sentence("secret.txt") == "secret.txt cannot be read: permission denied."


def test_options_that_do_not_fit(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(JSONL)
    with pytest.raises(
        UsageError, match=r"^--split and --revision: only for a hub dataset, and .* is on this machine\.$"
    ):
        profile(path, hub=hub(split="train", revision="main"))
    with pytest.raises(UsageError, match="There is no format 'x'"):
        profile(path, format="x")
    for seq_len in (0, -5, 7, 10**6):
        with pytest.raises(UsageError, match="--seq-len must be between 8 and 65536"):
            score(str(path), sampling=Sampling(seq_len=seq_len))
    with pytest.raises(UsageError, match="--sequences must be between"):
        score(str(path), sampling=Sampling(n_sequences=1))


@pytest.mark.parametrize("whole", [0, 1 << 40], ids=["by draws", "in order"])
def test_a_line_too_long_to_hold_is_read_in_pieces(whole: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from advisor.corpus.readers import jsonl

    monkeypatch.setattr(jsonl, "LONG_LINE", 1 << 16)
    monkeypatch.setattr(sampling, "_READ_WHOLE", whole)
    monkeypatch.setattr(sampling, "_TOKENISE_WHOLE", 0)
    path = tmp_path / "long.jsonl"
    rows = [{"id": 1, "text": "short words here " * 100}] * 5 + [{"id": 2, "text": 'long "line" é ' * 100_000}]
    path.write_text("".join(json.dumps(row) + "\n" for row in [*rows, rows[0]]))
    found = profile(path, n_sequences=200)
    assert found.n_sequences == 200
    assert found.estimated_tokens == pytest.approx(sum(len(str(row["text"]).encode()) for row in rows), rel=0.05)
    only = tmp_path / "only.jsonl"
    only.write_text(json.dumps(rows[-1]) + "\n")
    assert profile(only).n_documents_seen == 1


def test_lone_surrogates_are_read(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_text('{"text": "' + "half \\ud83d pair " * 50 + '"}\n')
    assert score(str(path), sampling=Sampling(seq_len=64)).n_sequences > 1
    with pytest.raises(CorpusError):
        score(str(path), sampling=Sampling(seq_len=60_000))
