"""compare: corpora and budgets side by side, as a user meets them and from Python."""

import json

import pytest

from advisor.answer.comparison import compare
from advisor.answer.recommendation import recommend
from advisor.answer.request import Request
from advisor.compressibility.profile_file import read_records
from advisor.errors import UsageError
from advisor.json_form import as_json
from tests.calibrations.hand_made import document, profile, write

pytestmark = pytest.mark.usefixtures("nothing_ships")

BUDGETS = """\
From 1e21 to 1e22 FLOPs the parameters grow 3.26 times and the tokens 3.07 times.

FLOPs      N            80 %      D   D/N
1e21   2.78B  2.49B to 3.09B  59.9B  21.5
1e22   9.06B  7.73B to 10.6B   184B  20.3

On 8 A100 at MFU 0.4, by 6 N D
FLOPs  GPU-hours  hours    cost
1e21       2,226    278   2,226
1e22      22,258  2,782  22,258

Law       chinchilla; N counts total parameters
"""


@pytest.fixture
def two_corpora(tmp_path):
    other = profile(source="code/other", bytes_per_token=None) | {
        "compressibility": profile()["compressibility"] | {"median": 0.3, "ci95": None}
    }
    return write(tmp_path / "profiles.json", {"schema_version": 1, "corpora": [profile(), other]})


def test_two_budgets(advisor):
    arguments = "compare --flops 1e21 --flops 1e22 --gpu A100 --gpus 8 --price-per-hour 1"
    assert advisor(*arguments.split()).stdout.startswith(BUDGETS)


def test_a_budget_whose_model_fits_no_gpu_has_no_hours(advisor):
    out = advisor(*["compare", "--flops", "1e20", "--flops", "1e25", "--gpu", "A100", "--gpus", "8"]).stdout
    below = out[out.index("On 8 A100 at MFU 0.4, by 6 N D") :].split("\n\n")[0].splitlines()
    assert [line.split() for line in below[1:]] == [
        ["FLOPs", "GPU-hours", "hours"],
        ["1e20", "223", "27.8"],
        ["1e25", "22,257,835"],
    ]


def test_corpora_of_a_profile_under_a_law_of_h(advisor, tmp_path, two_corpora):
    coefficients = write(tmp_path / "c.json", document())
    options = ("--profile", two_corpora, "--flops", "1e21", "--coefficients", coefficients)
    result = advisor("compare", *options, "--json")
    rows = json.loads(result.stdout)["rows"]
    assert [(row["corpus"], row["compressibility"], row["mixture"]) for row in rows] == [
        ("corpus.jsonl", 0.4, None),
        ("code/other", 0.3, None),
    ]
    for row, known in zip(rows, read_records(two_corpora), strict=True):
        alone = recommend(Request(flops=1e21, coefficients=coefficients), profile=known).headline
        assert (row["headline"]["law"], row["headline"]["n_params"]) == ("anchored", alone.n_params)
    assert rows[0]["headline"]["n_params"] != rows[1]["headline"]["n_params"]
    assert rows[0]["units"]["n_bytes"] == pytest.approx(3.5 * rows[0]["headline"]["n_tokens"])
    assert rows[1]["units"] is None
    assert (rows[0]["ci95"], rows[1]["ci95"]) == ([0.39, 0.41], None)
    out = advisor("compare", *options, "--full").stdout
    assert "\ncorpus.jsonl  0.400     3.50   1e21  " in out
    assert "\nother         0.300            1e21  " in out
    assert "\nother        code/other: H = 0.300, about 1.00B tokens\n" in out


def test_one_corpus_of_a_profile_under_two_budgets(advisor, two_corpora):
    arguments = ("--profile", two_corpora, "--corpus", "code/other", "--flops", "1e20", "--flops", "1e21", "--json")
    rows = json.loads(advisor("compare", *arguments).stdout)["rows"]
    assert [(row["corpus"], row["flops"]) for row in rows] == [("code/other", 1e20), ("code/other", 1e21)]


def test_a_mixture_is_the_last_row(advisor, stdlib):
    sources = [str(stdlib / "email"), str(stdlib / "pydoc_data")]
    arguments = ("compare", *sources, "--weights", "3,1", "--flops", "1e21", "--quiet")
    found = json.loads(advisor(*arguments, "--json").stdout)
    first, second, mixture = found["rows"]
    assert [row["mixture"] for row in (first, second)] == [None, None]
    assert mixture["mixture"] == [{"source": sources[0], "weight": 0.75}, {"source": sources[1], "weight": 0.25}]
    low, high = sorted((first["compressibility"], second["compressibility"]))
    assert low < mixture["compressibility"] < high
    assert mixture["ci95"][0] < mixture["compressibility"] < mixture["ci95"][1]
    assert mixture["bytes_per_token"] == pytest.approx(
        0.75 * first["bytes_per_token"] + 0.25 * second["bytes_per_token"]
    )
    out = advisor(*arguments, "--full").stdout
    assert f"\nmixture     {mixture['compressibility']:.3f}     {mixture['bytes_per_token']:.2f}   1e21" in out
    assert "until one corpus is used up" in " ".join(out.split())


def test_a_caution_of_every_row_is_said_once_and_others_name_their_corpus(two_corpora):
    found = compare([Request(flops=1e21)], [*read_records(two_corpora)])
    codes = [caution.code for caution in found.cautions]
    assert codes.count("counts_differ") == codes.count("gap_extrapolated") == 1
    small, large = read_records(two_corpora)[0], Request(flops=1e19)
    about = compare([large, Request(flops=1e21)], [small]).cautions
    (message,) = [caution.message for caution in about if caution.code == "corpus_too_small"]
    assert message == (
        "Less data than is asked for: corpus.jsonl, about 1.00B tokens, 7.19 to 69.1 epochs. Above 40 epochs no law "
        "sees what repetition does: `advisor recommend --use-corpus-size` answers with what a corpus affords."
    )
    assert "Above" not in next(c.message for c in compare([large, large], [small]).cautions if "Less" in c.message)


def test_a_caution_of_one_budget_names_it():
    cautions = compare([Request(flops=1e21), Request(flops=1e26)]).cautions
    messages = [caution.message for caution in cautions if caution.code == "budget_outside_range"]
    assert len(messages) == 1
    assert messages[0].startswith("1e26 FLOPs is 7,692 times above the largest run")


def test_sources_with_the_same_last_part_are_told_apart(advisor, tmp_path):
    corpora = [profile(source=f"{name}/train.jsonl") for name in ("prose", "code")]
    path = write(tmp_path / "p.json", {"schema_version": 1, "corpora": corpora})
    out = advisor("compare", "--profile", path, "--flops", "1e21", "--full").stdout
    assert "\n1:train.jsonl  0.400" in out
    assert "\n2:train.jsonl  0.400" in out
    assert "\n2:train.jsonl code/train.jsonl: H = 0.400" in out


def test_a_corpus_named_twice_is_said(advisor, tmp_path):
    path = write(tmp_path / "profiles.json", {"schema_version": 1, "corpora": [profile()]})
    arguments = (
        "compare",
        "--profile",
        path,
        "--corpus",
        "corpus.jsonl",
        "--corpus",
        "corpus.jsonl",
        "--flops",
        "1e21",
    )
    cautions = json.loads(advisor(*arguments, "--json").stdout)["cautions"]
    assert cautions[0] == {
        "code": "source_repeated",
        "message": "corpus.jsonl is named 2 times: its rows are the same corpus.",
        "severity": "warning",
    }


def test_one_answer_is_no_comparison():
    with pytest.raises(UsageError) as caught:
        compare([Request(flops=1e21)])
    assert str(caught.value) == (
        "There is one answer and nothing to compare it with: name two SOURCES, or give --flops twice."
    )


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ("a --profile b --flops 1e21", "SOURCES and --profile both name the corpora: give one."),
        ("--corpus a --flops 1e21", "--corpus picks a corpus of a --profile, and none is given."),
        (
            "--weights 1,1 --profile p --flops 1e21",
            "--weights measures the corpora together, and a profile holds no text: name SOURCES.",
        ),
        ("a --weights 1,1 --flops 1e21", "--weights mixes two corpora or more: name them as SOURCES."),
        ("a b --weights 1,1,1 --flops 1e21", "--weights has 3 numbers for 2 corpora: give one for each, in order."),
        ("a b --weights 1,0 --flops 1e21", "--weights must be a finite number above 0, not 0."),
        ("- - --flops 1e21", "Standard input, -, can be read only once."),
        ("--column text --flops 1e21 --flops 1e22", "--column says how a SOURCE is read, and none is given."),
        (
            "a b --flops 1e21 --gpu A100 --gpus 8 --hours 1",
            "Two budgets are given: give --flops, or --gpu with --gpus and --hours, not both.",
        ),
        ("--gpu A100", "There is nothing to compare: name two SOURCES, or give --flops twice."),
    ],
)
def test_what_cannot_be_combined(advisor, arguments, complaint):
    result = advisor("compare", *arguments.split())
    assert (result.code, result.stdout, result.stderr) == (2, "", f"Error: {complaint}\n")


def test_rows_of_limited_data_have_what_the_data_afford():
    found = as_json(compare([Request(flops=1e21, unique_tokens=1e9), Request(flops=1e21)]))
    limited, unlimited = found["rows"]
    assert [answer["epochs"] for answer in limited["limited_data"]["answers"]] == [40, 40]
    assert unlimited["limited_data"] is None


def three_corpora(tmp_path):
    apart = {"prose": 0.45, "mail": 0.44, "code": 0.3}
    corpora = [
        profile(source=name)
        | {"compressibility": profile()["compressibility"] | {"median": h, "ci95": [h - 0.01, h + 0.01]}}
        for name, h in apart.items()
    ]
    return write(tmp_path / "three.json", {"schema_version": 1, "corpora": corpora})


def test_without_a_budget_three_are_compared_and_the_first_two_lines_answer(advisor, tmp_path):
    result = advisor("compare", "--profile", three_corpora(tmp_path))
    assert (result.code, result.stderr) == (0, "")
    answer, table, *_ = result.stdout.split("\n\n")
    assert " ".join(answer.split()) == (
        "code compresses better than prose: H 0.300 against 0.450, which is beyond the noise of sampling. At 1e22 "
        "FLOPs it wants 0.909 times the parameters and 1.1 times the tokens; their 80 % intervals overlap."
    )
    header, *rows = table.splitlines()
    assert header.split() == ["corpus", "H", "B/token", "FLOPs", "N", "80", "%", "D", "text", "D/N"]
    assert [row.split()[3] for row in rows] == ["1e20", "1e22", "1e24"] * 3


@pytest.mark.parametrize("hardware", [(), ("--gpu", "H100", "--gpus", "64")])
@pytest.mark.parametrize("budgets", [(), ("--flops", "1e21"), ("--flops", "1e21", "--flops", "1e23")])
def test_a_first_screen_of_three_corpora_is_24_lines_of_80_columns(advisor, tmp_path, monkeypatch, hardware, budgets):
    path = three_corpora(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    lines = advisor("compare", "--profile", path, *budgets, *hardware).stdout.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert lines[-1].startswith("More: --cautions (")


def test_what_is_within_the_noise_is_said_to_be(tmp_path):
    near = [profile(source="a"), profile(source="b")]
    near[1]["compressibility"] = near[1]["compressibility"] | {"median": 0.405, "ci95": [0.395, 0.415]}
    records = read_records(write(tmp_path / "near.json", {"schema_version": 1, "corpora": near}))
    contrast = compare([Request(flops=1e21)], records).contrast
    assert contrast is not None
    assert (contrast.corpus, contrast.other, contrast.apart, contrast.params_apart) == ("a", "b", False, False)
    assert compare([Request(flops=1e21), Request(flops=1e22)], records[:1]).contrast is None


def test_the_mixture_is_answered_first_and_one_budget_is_no_growth(advisor, tmp_path):
    words = [
        "scaling",
        "laws",
        "depend",
        "on",
        "the",
        "data",
        "that",
        "they",
        "are",
        "fitted",
        "to",
        "and",
        "on",
        "little",
        "else",
    ]
    for name, step in (("a", 1), ("b", 4)):
        text = "\n\n".join(" ".join(words[(i * j + step * j * j) % 14] for j in range(300)) for i in range(20))
        (tmp_path / f"{name}.txt").write_text(text)
    one, other = str(tmp_path / "a.txt"), str(tmp_path / "b.txt")
    mixed = advisor("compare", one, other, "--weights", ".7,.3", "--flops", "1e21", "--quiet")
    assert mixed.stdout.startswith("For 1e21 FLOPs the mixture wants ")
    same = advisor("compare", one, one, "--flops", "1e21", "--quiet")
    assert same.stdout.startswith("1e21 FLOPs want ")
    assert "grow" not in same.stdout


def test_the_rows_of_a_small_corpus_say_how_often_it_is_read(advisor, tmp_path):
    small = profile(estimated_tokens=1e6)
    path = write(tmp_path / "p.json", {"schema_version": 1, "corpora": [small]})
    asked = ("compare", "--profile", path, "--flops", "1e20", "--flops", "1e21")
    for row in json.loads(advisor(*asked, "--json").stdout)["rows"]:
        assert row["headline"]["epochs"] == row["headline"]["n_tokens"] / 1e6
    text = " ".join(advisor(*asked).stdout.split())
    assert "Less data than is asked for: corpus.jsonl, about 1.00M tokens, " in text
