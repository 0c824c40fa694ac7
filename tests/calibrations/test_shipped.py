"""What ships is what the ledgers in data/calibrations give, and what was made of tables that may not be copied."""

from __future__ import annotations

import hashlib
import json
import runpy
import shlex
from pathlib import Path

import pytest

from advisor.calibrations.coefficients import load_coefficients
from calibration.campaign.ledger import Ledger, rows_digest
from calibration.campaign.plan_file import read_plan
from calibration.lines.regression import LEAST_SOURCES

ROOT = Path(__file__).parents[2]
DATA = ROOT / "data"
FOLDERS = {path.parent.name: path.parent for path in (DATA / "calibrations").glob("*/plan.json")}
# Read by its path, so that every number of it is checked: a start takes what ships as checked.
SHIPPED = {one.name: one for one in load_coefficients(DATA / "fitted_coefficients.json").calibrations}
# Made of other people's runs, whose rows may not lie here: there is no ledger to compare them with, and no picture.
# What may be kept is what `advisor fit --coefficients` wrote, with the digest of the table it was made of.
OF_TABLES = {
    path.stem: path for path in (DATA / "calibrations").glob("*/*.json") if path.stem.startswith(path.parent.name)
}
OF_LEDGERS = [name for name in SHIPPED if name not in OF_TABLES]


def laws(name: str) -> dict[str, dict[str, float]]:
    """Return the laws beside a ledger that can be believed."""
    found = json.loads((FOLDERS[name] / "laws.json").read_text())["laws"]
    return {source: law for source, law in found.items() if law is not None and law["verdict"] != "refused"}


def gives_coefficients(name: str) -> bool:
    """Return whether a ledger has five laws, of corpora in one tokenizer."""
    plan = read_plan(FOLDERS[name])
    assert plan is not None
    read = {str(source.definition.get("tokenizer")) for source in plan.sources if source.kind == "corpus"}
    return len(laws(name)) >= LEAST_SOURCES and len(read) <= 1


def test_every_ledger_that_gives_coefficients_ships_but_controls() -> None:
    controls = runpy.run_path(str(ROOT / "docs" / "make_coefficients.py"))["CONTROLS"]
    assert set(OF_LEDGERS) == {name for name in FOLDERS if gives_coefficients(name)} - {*controls}
    assert {*controls} <= {name for name in FOLDERS if gives_coefficients(name)}
    assert load_coefficients().default in SHIPPED


@pytest.mark.parametrize("name", OF_LEDGERS)
def test_coefficients_are_of_the_rows_in_the_ledger(name: str) -> None:
    rows = Ledger(FOLDERS[name] / "runs.jsonl").rows()
    assert SHIPPED[name].provenance["ledger_sha256"] == rows_digest(rows)
    plan = read_plan(FOLDERS[name])
    assert plan is not None
    assert {source.name: source.compressibility for source in plan.sources} == {
        source.name: source.compressibility for source in SHIPPED[name].sources
    }


@pytest.mark.parametrize("name", OF_LEDGERS)
def test_the_laws_that_ship_are_those_beside_the_ledger(name: str) -> None:
    shipped = {source.name: source.law for source in SHIPPED[name].sources if source.law is not None}
    assert set(shipped) == set(laws(name))
    for source, law in laws(name).items():
        for constant in ("E", "A", "B", "alpha", "beta"):
            assert getattr(shipped[source], constant) == pytest.approx(law[constant], rel=1e-9)


def test_what_was_made_of_tables_ships_as_it_was_made() -> None:
    shipped = json.loads((DATA / "fitted_coefficients.json").read_text())
    by_name = {one["name"]: one for one in shipped["calibrations"]}
    assert set(OF_TABLES) == {"six-corpora", "six-corpora-non-embedding"}
    assert shipped["default"] == "six-corpora"
    for name, path in OF_TABLES.items():
        assert json.loads(path.read_text())["calibrations"] == [by_name[name]]


@pytest.mark.parametrize("name", OF_TABLES)
def test_of_a_table_there_is_its_digest_and_not_its_rows(name: str) -> None:
    folder, one = OF_TABLES[name].parent, SHIPPED[name]
    assert {path.name for path in folder.iterdir()} == {"profiles.json", *(f"{each}.json" for each in OF_TABLES)}
    assert one.provenance["table_sha256"] == "7d04a9485898cb8afd6627d3d989c526caa53e16dcc4c58046115a31fd87d437"
    assert one.provenance["source"] == (
        "Brandfonbrener et al. 2024, arXiv:2411.12925: KempnerInstitute/loss-to-loss-notebooks @ 457ce81"
    )
    assert one.provenance["profiles_sha256"] == hashlib.sha256((folder / "profiles.json").read_bytes()).hexdigest()
    assert one.provenance["n_runs"] == 529
    words = shlex.split(str(one.provenance["command"]))
    assert words[:3] == ["advisor", "fit", "../shared/reference/six_corpora_sweep.csv"]
    assert words[words.index("--coefficients") + 1] == f"data/calibrations/six-corpora/{name}.json"
    columns = json.loads(OF_TABLES[name].read_text())["calibrations"][0]["sources"][0]
    assert not {"n_params", "n_tokens", "loss", "runs"} & set(columns)


def test_the_profiles_that_ship_are_those_of_the_reference() -> None:
    reference = ROOT.parent / "shared" / "reference"
    if not reference.is_dir():
        pytest.skip("there is no ../shared/reference here")
    ours = DATA / "calibrations" / "six-corpora" / "profiles.json"
    assert ours.read_bytes() == (reference / "six_corpora_profiles.json").read_bytes()
    table = hashlib.sha256((reference / "six_corpora_sweep.csv").read_bytes()).hexdigest()
    assert {SHIPPED[name].provenance["table_sha256"] for name in OF_TABLES} == {table}
