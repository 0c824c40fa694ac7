"""Every command that a page shows is run, or stands here with the reason why not, and then its options are parsed."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from shown import BLOCK, differences

from advisor.cli import COMMANDS, group
from tests.docs import page_files

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]

# Not run: what a command has in it, and why.
REASONS = {
    "calibrate": "trains; docs/how-to/new-gpu.md runs a --dry-run of it",
    "allenai/c4": "the network",
    "HuggingFaceFW/": "the network",
    "://": "the network",
    "six_corpora_sweep.csv": "a table that may not be here (docs/calibrations.md)",
    "anarchism.jsonl": "a corpus of Debian's packages (docs/h_ref.md)",
    "--tokens 100M": "hundreds of megabytes of documents",
    "--target-h .10,.15,...,.70": "a search of minutes",
    "grammar two-way": "half a minute of drawing; tests/grammars",
    "grammar paper": "docs/explanation/gzip.md runs it",
    "--covariate compressibility": "ten seconds each; docs/how-to/own-runs.md runs one",
    "n_params=model_size": "a table with other names (tests/commands/test_fit_table.py)",
    "--scale n_tokens=1e6": "a table in other units (tests/commands/test_fit_table.py)",
    "--calibration mine": "an installed calibration (tests/calibrations)",
    "stdlib": "the README's own test and docs/start.md",
    "score - ": "standard input; tests/commands/test_score.py",
}
PLACEHOLDER = re.compile(r"^(WORD|COMMAND|A|B|FILE|TABLE|NAME|T|\.\.\.|\[.*|NAME=SOURCE|.*NAME.*)$")

# What makes a question of a command: an argument, or one of these options.
_BUDGET = r".* --(flops|params|tokens|target-loss|gpu|profile|from) \S"
NEEDS = {
    "score": (r"score [^-]", "score - *$", r"score --from \S"),
    "recommend": (_BUDGET,),
    "compare": (_BUDGET,),
    "pilot": (_BUDGET,),
    "repeat": (r".* --unique-tokens \S",),
    "fit": (r"fit [^-]",),
    "grammar": (r"grammar [^-]", r".* --target-h"),
    "completion": (r"completion [a-z]",),
    "report": (r"report .*--out",),
    "calibrate": (r".* --[a-z-]+ \S",),
}


def commands_on(page: Path) -> list[str]:
    """Return the commands of a page that stand outside of blocks with outputs: in other fences, and in the text."""
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    fences = re.findall(r"(?ms)^```[a-z]*\n(.*?)^```", text)
    lines = [line for fence in fences for line in fence.replace("\\\n", " ").splitlines()]
    spans = [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", re.sub(r"(?ms)^```.*?^```", "", text))]
    parts = [part for line in (*lines, *spans) for part in re.split(r"&&|\|(?![^']*')", line)]
    found = [re.match(r"\s*(?:\$ )?advisor ([a-z][a-z]*\b.*)", part) for part in parts]
    return [re.sub(r"\s{2,}#.*|\s*>.*", "", match[1]).strip() for match in found if match]


ALL = sorted({command for page in PAGES for command in commands_on(page)})


def is_form(command: str) -> bool:
    """Return whether a command is written for its shape: a bare name, no question in it, or a placeholder."""
    name, *words = command.split()
    asks = NEEDS.get(name, ())
    return any(map(PLACEHOLDER.match, words)) or bool(asks and not any(re.match(need, command) for need in asks))


def reason(command: str) -> str | None:
    """Return why a command is not run."""
    return next((why for part, why in REASONS.items() if part in f"{command} "), None)


FORMS = [command for command in ALL if is_form(command)]
RUN = [command for command in ALL if command not in FORMS and reason(command) is None]
LEFT_OUT = [command for command in ALL if command not in FORMS and reason(command) is not None]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, sources: list[str]) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    page_files.make(folder, sources)
    return folder


@pytest.mark.parametrize("command", RUN)
def test_a_command_on_a_page_runs(command: str, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(files, tmp_path, dirs_exist_ok=True, copy_function=shutil.copyfile)
    monkeypatch.chdir(tmp_path)
    arguments = shlex.split(command)
    refits = ["--bootstrap", "200"] if arguments[0] == "fit" and "law.json --predict" not in command else []
    refits = [] if "--pilot" in arguments else refits
    done = CliRunner().invoke(group, [*arguments, *refits])
    assert (done.exit_code, bool(done.stdout)) == (0, True), done.stderr or done.exception


@pytest.mark.parametrize("command", LEFT_OUT)
def test_a_command_that_is_not_run_is_parsed(command: str) -> None:
    name, *arguments = shlex.split(command)
    found = group.get_command(click.Context(group), name)
    assert found is not None
    assert found.make_context(name, arguments, parent=click.Context(group, **group.context_settings)).params


@pytest.mark.parametrize("command", FORMS)
def test_the_options_of_a_form_exist(command: str) -> None:
    name, *words = command.split()
    found = group.get_command(click.Context(group), name)
    assert found is not None
    options = {option for parameter in found.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert {word.strip("[]") for word in words if word.lstrip("[").startswith("--")} <= options


def test_reasons_are_of_commands_that_are_there() -> None:
    assert [part for part in REASONS if not any(part in f"{command} " for command in LEFT_OUT)] == []
    assert len(RUN) > 40
    assert {command.split()[0] for command in ALL} == set(COMMANDS)


@pytest.mark.parametrize("page", [page for page in PAGES if BLOCK.search(page.read_text(encoding="utf-8"))],
                         ids=lambda page: page.name)  # fmt: skip
def test_a_page_shows_what_its_commands_print(page: Path) -> None:
    if shutil.which("jq") is None and "jq " in page.read_text(encoding="utf-8"):
        pytest.skip("its commands use jq, which is not installed")
    assert differences(page.read_text(encoding="utf-8"), slow=False) == []
