"""What a headline that depends on the corpus rests on: on the screen, in JSON and as cautions."""

import json
import math
from dataclasses import replace

import pytest
from click.testing import CliRunner

from advisor.answer.recommendation import recommend
from advisor.answer.reliance import wrong_choice
from advisor.answer.request import Request
from advisor.calibrations.coefficients import load_coefficients
from advisor.calibrations.laws_in_h import LAW_NAMES, law_at
from advisor.cli import group
from advisor.laws.published import CHINCHILLA, HOFFMANN, chinchilla
from tests.calibrations.hand_made import calibration, document, profile, write

ESTIMATE = {"value": 0.3, "ci95": [0.0, 0.86], "share_zero": 0.2, "error": 0.31, "error_of_mean": 0.4}
PREDICTORS = {
    "sources": ["a", "b"],
    "predictors": [{"name": "none", "better_than_none": None}, {"name": "H", "better_than_none": False}],
    "verdict": "H does not predict the allocation: hand-made.",
}


def answer(tmp_path, flops=1e21, h=0.4, law=None, epsilon=None, **changes):
    path = write(tmp_path / "c.json", document(calibration(**changes)))
    return recommend(Request(flops=flops, compressibility=h, law=law, epsilon=epsilon, coefficients=path))


def messages(found):
    return {caution.code: caution.message for caution in found.cautions}


def test_the_cost_of_a_wrong_choice_is_what_the_losses_say(tmp_path):
    """1 - C_eq/C: the right law reaches with C_eq, at its own optimum, the loss of the other's allocation."""
    found = answer(tmp_path)
    assert found.reliance is not None
    path = tmp_path / "c.json"
    one = load_coefficients(path).calibration()
    assert one is not None
    anchored = law_at("anchored", one.dependence, chinchilla(), 0.4).law
    for followed, right, name in (
        (anchored, CHINCHILLA, "headline_if_chinchilla_is_right"),
        (CHINCHILLA, anchored, "chinchilla_if_headline_is_right"),
    ):
        best = followed.frontier(1e21)
        equivalent = right.for_loss(right.loss(best.n_params, best.n_tokens))
        assert 1 - equivalent.flops / 1e21 == pytest.approx(getattr(found.reliance.wrong, name), rel=1e-6)
        assert getattr(found.reliance.wrong, name) > 0.01
    beside = next(law for law in found.laws if law.law == "chinchilla")
    assert found.reliance.wrong is not None
    assert found.reliance.wrong.chinchilla_if_headline_is_right == pytest.approx(beside.wasted)


def test_a_factor_of_two_costs_what_is_known(tmp_path):
    """A law with twice Chinchilla's N* everywhere loses 15.6 % either way (the two share their exponents)."""
    twice = replace(CHINCHILLA, A=CHINCHILLA.A * 2 ** (CHINCHILLA.alpha + CHINCHILLA.beta))
    found = wrong_choice(twice, 1e21)
    assert found is not None
    assert found.headline_if_chinchilla_is_right == pytest.approx(0.157, abs=0.001)
    assert found.chinchilla_if_headline_is_right == pytest.approx(0.156, abs=0.001)


def test_a_law_that_counts_other_parameters_has_no_cost(tmp_path):
    found = answer(tmp_path, law="gzip")
    assert found.reliance is not None
    assert found.reliance.wrong is None
    assert found.reliance.epsilon is None
    assert found.reliance.in_words == "the calibration alone: it has no weight"
    assert wrong_choice(HOFFMANN, 1e21) is not None


def test_a_law_that_does_not_depend_on_the_corpus_rests_on_nothing(tmp_path):
    assert answer(tmp_path, law="chinchilla").reliance is None
    assert recommend(Request(flops=1e21)).reliance is None


@pytest.mark.parametrize(("flops", "decades"), [(1e21, 4.0), (1e17, 0.0), (1e15, 0.0), (1e10, -2.0)])
def test_decades_are_counted_from_the_calibrated_range(tmp_path, flops, decades):
    found = answer(tmp_path, flops=flops).reliance
    assert found is not None
    assert found.decades == pytest.approx(decades)


def test_the_caution_about_the_budget_says_how_many_decades(tmp_path):
    assert messages(answer(tmp_path))["budget_outside_range"] == (
        "1e21 FLOPs is 10,000 times above the largest run that anchored was fitted to (1e12 to 1e17): 4.0 powers of "
        "ten of extrapolation."
    )


@pytest.mark.parametrize(("h", "inside"), [(0.4, True), (0.65, False)])
def test_h_is_inside_the_calibrated_range_or_not(tmp_path, h, inside):
    found = answer(tmp_path, h=h).reliance
    assert found is not None
    assert found.h_inside is inside


def test_a_weight_is_said_with_its_interval_and_what_it_gains(tmp_path):
    found = answer(tmp_path, epsilon_estimate=ESTIMATE)
    assert found.reliance is not None
    assert found.reliance.in_words == (
        "epsilon = 0.3 (95 % 0 to 0.86): on held-out sources N* is missed by a factor of 1.36 with it, 1.49 by their "
        "mean"
    )
    assert math.exp(0.31) == pytest.approx(1.36, abs=0.005)
    assert "epsilon_zero" not in messages(found)


def test_a_weight_of_zero_is_said_in_words_and_anchored_is_chinchilla(tmp_path):
    path = write(
        tmp_path / "zero.json", document(calibration(epsilon=0.0, epsilon_estimate={**ESTIMATE, "value": 0.0}))
    )
    found = recommend(Request(flops=1e21, compressibility=0.4, coefficients=path))
    assert found.headline.law == "anchored"
    assert found.headline.n_params == pytest.approx(CHINCHILLA.frontier(1e21).n_params)
    assert found.reliance is not None
    assert found.reliance.in_words.startswith(
        "epsilon = 0 (95 % 0 to 0.86): gzip did not beat the mean on held-out sources, so anchored is Chinchilla;"
    )
    assert messages(found)["epsilon_zero"] == (
        "The calibration hand-made has no weight: gzip did not beat the mean on held-out sources, so anchored is "
        "Chinchilla for every corpus."
    )


def test_a_weight_that_was_given_is_said_to_be(tmp_path):
    found = answer(tmp_path, epsilon=0.5, epsilon_estimate=ESTIMATE)
    assert found.reliance is not None
    assert found.reliance.in_words == "epsilon = 0.5, as given"


def test_a_gzip_that_predicts_nothing_is_a_caution(tmp_path):
    found = answer(tmp_path, predictors=PREDICTORS)
    assert messages(found)["gzip_does_not_predict"] == (
        "By the calibration hand-made, H does not predict the allocation: hand-made."
    )


def test_a_calibration_without_a_law_at_this_h_leaves_the_headline_to_the_data_rule(tmp_path):
    """An explicit --law is still an error: tests/calibrations/test_laws_in_h.py."""
    found = answer(tmp_path, h=0.92)
    assert found.headline.law == "data"
    assert found.reliance is None
    refused = [caution.message for caution in found.cautions if caution.code == "law_refused"]
    assert [message.split(" of the")[0] for message in refused] == [f"The law {name}" for name in LAW_NAMES]
    assert refused[0] == (
        "The law anchored of the calibration hand-made has alpha = -0.01 at H = 0.92, where a law needs A, B, alpha "
        "and beta above 0 (it was calibrated on H from 0.2 to 0.6): use --law chinchilla."
    )


def test_the_interval_of_a_measured_h_widens_the_answer(tmp_path):
    """The profile's H has an interval, a compressibility that is given has none."""
    from advisor.compressibility.profile_file import read_profile

    path = write(tmp_path / "c.json", document())
    wide = profile(compressibility=profile()["compressibility"] | {"ci95": [0.3, 0.5]})
    spreads = []
    for corpus in (profile(), wide):
        one = read_profile(write(tmp_path / "p.json", {"schema_version": 1, "corpora": [corpus]}))
        low, high = recommend(Request(flops=1e21, coefficients=path), profile=one).headline.interval80.n_params
        spreads.append(math.log(high / low))
    low, high = recommend(Request(flops=1e21, compressibility=0.4, coefficients=path)).headline.interval80.n_params
    given = math.log(high / low)
    assert spreads[0] == pytest.approx(given, rel=0.1)
    assert spreads[1] > 1.2 * given


def test_the_screen_and_the_json_say_the_same(tmp_path):
    native = calibration()["protocol"] | {"tokenizer": None}
    made = calibration(protocol=native, epsilon_estimate=ESTIMATE, predictors=PREDICTORS, h_ref_source="by hand")
    path = str(write(tmp_path / "c.json", document(made)))
    options = ["recommend", "--flops", "1e21", "--compressibility", ".65", "--coefficients", path]
    text = CliRunner().invoke(group, [*options, "--full"], env={"COLUMNS": "120"}).stdout
    lines = {line[:11].strip(): line for line in text.splitlines()[2:14] if line[:1].strip()}
    assert lines["weight"].startswith("weight     epsilon = 0.3 (95 % 0 to 0.86): on held-out sources N* is missed by")
    assert lines["trained on"] == (
        "trained on hand-made; H 0.2 to 0.6 (this corpus is outside); 1e12 to 1e17 FLOPs (4.0 decades below this "
        "budget); sources"
    )
    found = json.loads(CliRunner().invoke(group, [*options, "--json"]).stdout)["reliance"]
    wrong = found.pop("wasted_fraction_if_wrong")
    assert lines["if wrong"] == (
        f"if wrong   anchored loses {100 * wrong['headline_if_chinchilla_is_right']:.1f} % of the FLOPs where "
        f"chinchilla is right, chinchilla {100 * wrong['chinchilla_if_headline_is_right']:.1f} % where anchored is"
    )
    assert found.pop("in_words").startswith("epsilon = 0.3")
    assert found == {
        "calibration": "hand-made",
        "law": "anchored",
        "epsilon": 0.3,
        "epsilon_ci95": [0.0, 0.86],
        "epsilon_share_zero": 0.2,
        "gzip_beats_no_predictor": False,
        "prediction_verdict": "H does not predict the allocation: hand-made.",
        "h_ref": 0.571,
        "h_ref_source": "by hand",
        "h_range": [0.2, 0.6],
        "h_inside": False,
        "flops_range": [1e12, 1e17],
        "decades": 4.0,
        "native_ids": True,
        "training_tokenizer": None,
        "base": "chinchilla",
    }


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        (
            {"epsilon_estimate": {**ESTIMATE, "ci95": [0.5, 0.2]}},
            "epsilon_estimate.ci95 must be two numbers, the lower",
        ),
        ({"epsilon_estimate": {**ESTIMATE, "share_zero": 2}}, "epsilon_estimate.share_zero must be in [0, 1], not 2"),
        ({"predictors": {"sources": [], "predictors": []}}, "predictors.verdict is missing"),
        (
            {"predictors": PREDICTORS | {"predictors": [{"name": "H", "better_than_none": "yes"}]}},
            "better_than_none must be true, false or null",
        ),
    ],
)
def test_a_damaged_quality_names_the_field(tmp_path, changes, complaint):
    from advisor.errors import CoefficientsError

    with pytest.raises(CoefficientsError) as caught:
        answer(tmp_path, **changes)
    assert complaint in str(caught.value)
