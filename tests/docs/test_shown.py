"""What runs the commands of a page and puts their outputs between its markers."""

from __future__ import annotations

import pytest
from shown import commands_of, cut, differences, written


def page(inside: str, how: str = "") -> str:
    return f"# Title\n\n<!-- run{how} -->\n```console\n{inside}```\n<!-- end -->\n\nafter\n"


def test_outputs_take_the_place_of_what_stood_there() -> None:
    old = page("$ echo a\nstale\n$ printf 'b\\nc\\n'\n")
    assert written(old) == page("$ echo a\na\n$ printf 'b\\nc\\n'\nb\nc\n")
    assert differences(old) == ["stale"]
    assert differences(written(old)) == []


def test_a_missing_line_is_a_difference() -> None:
    assert differences(page("$ printf 'b\\nc\\n'\nb\n")) == ["$ printf 'b\\nc\\n'"]


def test_a_page_without_commands_is_left_alone() -> None:
    assert written("```console\n$ rm -rf nothing\n```\n") == "```console\n$ rm -rf nothing\n```\n"


def test_commands_of_a_block_share_a_folder_with_the_example_tables() -> None:
    shown = written(page("$ head -1 runs.csv > first.txt\n$ cat first.txt\n"))
    assert "\nn_params,n_tokens,loss\n" in shown


def test_the_advisor_is_this_checkout_and_notes_are_shown_where_asked_for() -> None:
    command = "$ advisor explain qqq\n"
    said = "Error: No term is called 'qqq': `advisor explain` lists them.\n"
    assert written(page(command, ": exit 2, notes")) == page(command + said, ": exit 2, notes")
    assert written(page(command, ": exit 2")) == page(command, ": exit 2")


def test_a_command_that_fails_or_shows_a_null_stops() -> None:
    with pytest.raises(SystemExit, match=r"^`exit 3` ends with 3 and not with 0: $"):
        written(page("$ exit 3\n"))
    with pytest.raises(SystemExit, match=r"ends with 1 and not with 0"):
        written(page("$ false | cat\n"))
    with pytest.raises(SystemExit, match="prints a null"):
        written(page("""$ echo '{"a": null}'\n"""))


def test_an_output_that_varies_is_held_to_its_words() -> None:
    assert differences(page("$ echo H of 12 documents\nH of 3 documents\n", ": varies")) == []
    assert differences(page("$ echo H of 12 documents\nH of 3 sequences\n", ": varies")) == ["H of 3 sequences"]


def test_a_slow_block_is_left_out_where_asked() -> None:
    old = page("$ echo a\nstale\n", ": slow")
    assert differences(old, slow=False) == []
    assert differences(old) == ["stale"]


def test_a_command_over_several_lines_is_one() -> None:
    assert commands_of("$ a \\\n  b\nout\n$ c\n") == ["a \\\n  b", "c"]


def test_a_long_output_says_that_more_follows() -> None:
    assert cut("1\n2\n3\n", 2) == "1\n2\n...\n"
    assert cut("1\n2\n", 2) == "1\n2\n"
