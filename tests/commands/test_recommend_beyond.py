"""Repeated data, inference and advice on the command line: exact text, exit codes, JSON."""

import json
import re

import pytest

from advisor.answer.repetition.advice import ADVICE
from advisor.laws.published import MUENNIGHOFF
from advisor.laws.repetition import RepeatedLaw
from tests.calibrations.hand_made import profile, write

pytestmark = pytest.mark.usefixtures("nothing_ships")


@pytest.fixture(autouse=True)
def columns(monkeypatch, advisor):
    monkeypatch.setenv("COLUMNS", "80")


LIMITED = """\
With 25.0B unique tokens, 1e22 FLOPs
                               muennighoff      chinchilla            80 %
Parameters N                         7.03B           6.63B  5.89B to 7.47B
Training tokens D                     237B            251B    223B to 283B
Epochs                                9.49            10.0    8.92 to 11.3
Worth in unique tokens, D'            188B            196B
Worth of a token, average           79.3 %          78.0 %
... at the end                      57.6 %          55.5 %
Loss, nats/token                     2.222           2.180  2.175 to 2.190
... with unlimited data              2.188           2.141
... with unlimited compute           2.159           2.119
FLOPs lost to the limit             43.8 %          47.2 %
FLOPs for 1 % more loss            6.03e21         6.08e21
N for at most 1 % more      2.94B to 17.0B  2.85B to 15.6B
N counts                         not known           total
muennighoff was fitted to repeated data; chinchilla takes over how their value
decays.
The 80 % interval knows nothing of how certain that decay is.
Your choice by muennighoff: 2.00B parameters on 833B tokens, 33.3 epochs, loss
2.269, 62.8 % of the FLOPs wasted.

More unique data, by muennighoff
unique         N     D  epochs   loss  FLOPs saved  FLOPs to match
25.0B      7.03B  237B    9.49  2.222                         1e22
50.0B      7.81B  213B    4.27  2.200       35.2 %         1.83e22
100B       8.56B  195B    1.95  2.190       43.2 %         2.56e22
unlimited  9.22B  181B          2.188       43.8 %         2.79e22
Saved: what the loss of now, 2.222, would not need. To match: the budget that
reaches the row's loss with 25.0B unique tokens.

"""


FIRST_ADVICE = """\
Training on repeated data
- Dropout of 0.2 to 0.3 is the best lever against the damage of repeated data;
  droppath and other regularisers do less. [Xue et al. 2023, arXiv:2305.13230]
- On weight decay the literature is divided: it did not help in
  arXiv:2305.13230, while arXiv:2509.14786 (about 30 times the usual decay) and
  arXiv:2605.01640 (decay 1.0 cuts the overfitting term by about 70 %) find it
  the main lever. Try both. [Xue et al. 2023, arXiv:2305.13230;
  arXiv:2509.14786; arXiv:2605.01640; seen on masked objectives in the first,
  decoders in the other two]
- Larger models overfit repeated data sooner; more unique data eases it: 2^29
  tokens repeated 2^8 times do less harm than 2^27. [Xue et al. 2023,
  arXiv:2305.13230]
- Better data do not cure it: repeated Wikipedia degrades as repeated C4 does.
  [Xue et al. 2023, arXiv:2305.13230]
10 more lines: --advice.
"""


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


def test_limited_data_in_a_recommendation(advisor):
    code, out, _ = advisor(*["recommend", "--flops", "1e22", "--unique-tokens", "25B", "--params", "2B", "--full"])
    assert code == 0
    assert "\n\n" + LIMITED in out
    assert "\n\n" + FIRST_ADVICE + "\n" in out
    assert "\nCompute-optimal for 1e22 FLOPs, were unique data unlimited\n" in out
    assert "The same budget on other sizes, were unique data unlimited\n" in out
    assert "The same budget by every law, were unique data unlimited\n" in out
    assert "Epochs of the corpus" not in out
    assert "33.3 epochs of the 25.0B unique tokens: above 16" in " ".join(out.split())


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
        "repeat --unique-tokens 25B --law chinchilla --advice",
        "recommend --flops 1e22 --unique-tokens 25B --advice --params 7B",
        "recommend --flops 1e21 --unique-tokens 1M",
        "recommend --flops 1e21 --unique-tokens 1M --full",
        "repeat --unique-tokens 25B --law chinchilla --flops 1e22 --epochs 1,100",
        "recommend --flops 1e24 --inference-tokens 2T --gpu A100 --price-per-hour 2 --inference-mfu .1",
    ],
)
def test_lines_fit_the_terminal(advisor, monkeypatch, columns, arguments):
    monkeypatch.setenv("COLUMNS", columns)
    code, out, err = advisor(*arguments.split())
    assert code == 0
    assert 60 < max(map(len, (out + err).splitlines())) <= int(columns)


def test_all_advice_is_printed_where_it_is_asked_for(advisor):
    for arguments in ("repeat --unique-tokens 25B", "recommend --flops 1e22", "recommend --params 7B"):
        code, out, _ = advisor(*arguments.split(), "--advice")
        text = " ".join(out.split())
        assert code == 0
        assert all(f"- {line.text} [{line.source}" in text for line in ADVICE)
        assert "more lines: --advice" not in text


def test_the_json_of_limited_data(advisor):
    code, out, err = advisor(*["recommend", "--flops", "1e22", "--unique-tokens", "25B", "--params", "2B", "--json"])
    found = json.loads(out)
    limited = found["limited_data"]
    best = RepeatedLaw(base=MUENNIGHOFF, unique_tokens=25e9).optimum(1e22)
    assert code == 0
    assert (found["request"]["unique_tokens"], found["request"]["use_corpus_size"]) == (25e9, False)
    assert limited["unique_tokens"] == 25e9
    first, second = limited["answers"]
    assert set(first) == {
        *("law", "count", "source", "transplanted", "unique_tokens", "flops", "n_params", "n_tokens", "epochs"),
        *("flops_used", "most_epochs", "epochs_by_the_law_alone", "larger_model"),
        *("unique_tokens_for_40_epochs", "unique_tokens_for_4_epochs"),
        *("effective_tokens", "usable_params", "effective_params", "loss_nats_per_token", "tokens_per_param"),
        *("loss_limit_nats_per_token", "average_value_fraction", "last_value_fraction", "unlimited_n_params"),
        *("unlimited_n_tokens", "unlimited_loss_nats_per_token", "wasted_fraction", "more_data", "choice"),
        *("flops_within_1_percent_of_loss", "n_params_within_1_percent_of_loss", "interval80"),
    }
    assert (first["law"], first["n_params"], first["interval80"]) == ("muennighoff", best.n_params, None)
    assert first["epochs"] == pytest.approx(9.488, abs=5e-4)
    assert (second["law"], second["transplanted"]) == ("chinchilla", True)
    low, high = second["interval80"]["loss_nats_per_token"]
    assert low < second["loss_nats_per_token"] < high
    assert [more["factor"] for more in first["more_data"]] == [2, 4, None]
    assert first["more_data"][2]["unique_tokens"] is None
    assert first["choice"]["epochs"] == pytest.approx(100 / 3)
    assert found["headline"]["epochs"] == pytest.approx(found["headline"]["n_tokens"] / 25e9)
    assert [line["code"] for line in found["advice"]] == [line.code for line in ADVICE]
    assert set(found["advice"][0]) == {"code", "text", "source", "scope"}
    assert [c["code"] for c in found["cautions"]][-3:] == [
        "epochs_above_16",
        "epochs_above_4",
        "repetition_transplanted",
    ]
    assert err.count("Caution:") == len(found["cautions"])


USED_UP = """\
40 epochs are the most that are answered; muennighoff alone would go on to 305
and knows no overfitting. The data afford this model, for 2e20 FLOPs: 2.0 % of
the budget. All of it, on 41.7B parameters and as many tokens, would lower the
loss by 0.3 %, if the law holds so far out. For 40 epochs the budget needs 7.07B
unique tokens, for 4 52.9B.
"""


def test_data_that_are_used_up_are_said_to_be(advisor):
    code, out, _ = advisor(*["recommend", "--flops", "1e22", "--unique-tokens", "1B", "--params", "400M", "--full"])
    assert code == 0
    assert USED_UP in out
    assert (
        "Your choice by muennighoff: 400M parameters on 40.0B tokens, 40 epochs, loss\n"
        "2.822, for 1.0 % of the budget, 19.9 % of that wasted.\n"
    ) in out
    assert "The answer stops at 40: get more unique data" in " ".join(out.split())


def test_the_json_of_data_that_are_used_up(advisor):
    found = json.loads(advisor(*["recommend", "--flops", "1e22", "--unique-tokens", "1B", "--json"]).stdout)
    first = found["limited_data"]["answers"][0]
    assert (first["epochs"], first["most_epochs"], first["flops"]) == (40, 40, 1e22)
    assert first["flops_used"] == pytest.approx(2.0007e20, rel=1e-4)
    assert first["epochs_by_the_law_alone"] == pytest.approx(305, abs=0.5)
    assert set(first["larger_model"]) == {"n_params", "loss_nats_per_token", "gained_fraction"}
    assert [more["epochs"] for more in first["more_data"]] == [40, 40, None]
    assert found["plan"]["n_tokens"] == 40e9
    assert found["plan"]["of"] == "limited_data"


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


def test_the_json_of_a_plain_recommendation_has_nulls_and_the_flat_region(advisor):
    found = json.loads(advisor("recommend", "--flops", "1e21", "--json").stdout)
    assert (found["limited_data"], found["inference"], found["advice"]) == (None, None, [])
    flat = found["flat_region"]
    assert (flat["loss_tolerance_fraction"], flat["flops_tolerance_fraction"]) == (0.01, 0.1)
    low, high = flat["within_loss"]["n_params"]
    assert low < flat["within_flops"]["n_params"][0] < found["headline"]["n_params"] < high
    without = json.loads(advisor("recommend", "--flops", "1e21", "--law", "kaplan", "--json").stdout)
    assert without["flat_region"] is None


def test_the_size_of_a_profiled_corpus(advisor, tmp_path):
    path = write(tmp_path / "p.json", {"schema_version": 1, "corpora": [profile(estimated_tokens=25e9)]})
    arguments = ("recommend", "--flops", "1e22", "--profile", path, "--use-corpus-size", "--full")
    code, out, _ = advisor(*arguments)
    assert code == 0
    assert "With 25.0B unique tokens, 1e22 FLOPs\n" in out
    assert "less than the" not in out
    document = json.loads(advisor(*arguments, "--json").stdout)
    assert document["request"]["use_corpus_size"] is True
    # The law that knows the corpus answers first, and the one of repeated web text stands beside it.
    answers = document["limited_data"]["answers"]
    assert [answer["law"] for answer in answers] == ["data", "muennighoff"]
    assert answers[1]["n_params"] == pytest.approx(7.0262e9, rel=1e-5)


def test_the_size_of_a_corpus_measured_just_now(advisor, stdlib):
    code, out, _ = advisor("recommend", stdlib / "json", "--flops", "1e16", "--use-corpus-size", "--quiet", "--full")
    assert code == 0
    assert "unique tokens, 1e16 FLOPs\n" in out
    assert "beyond what this law can see: it knows no overfitting" in " ".join(out.split())


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (
            "recommend --params 7B --unique-tokens 25B",
            2,
            "--unique-tokens needs a budget: give --flops, or --gpu with --gpus and --hours.",
        ),
        (
            "recommend --flops 1e22 --unique-tokens 25B --inference-tokens 2T",
            2,
            "--unique-tokens and --inference-tokens cannot be combined: ask one at a time.",
        ),
        (
            "recommend --flops 1e22 --use-corpus-size",
            2,
            "--use-corpus-size needs a SOURCE or a --profile: give one, or --unique-tokens.",
        ),
        (
            "recommend --flops 1e22 --unique-tokens lots",
            2,
            "--unique-tokens must be a positive number such as 1e21, 400M, 7B or 1.5T, not 'lots'.",
        ),
        (
            "recommend --flops 1e22 --unique-tokens 1B --law deepseek",
            1,
            "The law deepseek predicts no loss, so it cannot weigh repeated data: choose another.",
        ),
        (
            "repeat --unique-tokens 25B --params 7B --flops 1e22",
            2,
            "--params and --flops cannot be combined: with both the epochs are fixed.",
        ),
        ("repeat --unique-tokens .1", 2, "--unique-tokens must be at least 1, not 0.1."),
        (
            "repeat --unique-tokens 25B --epochs 0",
            2,
            "--epochs must be a finite number above 0, not 0.",
        ),
        (
            "repeat --unique-tokens 25B --law kaplan",
            1,
            "The law kaplan predicts no loss, so it cannot weigh repeated data: choose another.",
        ),
        (
            "repeat --unique-tokens 25B --law gzip",
            1,
            "The law gzip needs data-dependent coefficients and none are installed: give a file of them with "
            "--coefficients, or use --law chinchilla.",
        ),
        (
            "repeat --unique-tokens 25B --params 1e300 --epochs 1e300",
            1,
            "The answer is beyond 1e308 FLOPs: ask a smaller question.",
        ),
        ("repeat --unique-tokens 25B --params .5", 2, "--params must be at least 1, not 0.5."),
        ("repeat --flops 1e22", 2, None),
    ],
)
def test_bad_input_is_one_sentence(advisor, arguments, code, complaint):
    found = advisor(*arguments.split())
    assert (found.code, found.stdout) == (code, "")
    if complaint is None:
        assert "Missing option '--unique-tokens'" in found.stderr
    else:
        assert found.stderr == f"Error: {complaint}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        "--flops 1e300 --unique-tokens 1",
        "--flops 1e300 --unique-tokens 1 --law code --params 1e290",
        "--flops 1e300 --unique-tokens 1 --params 1",
        "--flops 1e20 --unique-tokens 1e9 --params 1",
        "--flops 1e9 --unique-tokens 1",
        "--flops 1e300 --inference-tokens 1",
        "--flops 1e9 --inference-tokens 1e290",
    ],
)
def test_extreme_questions_have_numbers(advisor, arguments):
    code, out, _ = advisor("recommend", *arguments.split(), "--json")
    found = json.loads(out)
    assert code == 0
    beyond = found["inference"] or found["limited_data"]["answers"][0]
    assert beyond["n_params"] > 0
    assert beyond["loss_nats_per_token"] > 0


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


def test_a_choice_under_a_law_without_loss_is_said(advisor):
    found, cautions = cautions_of(advisor, "--law kaplan --flops 1e21 --params 7B")
    assert found["choice"] is None
    assert cautions["choice_not_weighed"] == (
        "The law kaplan predicts no loss, so your choice of 7.00B parameters cannot be weighed against its optimum: "
        "choose another --law."
    )
    assert "choice_not_weighed" not in cautions_of(advisor, "--flops 1e21 --params 7B")[1]


def test_tokens_of_a_corpus_are_not_deduplicated(advisor, stdlib):
    arguments = f"{stdlib / 'json'} --flops 1e16 --use-corpus-size --quiet"
    assert cautions_of(advisor, arguments)[1]["corpus_not_deduplicated"].startswith(
        "The corpus's tokens are counted and not deduplicated: "
    )


@pytest.mark.parametrize(
    "arguments",
    [
        "table --sizes 0.5,1B",
        "table --flops 5",
        "repeat --unique-tokens 1B --flops 5",
        "recommend --flops 5",
        "compare --flops 5 --flops 1e21",
    ],
)
def test_answers_below_one_are_one_sentence(advisor, arguments):
    result = advisor(*arguments.split())
    assert (result.code, result.stdout) == (1, "")
    assert re.fullmatch(
        r"Error: The answer has [\d.e-]+ of a parameter, less than one: ask a larger question\.\n", result.stderr
    )


@pytest.mark.parametrize(("written", "value"), [("32K", 32000), ("1e5", 100_000), ("128256", 128_256)])
def test_a_vocabulary_as_people_write_it(advisor, written, value):
    arguments = ("recommend", "--flops", "1e21", "--vocab-size", written, "--context", written, "--json")
    request = json.loads(advisor(*arguments).stdout)["request"]
    assert (request["vocab_size"], request["context_tokens"]) == (value, value)


def test_a_vocabulary_is_whole(advisor):
    result = advisor("recommend", "--flops", "1e21", "--vocab-size", "32.5")
    assert (result.code, result.stderr) == (
        2,
        "Error: --vocab-size must be a whole number such as 32000 or 32K, not '32.5'.\n",
    )


def test_an_unknown_calibration_is_wrong_usage(advisor):
    result = advisor("recommend", "--flops", "1e21", "--calibration", "foo")
    assert result.code == 2
    assert result.stderr.startswith("Error: No calibration 'foo' ships or is installed: there are ")
