"""A comparison of corpora and budgets to a section: one row each, and N along the budgets."""

from __future__ import annotations

import math

from advisor.json_fields import Node
from advisor.quantities import format_flops, format_times, plural
from advisor.report.page.blocks import Axis, Chart, PageSection, Series, part, table
from advisor.report.page.curves import colour
from advisor.report.page.reading import NAME, figure, interval, members, named, names_of, notes_of, warnings_of, words
from advisor.report.plan import data_size
from advisor.report.text import counted, nats, quantity, ratio, shortened

_MOST_SAID = 3  # corpora in the heading; the table has all
_SAME = 0.005  # of ln N: such a difference is not said


def comparison_section(document: Node) -> PageSection:
    """Return the section of ``advisor compare --json``."""
    rows = members(document["rows"])
    answers = [row["headline"] for row in rows]
    columns = [
        ("corpus", names_of(row.get("corpus") for row in rows)),
        ("H", [figure(row.get("compressibility"), nats) for row in rows]),
        ("FLOPs", [figure(row["flops"], format_flops) for row in rows]),
        ("N", [figure(each["n_params"]) for each in answers]),
        ("80 % interval", [interval(each.get("interval80"), "n_params") for each in answers]),
        ("D", [figure(each["n_tokens"]) for each in answers]),
        ("text", ["" if (u := row.get("units")) is None else figure(u["n_bytes"], data_size) for row in rows]),
        ("D/N", [figure(each["tokens_per_param"], ratio) for each in answers]),
    ]
    laws = dict.fromkeys((named(each["law"]), words(each["source"])) for each in answers)
    counts = ", ".join(dict.fromkeys(counted(words(each["count"])) for each in answers))
    return PageSection(
        kind="Comparison",
        answer=_answer(rows),
        why=(
            *_contrast(document.get("contrast")),
            f"Each is the best use of its budget; N counts {counts} parameters.",
        ),
        mind=warnings_of(document.get("cautions")),
        parts=(
            *part("Side by side", table("Answers", columns), _chart(rows)),
            *part("Good to know", notes_of(document.get("cautions"))),
        ),
        sources=tuple(laws),
    )


def _answer(rows: list[Node]) -> str:
    """Return what each corpus wants: N and D of one budget, or N from the least budget to the largest."""
    by_corpus: dict[str, list[Node]] = {}
    for row in sorted(rows, key=lambda row: (row.get("mixture") is None, row["flops"].number(0))):
        by_corpus.setdefault(words(row.get("corpus")), []).append(row)
    said = [f"{shortened(corpus, NAME)}: {_wants(found)}".removeprefix(": ") for corpus, found in by_corpus.items()]
    more = [f"and {len(said) - _MOST_SAID} more"] if len(said) > _MOST_SAID else []
    budgets = dict.fromkeys(format_flops(row["flops"].number(0)) for found in by_corpus.values() for row in found)
    first, *_, last = (*budgets, *budgets)
    at = f"{first} to {last}" if len(budgets) > 1 else first
    return f"{'; '.join([*said[:_MOST_SAID], *more])}, at {at} FLOPs."


def _contrast(contrast: Node | None) -> tuple[str, ...]:
    """Return how the corpus that compresses best differs from the one that compresses least; nothing without two."""
    if contrast is None:
        return ()
    one, other = (named(contrast[key]) for key in ("corpus", "other"))
    h, other_h = (nats(contrast[key].number(0, 1)) for key in ("compressibility", "other_compressibility"))
    times = contrast["times_params"].number(0, open_ends=True), contrast["times_tokens"].number(0, open_ends=True)
    n, d = map(format_times, times)
    wants = f"it wants {n} times the parameters and {d} times the tokens"
    same = abs(math.log(times[0])) < _SAME
    return (
        f"{one} compresses better than {other}, H {h} against {other_h}: at {figure(contrast['flops'], format_flops)} "
        f"FLOPs {'this law answers the same for both' if same else wants}.",
    )


def _wants(rows: list[Node]) -> str:
    first, last = rows[0]["headline"], rows[-1]["headline"]
    if len(rows) == 1:
        return f"{figure(first['n_params'])} parameters on {figure(first['n_tokens'])} tokens"
    return f"{figure(first['n_params'])} to {figure(last['n_params'])} parameters"


def _chart(rows: list[Node]) -> Chart:
    """Return N of each corpus along its budgets."""
    found: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        place = row["flops"].number(0, open_ends=True), row["headline"]["n_params"].number(0, open_ends=True)
        found.setdefault(words(row.get("corpus")) or "web text", []).append(place)
    series = []
    for number, (corpus, places) in enumerate(found.items()):
        name = shortened(corpus, NAME)
        x, y = zip(*sorted(places), strict=True)
        text = tuple(f"{name}: {quantity(n)} at {format_flops(c)} FLOPs" for c, n in zip(x, y, strict=True))
        if len(x) > 1:
            series.append(Series(name=name, form="line", x=x, y=y, text=text, colour=colour(number)))
        series.append(Series(name=name, form="points", x=x, y=y, text=text, colour=colour(number)))
    return Chart(
        name="compared",
        title="Parameters along the budget",
        x=Axis(label="training budget, FLOPs", log=True),
        y=Axis(label="parameters N", log=True),
        series=tuple(series),
        says=f"{plural(len(rows), 'answer')}.",
    )
