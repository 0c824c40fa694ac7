"""Columns that are not ours and would move one law for all rows are cautioned, and the others are not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from calibration.fit.runs import read_run_table

N, D = (v.ravel() for v in np.meshgrid(np.geomspace(1e8, 1e9, 4), np.geomspace(5e9, 5e10, 4)))


def cautions(path: Path, columns: dict[str, Sequence[object]], n: object = N, d: object = D, **asked: str) -> list[str]:
    n, d = np.asarray(n), np.asarray(d)
    loss = 1.82 + 482 * n**-0.348 + 2085 * d**-0.366
    rows = zip(n, d, loss, *columns.values(), strict=True)
    lines = [",".join(map(str, row)) for row in rows]
    path.write_text("\n".join([",".join(("n_params", "n_tokens", "loss", *columns)), *lines]), encoding="utf-8")
    found = read_run_table(path, **asked).groups.values()  # type: ignore[arg-type]
    return [reason.message for runs in found for reason in runs.cautions]


@pytest.mark.parametrize(
    "name", ["dataset", "corpus", "data", "tokenizer", "arch", "split", "source", "project", "mix"]
)
def test_a_column_of_words_is_cautioned_unless_it_names_the_groups(tmp_path: Path, name: str) -> None:
    words = ["web", "code"] * 8
    said = f"the table's column {name} has 2 values: --group {name} fits a law to the runs of each."
    assert cautions(tmp_path / "t.csv", {name: words}) == [said]
    assert cautions(tmp_path / "t.csv", {name: words}, group=name) == []
    confounded = ["web" if n < 4e8 else "code" for n in N]
    assert cautions(tmp_path / "t.csv", {name: confounded}) == [said]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("corpus", ["web"] * 16),
        ("model", [f"gpt-{n:.0e}" for n in N]),  # says no more than N
        ("name", [f"run{i}" for i in range(16)]),
        ("gpu", ["H100", "A100"] * 8),
        ("date", ["2024-05-01", "2024-05-02"] * 8),
        ("note", ["ok", "restarted"] * 8),
        ("lr", [1e-3, 2e-3] * 8),
    ],
)
def test_other_columns_are_not(tmp_path: Path, name: str, words: Sequence[object]) -> None:
    assert cautions(tmp_path / "t.csv", {name: words}) == []


def test_several_vocabularies_are_cautioned(tmp_path: Path) -> None:
    assert cautions(tmp_path / "t.csv", {"vocab": [32000, 128000] * 8}) == [
        "vocab differs (32000, 128000), and losses per token of several vocabularies cannot be compared: --group vocab "
        "fits a law to the runs of each."
    ]
    assert cautions(tmp_path / "t.csv", {"vocab": [32000, 128000] * 8}, group="vocab") == []
    assert cautions(tmp_path / "t.csv", {"vocab": ["50257", "50257.0"] * 8}) == []


def test_checkpoints_of_runs_are_cautioned(tmp_path: Path) -> None:
    n, d = np.repeat([1e8, 3e8, 9e8], 5), np.concatenate([m * np.arange(1, 6) for m in (2e9, 6e9, 18e9)])
    late = (
        "losses before the end of a decaying learning rate are too high and bend the law: keep the last row of each run"
    )
    names = [f"m{v:g}" for v in n]
    for column in ("run", "Run ID", "wandb_run_name", "experiment"):
        assert cautions(tmp_path / "t.csv", {column: names}, n, d) == [
            f"the runs of column {column} have 5 rows each in the median: {late}, unless the rate was constant, "
            f"and add --cluster {column}."
        ]
    assert cautions(tmp_path / "t.csv", {"m": names}, n, d, cluster="m") == [
        f"the runs of column m have 5 rows each in the median: {late}, unless the rate was constant."
    ]
    assert cautions(tmp_path / "t.csv", {}, n, d) == []
    n, d = np.repeat([1e8, 3e8, 9e8], 12), np.concatenate([m * np.arange(1, 13) for m in (2e9, 6e9, 18e9)])
    assert cautions(tmp_path / "t.csv", {}, n, d) == [
        f"each N has 12 different D in the median, and if they are checkpoints of one run, {late}, unless the rate was "
        "constant, and add --cluster COLUMN."
    ]
