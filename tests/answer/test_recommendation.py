import math
from dataclasses import replace
from pathlib import Path

import pytest

from advisor.answer.recommendation import recommend
from advisor.answer.request import Request
from advisor.calibrations.coefficients import load_coefficients
from advisor.calibrations.laws_in_h import law_at
from advisor.compressibility.profile_file import ProfileRecord, read_profile
from advisor.compressibility.protocol import DEFAULT_PROTOCOL
from advisor.errors import CoefficientsError, CorpusError, LawError, ProtocolMismatchError, UsageError
from advisor.laws.law_file import write_law
from advisor.laws.published import CHINCHILLA, HOFFMANN, chinchilla
from advisor.plan.hardware import GPUS
from tests.calibrations.hand_made import calibration, document, profile, write
from tests.laws.intervals import interval as interval_of

pytestmark = pytest.mark.usefixtures("nothing_ships")

CORPUS = ProfileRecord(
    source="corpus.jsonl",
    protocol=DEFAULT_PROTOCOL,
    median=0.4,
    ci95=(0.39, 0.41),
    estimated_tokens=1e10,
    bytes_per_token=3.5,
)


@pytest.fixture
def coefficients(tmp_path: Path) -> Path:
    return write(tmp_path / "coefficients.json", document())


def codes(recommendation):
    return {caution.code for caution in recommendation.cautions}


def message(recommendation, code):
    return next(caution.message for caution in recommendation.cautions if caution.code == code)


# --- what may be asked ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        (
            {},
            "No budget is given: give --flops, or --gpu with --gpus and --hours, or ask for one with --params, "
            "--tokens or --target-loss.",
        ),
        (
            {"flops": 1e21, "gpu": "A100", "gpus": 8, "hours": 10},
            "Two budgets are given: give --flops, or --gpu with --gpus and --hours, not both.",
        ),
        (
            {"flops": 1e21, "gpu": "A100", "hours": 10},
            "Two budgets are given: give --flops, or --gpu with --gpus and --hours, not both.",
        ),
        ({"flops": 1e21, "gpus": 8}, "--gpus needs --gpu, the accelerator that it is about."),
        ({"flops": 1e21, "gpu_memory": 80}, "--gpu-memory needs --gpu, the accelerator that it is about."),
        (
            {"flops": 1e21, "gpu": "A100", "gpu_memory": math.nan},
            "--gpu-memory must be from 1 to 10000 GB, such as 80, not nan.",
        ),
        ({"flops": 1e21, "vocab_size": 1}, "--vocab-size must be between 2 and 10000000, not 1."),
        ({"flops": 1e21, "context": 0}, "--context must be between 2 and 100000000, not 0."),
        (
            {"gpu": "A100", "gpus": 8},
            "A budget in GPU time needs --gpu, --gpus and --hours; missing: --hours.",
        ),
        ({"hours": 8}, "A budget in GPU time needs --gpu, --gpus and --hours; missing: --gpu, --gpus."),
        ({"gpu": "A100", "gpus": 0, "hours": 1}, "--gpus must be at least 1, not 0."),
        ({"n_params": 7e9, "n_tokens": 1e12}, "--params and --tokens cannot be combined: ask one at a time."),
        (
            {"flops": 1e21, "n_params": 7e9, "n_tokens": 1e12},
            "--params and --tokens cannot be combined: ask one at a time.",
        ),
        ({"n_params": 7e9, "target_loss": 2}, "--params and --target-loss cannot be combined: ask one at a time."),
        (
            {"flops": 1e21, "target_loss": 2.1},
            "--target-loss asks for the budget, so it cannot be combined with one.",
        ),
        ({"flops": 1e21, "mfu": 0.4}, "--mfu needs --gpu, the accelerator that it is about."),
        ({"flops": 1e21, "price_per_hour": 2}, "--price-per-hour needs --gpu, the accelerator that it is about."),
        ({"flops": -1.0}, "--flops must be a finite number above 0, not -1."),
        ({"flops": math.inf}, "--flops must be a finite number above 0, not inf."),
        ({"n_params": math.nan}, "--params must be a finite number above 0, not nan."),
        ({"target_loss": 0.0}, "--target-loss must be a finite number above 0, not 0."),
        (
            {"gpu": "A100", "gpus": 10**9, "hours": 1e300},
            "The budget in FLOPs must be a finite number above 0, not inf.",
        ),
        (
            {"flops": 1e21, "compressibility": 1.0},
            "--compressibility must be above 0 and below 1, such as 0.45, not 1.",
        ),
        ({"flops": 1e21, "epsilon": 1.5}, "--epsilon must be from 0 to 1, not 1.5."),
        (
            {"flops": 1e21, "epsilon": 0.5, "law": "gzip"},
            "--epsilon weighs the laws blend and anchored; --law gzip has none.",
        ),
    ],
)
def test_requests_that_contradict_themselves(asked, complaint):
    with pytest.raises(UsageError) as caught:
        Request(**asked)
    assert str(caught.value) == complaint


def test_an_unknown_gpu_is_refused_even_beside_flops():
    with pytest.raises(UsageError, match="--gpu 'Z80' is not known"):
        Request(flops=1e21, gpu="Z80")


# --- the answers ------------------------------------------------------------------------------------------------------


def test_a_budget_in_flops():
    found = recommend(Request(flops=1e21))
    best = CHINCHILLA.frontier(1e21)
    assert (found.headline.law, found.headline.count, found.headline.flops) == ("chinchilla", "total", 1e21)
    assert (found.headline.n_params, found.headline.n_tokens) == (best.n_params, best.n_tokens)
    assert found.headline.loss == CHINCHILLA.loss(best.n_params, best.n_tokens)
    assert (found.headline.gpu_hours, found.headline.cost, found.headline.epochs) == (None, None, None)
    assert found.sensitivity is None
    assert found.choice is None


def test_every_published_law_answers_for_the_same_budget():
    found = recommend(Request(flops=1e21))
    assert [answer.law for answer in found.laws] == [
        *("chinchilla", "hoffmann", "hoffmann-table3", "muennighoff", "code", "deepseek", "kaplan")
    ]
    assert {answer.flops for answer in found.laws} == {1e21}
    for answer in found.laws:
        assert 6 * answer.n_params * answer.n_tokens == pytest.approx(1e21)
    by_name = {answer.law: answer for answer in found.laws}
    assert by_name["hoffmann"].n_params == HOFFMANN.frontier(1e21).n_params
    assert by_name["kaplan"].loss is None
    assert by_name["hoffmann"].interval80 is None


def test_a_budget_in_gpu_time_with_its_cost():
    found = recommend(Request(gpu="H100", gpus=64, hours=100, price_per_hour=2.5))
    assert found.headline.flops == pytest.approx(989e12 * 0.4 * 64 * 100 * 3600)
    assert found.headline.gpu_hours == pytest.approx(6400)
    assert found.headline.cost == pytest.approx(16000)


def test_a_gpu_beside_flops_gives_gpu_hours():
    found = recommend(Request(flops=1e21, gpu="A100", mfu=0.5))
    assert found.headline.gpu_hours == pytest.approx(1e21 / (312e12 * 0.5 * 3600))


def test_the_inverse_questions_meet_the_frontier():
    forward = recommend(Request(flops=1e21)).headline
    for question in (
        Request(n_params=forward.n_params),
        Request(n_tokens=forward.n_tokens),
        Request(target_loss=forward.loss),
    ):
        found = recommend(question).headline
        assert found.flops == pytest.approx(1e21, rel=1e-6)
        assert found.n_params == pytest.approx(forward.n_params, rel=1e-6)
        assert found.n_tokens == pytest.approx(forward.n_tokens, rel=1e-6)


def test_the_interval_is_over_joint_draws():
    interval = recommend(Request(flops=1e21)).headline.interval80
    assert interval is not None
    assert interval.flops == (1e21, 1e21)
    assert interval.n_params == interval_of(chinchilla(), lambda law: law.frontier(1e21).n_params, 0.8)
    ratio = interval_of(chinchilla(), lambda law: law.frontier(1e21).tokens_per_param, 0.8)
    assert interval.tokens_per_param == ratio
    assert interval.loss[0] < recommend(Request(flops=1e21)).headline.loss < interval.loss[1]


def test_the_interval_of_an_inverse_question_is_of_that_question():
    interval = recommend(Request(n_params=7e9)).headline.interval80
    assert interval is not None
    assert interval.n_params == (7e9, 7e9)
    assert interval.flops == interval_of(chinchilla(), lambda law: law.for_params(7e9).flops, 0.8)
    assert interval.flops[0] < recommend(Request(n_params=7e9)).headline.flops < interval.flops[1]


def test_a_loss_that_draws_cannot_reach_has_no_upper_end():
    # E is 1.817; a tenth of the draws and more have E above 1.83.
    interval = recommend(Request(target_loss=1.83)).headline.interval80
    assert interval is not None
    assert interval.flops[0] > 1e24
    assert interval.flops[1] == interval.n_params[1] == interval.n_tokens[1] == math.inf


def test_a_loss_below_the_floor_and_a_law_without_loss():
    with pytest.raises(LawError, match=r"No budget reaches a loss of 1.8 nats/token"):
        recommend(Request(target_loss=1.8))
    with pytest.raises(LawError) as caught:
        recommend(Request(target_loss=2.1, law="kaplan"))
    assert str(caught.value) == (
        "The law kaplan predicts no loss, so it cannot answer --target-loss: choose another --law."
    )


@pytest.mark.parametrize("asked", [{"n_params": 7e9}, {"n_tokens": 1e21 / (6 * 7e9)}])
def test_a_choice_is_weighed_against_the_optimum(asked):
    found = recommend(Request(flops=1e21, **asked))
    assert found.choice is not None
    assert found.headline.n_params == CHINCHILLA.frontier(1e21).n_params
    assert found.choice.n_params == pytest.approx(7e9)
    assert found.choice.loss == pytest.approx(CHINCHILLA.loss(7e9, 1e21 / (6 * 7e9)))
    # The same loss at its optimum costs C_eq, and 1 - C_eq/C is wasted.
    again = CHINCHILLA.frontier(found.choice.equivalent_flops)
    assert CHINCHILLA.loss(again.n_params, again.n_tokens) == pytest.approx(found.choice.loss)
    assert found.choice.wasted == pytest.approx(1 - found.choice.equivalent_flops / 1e21)


def test_neighbours_cost_what_a_wrong_n_costs():
    # x2 or /2 15.6 %, x3 34 % of the FLOPs, at any budget (the corrected law).
    found = recommend(Request(flops=1e23))
    assert [neighbour.wasted for neighbour in found.neighbours] == pytest.approx(
        [0.34, 0.156, 0, 0.156, 0.345], abs=6e-3
    )
    assert min(found.neighbours, key=lambda neighbour: neighbour.loss).n_params == found.headline.n_params


def test_following_another_law_wastes_what_its_n_wastes():
    found = recommend(Request(flops=1e21))
    by_name = {answer.law: answer for answer in found.laws}
    hoffmann = HOFFMANN.frontier(1e21)
    same_loss = CHINCHILLA.for_loss(CHINCHILLA.loss(hoffmann.n_params, hoffmann.n_tokens))
    assert by_name["hoffmann"].wasted == pytest.approx(1 - same_loss.flops / 1e21)
    # Not for the headline itself, nor where N counts other parameters.
    assert by_name["chinchilla"].wasted is None
    assert by_name["kaplan"].wasted is None
    assert by_name["code"].wasted is None


@pytest.mark.parametrize("loss", [1e100, 1e300])
def test_an_answer_that_rounds_to_nothing_is_an_error(loss: float) -> None:
    with pytest.raises(LawError) as caught:
        recommend(Request(target_loss=loss))
    assert str(caught.value) == ("The answer is below 1e-308 FLOPs, parameters or tokens: ask a larger question.")


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"n_params": 1e-200}, "--params must be at least 1, not 1e-200."),
        (
            {"n_params": 1e30},
            "--params 1e+30 leaves less than one token of 1e+20 FLOPs: ask for fewer, or give a larger budget.",
        ),
        (
            {"n_tokens": 1e300},
            "--tokens 1e+300 leaves less than one parameter of 1e+20 FLOPs: ask for fewer, or give a larger budget.",
        ),
    ],
)
def test_a_choice_that_no_budget_trains_is_refused(given: dict[str, float], complaint: str) -> None:
    with pytest.raises(UsageError) as caught:
        Request(flops=1e20, **given)
    assert str(caught.value) == complaint


@pytest.mark.parametrize(
    ("request_", "of", "n_params"),
    [
        (Request(flops=1e21), "headline", 2.782e9),
        (Request(flops=1e21, n_params=7e9), "choice", 7e9),
        (Request(flops=1e21, n_tokens=1e11, law="kaplan"), "choice", 1e21 / 6e11),
        (Request(n_params=13e9, inference_tokens=2e12, law="hoffmann"), "inference", 7.12e9),
        (Request(flops=1e22, unique_tokens=25e9), "limited_data", 7.0262e9),
        (Request(flops=1e22, unique_tokens=25e9, n_params=3e9), "choice", 3e9),
    ],
)
def test_the_plan_is_of_what_is_to_be_trained(request_: Request, of: str, n_params: float) -> None:
    plan = recommend(request_).plan
    assert (plan.of, plan.n_params) == (of, pytest.approx(n_params, rel=1e-3))
    assert plan.shape is not None
    assert plan.shape.n_params == pytest.approx(n_params, rel=0.021) or plan.count == "non-embedding"


@pytest.mark.parametrize("law", ["kaplan", "hoffmann-table3"])
def test_a_headline_without_loss_has_no_neighbours(law):
    found = recommend(Request(flops=1e21, law=law, n_params=7e9))
    assert (found.headline.law, found.headline.loss, found.choice, found.neighbours) == (law, None, None, ())
    assert [answer.law for answer in found.laws].count(law) == 1


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (Request(flops=5), "The answer has 0.109 of a parameter, less than one: ask a larger question."),
        (Request(flops=100), "The answer has 0.506 of a parameter, less than one: ask a larger question."),
        (Request(n_params=0.5), "The answer has 0.5 of a parameter, less than one: ask a larger question."),
        (Request(flops=100, law="hoffmann"), ""),
    ],
)  # fmt: skip
def test_answers_below_one_are_refused(request_, message):
    if not message:
        assert recommend(request_).headline.n_params > 1
        return
    with pytest.raises(LawError) as caught:
        recommend(request_)
    assert str(caught.value) == message


@pytest.mark.parametrize("flops", [1e9, 1e300])
def test_extreme_budgets_are_answered(flops):
    found = recommend(Request(flops=flops))
    assert found.headline.n_params * found.headline.n_tokens == pytest.approx(flops / 6)
    assert found.neighbours[1].wasted == pytest.approx(0.156, abs=6e-3)
    assert "budget_outside_range" in codes(found)


def test_a_law_file_as_headline(tmp_path):
    write_law(replace(HOFFMANN, name="mine", source="my runs", verdict="caution"), tmp_path / "law.json")
    found = recommend(Request(flops=1e21, law=str(tmp_path / "law.json")))
    assert (found.headline.law, found.headline.n_params) == ("law.json", HOFFMANN.frontier(1e21).n_params)
    assert "chinchilla" in [answer.law for answer in found.laws[1:]]
    assert message(found, "law_verdict") == "The fit that gave law.json itself says: with caution."


def test_an_unknown_law_is_refused_with_the_known_ones():
    with pytest.raises(UsageError) as caught:
        recommend(Request(flops=1e21, law="nobody"))
    assert str(caught.value) == (
        "--law 'nobody' is neither a law nor a law file that exists: the laws are anchored, blend, gzip, chinchilla, "
        "hoffmann, hoffmann-table3, muennighoff, code, deepseek, kaplan."
    )


# --- data-dependent laws ----------------------------------------------------------------------------------------------


def test_without_coefficients_a_data_dependent_law_cannot_answer():
    with pytest.raises(CoefficientsError) as caught:
        recommend(Request(flops=1e21, law="gzip", compressibility=0.4))
    assert str(caught.value) == (
        "The law gzip needs data-dependent coefficients and none are installed: give a file of them with "
        "--coefficients, or use --law chinchilla."
    )
    with pytest.raises(UsageError) as usage:
        recommend(Request(flops=1e21, epsilon=0.5, compressibility=0.4))
    assert str(usage.value) == "--epsilon weighs a calibration against Chinchilla, and no calibration applies here."


def test_with_coefficients_anchored_is_the_headline(coefficients):
    found = recommend(Request(flops=1e21, coefficients=coefficients), profile=CORPUS)
    dependence = load_coefficients(coefficients).calibration().dependence
    at_h = law_at("anchored", dependence, chinchilla(), 0.4)
    assert (found.headline.law, found.calibration) == ("anchored", "hand-made")
    assert found.headline.n_params == at_h.law.frontier(1e21).n_params
    assert found.sensitivity == at_h.sensitivity(1e21)
    assert found.headline.interval80 is not None
    assert [answer.law for answer in found.laws][:4] == ["anchored", "blend", "gzip", "chinchilla"]
    assert found.headline.epochs == pytest.approx(found.headline.n_tokens / 1e10)
    assert not {"no_coefficients", "assumed_protocol"} & codes(found)
    assert message(found, "evidence_disagrees") == (
        "Published work on code (arXiv:2510.08702) finds it more data-hungry than text, against the rule of thumb that "
        "more compressible data prefers parameters."
    )


def test_following_plain_chinchilla_is_priced(coefficients):
    found = recommend(Request(flops=1e21, coefficients=coefficients), profile=CORPUS)
    plain = next(answer for answer in found.laws if answer.law == "chinchilla")
    assert plain.wasted is not None
    assert 0 < plain.wasted < 1


def test_epsilon_replaces_the_calibrations_own(coefficients):
    asked = Request(flops=1e21, coefficients=coefficients, compressibility=0.4, law="blend", epsilon=0)
    assert recommend(asked).headline.n_params == pytest.approx(CHINCHILLA.frontier(1e21).n_params)
    moved = recommend(replace(asked, epsilon=0.5)).headline.n_params
    assert moved != pytest.approx(CHINCHILLA.frontier(1e21).n_params, rel=1e-3)


def test_a_law_that_cannot_answer_at_this_h_is_left_out_and_said(coefficients):
    found = recommend(Request(flops=1e21, coefficients=coefficients, compressibility=0.85))
    assert "blend" not in [answer.law for answer in found.laws]
    assert message(found, "law_refused").startswith(
        "The law blend of the calibration hand-made has A = -50 at H = 0.85"
    )
    assert message(found, "compressibility_outside_range") == "H = 0.85 is outside the calibrated range, 0.2 to 0.6."
    with pytest.raises(CoefficientsError, match=r"has A = -50 at H = 0.85"):
        recommend(Request(flops=1e21, coefficients=coefficients, compressibility=0.85, law="blend"))


def test_without_a_compressibility_the_answer_is_chinchillas(coefficients):
    found = recommend(Request(flops=1e21, coefficients=coefficients))
    assert found.headline.law == "chinchilla"
    assert message(found, "no_compressibility") == (
        "Without a SOURCE, --profile or --compressibility the answer is the same for every corpus."
    )
    with pytest.raises(UsageError) as caught:
        recommend(Request(flops=1e21, coefficients=coefficients, law="anchored"))
    assert str(caught.value) == (
        "The law anchored depends on the corpus: give a SOURCE, a --profile or a --compressibility."
    )


def test_no_default_calibration(tmp_path):
    path = write(tmp_path / "c.json", document(default=None))
    found = recommend(Request(flops=1e21, coefficients=path, compressibility=0.4))
    assert found.headline.law == "chinchilla"
    assert message(found, "no_default_calibration") == (
        f"{path} names no default calibration: choose one with --calibration (hand-made)."
    )
    chosen = recommend(Request(flops=1e21, coefficients=path, compressibility=0.4, calibration="hand-made"))
    assert chosen.headline.law == "anchored"


def test_a_protocol_mismatch_is_an_error_where_the_answer_depends_on_it(coefficients):
    other = replace(CORPUS, protocol=replace(DEFAULT_PROTOCOL, seq_len=1000))
    for law in (None, "gzip"):
        with pytest.raises(ProtocolMismatchError, match="seq_len is 1000 where the coefficients have 256"):
            recommend(Request(flops=1e21, coefficients=coefficients, law=law), profile=other)
    found = recommend(Request(flops=1e21, coefficients=coefficients, law="chinchilla"), profile=other)
    assert "gzip" not in [answer.law for answer in found.laws]
    assert message(found, "protocol_mismatch") == (
        "The laws of the calibration hand-made are left out: seq_len is 1000 where the coefficients have 256."
    )
    # Without a calibration there is nothing to mismatch.
    assert recommend(Request(flops=1e21), profile=other).headline.law == "chinchilla"


def test_coefficients_of_native_ids_are_allowed_with_a_caution(tmp_path):
    native = calibration(protocol={**calibration()["protocol"], "tokenizer": None})
    path = write(tmp_path / "c.json", document(native))
    found = recommend(Request(flops=1e21, coefficients=path), profile=CORPUS)
    assert found.headline.law == "anchored"
    assert message(found, "native_ids") == (
        "The calibration hand-made was made on sources with token ids of their own, and the corpus was tokenized with "
        "mistral-v1."
    )


def test_a_calibration_of_other_tokens_answers_by_anchored_alone(tmp_path):
    path = write(tmp_path / "c.json", document(calibration(training_tokenizer="bytes")))
    found = recommend(Request(flops=1e21, coefficients=path, compressibility=0.4))
    same = write(tmp_path / "same.json", document(calibration()))
    assert found.headline == recommend(Request(flops=1e21, coefficients=same, compressibility=0.4)).headline
    assert not {"gzip", "blend"} & {answer.law for answer in found.laws}
    for law in ("gzip", "blend"):
        with pytest.raises(CoefficientsError) as caught:
            recommend(Request(flops=1e21, coefficients=path, compressibility=0.4, law=law))
        assert str(caught.value) == (
            f"The law {law} of the calibration hand-made counts bytes, as its models were trained on, and not tokens "
            "of mistral-v1: use --law anchored, which takes from it only how sources differ."
        )


def test_dropped_draws_are_said(tmp_path):
    made = calibration()
    made["regression"]["draws"][3][3] = -5.0
    path = write(tmp_path / "c.json", document(made))
    found = recommend(Request(flops=1e21, coefficients=path, compressibility=0.4, law="gzip"))
    assert message(found, "draws_dropped") == (
        "1 of 40 draws of the calibration give no law at H = 0.4; the interval is over the others, so it is too narrow."
    )
    for row in made["regression"]["draws"][:11]:
        row[3] = -5.0
    path = write(tmp_path / "c.json", document(made))
    found = recommend(Request(flops=1e21, coefficients=path, compressibility=0.4, law="gzip"))
    assert message(found, "draws_dropped") == (
        "11 of 40 draws of the calibration give no law at H = 0.4; so there is no interval."
    )
    assert found.headline.interval80 is None


# --- cautions ---------------------------------------------------------------------------------------------------------


def test_a_plain_request_has_the_cautions_that_always_hold():
    found = recommend(Request(flops=1e21, compressibility=0.45))
    assert codes(found) == {"no_coefficients", "assumed_protocol", "counts_differ"}
    assert message(found, "no_coefficients") == (
        "No data-dependent coefficients are installed: the answer does not depend on the corpus's compressibility."
    )
    assert message(found, "assumed_protocol") == (
        "The compressibility given is taken to be measured under the default protocol: mistral-v1 tokens, 256 a "
        "sequence, gzip level 9, the median."
    )
    assert message(found, "counts_differ") == (
        "N counts total parameters under chinchilla, and other parameters under others "
        "(muennighoff, code: an unknown kind of; "
        "deepseek, kaplan: non-embedding)."
    )


@pytest.mark.parametrize(
    ("flops", "text"),
    [
        (1.3e25, "1.3e25 FLOPs is 1,000 times above the largest run that chinchilla was fitted to (1.4e18 to 1.3e22)."),
        (1.4e16, "1.4e16 FLOPs is 100 times below the smallest run that chinchilla was fitted to (1.4e18 to 1.3e22)."),
    ],
)
def test_extrapolation_is_said_with_its_factor(flops, text):
    assert message(recommend(Request(flops=flops)), "budget_outside_range") == text
    assert "budget_outside_range" not in codes(recommend(Request(flops=1e22)))


def test_a_corpus_smaller_than_the_tokens_asked_for():
    found = recommend(Request(flops=1e21), profile=CORPUS)
    assert message(found, "corpus_too_small") == (
        "The corpus holds about 10.0B tokens, less than the 59.9B asked for: that would be 5.99 epochs."
    )
    assert found.headline.epochs == pytest.approx(5.99, abs=0.005)
    large = recommend(Request(flops=1e21), profile=replace(CORPUS, estimated_tokens=1e12))
    assert "corpus_too_small" not in codes(large)
    assert large.headline.epochs == pytest.approx(0.0599, abs=1e-4)


def test_a_corpus_of_unknown_size_has_no_epochs():
    found = recommend(Request(flops=1e21), profile=replace(CORPUS, estimated_tokens=None))
    assert found.headline.epochs is None
    assert "corpus_too_small" not in codes(found)


def test_laws_that_disagree_are_named():
    found = recommend(Request(flops=1e27))
    assert message(found, "laws_disagree") == (
        "The laws disagree by 3.37 times at this budget: 1.22T parameters by hoffmann, 4.09T by deepseek."
    )
    # Kaplan (2.8 times) and the code law (2.5 times) are apart by design.
    assert "laws_disagree" not in codes(recommend(Request(flops=1e21)))


@pytest.mark.parametrize(("name", "assumed"), [("H100", "H100 SXM"), ("h200", "H200 SXM"), ("H100 PCIe", None)])
def test_an_assumed_gpu_variant_is_said(name, assumed):
    found = recommend(Request(flops=1e21, gpu=name))
    if assumed is None:
        assert "gpu_variant_assumed" not in codes(found)
    else:
        assert message(found, "gpu_variant_assumed") == f"{name} is taken to mean {assumed}, 989 TFLOP/s."


def test_every_gpu_answers():
    assert all(recommend(Request(flops=1e21, gpu=gpu.name)).headline.gpu_hours > 0 for gpu in GPUS)


# --- profiles ---------------------------------------------------------------------------------------------------------


def test_a_profile_file_is_read_back(tmp_path):
    path = write(tmp_path / "p.json", {"schema_version": 1, "corpora": [profile()]})
    assert read_profile(path) == replace(CORPUS, estimated_tokens=1e9)
    nulls = {**profile(bytes_per_token=None), "compressibility": {**profile()["compressibility"], "ci95": None}}
    found = read_profile(write(tmp_path / "q.json", {"schema_version": 1, "corpora": [nulls]}))
    assert (found.bytes_per_token, found.ci95) == (None, None)


def test_a_profile_of_several_corpora_needs_a_name(tmp_path):
    path = write(tmp_path / "p.json", {"schema_version": 1, "corpora": [profile(), profile(source="other")]})
    assert read_profile(path, "other").source == "other"
    with pytest.raises(UsageError) as caught:
        read_profile(path)
    assert str(caught.value) == f"{path} holds 2 corpora: name one with --corpus (corpus.jsonl, other)."
    with pytest.raises(UsageError) as caught:
        read_profile(path, "third")
    assert str(caught.value) == f"{path} has 0 corpora called 'third': it holds corpus.jsonl, other."


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ({"schema_version": 1}, "corpora is missing."),
        ({"schema_version": 9, "corpora": []}, " has schema_version 9 and this advisor understands 1: upgrade"),
        (
            {"schema_version": 1, "corpora": [profile(estimated_tokens=0)]},
            "corpora[0].estimated_tokens must be above 0",
        ),
        (
            {"schema_version": 1, "corpora": [profile(compressibility={"median": 1.2})]},
            "corpora[0].compressibility.median must be inside (0, 1), not 1.2.",
        ),
    ],
)
def test_a_file_that_is_no_profile(tmp_path, content, complaint):
    with pytest.raises(CorpusError) as caught:
        read_profile(write(tmp_path / "p.json", content))
    assert complaint in str(caught.value)
    assert str(tmp_path / "p.json") in str(caught.value)


def test_compressibility_twice_is_refused():
    with pytest.raises(UsageError) as caught:
        recommend(Request(flops=1e21, compressibility=0.4), profile=CORPUS)
    assert str(caught.value) == "The compressibility is given twice: by --compressibility and by the corpus's profile."
