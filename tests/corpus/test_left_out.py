"""What of a folder is read and what is left out, in names and bytes: links, caches, splits, cards, the larger part."""

from __future__ import annotations

import gzip
import json
import random
import tarfile
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest

from advisor.compressibility.profile_cautions import bytes_in_all
from advisor.compressibility.profile_file import read_profiles
from advisor.corpus.files.splits import split_of
from advisor.corpus.hub.dataset import HubOptions
from tests.corpus.reading import contents, profile, sentence


def lines(name: str, n: int = 30) -> str:
    return "".join(json.dumps({"text": f"{name} {i} says " + "some words " * 30}) + "\n" for i in range(n))


def left_out(source: object, **options: object) -> dict[str, tuple[int, int | None]]:
    return {each.reason: (each.n, each.n_bytes) for each in profile(source, **options).left_out}


def cautions(source: object, **options: object) -> dict[str, str]:
    return {each.code: each.message for each in profile(source, **options).cautions}


def test_a_linked_folder_is_read_once_and_one_that_leads_up_is_not_entered(tmp_path: Path) -> None:
    corpus, elsewhere = tmp_path / "corpus", tmp_path / "elsewhere"
    for folder in (corpus / "a", elsewhere):
        folder.mkdir(parents=True)
    (corpus / "a" / "one.jsonl").write_text(lines("one"))
    (elsewhere / "two.jsonl").write_text(lines("two"))
    (elsewhere / "again").symlink_to(elsewhere)
    for name, target in (("more", elsewhere), ("twice", elsewhere), ("up", tmp_path), ("a/loop", corpus)):
        (corpus / name).symlink_to(target)
    assert len(contents(corpus)) == 60
    found = left_out(corpus)
    assert found["links to a folder that holds them"][0] == 2
    assert set(found) == {"links to a folder that holds them"}


def test_a_folder_most_of_which_would_not_be_read_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "prepare.py").write_text("import this\n" * 50)
    (tmp_path / "notes.md").write_text("words and more " * 20)
    (tmp_path / "corpus.xyz").write_bytes(b"1" * 5000)
    (tmp_path / "other.abc").write_bytes(b"1" * 4100)
    assert sentence(tmp_path) == (
        f"Only 9 % of the bytes of {tmp_path} can be read. Left out: 1 files ending in .xyz (5.00 kB), 1 files ending "
        f"in .abc (4.10 kB); the largest: {tmp_path}/corpus.xyz, {tmp_path}/other.abc. Name the files to read, or "
        "leave these out with --skip-bad."
    )
    assert left_out(tmp_path, skip_bad=True) == {
        "files ending in .xyz": (1, 5000),
        "files ending in .abc": (1, 4100),
    }
    (tmp_path / "corpus.xyz").rename(tmp_path / "corpus.png")
    assert sentence(tmp_path).startswith(f"Only 18 % of the bytes of {tmp_path} can be read. Left out: 1 files ending")


def test_a_folder_of_three_formats_none_of_which_is_most_of_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(lines("a"))
    (tmp_path / "b.csv").write_text("text\n" + "some words of a row\n" * 500)
    (tmp_path / "c.txt").write_text("some words of a text\n" * 450)
    assert sentence(tmp_path).startswith(f"Only 35 % of the bytes of {tmp_path} can be read. Left out: 1 ")


def test_text_files_that_turn_out_to_be_none_are_an_error_where_they_are_most_bytes(tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text("plain words " * 100)
    (tmp_path / "bad.txt").write_bytes("plain words ".encode("utf-16") * 100)
    assert sentence(tmp_path).startswith(
        f"Only 32 % of the bytes of {tmp_path} can be read. Left out: 1 files that are"
    )


def test_what_the_library_datasets_cached_is_not_counted_again(tmp_path: Path) -> None:
    table = pa.table({"text": ["some words of a row " * 20] * 40})
    for name in ("d-train.arrow", "cache-1f2e.arrow", "cache-77.arrow", "d-test.arrow"):
        with pa.ipc.new_stream(tmp_path / name, table.schema) as stream:
            stream.write_table(table)
    (tmp_path / "dataset_info.json").write_text("{}")
    size = (tmp_path / "d-train.arrow").stat().st_size
    assert len(contents(tmp_path)) == 40
    assert left_out(tmp_path) == {
        "descriptions of data": (1, 2),
        "caches of the library datasets": (2, 2 * size),
        "files of the split test": (1, size),
    }
    others = f"left out: test ({size / 1000:.1f} kB). --split NAME reads another, --split all all of them."
    assert cautions(tmp_path)["one_split"] == f"Read is the split train; {others}"


def test_splits_are_read_one_at_a_time_or_pooled_on_request(tmp_path: Path) -> None:
    for name in ("train/0.jsonl", "validation/0.jsonl", "test/0.jsonl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(lines(name))
    assert {text.split()[0] for text in contents(tmp_path)} == {"train/0.jsonl"}
    only = contents(tmp_path, hub=HubOptions(split="val"))
    assert {text.split()[0] for text in only} == {"validation/0.jsonl"}
    assert len(contents(tmp_path, hub=HubOptions(split="all"))) == 90
    assert sentence(tmp_path, hub=HubOptions(split="dutch")) == (
        f"No file of {tmp_path} is of the split 'dutch'; its splits: test, train, validation."
    )
    assert len(contents(tmp_path / "*" / "*.jsonl")) == 90
    assert cautions(tmp_path / "*" / "*.jsonl")["splits_pooled"].startswith("Splits are read together: test ")
    (tmp_path / "extra.jsonl").write_text(lines("extra"))
    assert len(contents(tmp_path)) == 120
    assert "splits_pooled" in cautions(tmp_path)


def test_source_code_about_tests_and_training_has_no_splits(tmp_path: Path) -> None:
    for name in ("train/run.py", "test/run.py", "eval.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"# {name}\n" + "x = 1\n" * 200)
    assert len(contents(tmp_path)) == 3
    assert "splits_pooled" not in cautions(tmp_path)


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train-00000-of-00002.parquet", "train"),
        ("en/c4-validation.00001.json.gz", "validation"),
        ("train/dev.jsonl", "validation"),
        ("my_test_set.csv", "test"),
        ("latest.csv", None),
        ("trainer/attest.jsonl", None),
    ],
)
def test_the_split_of_a_path(name: str, split: str | None) -> None:
    assert split_of(name) == split


def test_the_card_of_a_data_set_is_no_text_of_it(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("---\nlicense: mit\nconfigs:\n- default\n---\n# Data\n" + "About it. " * 50)
    (tmp_path / "a.md").write_text("words of the corpus " * 60)
    assert contents(tmp_path) == ["words of the corpus " * 60]
    assert list(left_out(tmp_path)) == ["data set cards"]


def test_the_profile_says_what_was_read(tmp_path: Path, advisor, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.jsonl").write_text(lines(name))
    (tmp_path / "c.csv").write_text("text\nrow\n")
    monkeypatch.setenv("COLUMNS", "200")
    outcome = advisor("score", tmp_path, "--tokenizer", "bytes", "--quiet")
    rows = [line for line in outcome.stdout.splitlines() if line.startswith(("Read", "Left out"))]
    assert rows == [
        "Read      column text (string) of 2 of 2 jsonl files",
        "Left out  1 csv files (most of the bytes are jsonl) (9 bytes, 0.043 %)",
    ]
    corpus = json.loads(advisor("score", tmp_path, "--tokenizer", "bytes", "--quiet", "--json").stdout)["corpora"][0]
    assert corpus["columns"] == [
        {"format": "jsonl", "column": "text", "type": "string", "n_files": 2, "of": 2, "beside": []}
    ]
    assert corpus["left_out"] == [
        {
            "reason": "csv files (most of the bytes are jsonl)",
            "n": 1,
            "n_bytes": 9,
            "largest": [str(tmp_path / "c.csv")],
            "deliberate": False,
            "within": False,
        }
    ]
    assert corpus["n_bytes"] == sum((tmp_path / f"{name}.jsonl").stat().st_size for name in ("a", "b"))


def test_the_share_left_out_is_one_share_in_a_folder_and_in_any_archive_of_it(tmp_path: Path, advisor) -> None:
    folder = tmp_path / "d"
    folder.mkdir()
    rng = random.Random(1)
    words = ["".join(rng.choices("abcdefghijklmnop", k=rng.randint(2, 9))) for _ in range(2000)]
    (folder / "a.txt").write_text(" ".join(rng.choices(words, k=60_000)))
    (folder / "b.txt").write_bytes(b"\xff\x00" + rng.randbytes((folder / "a.txt").stat().st_size // 2))
    with zipfile.ZipFile(tmp_path / "d.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for each in sorted(folder.iterdir()):
            archive.write(each)
    for name, mode in (("d.tar", "w"), ("d.tar.gz", "w:gz")):
        with tarfile.open(tmp_path / name, mode) as tar:
            tar.add(folder)
    for name in ("d", "d.zip", "d.tar", "d.tar.gz"):
        outcome = advisor("score", tmp_path / name, "--tokenizer", "bytes", "--quiet")
        assert "33 % of the bytes" in " ".join(outcome.stdout.split()), name
        path = tmp_path / "profile.json"
        path.write_text(advisor("score", tmp_path / name, "--tokenizer", "bytes", "--quiet", "--json").stdout)
        [read] = read_profiles(path)
        whole = sum(each.stat().st_size for each in folder.iterdir())  # a tar is some 10 kB larger
        assert bytes_in_all(read, read.missed) == pytest.approx(whole, abs=15_000), name


def test_an_office_document_does_not_stand_in_for_the_text_beside_it(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("words of the corpus " * 60)
    for name, member, what in (
        ("a.xlsx", "xl/worksheets/sheet1.xml", "an Excel workbook"),
        ("a.pptx", "ppt/slides/slide1.xml", "a PowerPoint presentation"),
    ):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr(member, "<a/>" * 99)
        assert sentence(tmp_path / name).startswith(f"{tmp_path}/{name} is {what} file, which is not read: python -c")
    assert contents(tmp_path) == ["words of the corpus " * 60]


def test_a_file_and_links_to_it_are_read_once_under_the_name_that_says_most(tmp_path: Path) -> None:
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / "1f2e3d").write_text("text\n" + "some words of a row\n" * 300)
    for commit in ("aaaa", "bbbb"):
        (tmp_path / "names" / commit).mkdir(parents=True)
        (tmp_path / "names" / commit / "train.csv").symlink_to("../../blobs/1f2e3d")
    assert len(contents(tmp_path)) == 300
    assert left_out(tmp_path) == {"links to files that are read already": (2, None)}


def test_what_lies_there_twice_is_read_once(tmp_path: Path) -> None:
    data = lines("some", 60)
    for name in ("a.jsonl", "a copy.jsonl", "other/a.jsonl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(data)
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(data.encode()))
    (tmp_path / "b.jsonl").write_text(data.replace("some 30 says", "else 30 says"))
    found = left_out(tmp_path)
    assert found["copies of other files"] == (2, 2 * len(data))
    assert found["compressed files whose content lies beside them"][0] == 1
    assert len(contents(tmp_path)) == 120


def test_earlier_states_of_files_and_other_revisions_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(lines("now"))
    for name in ("a.jsonl.bak", "a.jsonl~", "a.jsonl.old"):
        (tmp_path / name).write_text(lines("then"))
    assert len(contents(tmp_path)) == 30
    cache = tmp_path / "datasets--o--n"
    for commit in ("aaaa", "bbbb"):
        (cache / "snapshots" / commit).mkdir(parents=True)
        (cache / "snapshots" / commit / "train.jsonl").write_text(lines(commit))
    (cache / "blobs").mkdir()
    assert sentence(cache) == f"{cache} caches 2 revisions of a dataset, none of them main: name one of them."
    (cache / "refs").mkdir()
    (cache / "refs" / "main").write_text("bbbb")
    assert {text.split()[0] for text in contents(cache)} == {"bbbb"}


def test_what_is_not_whole_or_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "pointer.txt").write_text(
        "version https://git-lfs.github.com/spec/v1\noid sha256:" + "4" * 64 + "\nsize 9\n"
    )
    told = f"{tmp_path}/pointer.txt is a Git LFS pointer, not the file itself: `git lfs pull` fetches it."
    assert sentence(tmp_path / "pointer.txt") == told
    assert "left out: 1 Git LFS pointer files, which are not read." in sentence(tmp_path)
    shards = tmp_path / "shards"
    shards.mkdir()
    for number in (0, 3):
        (shards / f"part-{number:05}-of-00010.jsonl").write_text(lines(str(number)))
    assert cautions(shards)["missing_shards"] == (
        f"2 of the 10 shards {shards}/part-* are there: the others are not in what is measured."
    )
    (tmp_path / "delta" / "_delta_log").mkdir(parents=True)
    assert sentence(tmp_path / "delta").startswith(
        f"{tmp_path}/delta is a Delta table, whose log says which of its files"
    )


def test_one_document_that_is_most_of_the_sample_is_named(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"{number}.txt").write_text("a few words " * 20)
    (tmp_path / "numbers.txt").write_text("3.1415 2.7182 " * 5000)
    assert cautions(tmp_path)["one_document"].endswith(
        f"% of the sample are of one document ({tmp_path}/numbers.txt): H is mostly its."
    )


@pytest.mark.parametrize(
    "card",
    [
        "---\nx: " + "a" * (2 << 20),
        "---\nx:\n" + "- a: b\n" * 300_000,
        "---\nx: " + "a" * 9000 + "\nlicense: mit\n---\n# Data\n" + "About it. " * 300_000,
    ],
)
def test_a_card_of_any_size_is_no_text_of_its_data_set(tmp_path: Path, card: str) -> None:
    (tmp_path / "README.md").write_text(card)
    (tmp_path / "train.jsonl").write_text(lines("train"))
    assert list(left_out(tmp_path)) == ["data set cards"]
    assert len(contents(tmp_path)) == 30


def test_the_card_of_a_data_set_says_which_files_are_one_configuration(tmp_path: Path) -> None:
    for name in ("raw/a", "dedup/a", "dedup/b", "notes"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.jsonl").write_text(lines(name))
    configs = """---
configs:
- config_name: default
  data_files: raw/*.jsonl
- config_name: dedup
  data_files:
  - split: train
    path: [dedup/a.jsonl]
  - split: test
    path: dedup/b*.jsonl
---
"""
    (tmp_path / "README.md").write_text(configs)
    assert {text.split()[0] for text in contents(tmp_path)} == {"raw/a"}
    assert {text.split()[0] for text in contents(tmp_path, hub=HubOptions(name="dedup"))} == {"dedup/a"}
    assert len(contents(tmp_path, hub=HubOptions(name="dedup", split="all"))) == 60
    assert cautions(tmp_path)["one_configuration"] == (
        f"The card of {tmp_path} has several parts: read is default, train; the others are --name dedup."
    )
    assert sentence(tmp_path, hub=HubOptions(name="x")) == (
        f"{tmp_path}: there is no configuration 'x'; choose one with --name: default, dedup."
    )
    assert sentence(tmp_path, hub=HubOptions(split="dev")) == (
        f"{tmp_path} has no split 'dev' in default: choose one of train, or all."
    )
