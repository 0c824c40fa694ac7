"""The benchmark of intervals beyond the fitted budgets, on simulated tables under the names of the real ones."""

from __future__ import annotations

import csv
import runpy
from pathlib import Path
from typing import Any

import pytest

from tests.fit.drifting_runs import isoflop_runs
from tests.fit.early_runs import REFERENCE

BENCH = Path(__file__).resolve().parents[2] / "benchmarks" / "bench_extrapolation.py"


@pytest.fixture(scope="module")
def bench() -> dict[str, Any]:
    return runpy.run_path(str(BENCH))


def write_tables(folder: Path, files: dict[str, Any], drift: float) -> None:
    """Write one table of 88 runs under each name; the six corpora are one corpus here."""
    for seed, name in enumerate(files):
        runs = isoflop_runs(drift=drift, noise=0.002, seed=seed)
        head = ["N", "D", "loss"] if name.startswith("chinchilla") else ["n_params", "n_tokens", "loss"]
        rows = [[*map(float, row)] for row in zip(runs.n_params, runs.n_tokens, runs.loss, strict=True)]
        if name.startswith("six"):
            head, rows = [*head, "n_non_embedding", "corpus"], [[*row, 0.8 * row[0], "prose"] for row in rows]
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([head, *rows])


def coverages(text: str) -> list[tuple[float, float]]:
    """Return the pairs of the line of all tables."""
    (line,) = (line for line in text.splitlines() if line.startswith("all tables alike"))
    return [(float(a), float(b)) for a, b in (pair.split("/") for pair in line.split()[4:])]


@pytest.mark.parametrize("drift", [0.0, 0.02])
def test_widened_intervals_hold_where_those_of_refits_do_not(bench, capsys, tmp_path: Path, drift: float) -> None:
    write_tables(tmp_path, bench["FILES"], drift)
    bench["main"](["--runs", str(tmp_path), "--draws", "100"])
    out = capsys.readouterr().out
    refits, scatter, least, drifted, *of_n = coverages(out)
    assert len(of_n) == 3
    assert drifted[0] >= least[0] >= scatter[0] > refits[0]
    assert drifted[1] > 0.94
    if drift:
        assert scatter[1] < 0.6
        assert "losses came out lower at 25 of 25 origins, on average -" in out
    else:
        assert scatter[1] > 0.7  # not .95: the 25 origins are five tables, whose cuts share their runs
    assert sum(line.count("/") == 7 for line in out.splitlines()) == 6  # five tables, and all of them


def test_a_folder_without_the_tables_is_said(bench, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as caught:
        bench["main"](["--runs", str(tmp_path)])
    assert str(caught.value) == (
        f"{tmp_path} has no six_corpora_sweep.csv, chinchilla_figure_runs.csv, gemstones_dclm.csv, "
        "gemstones_fineweb_edu.csv: the tables are other people's and do not come with this."
    )


def test_docs_quote_what_the_benchmark_prints(bench, capsys) -> None:
    """Every line of the block in docs/fitting.md but the time, from the real tables."""
    if any(not (REFERENCE / name).is_file() for name in bench["FILES"]):
        pytest.skip("the reference tables are not beside this checkout")
    bench["main"](["--runs", str(REFERENCE)])
    printed = capsys.readouterr().out.splitlines()[:-1]
    quoted = (BENCH.parents[1] / "docs" / "fitting.md").read_text(encoding="utf-8")
    for line in printed:
        assert line.rstrip() in quoted
