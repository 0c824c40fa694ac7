"""What a page is made of: sections of facts, tables, charts and cautions, each shown by a template of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from advisor.errors import AdvisorError, printable


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Labelled lines: a label and what is said of it."""

    rows: tuple[tuple[str, str], ...]
    title: str = ""

    template: ClassVar[str] = "facts.html"


@dataclass(frozen=True, kw_only=True)
class DataTable:
    """A table of words and numbers, the first column a name; ``strong`` has the numbers of the rows that matter."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    strong: tuple[int, ...] = ()

    template: ClassVar[str] = "table.html"


@dataclass(frozen=True, kw_only=True)
class Axis:
    """An axis: what is on it with its unit, and whether it is logarithmic."""

    label: str
    log: bool = False


@dataclass(frozen=True, kw_only=True)
class Series:
    """Points of a chart under one name; ``colour`` counts from 0, ``text`` is said of each point in its place.

    A band has its lower edge in ``low``.
    """

    name: str
    form: Literal["line", "points", "band"]
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    text: tuple[str, ...] = ()
    colour: int = 0


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A picture: drawn without a script as SVG, and with one so that values can be read off.

    ``role`` says what of it follows the budget that a reader chooses, empty where nothing does.
    """

    name: str
    title: str
    x: Axis
    y: Axis
    series: tuple[Series, ...]
    says: str
    role: Literal["", "sizes", "budgets"] = ""

    template: ClassVar[str] = "chart.html"

    def __post_init__(self) -> None:
        values = (value for each in self.series for value in (*each.x, *each.y, *each.low))
        if not all(map(math.isfinite, values)):
            raise AdvisorError(
                f"The chart {self.title!r} would have a number beyond all measure: ask a smaller question."
            )


@dataclass(frozen=True, kw_only=True)
class Step:
    """The recommendation at one budget, in words that are put in their places, and the chart of sizes there."""

    words: dict[str, str]
    n_params: float
    n_tokens: float
    flops: float
    chart: Chart | None


@dataclass(frozen=True, kw_only=True)
class Budgets:
    """The recommendation along budgets around the one asked, which is number ``asked``; ``rows`` name the words.

    ``laws`` are what can be switched off, each with its colour; ``still`` has some of the steps, for paper.
    """

    rows: tuple[tuple[str, str], ...]
    steps: tuple[Step, ...]
    asked: int
    note: str
    laws: tuple[tuple[str, int], ...]
    still: DataTable | None

    template: ClassVar[str] = "budgets.html"


@dataclass(frozen=True, kw_only=True)
class Noted:
    """A caution as a page shows it: Mind, or Note, and the sentence."""

    label: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Cautions:
    """What to mind, the weightiest first."""

    rows: tuple[Noted, ...]

    template: ClassVar[str] = "cautions.html"


Block = Facts | DataTable | Chart | Budgets | Cautions


@dataclass(frozen=True, kw_only=True)
class Part:
    """Blocks under one heading: why, how sure, what else."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, kw_only=True)
class PageSection:
    """All that a page says of one result: ``answer`` is the sentence to read where there is time for no other.

    ``mind`` are the warnings, which change what one should do and stand beside it.
    """

    kind: str
    answer: str
    why: tuple[str, ...]
    mind: Cautions | None
    parts: tuple[Part, ...]
    sources: tuple[tuple[str, str], ...]


def part(title: str, *blocks: Block | None) -> tuple[Part, ...]:
    """Return a part of the blocks that there are; none where there is none."""
    found = tuple(block for block in blocks if block is not None)
    return (Part(title=title, blocks=found),) if found else ()


def table(
    title: str,
    columns: Sequence[tuple[str, Sequence[str]]],
    *,
    note: str = "",
    strong: Sequence[int] = (),
) -> DataTable | None:
    """Return a table of the columns that have anything in them; None where no row is left."""
    known = [(name, cells) for name, cells in columns if any(cells)]
    rows = tuple(zip(*(cells for _, cells in known), strict=True))
    if not rows:
        return None
    clean = tuple(tuple(map(printable, row)) for row in rows)
    header = tuple(printable(name) for name, _ in known)
    return DataTable(title=title, header=header, rows=clean, note=note, strong=tuple(strong))


def facts(*rows: tuple[str, str], title: str = "") -> Facts | None:
    """Return the facts that are known; None where none is."""
    known = tuple((printable(label), printable(text)) for label, text in rows if text)
    return Facts(rows=known, title=title) if known else None
