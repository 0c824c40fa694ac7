"""``advisor.fit`` does what its command does: repeated data, pilots, new runs, coefficients, files of laws."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import advisor as library
from advisor.errors import AdvisorError, RunsError, UsageError
from advisor.laws.law_file import read_law
from advisor.laws.published import MUENNIGHOFF
from tests.fit.test_repeat_over import decaying, table
from tests.lines.tables_of_corpora import write_profiles, write_runs
from tests.pilot.filled import fill

RUNS = Path(__file__).parent.parent / "fit" / "grid36.csv"
FAST = {"bootstrap": 200}


@pytest.fixture(scope="module")
def law(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A law file of the 36 runs."""
    path = tmp_path_factory.mktemp("law") / "law.json"
    library.fit(RUNS, flops="1e22", out=path, bootstrap="200")
    return path


def test_a_law_is_written_as_the_command_writes_it(law, advisor, tmp_path):
    advisor("fit", RUNS, "--flops", "1e22", "--bootstrap", "200", "--out", tmp_path / "law.json")
    assert law.read_text() == (tmp_path / "law.json").read_text()
    assert library.recommend(flops="1e22", law=law).headline.law == "law.json"


@pytest.mark.parametrize("how", [{"fix": "E=1.7"}, {"fixed_e": 1.7}])
def test_e_is_held_by_either_keyword(how):
    assert pytest.approx(1.7) == library.fit(RUNS, **how, **FAST).groups["all"].law.E


def test_new_runs_stand_beside_the_law(law, advisor, tmp_path):
    lines = RUNS.read_text().splitlines()
    new = tmp_path / "new.csv"
    new.write_text("\n".join([lines[0], *lines[-3:]]))
    found = library.fit(RUNS, predict=new, **FAST)
    command = ("fit", RUNS, "--predict", new, "--bootstrap", "200")
    assert found.to_dict() == json.loads(advisor(*command, "--json").stdout)
    assert str(found).splitlines() == advisor(*command).stdout.strip("\n").splitlines()
    assert repr(found).endswith("from 36 runs: ok; 3 new runs: agrees with the law>")
    assert list(found.to_frame()["new"]) == [False] * 36 + [True] * 3

    alone = library.fit(law, predict=str(new))
    assert alone.to_dict() == json.loads(advisor("fit", law, "--predict", new, "--json").stdout)
    assert str(alone).splitlines() == advisor("fit", law, "--predict", new).stdout.strip("\n").splitlines()
    assert repr(alone) == "<Analysis 3 new runs: agrees with the law>"
    assert (len(alone.shown().rows), len(alone.to_frame())) == (3, 3)
    assert alone.shown().notes[0].startswith("The new runs agree with the law: ")


def test_how_repeated_data_wear_out_over_a_law(advisor, tmp_path):
    runs = table(tmp_path / "repeated.csv", decaying(MUENNIGHOFF, 6.0, 5.3))
    found = library.fit(runs, repeat_over="muennighoff", out=tmp_path / "law.json", **FAST)
    command = ("fit", runs, "--repeat-over", "muennighoff", "--bootstrap", "200")
    assert found.to_dict() == json.loads(advisor(*command, "--json").stdout)
    assert str(found).splitlines() == advisor(*command).stdout.strip("\n").splitlines()
    assert repr(found) == f"<DecayFit R_D* {found.r_d.value:.3g} epochs over muennighoff, from 24 runs: ok>"
    assert list(found.to_frame()["constant"]) == ["R_D", "R_N"]
    assert [row[0] for row in found.shown().rows] == ["R_D*", "R_N*"]
    assert read_law(tmp_path / "law.json").decay == found.decay
    assert library.fit(runs, repeat_over=MUENNIGHOFF, **FAST).decay == found.decay


def test_from_a_pilot_to_an_answer(advisor, tmp_path):
    unfilled, filled, measured = (tmp_path / name for name in ("pilot.csv", "filled.csv", "measured.json"))
    library.plan_pilot(compressibility=0.402, flops="1e22", out=unfilled)
    advisor("pilot", "--compressibility", ".402", "--flops", "1e22", "--out", tmp_path / "same.csv")
    assert unfilled.read_text() == (tmp_path / "same.csv").read_text()
    fill(unfilled, filled)
    found = library.fit(filled, pilot=True, out=measured)
    document = json.loads(advisor("fit", filled, "--pilot", "--json").stdout)
    assert found.to_dict() == json.loads(measured.read_text()) == document
    assert str(found).splitlines() == advisor("fit", filled, "--pilot").stdout.strip("\n").splitlines()
    assert repr(found).startswith("<PilotResult corpus wants 0.")
    assert len(found.to_frame()) == len(found.shown().rows) == len(document["budgets"])
    answer = library.recommend(flops="1e22", compressibility=0.402, pilot=measured)
    assert answer.recommended.law == "data"


def test_coefficients_of_groups_are_written_and_installed(advisor, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ADVISOR_DATA_DIR", str(tmp_path / "data"))
    write_runs(tmp_path / "runs.csv")
    write_profiles(tmp_path / "profiles.json")
    asked = {"group": "corpus", "covariate": "compressibility", "profiles": "profiles.json", "source": "our lab"}
    library.fit("runs.csv", **asked, coefficients="mine.json", install="own-runs", h_ref=0.56, **FAST)
    options = [word for name, value in asked.items() for word in (f"--{name}", value)]
    named = ("--coefficients", "theirs.json", "--install", "own-runs-2", "--h-ref", ".56", "--bootstrap", "200")
    assert advisor("fit", "runs.csv", *options, *named).code == 0
    (own,), (theirs,) = (json.loads(Path(f"{name}.json").read_text())["calibrations"] for name in ("mine", "theirs"))
    assert own["provenance"].pop("command") == (
        "advisor.fit('runs.csv', group='corpus', covariate='compressibility', profiles='profiles.json', "
        "source='our lab', coefficients='mine.json', install='own-runs', h_ref=0.56, bootstrap=200)"
    )
    theirs["provenance"].pop("command")
    assert json.dumps(own).replace("own-runs-2", "own-runs") == json.dumps(theirs).replace("own-runs-2", "own-runs")
    answer = library.recommend(flops="1e19", compressibility=0.4, calibration="own-runs")
    assert answer.recommended.law == "anchored"


def test_a_refused_law_is_not_taken_for_written(tmp_path):
    (tmp_path / "few.csv").write_text("\n".join(RUNS.read_text().splitlines()[:7]))
    with pytest.raises(RunsError) as caught:
        library.fit(tmp_path / "few.csv", out=tmp_path / "law.json", **FAST)
    assert str(caught.value).startswith(f"the law is refused, and nothing of it was written to {tmp_path}/law.json: ")
    assert not (tmp_path / "law.json").exists()


WITHOUT_EMBEDDINGS = "reads like parameters without embeddings: say --count non-embedding, or --count total if N counts"


def test_n_without_embeddings_is_not_taken_for_all(tmp_path):
    runs, new = tmp_path / "runs.csv", tmp_path / "new.csv"
    runs.write_text(RUNS.read_text())
    new.write_text(RUNS.read_text().replace("n_params", "non_embedding_params", 1))
    for keywords in ({"table": new}, {"table": runs, "predict": new}):
        with pytest.raises(UsageError) as caught:
            library.fit(**keywords, **FAST)
        assert str(caught.value) == f"{new}: the column non_embedding_params {WITHOUT_EMBEDDINGS} them all."
    assert library.fit(new, count="non-embedding", **FAST).groups["all"].law.count == "non-embedding"


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"pilot": True, "count": "total"}, "count says how laws are fitted, and pilot fits none."),
        ({"pilot": True, "repeat_over": "x"}, "repeat_over says how laws are fitted, and pilot fits none."),
        ({"pilot": "yes"}, "--pilot must be True or False, not 'yes'."),
        ({"repeat_over": "chinchilla", "fix": "E=1"}, "fix cannot be combined with repeat_over, which holds the law."),
        ({"repeat_over": 3}, "--repeat-over must be a text, not int."),
        ({"fix": "A=3"}, "--fix is 'A=3'; write E=VALUE: no other parameter can be held."),
        ({"fix": "E=x"}, "--fix E is 'x'; give nats/token."),
        ({"fix": "E=1", "fixed_e": 1}, "fix and fixed_e both hold E: give one."),
        ({"delta": "x"}, "--delta is 'x'; give a positive number, auto or l1."),
        ({"at": "x"}, "--at is 'x'; give a number."),
        ({"at": 0.4}, "--at 0.4 needs --covariate: it is a value of the covariate."),
        ({"form": "cubic"}, "--form cannot be 'cubic': it is one of log, linear, joint."),
        ({"vocab_size": 1}, "--vocab-size must be at least 2, not 1."),
        ({"h_ref": 0.5}, "--h-ref is about the coefficients: name their file with --coefficients."),
        ({"coefficients": "c.json"}, "--coefficients are lines in H: give --group and --covariate compressibility."),
        ({"columns": {"loss": "a", "n_params": "a"}}, "--columns names a twice."),
        ({"out": "no/law.json"}, "Cannot write no/law.json: there is no such folder."),
        ({"predict": "nowhere.csv"}, "nowhere.csv is not a file; give a table of runs (csv, json, jsonl or parquet)."),
    ],
)
def test_what_cannot_be_is_one_sentence(keywords, message):
    with pytest.raises(AdvisorError) as caught:
        library.fit(RUNS, **keywords)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({}, "is a law and no table of runs: name the runs to compare with it by predict."),
        ({"predict": RUNS, "fix": "E=1"}, "fix is about a fit, and"),
        ({"predict": RUNS, "out": "other.json"}, "out is about a fit, and"),
    ],
)
def test_a_law_file_can_only_be_compared_with(law, keywords, message):
    with pytest.raises(UsageError) as caught:
        library.fit(law, **keywords)
    assert message in str(caught.value)


def test_what_is_read_is_not_overwritten(tmp_path):
    (tmp_path / "runs.csv").write_text(RUNS.read_text())
    with pytest.raises(UsageError, match="would overwrite what is read"):
        library.fit(tmp_path / "runs.csv", out=tmp_path / "runs.csv")
