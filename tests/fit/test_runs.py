"""Tables of runs: three formats, one reading, and one clear sentence for what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from advisor.errors import RunsError
from calibration.fit.run_checks import check_runs
from calibration.fit.runs import read_runs

HEADER = "n_params,n_tokens,loss"


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_csv_jsonl_and_parquet_read_alike(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [{"size": 1e8 * i, "n_tokens": 2e9 * i, "val": 3.0 - 0.1 * i, "corpus": "ab"[i % 2]} for i in range(1, 7)]
    lines = [f"{r['size']},{r['n_tokens']},{r['val']},{r['corpus']}" for r in rows]
    paths = [
        write(tmp_path / "r.csv", "size,n_tokens,val,corpus", *lines),
        write(tmp_path / "r.jsonl", *map(json.dumps, rows)),
        tmp_path / "r.parquet",
    ]
    pq.write_table(pa.Table.from_pylist(rows), paths[2])
    for path in paths:
        groups = read_runs(path, columns={"n_params": "size", "loss": "val"}, group="corpus", vocab_size=32000)
        assert list(groups) == ["b", "a"]
        np.testing.assert_array_equal(groups["b"].n_params, [1e8, 3e8, 5e8])
        np.testing.assert_array_equal(groups["a"].loss, [3.0 - 0.2, 3.0 - 0.4, 3.0 - 0.1 * 6])
        assert groups["a"].vocab_size is not None
        assert groups["a"].vocab_size.tolist() == [32000.0] * 3


def test_cluster_ids_count_from_zero_within_a_group(tmp_path: Path) -> None:
    lines = [f"1e8,{d}e9,3,{m},{g}" for d, m, g in [(1, "x", 0), (2, "y", 1), (3, "z", 1), (4, "y", 1), (5, "x", 0)]]
    path = write(tmp_path / "r.csv", HEADER + ",model,g", *lines)
    groups = read_runs(path, group="g", cluster="model")
    assert groups["0"].cluster is not None
    assert groups["1"].cluster is not None
    assert groups["0"].cluster.tolist() == [0, 0]
    assert groups["1"].cluster.tolist() == [0, 1, 0]


def test_a_loss_of_nan_can_be_read_and_is_refused_later(tmp_path: Path) -> None:
    runs = read_runs(write(tmp_path / "r.csv", HEADER, "1e8,1e9,nan", "2e8,2e9,-1", "2e8,4e9,3"))["all"]
    assert [r.code for r in check_runs(runs)] == ["bad-loss", "few-runs"]


@pytest.mark.parametrize(
    ("name", "lines", "message"),
    [
        ("r.csv", [HEADER], "{path} holds no runs."),
        ("r.jsonl", [""], "{path} holds no runs."),
        (
            "r.txt",
            ["x"],
            "{path} is no table of runs: its first line, 'x', has one field; a table has several columns.",
        ),
        (
            "r.csv",
            [HEADER, "1e8,1e9,3", "1e8,many,3"],
            "{path}, run 2: n_tokens is 'many', which is not a number.",
        ),
        (
            "r.csv",
            [HEADER, "1e8,,3", "2e8,1e9,3", "3e8,,3"],
            "{path}, run 1: n_tokens is empty (as in 1 more); fill it in or remove the run.",
        ),
        ("r.csv", [HEADER, "1e8,1e9"], "{path}, line 2: the header has 3 fields and this line has 2: mend the line."),
        ("r.jsonl", ['{"n_params": 1'], "{path}, line 1: this is not JSON (Expecting ',' delimiter)."),
        ("r.jsonl", ["[1, 2]"], "{path}, run 1: a run must be a JSON object, this is 1."),
        ("r.jsonl", ['{"loss": 3}', "[1, 2]"], "{path}, line 2: a run must be a JSON object, this is [1, 2]."),
        (
            "r.jsonl",
            ['{"n_params": true, "n_tokens": 1e9, "loss": 3}'],
            "{path}, run 1: n_params is True, which is not a number.",
        ),
        (
            "r.csv",
            [HEADER, '1e8,1e9,"' + "x" * 200000],
            "{path} cannot be read (unexpected end of data).",
        ),
        ("r.parquet", ["no"], "{path} is no parquet file: it does not begin with PAR1."),
        (
            "r.csv",
            [HEADER, "70,1.4e12,3"],
            "{path}: n_params looks like billions (its median is 70, and no language model has so few): "
            "--scale n_params=1e9, or --scale n_params=1 if it is right.",
        ),
        (
            "r.csv",
            [HEADER, "7e7,1400,3"],
            "{path}: n_tokens looks like millions (its median is 1,400, and nothing is learned from so few): "
            "--scale n_tokens=1e6, or the tokens of a step if it counts steps, or --scale n_tokens=1 if it is right.",
        ),
        ("r.csv", [HEADER, "-7e7,1e9,3"], "{path} has n_params = -7e+07; it must be positive."),
        ("r.csv", [HEADER, "7e7,inf,3"], "{path} has n_tokens = inf; every run needs a finite number."),
        (
            "r.csv",
            [HEADER + ",weight", "7e7,1e9,3,0"],
            "{path} has a weight of 0; weights must be positive numbers.",
        ),
    ],
)
def test_bad_tables_get_one_sentence(tmp_path: Path, name: str, lines: list[str], message: str) -> None:
    path = write(tmp_path / name, *lines)
    with pytest.raises(RunsError) as error:
        read_runs(path)
    expected = message.format(path=path)
    assert str(error.value) == expected


def test_wrong_names_get_one_sentence(tmp_path: Path) -> None:
    path = write(tmp_path / "r.csv", HEADER + ",c,h", "1e8,1e9,3,a,.1", "1e8,1e9,3,a,.2")
    cases = [
        (
            {"columns": {"sizes": "N"}},
            "--columns maps sizes, which is not one of n_params, n_tokens, loss, seed, "
            "vocab_size, weight, unique_tokens, compressibility, flops, steps, batch_tokens, batch_size, seq_len, "
            "samples, epochs, tokens_per_param, bytes_per_token.",
        ),
        (
            {"columns": {"loss": "val"}},
            f"{path} has no column val (--columns loss=val), only n_params, n_tokens, loss, c, h.",
        ),
        ({"group": "corpus"}, f"{path} has no column corpus, only n_params, n_tokens, loss, c, h: check the name."),
        (
            {"group": "c", "covariate": "h"},
            f"{path}, group a: h runs from 0.1 to 0.2; a covariate must be one number for each group.",
        ),
    ]
    for kwargs, message in cases:
        with pytest.raises(RunsError) as error:
            read_runs(path, **kwargs)  # type: ignore[arg-type]
        assert str(error.value) == message
    with pytest.raises(
        RunsError, match=r"none.csv is not a file; give a table of runs \(csv, json, jsonl or parquet\)\."
    ):
        read_runs(tmp_path / "none.csv")


def test_the_stated_budget_is_read_and_goes_with_its_runs(tmp_path: Path) -> None:
    path = write(tmp_path / "r.csv", HEADER + ",budget,g", "1e8,1e9,3,7e17,a", "1e8,2e9,3,1.4e18,b")
    groups = read_runs(path, columns={"flops": "budget"}, group="g")
    assert groups["b"].stated_flops is not None
    assert groups["b"].stated_flops.tolist() == [1.4e18]
    assert groups["b"].flops.tolist() == [1.2e18]
    assert read_runs(path, group="g")["a"].stated_flops is None


@pytest.mark.parametrize("value", ["0", "-1e18", "nan", "inf"])
def test_a_stated_budget_is_a_positive_number(tmp_path: Path, value: str) -> None:
    path = write(tmp_path / "r.csv", HEADER + ",flops", f"1e8,1e9,3,{value}")
    with pytest.raises(RunsError) as error:
        read_runs(path)
    assert str(error.value) == f"{path} has flops of {float(value):g}; it must be a positive number of FLOPs."
