"""Limited data on the command line, asked of recommend: exact text, exit codes, JSON."""

import json

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


def test_limited_data_in_a_recommendation(advisor):
    code, out, _ = advisor(*["recommend", "--flops", "1e22", "--unique-tokens", "25B", "--params", "2B", "--full"])
    assert code == 0
    assert "\n\n" + LIMITED in out
    assert "\n\n" + FIRST_ADVICE + "\n" in out
    assert "\nCompute-optimal for 1e22 FLOPs, were unique data unlimited\n" in out
    assert "\nOther sizes with 25.0B unique tokens, up to 1e22 FLOPs\n" in out
    assert "\nEvery law with 25.0B unique tokens, 1e22 FLOPs\n" in out
    assert "The same budget" not in out
    assert "Epochs of the corpus" not in out
    assert "33.3 epochs of the 25.0B unique tokens: above 16" in " ".join(out.split())


@pytest.mark.parametrize("columns", ["80", "120"])
@pytest.mark.parametrize(
    "arguments",
    [
        "recommend --flops 1e22 --unique-tokens 25B --advice --params 7B",
        "recommend --flops 1e21 --unique-tokens 1M",
        "recommend --flops 1e21 --unique-tokens 1M --full",
    ],
)
def test_lines_fit_the_terminal(advisor, monkeypatch, columns, arguments):
    monkeypatch.setenv("COLUMNS", columns)
    code, out, err = advisor(*arguments.split())
    assert code == 0
    assert 60 < max(map(len, (out + err).splitlines())) <= int(columns)


SIZES = """\
Your 7.00B parameters on 238B tokens, 23.8 passes over 10.0B unique tokens, take
1e22 FLOPs, loss 2.286 by muennighoff.
Best for these data are 6.13B parameters on 272B tokens, 1e22 FLOPs, loss 2.286.
Corpus    none: this is web text's answer. Name a SOURCE, and its text decides.

Other sizes with 10.0B unique tokens, up to 1e22 FLOPs
N          D  epochs   loss    FLOPs    cost  wasted
2.04B   400B      40  2.329   4.9e21   6,882  43.8 %
3.06B   400B      40  2.305  7.35e21  10,323  29.9 %
6.13B   272B    27.2  2.286     1e22  14,043   0.0 %         best
7.00B   238B    23.8  2.286     1e22  14,043   2.5 %  your choice
12.3B   136B    13.6  2.300     1e22  14,043  41.5 %
18.4B  90.7B    9.07  2.320     1e22  14,043  65.9 %
By muennighoff, 40 epochs at most. Wasted: more than that loss costs at its
cheapest.
2.84B to 14.8B parameters stay within 1 % of the best loss for as many FLOPs.
"""


LAWS = """\
Train 6.13B parameters on 272B tokens: 27.2 passes over 10.0B unique tokens,
loss 2.286 nats/token by muennighoff.
Corpus    none: this is web text's answer. Name a SOURCE, and its text decides.

Every law with 10.0B unique tokens, 1e22 FLOPs
law                  N     D  epochs   loss   repeats  unlimited    N counts
muennighoff      6.13B  272B    27.2  2.286   its own      9.22B   not known
chinchilla       5.59B  298B    29.8  2.253  borrowed      9.06B       total
hoffmann         5.14B  324B    32.4  2.236  borrowed      6.34B       total
hoffmann-table3                                  none      9.01B       total
code             2.88B  400B      40  0.275  borrowed      2.68B   not known
deepseek                                         none      9.79B  non-embed.
kaplan                                           none      41.7B  non-embed.
Repeats: by which law repeated tokens lose value, borrowed from muennighoff or
its own. Unlimited: N for unlimited data.
No law of repetition, and no answer where tokens are repeated: hoffmann-table3,
deepseek, kaplan.
Losses of different laws are of different data and tokenizers.
"""


def test_other_sizes_are_those_with_limited_data(advisor):
    arguments = "recommend --flops 1e22 --unique-tokens 10B --params 7B --sizes --gpu H100 --price-per-hour 2"
    assert advisor(*arguments.split()) == (0, SIZES, "")


@pytest.mark.parametrize(
    ("law", "named"), [("", "muennighoff"), ("--law hoffmann", "hoffmann"), ("--compressibility .4", "data")]
)
def test_the_law_of_a_choice_is_the_one_whose_loss_it_has(advisor, law, named):
    arguments = f"recommend --flops 1e22 --unique-tokens 10B --tokens 100B {law}".split()
    found = json.loads(advisor(*arguments, "--json").stdout)
    first = found["limited_data"]["answers"][0]
    assert (found["recommended"]["of"], found["recommended"]["law"], first["law"]) == ("choice", named, named)
    assert found["recommended"]["loss_nats_per_token"] in (None, first["choice"]["loss_nats_per_token"])
    assert (found["recommended"]["count"], found["plan"]["count"]) == (first["count"], first["count"])
    said = advisor(*arguments).stdout.split("Best for")[0]
    assert ("by muennighoff." in said) == (named == "muennighoff")


def test_every_law_says_what_it_recommends_with_limited_data(advisor):
    assert advisor(*["recommend", "--flops", "1e22", "--unique-tokens", "10B", "--laws"]) == (0, LAWS, "")


def test_sizes_and_laws_of_a_corpus_that_is_all_there_is(advisor, tmp_path):
    path = write(tmp_path / "p.json", {"schema_version": 1, "corpora": [profile(estimated_tokens=25e9)]})
    for flag, first in (("--sizes", "By data, 40 epochs"), ("--laws", "\ndata ")):
        out = advisor("recommend", "--flops", "1e22", "--profile", path, "--use-corpus-size", flag).stdout
        assert first in out
        assert len(out.splitlines()) <= 24
        assert "with 25.0B unique tokens" in out


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
    assert set(limited) == {"unique_tokens", "answers", "sizes", "laws"}
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


def test_tokens_of_a_corpus_are_not_deduplicated(advisor, stdlib):
    arguments = ("recommend", stdlib / "json", "--flops", "1e16", "--use-corpus-size", "--quiet", "--json")
    messages = {each["code"]: each["message"] for each in json.loads(advisor(*arguments).stdout)["cautions"]}
    assert messages["corpus_not_deduplicated"].startswith("The corpus's tokens are counted and not deduplicated: ")


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (
            "recommend --params 7B --unique-tokens 25B",
            2,
            "--unique-tokens needs a budget: give --flops, or --gpu with --gpus and --hours.",
        ),
        (
            "recommend --flops 1e22 --use-corpus-size",
            2,
            "--use-corpus-size needs a SOURCE or a --profile: give one, or --unique-tokens.",
        ),
        (
            "recommend --flops 1e22 --unique-tokens lots",
            2,
            "--unique-tokens must be a positive number of tokens such as 300B or 1.5T, not 'lots'.",
        ),
        (
            "recommend --flops 1e22 --unique-tokens 1B --law deepseek",
            2,
            "The law deepseek predicts no loss, so it cannot weigh repeated data: choose another.",
        ),
        (
            "recommend --flops 1e22 --unique-tokens 25B --inference-tokens 2T",
            2,
            "--unique-tokens and --inference-tokens cannot be combined: ask one at a time.",
        ),
        (
            "recommend --flops 1e300 --unique-tokens 1",
            2,
            "The answer has 0.834 of a parameter, less than one: ask a larger question.",
        ),
    ],
)
def test_bad_input_is_one_sentence(advisor, arguments, code, complaint):
    assert advisor(*arguments.split()) == (code, "", f"Error: {complaint}\n")


@pytest.mark.parametrize(
    "arguments",
    [
        "--flops 1e300 --unique-tokens 1 --law code --params 1e290",
        "--flops 1e300 --unique-tokens 1 --params 1",
        "--flops 1e20 --unique-tokens 1e9 --params 1",
    ],
)
def test_extreme_questions_have_numbers(advisor, arguments):
    code, out, _ = advisor("recommend", *arguments.split(), "--json")
    found = json.loads(out)["limited_data"]["answers"][0]
    assert code == 0
    assert found["n_params"] > 0
    assert found["loss_nats_per_token"] > 0
