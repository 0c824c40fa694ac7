"""From a table of runs on several corpora to what `recommend --coefficients` answers with: simulated, and the sweep."""

from __future__ import annotations

import csv
import hashlib
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from advisor.answer.recommendation import Recommendation, recommend
from advisor.answer.request import Request
from advisor.calibrations.coefficients import load_coefficients, write_coefficients
from advisor.compressibility.group_profiles import GroupProfile, read_group_profiles
from advisor.compressibility.protocol import Protocol
from advisor.errors import RunsError
from advisor.laws.drift import LEAST
from calibration.fit.analysis import Analysis, GroupFit, Settings, fit
from calibration.fit.minimum import FitOptions
from calibration.lines.table_document import AboutTable, coefficients_document
from tests.lines.tables_of_corpora import (
    BUDGETS,
    CORPORA,
    SLOPE,
    law_of,
    log_optimum_of,
    write_profiles,
    write_runs,
)

REFERENCE = Path(__file__).parents[3] / "shared" / "reference"
QUICK = Settings(n_draws=400, options=FitOptions(starts="fast"))


def made(folder: Path, **changes: Any) -> tuple[dict[str, Any], Analysis, Path]:
    """Return the document of the simulated runs, their fits, and the table's path."""
    table, profiles = write_runs(folder / "runs.csv"), write_profiles(folder / "profiles.json", **changes)
    known = read_group_profiles(profiles)
    analysis = fit(table, group="corpus", covariate="compressibility", profiles=known, settings=QUICK)
    about = AboutTable(
        name="mine",
        table=table,
        command="advisor fit runs.csv",
        count="total",
        source="simulated",
        profiles=profiles,
        h_ref=0.55,
    )
    return coefficients_document(analysis, about, profiles=known.of(analysis.groups)), analysis, table


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Analysis, Path, Path]:
    folder = tmp_path_factory.mktemp("simulated")
    document, analysis, table = made(folder)
    write_coefficients(document, folder / "mine.json")
    return document, analysis, table, folder / "mine.json"


def test_the_lines_come_back_within_their_intervals(simulated):
    entry = simulated[0]["calibrations"][0]
    for name, slope in SLOPE.items():
        low, high = entry["regression"]["log"][name]["slope_ci95"]
        assert low <= slope <= high, name
    assert entry["epsilon"] > 0.8
    assert entry["predictors"]["verdict"].startswith("H predicts the allocation")
    assert "ln bytes per token" in [one["name"] for one in entry["predictors"]["predictors"]]


def test_recommend_gives_the_optimum_of_a_corpus_it_has_not_seen(simulated):
    """N* at H = .53, of no run, by the known lines; the 80 % interval holds it and is narrow."""
    flops = float(BUDGETS[-1])
    answer = recommend(Request(flops=flops, compressibility=0.53, coefficients=simulated[3]))
    truth = math.exp(log_optimum_of(0.53, flops))
    assert (answer.headline.law, answer.headline.count, answer.calibration) == ("anchored", "total", "mine")
    assert answer.headline.n_params == pytest.approx(truth, rel=0.05)
    interval = answer.headline.interval80
    assert interval is not None
    low, high = interval.n_params
    assert low < truth < high
    assert high / low < 1.25
    law = law_of(0.53)
    loss = law["E"] + math.exp(law["log_A"]) * truth ** -law["alpha"]
    loss += math.exp(law["log_B"]) * (flops / 6 / truth) ** -law["beta"]
    assert answer.headline.loss == pytest.approx(loss, rel=0.02)


def test_the_base_is_the_law_of_the_lines_at_h_ref(simulated):
    base = simulated[0]["calibrations"][0]["base"]
    assert (base["compressibility"], base["count"], base["draws"]) == (0.55, "total", [])
    for name, value in law_of(0.55).items():
        own = math.log(base[name[-1]]) if name.startswith("log_") else base[name]
        assert own == pytest.approx(value, rel=0.05), name
    found = load_coefficients(simulated[3]).calibration()
    assert found is not None
    assert found.own_base is not None
    law = found.own_base.law
    assert law.ranges.flops == pytest.approx((BUDGETS[0], BUDGETS[-1]))
    assert law.ranges.compressibility == (0.30, 0.60)
    # How far it drifts beyond its runs is the root mean square of how far the corpora's laws do.
    drifts = [one.law.drift for one in found.sources if one.law is not None]
    assert len(drifts) == 6
    for i in range(2):
        assert law.drift[i] == pytest.approx(math.sqrt(sum(each[i] ** 2 for each in drifts) / 6))
        assert law.drift[i] >= LEAST[i]


def test_what_the_document_says_of_its_making(simulated):
    entry, table = simulated[0]["calibrations"][0], simulated[2]
    provenance = entry["provenance"]
    assert (provenance["table"], provenance["source"], provenance["n_runs"]) == ("runs.csv", "simulated", 288)
    assert provenance["table_sha256"] == hashlib.sha256(table.read_bytes()).hexdigest()
    assert provenance["profiles_sha256"] == hashlib.sha256((table.parent / "profiles.json").read_bytes()).hexdigest()
    assert entry["protocol"]["tokenizer"] == "mistral-v1"
    assert (entry["count"], entry["training_tokenizer"]) == ("total", None)
    assert entry["ranges"]["flops"] == pytest.approx([BUDGETS[0], BUDGETS[-1]])
    code = next(one for one in entry["sources"] if one["name"] == "code")
    assert (code["compressibility"], code["compressibility_sd"], code["bytes_per_token"]) == (0.40, 0.002, 3.0)
    assert (code["verdict"], code["n_runs"]) == ("ok", 48)
    assert len(code["isoflop"]["flops"]) == 6
    assert simulated[3].stat().st_size < 110_000


def test_without_profiles_h_is_the_tables_column(tmp_path):
    table = write_runs(tmp_path / "runs.csv", h_column=True)
    analysis = fit(table, group="corpus", covariate="compressibility", settings=QUICK)
    about = AboutTable(name="mine", table=table, command="", count="total")
    entry = coefficients_document(analysis, about)["calibrations"][0]
    assert {one["name"]: one["compressibility"] for one in entry["sources"]} == CORPORA
    assert {one["compressibility_sd"] for one in entry["sources"]} == {None}
    assert entry["provenance"]["profiles"] is None
    # H_ref, .576, lies inside of the corpora's H
    assert entry["base"]["compressibility"] == entry["h_ref"] == 0.576


def test_a_base_is_never_beyond_the_corpora(tmp_path, simulated):
    about = AboutTable(name="mine", table=simulated[2], command="", count="total", h_ref=0.7)
    entry = coefficients_document(simulated[1], about)["calibrations"][0]
    assert (entry["h_ref"], entry["base"]["compressibility"]) == (0.7, 0.60)


def test_an_error_of_h_makes_lines_steeper_and_their_draws_wider(simulated, tmp_path):
    """With an error of .03 in H the reliability of the corpora's H is .92 (tau^2 = .0111 of .0120)."""
    exact, vague = simulated[0]["calibrations"][0], made(tmp_path, sd=0.03)[0]["calibrations"][0]
    slopes = [entry["regression"]["log"]["alpha"]["slope"] for entry in (exact, vague)]
    assert slopes[1] / slopes[0] == pytest.approx(1 / 0.92, abs=0.03)
    spread = []
    for entry in (exact, vague):
        drawn = sorted(row[3] for row in entry["regression"]["draws"])
        spread.append(drawn[-20] - drawn[20])
    assert spread[1] > 1.5 * spread[0]


def test_h_that_can_be_told_apart_is_counted(simulated):
    """Three of web text within .004, with an error of .006: the six are four."""
    values = dict(zip(CORPORA, (0.40, 0.46, 0.56, 0.562, 0.564, 0.60), strict=True))
    profiles = {name: GroupProfile(compressibility=h, sd=0.006) for name, h in values.items()}
    about = AboutTable(name="mine", table=simulated[2], command="", count="total")
    entry = coefficients_document(simulated[1], about, profiles=profiles)["calibrations"][0]
    assert entry["predictors"]["verdict"].endswith(
        "Of these H 4 can be told apart, so the evidence is less than p says."
    )
    assert "told apart" not in simulated[0]["calibrations"][0]["predictors"]["verdict"]


def test_too_few_corpora_are_refused(tmp_path):
    rows = write_runs(tmp_path / "all.csv", h_column=True).read_text().splitlines()
    table = tmp_path / "four.csv"
    table.write_text("\n".join([rows[0], *(row for row in rows[1:] if row.split(",")[0] in list(CORPORA)[:4])]))
    analysis = fit(table, group="corpus", covariate="compressibility", settings=QUICK)
    with pytest.raises(RunsError) as caught:
        coefficients_document(analysis, AboutTable(name="mine", table=table, command="", count="total"))
    assert str(caught.value).startswith(
        "No coefficients are written: 4 of 4 sources have a law that can be used, and lines in H need 5."
    )


def test_a_compressibility_that_is_none_is_refused(simulated):
    def in_percent(group: GroupFit) -> GroupFit:
        return replace(group, runs=replace(group.runs, covariate=57.0))

    groups = {name: in_percent(group) for name, group in simulated[1].groups.items()}
    about = AboutTable(name="mine", table=simulated[2], command="", count="total")
    with pytest.raises(RunsError) as caught:
        coefficients_document(Analysis(groups=groups, settings=QUICK), about)
    assert str(caught.value) == (
        "group logs has a compressibility of 57.0: it must lie inside (0, 1), compressed over raw."
    )


# --- the sweep of six corpora, where it is at hand --------------------------------------------------------------------


@pytest.fixture(scope="module")
def six(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The calibration of the sweep, total N, by what ships of it where its digest is the table's."""
    table = REFERENCE / "six_corpora_sweep.csv"
    if not table.is_file():
        pytest.skip("there is no ../shared/reference here")
    known = read_group_profiles(REFERENCE / "six_corpora_profiles.json")
    analysis = fit(table, group="corpus", covariate="compressibility", profiles=known, settings=QUICK)
    about = AboutTable(
        name="six", table=table, command="", count="total", protocol=Protocol(tokenizer="mistral-v1"), h_ref=0.5645
    )
    path = tmp_path_factory.mktemp("six") / "six.json"
    write_coefficients(coefficients_document(analysis, about, profiles=known.of(analysis.groups)), path)
    return path


def of_the_sweep(six: Path, h: float, flops: float, **asked: Any) -> Recommendation:
    return recommend(Request(flops=flops, compressibility=h, coefficients=six, **asked))


def test_web_text_and_code_of_the_sweep_on_their_own_base(six):
    web, code = (of_the_sweep(six, h, 4.84e19).headline.n_params for h in (0.565, 0.402))
    assert 790e6 <= web <= 824e6
    assert 0.72 <= code / web <= 0.79
    chinchilla = of_the_sweep(six, 0.565, 4.84e19, base="chinchilla").headline.n_params
    assert chinchilla == pytest.approx(589e6, rel=0.02)


def test_the_sweep_gives_the_published_fits_and_an_epsilon_near_one(six):
    """E of Brandfonbrener et al. 2024's own fits, as ../shared/facts.md section 9 quotes them."""
    found = load_coefficients(six).calibration()
    assert found is not None
    published = {"fineweb": 2.147, "fineweb-edu": 2.002, "slimpajama": 2.007, "smollm-corpus": 1.552}
    published |= {"proof-pile-2": 1.330, "starcoder": 0.863}
    laws = {source.name: source.law for source in found.sources}
    for name, floor in published.items():
        law = laws[name]
        assert law is not None
        assert pytest.approx(floor, abs=0.002) == law.E
    estimate = found.quality.estimate
    assert estimate is not None
    assert 0.85 <= estimate.value <= 1.0
    assert (estimate.error or 0.0) < 0.4 * (estimate.error_of_mean or 0.0)


def test_what_ships_is_what_the_sweep_gives(six):
    """The same table by fewer refits: the lines, the base and epsilon are those that ship."""
    shipped = load_coefficients().calibration("six-corpora")
    found = load_coefficients(six).calibration()
    assert shipped is not None
    assert found is not None
    with (REFERENCE / "six_corpora_sweep.csv").open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == shipped.provenance["n_runs"] == 529
    for ours, theirs in zip(found.dependence.regressions.log[1:], shipped.dependence.regressions.log[1:], strict=True):
        assert list(ours) == pytest.approx(list(theirs), rel=1e-4, abs=1e-5)
    assert found.dependence.epsilon == pytest.approx(shipped.dependence.epsilon, abs=0.011)
    assert shipped.own_base is not None
    assert found.own_base is not None
    for name in ("E", "A", "B", "alpha", "beta"):
        assert getattr(found.own_base.law, name) == pytest.approx(getattr(shipped.own_base.law, name), rel=1e-4)
