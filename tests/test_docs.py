"""The README and the docs say what is so: the commands that exist, the help they print, the files there are."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from advisor.cli import COMMANDS, group

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_commands_page_is_what_the_commands_print() -> None:
    page = runpy.run_path(str(ROOT / "docs" / "make_commands.py"))["page"]()
    assert (ROOT / "docs" / "commands.md").read_text(encoding="utf-8") == page


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


def test_every_option_of_the_readme_exists() -> None:
    known = {"--help", "--version", "--check", "--size-gb", "--memory", "--index-url", "--simulations"}
    for name in COMMANDS:
        command = group.get_command(click.Context(group), name)
        assert command is not None
        known |= {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert set(re.findall(r"(?<![\w-])--[a-z][\w-]*", README)) <= known


def test_the_readme_tree_names_files_that_exist() -> None:
    tree = README.split("## Where things are")[1].split("```")[1]
    folder = ""
    names = []
    for line in tree.strip().splitlines():
        first = line.split("  ")[0] if not line.startswith(" ") else line.strip().split("  ")[0]
        if not line.startswith(" "):
            folder = first if first.endswith("/") else ""
        for name in first.split():
            path = name if not line.startswith(" ") else folder + name
            names.append(path)
            assert (ROOT / path).exists(), path
    assert len(names) > 30


def test_ci_runs_the_second_command_of_the_readme() -> None:
    second = next(line for line in README.splitlines() if ".[test]" in line)
    assert second in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


TABLE = README.split("## What it does")[1].split("[docs/commands.md]")[0]
QUESTIONS = [
    command
    for command in re.findall(r"`(advisor (?:recommend|repeat|table|compare|laws)[^`]*)`", TABLE)
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
