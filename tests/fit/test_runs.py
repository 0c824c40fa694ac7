"""Tables of runs: three formats, one reading, and one clear sentence for what is wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from advisor.errors import RunsError
from calibration.fit.run_checks import check_runs, correlation
from calibration.fit.runs import Runs, read_runs

HEADER = "n_params,n_tokens,loss"


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def grid(**changes: object) -> Runs:
    """Sixteen sound runs, with columns replaced."""
    n, d = (v.ravel() for v in np.meshgrid(np.geomspace(1e7, 1e9, 4), np.geomspace(1e9, 1e11, 4)))
    loss = 1.8 + 480 * n**-0.35 + 2000 * d**-0.366
    columns: dict[str, object] = {"n_params": n, "n_tokens": d, "loss": loss, "weight": np.ones(16), **changes}
    return Runs(name="all", **columns)  # type: ignore[arg-type]


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
        ("r.txt", ["x"], "{path} is not a .csv, .jsonl or .parquet file."),
        (
            "r.csv",
            ["N,D,loss", "1,2,3"],
            "{path} has no column n_params, only N, D, loss: name it with --columns n_params=COLUMN.",
        ),
        (
            "r.csv",
            [HEADER, "1e8,1e9,3", "1e8,many,3"],
            "{path}, run 2: n_tokens is 'many', which is not a number.",
        ),
        ("r.csv", [HEADER, "1e8,1e9,"], "{path}, run 1: loss is empty; fill it in or remove the run."),
        ("r.csv", [HEADER, "1e8,1e9"], "{path}, line 2: the header has 3 fields and this line has not."),
        ("r.jsonl", ['{"n_params": 1'], "{path}, line 1: this is not JSON."),
        ("r.jsonl", ["[1, 2]"], "{path}, line 1: a run must be a JSON object, this is [1, 2]."),
        (
            "r.jsonl",
            ['{"n_params": true, "n_tokens": 1e9, "loss": 3}'],
            "{path}, run 1: n_params is True, which is not a number.",
        ),
        (
            "r.csv",
            [HEADER, '1e8,1e9,"' + "x" * 200000],
            "{path} cannot be read (field larger than field limit (131072)).",
        ),
        ("r.parquet", ["no"], "{path} cannot be read as parquet ("),
        (
            "r.csv",
            [HEADER, "70,1.4e12,3"],
            "{path} has n_params = 70, which is under 1000 and looks like a count in millions or billions; "
            "give n_params in ones.",
        ),
        (
            "r.csv",
            [HEADER, "7e7,1400,3"],
            "{path} has n_tokens = 1400, which is under 10000 and looks like a count in millions or billions; "
            "give n_tokens in ones.",
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
    assert str(error.value) == expected or (expected.endswith("(") and str(error.value).startswith(expected))


def test_wrong_names_get_one_sentence(tmp_path: Path) -> None:
    path = write(tmp_path / "r.csv", HEADER + ",c,h", "1e8,1e9,3,a,.1", "1e8,1e9,3,a,.2")
    cases = [
        (
            {"columns": {"params": "N"}},
            "--columns maps params, which is not one of n_params, n_tokens, loss, seed, "
            "vocab_size, weight, unique_tokens, compressibility.",
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
    with pytest.raises(RunsError, match=r"none.csv is not a file; give a table of runs \(.csv, .jsonl or .parquet\)\."):
        read_runs(tmp_path / "none.csv")


def test_sound_runs_give_no_reason() -> None:
    assert check_runs(grid()) == ()


def loss_at(index: int, value: float) -> np.ndarray:
    loss = grid().loss.copy()
    loss[index] = value
    return loss


@pytest.mark.parametrize(
    ("changes", "code", "level", "message"),
    [
        (
            {"loss": loss_at(3, float("nan"))},
            "bad-loss",
            "refused",
            "1 run of 16 has a loss that is not a positive number (the first is nan): mend or remove them.",
        ),
        (
            {"loss": loss_at(3, -2.0)},
            "bad-loss",
            "refused",
            "1 run of 16 has a loss that is not a positive number (the first is -2): mend or remove them.",
        ),
        (
            {"n_tokens": np.where(np.arange(16) == 0, 9971.0, grid().n_tokens)},
            "few-tokens",
            "refused",
            "1 run of 16 has fewer than 10000 tokens (the least is 9971): either the unit is wrong or nothing was "
            "learned.",
        ),
        (
            {"loss": loss_at(0, 10.0), "vocab_size": np.full(16, 32000.0)},
            "untrained-runs",
            "refused",
            "1 run of 16 has a loss within 5 % of ln(vocabulary) = 10.37 nats/token, which is that of guessing: they "
            "have learned nothing.",
        ),
        (
            {"n_params": np.tile(np.geomspace(1e8, 1.9e8, 4), 4)},
            "narrow-n",
            "refused",
            "N ranges over 1.9x; a law cannot be read off less than 2x.",
        ),
        (
            {"n_tokens": np.repeat([1e9, 2e9, 3e9, 4e9], 4)},
            "narrow-d",
            "caution",
            "D ranges over 4x; 8x or more is needed to trust its exponent.",
        ),
        (
            {"n_tokens": 20 * grid().n_params},
            "one-line",
            "refused",
            "the correlation of ln N and ln D is 1.000 (median 20 tokens per parameter): runs on one line cannot tell "
            "the two terms of the law apart.",
        ),
    ],
)
def test_each_reason_of_a_table(changes: dict[str, object], code: str, level: str, message: str) -> None:
    (reason,) = check_runs(grid(**changes))
    assert (reason.code, reason.level, reason.message) == (code, level, message)


def test_runs_nearly_on_one_line_are_a_caution() -> None:
    tilt = np.exp(0.4 * np.random.default_rng(0).standard_normal(16))
    runs = grid(n_tokens=20 * grid().n_params * tilt)
    assert 0.95 < correlation(runs) < 0.99
    assert [(r.code, r.level) for r in check_runs(runs)] == [("one-line", "caution")]


def test_fewer_than_six_runs() -> None:
    (reason,) = check_runs(grid().where(np.arange(16) < 5))
    assert reason.message == "there are 5 usable runs, and five parameters need at least 6."


def test_two_losses_of_one_run() -> None:
    def doubled(seed: list[int], step: float) -> Runs:
        g = grid()
        columns = {k: np.append(getattr(g, k), getattr(g, k)[4]) for k in ("n_params", "n_tokens", "loss", "weight")}
        columns["loss"][-1] += step
        return Runs(name="all", **columns, seed=np.array([0] * 16 + seed, dtype=object))  # type: ignore[arg-type]

    (reason,) = check_runs(doubled([0], 2e-6))
    assert reason.code == "contradictory-runs"
    assert reason.message.startswith("two runs of N = 1e+07, D = 4.642e+09 and seed 0 have losses 4.0")
    assert check_runs(doubled([0], 5e-7)) == ()
    assert check_runs(doubled([1], 0.1)) == ()
    other_data = replace(doubled([0], 0.1), unique_tokens=np.array([1e12] * 16 + [1e8]))
    assert check_runs(other_data) == ()
