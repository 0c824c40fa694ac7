"""Styles and widths of what is printed."""

import os
import shutil
import sys

import pytest

from advisor.report.terminal import cells
from advisor.report.text import echo, print_hanging, print_labelled, print_table, terminal_columns

pytestmark = pytest.mark.usefixtures("nothing_ships")


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


def test_columns_line_up_where_names_are_wide_marked_or_not_to_be_seen(capsys):
    print_table(("source", "H"), [("コード", "0.4"), ("cafe\u0301", "0.41"), ("a\u202eb\x1b[2J", "0.5")], bold=())
    assert capsys.readouterr().out.splitlines() == [
        "source      H",
        "コード    0.4",
        "cafe\u0301     0.41",
        "a?b?[2J   0.5",
    ]


def test_wide_text_is_broken_by_the_room_that_it_takes(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "24")
    echo("データ データ データ データ")
    print_labelled([("コード", "データ データ")])
    assert capsys.readouterr().out.splitlines() == ["データ データ データ", "データ", "コード データ データ"]


@pytest.mark.parametrize("columns", range(26, 60))
def test_a_number_and_its_percent_sign_stay_on_one_line(capsys, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    said = "They lose 10.0 % of the FLOPs, 5 percent in コード, .5 % of the loss (80 % 1.2 % to 3.4 %), % alone."
    for write in (echo, print_hanging, lambda text: print_labelled([("Mind", text)])):
        write(said)
        lines = capsys.readouterr().out.splitlines()
        assert " ".join(line.strip() for line in lines).removeprefix("Mind ") == said
        assert max(map(cells, lines)) <= columns
        kept = ("10.0 %", "5 percent", ".5 %", "80 %", "1.2 %", "3.4 %")
        assert all(any(number in line for line in lines) for number in kept)


def test_a_line_breaks_before_the_number_where_its_sign_has_no_room(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "24")
    echo("That takes no more of 12 % of it.")
    assert capsys.readouterr().out.splitlines() == ["That takes no more of", "12 % of it."]


def test_one_of_a_unit_is_said_as_one():
    from advisor.quantities import plural
    from advisor.report.text import hours_and_days

    assert [plural(n, "corpus") for n in (0, 1, 2, "1", "1.00B")] == [
        *("0 corpora", "1 corpus", "2 corpora", "1 corpus", "1.00B corpora"),
    ]
    found = {hours: hours_and_days(hours) for hours in (1 / 60, 0.9999, 1, 1.5, 48)}
    assert [found[each] for each in (1 / 60, 0.9999, 1, 1.5, 48)] == [
        *("1 minute", "1 hour", "1 hour", "1.5 hours", "48 hours, 2 days"),
    ]
