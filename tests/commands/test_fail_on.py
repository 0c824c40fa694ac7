"""--fail-on: the answer as ever, and exit code 3 where it has a caution that is named."""

import csv
from pathlib import Path

import pytest

from advisor.caution import CODES, WARNINGS
from advisor.commands.fail_on import failing_codes, wanted_codes
from advisor.errors import UsageError
from advisor.laws.published import MUENNIGHOFF
from tests.fit.test_repeat_over import decaying, table
from tests.pilot.filled import fill

GRID = Path(__file__).parents[1] / "fit" / "grid36.csv"
WITHOUT_CORPUS = ("recommend", "--flops", "1e21")


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        (("skipped",), {"skipped"}),
        (("skipped,padding", "few-runs"), {"skipped", "padding", "few-runs"}),
        ((" warning , skipped ",), {"warning", "skipped"}),
        ((), set()),
    ],
)
def test_codes_are_named_one_by_one_or_with_commas(given, codes):
    assert wanted_codes(given) == codes


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("epochs_above_30", "'epochs_above_30', which is no code of a caution: did you mean 'epochs_above_40'? "),
        ("epochs-above-40", "'epochs-above-40', which is no code of a caution: did you mean 'epochs_above_40'? "),
        ("Warnings", "'Warnings', which is no code of a caution: did you mean 'warning'? "),
        ("qqqqqqq", "'qqqqqqq', which is no code of a caution; "),
        ("skipped,", "'', which is no code of a caution; "),
    ],
)
def test_an_unknown_code_is_an_error_with_the_one_that_is_meant(given, said):
    with pytest.raises(UsageError) as caught:
        wanted_codes((given,))
    assert str(caught.value) == f"--fail-on names {said}`advisor schema --codes` lists them."


def test_warning_stands_for_all_of_them_and_a_code_for_itself():
    assert failing_codes(CODES, frozenset({"warning"}))[: len(WARNINGS)] == list(WARNINGS)
    assert failing_codes(["skipped", "one_split", "few-runs"], frozenset({"warning"})) == ["few-runs"]
    assert failing_codes(["skipped", "padding", "skipped"], frozenset({"skipped"})) == ["skipped"]
    assert failing_codes(list(CODES), frozenset()) == []


def test_the_answer_is_printed_as_ever_and_the_exit_code_is_3(program):
    assert program(*WITHOUT_CORPUS)[0] == 0
    _, plain, _ = program(*WITHOUT_CORPUS, "--json")
    code, out, err = program(*WITHOUT_CORPUS, "--json", "--fail-on", "no_compressibility")
    assert (code, out) == (3, plain)
    assert err.splitlines()[-1] == "Exit code 3 for --fail-on: the answer has no_compressibility."


def test_a_caution_that_the_answer_does_not_have_is_no_failure(program):
    code, _, err = program(*WITHOUT_CORPUS, "--fail-on", "epochs_above_4,epochs_above_16,warning")
    assert (code, "fail-on" in err) == (0, False)


def test_a_wrong_code_ends_before_the_answer(program):
    code, out, err = program(*WITHOUT_CORPUS, "--fail-on", "epochs")
    assert (code, out, err.startswith("Error: --fail-on names 'epochs'")) == (2, "", True)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("table", "--sizes", "400M,10T"), "rows_outside_range"),
        (("repeat", "--unique-tokens", "25B", "--flops", "1e23"), "epochs_above_16"),
        (("compare", "--flops", "1e21", "--flops", "1e22"), "no_compressibility"),
        (("recommend", "--flops", "1e22", "--unique-tokens", "1M"), "epochs_above_40"),
        (("grammar", "--shape", "2,1,1,1", "--documents", "10"), "few-sentences"),
    ],
)
def test_every_command_with_cautions_can_fail_on_them(program, arguments, code):
    assert program(*arguments)[0] == 0
    failed, _, err = program(*arguments, "--fail-on", code)
    assert (failed, err.splitlines()[-1]) == (3, f"Exit code 3 for --fail-on: the answer has {code}.")


def test_a_corpus_that_can_hardly_be_measured(program, tmp_path):
    path = tmp_path / "few.txt"
    path.write_text("".join(f"It was {n} o'clock, and a door fell shut. " for n in range(60)), encoding="utf-8")
    arguments = ("score", path, "--seq-len", "64", "--quiet", "--fail-on", "warning")
    code, _, err = program(*arguments)
    assert code == 3
    assert err.splitlines()[-1].startswith("Exit code 3 for --fail-on: the answer has few_sequences")


@pytest.fixture
def repeated_row(tmp_path):
    """A sound table one row of which stands there twice."""
    rows = GRID.read_text(encoding="utf-8").splitlines()
    path = tmp_path / "twice.csv"
    path.write_text("\n".join([*rows, rows[-1]]) + "\n", encoding="utf-8")
    return path


def test_reasons_of_a_fit_count(program, repeated_row):
    arguments = ("fit", repeated_row, "--bootstrap", "200")
    assert program(*arguments)[0] == 0
    assert program(*arguments, "--fail-on", "warning")[0] == 0  # it is a note
    code, _, err = program(*arguments, "--fail-on", "repeated-rows")
    assert (code, err.splitlines()[-1]) == (3, "Exit code 3 for --fail-on: the answer has repeated-rows.")


def test_a_refused_law_is_a_failure_of_its_own(program, tmp_path):
    few = tmp_path / "few.csv"
    few.write_text("\n".join(GRID.read_text(encoding="utf-8").splitlines()[:4]) + "\n", encoding="utf-8")
    code, out, err = program("fit", few, "--bootstrap", "200", "--fail-on", "few-runs")
    assert (code, "refused" in out.lower(), "fail-on" in err) == (1, True, False)


def test_reasons_of_repeated_runs_count(program, tmp_path):
    runs = table(tmp_path / "repeated.csv", decaying(MUENNIGHOFF, 6.0, 5.3), epochs=(1, 2, 4, 8, 16, 64))
    arguments = ("fit", runs, "--repeat-over", "muennighoff", "--bootstrap", "200")
    code, _, err = program(*arguments, "--fail-on", "over-40-epochs")
    assert (code, err.splitlines()[-1]) == (3, "Exit code 3 for --fail-on: the answer has over-40-epochs.")


def test_what_a_pilot_measured_counts(program, tmp_path):
    unfilled, filled, odd = (tmp_path / name for name in ("pilot.csv", "filled.csv", "odd.csv"))
    program("pilot", "--compressibility", ".402", "--flops", "1e22", "--out", unfilled)
    fill(unfilled, filled)
    with filled.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with odd.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows({**row, "loss": float(row["loss"]) / 2} if row["role"] == "corpus" else row for row in rows)
    assert program("fit", filled, "--pilot", "--fail-on", "loss_unit")[0] == 0
    assert program("fit", odd, "--pilot", "--fail-on", "loss_unit")[0] == 3
