"""Every command's first screen: the answer in its first lines with its number, 24 lines of 80 columns, at any width."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from advisor.report import calibrate as calibration_report
from advisor.report import fit as report
from advisor.report.score import KINDS
from advisor.report.screen import LINES, Wanted
from calibration.campaign.devices import take_devices
from calibration.campaign.pipeline import Opened, Trained
from calibration.campaign.plan_file import CalibrationPlan, read_plan
from calibration.campaign.refit import CalibrationOutcome
from calibration.fit.analysis import Settings
from calibration.fit.analysis import fit as fit_table
from calibration.fit.document import fit_document
from calibration.fit.minimum import FitOptions
from calibration.lines.document import About, calibrated
from calibration.lines.source_laws import fit_sources
from tests.commands.test_fit import GRID, pooled, three_groups
from tests.lines.synthetic_rows import calibration_rows

_WORDS = ["scaling", "laws", "depend", "on", "the", "data", "they", "are", "fitted", "to"]

COMMANDS = {
    "recommend": "recommend --flops 1e21",
    "recommend, data": "recommend --flops 1e21 --compressibility .4",
    "score": "score prose.jsonl --quiet",
    "score, ids": "score prose.jsonl --quiet --tokenizer bytes",
    "score, two": "score prose.jsonl other.jsonl --quiet",
    "table": "table",
    "table, law": "table --law data --compressibility .4 --flops 1e20,1e21,1e22",
    "repeat": "repeat --unique-tokens 25B",
    "repeat, budget": "repeat --unique-tokens 25B --flops 1e22 --law chinchilla",
    "repeat, used up": "repeat --unique-tokens 1B --flops 1e22 --law chinchilla",
    "repeat, size": "repeat --unique-tokens 25B --params 7B",
    "laws": "laws",
    "evidence": "evidence",
    "pilot": "pilot --compressibility .402 --flops 1e22 --gpu H100 --gpus 8 --price-per-hour 2.5",
    "grammar": "grammar paper --documents 20 --quiet",
}


@pytest.fixture
def corpora(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two small corpora in the working folder."""
    for name, step in (("prose", 1), ("other", 3)):
        lines = [" ".join(_WORDS[(i * j + step * j * j) % 10] for j in range(300)) for i in range(20)]
        text = "".join(json.dumps({"text": line}) + "\n" for line in lines)
        (tmp_path / f"{name}.jsonl").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)


def check_screen(text: str) -> None:
    """Fail if ``text`` is not an answer in a sentence with a number, on a screen of 24 lines of 80 columns."""
    lines = text.splitlines()
    assert len(lines) <= LINES
    assert max(map(len, lines)) <= 80
    sentence = re.match(r"[^ ].*?[^.]\.(?= |$)", " ".join(lines[:3]))
    assert sentence is not None
    assert re.search(r"\d", sentence[0])
    assert lines[-1].startswith("More: ")
    assert "--json" in lines[-1]
    assert "??" not in text


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_the_first_screen_is_an_answer(words: str, advisor: Any, corpora: None, monkeypatch: Any) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    found = advisor(*words.split())
    assert (found.code, found.stderr) == (0, "")
    check_screen(found.stdout)


@pytest.mark.parametrize("name", ["table", "repeat", "laws", "evidence", "pilot", "score, two"])
def test_other_widths_break_nothing(name: str, advisor: Any, corpora: None, monkeypatch: Any) -> None:
    texts = []
    for width in (40, 120):
        monkeypatch.setenv("COLUMNS", str(width))
        found = advisor(*COMMANDS[name].split())
        assert (found.code, found.stderr) == (0, "")
        assert found.stdout.splitlines()[-1].split()[-1] == "--json"
        texts.append(found.stdout)
    narrow, wide = (" ".join(text.split()) for text in texts)
    assert narrow == wide  # the same words, wrapped elsewhere
    assert len(texts[0].splitlines()) > len(texts[1].splitlines())
    assert max(map(len, texts[1].splitlines())) <= 120


@pytest.mark.parametrize("name", ["score", "table", "repeat, budget", "pilot", "grammar"])
def test_every_caution_and_everything_are_one_flag_away(
    name: str, advisor: Any, corpora: None, monkeypatch: Any
) -> None:
    words = COMMANDS[name].split()
    monkeypatch.setenv("COLUMNS", "80")
    document = json.loads(advisor(*words, "--json").stdout)
    cautions = document["cautions"] if "cautions" in document else document["corpora"][0]["cautions"]
    first, listed, full = (advisor(*words, *flags).stdout for flags in ((), ("--cautions",), ("--full",)))
    assert (f"--cautions ({len(cautions)})" in first) == bool(cautions)
    for text in (listed, full):
        said = " ".join(text.split())
        assert all(" ".join(each["message"].split()) in said for each in cautions)
        assert text.splitlines()[0] == first.splitlines()[0]
    assert len(full.splitlines()) > len(listed.splitlines())


def test_an_explanation_is_of_the_answer_and_all_of_them_of_every_number(advisor: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for words in ("table --sizes 1B,7B", "repeat --unique-tokens 25B --flops 1e22"):
        brief, full = (advisor(*words.split(), flag).stdout for flag in ("--explain", "--explain-all"))
        assert "How this comes about" in brief
        assert len(brief[brief.index("How this") :].splitlines()) <= 30
        assert "Where every number comes from" in full
        assert len(full.splitlines()) > len(brief.splitlines())
        numbers = [
            json.loads(advisor(*words.split(), *flags, "--json").stdout)["explanations"]
            for flags in ((), ("--explain",))
        ]
        assert numbers[0] is None
        assert len(numbers[1]) > 10


def test_kinds_of_text_have_the_h_of_the_six_corpora() -> None:
    from advisor.calibrations.six_corpora import WEB, six_corpora

    texts = six_corpora().texts
    assert KINDS["code"] == texts["starcoder"].compressibility
    assert KINDS["mathematics"] == texts["proof-pile-2"].compressibility
    web = [texts[name].compressibility for name in WEB]
    assert KINDS["web text"] == pytest.approx(sum(each or 0 for each in web) / len(web), abs=1e-9)


# --- fits: from their documents, which take long to make


def documents(tmp_path: Path) -> dict[str, dict[str, Any]]:
    """Return the documents of a sound law, of three groups with their regression, and of a law that is refused."""
    settings = Settings(n_draws=200)
    groups = three_groups(tmp_path / "groups.csv")
    refused = pooled(tmp_path / "pooled.csv", {})
    found = {
        "one": fit_table(Path(GRID), settings=settings),
        "groups": fit_table(groups, settings=settings, group="corpus", covariate="compressibility"),
        "refused": fit_table(Path(refused), settings=settings),
    }
    return {name: fit_document(analysis) for name, analysis in found.items()}


def test_the_first_screens_of_fits(tmp_path: Path, capsys: Any, monkeypatch: Any) -> None:
    found = documents(tmp_path)
    eight = {f"group-{i}": law for i in range(8) for law in found["one"]["laws"].values()}
    found["eight"] = {**found["groups"], "laws": eight}
    for name, document in found.items():
        texts = {}
        for width in (80, 120, 40):
            monkeypatch.setenv("COLUMNS", str(width))
            report.show(document, as_json=False)
            texts[width] = capsys.readouterr().out
        check_screen(texts[80])
        if name != "refused":  # fewer of its reasons fit a narrow screen
            assert " ".join(texts[40].split()) == " ".join(texts[120].split())
        monkeypatch.setenv("COLUMNS", "80")
        report.show(document, asked=Wanted(full=True), as_json=False)
        assert max(map(len, capsys.readouterr().out.splitlines())) <= 80
    best = found["one"]["laws"]["all"]["frontier"][-1]
    report.show(found["one"], as_json=False)
    assert capsys.readouterr().out.startswith("For 4.8e22 FLOPs these 36 runs want ")
    assert best["flops"] == pytest.approx(4.8e22)


def test_a_refusal_stands_first_and_with_its_number(tmp_path: Path, capsys: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    document = documents(tmp_path)["refused"]
    report.show(document, as_json=False)
    text = capsys.readouterr().out
    assert text.startswith("The law of these 108 runs is refused: they cannot carry one.\n")
    (mind,) = [line for line in text.splitlines() if line.startswith("Mind ")]
    assert mind.split()[1] == "Refused:"
    reasons = document["laws"]["all"]["diagnostics"]["reasons"]
    assert {reason["severity"] for reason in reasons if reason["level"] == "refused"} == {"warning"}


# --- calibrations: from laws that are made, which take long to fit

CALIBRATIONS = Path(__file__).parents[2] / "data" / "calibrations"
LONG = Path("/a/long/way/to/the/folder/in/which/somebody/keeps/calibrations/of/this/autumn")


def outcome(n_sources: int) -> CalibrationOutcome:
    """Return eight sources over and over, under long names, some without and some with a bound on E."""
    sources, rows = calibration_rows(scatter=0.5)
    laws = fit_sources(sources, rows, Settings(n_draws=200, options=FitOptions(starts="fast")))
    many = [
        replace(law, source=replace(law.source, name=f"{law.source.name}-of-the-part-{i}"))
        for i in range(-(-n_sources // len(laws)))
        for law in laws
    ][:n_sources]
    plan = read_plan(CALIBRATIONS / "text")
    assert plan is not None
    about = About(name="many", protocol=plan.protocol, command="", date="2026-11-21", ledger_sha256="")
    files = tuple(LONG / name for name in ("fitted_coefficients.json", "laws.json"))
    notes = ("a note on a ledger that takes more than the whole of a line of eighty columns to be said, and so two.",)
    failures = {f"{law.source.name} 64x2": "the loss is not finite at half of a half of the rate" for law in many[:2]}
    return CalibrationOutcome(
        result=calibrated(many, about),
        files=files,
        laws_only=False,
        trained=Trained(failures=failures),
        notes=notes,
    )


@pytest.mark.parametrize("n_sources", [3, 8, 21])
def test_the_first_screen_of_a_calibration(n_sources: int, capsys: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    found = outcome(n_sources)
    figures = [LONG / "figures" / name for name in ("losses.png", "parameters.png")]
    calibration_report.show_result(found, figures, as_json=False)
    text = capsys.readouterr().out
    check_screen(text)
    assert text.startswith(f"{sum(s.verdict != 'refused' for s in found.sources)} of {n_sources} sources have a law ")
    n_shown = sum(" to " in line and line.startswith("g") for line in text.splitlines())
    more = re.search(r"^(\d+) more sources?: --full\.$", text, re.MULTILINE)
    assert n_shown + (int(more[1]) if more else 0) == n_sources
    assert f"Wrote     {LONG}:" in text.replace("\n          ", "")
    assert "laws.json, figures/" in text
    calibration_report.show_result(found, figures, asked=Wanted(full=True), as_json=False)
    full = capsys.readouterr().out
    assert sum(" to " in line and line.startswith("g") for line in full.splitlines()) == n_sources
    assert max(len(line) for line in full.splitlines() if not line.startswith("Wrote ")) <= 80


def test_a_grid_too_small_for_coefficients_ends_with_laws_beside_entropies_and_what_adds_to_them(
    capsys: Any, monkeypatch: Any
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    found = replace(outcome(2), laws_only=True, notes=(), trained=Trained())
    calibration_report.show_result(found, [LONG / "figures" / "losses.png"], as_json=False)
    text = capsys.readouterr().out
    check_screen(text)
    said = " ".join(text.split())
    assert said.startswith(
        "2 of 2 sources have a law that is accepted (2 ok, 0 caution, 0 refused). The grid is too small for "
        "coefficients: it stops at the laws of its sources. --preset cpu trains on eight sources, in half an hour of "
        "two cores, and adds how laws move with H: coefficients for advisor recommend. source H E bound alpha beta a "
    )
    assert "Bound: the entropy of the documents, known of grammars alone: the most that E can be." in said
    assert "laws.json, figures/losses.png" in said


@pytest.mark.parametrize("name", ["text", "pcfg-two-way", "pcfg-paper-recipe"])
def test_the_first_screen_of_a_plan(name: str, capsys: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    plan = read_plan(CALIBRATIONS / name)
    assert plan is not None
    devices = take_devices(device="cpu", engine="process", workers=None, threads=1)
    for each, folder in ((plan, Path("x")), (replace(with_long_names(plan), laws_only=True), LONG)):
        opened = Opened(plan=each, devices=devices, works=(), hours=30.0, notes=("said of this machine. " * 9,))
        calibration_report.print_plan(opened, (), folder)
        text = capsys.readouterr().out
        check_screen(text)
        assert text.startswith(f"{plan.n_runs:,} runs on {len(plan.sources)} sources take 30.0 h here; to go: nothing")


def with_long_names(plan: CalibrationPlan) -> CalibrationPlan:
    """Return the plan with names of sources that are too long for a table."""
    return replace(
        plan,
        sources=tuple(replace(source, name=f"{source.name}-{'long' * 9}") for source in plan.sources),
        jobs=tuple(replace(job, source=f"{job.source}-{'long' * 9}") for job in plan.jobs),
    )
