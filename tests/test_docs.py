"""The README and the docs say what is so: the commands that exist, the help they print, the files there are."""

from __future__ import annotations

import itertools
import re
import runpy
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from advisor.cli import COMMANDS, group
from tests.calibrations.hand_made import profile, write

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = {
    path.relative_to(ROOT).as_posix(): path for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
}


@pytest.mark.parametrize("name", ["commands", "glossary", "map"])
def test_a_page_is_what_its_script_writes(name: str) -> None:
    page = runpy.run_path(str(ROOT / "docs" / f"make_{name}.py"))["page"]()
    assert (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8") == page


def links(page: Path) -> list[str]:
    """Return where a page links to in the checkout, relative to its own folder."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return [to for to in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"[a-z]+:", to)]


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_to_files(name: str) -> None:
    missing = [to for to in links(PAGES[name]) if not (PAGES[name].parent / to.split("#")[0]).exists()]
    assert missing == []


def test_every_page_is_reached_from_the_readme() -> None:
    reached, ahead = set(), [ROOT / "README.md"]
    while ahead:
        page = ahead.pop().resolve()
        if page not in reached and page.suffix == ".md":
            reached.add(page)
            ahead += [page.parent / to.split("#")[0] for to in links(page)]
    assert {path.resolve() for path in PAGES.values()} <= reached


def test_the_readme_is_a_page_that_is_read() -> None:
    assert len(README.splitlines()) <= 200


def test_the_answer_of_the_readme_is_what_the_command_prints(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    corpus = profile(
        source="/usr/lib/python3.11", bytes_per_token=3.1591, estimated_tokens=3.5712e6, non_ascii_fraction=0.0002
    )
    corpus["compressibility"] = {**corpus["compressibility"], "median": 0.42090, "ci95": [0.41016, 0.42676]}
    corpus["cautions"] = [{"code": "skipped", "message": "Left out: 8 (files without an ending)."}]
    written = write(tmp_path / "p.json", {"schema_version": 1, "corpora": [corpus]})
    printed = CliRunner().invoke(group, ["recommend", "--flops", "1e21", "--profile", str(written)]).output
    assert README.split("```\nTrain")[1].split("```")[0] == printed.removeprefix("Train")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_an_example_that_parses(name: str) -> None:
    command = group.get_command(click.Context(group), name)
    assert command is not None
    assert command.epilog is not None
    examples = [words.split("&&")[0] for words in re.findall(rf"advisor {name} (.*)", command.epilog)]
    assert examples
    options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    for words in examples:
        used = re.findall(r"(?<!\S)--[\w-]+", words)
        assert set(used) <= options, words


def test_the_text_of_a_page_has_its_lines_and_blocks() -> None:
    text_of = runpy.run_path(str(ROOT / "docs" / "html_text.py"))["text_of"]
    page = (
        "<html><head><title>left out</title><style>b {}</style></head><body></nav><nav>menu</nav>"
        "<h1>One&amp;two</h1><p>a <b>bold</b>\n word<br>next<script>x()</script></p><footer>end</footer>last</body>"
    )
    assert text_of(page) == "One&two\na bold\nword\nnext\nlast"


@pytest.mark.parametrize("name", [name for name in PAGES if name not in ("docs/commands.md", "docs/h_ref.md")])
def test_every_option_of_a_page_exists(name: str) -> None:
    known = {"--help", "--version", "--check", "--tables", "--size-gb", "--memory", "--simulations", "--kills"} | {
        *("--seeds", "--ahead", "--size-mb", "--shown", "--strict"),
        *("--nnodes", "--nproc-per-node", "--rdzv-backend", "--rdzv-endpoint"),
        *("--shards", "--rows", "--generate", "--head", "--num-cpus", "--include-dashboard", "--gpus-per-node"),
        *(
            "--inputs",
            "--target",
            "--replay",
            "--engine",
            "--minutes",
            "--seed",
            "--tries",
            "--only",
            "--jobs",
            "--markdown",
        ),
    }
    for each in COMMANDS:
        command = group.get_command(click.Context(group), each)
        assert command is not None
        known |= {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert set(re.findall(r"(?<![\w-])--[a-z][\w-]*", PAGES[name].read_text(encoding="utf-8"))) <= known


def tree(package: str) -> list[str]:
    """Return the names that the README's tree has under a package."""
    lines = README.split("## Where things are")[1].split("```")[1].splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"{package}/ "))
    inside = itertools.takewhile(lambda line: line.startswith(" "), lines[start + 1 :])
    return [word for line in inside for word in itertools.takewhile(is_of_tree, line.split())]


def is_of_tree(word: str) -> bool:
    return word.endswith((".py", "/"))


@pytest.mark.parametrize("package", ["advisor", "calibration"])
def test_the_readme_tree_has_every_room_and_every_file_beside_them(package: str) -> None:
    files = {path.name for path in (ROOT / package).glob("*.py") if not path.stem.startswith("__")}
    rooms = {f"{path.parent.name}/" for path in (ROOT / package).glob("*/__init__.py")}
    assert sorted(tree(package)) == sorted(files | rooms)


def test_the_readme_tree_names_what_exists() -> None:
    block = README.split("## Where things are")[1].split("```")[1]
    names = [name for line in block.splitlines() if line[:1].strip() for name in re.split(r" {4,}", line)[0].split()]
    assert len(names) > 8
    assert [name for name in names if not (ROOT / name).exists()] == []


def test_ci_runs_the_second_command_of_the_readme() -> None:
    second = next(line for line in README.splitlines() if ".[test]" in line)
    assert second in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


TABLE = README.split("## What it does")[1].split("[docs/commands.md]")[0]
QUESTIONS = [
    command
    for command in re.findall(r"`(advisor (?:recommend|repeat|table|compare|laws|evidence)[^`]*)`", TABLE)
    if ".json" not in command
]


@pytest.mark.parametrize("command", QUESTIONS)
def test_every_question_of_the_readme_has_an_answer(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sources: list[str]
) -> None:
    for number, folder in enumerate(("corpus", "prose", "code")):
        (tmp_path / folder).mkdir()
        for i, text in enumerate(sources[number * 20 : number * 20 + 20]):
            (tmp_path / folder / f"{i}.txt").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(group, command.split()[1:])
    assert (result.exit_code, bool(result.stdout)) == (0, True), result.stderr


def test_the_readme_asks_enough_questions() -> None:
    assert len(QUESTIONS) > 15
