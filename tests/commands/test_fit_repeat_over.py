"""`advisor fit --repeat-over`: what it prints, writes and refuses, and a law that carries what it found."""

import json

import pytest

from advisor.laws.published import MUENNIGHOFF
from tests.fit.test_repeat_over import decaying, table

pytestmark = pytest.mark.usefixtures("nothing_ships")

FIT = ("fit", "--repeat-over", "muennighoff", "--bootstrap", "200")


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """24 runs of two sizes, whose repeated tokens are worth less than Muennighoff's."""
    monkeypatch.setenv("COLUMNS", "80")
    return table(tmp_path / "repeated.csv", decaying(MUENNIGHOFF, 6.0, 5.3))


def test_the_screen(advisor, runs):
    code, out, err = advisor(*FIT, runs)
    assert (code, err) == (0, "")
    found = json.loads(advisor(*FIT, runs, "--json").stdout)["repetition"]
    low, high = found["R_D"]["ci95"]
    value = f"{found['R_D']['value']:.4g}"
    assert " ".join(out.split()).startswith(
        f"Repeated tokens lose their worth with R_D* = {value} epochs (95 % {low:.4g} to {high:.4g}): after so many "
        "one more is worth 1/e of a new one. 24 runs of 2 sizes, 20 of which repeat data, up to 32 times; verdict: ok."
    )
    assert f"R_D* {found['R_D']['value']:.4g} {low:.4g} to {high:.4g} R_N* " in " ".join(out.split())
    assert "\nLaw       muennighoff: Muennighoff et al. 2023, arXiv:2305.16264; N: not known;" in out
    assert "with another law they are others" in " ".join(out.split())


def test_the_json(advisor, runs):
    found = json.loads(advisor(*FIT, runs, "--json").stdout)
    assert set(found) == {
        *("schema_version", "columns", "derived", "units", "laws", "regression", "no_regression", "repetition"),
    }
    assert (found["laws"], found["regression"]) == ({}, None)
    repetition = found["repetition"]
    assert set(repetition) == {
        *("law", "source", "count", "R_D", "R_N", "decay", "loss_over_law", "n_runs", "n_repeated_runs", "n_sizes"),
        *("max_epochs", "residual_scale", "verdict", "reasons"),
    }
    assert repetition["R_D"]["ci95"][0] < 6 < repetition["R_D"]["ci95"][1] < 15
    assert repetition["R_N"]["ci95"][0] < 5.3 < repetition["R_N"]["ci95"][1]
    assert repetition["decay"]["R_D"] == repetition["R_D"]["value"]
    assert repetition["decay"]["source"] == "advisor fit --repeat-over muennighoff: 24 runs of repeated.csv"
    assert (repetition["n_runs"], repetition["n_sizes"], repetition["verdict"]) == (24, 2, "ok")


def test_the_law_that_is_written_repeats_as_the_runs_did(advisor, runs, tmp_path):
    path = tmp_path / "law.json"
    assert advisor(*FIT, runs, "--out", path).code == 0
    r_d = json.loads(path.read_text(encoding="utf-8"))["repetition"]["R_D"]["value"]
    found = json.loads(advisor("repeat", "--unique-tokens", "1B", "--law", path, "--json").stdout)
    assert found["most_effective_tokens"] == pytest.approx((1 + r_d) * 1e9)
    assert found["transplanted"] is False
    assert "repetition_transplanted" not in [caution["code"] for caution in found["cautions"]]
    arguments = ("recommend", "--flops", "1e20", "--unique-tokens", "1B", "--json", "--law")
    own, published = (
        json.loads(advisor(*arguments, law).stdout)["limited_data"]["answers"][0] for law in (path, "muennighoff")
    )
    assert own["epochs"] < published["epochs"]  # tokens that lose their value sooner are repeated less


def test_the_explanation_of_a_law_with_its_own_decay(advisor, runs, tmp_path):
    path = tmp_path / "law.json"
    advisor(*FIT, runs, "--out", path)
    arguments = ("recommend", "--flops", "1e20", "--unique-tokens", "1B", "--law", path, "--explain", "--json")
    document = json.loads(advisor(*arguments).stdout)
    r_d = json.loads(path.read_text(encoding="utf-8"))["decay"]["R_D"]
    by_key = {each["key"]: each for each in document["explanations"]}
    assert by_key["limited_data.answers[0].effective_tokens"]["constants"]["R_D"] == r_d
    assert by_key["limited_data.answers[1].effective_tokens"]["constants"]["R_D"] == 15.387756


def test_runs_that_cannot_tell(advisor, tmp_path):
    runs, path = table(tmp_path / "t.csv", MUENNIGHOFF, epochs=(1, 2)), tmp_path / "law.json"
    code, out, err = advisor(*FIT, runs, "--out", path, "--json")
    assert code == 1
    assert json.loads(out)["repetition"]["decay"] == {"R_D": None, "R_N": None, "source": None}
    assert err.startswith("Refused: R_D*: the 95 % interval of R_D* has no end")
    assert err.endswith("Error: R_D* is refused for the reasons above, and nothing of it was written.\n")
    assert not path.exists()


def test_parameters_that_do_not_wear_out(advisor, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    law = decaying(MUENNIGHOFF, 15.0, 1e9)
    runs, path = table(tmp_path / "t.csv", law, sizes=(4e8, 1.6e9), noise=0.0), tmp_path / "law.json"
    code, out, err = advisor(*FIT, runs, "--out", path)
    assert code == 0
    assert "R_N* is not identified: the 95 % interval of R_N* has no end (it reaches " in " ".join(out.split())
    assert "is held: these runs' best, as they exclude 5.31 (Muennighoff" in " ".join(out.split())
    assert "; verdict: caution." in " ".join(out.split())
    assert err == ""
    said = " ".join(advisor(*FIT, runs, "--cautions").stdout.split())
    assert "Note: R_N* is at least " in said
    assert said.endswith("the parameters that their unique tokens can use, and say nothing of more.")
    decay = json.loads(path.read_text(encoding="utf-8"))["decay"]
    assert decay["R_D"] == pytest.approx(15, rel=0.01)
    assert decay["R_N"] > 1000
    arguments = ("--unique-tokens", "1B", "--law", path, "--json")
    code, out, _ = advisor("repeat", *arguments)
    assert (code, json.loads(out)["most_effective_tokens"]) == (0, pytest.approx(16e9, rel=0.01))
    code, out, _ = advisor("recommend", "--flops", "1e21", *arguments)
    answer = json.loads(out)["limited_data"]["answers"][0]
    assert (code, answer["transplanted"]) == (0, False)
    assert answer["effective_params"] == pytest.approx(answer["n_params"], rel=0.1)


def test_a_plain_fit_of_repeated_runs_says_how_to_use_them(advisor, runs):
    code, out, _ = advisor("fit", runs, "--bootstrap", "200")
    assert code == 1
    said = " ".join(out.split())
    assert "4 runs see no token twice, and the law needs at least 6 of them; to learn how repetition decays" in said


@pytest.mark.parametrize("option", ["--group x", "--covariate x", "--fix E=1", "--flops 1e21", "--max-e 2", "--force"])
def test_options_of_a_law_are_refused_where_it_is_given(advisor, runs, option):
    code, out, err = advisor(*FIT, runs, *option.split())
    assert (code, out) == (2, "")
    assert err == (f"Error: {option.split()[0]} cannot be combined with --repeat-over, which holds the law.\n")
