"""A name that is like a known one is asked back: commands, laws, presets, calibrations, columns, corpora."""

import pytest

from advisor.errors import AdvisorError, did_you_mean
from tests.calibrations.hand_made import profile, write

pytestmark = pytest.mark.usefixtures("nothing_ships")


def test_the_closest_is_named_and_all_where_they_are_few():
    many = [f"name{number}" for number in range(9)]
    assert did_you_mean("kapln", ["kaplan"]) == ": did you mean 'kaplan'?"
    assert did_you_mean("Kapln", ["kaplan", "data"]) == ": did you mean 'kaplan'? (kaplan, data)"
    assert did_you_mean("nam3", many) == ": did you mean 'name3'?"
    assert did_you_mean("xyz", many) == did_you_mean("xyz", []) == ""


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ("recommend --flops 1e21 --law chinchila", "--law 'chinchila' is neither a law nor a law file that exists: did "
         "you mean 'chinchilla'?"),
        ("recommend --flops 1e21 --gpu GH2O0", "--gpu 'GH2O0' is not in the table of accelerators, where --peak-tflops "
         "would give its peak: did you mean 'GH200'?"),
        ("calibrate --preset smok", "There is no preset 'smok': did you mean 'smoke'? (smoke, cpu, night, gpu, paper, "
         "iso-vocab, iso-gzip, two-way)"),
        ("calibrate --preset smoke --grid quik", "There is no grid 'quik': did you mean 'quick'?"),
        ("calibrate --grammars papr", "There is no grammar set 'papr': did you mean 'paper'? (paper, iso-vocab, "
         "iso-gzip, two-way, ladder)"),
    ],
)  # fmt: skip
def test_names_of_options(advisor, arguments, complaint):
    result = advisor(*arguments.split())
    assert (result.code, result.stdout, result.stderr) == (2, "", f"Error: {complaint}\n")


def test_commands(program):
    assert program("recomend")[2].endswith("\nError: No such command 'recomend': did you mean 'recommend'?\n")
    said = program("frobnicate")[2]
    assert "\nError: No such command 'frobnicate': the commands are score, recommend, " in said


def test_columns_and_corpora(advisor, tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "some words of a text", "title": "a title of it"}\n')
    result = advisor("score", tmp_path / "a.jsonl", "--column", "txt")
    assert (result.code, result.stderr) == (
        *(2, f"Error: {tmp_path}/a.jsonl has no column 'txt': did you mean 'text'? (text, title)\n"),
    )
    path = write(tmp_path / "p.json", {"schema_version": 1, "corpora": [profile(), profile(source="code/other")]})
    result = advisor("recommend", "--profile", path, "--corpus", "corpus.json", "--flops", "1e21")
    assert (result.code, result.stderr) == (
        *(2, f"Error: {path} has no corpus called 'corpus.json': did you mean 'corpus.jsonl'? (corpus.jsonl, "
          "code/other)\n"),
    )  # fmt: skip


def test_columns_of_run_tables(advisor, tmp_path):
    (tmp_path / "r.csv").write_text("n_params,n_tokens,loss,corpus\n1e8,2e9,3.1,a\n2e8,3e9,2.9,a\n")
    result = advisor("fit", tmp_path / "r.csv", "--group", "Corpsu")
    assert (result.code, result.stderr) == (
        *(2, f"Error: {tmp_path}/r.csv has no column Corpsu: did you mean 'corpus'? (n_params, n_tokens, loss, "
          "corpus)\n"),
    )  # fmt: skip


def test_calibrations(tmp_path):
    from advisor.calibrations.coefficients import load_coefficients
    from tests.calibrations.hand_made import document

    made = document()
    name = made["calibrations"][0]["name"]
    found = load_coefficients(write(tmp_path / "c.json", made))
    with pytest.raises(AdvisorError) as caught:
        found.calibration(name + "x")
    assert str(caught.value) == f"{tmp_path}/c.json has no calibration {name + 'x'!r}: did you mean {name!r}?"
