"""Rows of a known H-dependent law go through everything, and the coefficients come back within their intervals."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from advisor.answer.recommendation import recommend
from advisor.answer.request import Request
from advisor.calibrations.coefficients import load_coefficients
from advisor.calibrations.laws_in_h import law_at
from advisor.compressibility.protocol import Protocol
from advisor.json_form import as_json
from advisor.laws.published import CHINCHILLA
from calibration.lines.document import About, Calibrated, calibrated, laws_document, write_calibrated
from calibration.lines.source_laws import SourceLaw, fit_sources
from calibration.lines.summary import line_figures, source_figures
from tests.laws.intervals import interval
from tests.lines.synthetic_rows import INTERCEPT, SLOPE, H, calibration_rows, log_optimum_at, true_law

ABOUT = About(
    name="synthetic",
    protocol=Protocol(tokenizer=None),
    command="advisor calibrate --preset synthetic",
    date="2026-11-21",
    ledger_sha256="0" * 64,
    packages={"python": "3.11.2", "numpy": "2.2.6"},
)


@pytest.fixture(scope="module")
def result() -> Calibrated:
    """Eight sources, 5 sizes x 5 token counts x 2 seeds, noise .5 % of the loss."""
    return calibrated(fit_sources(*calibration_rows()), ABOUT)


def test_the_coefficients_come_back_within_their_intervals(result):
    assert result.refusal is None
    log = result.document["calibrations"][0]["regression"]["log"]
    for name, slope in SLOPE.items():
        low, high = log[name]["slope_ci95"]
        assert low <= slope <= high, name
        assert log[name]["p_value"] < 0.05
        assert log[name]["slope"] * 0.4 + log[name]["intercept"] == pytest.approx(true_law(0.4)[name], rel=0.05)
    assert all(law.accepted for law in result.laws)


def test_the_tokens_that_were_trained_on_are_named_where_h_is_of_others(result):
    assert result.document["calibrations"][0]["training_tokenizer"] is None
    on_bytes = [
        replace(
            law.source,
            trained_compressibility=0.2 + 0.01 * i,
            definition={**law.source.definition, "tokenizer": "bytes"},
        )
        for i, law in enumerate(result.laws)
    ]
    found = calibrated([replace(law, source=s) for law, s in zip(result.laws, on_bytes, strict=True)], ABOUT)
    entry = found.document["calibrations"][0]
    assert entry["training_tokenizer"] == "bytes"
    assert "H of the training tokens" in [one["name"] for one in entry["predictors"]["predictors"]]


def test_the_joint_draws_hold_the_truth_at_a_new_h(result, tmp_path):
    write_calibrated(result, tmp_path)
    calibration = load_coefficients(tmp_path / "fitted_coefficients.json").calibration()
    assert calibration is not None
    flops = 1e14
    found = law_at("gzip", calibration.dependence, CHINCHILLA, 0.40).law
    assert len(found.draws) == 400
    low, high = interval(found, lambda law: law.frontier(flops).n_params, 0.95)
    truth = math.exp(log_optimum_at(true_law(0.40), flops))
    assert low < truth < high
    assert high / low < 2.0


def test_the_document_is_what_the_advisor_reads(result, tmp_path):
    paths = write_calibrated(result, tmp_path)
    assert [path.name for path in paths] == ["fitted_coefficients.json", "laws.json"]
    answer = recommend(Request(flops=1e14, compressibility=0.4, coefficients=paths[0]))
    assert (answer.calibration, answer.headline.law) == ("synthetic", "anchored")
    found = load_coefficients(paths[0]).calibrations[0]
    assert found.protocol == Protocol(tokenizer=None)
    assert found.dependence.count == "non-embedding"
    assert found.dependence.h_ref == 0.576
    assert found.dependence.epsilon > 0.8
    assert [source.name for source in found.sources] == [f"g{round(1000 * h)}" for h in H]
    assert found.dependence.ranges.compressibility == (0.15, 0.62)
    assert found.dependence.ranges.n_params == (5120.0, 1_024_000.0)
    assert found.dependence.ranges.n_tokens == (300_000.0, 24_300_000.0)
    assert found.recipe == {"name": "tuned"}
    assert paths[0].stat().st_size < 400_000


def test_what_the_document_says_of_its_making(result):
    made = result.document["calibrations"][0]
    assert made["provenance"] == {
        "command": "advisor calibrate --preset synthetic",
        "date": "2026-11-21",
        "ledger_sha256": "0" * 64,
        "n_rows": 400,
        "hardware": [{"device": "cpu", "dtype": "float32", "torch": "2.5.1"}],
        "packages": {"python": "3.11.2", "numpy": "2.2.6"},
        "refused": {},
    }
    assert made["h_ref_source"].startswith("the median H, .576 (95 % .572 to .579), of a web site of English prose")
    regression = made["regression"]
    assert np.shape(regression["draws"]) == (400, 20)
    assert np.shape(regression["scatter"]) == (400, 10)
    assert regression["flops"] == 6.0 * 1_024_000 * 24_300_000
    assert set(regression["left_out_error_ln_n"]["log"]["sources"]) == {f"g{round(1000 * h)}" for h in H}
    assert regression["left_out_error_ln_n"]["log"]["median"] < 0.1
    low, high = regression["dlnN_dH"]["slope_ci95"]
    truth = np.polyfit(H, [log_optimum_at(true_law(h), regression["flops"]) for h in H], 1)[0]
    assert low <= truth <= high
    estimate = made["epsilon_estimate"]
    assert estimate["value"] == made["epsilon"]
    assert estimate["ci95"][0] <= made["epsilon"] <= estimate["ci95"][1]
    assert made["predictors"]["verdict"].startswith("H predicts the allocation: ")
    assert made["sources"][0]["law"]["draws"] == []
    assert made["sources"][0]["law"]["source"] == "calibration synthetic: 50 runs"
    assert made["sources"][0]["windows"].keys() == {"1000", "8000"}


def test_the_draws_of_each_law_lie_beside_the_ledger(result, tmp_path):
    _, path = write_calibrated(result, tmp_path)
    found = json.loads(path.read_text(encoding="utf-8"))
    assert found["calibration"] == "synthetic"
    assert list(found["laws"]) == [f"g{round(1000 * h)}" for h in H]
    assert all(len(law["draws"]) == 400 for law in found["laws"].values())
    assert found["laws"]["g360"]["verdict"] == "ok"
    assert found["laws"]["g360"]["count"] == "non-embedding"


def test_the_same_rows_give_the_same_bytes(result, tmp_path):
    sources, rows = calibration_rows()
    texts = []
    for name, each in (("a", result), ("b", calibrated(fit_sources(sources, rows[::-1]), ABOUT))):
        (tmp_path / name).mkdir()
        texts.append([path.read_bytes() for path in write_calibrated(each, tmp_path / name)])
    assert texts[0] == texts[1]


def without_rows(law: SourceLaw) -> SourceLaw:
    """Return what a source has of which no row is there, as those of the others are fitted apart from it."""
    (found,) = fit_sources([law.source], [])
    return found


def test_few_accepted_sources_give_reasons_and_laws_alone(result, tmp_path):
    made = calibrated((*result.laws[:4], without_rows(result.laws[4])), ABOUT)
    assert made.document is None
    assert made.refusal == (
        "No coefficients are written: 4 of 5 sources have a law that can be used, and lines in H need 5.\n"
        "g430: there are 0 usable runs, and five parameters need at least 6."
    )
    (tmp_path / "fitted_coefficients.json").write_text("of an older ledger")
    assert [path.name for path in write_calibrated(made, tmp_path)] == ["laws.json"]
    assert [path.name for path in tmp_path.iterdir()] == ["laws.json"]
    assert laws_document(made.laws, "x")["laws"]["g430"] is None


def test_a_refused_source_stands_in_the_document_without_a_law(result, tmp_path):
    made = calibrated((without_rows(result.laws[0]), *result.laws[1:]), ABOUT)
    document = made.document["calibrations"][0]
    assert document["sources"][0]["law"] is None
    assert document["sources"][0]["verdict"] == "refused"
    message = "there are 0 usable runs, and five parameters need at least 6."
    assert document["provenance"]["refused"] == {"g150": [message]}
    assert document["regression"]["n_sources"] == 7
    assert document["ranges"]["compressibility"] == [0.22, 0.62]
    write_calibrated(made, tmp_path)
    assert load_coefficients(tmp_path / "fitted_coefficients.json").calibrations[0].sources[0].law is None


def test_the_figures_of_the_table(result: Calibrated, tmp_path: Path) -> None:
    rows = source_figures(result.laws)
    assert [row.compressibility for row in rows] == sorted(H)
    row = rows[3]
    assert row.law is not None
    assert row.ci95 is not None
    assert row.n_optimal is not None
    assert row.n_optimal_ci95 is not None
    for name, (low, high) in row.ci95.items():
        assert low <= row.law[name] <= high
    assert row.law["exponent_a"] == row.law["beta"] / (row.law["alpha"] + row.law["beta"])
    assert row.n_optimal_ci95[0] < row.n_optimal < row.n_optimal_ci95[1]
    assert (row.name, row.n_rows, row.verdict, row.reasons) == ("g360", 50, "ok", ())
    assert row.seed_sd == pytest.approx(0.005, rel=0.4)
    json.dumps([as_json(one) for one in rows], allow_nan=False)
    assert result.regression is not None
    lines = line_figures(result.regression)
    assert [line.name for line in lines] == ["E", "log_A", "log_B", "alpha", "beta", "ln N*"]
    assert [line.name for line in line_figures(result.regression, "linear")][:3] == ["E", "A", "B"]
    assert set(as_json(lines[0])) == {"name", "slope", "intercept", "slope_se", "slope_ci95", "p_value"}
    assert INTERCEPT["E"] == pytest.approx(lines[0].line.intercept, abs=0.1)
