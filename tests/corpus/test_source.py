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

from advisor.compressibility.score import Profile, score
from advisor.corpus import sampling
from advisor.corpus.sampling import Sampling
from advisor.corpus.source import CorpusOptions, open_corpus
from advisor.errors import AdvisorError, CorpusError, UsageError

COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "": lambda data: data,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda data: zstandard.ZstdCompressor().compress(data),
}
JSONL = "".join(json.dumps({"text": f"document {i} says " + "some words " * 300}) + "\n" for i in range(30))


def contents(source: object, **options: object) -> list[str]:
    """Return the documents of a source in order."""
    corpus = open_corpus(str(source), CorpusOptions(**options), seq_len=256)  # type: ignore[arg-type]
    return [str(document.content) for reader in corpus.readers for document in reader.documents()]


def profile(source: object, *, n_sequences: int = 50, **options: object) -> Profile:
    return score(
        str(source),
        options=CorpusOptions(**options),
        sampling=Sampling(tokenizer="bytes", seq_len=64, n_sequences=n_sequences),
    )


def sentence(source: object, **options: object) -> str:
    """Return the error that scoring a source ends with."""
    with pytest.raises(AdvisorError) as caught:
        profile(source, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


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
    medians = {profile(tmp_path / name, n_sequences=10_000).median for name in ("a.parquet", "b.arrow", "saved")}
    assert len(medians) == 1
    assert "no split 'x': choose one of test, train" in sentence(tmp_path / "dict", hub=hub(split="x"))


def hub(**options: object) -> object:
    from advisor.corpus.hub import HubOptions

    return HubOptions(**options)  # type: ignore[arg-type]


def test_ids_and_messages_and_dictionaries(tmp_path: Path) -> None:
    rng = random.Random(0)
    ids = [[rng.randrange(50) for _ in range(200)] for _ in range(20)]
    pq.write_table(pa.table({"input_ids": pa.array(ids, pa.list_(pa.int16()))}), tmp_path / "ids.parquet")
    (tmp_path / "ids.jsonl").write_text("".join(json.dumps({"ids": row}) + "\n" for row in ids))
    first, second = profile(tmp_path / "ids.parquet"), profile(tmp_path / "ids.jsonl")
    assert first.protocol.tokenizer is second.protocol.tokenizer is None
    assert first.vocab_size == second.vocab_size == 50
    assert first.median == second.median
    assert first.bytes_per_token is None
    assert first.estimated_tokens == 4000

    chat = [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "good day"}]
    (tmp_path / "chat.jsonl").write_text(json.dumps({"id": 3, "messages": chat}) + "\n")
    pq.write_table(pa.table({"messages": [chat]}), tmp_path / "chat.parquet")
    parts = [{"type": "image", "url": "x"}, {"type": "text", "text": "what is it?"}]
    mixed = [{"role": "user", "content": parts}, {"role": "tool", "content": None}, *chat]
    (tmp_path / "parts.jsonl").write_text(json.dumps({"messages": mixed}) + "\n")
    assert contents(tmp_path / "parts.jsonl") == ["what is it?\nhello\ngood day"]
    assert contents(tmp_path / "chat.jsonl") == contents(tmp_path / "chat.parquet") == ["hello\ngood day"]

    words = pa.array(["x y", "z", None]).dictionary_encode()
    pq.write_table(pa.table({"text": words}), tmp_path / "dictionary.parquet")
    assert contents(tmp_path / "dictionary.parquet") == ["x y", "z"]


def test_a_folder_leaves_out_what_is_not_the_corpus(tmp_path: Path) -> None:
    for name in ("a.py", "sub/b.c", ".git/c.py", "__pycache__/d.py", "x/site-packages/e.py", "x/dist-packages/f.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"text of {name} " * 100)
    (tmp_path / "binary.py").write_bytes(b"\0\1\2" * 100)
    (tmp_path / "latin.txt").write_bytes("é".encode("latin-1") * 100)
    (tmp_path / "table.csv").write_text("text\nrow\n")
    (tmp_path / "photo.png").write_bytes(b"\x89PNG")
    (tmp_path / "empty.py").touch()
    assert [text.split()[2] for text in contents(tmp_path)] == ["a.py", "sub/b.c"]
    found = profile(tmp_path)
    assert found.skipped == {
        "files that are binary or not UTF-8": 2,
        "csv files (most of the bytes are text)": 1,
        "files of another type": 1,
        "empty files": 1,
    }
    assert found.n_documents_skipped == 5
    assert len(contents(tmp_path, everything=True)) == 6


def test_a_data_set_with_a_readme_is_the_data(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("about")
    (tmp_path / "train.jsonl").write_text(JSONL)
    assert len(contents(tmp_path)) == 30
    assert contents(tmp_path, format="text")[0] == "about"


def test_globs_and_existing_paths_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a1", "a2", "b1"):
        (tmp_path / f"{name}.txt").write_text(name)
    assert contents(tmp_path / "a*.txt") == ["a1", "a2"]
    assert contents(tmp_path / "**" / "*1.txt") == ["a1", "b1"]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "org").mkdir()
    (tmp_path / "org" / "name").write_text("a file that looks like a hub name")
    assert contents("org/name") == ["a file that looks like a hub name"]
    (tmp_path / "odd[1].txt").write_text("brackets in a real name")
    assert contents("odd[1].txt") == ["brackets in a real name"]


def test_links_and_loops_of_links_are_read_once(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one.txt").write_text("one")
    (tmp_path / "a" / "up").symlink_to("..")
    (tmp_path / "two.txt").symlink_to("a/one.txt")
    assert contents(tmp_path / "**") == contents(tmp_path) == ["one"]


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
        "The corpus holds no text. Left out: 1 (files that are binary or not ASCII)."
    )
    (tmp_path / "b" / "dist-packages").mkdir(parents=True)
    assert "left out: the folders dist-packages, which --all-folders reads. " in sentence(tmp_path / "b")


def test_a_file_without_an_extension_is_text_and_parquet_is_known_by_its_magic(tmp_path: Path) -> None:
    (tmp_path / "LICENSE").write_text("words")
    pq.write_table(pa.table({"text": ["row"]}), tmp_path / "blob")
    assert contents(tmp_path / "LICENSE") == ["words"]
    assert contents(tmp_path / "blob") == ["row"]


def test_encodings_and_byte_order_marks(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("naïve café".encode("latin-1"))
    (tmp_path / "b.jsonl").write_bytes('{"text": "naïve"}\n{"text": "café"}\n'.encode("utf-16"))
    (tmp_path / "c.csv").write_bytes(b"\xef\xbb\xbftext\ncaf\xc3\xa9\n")
    assert contents(tmp_path / "a.txt", encoding="latin-1") == ["naïve café"]
    assert contents(tmp_path / "b.jsonl", encoding="utf-16") == ["naïve", "café"]
    assert contents(tmp_path / "c.csv") == ["café"]
    assert sentence(tmp_path / "a.txt", encoding="klingon").startswith("There is no encoding 'klingon'")
    assert "is not UTF-8 at offset 2" in sentence(tmp_path / "a.txt")
    assert "a.txt is not ascii text" in sentence(tmp_path / "a.txt", encoding="ascii")


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
            assert profile(path, column="text", skip_bad=True).skipped == {"bad lines": 1}
    (tmp_path / "tail.jsonl").write_text("\n".join([good] * 5000) + '\n{"text": "torn')
    monkeypatch.setattr(sampling, "_READ_WHOLE", 0)
    assert sentence(tmp_path / "tail.jsonl") == (
        f"{tmp_path}/tail.jsonl:5001 is not valid JSON (Unterminated string starting at); "
        "--skip-bad leaves such lines out."
    )


def test_bad_tables(tmp_path: Path) -> None:
    (tmp_path / "ragged.csv").write_text("a,b\n" + "some text,2\n" * 300 + "1,2,3\n")
    assert "Expected 2 columns, got 3" in sentence(tmp_path / "ragged.csv")
    assert profile(tmp_path / "ragged.csv", skip_bad=True).skipped == {"bad rows": 1}
    (tmp_path / "torn.json").write_text('[{"text": "a"}, {"text": ')
    assert sentence(tmp_path / "torn.json").endswith("is not valid JSON: it ends, or breaks, in the middle of a list.")
    (tmp_path / "scalar.json").write_text("3")
    assert "holds no records but int" in sentence(tmp_path / "scalar.json")
    (tmp_path / "one.json").write_text(json.dumps({"data": [{"text": "a"}, {"text": "b"}]}))
    assert contents(tmp_path / "one.json") == ["a", "b"]
    (tmp_path / "lines.json").write_text(JSONL)
    assert len(contents(tmp_path / "lines.json")) == 30


def test_columns_that_cannot_be_chosen(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text(json.dumps({"text": "a", "url": "b", "n": 3}) + "\n")
    assert sentence(path) == f"{path} has several text columns, 'text', 'url': choose one with --column."
    assert sentence(path, column="x") == f"{path} has no column 'x': its columns are 'text', 'url', 'n'."
    assert sentence(path, column="n").startswith(f"Column 'n' of {path} holds no text")
    path.write_text('{"n": 3}\n')
    assert sentence(path) == f"{path} has no text column: its columns are 'n'."
    pq.write_table(pa.table({"n": [1]}), tmp_path / "t.parquet")
    assert "has no text column" in sentence(tmp_path / "t.parquet")


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
    assert sentence("nul.jsonl").startswith("nul.jsonl:1 is not valid JSON")
    assert sentence("bad.parquet").startswith("bad.parquet is not a parquet file")
    assert sentence("bad.arrow").startswith("bad.arrow is not an arrow file")
    assert sentence("torn.jsonl.gz").startswith("torn.jsonl.gz is truncated or not a gzip file")
    assert sentence("fake.txt.xz").startswith("fake.txt.xz is truncated or not a xz file")
    assert "torn.txt.zst" in sentence("torn.txt.zst")
    assert sentence("rows0.parquet") == "rows0.parquet has 0 rows."
    assert sentence("folder") == (
        "The folder folder holds no file to read. Expected: text, jsonl, json, csv, tsv, parquet, arrow or a "
        "save_to_disk folder; --format reads any file as one of these."
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
