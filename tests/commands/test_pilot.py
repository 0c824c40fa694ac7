"""`advisor pilot` and `advisor fit --pilot`: from a corpus to a file that a recommendation takes."""

import json
import math

import pytest

from tests.pilot.filled import fill

CODE = ("pilot", "--compressibility", ".402", "--flops", "1e22")


def test_the_first_lines_say_what_it_would_narrow_and_whether_it_pays(program):
    code, out, err = program(*CODE, "--full")
    assert (code, err) == (0, "")
    lines, said = out.splitlines(), " ".join(out.split())
    assert said.startswith(
        "A pilot of 20 small runs does not pay: it takes 1.0 % of the 1e22 FLOPs, and a better N saves "
    )
    assert " N is 7.36B today, 80 % 5." in said
    assert "which no pilot shows" in said
    shares = lines[next(i for i, line in enumerate(lines) if line.startswith("a pilot of ")) + 1 :][:3]
    assert [line.split()[0] for line in shares] == ["0.5", "1", "4"]
    assert sum(line.startswith("corpus ") for line in lines) == sum(line.startswith("web ") for line in lines) + 1


def test_the_document_has_the_runs_and_nothing_else_is_printed(program):
    code, out, err = program(*CODE, "--gpu", "H100", "--gpus", "8", "--price-per-hour", "2", "--share", "4%", "--json")
    document = json.loads(out)
    assert (code, err, document["schema_version"], document["share_of_budget"]) == (0, "", 1, 0.04)
    assert document["expected"]["flops"] == pytest.approx(4e20)
    assert len(document["runs"]) == document["expected"]["n_runs"]
    assert document["cost"] == pytest.approx(2 * document["gpu_hours"])
    assert {run["role"] for run in document["runs"]} == {"corpus", "reference"}
    assert [each["share_of_budget"] for each in document["other_shares"]] == [0.02, 0.16]


def test_a_budget_in_gpu_time_is_one(program):
    time = ("--gpu", "H100", "--gpus", "64", "--hours", "200")
    code, out, _ = program("pilot", "--compressibility", ".402", *time, "--json")
    assert (code, json.loads(out)["flops"]) == (0, pytest.approx(989e12 * 0.4 * 64 * 200 * 3600))


def test_from_a_pilot_to_its_file(program, tmp_path):
    unfilled, filled, measured = (tmp_path / name for name in ("pilot.csv", "filled.csv", "measured.json"))
    assert program(*CODE, "--out", unfilled)[0] == 0
    code, out, err = program("fit", unfilled, "--pilot")
    assert (code, out) == (1, "")
    assert err.startswith(f"Error: {unfilled} has no loss yet for 20 of its 20 runs: ")
    fill(unfilled, filled)
    code, out, err = program("fit", filled, "--pilot", "--out", measured)
    assert (code, err) == (0, "")
    assert "\nLosses    0.44 (corpus) and 0.97 (web) times web text's in nats/token, by" in out
    document = json.loads(measured.read_text())
    factor = f"{math.exp(document['ln_n_params']):.2f}"
    assert out.startswith(f"corpus wants {factor} times the parameters of web at 4.71e18 FLOPs (80 % 0.")
    assert f"\nln N      {document['ln_n_params']:+.3f}, sd {document['ln_n_params_sd']:.3f}; expected " in out
    assert set(document["loss_over_base_law"]) == {"corpus", "reference"}
    assert (document["kind"], document["paired"], document["source"]) == ("pilot", True, "filled.csv")
    assert json.loads(program("fit", filled, "--pilot", "--json")[1]) == document


def test_a_reference_is_measured_as_the_corpus_is(program, stdlib, tmp_path):
    (tmp_path / "web.txt").write_text("The quick brown fox jumps over the lazy dog. " * 4000, encoding="utf-8")
    sources = (stdlib / "argparse.py", "--reference", tmp_path / "web.txt", "--sequences", "20", "--quiet")
    code, out, _ = program("pilot", *sources, "--flops", "1e22", "--json")
    document = json.loads(out)
    assert code == 0
    assert document["corpus"]["name"] == str(stdlib / "argparse.py")
    assert document["corpus"]["bytes_per_token"] > 1
    assert document["reference"]["compressibility"] < document["corpus"]["compressibility"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--flops", "1e22"), "A pilot is for a corpus: give a SOURCE, a --profile or a --compressibility."),
        (("--compressibility", ".4"), "A pilot is for a run of a known budget: give --flops, or --gpu with --gpus"),
        (
            ("--compressibility", ".4", "--flops", "1e22", "--share", "some"),
            "--share must be a share such as 0.4 or 40%, not 'some'.",
        ),
        (("--compressibility", "4", "--flops", "1e22"), "--compressibility must be above 0 and below 1"),
        (("x", "--compressibility", ".4", "--flops", "1e22"), "SOURCE and --compressibility both name the corpus"),
        (("--compressibility", ".4", "--flops", "1e22", "--corpus", "a"), "--corpus picks a corpus of a --profile"),
        (("--compressibility", ".4", "--flops", "1e22", "--seq-len", "9"), "--seq-len says how a SOURCE is read"),
        (("--compressibility", ".4", "--flops", "1e21"), "take 4.08e19, 4.1 % of this budget; see --share."),
        (("--compressibility", ".4", "--flops", "1e18"), "and the whole budget is 1e18: a run so small has no pilot."),
    ],
)
def test_wrong_pilots(program, arguments, message):
    code, out, err = program("pilot", *arguments)
    assert (code, out) == (2, "")
    assert message in err


def test_a_pilot_fits_no_law(program, tmp_path):
    (tmp_path / "t.csv").write_text("corpus,role\na,corpus\n", encoding="utf-8")
    code, out, err = program("fit", tmp_path / "t.csv", "--pilot", "--group", "corpus")
    assert (code, out, err) == (2, "", "Error: --group says how laws are fitted, and --pilot fits none.\n")
    code, out, err = program("fit", tmp_path / "t.csv", "--pilot")
    assert (code, out) == (1, "")
    assert err.startswith("Error: ")
    assert "is not the table of a pilot: it has no column flops" in err


def test_a_pilot_moves_and_narrows_a_recommendation(program, tmp_path):
    unfilled, filled, measured = (tmp_path / name for name in ("pilot.csv", "filled.csv", "measured.json"))
    assert program(*CODE, "--share", "4%", "--out", unfilled)[0] == 0
    fill(unfilled, filled)
    assert program("fit", filled, "--pilot", "--out", measured)[0] == 0
    asked = ("recommend", "--flops", "1e22", "--compressibility", ".402")
    before = json.loads(program(*asked, "--json")[1])
    after = json.loads(program(*asked, "--pilot", measured, "--json")[1])
    assert after["headline"]["law"] == "data"
    assert after["shift"]["ln_n_params"] != before["shift"]["ln_n_params"]
    assert after["shift"]["ln_n_params_sd"] < before["shift"]["ln_n_params_sd"]
    assert after["sensitivity"] is None
    assert "your pilot is in it" in " ".join(program(*asked, "--pilot", measured, "--full")[1].split())
    alone = json.loads(program("recommend", "--flops", "1e22", "--pilot", measured, "--json")[1])
    assert alone["headline"]["law"] == "data"
    assert "no_compressibility" not in {caution["code"] for caution in alone["cautions"]}
    explained = json.loads(program(*asked, "--pilot", measured, "--explain", "--json")[1])["explanations"]
    (said,) = [each["source"] for each in explained if each["name"] == "by_pilot"]
    assert "measured_shift.py" in said


@pytest.mark.parametrize("other", [("--law", "chinchilla"), ("--calibration", "text")])
def test_a_pilot_beside_another_law_is_wrong_usage(program, tmp_path, other):
    path = tmp_path / "measured.json"
    path.write_text("{}", encoding="utf-8")
    code, _, err = program("recommend", "--flops", "1e22", "--compressibility", ".4", "--pilot", path, *other)
    assert (code, "--pilot moves the law data" in err) == (2, True)


def test_a_pilot_file_as_coefficients_is_told_its_option(program, tmp_path):
    path = tmp_path / "measured.json"
    path.write_text('{"schema_version": 1, "kind": "pilot"}', encoding="utf-8")
    code, _, err = program("recommend", "--flops", "1e22", "--compressibility", ".4", "--coefficients", path)
    assert (code, err) == (1, f"Error: {path} is what a pilot measured: use --pilot {path}.\n")


def test_a_pilot_keeps_what_it_knows_of_the_language(program, tmp_path):
    from tests.calibrations.hand_made import profile, write

    corpus = profile(source="ru", bytes_per_token=2.0, non_ascii_fraction=0.8)
    known = write(tmp_path / "p.json", {"schema_version": 1, "corpora": [corpus]})
    unfilled, filled, measured = (tmp_path / name for name in ("pilot.csv", "filled.csv", "measured.json"))
    asked = ("--profile", known, "--flops", "1e22")
    assert program("pilot", *asked, "--share", "4%", "--out", unfilled)[0] == 0
    fill(unfilled, filled)
    assert program("fit", filled, "--pilot", "--out", measured)[0] == 0
    with_it, without = (
        json.loads(program("recommend", *words, "--pilot", measured, "--json")[1])
        for words in (asked, ("--flops", "1e22"))
    )
    assert with_it["shift"]["by"]["bytes_per_token"] is None is without["shift"]["by"]["bytes_per_token"]
    assert without["headline"]["n_params"] == pytest.approx(with_it["headline"]["n_params"], rel=0.02)
