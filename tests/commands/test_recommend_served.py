"""Serving on the command line, asked of recommend: exact text, exit codes, JSON."""

import json

import pytest

pytestmark = pytest.mark.usefixtures("nothing_ships")


@pytest.fixture(autouse=True)
def columns(monkeypatch, advisor):
    monkeypatch.setenv("COLUMNS", "80")


SERVED = """\
With 2.00T tokens of inference: least FLOPs at a loss of 2.024
                   training alone  with inference
Parameters N                13.0B           7.12B
Training tokens D            617B           1.30T
Training FLOPs            4.82e22         5.53e22
Inference FLOPs            5.2e22         2.85e22
Total FLOPs                  1e23         8.38e22
Saved                                      16.3 %
2.10 times the data of the optimum for training alone; 4.30 times the tokens for
which 7.12B are compute-optimal. Serving is 2 N FLOPs for each token read or
written.

"""


PRICED = """\
With 2.00T tokens of inference: least cost at a loss of 2.102
                   training alone  with inference     80 % interval
Parameters N                13.0B           4.45B    4.19B to 4.78B
Training tokens D            259B           1.51T    1.27T to 1.80T
Training FLOPs            2.02e22         4.03e22
Inference FLOPs            5.2e22         1.78e22
Total FLOPs               7.22e22         5.82e22
Training cost              28,418          56,663
Inference cost            292,102         100,037
Total cost                320,520         156,700
Saved                                      51.1 %  46.1 % to 55.1 %
5.82 times the data of the optimum for training alone; 16.1 times the tokens for
which 4.45B are compute-optimal. Serving is 2 N FLOPs for each token read or
written.
Costs are of these FLOPs, 6 N D; the plan has those of the shape's exact FLOPs.
Served on H100 SXM at MFU 0.1 and 2 per GPU-hour.

"""


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ("--law hoffmann", SERVED),
        ("--gpu H100 --price-per-hour 2 --inference-mfu .1", PRICED),
    ],
)
def test_inference_in_a_recommendation(advisor, arguments, text):
    code, out, _ = advisor(*f"recommend --params 13B --inference-tokens 2T {arguments} --full".split())
    assert code == 0
    assert text in out


@pytest.mark.parametrize("columns", ["80", "120"])
@pytest.mark.parametrize(
    "arguments",
    [
        "recommend --flops 1e24 --inference-tokens 2T --gpu A100 --price-per-hour 2 --inference-mfu .1",
    ],
)
def test_lines_fit_the_terminal(advisor, monkeypatch, columns, arguments):
    monkeypatch.setenv("COLUMNS", columns)
    code, out, err = advisor(*arguments.split())
    assert code == 0
    assert 60 < max(map(len, (out + err).splitlines())) <= int(columns)


def test_the_json_of_inference(advisor):
    code, out, _ = advisor(*["recommend", "--params", "13B", "--inference-tokens", "2T", "--law", "hoffmann", "--json"])
    found = json.loads(out)["inference"]
    assert code == 0
    assert set(found) == {
        *("law", "minimised", "inference_tokens", "loss_nats_per_token", "n_params", "n_tokens", "tokens_per_param"),
        *("training_flops", "inference_flops", "total_flops", "training_cost", "inference_cost", "total_cost"),
        *("baseline", "saved_fraction", "flops_saved_fraction", "data_ratio", "overtraining_ratio", "inference_mfu"),
        *("inference_price_per_gpu_hour", "interval80"),
    }
    assert found["n_params"] == pytest.approx(7.12e9, rel=1e-3)
    assert found["data_ratio"] == pytest.approx(2.10, abs=5e-3)
    assert found["saved_fraction"] == pytest.approx(0.163, abs=1e-3)
    assert found["baseline"]["n_params"] == 13e9
    assert (found["minimised"], found["total_cost"]) == ("flops", None)


@pytest.mark.parametrize(
    "arguments",
    [
        "--flops 1e300 --inference-tokens 1",
        "--flops 1e9 --inference-tokens 1e290",
    ],
)
def test_extreme_questions_have_numbers(advisor, arguments):
    code, out, _ = advisor("recommend", *arguments.split(), "--json")
    found = json.loads(out)["inference"]
    assert code == 0
    assert found["n_params"] > 0
    assert found["loss_nats_per_token"] > 0


def cautions_of(advisor, arguments):
    found = json.loads(advisor("recommend", *arguments.split(), "--json").stdout)
    return found, {caution["code"]: caution["message"] for caution in found["cautions"]}


def test_a_model_that_serves_may_exceed_the_budget_and_says_so(advisor):
    arguments = "--gpu H100 --gpus 64 --hours 100 --inference-tokens 2T --price-per-hour 2"
    found, cautions = cautions_of(advisor, arguments)
    wall_hours = found["plan"]["cluster"]["wall_hours"]
    assert cautions["training_exceeds_budget"] == (
        "The model that serves takes 1.33e22 FLOPs to train, 1.46 times the budget of 9.11e21: it trains for "
        f"{wall_hours:.0f} hours of the 100 given; the budget only set the loss to be reached."
    )
    assert cautions["inference_not_priced"] == (
        "Serving is not priced, and FLOPs are minimised in place of cost: its price needs --inference-mfu."
    )
    inference = found["inference"]
    assert inference["training_cost"] == pytest.approx(inference["training_flops"] / (989e12 * 0.4 * 3600) * 2)
    assert (inference["inference_cost"], inference["total_cost"]) == (None, None)
    assert not {"training_exceeds_budget", "inference_not_priced"} & set(
        cautions_of(advisor, "--params 13B --inference-tokens 2T")[1]
    )


@pytest.mark.parametrize("option", ["--params 7B", "--tokens 300B"])
def test_a_choice_beside_a_budget_is_not_weighed_with_inference(advisor, option):
    result = advisor("recommend", "--flops", "1e22", "--inference-tokens", "2T", *option.split())
    assert (result.code, result.stdout, result.stderr) == (
        2,
        "",
        f"Error: {option.split()[0]} beside a budget is weighed against the optimum, and --inference-tokens asks for "
        "another model: ask one at a time.\n",
    )
