"""Padding of rows of ids is found, left out and said; what only looks like it is not."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from advisor.corpus import sampling
from advisor.corpus.options import CorpusOptions, IdOptions
from advisor.corpus.source import open_corpus
from advisor.corpus.values.padding import RUN, Padding, find_padding, find_runs, in_runs, without_padding
from tests.corpus.reading import profile, tally_of
from tests.corpus.tables import read, write_jsonl, written
from tests.corpus.token_files.writing import write_megatron

LENGTH = 200


def rows_of(lengths: list[int], *, seed: int = 0) -> list[list[int]]:
    """Return rows of random ids from 1 to 99 that end in an id of 2 of their own."""
    rng = random.Random(seed)
    return [[rng.randrange(3, 100) for _ in range(length - 1)] + [2] for length in lengths]


def padded(rows: list[list[int]], *, on_left: bool = False, token: int = 0) -> list[list[int]]:
    fill = [[token] * (LENGTH - len(row)) for row in rows]
    return [[*pad, *row] if on_left else [*row, *pad] for row, pad in zip(rows, fill, strict=True)]


def found(rows: list[list[int]]) -> Padding | None:
    return find_padding(np.array(row) for row in rows)


def documents_of(path: Path, **ids: object) -> list[list[int]]:
    """Return the ids of each document of a source."""
    corpus = open_corpus(str(path), CorpusOptions(ids=IdOptions(**ids)), seq_len=256)  # type: ignore[arg-type]
    return [each.content.tolist() for reader in corpus.readers for each in reader.documents()]  # type: ignore[union-attr]


ROWS = rows_of(random.Random(1).sample(range(70, 199), 30))


@pytest.mark.parametrize("on_left", [False, True])
def test_padding_is_left_out_and_said(tmp_path: Path, on_left: bool) -> None:
    rows = padded(ROWS, on_left=on_left)
    share = sum(row.count(0) for row in rows) / (LENGTH * len(rows))
    for path in written(tmp_path, [{"input_ids": row} for row in rows]):
        contents, tally = read(path)
        assert contents == ROWS
        (caution,) = tally.cautions
        assert caution.code == "padding"
        assert caution.message.startswith(
            f"Id 0 fills the {'beginnings' if on_left else 'ends'} of the rows of column input_ids, "
        )
    assert f", {100 * share:.0f} % of the ids in the rows looked at: it is left out as padding." in caution.message


def test_padding_after_the_first_rows_of_a_column_is_found(tmp_path: Path) -> None:
    whole = rows_of([LENGTH] * 40)
    for path in written(tmp_path, [{"input_ids": row} for row in [*whole, *padded(ROWS)]])[1:]:
        contents, tally = read(path)
        assert contents == [*whole, *ROWS]
        assert [each.code for each in tally.cautions] == ["padding"]


def test_padding_written_as_text_is_left_out(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "t.jsonl", [{"tokens": str(row)} for row in padded(ROWS)])
    assert read(path)[0] == ROWS


def test_rows_of_padding_alone_are_documents_without_text(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "t.jsonl", [{"input_ids": row} for row in [*padded(ROWS), [0] * LENGTH]])
    contents, tally = read(path)
    assert contents == ROWS
    assert tally.skipped == {"documents without text": 1}


def test_a_padded_corpus_measures_as_the_same_without_padding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = rows_of([random.Random(seed).randrange(70, 199) for seed in range(400)])
    for name in ("plain", "padded"):
        (tmp_path / name).mkdir()
    plain = written(tmp_path / "plain", [{"input_ids": row} for row in rows])
    full = written(tmp_path / "padded", [{"input_ids": row} for row in padded(rows)])
    for one, other in zip(plain, full, strict=True):
        assert profile(one, n_sequences=10_000).median == profile(other, n_sequences=10_000).median
    n_tokens = sum(map(len, rows))
    monkeypatch.setattr(sampling, "_READ_WHOLE", 0)
    monkeypatch.setattr(sampling, "_TOKENISE_WHOLE", 0)
    for path in full:
        drawn = profile(path, n_sequences=300)
        assert drawn.estimated_tokens == pytest.approx(n_tokens, rel=0.05)
        assert drawn.vocab_size == 100


def test_what_is_no_padding() -> None:
    rng = random.Random(3)
    packed = [[rng.randrange(3, 100) for _ in range(LENGTH)] for _ in range(30)]
    assert found(packed) is None
    assert found([[*row[:-2], 17, 17] for row in packed]) is None  # all end alike, in a template's two newlines
    assert found([*packed[:-1], [*packed[0][:-3], 777, 777, 777]]) is None  # a rare id that one row happens to end in
    assert found(ROWS) is None  # each ends with its end of text
    assert found([[5] * LENGTH] * 9) is None  # nothing would be left
    picture = [[0] * 30 + [rng.randrange(1, 9) for _ in range(40)] + [0] * rng.randrange(20, 30) for _ in range(20)]
    assert found(picture) is None
    assert found([]) is None


def test_one_id_over_half_but_not_at_the_ends_is_a_caution(tmp_path: Path) -> None:
    rows = [{"input_ids": [5, *([1] * 9), 7 + number]} for number in range(20)]
    for path in written(tmp_path, rows):
        contents, tally = read(path)
        assert contents == [row["input_ids"] for row in rows]
        (caution,) = tally.cautions
        assert (caution.code, caution.message) == (
            "one_id",
            "Id 1 in column input_ids is 82 % of the ids in the first rows, and not only at their ends: if it is "
            "padding, or the column a mask, H is far too low.",
        )


def test_without_padding_keeps_the_id_inside_a_row() -> None:
    row = np.array([0, 0, 5, 0, 6, 0, 0])
    assert without_padding(row, Padding(0, False, 0.5)).tolist() == [0, 0, 5, 0, 6]
    assert without_padding(row, Padding(0, True, 0.5)).tolist() == [5, 0, 6, 0, 0]
    assert without_padding(row, None) is row


def ids_files(folder: Path, rows: list[list[int]], *, flat: bool = False) -> list[Path]:
    """Return files that hold these rows in every format that has no columns; ``flat``: as one row."""
    folder.mkdir(exist_ok=True)
    table = np.array(rows, "<u2")
    if flat:
        table.tofile(folder / "x.bin")
        np.save(folder / "f.npy", table.reshape(-1))
        np.savez(folder / "f.npz", ids=table.reshape(-1))
        np.savez_compressed(folder / "fc.npz", ids=table.reshape(-1))
        return [folder / name for name in ("x.bin", "f.npy", "f.npz", "fc.npz")]
    np.save(folder / "x.npy", table)
    np.savez(folder / "x.npz", input_ids=table)
    np.savez_compressed(folder / "c.npz", input_ids=table, attention_mask=table > 0)
    np.savez_compressed(folder / "n.npz", *rows)
    write_megatron(folder / "m", [np.array(row) for row in rows])
    (folder / "x.txt").write_text("".join(" ".join(map(str, row)) + "\n" for row in rows))
    return [folder / name for name in ("x.npy", "x.npz", "c.npz", "n.npz", "m.bin", "x.txt")]


@pytest.mark.parametrize("on_left", [False, True])
def test_rows_of_files_without_columns_are_read_without_padding(tmp_path: Path, on_left: bool) -> None:
    rows = padded(ROWS, on_left=on_left)
    share = sum(row.count(0) for row in rows) / (LENGTH * len(rows))
    for path in ids_files(tmp_path, rows):
        assert documents_of(path) == ROWS
        (caution,) = tally_of(path).cautions
        assert (caution.code, caution.message) == (
            "padding",
            f"Id 0 fills the {'beginnings' if on_left else 'ends'} of the rows of {path}, {100 * share:.0f} % of the "
            "ids in the rows looked at: it is left out as padding.",
        )
    for path in ids_files(tmp_path / "whole", rows_of([LENGTH] * 30)):
        assert not tally_of(path).cautions


def test_runs_of_a_flat_file_are_no_documents(tmp_path: Path) -> None:
    rows = rows_of(random.Random(1).choices(range(40, 150), k=30))
    for path in ids_files(tmp_path, padded(rows), flat=True):
        assert documents_of(path, dtype="uint16") == rows
        assert documents_of(path, dtype="uint16", eos_id=2) == [row[:-1] for row in rows]
        (caution,) = [each for each in tally_of(path, ids=IdOptions(dtype="uint16")).cautions if each.code == "padding"]
        assert caution.message.startswith(f"Id 0 fills long runs of {path}, ")
        assert caution.message.endswith("those of 32 and more are left out as padding, and documents end there.")
    unfilled = [[each for row in rows for each in row], [0] * 4000]
    unfilled[0] += [7] * (4000 - len(unfilled[0]))
    for path in ids_files(tmp_path, unfilled, flat=True):
        assert documents_of(path, dtype="uint16") == unfilled[:1]


def test_a_file_with_an_unfilled_end_measures_as_without_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "_READ_WHOLE", 0)
    monkeypatch.setattr(sampling, "_TOKENISE_WHOLE", 0)
    ids = np.random.default_rng(0).integers(1, 5000, 200_000)
    for folder, table in ("plain", ids), ("half", np.append(ids, np.zeros_like(ids))):
        (tmp_path / folder).mkdir()
        table.astype("<u2").tofile(tmp_path / folder / "train.bin")
    plain, half = (profile(tmp_path / name / "train.bin", n_sequences=300) for name in ("plain", "half"))
    assert half.estimated_tokens == pytest.approx(200_000, rel=0.1)
    assert half.median == pytest.approx(plain.median, abs=0.01)


@pytest.mark.parametrize("on_left", [False, True])
def test_draws_fall_on_no_padding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_left: bool) -> None:
    monkeypatch.setattr(sampling, "_READ_WHOLE", 0)
    monkeypatch.setattr(sampling, "_TOKENISE_WHOLE", 0)
    rows = rows_of([random.Random(seed).randrange(70, 199) for seed in range(400)])
    for path in ids_files(tmp_path, padded(rows, on_left=on_left))[:2]:
        drawn = profile(path, n_sequences=300)
        assert drawn.estimated_tokens == pytest.approx(sum(map(len, rows)), rel=0.05)
        corpus = open_corpus(str(path), CorpusOptions(), seq_len=64)
        (reader,) = corpus.readers
        contents = [each.content for each in reader.at(range(0, 400 * LENGTH, 50)) if each]  # type: ignore[attr-defined]
        assert contents
        assert not any((content == 0).any() for content in contents)


def test_what_runs_and_is_no_padding() -> None:
    rng = np.random.default_rng(0)
    code = np.concatenate([np.append(rng.integers(1, 99, 8), np.zeros(run)) for run in rng.integers(1, 40, 500)])
    assert find_runs([code]) is None  # blanks of many lengths
    assert find_runs([np.zeros(9000)]) is None  # nothing would be left
    assert find_runs([rng.integers(0, 9, 9000)]) is None
    assert find_runs([]) is None
    assert find_runs([np.append(rng.integers(1, 99, 300), np.zeros(100))]) is None  # too few to say


def test_a_run_is_marked_whole_and_alone() -> None:
    row = np.array([5, *([0] * RUN), 6, *([0] * (RUN - 1)), *([7] * RUN)])
    assert np.flatnonzero(in_runs(row, 0)).tolist() == list(range(1, RUN + 1))
    assert in_runs(row).sum() == 2 * RUN
    assert not len(in_runs(row[:0]))
