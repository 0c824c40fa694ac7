"""`advisor fit --coefficients`: from a table of several corpora to a file for `recommend`, on the command line."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from tests.calibrations.hand_made import profile, write
from tests.lines.tables_of_corpora import CORPORA, write_profiles, write_runs

FAST = ("--bootstrap", "200")
GROUPED = ("--group", "corpus", "--covariate", "compressibility")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command runs: a table, profiles by hand, and a data folder of its own."""
    write_runs(tmp_path / "runs.csv")
    write_profiles(tmp_path / "profiles.json")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ADVISOR_DATA_DIR", str(tmp_path / "data"))
    return tmp_path


def test_from_a_table_to_an_answer(advisor, folder):
    asked = ("runs.csv", *GROUPED, "--profiles", "profiles.json", "--coefficients", "mine.json", *FAST)
    code, _, err = advisor("fit", *asked, "--install", "own-runs", "--source", "our lab", "--h-ref", ".56")
    assert code == 0
    said = " ".join(err.split())
    assert "Coefficients are written to mine.json." in said
    assert said.endswith("own-runs.json: advisor recommend --calibration own-runs.")
    entry = json.loads((folder / "mine.json").read_text())["calibrations"][0]
    assert entry["name"] == "own-runs"
    assert (entry["h_ref"], entry["h_ref_source"]) == (0.56, "given with --h-ref")
    assert entry["provenance"]["source"] == "our lab"
    typed = shlex.split(entry["provenance"]["command"])
    assert typed[:3] == ["advisor", "fit", "runs.csv"]
    assert set(zip(typed[3::2], typed[4::2], strict=True)) == {
        ("--group", "corpus"),
        ("--covariate", "compressibility"),
        ("--profiles", "profiles.json"),
        ("--coefficients", "mine.json"),
        ("--bootstrap", "200"),
        ("--install", "own-runs"),
        ("--source", "our lab"),
        ("--h-ref", "0.56"),
    }
    answers = []
    for how in (("--coefficients", "mine.json"), ("--calibration", "own-runs")):
        code, out, _ = advisor("recommend", "--flops", "1e19", "--compressibility", ".4", *how, "--json")
        assert code == 0
        found = json.loads(out)
        assert (found["headline"]["law"], found["calibration"]) == ("anchored", "own-runs")
        answers.append(found["headline"]["n_params"])
    assert answers[0] == answers[1]


def test_profiles_of_score_name_the_groups_and_the_tokenizers(advisor, folder):
    corpora = [
        profile(
            source=f"corpora/{name}.jsonl",
            protocol={**profile()["protocol"], "tokenizer": "bytes"},
            compressibility={**profile()["compressibility"], "median": h, "ci95": [h - 0.002, h + 0.002]},
        )
        for name, h in CORPORA.items()
    ]
    write(folder / "scored.json", {"schema_version": 1, "corpora": corpora})
    asked = ("runs.csv", *GROUPED, "--profiles", "scored.json", "--coefficients", "mine.json", *FAST)
    code, _, _ = advisor("fit", *asked, "--tokenizer", "gpt2", "--count", "non-embedding")
    assert code == 0
    entry = json.loads((folder / "mine.json").read_text())["calibrations"][0]
    assert (entry["name"], entry["count"], entry["base"]["count"]) == ("mine", "non-embedding", "non-embedding")
    assert (entry["protocol"]["tokenizer"], entry["training_tokenizer"]) == ("bytes", "gpt2")
    assert entry["sources"][0]["compressibility_sd"] == pytest.approx(0.002 / 1.96, rel=1e-3)
    code, _, err = advisor("fit", *asked, "--score-tokenizer", "mistral-v1")
    assert (code, " ".join(err.split())) == (
        1,
        "Error: scored.json says that H was measured on bytes, and --score-tokenizer says mistral-v1: leave the option "
        "out, or measure again.",
    )


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (("--h-ref", ".5"), 2, "--h-ref is about the coefficients: name their file with --coefficients."),
        (("--install", "x"), 2, "--install is about the coefficients: name their file with --coefficients."),
        (
            ("--coefficients", "c.json"),
            2,
            "--coefficients are lines in H: give --group and --covariate compressibility.",
        ),
        (("--coefficients", "c.json", *GROUPED, "--h-ref", "2"), 2, "--h-ref must be above 0 and below 1, not 2."),
        (
            ("--coefficients", "c.json", *GROUPED, "--install", "a b"),
            2,
            "A calibration's name is letters, digits, '.', '_' and '-', at most 64, not 'a b'.",
        ),
        (
            ("--coefficients", "runs.csv", *GROUPED),
            2,
            "--coefficients runs.csv would overwrite what is read from runs.csv: name another file.",
        ),
        (
            ("--coefficients", "no/c.json", *GROUPED),
            2,
            "Cannot write no/c.json: there is no such folder.",
        ),
        (
            ("--coefficients", "c.json", *GROUPED, "--profiles", "none.json"),
            2,
            "Cannot read none.json: No such file or directory.",
        ),
        (
            ("--group", "corpus", "--profiles", "profiles.json"),
            2,
            "--profiles gives the groups' compressibility: add --covariate compressibility.",
        ),
        (
            ("--coefficients", "c.json", "--group", "n_params", *GROUPED[2:], "--profiles", "profiles.json"),
            1,
            "has no profile of the group",
        ),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_fitted(advisor, folder, arguments, code, complaint):
    found, out, err = advisor("fit", "runs.csv", *arguments)
    assert found == code
    assert out == ""
    assert complaint in " ".join(err.split())
    assert not (folder / "c.json").exists()


def test_too_few_corpora_write_nothing(advisor, folder):
    rows = (folder / "runs.csv").read_text().splitlines()
    few = [row for row in rows[1:] if row.split(",")[0] in ("code", "web", "maths")]
    (folder / "few.csv").write_text("\n".join([rows[0], *few]))
    code, out, err = advisor(
        "fit", "few.csv", *GROUPED, "--profiles", "profiles.json", "--coefficients", "c.json", *FAST
    )
    assert code == 1
    assert "the laws of 3 groups" in out
    said = " ".join((out + err).split())
    assert "No coefficients are written: 3 of 3 sources have a law that can be used" in said
    assert not (folder / "c.json").exists()
