"""``advisor.calibrate`` does what its command does: plans, prepares, fits again, installs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

import advisor
from advisor.calibrations.installed import available
from advisor.cli import group
from advisor.errors import CoefficientsError, UsageError
from calibration.campaign import calibrate as campaign
from calibration.campaign import presets, refit, speed
from calibration.campaign.grid import Grid, Size
from calibration.fit.analysis import Settings
from calibration.fit.minimum import FitOptions
from calibration.lines.source_laws import fit_sources
from calibration.training.schedule import Recipe

LADDER = Path(__file__).parents[2] / "data" / "calibrations" / "pcfg-ladder"
HERE = {"device": "cpu", "engine": "process"}


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """A working folder, and the grid smoke as two sizes that are timed and trained in about a second."""
    grid = Grid(
        sizes=tuple(Size(width=d, n_layers=1) for d in (2, 4)),
        token_counts=(10_240, 20_480),
        recipe=Recipe(batches=((0, 1024),)),
        n_validation=128,
        laws_only=True,
    )
    monkeypatch.setitem(presets.GRIDS, "smoke", grid)
    monkeypatch.setattr(speed, "PROBE_SECONDS", 0.02)
    monkeypatch.chdir(tmp_path)
    return {"grammars": "iso-gzip", "only": "G1", "grid": "smoke", **HERE}


@pytest.fixture
def ladder(tmp_path, monkeypatch):
    """A copy of a calibration that ships, whose laws are fitted in a second or two; and an empty data folder."""
    monkeypatch.setenv("ADVISOR_DATA_DIR", str(tmp_path / "installed"))
    quick = Settings(n_draws=200, options=FitOptions(starts="fast"))
    monkeypatch.setattr(refit, "fit_sources", lambda sources, rows, **more: fit_sources(sources, rows, quick, **more))
    shutil.copytree(LADDER, tmp_path / "ladder")
    return tmp_path / "ladder"


def test_a_dry_run_has_the_plan_and_writes_nothing(tiny):
    outcome = advisor.calibrate(**tiny, dry_run=True)
    assert list(Path().iterdir()) == []
    assert repr(outcome) == "<CalibrationOutcome 2 trunks left to train>"
    assert (outcome.result, outcome.files, len(outcome.trained.left)) == (None, (), 2)
    assert outcome.to_frame().name.tolist() == ["G1"]
    assert str(outcome).startswith("4 runs on 1 source take ")
    assert "not begun" not in str(outcome)
    assert ">G1</td>" in outcome._repr_html_()
    arguments = ("--grammars", "iso-gzip", "--only", "G1", "--grid", "smoke", "--device", "cpu", "--engine", "process")
    printed = CliRunner().invoke(group, ["calibrate", *arguments, "--dry-run", "--json", "--quiet"])
    document = json.loads(printed.stdout)
    assert outcome.to_dict().keys() == document.keys()
    assert [outcome.to_dict()[key] for key in ("jobs", "n_runs", "flops", "n_works_missing")] == [
        document[key] for key in ("jobs", "n_runs", "flops", "n_works_missing")
    ]


def test_what_is_prepared_is_gone_on_with(tiny, monkeypatch):
    outcome = advisor.calibrate(**tiny, prepare="mine")
    assert outcome.planned
    assert {"plan.json", "data"} <= {path.name for path in Path("mine").iterdir()}
    assert not Path("mine/runs.jsonl").exists()
    trained = advisor.calibrate(folder="mine", **HERE)
    assert not trained.planned
    assert len(Path("mine/runs.jsonl").read_text().splitlines()) == 4
    again = advisor.calibrate(refit="mine")
    assert again.sources == trained.sources
    with pytest.raises(CoefficientsError, match=r"^Nothing is installed as mine: there are no coeff"):
        advisor.calibrate(refit=Path("mine"), install="mine")


def test_the_laws_of_a_ledger_are_installed_and_answer(ladder, tmp_path):
    told, out = [], tmp_path / "out"
    outcome = advisor.calibrate(refit=ladder, folder=out, install="mine", progress=lambda *news: told.append(news))
    assert [what for what, _, _ in told] == [f"fitting L{i}" for i in range(1, 9)]
    assert {path.name for path in outcome.files} == {"laws.json", "fitted_coefficients.json", "mine.json"}
    assert outcome.files[-1].parent == tmp_path / "installed" / "calibrations"
    assert available().installed == ("mine",)
    assert str(outcome.files[-1]) in "".join(str(outcome).split("\n          "))
    assert sorted(path.name for path in ladder.iterdir()) == sorted(path.name for path in LADDER.iterdir())
    text = (tmp_path / "installed" / "calibrations" / "mine.json").read_text()
    with pytest.raises(UsageError, match=r"^Another calibration mine is installed "):
        advisor.calibrate(refit=[ladder], folder=out, h_ref=0.5, install="mine")
    advisor.calibrate(refit=[ladder], folder=out, h_ref=0.5, install="mine", force=True)
    assert (tmp_path / "installed" / "calibrations" / "mine.json").read_text() != text


def test_nothing_is_installed_before_all_is_trained(monkeypatch, tmp_path):
    left = refit.CalibrationOutcome(laws_only=False)
    monkeypatch.setattr(campaign, "calibrate", lambda *given, **more: left)
    assert advisor.calibrate(preset="cpu", folder=tmp_path, minutes=1, install="mine") is left
