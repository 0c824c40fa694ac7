"""The commands recommend, laws and table, as a user meets them: exact text, exit codes, JSON, files."""

import json
import math
import os
import re
from pathlib import Path

import pytest

from advisor.calibrations.laws_in_h import LAW_NAMES
from advisor.laws.data_rule import data_law, shown
from advisor.laws.published import CHINCHILLA, published_laws
from advisor.laws.text import WEB_H, Text
from tests.calibrations.hand_made import document, profile, write

pytestmark = pytest.mark.usefixtures("nothing_ships")


RECOMMENDATION = """\
Compute-optimal for 1e21 FLOPs
law        data: Besiroglu et al. 2024, arXiv:2404.10102; Brandfonbrener et al.
           2024, arXiv:2411.12925; chinchilla moved to this corpus
corpus     H = 0.45, as given
moved by   0.86 times web text's parameters, 80 % 0.73 to 1.02
d ln N*/dH +1.27: at this budget harder data prefers parameters; the sign does
           not flip
if wrong   data loses 0.8 % of the FLOPs where chinchilla is right, chinchilla
           0.8 % where data is

                                                 80 % interval
Parameters N, total                      2.40B  2.00B to 2.93B
Training tokens D                        69.3B  56.9B to 83.2B
Tokens per parameter                      28.8    19.4 to 41.6
GPU-hours by 6 N D, H100 SXM at MFU 0.4    702
Cost by 6 N D, at 2.5 per GPU-hour       1,755

The same budget on other sizes
N          D   D/N  FLOPs wasted
802M    208B   259        34.1 %
1.20B   139B   115        15.6 %
2.40B  69.3B  28.8         0.0 %
4.81B  34.7B  7.21        15.7 %
7.00B  23.8B  3.40        33.0 %  your choice
7.21B  23.1B  3.20        34.5 %
Nearly as good            FLOPs wasted               N              D
within 1 % of the loss    up to 22.8 %  1.02B to 5.66B  29.4B to 164B
within 10 % of the FLOPs  up to 10.0 %  1.39B to 4.14B  40.2B to 120B
Your choice does what 6.7e20 FLOPs do at their optimum.

The same budget by every law
law                  N            80 %      D   D/N   loss  wasted    N counts
data             2.40B  2.00B to 2.93B  69.3B  28.8                      total
chinchilla       2.78B  2.49B to 3.09B  59.9B  21.5  2.305   0.8 %       total
hoffmann         2.22B                  75.2B  33.9  2.295   0.2 %       total
hoffmann-table3  2.86B                  58.3B  20.4          1.1 %       total
muennighoff      2.92B                  57.2B  19.6  2.348           not known
code             1.12B                   149B   134  0.276           not known
deepseek         2.93B                  56.9B  19.5                 non-embed.
kaplan           7.77B                  21.5B  2.76                 non-embed.
Losses of different laws are of different data and tokenizers.
Wasted: the share of the FLOPs lost by following that law if data is right.

A shape for 7.00B total parameters, your choice
shape      4096 wide, 34 layers, 32 heads of 128, gated feed-forward 10880,
           vocabulary 32,000 untied (--vocab-size), context 2,048 (--context)
parameters 7.09B total, 6.83B non-embedding
FLOPs      4.35e10 a token exactly, 1.03e21 for D: 1.035 of 6 N D

Where to begin a search of batch and learning rate
rule          batch, tokens  sequences   steps  peak learning rate
DeepSeek LLM          2.20M      1,074  10,825             7.34e-4
Step Law               488K        238  48,775             2.67e-4
DeepSeek LLM arXiv:2401.02954, eq. 1; fitted on 1e17 to 2e19 FLOPs, confirmed at
             1e20; outside it: C = 1.06e21
Step Law     arXiv:2503.04715; fitted on 59M to 1B parameters, up to 100B
             tokens; outside it: N = 6.83B

On H100 SXM, at MFU 0.4
GPU-hours  727 for the exact FLOPs (702 by 6 N D); 632 to 1,384 at the MFUs
           published (GPT-3 0.21, DeepSeek-V3 0.35, Llama-3 405B 0.38 to 0.43,
           PaLM 0.46)
cost       1,817 at 2.5 per GPU-hour
GPU memory 80 GB (NVIDIA's MIG user guide, supported GPUs)
GB    weights  gradients  Adam  all  GPUs/replica  GB/GPU
bf16     14.2       14.2  85.1  113             2    56.7
fp32     28.4       28.4  56.7  113             2    56.7
Activations come on top. bf16 has weights and moments in fp32 for Adam.
"""


ANSWER = """\
Your 7.00B parameters on 23.8B tokens waste 33.0 % of 1e21 FLOPs.
Best are 2.40B parameters on 69.3B tokens (80 % 2.00B to 2.93B parameters).
"""


CAUTIONS = """\
4 cautions, the weightiest first
Note: The compressibility given is taken to be measured under the default
      protocol: mistral-v1 tokens, 256 a sequence, gzip level 9, the median.
Note: H100 is taken to mean H100 SXM, 989 TFLOP/s.
Note: How far corpora differ was seen up to 4.84e19 FLOPs, 20.7 times below this
      budget, on dense models: it is held from there on, and the interval widens
      with the budget.
Note: N counts total parameters under data, and other parameters under others
      (muennighoff, code: an unknown kind of; deepseek, kaplan: non-embedding).
"""


def test_a_recommendation_on_80_columns(program):
    arguments = "recommend --flops 1e21 --compressibility .45 --params 7B --gpu H100 --price-per-hour 2.5"
    assert program(*arguments.split(), "--full") == (0, f"{ANSWER}\n{RECOMMENDATION}\n{CAUTIONS}", "")


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("arguments", [["recommend", "--target-loss", "2.1"], ["laws"], ["table", "--law", "kaplan"]])
def test_lines_fit_the_terminal(program, monkeypatch, columns, arguments):
    monkeypatch.setenv("COLUMNS", str(columns))
    code, out, err = program(*arguments)
    assert code == 0
    widest = max(map(len, (out + err).splitlines()))
    assert 60 < widest <= columns


ROW_KEYS = {
    *("law", "count", "source", "flops", "n_params", "n_tokens", "tokens_per_param", "loss_nats_per_token", "loss_of"),
    *("loss_bits_per_byte", "epochs", "gpu_hours", "cost", "interval80", "wasted_fraction"),
}


def test_the_json_document_has_every_key(program):
    code, out, err = program("recommend", "--flops", "1e21", "--compressibility", ".45", "--json")
    found = json.loads(out)
    assert code == 0
    assert list(found) == [
        *("schema_version", "request", "compressibility", "profile", "calibration", "recommended", "headline"),
        *("laws", "choice"),
        *("neighbours", "flat_region", "limited_data", "inference", "advice", "sensitivity", "reliance", "shift"),
        *(
            "wasted_fraction_if_wrong",
            "corpus_loss",
            "units",
            "plan",
            "cautions",
            "explanations",
            "explanation_functions",
        ),
    ]
    assert (found["schema_version"], found["compressibility"]) == (1, 0.45)
    assert found["sensitivity"] == {"dlnN_dH": pytest.approx(1.1 * shown(1e21)), "flip_flops": None}
    assert found["shift"]["n_params_factor"] == pytest.approx(math.exp(1.1 * (0.45 - WEB_H) * shown(1e21)))
    assert found["shift"]["by"] == {
        "compressibility": found["shift"]["ln_n_params"],
        "bytes_per_token": None,
        "tokenizer": 0.0,
        "corpus": found["shift"]["ln_n_params"],
    }
    assert (found["request"]["flops"], found["request"]["gpu"], found["request"]["law"]) == (1e21, None, None)
    best = data_law(CHINCHILLA, Text(compressibility=0.45), 1e21).frontier(1e21)
    headline = found["headline"]
    assert set(headline) == ROW_KEYS
    assert (headline["law"], headline["count"], headline["loss_of"]) == ("data", "total", "web text")
    assert (headline["n_params"], headline["n_tokens"]) == (best.n_params, best.n_tokens)
    assert (headline["epochs"], headline["gpu_hours"], headline["cost"]) == (None, None, None)
    interval = headline["interval80"]
    assert interval["n_params"][0] < best.n_params < interval["n_params"][1]
    assert set(interval) == {"flops", "n_params", "n_tokens", "tokens_per_param", "loss_nats_per_token"}
    assert [row["law"] for row in found["laws"]] == ["data", *published_laws()]
    assert all(set(row) == ROW_KEYS for row in found["laws"])
    assert [caution["code"] for caution in found["cautions"]] == [
        "assumed_protocol",
        "gap_extrapolated",
        "counts_differ",
    ]
    assert err.count("Caution:") == 3


def test_an_end_that_no_number_can_hold_is_null(program):
    _, out, _ = program("recommend", "--target-loss", "1.83", "--json")
    interval = json.loads(out)["headline"]["interval80"]
    assert interval["flops"][1] is None
    assert interval["flops"][0] > 1e24


def test_json_of_gpu_time_and_a_choice(program):
    arguments = "recommend --gpu h100 --gpus 64 --hours 100 --price-per-hour 2.5 --tokens 300B --json"
    code, out, _ = program(*arguments.split())
    found = json.loads(out)
    assert code == 0
    request = found["request"]
    assert (request["gpu"], request["peak_flops_per_second"], request["mfu"]) == ("H100 SXM", 989e12, 0.4)
    assert (request["n_gpus"], request["hours"], request["price_per_gpu_hour"]) == (64, 100, 2.5)
    assert found["headline"]["cost"] == pytest.approx(16000)
    assert found["choice"]["n_tokens"] == pytest.approx(300e9)
    assert 0 < found["choice"]["wasted_fraction"] < 1
    assert found["choice"]["equivalent_flops"] < found["choice"]["flops"]


def test_out_writes_the_same_document_and_the_tables_still_print(program, tmp_path):
    path = tmp_path / "answer.json"
    code, out, _ = program("recommend", "--flops", "1e21", "--out", path, "--full")
    _, document_on_stdout, _ = program("recommend", "--flops", "1e21", "--json")
    assert code == 0
    assert "\nCompute-optimal for 1e21 FLOPs\n" in out
    assert path.read_text(encoding="utf-8") == document_on_stdout
    assert os.listdir(tmp_path) == ["answer.json"]


def test_a_profile_gives_the_corpus(program, tmp_path):
    path = write(tmp_path / "p.json", {"schema_version": 1, "corpora": [profile(), profile(source="other")]})
    arguments = ("recommend", "--profile", path, "--corpus", "corpus.jsonl", "--flops", "1e21", "--full")
    code, out, _ = program(*arguments)
    assert code == 0
    assert "corpus     corpus.jsonl: H = 0.400 (95 % 0.390 to 0.410), about 1.00B tokens\n" in out
    assert "Training data         242 GB\n" in out
    assert "Epochs of the corpus    69.1\n" in out
    assert "less than the 69.1B asked for: that would be 69.1 epochs." in " ".join(out.split())
    _, document_text, _ = program("recommend", "--profile", path, "--corpus", "other", "--flops", "1e21", "--json")
    found = json.loads(document_text)
    assert found["compressibility"] == 0.4
    assert found["profile"]["source"] == "other"
    assert found["headline"]["epochs"] == pytest.approx(69.1, abs=0.05)


def test_a_profile_of_unknown_size(program, tmp_path):
    path = write(tmp_path / "p.json", {"schema_version": 1, "corpora": [profile(estimated_tokens=None)]})
    code, out, _ = program("recommend", "--profile", path, "--flops", "1e21", "--full")
    assert code == 0
    assert "corpus     corpus.jsonl: H = 0.400 (95 % 0.390 to 0.410), of unknown size\n" in out
    assert "Epochs" not in out


def test_coefficients_make_the_answer_depend_on_the_corpus(program, tmp_path):
    path = write(tmp_path / "c.json", document())
    options = ("--flops", "1e21", "--coefficients", path)
    code, out, err = program("recommend", *options, "--compressibility", ".4", "--full")
    assert code == 0
    assert "law        anchored: calibration hand-made, chinchilla; Chinchilla moved by 0.3\n" in out
    assert "d ln N*/dH " in out
    slope = r"d ln N\*/dH \+\d\.\d\d: at this budget harder data prefers parameters; the sign flips at \S+ FLOPs"
    assert re.search(slope, " ".join(out.split()))
    assert "No data-dependent coefficients" not in err
    answers = [
        json.loads(program("recommend", *options, "--compressibility", h, "--json")[1]) for h in (0.3, 0.571, 0.6)
    ]
    assert answers[1]["headline"]["n_params"] == pytest.approx(CHINCHILLA.frontier(1e21).n_params)
    assert len({answer["headline"]["n_params"] for answer in answers}) == 3
    assert set(answers[0]["sensitivity"]) == {"dlnN_dH", "flip_flops"}
    assert answers[0]["calibration"] == "hand-made"


@pytest.mark.parametrize("name", LAW_NAMES)
def test_the_printed_sensitivity_is_the_slope_between_two_answers(program, tmp_path, name):
    path = write(tmp_path / "c.json", document())

    def answer(h):
        arguments = ("--flops", "1e21", "--coefficients", path, "--law", name, "--compressibility", h, "--json")
        return json.loads(program("recommend", *arguments)[1])

    low, middle, high = (answer(h) for h in (0.3999, 0.4, 0.4001))
    slope = math.log(high["headline"]["n_params"] / low["headline"]["n_params"]) / 0.0002
    assert middle["sensitivity"]["dlnN_dH"] == pytest.approx(slope, rel=1e-5)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ("--flops 0", 2, "--flops must be a finite number above 0, not 0."),
        (
            "--flops=-1e21",
            2,
            "--flops must be a positive number of FLOPs such as 1e21, 1 ZFLOP or 10PF-days, not '-1e21'.",
        ),
        ("--flops nan", 2, "--flops must be a positive number of FLOPs such as 1e21, 1 ZFLOP or 10PF-days, not 'nan'."),
        ("--flops inf", 2, "--flops must be a positive number of FLOPs such as 1e21, 1 ZFLOP or 10PF-days, not 'inf'."),
        (
            "--flops lots",
            2,
            "--flops must be a positive number of FLOPs such as 1e21, 1 ZFLOP or 10PF-days, not 'lots'.",
        ),
        ("--params 0", 2, "--params must be a finite number above 0, not 0."),
        ("--flops 1e21 --compressibility 0", 2, "--compressibility must be above 0 and below 1, such as 0.45, not 0."),
        ("--flops 1e21 --compressibility 1", 2, "--compressibility must be above 0 and below 1, such as 0.45, not 1."),
        (
            "--flops 1e21 --compressibility nan",
            2,
            "--compressibility must be above 0 and below 1, such as 0.45, not nan.",
        ),
        ("--flops 1e21 --compressibility x", 2, "Invalid value for '--compressibility': 'x' is not a valid float."),
        (
            "--flops 1e21 --gpu A100 --gpus 8 --hours 24",
            2,
            "Two budgets are given: give --flops, or --gpu with --gpus and --hours, not both.",
        ),
        ("--flops 1e21 corpus --compressibility .4", 2, "SOURCE and --compressibility both name the corpus: give one."),
        ("--flops 1e21 corpus --profile p", 2, "SOURCE and --profile both name the corpus: give one."),
        ("--flops 1e21 --corpus a", 2, "--corpus picks a corpus of a --profile, and none is given."),
        ("--flops 1e21 --profile no.json", 2, "Cannot read no.json: No such file or directory."),
        ("--flops 1e21 --coefficients no.json", 2, "Cannot read no.json: No such file or directory."),
        (
            "--target-loss 1.5",
            2,
            "No budget reaches a loss of 1.5 nats/token under the law chinchilla, whose floor E is 1.817: ask for a "
            "higher loss.",
        ),
        ("--params 1e300", 2, "The answer is beyond 1e308 FLOPs: ask a smaller question."),
        (
            "--flops 1e21 --out no/answer.json",
            2,
            "Cannot write no/answer.json: No such file or directory; name a file in a folder you can write to.",
        ),
    ],
)
def test_bad_input_is_one_sentence(program, tmp_path, monkeypatch, arguments, code, message):
    monkeypatch.chdir(tmp_path)
    found, out, err = program("recommend", *arguments.split())
    assert (found, out) == (code, "")
    assert err.splitlines()[-1] == f"Error: {message}"
    assert "Traceback" not in err
    assert os.listdir(tmp_path) == []


def test_a_corrupt_coefficients_file_writes_nothing(program, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("c.json").write_text('{"schema_version": 1, "default": null, "calibra', encoding="utf-8")
    code, out, err = program("recommend", "--flops", "1e21", "--coefficients", "c.json", "--out", "a.json")
    assert (code, out) == (1, "")
    assert err == "Error: c.json is not JSON: Unterminated string starting at at line 1.\n"
    assert os.listdir(tmp_path) == ["c.json"]


def test_a_future_coefficients_file(program, tmp_path):
    path = write(tmp_path / "c.json", document() | {"schema_version": 2})
    code, _, err = program("laws", "--coefficients", path)
    assert (code, err) == (
        1,
        f"Error: {path} has schema_version 2 and this advisor understands 1: upgrade data-scaling-advisor.\n",
    )


@pytest.mark.parametrize("command", ["recommend", "compare", "laws", "table"])
def test_help_has_an_example_that_runs(program, tmp_path, monkeypatch, command):
    code, out, _ = program(command, "--help")
    assert code == 0
    examples = [line.split()[1:] for line in out.splitlines() if line.startswith("  advisor ")]
    examples += [line.split()[1:] for line in out.splitlines() if line.startswith("    advisor ")]
    assert examples
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "profile.json", {"schema_version": 1, "corpora": [profile()]})
    write(tmp_path / "profiles.json", {"schema_version": 1, "corpora": [profile(), profile(source="other")]})
    for example in examples:
        if not any(word.endswith("/") for word in example):
            assert program(*example)[0] == 0, example


def test_a_plain_recommendation_has_nulls_and_the_flat_region(program):
    found = json.loads(program("recommend", "--flops", "1e21", "--json")[1])
    assert (found["limited_data"], found["inference"], found["advice"]) == (None, None, [])
    flat = found["flat_region"]
    assert (flat["loss_tolerance_fraction"], flat["flops_tolerance_fraction"]) == (0.01, 0.1)
    low, high = flat["within_loss"]["n_params"]
    assert low < flat["within_flops"]["n_params"][0] < found["headline"]["n_params"] < high
    without = json.loads(program("recommend", "--flops", "1e21", "--law", "kaplan", "--json")[1])
    assert without["flat_region"] is None


def test_a_choice_under_a_law_without_loss_is_said(program):
    def asked(*arguments):
        found = json.loads(program("recommend", "--flops", "1e21", "--params", "7B", *arguments, "--json")[1])
        return found["choice"], {each["code"]: each["message"] for each in found["cautions"]}

    choice, cautions = asked("--law", "kaplan")
    assert choice is None
    assert cautions["choice_not_weighed"] == (
        "The law kaplan predicts no loss, so your choice of 7.00B parameters cannot be weighed against its optimum: "
        "choose another --law."
    )
    assert "choice_not_weighed" not in asked()[1]


def test_an_unknown_calibration_is_wrong_usage(program):
    code, _, err = program("recommend", "--flops", "1e21", "--calibration", "foo")
    assert code == 2
    assert err.startswith("Error: No calibration 'foo' ships or is installed: there are ")
