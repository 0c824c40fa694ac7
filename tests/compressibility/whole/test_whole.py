"""``score_whole``: the numbers of ``score`` without sampling, however it is cut and whoever measures the parts."""

from __future__ import annotations

import io
import json
import os
import random
import string
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from advisor.compressibility.profile_file import read_profiles
from advisor.compressibility.score import score
from advisor.compressibility.whole.corpus_totals import CorpusTotals, ShardProfile, are_unlike
from advisor.compressibility.whole.processes import measured_by, measured_here
from advisor.corpus import parts
from advisor.corpus.documents import Document
from advisor.corpus.options import CorpusOptions
from advisor.corpus.parts import cut_source, readers_of
from advisor.corpus.source import open_corpus
from advisor.corpus.tally import Tally
from advisor.errors import AdvisorError, CorpusError, UsageError
from advisor.report.score import show
from advisor.report.screen import Wanted
from tests.compressibility.whole.made import CORPORA, SAMPLING, comparable, jsonl, lines_in_files, sampled, texts, whole


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of a few kB are cut as those of gigabytes are."""
    monkeypatch.setattr(parts, "_OF_LINES", 3000)
    monkeypatch.setattr(parts, "_OF_TABLE", 5000)
    monkeypatch.setattr(parts, "_OF_TEXTS", 4000)


@pytest.fixture(params=CORPORA, ids=list(CORPORA))
def made(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, dict[str, object]]:
    folder = tmp_path / "corpus"
    folder.mkdir()
    make, words = CORPORA[request.param]
    return make(folder), words


def read(source: Path, words: dict[str, object]) -> list[Document]:
    corpus = open_corpus(str(source), CorpusOptions.of(words), seq_len=64)
    return [document for reader in corpus.readers for document in reader.documents() if len(document.content)]


def test_whole_is_the_sample_of_every_sequence(
    made: tuple[Path, dict[str, object]], tmp_path: Path, small_parts: None
) -> None:
    source, words = made
    expected = sampled(source, words)
    found = whole(source, tmp_path / "scratch", words)
    assert comparable(found) == comparable(expected)
    assert found.ci95 is None
    assert found.estimated_tokens == found.totals.n_tokens
    assert list((tmp_path / "scratch").iterdir()) == []


def test_totals_are_those_of_the_documents(
    made: tuple[Path, dict[str, object]], tmp_path: Path, small_parts: None
) -> None:
    source, words = made
    contents: dict[tuple[str, int], bytes] = {}
    for document in read(source, words):
        content = document.content
        data = content.encode() if isinstance(content, str) else content.tobytes()
        contents[document.key[:2]] = contents.get(document.key[:2], b"") + data
    n_tokens = {key: len(data) // (8 if words else 1) for key, data in contents.items()}
    unique = {data: n_tokens[key] for key, data in contents.items()}
    found = whole(source, tmp_path / "scratch", words).totals
    assert (found.n_documents, found.n_tokens) == (len(contents), sum(n_tokens.values()))
    assert (found.n_unique_documents, found.n_unique_tokens) == (len(unique), sum(unique.values()))
    assert found.n_text_bytes == (None if words else sum(map(len, contents.values())))
    for name in ("n_documents", "n_tokens"):
        assert sum(getattr(each, name) for each in found.shards) == getattr(found, name)


def test_parts_are_read_as_the_whole_is(made: tuple[Path, dict[str, object]], small_parts: None) -> None:
    source, words = made
    options = CorpusOptions.of(words)
    cut = cut_source(str(source), options, seq_len=64)
    found = [
        document
        for part in cut.parts
        for reader in readers_of(str(source), part, options, seq_len=64, tally=Tally())
        for document in reader.documents()
        if len(document.content)
    ]
    expected = read(source, words)
    assert [each.key for each in found] == [each.key for each in expected]
    assert all(np.array_equal(a.content, b.content) for a, b in zip(found, expected, strict=True))
    assert sum(part.n_bytes for part in cut.parts) == pytest.approx(cut.tally.n_bytes, abs=len(cut.parts))


def test_large_files_are_cut_and_their_row_is_one(tmp_path: Path, small_parts: None) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    assert len(cut_source(str(lines_in_files(folder)), CorpusOptions(), seq_len=64).parts) > 20
    rows = whole(folder, tmp_path / "scratch").totals.shards
    assert [Path(row.name).name for row in rows] == ["0.jsonl", "1.jsonl", "2.jsonl"]
    assert [row.n_stored_bytes for row in rows] == [(folder / Path(row.name).name).stat().st_size for row in rows]
    alone = whole(folder / "1.jsonl", tmp_path / "scratch")
    assert (rows[1].compressibility, rows[1].n_tokens) == (alone.median, alone.totals.n_tokens)


def test_workers_change_nothing(tmp_path: Path, small_parts: None) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    lines_in_files(folder)
    assert whole(folder, tmp_path / "scratch", workers=2) == whole(folder, tmp_path / "scratch")


def test_a_pipe_is_measured_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = jsonl(texts(50))
    (tmp_path / "a.jsonl").write_bytes(data)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    found = whole(Path("-"), tmp_path / "scratch", workers=4)
    assert found.compressibility == whole(tmp_path / "a.jsonl", tmp_path / "scratch").compressibility


def test_quantiles_are_those_of_all_sequences(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(jsonl(texts(50)))
    found = whole(tmp_path / "a.jsonl", tmp_path / "scratch")
    from advisor.compressibility.measure import sequence_ratios

    rows = [
        list(document.content.encode())[at : at + 64]
        for document in read(tmp_path / "a.jsonl", {})
        for at in range(0, len(document.content.encode()) - 63, 64)
    ]
    ratios = sequence_ratios(np.array(rows))
    assert found.n_sequences == len(ratios)
    shares = [each.share for each in found.totals.quantiles]
    assert [each.compressibility for each in found.totals.quantiles] == pytest.approx(np.quantile(ratios, shares))
    assert (found.compressibility.mean, found.compressibility.sd) == pytest.approx((ratios.mean(), ratios.std(ddof=1)))


@pytest.mark.parametrize("workers", [1, 2])
def test_a_shard_that_cannot_be_read_is_an_error_unless_it_may_be_left_out(tmp_path: Path, workers: int) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    lines_in_files(folder)
    with (folder / "1.jsonl").open("ab") as file:
        file.write(b"{torn\n")
    with pytest.raises(CorpusError) as caught:
        whole(folder, tmp_path / "scratch", workers=workers)
    assert str(caught.value) == (
        f"{folder / '1.jsonl'}:46 is not valid JSON (Expecting property name enclosed in double quotes); --skip-bad "
        "leaves such lines out."
    )
    found = whole(folder, tmp_path / "scratch", {"skip_bad": True}, workers=workers)
    assert comparable(found) == comparable(sampled(folder, {"skip_bad": True}))
    assert found.skipped == {"bad lines": 1}


def test_a_bad_line_of_a_later_part_is_named_by_its_number(tmp_path: Path, small_parts: None) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(jsonl(texts(60)) + b"[]\n")
    with pytest.raises(CorpusError, match=r"a\.jsonl:61 is not a JSON object but list: "):
        whole(path, tmp_path / "scratch")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (jsonl(["few"]), "The corpus holds 3 tokens, and H needs at least 64 of them: measure more text."),
        (jsonl([""]), "The corpus holds no text. Left out: 1 (documents without text: 13 bytes)."),
    ],
)
def test_too_little_is_said_as_it_is_of_a_sample(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.jsonl").write_bytes(content)
    for measure in (sampled, lambda source, words: whole(source, tmp_path / "scratch", words)):
        with pytest.raises(CorpusError) as caught:
            measure(tmp_path / "a.jsonl", {})
        assert str(caught.value) == message


def test_text_in_some_files_and_ids_in_others_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(jsonl(texts(20)))
    rows = [{"input_ids": [number % 7, 5, 9] * 40} for number in range(20)]
    (tmp_path / "b.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(CorpusError, match=r"^The corpus holds text in some files and token ids in others"):
        whole(tmp_path, tmp_path / ".scratch")


def test_a_worker_that_is_killed_is_told_and_what_it_finished_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    lines_in_files(folder)
    expected = whole(folder, tmp_path / "scratch")
    from advisor.compressibility.whole import processes

    n_done = 0

    def killed(self: object, shard: object) -> None:
        nonlocal n_done
        n_done += 1
        give(self, shard)
        if n_done == 4:
            self.process.kill()  # type: ignore[attr-defined]

    give = processes._ShardWorker.give
    monkeypatch.setattr(processes._ShardWorker, "give", killed)
    monkeypatch.setattr(parts, "_OF_LINES", 3000)
    with pytest.raises(AdvisorError) as caught:
        whole(folder, tmp_path / "scratch", workers=2)
    assert str(caught.value).endswith(
        "jsonl was ended from outside (exit code -9), perhaps for want of memory: what is finished is kept, and the "
        "same command goes on from it; give it fewer --workers if memory is short."
    )
    monkeypatch.undo()
    monkeypatch.setattr(parts, "_OF_LINES", 3000)
    assert len(list((tmp_path / "scratch").glob("*/*.digests"))) >= 1
    assert whole(folder, tmp_path / "scratch") == expected


def test_too_many_workers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^--workers must be between 1 and 1024, not 0\.$"):
        whole(tmp_path, tmp_path / "scratch", workers=0)


def test_another_engine_may_measure_the_shards_in_any_order(tmp_path: Path, small_parts: None) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    lines_in_files(folder)

    def backwards(shards, tell):
        yield from measured_by(1)(list(reversed(shards)), tell)

    assert whole(folder, tmp_path / "scratch", engine=backwards) == whole(folder, tmp_path / "scratch")


def row(**changes: object) -> ShardProfile:
    usual = {"n_documents": 10, "n_tokens": 1000, "n_stored_bytes": 3000, "n_sequences": 5000}
    return ShardProfile(**{"name": "a", **usual, "n_text_bytes": 3000, "compressibility": 0.5, **changes})


def test_a_shard_is_unlike_the_others_by_its_h_or_its_bytes_per_token() -> None:
    usual = [row(compressibility=0.5 + 0.001 * (number % 3)) for number in range(8)]
    assert are_unlike(usual) == [False] * 8
    odd = [row(compressibility=0.56), row(n_text_bytes=4000), row(compressibility=0.52), row(n_text_bytes=None)]
    assert are_unlike([*usual, *odd]) == [*[False] * 8, True, True, False, False]
    assert are_unlike([*usual, row(compressibility=0.9, n_sequences=10)]) == [False] * 9
    assert are_unlike([row(), row(), row(), row(compressibility=0.9)]) == [False] * 4


def test_an_unlike_shard_is_a_caution_that_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from advisor.compressibility.whole import corpus_totals

    monkeypatch.setattr(corpus_totals, "_LEAST_SEQUENCES", 20)
    for number in range(5):
        (tmp_path / f"{number}.jsonl").write_bytes(jsonl(texts(60, seed=number)))
    rng = random.Random(0)
    noise = ["".join(rng.choices(string.ascii_letters, k=500)) for _ in range(60)]
    (tmp_path / "5.jsonl").write_bytes(jsonl(noise))
    found = whole(tmp_path, tmp_path / ".scratch")
    assert isinstance(found.totals, CorpusTotals)
    assert [Path(each.name).name for each in found.totals.unlike] == ["5.jsonl"]
    said = {each.code: each.message for each in found.cautions}["unlike_shards"]
    h = found.totals.unlike[0].compressibility
    assert said == (
        f"Unlike the other 5 shards: {tmp_path}/5.jsonl (H {h:.3f}, 1.00 bytes per token). They may hold other text, "
        "or have been written in another way."
    )


def test_the_sample_that_is_kept_has_as_many_sequences_as_are_asked_for() -> None:
    assert SAMPLING.n_sequences == 5000  # more than any corpus here has: else a comparison would be with a part of it


def arrow_file(path: Path, table: pa.Table) -> None:
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)


@pytest.mark.parametrize(
    ("suffix", "write", "problem"),
    [
        ("parquet", lambda path, table: pq.write_table(table, path), "has 0 rows"),
        ("arrow", arrow_file, "has 0 rows"),
        ("csv", lambda path, table: table.to_pandas().to_csv(path, index=False), "has no rows behind its header"),
        ("json", lambda path, table: path.write_text(json.dumps(table.to_pylist())), "holds no records"),
    ],
)
def test_a_table_without_a_row_is_left_out_and_one_that_is_named_is_an_error(
    tmp_path: Path, suffix: str, write: Callable[[Path, pa.Table], object], problem: str
) -> None:
    folder, table = tmp_path / "corpus", pa.table({"text": texts(40)})
    folder.mkdir()
    write(folder / f"a.{suffix}", table)
    expected = whole(folder, tmp_path / "scratch")
    empty = folder / f"b.{suffix}"
    write(empty, table.slice(0, 0))
    found = whole(folder, tmp_path / "scratch")
    assert [(each.reason, each.n, each.largest) for each in found.left_out] == [
        ("tables without a row", 1, (str(empty),))
    ]
    assert found.skipped == {}
    assert found.compressibility == expected.compressibility
    assert score(str(folder), sampling=SAMPLING).left_out == found.left_out
    with pytest.raises(CorpusError) as refused:
        whole(empty, tmp_path / "scratch")
    assert str(refused.value) == f"{empty} {problem}."


@pytest.mark.parametrize("change", ["longer", "shorter", "rewritten", "removed"])
def test_a_file_that_is_written_to_meanwhile_is_an_error(tmp_path: Path, change: str) -> None:
    lines_in_files(tmp_path)
    path = tmp_path / "1.jsonl"

    def engine(shards, tell):
        for counts in measured_here(shards, tell):
            content = path.read_bytes()
            if change == "removed" and counts.number == 1:
                path.unlink()
            elif change != "removed":
                path.write_bytes({"longer": content * 2, "shorter": content[:-1], "rewritten": content}[change])
            yield counts

    with pytest.raises(CorpusError) as refused:
        whole(tmp_path, tmp_path / "scratch", engine=engine)
    assert str(refused.value) == (
        f"{path} has changed while the corpus was measured: give the command again when nothing writes to it."
    )


def test_a_name_that_cannot_be_shown_is_one_that_can_be_read_back(tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    lines_in_files(folder)
    for number, name in enumerate((b"caf\xe9.jsonl", b"a\nb.jsonl")):
        (folder / f"{number}.jsonl").rename(os.fsdecode(os.fsencode(folder) + b"/" + name))
    found = whole(folder, tmp_path / "scratch")
    show([found], as_json=False, out=tmp_path / "profile.json", asked=Wanted())
    (again,) = read_profiles(tmp_path / "profile.json")
    assert [Path(shard.name).name for shard in again.totals.shards] == ["2.jsonl", "a?b.jsonl", "caf?.jsonl"]


def test_a_folder_that_cannot_be_opened_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    lines_in_files(tmp_path)
    scandir = os.scandir

    def refused(path: Path | int) -> Any:
        if isinstance(path, Path) and path.name == "closed":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    for profile in (whole(tmp_path, tmp_path / "scratch"), score(str(tmp_path), sampling=SAMPLING)):
        (told,) = [each for each in profile.cautions if each.code == "much_skipped"]
        assert told.message == "Left out: 1 (folders that cannot be opened)."
        assert told.severity == "warning"


def test_a_corpus_of_less_than_a_sequence_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(jsonl(["few"]))
    with pytest.raises(CorpusError):
        whole(tmp_path / "a.jsonl", tmp_path / "scratch")
    assert not (tmp_path / "scratch").exists()
