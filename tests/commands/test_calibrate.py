"""``advisor calibrate`` on the command line: what it refuses, prints, writes and leaves alone."""

from __future__ import annotations

import importlib.util
import json
import math
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from advisor.calibrations.transfer import Transfer
from advisor.cli import group
from advisor.commands.calibrate import named_corpus
from advisor.errors import install_command
from advisor.report.evidence import print_transfers
from advisor.report.tables.calibration import print_predictors
from calibration.campaign import presets, refit, speed
from calibration.campaign.grid import Grid, Size
from calibration.campaign.plan_file import read_plan
from calibration.lines.predictors import compare_predictors
from calibration.lines.source_laws import accepted
from calibration.training.schedule import Recipe

ROOT = Path(__file__).parents[2]

TINY = Grid(
    sizes=tuple(Size(width=d, n_layers=1) for d in (2, 4)),
    token_counts=(10_240, 20_480),
    recipe=Recipe(batches=((0, 1024),)),
    n_validation=128,
    laws_only=True,
    pinned=True,
)
HERE = ("--device", "cpu", "--engine", "process", "--quiet")
NO_TIME = "must be a time above 0 such as 100, 90m, 36h, 14d, 2w or 1d12h, a number alone being"


@pytest.fixture
def tiny(monkeypatch):
    """The grid smoke is tiny, so that it is planned and trained in about a second; its recipe is the tuned one."""
    monkeypatch.setitem(presets.GRIDS, "smoke", TINY)
    monkeypatch.setattr(speed, "PROBE_SECONDS", 0.02)


@pytest.fixture(scope="module")
def text(tmp_path_factory, sources):
    folder = tmp_path_factory.mktemp("text")
    for number, source in enumerate(sources[:30]):
        (folder / f"{number}.py").write_text(source, encoding="utf-8")
    (folder / "notes.xyz").write_text("of another type")
    return folder


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Nothing to calibrate: name a --preset or a --corpus, or go on with a folder by --out."),
        (
            ["--preset", "huge"],
            "There is no preset 'huge': choose one of smoke, cpu, night, gpu, paper, iso-vocab, iso-gzip, two-way.",
        ),
        (
            ["--grammars", "A1"],
            "There is no grammar set 'A1': choose one of paper, iso-vocab, iso-gzip, two-way, ladder.",
        ),
        (
            ["--preset", "iso-gzip", "--grid", "huge"],
            "There is no grid 'huge': choose one of smoke, quick, early, late, cpu, night, text, "
            "subword, iso-tokens, gpu, gpu-9min, paper.",
        ),
        (
            ["--preset", "iso-gzip", "--only", "G1, A1"],
            "--only A1 is not among the grammars: they are G1, G2, G3, G4.",
        ),
        (
            ["--preset", "iso-gzip", "--device", "tpu"],
            "The device 'tpu' is not known: choose cpu, mps, cuda or cuda:N.",
        ),
        (
            ["--preset", "iso-gzip", "--engine", "process", "--workers", "3"],
            "--engine process trains in this process alone: leave out --workers 3.",
        ),
        (["--preset", "iso-gzip", "--max-hours", "nan"], f"--max-hours {NO_TIME} hours, not 'nan'."),
        (["--preset", "iso-gzip", "--minutes", "inf"], f"--minutes {NO_TIME} minutes, not 'inf'."),
        (["--preset", "iso-gzip", "--h-ref", "nan"], "--h-ref must be a finite number, not nan."),
        (["--preset", "iso-gzip", "--extend"], "--extend adds to a calibration: name its folder with --out."),
        (
            ["--out", "x", "--extend"],
            "--extend changes what a --preset, --grammars or a --corpus trains, and none is given.",
        ),
        (
            ["--out", "x", "--recipe", "paper"],
            "--recipe changes what a --preset, --grammars or a --corpus trains, and none is given.",
        ),
        (["--preset", "smoke", "--force"], "--force replaces an installed calibration: name it with --install."),
        (["--preset", "smoke", "--dry-run", "--minutes", "9"], "--dry-run trains nothing: leave out --minutes."),
        (["--preset", "smoke", "--prepare", "x", "--install", "y"], "--prepare trains nothing: leave out --install."),
        (
            ["--preset", "smoke", "--prepare", "x", "--out", "y"],
            "--prepare names the folder that is written: leave out --out and --dry-run.",
        ),
        (["--preset", "smoke", "--tokenizer", "bytes"], "--tokenizer says how a corpus is read, and none is given."),
        (
            ["--preset", "smoke", "--install", "my calibration"],
            "A calibration's name is letters, digits, '.', '_' and '-', at most 64, not 'my calibration'.",
        ),
        (
            ["--preset", "smoke", "--score-tokenizer", "bytes"],
            "--score-tokenizer is how H of a --corpus is measured, and none is given.",
        ),
        (["--corpus", "-"], "Standard input can be read only once, and a corpus is read twice: give a file."),
        (["--corpus", "x=-"], "Standard input can be read only once, and a corpus is read twice: give a file."),
        (
            ["--corpus", "a/x.txt", "--corpus", "b/x.txt"],
            "Two sources are called x: give a corpus its name with --corpus NAME=SOURCE.",
        ),
        (["--refit", "x", "--preset", "smoke"], "--refit fits what was trained: leave out --preset."),
        (["--refit", "x", "--device", "cpu"], "--refit fits what was trained: leave out --device."),
        (
            ["--refit", "x", "--refit", "y"],
            "--refit of several folders needs --out, the folder for what they give together.",
        ),
        (["--refit", "no/such"], "There is no folder no/such: name one of a calibration."),
        (["--refit", __file__], f"{__file__} is a file: name the folder of a calibration."),
        (
            ["--preset", "smoke", "--install", "mine"],
            "--install mine keeps coefficients, and this calibration is too small for them: its grid is, or it has "
            "fewer than five sources.",
        ),
        *(
            (
                ["--out", "no/such", *how],
                "no/such holds no calibration: name a --preset or a --corpus to plan one there.",
            )
            for how in ([], ["--dry-run"])
        ),
    ],
)  # fmt: skip
def test_impossible_requests_get_one_sentence_and_exit_2(advisor, arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = advisor("calibrate", *arguments)
    assert (result.stdout, result.stderr, result.code) == ("", f"Error: {message}\n", 2)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", ["--workers", "--threads", "--vocab-size", "--h-ref"])
@pytest.mark.parametrize("value", ["-1", "0", "many"])
def test_numbers_that_are_none_are_refused(advisor, option, value):
    result = advisor("calibrate", "--preset", "smoke", option, value)
    assert (result.stdout, result.code) == ("", 2)
    assert f"Invalid value for '{option}'" in result.stderr


def test_a_file_is_no_folder(advisor, tmp_path):
    path = tmp_path / "file"
    path.write_text("text")
    for arguments in (("--out", path), ("--out", path, "--dry-run"), ("--prepare", path)):
        result = advisor("calibrate", "--preset", "iso-gzip", *arguments)
        assert (result.stdout, result.code) == ("", 2)
        assert result.stderr == f"Error: {path} is a file: name a folder.\n"
    assert path.read_text() == "text"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("src", ("src", "src")),
        ("code=src/", ("code", "src/")),
        ("/data/books.jsonl.gz", ("books", "/data/books.jsonl.gz")),
        ("a=b=c.txt", ("a", "b=c.txt")),
        (r"C:\data\x=1.txt", ("C-data-x-1", r"C:\data\x=1.txt")),
        ("/data/year=2024", ("year-2024", "/data/year=2024")),
        ("prose=/data/year=2024", ("prose", "/data/year=2024")),
        ("org/name", ("name", "org/name")),
        ("hf://datasets/org/name@rev", ("name-rev", "hf://datasets/org/name@rev")),
        ("data/*.jsonl", ("corpus", "data/*.jsonl")),
        (".", ("corpus", ".")),
        ("=src", ("src", "=src")),
        ("my code=src", ("my-code-src", "my code=src")),
    ],
)
def test_a_corpus_has_the_name_that_it_is_given_or_that_of_its_file(given, expected):
    assert named_corpus(given) == expected


def test_what_exists_under_the_whole_text_is_the_source(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "year=2024").mkdir()
    assert named_corpus("year=2024") == ("year-2024", "year=2024")
    assert named_corpus("year=2025") == ("year", "2025")


def test_a_dry_run_says_the_plan_and_writes_nothing(advisor, tiny, tmp_path, text, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = ("--grammars", "iso-gzip", "--only", "G1", "--corpus", f"code={text}", "--tokenizer", "bytes")
    result = advisor("calibrate", *arguments, "--grid", "smoke", "--dry-run", "--workers", "1", *HERE[:2], "--quiet")
    assert (result.code, result.stderr) == (0, "")
    shown = re.sub(r"about \S+ \S+ on [^,]*", "about 1 s on a CPU", result.stdout)
    shown = re.sub(r"(\d+)(\s+\S+\s+)(\S+)\n(?=[\d N])", r"\1\2speed\n", shown)
    lines = shown.splitlines()
    assert re.sub(r"(take|about) \S+ \S+( here|\.)", r"\1 1 s\2", lines[0]) == (
        "8 runs on 2 sources take 1 s here; to go: about 1 s."
    )
    assert lines[1:3] == [
        "That is too small for coefficients, which take five sources with sound laws: it stops at their laws.",
        "source  vocab      H  shuffled  bound  unique    trained to",
    ]
    g1, code = (line.split() for line in lines[3:5])
    assert (g1[0], g1[1], g1[-3:]) == ("G1", "601", ["any", "10.2K,", "20.5K"])
    assert (code[0], code[1], code[-2:]) == ("code", "257", ["10.2K,", "20.5K"])
    assert lines[5:] == [
        # Each trunk trains (64 + 8 + 16) * 256 tokens; per token 6 (10 d^2 + 256 d + V d): d = 2, 4, V = 601, 257.
        "Runs      8 in 4 trunks, 1.17B FLOPs",
        "Batch     256 tokens; cooldown over the last 20 %",
        "Time      about 1 s on a CPU, float32, from timed steps",
        "Folder    calibration-corpora",
        "More: --cautions (1)  --full  --json",
    ]
    full = advisor(
        "calibrate", *arguments, "--grid", "smoke", "--dry-run", "--workers", "1", *HERE[:2], "--full"
    ).stdout
    for said in (
        "H: median compressed/raw bytes of 256 tokens of the tokenizer bytes; shuffled: with their order destroyed.",
        "Bound: the most that the loss of a perfect model can be, nats/token; known of grammars alone.",
        "d x layers N non-embed. N total seeds peak rate FLOPs/token tokens/s 2 x 1 ",
        "Note: code: left out 1 (files ending in .xyz).",
    ):
        assert said in " ".join(full.split())
    assert list(tmp_path.iterdir()) == []


def calibrated(advisor, out, *arguments):
    return advisor("calibrate", "--grammars", "iso-gzip", "--only", "G1", "--grid", "smoke", "--out", out, *arguments)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with a whole calibration, and the document that was printed."""
    folder = tmp_path_factory.mktemp("trained") / "out"
    arguments = ("--grammars", "iso-gzip", "--only", "G1", "--grid", "smoke", "--out", str(folder), *HERE, "--json")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(presets.GRIDS, "smoke", TINY)
        patch.setattr(speed, "PROBE_SECONDS", 0.02)
        result = CliRunner().invoke(group, ["calibrate", *arguments])
    assert (result.exit_code, result.stderr) == (0, "")
    return folder, json.loads(result.stdout)


@pytest.fixture
def done(trained, tiny, tmp_path):
    """A copy of that folder, and the document."""
    shutil.copytree(trained[0], tmp_path / "out")
    return tmp_path / "out", trained[1]


def test_a_calibration_is_one_document_and_a_folder(done):
    folder, document = done
    assert document["schema_version"] == 1
    assert [source["name"] for source in document["sources"]] == ["G1"]
    assert document["sources"][0]["verdict"] == "refused"  # no law from points of so few steps
    assert document["refusal"].startswith(
        "No coefficients are written: 0 of 1 source has a law that can be used, and lines in H need 5."
    )
    assert {"plan.json", "runs.jsonl", "laws.json", "data", "checkpoints"} <= {each.name for each in folder.iterdir()}
    assert len((folder / "runs.jsonl").read_text().splitlines()) == 4


def test_the_same_command_trains_nothing_twice(advisor, done):
    folder, _ = done
    ledger, plan = (folder / "runs.jsonl").read_bytes(), (folder / "plan.json").read_bytes()
    result = calibrated(advisor, folder, *HERE)
    assert result.code == 0
    assert "There     2 of 2 trunks; nothing is left to train\n" in result.stdout
    assert (folder / "runs.jsonl").read_bytes() == ledger
    assert (folder / "plan.json").read_bytes() == plan
    other = calibrated(advisor, folder, "--grammar-seed", "1", *HERE)
    assert (other.stdout, other.code) == ("", 2)
    assert other.stderr == (
        f"Error: {folder} holds a calibration of grammars iso-gzip, only G1, grid smoke, recipe tuned, precision "
        "float32, with another grammar-seed: give that again, add to it with --extend, or name another folder with "
        "--out.\n"
    )


def test_a_refit_needs_no_torch(done):
    folder, first = done
    laws = (folder / "laws.json").read_bytes()
    barred = "import sys; sys.modules['torch'] = None; from advisor.cli import main; main()"  # as if not installed
    done = subprocess.run(
        [sys.executable, "-c", barred, "calibrate", "--refit", folder, "--json"], cwd=ROOT, capture_output=True
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["sources"] == first["sources"]
    assert (folder / "laws.json").read_bytes() == laws


def test_a_refit_costs_no_training_and_says_the_same(advisor, done):
    folder, first = done
    again = advisor("calibrate", "--refit", folder, "--json")
    assert again.code == 0
    assert json.loads(again.stdout)["sources"] == first["sources"]


def test_without_matplotlib_it_is_said_what_pictures_need(advisor, done, monkeypatch):
    there = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "matplotlib" else there(name))
    found = advisor("calibrate", "--refit", done[0])
    assert found.code == 0
    assert "Pictures need matplotlib, which is not installed: " in found.stderr
    assert "figures" not in found.stdout


def test_a_refit_shows_how_far_it_is_on_a_terminal_and_there_alone(done, tmp_path):
    slow = (
        "import time; from calibration.lines import source_laws; fit = source_laws._fit_source; "
        "source_laws._fit_source = lambda *each: time.sleep(1.5) or fit(*each); "
        "from calibration.campaign import refit; fit_all = refit.fit_sources; "
        "refit.fit_sources = lambda sources, *more, **named: fit_all([*sources, *sources], *more, **named); "
        "from advisor.cli import main; main()"
    )

    def begin(name, arguments, stderr):
        folder = shutil.copytree(done[0], tmp_path / name)
        command = [sys.executable, "-c", slow, "calibrate", "--refit", folder, *arguments]
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr)

    started = []
    for number, arguments in enumerate(((), ("--json",), ("--quiet",))):  # side by side: most of their time is slept
        ours, theirs = os.openpty()
        started.append((arguments, ours, begin(f"terminal{number}", arguments, theirs)))
        os.close(theirs)
    piped = begin("piped", (), subprocess.PIPE)
    for arguments, ours, run in started:
        told = read_to_end(ours)
        stdout, _ = run.communicate()
        assert run.returncode == 0
        assert stdout.startswith(b"{" if "--json" in arguments else b"0 of 2 sources have a law ")
        assert ("fitting G1" in told) == (arguments == ())
        assert told == "" or told.rstrip().endswith("\x1b[2K")  # the last that is done is to clear the line
    assert (piped.communicate()[1], piped.returncode) == (b"", 0)


def read_to_end(terminal):
    """Return what is written to a terminal until its last writer is gone."""
    told = b""
    while True:
        try:
            part = os.read(terminal, 1 << 16)
        except OSError:  # Linux has this for the end
            part = b""
        if not part:
            os.close(terminal)
            return told.decode()
        told += part


def test_an_extension_trains_what_is_new_alone(advisor, done):
    folder, _ = done
    ledger = (folder / "runs.jsonl").read_text()
    arguments = ("--grammars", "iso-gzip", "--only", "G2", "--grid", "smoke", "--extend")
    result = advisor("calibrate", "--out", folder, *arguments, *HERE)
    assert result.code == 0, result.stderr
    assert "There     2 of 4 trunks; about " in result.stdout
    assert (folder / "runs.jsonl").read_text().startswith(ledger)
    assert len((folder / "runs.jsonl").read_text().splitlines()) == 8
    plan = read_plan(folder)
    assert plan is not None
    assert [source.name for source in plan.sources] == ["G1", "G2"]


def test_what_would_not_end_in_time_is_not_begun(advisor, tiny, tmp_path):
    for arguments in ((), ("--json",)):
        result = calibrated(advisor, tmp_path / "out", *HERE, "--minutes", "1e-6", *arguments)
        assert result.code == 0
        assert (tmp_path / "out" / "plan.json").exists()
        assert not (tmp_path / "out" / "runs.jsonl").exists()
        if arguments:
            assert json.loads(result.stdout)["schema_version"] == 1
        else:
            said = " ".join(result.stdout.split())
            assert re.search(r"2 trunks, about \d+ s of one device, were not begun: they would not end in time\.", said)


def test_a_folder_that_was_prepared_is_trained_from(advisor, tiny, tmp_path, text):
    out = tmp_path / "out"
    arguments = ("--corpus", f"code={text}", "--tokenizer", "bytes", "--grid", "smoke")
    result = advisor("calibrate", *arguments, "--prepare", out, *HERE[:2], "--json", "--quiet")
    assert (result.code, result.stderr) == (0, "")
    document = json.loads(result.stdout)
    assert (document["schema_version"], document["n_runs"], document["n_works_missing"]) == (1, 4, 2)
    assert document["request"]["corpora"] == [f"code={text}"]
    assert sorted(path.name for path in (out / "data").iterdir()) == [
        "code.sha256",
        "code.training.npy",
        "code.validation.npy",
    ]
    text_gone = advisor("calibrate", "--out", out, *HERE)  # neither the corpus nor how it is read is needed
    assert text_gone.code == 0, text_gone.stderr
    assert len((out / "runs.jsonl").read_text().splitlines()) == 4


def test_a_damaged_plan_is_one_sentence(advisor, done):
    folder, _ = done
    plan = json.loads((folder / "plan.json").read_text())
    del plan["digest"]
    plan["jobs"][0]["rate"] = "fast"
    (folder / "plan.json").write_text(json.dumps(plan))
    for arguments in (("--out", folder, *HERE), ("--out", folder, "--dry-run"), ("--refit", folder)):
        result = advisor("calibrate", *arguments)
        assert (result.stdout, result.code) == ("", 1)
        assert result.stderr == f"Error: {folder}/plan.json: jobs[0].rate must be a finite number, not 'fast'.\n"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", "is not JSON: Expecting value at line 1: take it"),
        ('{"a": 1}', "is no plan of a calibration: take it"),
        ("[]", "is no plan of a calibration: take it"),
        (
            '{"schema_version": 99}',
            "has schema_version 99 and this advisor understands 1: upgrade data-scaling-advisor.",
        ),
    ],
)
def test_a_plan_that_is_none_says_what_to_do(advisor, tmp_path, written, said):
    (tmp_path / "plan.json").write_text(written)
    result = advisor("calibrate", "--out", tmp_path, *HERE)
    assert (result.stdout, result.code) == ("", 1)
    again = " from a copy, or remove it and give the command that made it again, which goes on with the ledger."
    assert result.stderr == f"Error: {tmp_path}/plan.json {said}{again if said.endswith('it') else ''}\n"


def test_a_folder_of_something_else_is_refused_and_left_as_it_is(advisor, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "mine.txt").write_text("mine")
    assert advisor("calibrate", "--out", tmp_path, *HERE).code == 2
    assert advisor("calibrate", "--refit", tmp_path).code == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "mine.txt"]


def test_a_refit_of_too_few_sources_stops_at_the_laws(advisor, done, tmp_path):
    folder, _ = done
    shutil.copytree(folder, tmp_path / "copy")
    result = advisor("calibrate", "--refit", folder, "--refit", tmp_path / "copy", "--out", tmp_path / "both", "--json")
    assert result.code == 0, result.stderr


def test_nothing_is_installed_where_there_are_no_coefficients(advisor, done):
    folder, _ = done
    result = advisor("calibrate", "--refit", folder, "--install", "mine", "--json")
    assert result.code == 1
    assert result.stderr == "Error: Nothing is installed as mine: there are no coefficients.\n"


def test_help_has_the_examples_and_every_preset(advisor):
    shown = advisor("calibrate", "--help").stdout
    assert "advisor calibrate --preset cpu --out my-calibration --install mine" in shown
    unbroken = " ".join(shown.split()).replace("- ", "-")  # lines may break at a hyphen
    assert "smoke, cpu, night, gpu, paper, iso-vocab, iso-gzip or two-way." in unbroken
    assert set(presets.PRESETS) == {"smoke", "cpu", "night", "gpu", "paper", "iso-vocab", "iso-gzip", "two-way"}


@pytest.mark.parametrize("arguments", [("--preset", "smoke"), ("--preset", "smoke", "--dry-run")])
def test_without_torch_the_extra_is_named(advisor, monkeypatch, arguments):
    monkeypatch.setitem(sys.modules, "torch", None)
    result = advisor("calibrate", *arguments)
    assert (result.stdout, result.code) == ("", 1)
    assert result.stderr == (
        "Error: advisor calibrate needs the package torch, which is not installed: "
        f"{install_command('torch>=2.6', 'nltk>=3.9.1')}\n"
    )


@pytest.fixture(scope="module")
def together(tmp_path_factory):
    """What two shipped ledgers come to, and the document that was printed: fitting them takes half a minute."""
    folders = [ROOT / "data" / "calibrations" / name for name in ("pcfg-ladder", "pcfg-two-way")]
    options = [part for folder in folders for part in ("--refit", str(folder))]
    found, fit = [], refit.fit
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(refit, "fit", lambda *asked, **more: found.append(fit(*asked, **more)) or found[-1])
        out = tmp_path_factory.mktemp("together") / "both"
        result = CliRunner().invoke(group, ["calibrate", *options, "--out", str(out), "--json"])
    assert result.exit_code == 0
    (fitted,) = found
    return fitted, json.loads(result.stdout)


def test_ledgers_fitted_together_say_how_one_does_on_the_other(together):
    _, document = together
    found, back = document["transfers"]
    assert (found["fitted_on"], found["tested_on"]) == ("pcfg-ladder", "pcfg-two-way")
    assert (back["fitted_on"], back["tested_on"]) == ("pcfg-two-way", "pcfg-ladder")
    assert [(each["n_fitted"], each["n_tested"], each["helps"]) for each in (found, back)] == [
        (8, 8, False),
        (8, 8, True),
    ]
    # The same from the laws as they are printed.
    laws = {one["name"]: one for one in document["sources"] if one["verdict"] != "refused"}
    ladder, other = ([one for one in laws.values() if (one["name"][0] == "L") == is_ladder] for is_ladder in (1, 0))

    def log_optima(sources):
        budgets = np.geomspace(*found["flops"], 5)
        return np.array([[optimum(one["law"], flops) for flops in budgets] for one in sources])

    h = [np.array([one["compressibility"] for one in sources]) for sources in (ladder, other)]
    lines = np.polyfit(h[0], log_optima(ladder), 1)
    errors = log_optima(other) - (h[1][:, None] * lines[0] + lines[1])
    assert found["error_ln_n"] == pytest.approx(np.sqrt((errors**2).mean()), rel=1e-6)
    assert found["centred_error_ln_n"] == pytest.approx(np.sqrt(((errors - errors.mean(0)) ** 2).mean()), rel=1e-6)


def optimum(law, flops):
    """Return ln N* of Hoffmann et al. 2022, equation 4."""
    alpha, beta = law["alpha"], law["beta"]
    log_g = math.log(alpha * law["A"] / (beta * law["B"])) / (alpha + beta)
    return log_g + beta / (alpha + beta) * math.log(flops / 6)


def test_predictors_and_transfers_are_tables(together, capsys):
    ladder = [law for law in accepted(together[0].laws) if law.source.name.startswith("L")]
    assert len(ladder) == 8
    predictors = compare_predictors(ladder, (1e12, 1.5e12))
    print_predictors(predictors)
    print_transfers([TRANSFER])
    printed = capsys.readouterr().out.splitlines()
    h = next(one for one in predictors.predictors if one.name == "H")
    assert f"H {math.exp(h.error_ln_n):.2f}x {100 * h.error_ln_loss:.1f} % {h.p_value:.2g}".split() in [
        line.split() for line in printed
    ]
    assert ["grammars", "(8):"] in [line.split() for line in printed]
    assert ["text", "(5)", "2.72x", "1.65x", "1.11x", "1.22x"] in [line.split() for line in printed]
    assert predictors.verdict in " ".join(printed)
    print_transfers([replace(TRANSFER, error_ln_n=800.0)])
    assert ["text", "(5)", ">1000x"] in [line.split()[:3] for line in capsys.readouterr().out.splitlines()]


TRANSFER = Transfer(
    fitted_on="grammars",
    tested_on="text",
    n_fitted=8,
    n_tested=5,
    flops=(1e12, 1e13),
    error_ln_n=1.0,
    error_of_mean=0.5,
    centred_error_ln_n=0.1,
    centred_error_of_mean=0.2,
)
