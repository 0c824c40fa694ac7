"""The commands recommend, laws and table, as a user meets them: exact text, exit codes, JSON, files."""

import json
import math
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from advisor import cli
from advisor.calibrations.laws_in_h import LAW_NAMES
from advisor.laws.published import CHINCHILLA, published_laws
from advisor.report.text import terminal_columns
from tests.calibrations.hand_made import calibration, document, profile, write

pytestmark = pytest.mark.usefixtures("nothing_ships")

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def advisor(monkeypatch, capsys):
    """Return a function that runs the command line and returns (exit code, stdout, stderr)."""
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["advisor", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        captured = capsys.readouterr()
        return caught.value.code or 0, captured.out, captured.err

    return run


RECOMMENDATION = """\
Compute-optimal for 1e21 FLOPs
law    chinchilla: Besiroglu et al. 2024, arXiv:2404.10102; Chinchilla
       corrected: the default for web text
corpus H = 0.45, as given

                                                 80 % interval
Parameters N, total                      2.78B  2.49B to 3.09B
Training tokens D                        59.9B  54.0B to 66.9B
Tokens per parameter                      21.5    17.5 to 26.9
Loss, nats/token                         2.305  2.304 to 2.312
GPU-hours by 6 N D, H100 SXM at MFU 0.4    702
Cost by 6 N D, at 2.5 per GPU-hour       1,755

The same budget on other sizes
N          D   D/N   loss  FLOPs wasted
927M    180B   194  2.343        34.1 %
1.39B   120B  86.1  2.320        15.6 %
2.78B  59.9B  21.5  2.305         0.0 %
5.56B  30.0B  5.38  2.320        15.7 %
7.00B  23.8B  3.40  2.332        25.9 %  your choice
8.35B  20.0B  2.39  2.343        34.5 %
Nearly as good            FLOPs wasted               N              D
within 1 % of the loss    up to 22.8 %  1.18B to 6.55B  25.4B to 142B
within 10 % of the FLOPs  up to 10.0 %  1.61B to 4.79B  34.8B to 103B
Your choice does what 7.41e20 FLOPs do at their optimum.

The same budget by every law
law                  N            80 %      D   D/N   loss  wasted    N counts
chinchilla       2.78B  2.49B to 3.09B  59.9B  21.5  2.305               total
hoffmann         2.22B                  75.2B  33.9  2.295   1.8 %       total
hoffmann-table3  2.86B                  58.3B  20.4          0.0 %       total
muennighoff      2.92B                  57.2B  19.6  2.348           not known
code             1.12B                   149B   134  0.276           not known
deepseek         2.93B                  56.9B  19.5                 non-embed.
kaplan           7.77B                  21.5B  2.76                 non-embed.
Losses of different laws are of different data and tokenizers.
Wasted: the share of the FLOPs lost by following that law if chinchilla is
right.

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

CAUTIONS = """\
Caution: No data-dependent coefficients are installed: the answer does not
         depend on the corpus's compressibility.
Caution: The compressibility given is taken to be measured under the default
         protocol: mistral-v1 tokens, 256 a sequence, gzip level 9, the median.
Caution: H100 is taken to mean H100 SXM, 989 TFLOP/s.
Caution: N counts total parameters under chinchilla, and other parameters under
         others (muennighoff, code: an unknown kind of; deepseek, kaplan:
         non-embedding).
"""


def test_a_recommendation_on_80_columns(advisor):
    arguments = "recommend --flops 1e21 --compressibility .45 --params 7B --gpu H100 --price-per-hour 2.5"
    assert advisor(*arguments.split()) == (0, RECOMMENDATION, CAUTIONS)


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("arguments", [["recommend", "--target-loss", "2.1"], ["laws"], ["table", "--law", "kaplan"]])
def test_lines_fit_the_terminal(advisor, monkeypatch, columns, arguments):
    monkeypatch.setenv("COLUMNS", str(columns))
    code, out, err = advisor(*arguments)
    assert code == 0
    widest = max(map(len, (out + err).splitlines()))
    assert 60 < widest <= columns


ROW_KEYS = {
    *("law", "count", "source", "flops", "n_params", "n_tokens", "tokens_per_param", "loss_nats_per_token", "epochs"),
    *("gpu_hours", "cost", "interval80", "wasted_fraction"),
}


def test_the_json_document_has_every_key(advisor):
    code, out, err = advisor("recommend", "--flops", "1e21", "--compressibility", ".45", "--json")
    found = json.loads(out)
    assert code == 0
    assert list(found) == [
        *("schema_version", "request", "compressibility", "profile", "calibration", "headline", "laws", "choice"),
        *("neighbours", "flat_region", "limited_data", "inference", "advice", "sensitivity", "reliance", "units"),
        *("plan", "cautions", "explanations", "explanation_functions"),
    ]
    assert (found["schema_version"], found["compressibility"], found["sensitivity"]) == (1, 0.45, None)
    assert (found["request"]["flops"], found["request"]["gpu"], found["request"]["law"]) == (1e21, None, None)
    best = CHINCHILLA.frontier(1e21)
    headline = found["headline"]
    assert set(headline) == ROW_KEYS
    assert (headline["law"], headline["count"]) == ("chinchilla", "total")
    assert (headline["n_params"], headline["n_tokens"]) == (best.n_params, best.n_tokens)
    assert (headline["epochs"], headline["gpu_hours"], headline["cost"]) == (None, None, None)
    interval = headline["interval80"]
    assert interval["n_params"][0] < best.n_params < interval["n_params"][1]
    assert set(interval) == {"flops", "n_params", "n_tokens", "tokens_per_param", "loss_nats_per_token"}
    assert [row["law"] for row in found["laws"]] == list(published_laws())
    assert all(set(row) == ROW_KEYS for row in found["laws"])
    assert [caution["code"] for caution in found["cautions"]] == [
        "no_coefficients",
        "assumed_protocol",
        "counts_differ",
    ]
    assert err.count("Caution:") == 3


def test_an_end_that_no_number_can_hold_is_null(advisor):
    _, out, _ = advisor("recommend", "--target-loss", "1.83", "--json")
    interval = json.loads(out)["headline"]["interval80"]
    assert interval["flops"][1] is None
    assert interval["flops"][0] > 1e24


def test_json_of_gpu_time_and_a_choice(advisor):
    arguments = "recommend --gpu h100 --gpus 64 --hours 100 --price-per-hour 2.5 --tokens 300B --json"
    code, out, _ = advisor(*arguments.split())
    found = json.loads(out)
    assert code == 0
    request = found["request"]
    assert (request["gpu"], request["peak_flops_per_second"], request["mfu"]) == ("H100 SXM", 989e12, 0.4)
    assert (request["n_gpus"], request["hours"], request["price_per_gpu_hour"]) == (64, 100, 2.5)
    assert found["headline"]["cost"] == pytest.approx(16000)
    assert found["choice"]["n_tokens"] == pytest.approx(300e9)
    assert 0 < found["choice"]["wasted_fraction"] < 1
    assert found["choice"]["equivalent_flops"] < found["choice"]["flops"]


def test_out_writes_the_same_document_and_the_tables_still_print(advisor, tmp_path):
    path = tmp_path / "answer.json"
    code, out, _ = advisor("recommend", "--flops", "1e21", "--out", path)
    _, document_on_stdout, _ = advisor("recommend", "--flops", "1e21", "--json")
    assert code == 0
    assert out.startswith("Compute-optimal for 1e21 FLOPs\n")
    assert path.read_text(encoding="utf-8") == document_on_stdout
    assert os.listdir(tmp_path) == ["answer.json"]


def test_a_profile_gives_the_corpus(advisor, tmp_path):
    path = write(tmp_path / "p.json", {"schema_version": 1, "corpora": [profile(), profile(source="other")]})
    code, out, err = advisor("recommend", "--profile", path, "--corpus", "corpus.jsonl", "--flops", "1e21")
    assert code == 0
    assert "corpus corpus.jsonl: H = 0.400 (95 % 0.390 to 0.410), about 1.00B tokens\n" in out
    assert "Training data         210 GB\n" in out
    assert "Epochs of the corpus    59.9\n" in out
    assert "less than the 59.9B asked for: that would be 59.9 epochs." in " ".join(err.split())
    _, document_text, _ = advisor("recommend", "--profile", path, "--corpus", "other", "--flops", "1e21", "--json")
    found = json.loads(document_text)
    assert found["compressibility"] == 0.4
    assert found["profile"]["source"] == "other"
    assert found["headline"]["epochs"] == pytest.approx(59.9, abs=0.05)


def test_a_profile_of_unknown_size(advisor, tmp_path):
    path = write(tmp_path / "p.json", {"schema_version": 1, "corpora": [profile(estimated_tokens=None)]})
    code, out, _ = advisor("recommend", "--profile", path, "--flops", "1e21")
    assert code == 0
    assert "corpus corpus.jsonl: H = 0.400 (95 % 0.390 to 0.410), of unknown size\n" in out
    assert "Epochs" not in out


def test_coefficients_make_the_answer_depend_on_the_corpus(advisor, tmp_path):
    path = write(tmp_path / "c.json", document())
    options = ("--flops", "1e21", "--coefficients", path)
    code, out, err = advisor("recommend", *options, "--compressibility", ".4")
    assert code == 0
    assert "law        anchored: calibration hand-made, chinchilla; Chinchilla moved by 0.3\n" in out
    assert "d ln N*/dH " in out
    slope = r"d ln N\*/dH \+\d\.\d\d: at this budget harder data prefers parameters; the sign flips at \S+ FLOPs"
    assert re.search(slope, " ".join(out.split()))
    assert "No data-dependent coefficients" not in err
    answers = [
        json.loads(advisor("recommend", *options, "--compressibility", h, "--json")[1]) for h in (0.3, 0.571, 0.6)
    ]
    assert answers[1]["headline"]["n_params"] == pytest.approx(CHINCHILLA.frontier(1e21).n_params)
    assert len({answer["headline"]["n_params"] for answer in answers}) == 3
    assert set(answers[0]["sensitivity"]) == {"dlnN_dH", "flip_flops"}
    assert answers[0]["calibration"] == "hand-made"


@pytest.mark.parametrize("name", LAW_NAMES)
def test_the_printed_sensitivity_is_the_slope_between_two_answers(advisor, tmp_path, name):
    path = write(tmp_path / "c.json", document())

    def answer(h):
        arguments = ("--flops", "1e21", "--coefficients", path, "--law", name, "--compressibility", h, "--json")
        return json.loads(advisor("recommend", *arguments)[1])

    low, middle, high = (answer(h) for h in (0.3999, 0.4, 0.4001))
    slope = math.log(high["headline"]["n_params"] / low["headline"]["n_params"]) / 0.0002
    assert middle["sensitivity"]["dlnN_dH"] == pytest.approx(slope, rel=1e-5)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ("--flops 0", 2, "--flops must be a finite number above 0, not 0."),
        ("--flops=-1e21", 2, "--flops must be a positive number such as 1e21, 400M, 7B or 1.5T, not '-1e21'."),
        ("--flops nan", 2, "--flops must be a positive number such as 1e21, 400M, 7B or 1.5T, not 'nan'."),
        ("--flops inf", 2, "--flops must be a positive number such as 1e21, 400M, 7B or 1.5T, not 'inf'."),
        ("--flops lots", 2, "--flops must be a positive number such as 1e21, 400M, 7B or 1.5T, not 'lots'."),
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
        ("--flops 1e21 --profile no.json", 1, "Cannot read no.json: No such file or directory."),
        ("--flops 1e21 --coefficients no.json", 1, "Cannot read no.json: No such file or directory."),
        (
            "--target-loss 1.5",
            1,
            "No budget reaches a loss of 1.5 nats/token under the law chinchilla, whose floor E is 1.817: ask for a "
            "higher loss.",
        ),
        ("--params 1e300", 1, "The answer is beyond 1e308 FLOPs: ask a smaller question."),
        (
            "--flops 1e21 --out no/answer.json",
            1,
            "Cannot write no/answer.json: No such file or directory; name a file in a folder you can write to.",
        ),
    ],
)
def test_bad_input_is_one_sentence(advisor, tmp_path, monkeypatch, arguments, code, message):
    monkeypatch.chdir(tmp_path)
    found, out, err = advisor("recommend", *arguments.split())
    assert (found, out) == (code, "")
    assert err.splitlines()[-1] == f"Error: {message}"
    assert "Traceback" not in err
    assert os.listdir(tmp_path) == []


def test_a_corrupt_coefficients_file_writes_nothing(advisor, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("c.json").write_text('{"schema_version": 1, "default": null, "calibra', encoding="utf-8")
    code, out, err = advisor("recommend", "--flops", "1e21", "--coefficients", "c.json", "--out", "a.json")
    assert (code, out) == (1, "")
    assert err == "Error: c.json is not JSON: Unterminated string starting at at line 1.\n"
    assert os.listdir(tmp_path) == ["c.json"]


def test_a_future_coefficients_file(advisor, tmp_path):
    path = write(tmp_path / "c.json", document() | {"schema_version": 2})
    code, _, err = advisor("laws", "--coefficients", path)
    assert (code, err) == (
        1,
        f"Error: {path} has schema_version 2 and this advisor understands 1: upgrade data-scaling-advisor.\n",
    )


def test_the_laws_and_their_sources(advisor):
    code, out, err = advisor("laws")
    assert (code, err) == (0, "")
    for law in published_laws().values():
        assert law.source.split(",")[0] in out
    assert "chinchilla   1.8169  482.0  2085.4  0.3478  0.3659  0.5126      total\n" in out
    assert "none installed: these laws cannot answer yet" in out


def test_the_laws_as_json(advisor, tmp_path):
    path = write(tmp_path / "c.json", document(calibration()))
    _, out, _ = advisor("laws", "--json", "--coefficients", path)
    found = json.loads(out)
    by_name = {law["law"]: law for law in found["laws"]}
    assert list(by_name) == list(published_laws())
    assert by_name["chinchilla"]["A"] == pytest.approx(482.00572)
    assert by_name["chinchilla"]["n_draws"] == 400
    assert by_name["kaplan"]["A"] is None
    assert by_name["kaplan"]["exponent_a"] == 0.73
    assert all(law["source"] for law in found["laws"])
    assert [one["law"] for one in found["data_dependent_laws"]] == list(LAW_NAMES)
    assert found["default_calibration"] == "hand-made"
    assert found["calibrations"][0]["protocol"]["seq_len"] == 256


TABLE_3 = """\
hoffmann-table3: Hoffmann et al. 2022, arXiv:2203.15556, approach 1: log-log
line through table 3
N counts total parameters; a Gopher unit is 5.76e23 FLOPs

N        FLOPs  Gopher units      D   D/N
400M   1.93e19       3.34e-5  8.03B  20.1
1.00B  1.21e20      0.000211  20.2B  20.2
10.0B  1.23e22        0.0214   206B  20.6
67.0B  5.62e23         0.976  1.40T  20.9
175B   3.86e24          6.71  3.68T  21.0
280B   9.92e24          17.2  5.91T  21.1
520B   3.44e25          59.7  11.0T  21.2
1.00T  1.28e26           222  21.3T  21.3
10.0T   1.3e28        22,584   217T  21.7
"""


def test_the_chinchilla_table(advisor):
    assert advisor("table", "--law", "hoffmann-table3") == (0, TABLE_3, "")


def test_a_table_of_other_sizes_as_json(advisor):
    _, out, _ = advisor("table", "--sizes", "400M,7B", "--json")
    found = json.loads(out)
    assert (found["law"], found["compressibility"]) == ("chinchilla", None)
    assert [row["n_params"] for row in found["rows"]] == [400e6, 7e9]
    row = found["rows"][1]
    assert row["n_tokens"] == CHINCHILLA.for_params(7e9).n_tokens
    assert row["flops"] == pytest.approx(6 * 7e9 * row["n_tokens"])
    assert row["gopher_units"] == pytest.approx(row["flops"] / 5.76e23)
    assert row["loss_nats_per_token"] == CHINCHILLA.loss(7e9, row["n_tokens"])


TABLE_AT_H = """\
chinchilla: Besiroglu et al. 2024, arXiv:2404.10102
H = 0.38, on which this law does not depend
N counts total parameters; a Gopher unit is 5.76e23 FLOPs

N        FLOPs  Gopher units      D   D/N   loss
400M   2.27e19       3.95e-5  9.48B  23.7  2.775
1.00B  1.36e20      0.000236  22.6B  22.6  2.513
7.00B  6.05e21        0.0105   144B  20.6  2.171
70.0B   5.4e23         0.937  1.29T  18.4  1.976
"""


TABLE_CAUTION = """\
Caution: 1 row lies outside the runs that chinchilla was fitted to (1.4e18 to
         1.3e22 FLOPs, 57.3M to 16.2B parameters, 1.39B to 318B tokens):
         extrapolated.
"""


def test_a_table_says_where_h_does_not_matter(advisor):
    arguments = "table --law chinchilla --compressibility .38 --sizes 400M,1B,7B,70B"
    assert advisor(*arguments.split()) == (0, TABLE_AT_H, TABLE_CAUTION)


def test_a_table_of_budgets(advisor, tmp_path):
    _, out, _ = advisor("table", "--law", "kaplan", "--flops", "1e20,1e21", "--json")
    found = json.loads(out)
    best = published_laws()["kaplan"].frontier(1e21)
    assert [row["flops"] for row in found["rows"]] == pytest.approx([1e20, 1e21])
    assert (found["rows"][1]["n_params"], found["rows"][1]["n_tokens"]) == (best.n_params, best.n_tokens)
    assert (found["rows"][1]["loss_nats_per_token"], found["depends_on_compressibility"]) == (None, False)
    path = write(tmp_path / "c.json", document())
    arguments = ("table", "--law", "anchored", "--compressibility", ".38", "--flops", "1e20", "--coefficients", path)
    code, out, _ = advisor(*arguments)
    assert (code, "\nH = 0.38\n" in out) == (0, True)


def test_a_table_under_a_law_of_h(advisor, tmp_path):
    path = write(tmp_path / "c.json", document())
    options = ("--coefficients", path, "--law", "gzip", "--sizes", "1B")
    code, _, err = advisor("table", *options)
    assert (code, err) == (
        2,
        "Error: The law gzip depends on the corpus: give a SOURCE, a --profile or a --compressibility.\n",
    )
    rows = [json.loads(advisor("table", *options, "--compressibility", h, "--json")[1])["rows"] for h in (0.3, 0.5)]
    assert rows[0][0]["n_tokens"] != rows[1][0]["n_tokens"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--sizes 7B,", "--sizes must be a positive number such as 1e21, 400M, 7B or 1.5T, not ''."),
        ("--epsilon .5", "--epsilon weighs the laws blend and anchored; --law chinchilla has none."),
        ("--sizes 7B --flops 1e21", "--sizes and --flops both give the rows of the table: give one."),
        ("--compressibility 2", "--compressibility must be above 0 and below 1, such as 0.45, not 2."),
    ],
)
def test_bad_tables(advisor, arguments, message):
    assert advisor("table", *arguments.split()) == (2, "", f"Error: {message}\n")


@pytest.mark.parametrize("command", ["recommend", "compare", "laws", "table"])
def test_help_has_an_example_that_runs(advisor, tmp_path, monkeypatch, command):
    code, out, _ = advisor(command, "--help")
    assert code == 0
    examples = [line.split()[1:] for line in out.splitlines() if line.startswith("  advisor ")]
    examples += [line.split()[1:] for line in out.splitlines() if line.startswith("    advisor ")]
    assert examples
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "profile.json", {"schema_version": 1, "corpora": [profile()]})
    write(tmp_path / "profiles.json", {"schema_version": 1, "corpora": [profile(), profile(source="other")]})
    for example in examples:
        if not any(word.endswith("/") for word in example):
            assert advisor(*example)[0] == 0, example


def test_styles_are_for_terminals_that_want_them(monkeypatch):
    from advisor.report.text import _styled

    class Terminal:
        def isatty(self):
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert _styled("x", "bold", Terminal()) == "\x1b[1mx\x1b[0m"
    assert _styled("x", "", Terminal()) == "x"
    monkeypatch.setenv("TERM", "dumb")
    assert _styled("x", "bold", Terminal()) == "x"
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert _styled("x", "bold", Terminal()) == "x"


@pytest.mark.parametrize("columns", ["132", "1", "0", "-5", "wide", "", None])
@pytest.mark.parametrize("terminal", [97, 0, None])
def test_the_width_is_the_terminals_as_the_standard_library_finds_it(monkeypatch, columns, terminal):
    def size(_descriptor):
        if terminal is None:
            raise OSError
        return os.terminal_size((terminal, 24))

    monkeypatch.setattr(os, "get_terminal_size", size)
    monkeypatch.delenv("COLUMNS", raising=False)
    if columns is not None:
        monkeypatch.setenv("COLUMNS", columns)
    assert terminal_columns() == shutil.get_terminal_size().columns
    monkeypatch.setattr(sys, "__stdout__", None)
    assert terminal_columns() == shutil.get_terminal_size().columns


def test_ctrl_c_exits_with_130(advisor, monkeypatch):
    def interrupted(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr("advisor.commands.recommend.recommend", interrupted)
    code, out, err = advisor("recommend", "--flops", "1e21")
    assert (code, out) == (130, "")
    assert err.strip() == "Interrupted."


def test_a_reader_that_leaves_early_is_no_traceback():
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "advisor", "laws", "--json"]
    done = subprocess.run(command, cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")
