"""What every report shares: the one way out (text, JSON, ``--out``), how numbers, tables and wrapped lines look.

Text is printed without rich here: `rich.console` would be a quarter of the start-up time of a recommendation, and these
reports are lines and narrow tables.
"""

from __future__ import annotations

import os
import re
import sys
import textwrap
from collections.abc import Callable, Container, Iterable, Sequence
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from advisor.data_files import write_atomically
from advisor.errors import printable
from advisor.json_fields import SCHEMA_VERSION, json_text
from advisor.quantities import format_amount, format_flops, format_interval, format_quantity
from advisor.quantities import plural as plural  # one of these functions, for the rooms below as well
from advisor.report import terminal

if TYPE_CHECKING:
    from advisor.caution import Caution

# Wider lines of prose are hard to read.
MAX_WIDTH = 120
_FILLER = "\x00"  # stands behind a wide character while lines are broken: nothing printable is it
_HELD = "\x01"  # ... and for the space between a number and its percent sign, where no line may break


def emit(
    document: Any,
    render: Callable[[], None],
    *,
    as_json: bool,
    out: Path | None = None,
) -> None:
    """Write ``document`` to ``out`` if given, then print it as JSON on stdout, or let ``render`` print it as text.

    ``document`` is a result, a mapping that may hold results, or a function of none that returns one: it is called, and
    results are given their JSON form, only where they are written or printed.
    """
    text = ""
    if as_json or out is not None:
        from advisor import json_form  # here, because every start would pay for it

        found = json_form.as_json(document() if callable(document) else document)
        text = json_text({"schema_version": SCHEMA_VERSION, **found})
    if out is not None:
        write_atomically(out, text)
    if as_json:
        terminal.document(text)
    else:
        render()
        sys.stdout.flush()


def warn(cautions: Iterable[Caution]) -> None:
    """Print cautions on stderr, wrapped at the terminal's width."""
    for caution in cautions:
        print_labelled([("Caution:", caution.message)], "yellow", sys.stderr)


def echo(text: str = "", style: str = "") -> None:
    """Print prose on stdout, wrapped at the terminal's width."""
    for line in _wrapped(text, _width()) or [""]:
        terminal.line(line, style)


def print_table(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, title: str = "", bold: Container[int] = ()
) -> None:
    """Print columns side by side, the first to the left, the others to the right; ``bold`` has numbers of rows.

    A column with nothing in it takes no room.
    """
    kept = [any(column) for column in zip(header, *rows, strict=True)]
    header, *rows = (list(compress(row, kept)) for row in (header, *rows))
    header, *rows = ([printable(cell) for cell in row] for row in (header, *rows))
    widths = [max(map(terminal.cells, column)) for column in zip(header, *rows, strict=True)]
    styles = {number: "bold" for number in range(len(rows)) if number in bold}
    if title:
        terminal.line(title, "bold")
    if any(header):
        terminal.line(_aligned(header, widths), "dim")
    for number, row in enumerate(rows):
        terminal.line(_aligned(row, widths), styles.get(number, ""))


def print_labelled(rows: Sequence[tuple[str, str]], style: str = "dim", stream: TextIO | None = None) -> None:
    """Print lines of a label and a text that wraps beside it; ``style`` is the label's."""
    indent = max(terminal.cells(printable(label)) for label, _ in rows) + 1
    for label, text in rows:
        first, *others = wrapped_beside(text, indent)
        terminal.line(label, style, " " * (indent - terminal.cells(printable(label))) + first, stream=stream)
        for line in others:
            terminal.line(" " * indent + line, stream=stream)


def wrapped_beside(text: str, indent: int) -> list[str]:
    """Return the lines that ``text`` takes beside a label of ``indent`` columns: one at least."""
    return _wrapped(text, max(_width() - indent, 20)) or [""]


def print_hanging(text: str) -> None:
    """Print one entry of a list, its further lines indented; words longer than the terminal stay whole."""
    for line in _wrapped(text, _width(), subsequent_indent="    ", break_long_words=False) or [""]:
        terminal.line(line)


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Return one row of a table."""
    first, *others = zip(cells, widths, strict=True)
    return "  ".join(
        [_padded(*first), *(" " * (width - terminal.cells(cell)) + cell for cell, width in others)]
    ).rstrip()


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - terminal.cells(cell))


def _wrapped(text: str, width: int, **settings: Any) -> list[str]:
    """Return ``text`` in lines of at most ``width`` columns, broken at spaces but that between a number and its %."""
    text = re.sub(r"(?<=\d) (?=(%|percent\b))", _HELD, terminal.widened(printable(text), _FILLER))
    lines = textwrap.wrap(text, width, break_on_hyphens=False, **settings)
    return [line.replace(_FILLER, "").replace(_HELD, " ") for line in lines]


def terminal_columns() -> int:
    """Return the terminal's columns as ``shutil.get_terminal_size`` does, whose import loads every compressor."""
    columns = os.environ.get("COLUMNS", "")
    try:
        return int(columns) if int(columns) > 0 else _columns_of_stdout()
    except ValueError:
        return _columns_of_stdout()


def _columns_of_stdout() -> int:
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or 80  # type: ignore[union-attr]
    except (AttributeError, ValueError, OSError):  # no stdout, or a closed one, or no terminal
        return 80


def _width() -> int:
    """Return the terminal's width; COLUMNS is honoured."""
    return min(terminal_columns(), MAX_WIDTH)


def quantity(value: float | None) -> str:
    """Return a number of parameters or tokens as people say it; nothing for None."""
    return "" if value is None else format_quantity(value)


def amount(value: float | None) -> str:
    """Return hours, money or epochs as people say them; nothing for None."""
    return "" if value is None else format_amount(value)


def shortened(text: str, most: int) -> str:
    """Return a name of at most ``most`` characters, its middle left out where it is longer.

    >>> shortened("/data/corpora/a-very-long-name/train.jsonl", 24)
    '/data/corpo...rain.jsonl'
    """
    if len(text) <= most:
        return text
    kept = most - 3
    return f"{text[: (kept + 1) // 2]}...{text[len(text) - kept // 2 :]}"


def percent(share: float | None) -> str:
    """Return a share as a percentage; nothing for None."""
    return "" if share is None else f"{100 * share:.1f} %"


def nats(loss: float) -> str:
    """Return a loss in nats/token, or an H, with three digits after the point."""
    return f"{loss:.3f}"


def ratio(tokens_per_param: float) -> str:
    """Return tokens per parameter, three digits."""
    inside = 0.01 <= tokens_per_param < 999.5
    return f"{tokens_per_param:#.3g}".rstrip(".") if inside else format_quantity(tokens_per_param)


def duration(seconds: float) -> str:
    """Return seconds as people say them.

    >>> duration(40), duration(600), duration(9000)
    ('40 s', '10 min', '2.5 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def epochs_text(epochs: float) -> str:
    """Return a number of epochs: three digits, whole where it is whole and above 100."""
    if epochs >= 1e6:
        return format_flops(epochs)
    return f"{epochs:,.0f}" if epochs >= 99.95 or epochs == round(epochs) else f"{epochs:#.3g}"


def hours_and_days(hours: float) -> str:
    """Return hours, and days from two of them; minutes under an hour.

    >>> hours_and_days(1 / 60), hours_and_days(0.05), hours_and_days(1), hours_and_days(12.5), hours_and_days(480)
    ('1 minute', '3 minutes', '1 hour', '12.5 hours', '480 hours, 20 days')
    """
    if hours < 1:
        minutes = amount(60 * hours)
        return plural(minutes, "minute") if minutes != "60" else "1 hour"
    return plural(amount(hours), "hour") + (f", {plural(amount(hours / 24), 'day')}" if hours >= 48 else "")


def counted(count: str) -> str:
    """Return which parameters N counts, short enough for a table."""
    return {"unknown": "not known", "non-embedding": "non-embed."}.get(count, count)


def spread(bounds: tuple[float, float] | None, show: Callable[[float], str] = format_quantity) -> str:
    """Return an interval in words; nothing for None."""
    return format_interval(bounds, show)
