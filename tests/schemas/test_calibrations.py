"""Documents and files of `advisor calibrate`: a plan, what time did not allow, laws alone, coefficients, ledgers."""

from __future__ import annotations

import json

import pytest

from tests.campaign.toy_calibration import calibrate, synthetic, tiny_request
from tests.commands.test_calibrate import HERE, text, tiny, trained  # noqa: F401  (fixtures)
from tests.schemas.documents import faults, of_file, only_finite


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """The folder of a calibration that has coefficients."""
    folder = tmp_path_factory.mktemp("planted") / "one"
    calibrate(folder, request=tiny_request(), trainer=synthetic)
    return folder


def test_laws_alone(trained):  # noqa: F811
    folder, document = trained
    assert faults(document, "calibrate") == []
    assert faults(of_file(folder / "plan.json"), "plan") == []
    rows = (folder / "runs.jsonl").read_text(encoding="utf-8").splitlines()
    assert [fault for row in rows for fault in faults(only_finite(row), "ledger-row")] == []


def test_coefficients_and_fits_again(advisor, planted):
    code, out, _ = advisor("calibrate", "--refit", planted, "--json")
    assert (code, faults(only_finite(out), "calibrate")) == (0, [])
    assert json.loads(out)["lines"]
    assert faults(of_file(planted / "fitted_coefficients.json"), "coefficients") == []
    laws = of_file(planted / "laws.json")["laws"].values()
    assert [fault for law in laws for fault in faults(law, "law-file")] == []


def test_a_refit_fails_on_a_reason(advisor, planted):
    reasons = json.loads(advisor("calibrate", "--refit", planted, "--json").stdout)["sources"]
    codes = [reason[0] for source in reasons for reason in source["reasons"]]
    assert codes
    assert advisor("calibrate", "--refit", planted, "--fail-on", codes[0]).code == 3
    assert advisor("calibrate", "--refit", planted, "--fail-on", "skipped").code == 0


def test_plans_of_corpora_and_grammars(advisor, tiny, tmp_path, text):  # noqa: F811
    arguments = ("--corpus", f"größe={text}", "--tokenizer", "bytes", "--grammars", "iso-gzip", "--only", "G1")
    out = advisor("calibrate", *arguments, "--grid", "smoke", "--dry-run", "--workers", "1", *HERE[:2], "--json").stdout
    assert faults(only_finite(out), "calibrate") == []
    left = advisor(
        "calibrate", *arguments, "--grid", "smoke", *HERE, "--minutes", "1e-6", "--out", tmp_path / "left", "--json"
    ).stdout
    assert faults(only_finite(left), "calibrate") == []
    assert json.loads(left)["not_trained"] == {}


def test_a_row_or_a_plan_that_lacks_something_is_found_out(planted):
    row = only_finite((planted / "runs.jsonl").read_text(encoding="utf-8").splitlines()[0])
    plan = of_file(planted / "plan.json")
    for document, name in ((row, "ledger-row"), (plan, "plan")):
        for key in set(document) - {"digest"}:
            assert faults({other: value for other, value in document.items() if other != key}, name) != [], key
