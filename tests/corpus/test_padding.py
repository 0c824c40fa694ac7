"""Padding of rows of ids is found, left out and said; what only looks like it is not."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from advisor.corpus import sampling
from advisor.corpus.values.padding import Padding, find_padding, without_padding
from tests.corpus.reading import profile
from tests.corpus.tables import read, write_jsonl, written

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
