"""`advisor repeat`: the table of epochs for people and as JSON."""

import json

import pytest

pytestmark = pytest.mark.usefixtures("nothing_ships")


@pytest.fixture(autouse=True)
def columns(monkeypatch, advisor):
    monkeypatch.setenv("COLUMNS", "80")


# Printed by advisor itself; the numbers in them are tested in test_limited_data.py and test_inference.py.
REPEAT = """\
Best for 1e22 FLOPs: 10.0 epochs of 25.0B unique tokens, 6.63B parameters on
251B tokens, loss 2.180 nats/token.
They are worth 196B unique tokens.
epochs      D  worth     each     last      N   loss            80 %
1       25.0B  25.0B  100.0 %  100.0 %  66.7B  2.326  2.314 to 2.344
4        100B  93.1B   93.1 %   82.3 %  16.7B  2.205  2.196 to 2.218
10.0     251B   196B   78.0 %   55.5 %  6.63B  2.180  2.175 to 2.190  optimum
50      1.25T   394B   31.5 %    4.1 %  1.33B  2.260  2.254 to 2.273    blind
worth: in unique tokens; each, last: of one token, overall and at the end.
blind: the law knows no overfitting, and is far too hopeful here.
Law       chinchilla; as many parameters as 1e22 FLOPs leave
Mind      50 epochs of the 25.0B unique tokens are beyond what this law can see:
          it knows no overfitting, and under-predicts the rise of the loss 2.5
          to 5 times at 44 epochs. Do not train so: get more unique data, or
          spend less compute.
          1 more warning: --cautions
More: --advice  --cautions (3)  --explain  --full  --json
"""


REPEAT_FULL = """\
Endless repetition is worth 410B unique tokens; unlimited compute reaches a loss
of 2.116.
Law       chinchilla: Besiroglu et al. 2024, arXiv:2404.10102; Muennighoff et
          al. 2023, arXiv:2305.16264
N         total; as many parameters as 1e22 FLOPs leave

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

3 cautions, the weightiest first
Caution: 50 epochs of the 25.0B unique tokens are beyond what this law can see:
         it knows no overfitting, and under-predicts the rise of the loss 2.5 to
         5 times at 44 epochs. Do not train so: get more unique data, or spend
         less compute.
Caution: 3 rows lie outside the runs that chinchilla was fitted to (1.4e18 to
         1.3e22 FLOPs, 57.3M to 16.2B parameters, 1.39B to 318B tokens):
         extrapolated.
Note: R_D* = 15.39 and R_N* = 5.31 were fitted with the law muennighoff, whose
      exponents are equal (Muennighoff et al. 2023, arXiv:2305.16264), and are
      used with the exponents of chinchilla.
"""


def test_the_table_of_epochs(advisor):
    arguments = "repeat --unique-tokens 25B --flops 1e22 --law chinchilla --epochs 1,4,50"
    assert advisor(*arguments.split()) == (0, REPEAT, "")
    full = advisor(*arguments.split(), "--full")
    assert (full.code, full.stderr) == (0, "")
    assert full.stdout.endswith(REPEAT_FULL)
    assert full.stdout.splitlines()[:3] == REPEAT.splitlines()[:3]


def test_the_json_of_a_table_of_epochs(advisor):
    found = json.loads(advisor(*["repeat", "--unique-tokens", "25B", "--params", "7B", "--json"]).stdout)
    assert set(found) == {
        *("schema_version", "law", "count", "source", "transplanted", "unique_tokens", "n_params", "flops", "rows"),
        *("most_effective_tokens", "loss_limit_nats_per_token", "optimum", "advice", "cautions", "explanations"),
        *("explanation_functions", "epochs_by_the_law_alone"),
    }
    assert (found["law"], found["n_params"], found["flops"], found["optimum"]) == ("muennighoff", 7e9, None, None)
    assert [row["epochs"] for row in found["rows"]] == [1, 2, 4, 8, 16, 40]
    assert found["rows"][2]["average_value_fraction"] == pytest.approx(0.93, abs=0.005)
    assert found["rows"][2]["last_value_fraction"] == pytest.approx(0.82, abs=0.005)
    assert found["most_effective_tokens"] == pytest.approx(16.39 * 25e9, rel=1e-3)
    assert found["rows"][0]["loss_interval80_nats_per_token"] is None


def test_extreme_tables_are_printed(advisor):
    for arguments in ("repeat --unique-tokens 1e6 --epochs 1e-3,1e9", "repeat --unique-tokens 1e300 --params 1"):
        code, out, _ = advisor(*arguments.split())
        assert code == 0
        assert any(line.startswith("epochs ") for line in out.splitlines()[:6])


def test_rows_beyond_the_fit_are_said(advisor):
    for command in ("table --sizes 1B,70B", "repeat --unique-tokens 25B --epochs 1,40 --law chinchilla"):
        cautions = {each["code"]: each for each in json.loads(advisor(*command.split(), "--json").stdout)["cautions"]}
        assert cautions["rows_outside_range"]["message"].startswith("1 row lies outside the runs that ")
    assert json.loads(advisor("table", "--sizes", "1B,7B", "--json").stdout)["cautions"] == []


def test_one_is_singular(advisor):
    result = advisor("recommend", "--flops", "1e9", "--unique-tokens", "1", "--params", "1", "--full")
    assert "\nWith 1 unique token, 1e9 FLOPs\n" in result.stdout
    assert "1 unique tokens" not in result.stdout + result.stderr


def test_an_optimum_that_uses_the_data_up(advisor):
    result = advisor("repeat", "--unique-tokens", "1B", "--flops", "1e22", "--epochs", "4,60")
    lines = result.stdout.splitlines()
    assert lines[5:8] == [
        "4       4.00B  3.73B  93.1 %  82.3 %   417B  3.017",
        "40      40.0B  15.2B  37.9 %   7.9 %   834M  2.781  enough",
        "60      60.0B  16.1B  26.8 %   2.2 %  27.8B  2.764   blind",
    ]
    said = " ".join(lines)
    assert "That takes 2e20 FLOPs, 2.0 % of the budget: the data end there. The law alone would go on to 305" in said
    assert "305 epochs of the 1.00B unique tokens are beyond what this law" in " ".join(result.stdout.split())


@pytest.mark.parametrize("columns", ["80", "120"])
@pytest.mark.parametrize(
    "arguments",
    [
        "repeat --unique-tokens 25B --law chinchilla --advice",
        "repeat --unique-tokens 25B --law chinchilla --flops 1e22 --epochs 1,100",
    ],
)
def test_lines_fit_the_terminal(advisor, monkeypatch, columns, arguments):
    monkeypatch.setenv("COLUMNS", columns)
    code, out, err = advisor(*arguments.split())
    assert code == 0
    assert 60 < max(map(len, (out + err).splitlines())) <= int(columns)


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
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
            2,
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
            2,
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
