"""What every report shares: where it goes, how numbers look, and how a document is written."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from advisor.budget import format_quantity
from advisor.data_files import write_atomically
from advisor.json_fields import SCHEMA_VERSION, json_text

if TYPE_CHECKING:
    from advisor.cautions import Caution

# Wider lines of prose are hard to read; tables take what they need.
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
    """Print cautions on stderr, one line each, wrapped at the terminal's width."""
    errors = console(stderr=True)
    rows = grid()
    for caution in cautions:
        rows.add_row("[yellow]Caution:[/]", plain(caution.message))
    if rows.row_count:
        errors.print(rows)


def console(*, stderr: bool = False) -> Console:
    """Return a console for stdout or stderr; NO_COLOR, the terminal's width and COLUMNS are honoured."""
    found = Console(stderr=stderr, highlight=False)
    if found.width > MAX_WIDTH:
        found.width = MAX_WIDTH
    return found


def table(*columns: str, title: str | None = None) -> Table:
    """Return a plain table: a heading rule, no other lines, numbers to the right; the first column is a name."""
    made = Table(box=None, title=title, title_justify="left", title_style="bold", header_style="dim", pad_edge=False)
    made.padding = (0, 2, 0, 0)
    for number, name in enumerate(columns):
        first = number == 0
        made.add_column(name, justify="left" if first else "right", no_wrap=not first, overflow="fold")
    return made


def grid() -> Table:
    """Return a borderless grid of a label that never wraps and a text that does."""
    made = Table.grid(padding=(0, 1, 0, 0))
    made.add_column(no_wrap=True)
    made.add_column(overflow="fold")
    return made


def plain(text: str) -> str:
    """Return ``text`` with its square brackets kept from being read as markup."""
    return text.replace("[", "\\[")


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
