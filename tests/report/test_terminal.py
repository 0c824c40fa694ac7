"""The one way to the screen: what it lets through, and that nothing goes round it."""

from __future__ import annotations

import ast
import io
import logging
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from advisor.errors import printable
from advisor.report import terminal

ROOT = Path(__file__).resolve().parents[2]
PRINTS = {"print", "click.echo", "click.secho", "sys.stdout.write", "sys.stderr.write", "sys.stdout.buffer.write"}
RICH = {
    "rich",
    "rich.console",
    "rich.text",
    "rich.markup",
}  # strings are markup there, but for terminal.console()


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def round_about(tree: ast.AST) -> list[str]:
    """Return what prints past the module, with its line."""
    found = []
    typed = {id(each) for node in ast.walk(tree) if is_type_checking(node) for each in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in typed:
            continue
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            markup = any(each.arg == "markup" and ast.unparse(each.value) != "False" for each in node.keywords)
            if name in PRINTS or name.endswith("from_markup") or markup:
                found.append(f"{node.lineno}: {name}")
            found += [f"{node.lineno}: file={ast.unparse(each.value)}" for each in node.keywords if each.arg == "file"
                      and ast.unparse(each.value) in ("sys.stdout", "sys.stderr")]  # fmt: skip
        if isinstance(node, ast.ImportFrom) and node.module in RICH:
            found += [f"{node.lineno}: {each.name}" for each in node.names if each.name in ("Console", "Text", "print")]
        if isinstance(node, ast.Import):
            found += [f"{node.lineno}: {each.name}" for each in node.names if each.name in RICH]
    return found


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def test_no_module_prints_but_the_one_that_cleans():
    files = [path for package in ("advisor", "calibration") for path in (ROOT / package).rglob("*.py")]
    found = {path.relative_to(ROOT).as_posix(): round_about(ast.parse(path.read_text())) for path in files}
    prints = {name: lines for name, lines in found.items() if lines}
    assert set(prints) == {"advisor/report/terminal.py"}, prints


@pytest.mark.parametrize(
    "code",
    [
        "print(x)",
        "click.echo(x, err=True)",
        "sys.stderr.write(x)",
        "print_to(x, file=sys.stderr)",
        "from rich.console import Console",
        "Text.from_markup(x)",
        "console.print(x, markup=True)",
        "import rich",
    ],
)
def test_each_way_round_is_found(code):
    assert len(round_about(ast.parse(code))) == 1


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("\x1b[31mred\x1b[0m", "?[31mred?[0m"),
        ("\x1b]0;title\x07", "?]0;title?"),
        ("a\u202egnp.exe", "a?gnp.exe"),  # would show as aexe.png
        ("zero\u200bwidth\ufeff", "zero?width?"),
        ("half \udc80", "half ?"),
        ("two\nlines\rback\x08", "two?lines?back?"),
        ("\x9b2J", "?2J"),  # the one-byte CSI
        ("1\u00a0000\u202f000", "1 000 000"),
        ("naïve コード 🙂", "naïve コード 🙂"),
        ("[/red] :smile:", "[/red] :smile:"),
    ],
)
def test_what_comes_from_outside_is_one_harmless_line(capsys, text, seen):
    assert printable(text) == seen
    terminal.line(text)
    terminal.note(text)
    assert capsys.readouterr() == (f"{seen}\n", f"{seen}\n")


def test_tables_take_every_string_literally(capsys):
    from rich.table import Table

    table = Table(box=None)
    table.add_column("[bold]\x1b[1m")
    table.add_row("[/red]\u202e")
    terminal.console().print(table)
    assert capsys.readouterr().out.split() == ["[bold]?[1m", "[/red]?"]


def test_styles_are_for_terminals_that_want_them(monkeypatch):
    def printed(style: str) -> str:
        screen = Screen()
        terminal.line("x\x1b", style, " y", stream=screen)
        return screen.getvalue()

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert printed("bold") == "\x1b[1mx?\x1b[0m y\n"
    assert printed("") == "x? y\n"
    monkeypatch.setenv("TERM", "dumb")
    assert printed("bold") == "x? y\n"
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert printed("bold") == "x? y\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["x\x1b[31m"],
        ["--\x1b[31m"],
        ["recommend", "--flops", "\x1b[31m"],
        ["recommend", "--flops", "1e21", "--law", "\x1b]0;x"],
        ["recommend", "--flops", "1e21", "--base", "\x1b[2J"],
        ["fit", "no\u202e\x1b[2J.csv"],
        ["score", "\x9b\x1b[2J"],
    ],
)
def test_errors_that_quote_an_argument_move_no_cursor(arguments):
    run = subprocess.run([sys.executable, "-m", "advisor", *arguments], capture_output=True, text=True, timeout=60)
    assert run.returncode in (1, 2)
    assert "Error: " in run.stderr
    assert not {"\x1b", "\x9b", "\u202e"} & set(run.stdout + run.stderr)


def test_a_librarys_warning_is_one_line_without_its_source(capsys, monkeypatch):
    monkeypatch.setattr(warnings, "showwarning", terminal.show_warning)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = terminal.show_warning
        warnings.warn("bad\x1b[2J", UserWarning, stacklevel=1)
    assert capsys.readouterr().err == "UserWarning: bad?[2J\n"


def test_what_a_library_logs_is_one_line(capsys, monkeypatch):
    monkeypatch.setattr(logging, "lastResort", None)
    terminal.show_logged()
    assert logging.lastResort is not None
    record = logging.LogRecord("some.library", logging.WARNING, "", 1, "of %s", ("\x1b[2J\nx",), None)
    logging.lastResort.handle(record)
    assert capsys.readouterr().err == "some.library: of ?[2J?x\n"
