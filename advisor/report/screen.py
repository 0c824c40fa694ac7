"""The first screen of a command: the answer in a sentence, short rows, what to mind, and what else there is.

It has at most LINES lines at 80 columns, so that a person with a small terminal sees all of it; in a narrower one it
may have as many more as its text needs.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from advisor.caution import warnings_first
from advisor.report.text import echo, plural, print_labelled, terminal_columns, wrapped_beside

if TYPE_CHECKING:
    from advisor.caution import Caution

LINES, COLUMNS = 24, 80
_MIND = "Mind"
LABEL = 10  # columns of a label, the space behind it among them, so that rows of one screen stand in line


def print_answer(*sentences: str) -> None:
    """Print the answer, which is the first thing on a screen: the first sentence bold."""
    first, *others = sentences
    echo(first, "bold")
    for sentence in others:
        echo(sentence)


def print_rows(rows: Sequence[tuple[str, str]]) -> None:
    """Print labelled rows of a screen, in line with each other and with what there is to mind."""
    if rows:
        print_labelled([(label.ljust(LABEL - 1), text) for label, text in rows])


def lines_of(rows: Sequence[tuple[str, str]]) -> int:
    """Return how many lines rows take: beside their labels, or across the screen where a label is empty."""
    return sum(len(wrapped_beside(text, LABEL if label else 0)) for label, text in rows)


def most_lines() -> int:
    """Return how many lines a first screen may have in this terminal."""
    columns = min(terminal_columns(), COLUMNS)
    return -(-LINES * COLUMNS // columns)


def warnings_within(cautions: Iterable[Caution], lines: int, *, said: Container[str] = ()) -> list[tuple[str, str]]:
    """Return rows of the weightiest warnings, whole ones, as far as ``lines`` go, and how many do not fit.

    Notes and warnings that do not fit stand behind --cautions; ``said`` has the codes of what another row says.
    """
    warnings = [each for each in warnings_first(cautions) if each.severity == "warning" and each.code not in said]
    rows: list[tuple[str, str]] = []
    for number, caution in enumerate(warnings, 1):
        row = ("" if rows else _MIND, caution.message)
        taken = lines_of([(_MIND, caution.message)])
        if taken + (number < len(warnings)) > lines:
            break
        rows.append(row)
        lines -= taken
    if (more := len(warnings) - len(rows)) and lines > 0:
        rows.append(("" if rows else _MIND, f"{plural(more, 'more warning' if rows else 'warning')}: --cautions"))
    return rows


def print_warnings(cautions: Iterable[Caution], *, said: Container[str] = (), lines: int = 8) -> None:
    """Print the weightiest warnings as far as ``lines`` go, at 80 columns, and more in a narrower terminal."""
    print_rows(warnings_within(cautions, -(-lines * most_lines() // LINES), said=said))


def print_cautions(cautions: Sequence[Caution]) -> None:
    """Print every caution, the weightiest first, with its code."""
    if not cautions:
        echo("No cautions.")
        return
    echo(f"{plural(len(cautions), 'caution')}, the weightiest first", "bold")
    for caution in warnings_first(cautions):
        print_labelled([("Caution:" if caution.severity == "warning" else "Note:", caution.message)], "yellow")


def print_more(flags: Sequence[str], cautions: Sequence[Caution]) -> None:
    """Print the options that have more to say, --cautions with how many there are."""
    counted = [f"{flag} ({len(cautions)})" if flag == "--cautions" else flag for flag in flags]
    echo("More: " + "  ".join(flag for flag in counted if flag != "--cautions (0)"), "dim")


class Wanted(NamedTuple):
    """What is asked for in place of the rest of a first screen; ``full`` is all of it but the explanation."""

    explain: bool = False
    cautions: bool = False
    full: bool = False


FIRST_SCREEN = Wanted()  # nothing else is asked for


def print_screen(
    answer: Sequence[str],
    *,
    rows: Callable[[], None],
    everything: Callable[[], None],
    cautions: Sequence[Caution],
    asked: Wanted,
    more: Sequence[str],
    derivation: Callable[[], None] | None = None,
    lines: int = 8,
) -> None:
    """Print the answer, and below it the first screen's rows with what to mind, or what is asked for in their place.

    ``rows`` prints the rows, ``everything`` what stands behind --full, ``derivation`` what --explain adds; ``more`` has
    the options that say more, and warnings take ``lines`` at most.
    """
    print_answer(*answer)
    if not any(asked):
        rows()
        print_warnings(cautions, lines=lines)
        print_more(more, cautions)
    if asked.explain and derivation is not None:
        echo()
        derivation()
    if asked.full:
        echo()
        everything()
    if asked.cautions or (asked.full and cautions):
        echo()
        print_cautions(cautions)
