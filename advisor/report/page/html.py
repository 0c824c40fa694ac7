"""Sections to one HTML file that fetches nothing: styles, data, scripts and the charts' library are inside it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from advisor.errors import MissingExtraError
from advisor.quantities import format_flops
from advisor.report.page.blocks import Axis, Block, Budgets, Cautions, Chart, DataTable, Facts, PageSection, Step
from advisor.report.page.svg import bounds, svg, tick_text, ticks

_MANY = 4  # columns: a table of more is shown a row below the other where the page is narrow
_LONG = 24  # characters of a word, beyond which it may be broken anywhere
# Plotly brings the styles of its maps, and adds them unless an element of this name is there: it is no map's page.
_OWN_STYLES = r'getElementById\("([0-9a-f]{64})"\)'
# Plotly makes an empty style element and fills it through the object model, which a policy lets it do.
_EMPTY_STYLE = ""
_ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


class KeyEntry(NamedTuple):
    """A name beside the colour that it has in a chart, and the template of its mark."""

    name: str
    colour: int
    mark: str


class PlacedRow(NamedTuple):
    """A row of a table: its name, its other cells each with the head of their column, and how it looks."""

    name: str
    cells: tuple[tuple[str, str], ...]
    look: str


class Script(NamedTuple):
    """A script element: its attributes and its text, which is put into the page as it is."""

    attributes: tuple[tuple[str, str], ...]
    text: str


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A block in its place of a page, with what its template shows of it besides."""

    block: Block
    id: str
    titles: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    rows: tuple[PlacedRow, ...] = ()
    look: str = ""
    svg: str = ""
    key: tuple[KeyEntry, ...] = ()
    last: int = 0
    still: tuple[Placed, ...] = ()


class PlacedPart(NamedTuple):
    """A part of a section with its blocks in their places."""

    id: str
    title: str
    blocks: tuple[Placed, ...]


class PlacedSection(NamedTuple):
    """A section with its parts in their places."""

    id: str
    labels: tuple[str, ...]
    answer: str
    why: tuple[str, ...]
    mind: tuple[Cautions, ...]
    parts: tuple[PlacedPart, ...]


def check_extra() -> None:
    """Raise MissingExtraError, before any work is done, unless the packages that make a page are installed."""
    from importlib.util import find_spec

    for package in ("jinja2", "plotly"):
        if find_spec(package) is None:
            raise MissingExtraError(package, "report", "advisor report")


def page(sections: Sequence[PageSection], provenance: Sequence[tuple[str, str]], *, title: str, version: str) -> str:
    """Return the HTML of a page.

    Raises:
        MissingExtraError: jinja2 or plotly is not installed.
    """
    check_extra()
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    templates = Environment(
        loader=PackageLoader("advisor.report.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    placed = [_section(number, section, alone=len(sections) == 1) for number, section in enumerate(sections, 1)]
    style = _file(templates, "page.css")
    scripts = _scripts(placed, _file(templates, "page.js"))
    return templates.get_template("page.html").render(
        policy=policy([style, _EMPTY_STYLE], [each.text for each in scripts if not each.attributes]),
        version=version,
        title=title,
        style=Markup(style),
        sections=placed,
        provenance=provenance,
        styled=sorted({name for each in scripts for name in re.findall(_OWN_STYLES, each.text)}),
        scripts=[each._replace(text=Markup(each.text)) for each in scripts],
    )


def _file(templates: Any, name: str) -> str:
    return str(templates.loader.get_source(templates, name)[0])


def policy(styles: Iterable[str], scripts: Iterable[str]) -> str:
    """Return the content policy under which these styles and scripts alone run, and nothing is fetched or sent."""
    style, script = (" ".join(map(_hashed, each)) for each in (styles, scripts))
    return (
        f"default-src 'none'; script-src {script or chr(39) + 'none' + chr(39)}; style-src {style}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _scripts(sections: Sequence[PlacedSection], own: str) -> list[Script]:
    """Return the scripts of a page, the data before the code; none where nothing is drawn."""
    placed = [block for section in sections for part in section.parts for block in part.blocks]
    charts = {each.id: _chart_data(each.block) for each in placed if isinstance(each.block, Chart)}
    if not charts:
        return []
    from plotly.offline import get_plotlyjs

    data = script_json({"charts": charts, "budgets": _budgets_data(sections)})
    return [
        Script((("type", "application/json"), ("id", "data")), data),
        Script((), str(get_plotlyjs())),
        Script((), own),
    ]


def script_json(data: Any) -> str:
    r"""Return ``data`` as JSON that no HTML parser takes for the end of its script.

    >>> script_json("</script>")
    '"\\u003c/script\\u003e"'
    """
    text = json.dumps(data, allow_nan=False, separators=(",", ":"), ensure_ascii=False)
    return "".join(_ESCAPED.get(char, char) for char in text)


def _chart_data(chart: Chart) -> dict[str, Any]:
    return {
        "x": _axis_data(chart.x, [v for each in chart.series for v in each.x]),
        "y": _axis_data(chart.y, [v for each in chart.series for v in (*each.y, *each.low)]),
        "series": [asdict(each) for each in chart.series],
    }


def _axis_data(axis: Axis, values: list[float]) -> dict[str, Any]:
    """Return an axis with the ends and the marks that the still picture has, so that both are read alike."""
    ends = bounds(axis, values)
    at = ticks(axis, *ends)
    return {**asdict(axis), "ends": ends, "at": at, "marks": [tick_text(axis, each) for each in at]}


def _budgets_data(sections: Sequence[PlacedSection]) -> dict[str, Any]:
    """Return the steps of each slider with the charts of its own section that follow it."""
    found = {}
    for section in sections:
        placed = [block for part in section.parts for block in part.blocks]
        ids = {each.block.role: each.id for each in placed if isinstance(each.block, Chart) and each.block.role}
        for each in placed:
            if isinstance(each.block, Budgets):
                found[each.id] = {
                    "asked": each.block.asked,
                    "sizes": ids.get("sizes"),
                    "frontier": ids["budgets"],
                    "steps": [_step_data(step) for step in each.block.steps],
                }
    return found


def _step_data(step: Step) -> dict[str, Any]:
    return {
        "words": step.words,
        "flops": step.flops,
        "n_params": step.n_params,
        "n_tokens": step.n_tokens,
        "said": f"{format_flops(step.flops)} FLOPs",
        "chart": None if step.chart is None else _chart_data(step.chart),
    }


def _section(number: int, section: PageSection, *, alone: bool) -> PlacedSection:
    """Return a section with its parts in their places; ``alone`` on its page its kind is said by the title."""
    parts = tuple(
        PlacedPart(
            id=f"s{number}-{at}",
            title=each.title,
            blocks=tuple(_placed(block, f"s{number}-{at}-{place}") for place, block in enumerate(each.blocks, 1)),
        )
        for at, each in enumerate(section.parts, 1)
    )
    return PlacedSection(
        id=f"s{number}",
        labels=() if alone else (section.kind,),
        answer=section.answer,
        why=section.why,
        mind=() if section.mind is None else (section.mind,),
        parts=parts,
    )


def _placed(block: Block, name: str) -> Placed:
    """Return a block with what its template shows of it."""
    if isinstance(block, DataTable):
        return Placed(
            block=block,
            id=name,
            rows=tuple(_row(number, block) for number in range(len(block.rows))),
            look=" ".join(["many" if len(block.header) > _MANY else "few", *_long(block.header)]),
            notes=(block.note,) if block.note else (),
        )
    if isinstance(block, Chart):
        from markupsafe import Markup

        return Placed(block=block, id=name, svg=Markup(svg(block)), key=_key(block))
    if isinstance(block, Budgets):
        laws = tuple(KeyEntry(law, colour, "mark_line.html") for law, colour in block.laws)
        still = () if block.still is None else (_placed(block.still, f"{name}-still"),)
        return Placed(block=block, id=name, key=laws, last=len(block.steps) - 1, still=still)
    return Placed(block=block, id=name, titles=(block.title,) if isinstance(block, Facts) and block.title else ())


def _row(number: int, table: DataTable) -> PlacedRow:
    first, *others = table.rows[number]
    cells = tuple(zip(table.header[1:], others, strict=True))
    looks = ["strong"] * (number in table.strong) + _long((first,))
    return PlacedRow(name=first, cells=cells, look=" ".join(looks))


def _long(names: Sequence[str]) -> list[str]:
    """Return the look of a row one of whose names has a word too long for its column."""
    return ["long"] * any(len(word) > _LONG for name in names for word in name.split())


def _key(chart: Chart) -> tuple[KeyEntry, ...]:
    """Return the names of what is drawn, each once."""
    return tuple(dict.fromkeys(KeyEntry(each.name, each.colour, f"mark_{each.form}.html") for each in chart.series))
