"""What every report shares: where it goes, how numbers look, and how a document is written."""

from __future__ import annotations

import math
import sys
import textwrap
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from advisor.budget import format_quantity
from advisor.data_files import write_atomically
from advisor.json_fields import SCHEMA_VERSION, json_text

if TYPE_CHECKING:
    from advisor.cautions import Caution

# Wider lines of prose are hard to read.
MAX_WIDTH = 120


def emit(
    document: Mapping[str, Any], render: Callable[[Console], None], *, as_json: bool, out: Path | None = None
) -> None:
    """Write ``document`` to ``out`` if given, and print it as JSON, or what ``render`` prints, on stdout."""
    if out is not None:
        write_atomically(out, json_text(versioned(document)))
    if as_json:
        sys.stdout.write(json_text(versioned(document)))
    else:
        render(console())
    sys.stdout.flush()


def versioned(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``document`` with the schema version first."""
    return {"schema_version": SCHEMA_VERSION, **document}


def warn(cautions: Iterable[Caution]) -> None:
    """Print cautions on stderr, wrapped at the terminal's width."""
    errors = console(stderr=True)
    for caution in cautions:
        errors.print(labelled([("Caution:", caution.message)], errors.width, style="yellow"))


def console(*, stderr: bool = False) -> Console:
    """Return a console for stdout or stderr that prints text as it is; NO_COLOR and COLUMNS are honoured."""
    found = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if found.width > MAX_WIDTH:
        found.width = MAX_WIDTH
    return found


def table(header: Sequence[str], rows: Sequence[Sequence[str]], *, title: str = "", bold: Container[int] = ()) -> Text:
    """Return columns side by side, the first to the left and the others to the right; ``bold`` has numbers of rows.

    The tables are few and narrow: rich.table would lay them out alike and cost a fifth of the start-up time.
    """
    widths = [max(map(cell_len, column)) for column in zip(header, *rows, strict=True)]
    text = Text()
    if title:
        text.append(f"{title}\n", "bold")
    if any(header):
        text.append(f"{_line(header, widths)}\n", "dim")
    for number, row in enumerate(rows):
        text.append(f"{_line(row, widths)}\n", "bold" if number in bold else None)
    text.right_crop()  # the last newline
    return text


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Return one row, padded to the columns' widths."""
    pads = [" " * (width - cell_len(cell)) for cell, width in zip(cells, widths, strict=True)]
    aligned = [cells[0] + pads[0], *map("".join, zip(pads[1:], cells[1:], strict=True))]
    return "  ".join(aligned).rstrip()


def labelled(rows: Sequence[tuple[str, str]], width: int, *, style: str = "dim") -> Text:
    """Return lines of a label and a text that wraps at ``width`` beside it."""
    indent = max(cell_len(label) for label, _ in rows) + 1
    text = Text()
    for label, words in rows:
        lines = textwrap.wrap(words, max(width - indent, 20)) or [""]
        text.append(label, style)
        text.append(" " * (indent - cell_len(label)) + ("\n" + " " * indent).join(lines) + "\n")
    text.right_crop()
    return text


def quantity(value: float | None) -> str:
    """Return a number of parameters or tokens as people say it; nothing for None."""
    return "" if value is None else format_quantity(value)


def percent(share: float | None) -> str:
    """Return a share as a percentage; nothing for None."""
    return "" if share is None else f"{100 * share:.1f} %"


def nats(loss: float) -> str:
    """Return a loss in nats/token."""
    return f"{loss:.3f}"


def ratio(tokens_per_param: float) -> str:
    """Return tokens per parameter, three digits."""
    inside = 0.01 <= tokens_per_param < 999.5
    return f"{tokens_per_param:#.3g}".rstrip(".") if inside else format_quantity(tokens_per_param)


def money(amount: float) -> str:
    """Return hours or a sum of money: whole above 100, else three digits."""
    return f"{amount:,.0f}" if amount >= 100 else f"{amount:.3g}"


def counted(count: str) -> str:
    """Return which parameters N counts, short enough for a table."""
    return {"unknown": "not known", "non-embedding": "non-embed."}.get(count, count)


def spread(bounds: tuple[float, float] | None, show: Callable[[float], str] = format_quantity) -> str:
    """Return an interval in words; nothing for None."""
    if bounds is None:
        return ""
    low, high = bounds
    return f"above {show(low)}" if math.isinf(high) else f"{show(low)} to {show(high)}"


def bounds_as_json(bounds: tuple[float, float] | None) -> list[float | None] | None:
    """Return an interval as a list, an infinite end as null."""
    return None if bounds is None else [None if math.isinf(end) else end for end in bounds]
