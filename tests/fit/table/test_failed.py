"""Runs that failed are never fitted in silence: they are refused, or left out at the user's word and counted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from advisor.errors import RunsError
from calibration.fit.run_checks import check_runs
from calibration.fit.runs import RunTable, read_run_table
from calibration.fit.table.reading import TableUnits


def table(path: Path, extra: str = "", cells: Sequence[object] = (), losses: Sequence[object] = (3, 3, 3, 3)) -> Path:
    names = ",".join(("n_params", "n_tokens", "loss", *([extra] if extra else [])))
    rows = [f"{i + 1}e8,{i + 2}e9,{loss}" for i, loss in enumerate(losses)]
    path.write_text("\n".join([names, *(",".join([r, *map(str, cells[i : i + 1])]) for i, r in enumerate(rows))]))
    return path


def skipped(path: Path) -> RunTable:
    return read_run_table(path, units=TableUnits(skip_failed=True))


@pytest.mark.parametrize(
    ("column", "cells", "states"),
    [
        ("state", ["finished", "crashed", "finished", "running"], "crashed, running"),
        ("Status", ["COMPLETED", "FAILED", "COMPLETED", "CANCELLED by 7"], "FAILED, CANCELLED by 7"),
        ("run_state", ["", "killed", "", "killed"], "killed"),
        ("how", ["ok", "oom", "ok", "diverged"], "oom, diverged"),
        ("crashed", ["False", "True", "False", "True"], "True"),
        ("finished", ["1", "0", "1", "0"], "0"),
    ],
)
def test_a_state_that_is_no_end_is_refused_or_left_out(
    tmp_path: Path, column: str, cells: list[str], states: str
) -> None:
    path = table(tmp_path / "t.csv", column, cells)
    with pytest.raises(RunsError) as error:
        read_run_table(path)
    assert str(error.value) == (
        f"{path}: 2 of 4 runs did not end well by the column {column} ({states}; runs 2 and 4): --skip-failed leaves "
        "them out, or remove the column if their losses can be used."
    )
    found = skipped(path)
    assert found.groups["all"].n_params.tolist() == [1e8, 3e8]
    assert found.reading.in_words == "t.csv: 2 of 4 runs failed and are left out (runs 2 and 4)."


@pytest.mark.parametrize(
    ("column", "cells"),
    [("state", ["finished"] * 4), ("state", ["CA", "NY", "CA", "NY"]), ("done", ["yes"] * 4), ("error", [0.1] * 4)],
)
def test_other_states_are_none_of_a_failure(tmp_path: Path, column: str, cells: list[object]) -> None:
    assert len(read_run_table(table(tmp_path / "t.csv", column, cells)).groups["all"]) == 4


@pytest.mark.parametrize("cell", ["", "None", "N/A", "#N/A", "nan", "inf", "-1", "diverged", "OOM", "running", "0"])
def test_a_loss_that_says_failure_is_refused_by_count_or_left_out(tmp_path: Path, cell: str) -> None:
    path = table(tmp_path / "t.csv", losses=(3, cell, 3, cell))
    (reason,) = [r for r in check_runs(read_run_table(path).groups["all"]) if r.code == "bad-loss"]
    assert reason.message.startswith("2 runs of 4 have a loss that is not a positive number (runs 2 and 4; the first")
    assert reason.message.endswith("mend or remove them, or add --skip-failed, which leaves them out.")
    assert skipped(path).reading.in_words == "t.csv: 2 of 4 runs failed and are left out (runs 2 and 4)."


def test_a_text_that_says_no_failure_stays_an_error(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", losses=(3, "three", 3, 3))
    with pytest.raises(RunsError, match=r"run 2: loss is 'three', which is not a number\."):
        skipped(path)
    with pytest.raises(RunsError, match=r"--skip-failed leaves out all 2 runs, as none has a loss to use\."):
        skipped(table(tmp_path / "t.csv", losses=("", "nan")))


@pytest.mark.parametrize("name", ["compressibility", "seed", "vocab_size", "flops"])
def test_an_optional_column_with_holes_is_not_used_and_that_is_said(tmp_path: Path, name: str) -> None:
    found = read_run_table(table(tmp_path / "t.csv", name, ["5e18", "", "5e18", ""]))
    assert found.reading.in_words == f"t.csv: {name} is empty in 2 of 4 runs and not used."
    assert name not in found.reading.columns
    assert len(found.groups["all"]) == 4


def test_no_unique_tokens_are_no_limit_and_weights_must_be_whole(tmp_path: Path) -> None:
    found = read_run_table(table(tmp_path / "t.csv", "unique_tokens", ["1e9", "", "1e9", ""]))
    runs = found.groups["all"]
    assert runs.unique_tokens is not None
    assert runs.unique_tokens.tolist() == [1e9, 3e9, 1e9, 5e9]
    assert found.reading.in_words == "t.csv: 2 of 4 runs without unique_tokens are taken to repeat no data."
    with pytest.raises(RunsError, match=r"run 2: weight is empty \(as in 1 more\); fill it in or remove the run\."):
        read_run_table(table(tmp_path / "t.csv", "weight", ["1", "", "1", ""]))
