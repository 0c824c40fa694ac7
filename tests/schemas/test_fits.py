"""Documents and files of `advisor fit`: accepted, refused and forced laws, groups, repeated runs, pilots."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from advisor.laws.published import MUENNIGHOFF
from tests.fit.test_repeat_over import decaying, table
from tests.lines.tables_of_corpora import write_profiles, write_runs
from tests.pilot.filled import fill
from tests.schemas.documents import faults, of_file, only_finite

GRID = Path(__file__).parents[1] / "fit" / "grid36.csv"
FAST = ("--bootstrap", "200", "--json")


@pytest.fixture
def few(tmp_path):
    """A table of runs too few for a law."""
    path = tmp_path / "few.csv"
    path.write_text("\n".join(GRID.read_text(encoding="utf-8").splitlines()[:8]) + "\n", encoding="utf-8")
    return path


def test_an_accepted_law_and_its_file(advisor, tmp_path):
    law = tmp_path / "law.json"
    code, out, _ = advisor("fit", GRID, "--flops", "1e21", "--predict", GRID, "--out", law, *FAST)
    assert (code, faults(only_finite(out), "fit")) == (0, [])
    assert json.loads(out)["predictions"] is not None
    assert faults(of_file(law), "law-file") == []
    compared = advisor("fit", law, "--predict", GRID, "--json").stdout
    assert faults(only_finite(compared), "fit") == []
    answer = advisor("recommend", "--law", law, "--flops", "1e21", "--json").stdout
    assert faults(only_finite(answer), "recommend") == []


def test_a_refused_law_has_null_for_its_numbers(advisor, few):
    code, out, _ = advisor("fit", few, *FAST)
    assert (code, faults(only_finite(out), "fit")) == (1, [])
    assert (json.loads(out)["laws"]["all"]["E"], json.loads(out)["laws"]["all"]["verdict"]) == (None, "refused")
    forced = advisor("fit", few, "--force", *FAST).stdout
    assert faults(only_finite(forced), "fit") == []


def test_too_few_runs_for_anything(advisor, tmp_path, few):
    path = tmp_path / "three.csv"
    path.write_text("\n".join(few.read_text(encoding="utf-8").splitlines()[:4]) + "\n", encoding="utf-8")
    code, out, _ = advisor("fit", path, *FAST)
    assert (code, faults(only_finite(out), "fit")) == (1, [])


def test_groups_their_regression_and_coefficients(advisor, tmp_path):
    runs, profiles, mine = (tmp_path / name for name in ("runs.csv", "profiles.json", "mine.json"))
    write_runs(runs)
    write_profiles(profiles)
    grouped = ("--group", "corpus", "--covariate", "compressibility", "--profiles", profiles)
    code, out, _ = advisor(
        "fit", runs, *grouped, "--coefficients", mine, "--at", ".45", "--flops", "1e20", "--form", "log", *FAST
    )
    assert (code, faults(only_finite(out), "fit")) == (0, [])
    assert json.loads(out)["regression"]["new_groups"]
    assert faults(of_file(mine), "coefficients") == []


@pytest.mark.parametrize("epochs", [(1, 2, 4, 8, 16, 32), (1, 64), (1, 2)])
def test_repeated_runs(advisor, tmp_path, epochs):
    runs = table(tmp_path / "repeated.csv", decaying(MUENNIGHOFF, 6.0, 5.3), epochs=epochs)
    out = advisor("fit", runs, "--repeat-over", "muennighoff", *FAST).stdout
    assert faults(only_finite(out), "fit") == []
    assert json.loads(out)["repetition"]["R_D"]


def test_a_pilot_and_its_file(advisor, tmp_path):
    unfilled, filled, measured = (tmp_path / name for name in ("pilot.csv", "filled.csv", "measured.json"))
    advisor("pilot", "--compressibility", ".402", "--flops", "1e22", "--out", unfilled)
    fill(unfilled, filled)
    code, out, _ = advisor("fit", filled, "--pilot", "--out", measured, "--json")
    assert (code, faults(only_finite(out), "pilot-file")) == (0, [])
    assert faults(of_file(measured), "pilot-file") == []
    answer = advisor("recommend", "--pilot", measured, "--flops", "1e22", "--compressibility", ".402", "--json").stdout
    assert faults(only_finite(answer), "recommend") == []


@pytest.mark.parametrize("changed", [{"A": None}, {"count": "all"}, {"draws": [[1, 2, 3]]}, {"verdict": 1}])
def test_a_file_that_no_law_is_in_is_found_out(advisor, tmp_path, changed):
    law = {"schema_version": 1, "E": 1.8, "A": 480, "B": 2100, "alpha": 0.35, "beta": 0.37, "count": "total"}
    assert faults(law, "law-file") == []
    assert faults({**law, **changed}, "law-file") != []
    path = tmp_path / "law.json"
    path.write_text(json.dumps({**law, **changed}), encoding="utf-8")
    assert advisor("recommend", "--law", path, "--flops", "1e21").code == 1
