"""Styles and widths of what is printed."""

import os
import shutil
import sys

import pytest

from advisor.report.text import terminal_columns

pytestmark = pytest.mark.usefixtures("nothing_ships")


def test_styles_are_for_terminals_that_want_them(monkeypatch):
    from advisor.report.text import _styled

    class Terminal:
        def isatty(self):
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert _styled("x", "bold", Terminal()) == "\x1b[1mx\x1b[0m"
    assert _styled("x", "", Terminal()) == "x"
    monkeypatch.setenv("TERM", "dumb")
    assert _styled("x", "bold", Terminal()) == "x"
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert _styled("x", "bold", Terminal()) == "x"


@pytest.mark.parametrize("columns", ["132", "1", "0", "-5", "wide", "", None])
@pytest.mark.parametrize("terminal", [97, 0, None])
def test_the_width_is_the_terminals_as_the_standard_library_finds_it(monkeypatch, columns, terminal):
    def size(_descriptor):
        if terminal is None:
            raise OSError
        return os.terminal_size((terminal, 24))

    monkeypatch.setattr(os, "get_terminal_size", size)
    monkeypatch.delenv("COLUMNS", raising=False)
    if columns is not None:
        monkeypatch.setenv("COLUMNS", columns)
    assert terminal_columns() == shutil.get_terminal_size().columns
    monkeypatch.setattr(sys, "__stdout__", None)
    assert terminal_columns() == shutil.get_terminal_size().columns
