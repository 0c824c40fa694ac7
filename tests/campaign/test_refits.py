"""Ledgers fitted: with losses of a known law, twice, in several folders, with H measured otherwise."""

import json
import os
import shutil

import numpy as np
import pytest

from advisor.errors import UsageError
from advisor.laws.parameters import LOG_NAMES
from calibration.campaign import pipeline, refit
from calibration.campaign.ledger import signed_line
from calibration.campaign.plan_file import DATA_FOLDER, LEDGER_FILE, PLAN_FILE, read_plan
from calibration.lines.document import write_calibrated
from tests.campaign.toy_calibration import (
    true_law,
    unsigned,
)

pytestmark = pytest.mark.usefixtures("torch_restored")


def test_the_true_lines_come_back_within_their_intervals(planted):
    _, found = planted
    for trained, result in found:
        assert trained == pipeline.Trained()
        lines = result.regression.log.lines
        ends = [true_law(0.0), true_law(1.0)]
        for name, line in lines.items():
            slope = ends[1][name] - ends[0][name]
            assert line.slope_ci95[0] <= slope <= line.slope_ci95[1], name
            at = [law.source.compressibility for law in result.laws]
            middle = sum(at) / len(at)
            drawn = result.regression.draws.lines
            place = LOG_NAMES.index(name)
            low, high = np.quantile(drawn[:, place] * middle + drawn[:, 5 + place], [0.025, 0.975])
            assert low <= true_law(middle)[name] <= high, name


def test_the_coefficients_answer_inside_the_calibrated_range(planted, advisor):
    folders, _ = planted
    flops, h = 1e9, 0.4
    given = ("--coefficients", folders[0] / "fitted_coefficients.json", "--compressibility", h, "--law", "gzip")
    outcome = advisor("recommend", "--flops", flops, *given, "--json")
    assert outcome.code == 0, outcome.stderr
    headline = json.loads(outcome.stdout)["headline"]
    law = true_law(h)
    level = np.log(law["alpha"] / law["beta"]) + law["log_A"] - law["log_B"] + law["beta"] * np.log(flops / 6)
    optimum = float(np.exp(level / (law["alpha"] + law["beta"])))
    assert headline["law"] == "gzip"
    low, high = headline["interval80"]["n_params"]
    assert low <= optimum <= high
    assert headline["n_params"] == pytest.approx(optimum, rel=0.25)


def test_the_same_request_in_two_folders_gives_the_same_bytes(planted):
    (one, two), _ = planted
    for name in ("laws.json", "fitted_coefficients.json"):
        assert (one / name).read_bytes() == (two / name).read_bytes(), name


def _without_dates(ledger):
    """Make of a ledger what older versions wrote."""
    rows = [json.loads(line) for line in ledger.read_text().splitlines()]
    for row in rows:
        del row["digest"], row["hardware"]["date"]
    ledger.write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_a_refit_gives_the_same_bytes_and_several_folders_are_one_calibration(planted, tmp_path, advisor):
    one = planted[0][0]
    copy = tmp_path / "copy"
    shutil.copytree(one, copy)
    before = (copy / "fitted_coefficients.json").read_bytes()
    (copy / "laws.json").unlink()
    os.utime(copy / LEDGER_FILE, (0, 0))  # the date is that of the rows and not of the file
    assert advisor("calibrate", "--refit", copy).code == 0
    assert (copy / "fitted_coefficients.json").read_bytes() == before
    dates = {json.loads(line)["hardware"]["date"] for line in (copy / LEDGER_FILE).read_text().splitlines()}
    assert json.loads(before)["calibrations"][0]["provenance"]["date"] == max(dates)
    assert (copy / "laws.json").read_bytes() == (one / "laws.json").read_bytes()
    _without_dates(copy / LEDGER_FILE)
    assert advisor("calibrate", "--refit", copy).code == 0
    made = json.loads((copy / "fitted_coefficients.json").read_bytes())["calibrations"][0]
    assert made["provenance"]["date"] == "2026-11-21"  # the last day on which rows did not say theirs
    assert made["provenance"]["ledger_sha256"] == json.loads(before)["calibrations"][0]["provenance"]["ledger_sha256"]
    lines = (one / LEDGER_FILE).read_text().splitlines(keepends=True)
    halves = [tmp_path / "first", tmp_path / "second"]
    for i, half in enumerate(halves):
        half.mkdir()
        shutil.copy(one / PLAN_FILE, half)
        (half / LEDGER_FILE).write_text("".join(lines[i::2]))
    result = refit.fit(halves, name=read_plan(one).name)
    (tmp_path / "both").mkdir()
    write_calibrated(result, tmp_path / "both")
    assert (tmp_path / "both" / "fitted_coefficients.json").read_bytes() == before
    outcome = advisor("calibrate", "--refit", *halves[:1], "--refit", halves[1])
    assert (outcome.code, outcome.stderr) == (
        2,
        "Error: --refit of several folders needs --out, the folder for what they give together.\n",
    )


def test_the_same_data_under_two_names_are_one_source(planted, tmp_path):
    one = planted[0][0]
    plan = unsigned(one / PLAN_FILE)
    lines = [json.loads(line) for line in (one / LEDGER_FILE).read_text().splitlines()]
    other = tmp_path / "other"
    other.mkdir()
    for each in (*plan["sources"], *plan["jobs"]):
        key = "name" if "name" in each else "source"
        each[key] = f"B{each[key][1:]}"
    (other / PLAN_FILE).write_text(json.dumps(plan | {"name": "other"}))
    renamed = [{name: value for name, value in line.items() if name != "digest"} for line in lines]
    rows = [signed_line(line | {"source": f"B{line['source'][1:]}"}) for line in renamed]
    (other / LEDGER_FILE).write_bytes(b"".join(rows))
    alone, both = refit.fit([one]), refit.fit([one, other])
    assert [law.source.name for law in both.laws] == [law.source.name for law in alone.laws]
    assert [law.group.law for law in both.laws] == [law.group.law for law in alone.laws]
    reasons = {law.source.name: [reason.message for reason in law.reasons] for law in both.laws}
    assert "its data are also those of B1 of other: one law is fitted to the runs of both." in reasons["A1"]
    assert refit.transfers([one, other], both.laws) == ()  # nothing is left to be tried on


def test_ledgers_that_measured_h_otherwise_are_not_fitted_together(planted, tmp_path):
    one = planted[0][0]
    other = tmp_path / "other"
    shutil.copytree(one, other)
    plan = unsigned(other / PLAN_FILE)
    plan["protocol"]["seq_len"] = 128
    (other / PLAN_FILE).write_text(json.dumps(plan))
    with pytest.raises(UsageError) as caught:
        refit.fit([one, other])
    assert str(caught.value) == (f"H was measured otherwise in {other} than in {one} (seq_len is 128): fit them apart.")


def test_a_plan_without_its_digest_is_said_to_be_unsigned(planted, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(planted[0][0], folder)
    assert refit.unsigned([folder]) == ()
    names = [source.name for source in read_plan(folder).sources][:2]
    for name in names:
        (folder / DATA_FOLDER / f"{name}.sha256").unlink()
    (folder / PLAN_FILE).write_text(json.dumps(unsigned(folder / PLAN_FILE)))
    path = folder / PLAN_FILE
    assert refit.unsigned([folder]) == (
        f"{path} is unsigned, as older versions wrote it: an H that was changed would not be found.",
        f"{folder / DATA_FOLDER}: the token arrays of {', '.join(names)} are unsigned, as older "
        "versions wrote them: a token that was changed would not be found.",
    )
