"""What ships is what the ledgers in data/calibrations give."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from advisor.calibrations.coefficients import load_coefficients
from calibration.campaign.ledger import Ledger, rows_digest
from calibration.campaign.plan_file import read_plan
from calibration.lines.regression import LEAST_SOURCES

DATA = Path(__file__).parents[2] / "data"
FOLDERS = {path.parent.name: path.parent for path in (DATA / "calibrations").glob("*/plan.json")}
SHIPPED = {one.name: one for one in load_coefficients().calibrations}


def laws(name: str) -> dict[str, dict[str, float]]:
    """Return the laws beside a ledger that can be believed."""
    found = json.loads((FOLDERS[name] / "laws.json").read_text())["laws"]
    return {source: law for source, law in found.items() if law is not None and law["verdict"] != "refused"}


def test_every_ledger_with_five_laws_ships_and_no_other() -> None:
    assert set(SHIPPED) == {name for name in FOLDERS if len(laws(name)) >= LEAST_SOURCES}
    assert load_coefficients().default in SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_coefficients_are_of_the_rows_in_the_ledger(name: str) -> None:
    rows = Ledger(FOLDERS[name] / "runs.jsonl").rows()
    assert SHIPPED[name].provenance["ledger_sha256"] == rows_digest(rows)
    plan = read_plan(FOLDERS[name])
    assert plan is not None
    assert {source.name: source.compressibility for source in plan.sources} == {
        source.name: source.compressibility for source in SHIPPED[name].sources
    }


@pytest.mark.parametrize("name", SHIPPED)
def test_the_laws_that_ship_are_those_beside_the_ledger(name: str) -> None:
    shipped = {source.name: source.law for source in SHIPPED[name].sources if source.law is not None}
    assert set(shipped) == set(laws(name))
    for source, law in laws(name).items():
        for constant in ("E", "A", "B", "alpha", "beta"):
            assert getattr(shipped[source], constant) == pytest.approx(law[constant], rel=1e-9)
