"""Numbers of a table that no run can have: each is one sentence with its run, and nothing overflows on the way."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from advisor.errors import RunsError
from calibration.fit.runs import read_runs
from calibration.fit.table.reading import TableUnits

ANY = "which is not from 1e-30 to 1e+60: correct it or remove the run."
GOOD = {"n_params": 1e8, "n_tokens": 2e9, "loss": 3.0}


def told(tmp_path: Path, cell: dict[str, str], **asked: object) -> str:
    """Return what is said of a table whose second run has these cells, as they stand in JSON."""
    rows = [{**dict.fromkeys(cell, 8), **GOOD} for _ in range(3)]
    texts = [json.dumps(row) for row in rows]
    name, value = next(iter(cell.items()))
    texts[1] = texts[1].replace(f'"{name}": {json.dumps(rows[1][name])}', f'"{name}": {value}')
    path = tmp_path / "r.json"
    path.write_text(f"[{', '.join(texts)}]")
    with pytest.raises(RunsError) as error, np.errstate(all="raise"):
        read_runs(path, **asked)  # type: ignore[arg-type]
    return str(error.value).removeprefix(f"{path}")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("loss", "1e-320", f"loss is 9.99989e-321, {ANY}"),
        (
            "loss",
            "1e-9",
            "loss is a loss of 1e-09 nats/token, which is not from 1e-06 to 1e+06: correct it or remove the run.",
        ),
        ("loss", "1e300", f"loss is 1e+300, {ANY}"),
        ("n_tokens", "1e300", f"n_tokens is 1e+300, {ANY}"),
        ("n_params", "5e-324", f"n_params is 4.94066e-324, {ANY}"),
        ("weight", "1e-200", f"weight is 1e-200, {ANY}"),
        ("weight", "1e20", "weight is 1e+20, which is not from 1e-12 to 1e+12: correct it or remove the run."),
        ("unique_tokens", "1e-320", f"unique_tokens is 9.99989e-321, {ANY}"),
        ("vocab_size", "1e12", "vocab_size is 1e+12, which is not from 1 to 1e+09: correct it or remove the run."),
        ("flops", "1e-320", f"flops is 9.99989e-321, {ANY}"),
        ("n_params", "9" * 5000, f"n_params is '{'9' * 28}...', which is not a number: it has 5,000 characters."),
        ("n_params", '"1_000"', "n_params is '1_000', which is not a number: write its digits without _."),
        ("n_params", '"\uff11\uff12"',
            "n_params is '\uff11\uff12', which is not a number: write it in the digits 0 to 9."),
    ],
)  # fmt: skip
def test_a_number_that_no_run_has_is_told_with_its_run(tmp_path: Path, name: str, value: str, message: str) -> None:
    assert told(tmp_path, {name: value}) == f", run 2: {message}"


def test_a_budget_is_not_divided_by_what_no_run_has(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("flops,n_params,loss\n1e18,1e8,3\n1e18,1e-320,3\n")
    with (
        pytest.raises(RunsError, match=r"run 2: n_params is 9\.99989e-321, which is not from"),
        np.errstate(all="raise"),
    ):
        read_runs(path)


def test_a_vocabulary_of_one_piece_is_none(tmp_path: Path) -> None:
    assert told(tmp_path, {"vocab_size": "1"}) == " has vocab_size of 1; it must be a number of pieces, 2 or more."


def test_a_factor_may_not_lead_out_either(tmp_path: Path) -> None:
    said = told(tmp_path, {"n_tokens": "1e59"}, units=TableUnits(scale={"n_tokens": 1e12}))
    assert said == ", run 2: n_tokens is 1e+71, which is not from 1e-30 to 1e+60: correct it or remove the run."


def test_a_cell_of_a_million_digits_is_told_with_its_run_and_costs_nothing_in_another_column(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    digits = "9" * 1_000_000
    path.write_text(f"n_params,n_tokens,loss,note\n1e8,2e9,3,x\n{digits},2e9,3,x\n")
    with pytest.raises(RunsError) as error:
        read_runs(path)
    said = "n_params is '9999999999999999999999999999...', which is not a number: it has 1,000,000 characters."
    assert str(error.value) == f"{path}, run 2: {said}"
    path.write_text(f"n_params,n_tokens,loss,note\n1e8,2e9,3,x\n1e8,2e9,3,{digits}\n")
    assert len(read_runs(path)["all"]) == 2
