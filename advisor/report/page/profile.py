"""Profiles of corpora to a section: how compressible each is, beside web text, and how it was measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from advisor.json_fields import Node
from advisor.laws.text import WEB_H
from advisor.quantities import format_share
from advisor.report.page.blocks import (
    Axis,
    Cautions,
    Chart,
    DataTable,
    Facts,
    Noted,
    PageSection,
    Part,
    Series,
    facts,
    part,
    table,
)
from advisor.report.page.curves import colour
from advisor.report.page.reading import figure, members, names_of, notes_of, warnings_of
from advisor.report.page.recommendation import protocol_words
from advisor.report.text import nats, spread

_MOST_SHARDS = 50  # rows
_MOST_SAID = 3  # corpora in the heading; the table has all


def profile_section(document: Node) -> PageSection:
    """Return the section of the corpora of ``advisor score --json``."""
    corpora = members(document["corpora"])
    if not corpora:
        raise document.fail("holds no corpora: measure one with advisor score SOURCE --json")
    measured = [each["compressibility"] for each in corpora]
    names = names_of(each["source"] for each in corpora)
    columns = [
        ("corpus", names),
        ("H, median", [figure(each["median"], nats) for each in measured]),
        ("95 % interval", ["" if (f := each.get("ci95")) is None else spread(f.pair(0), nats) for each in measured]),
        ("tokens shuffled", [figure(each["shuffled_median"], nats) for each in measured]),
        ("random ids", [figure(each["ceiling"], nats) for each in measured]),
        ("tokens", [figure(each.get("estimated_tokens")) for each in corpora]),
        ("bytes per token", [figure(each.get("bytes_per_token"), lambda t: f"{t:.2f}") for each in corpora]),
        ("sequences", [f"{each['n_sequences'].whole(0):,}" for each in corpora]),
    ]
    protocols = dict.fromkeys(protocol_words(each["protocol"]) for each in corpora)
    return PageSection(
        kind="Profile",
        answer=_answer(corpora, names),
        why=("H is the size of what gzip makes of a text's tokens over their own: smaller compresses better.",),
        mind=_of_each(corpora, names, warnings_of),
        parts=(
            *part("How compressible", table("Corpora", columns), _chart(measured, names)),
            *_wholes(corpora, names),
            *part("How it was measured", facts(*(("H is", each) for each in protocols))),
            *part("Good to know", _of_each(corpora, names, notes_of)),
        ),
        sources=(),
    )


def _wholes(corpora: list[Node], names: list[str]) -> Iterator[Part]:
    """Yield of each corpus that was measured whole how much is there once, and its shards."""
    for corpus, name in zip(corpora, names, strict=True):
        if (totals := corpus.get("totals")) is not None:
            shards = members(totals["shards"])
            shown = [each for number, each in enumerate(shards) if number < _MOST_SHARDS or each["unlike"].value]
            note = f"The first {_MOST_SHARDS} of {len(shards):,}, and those that are unlike the others."
            title = "All of it" if len(corpora) == 1 else f"All of {name}"
            yield from part(title, _counted(totals), _shards(shown, note if len(shown) < len(shards) else ""))


def _counted(totals: Node) -> Facts | None:
    copies = totals["duplicated_fraction"].number(0, 1)
    return facts(
        ("tokens", figure(totals["n_tokens"])),
        ("documents", f"{totals['n_documents'].whole(0):,}"),
        ("copies", f"{format_share(copies)} of the documents have the content of an earlier one"),
        ("unique tokens", figure(totals["n_unique_tokens"])),
    )


def _shards(shards: list[Node], note: str) -> DataTable | None:
    columns = [
        ("shard", [each["name"].text() for each in shards]),
        ("documents", [f"{each['n_documents'].whole(0):,}" for each in shards]),
        ("tokens", [figure(each["n_tokens"]) for each in shards]),
        ("bytes per token", [figure(each.get("bytes_per_token"), lambda t: f"{t:.2f}") for each in shards]),
        ("H, median", [figure(each.get("compressibility"), nats) for each in shards]),
        ("unlike the others", ["yes" if each["unlike"].value else "" for each in shards]),
    ]
    return table("Shards", columns, note=note)


def _answer(corpora: list[Node], names: list[str]) -> str:
    """Return the H of the first corpora, and on which side of web text each lies."""
    said = []
    for corpus, name in zip(corpora, names, strict=True):
        h = corpus["compressibility"]["median"].number(0)
        said.append(f"{name} has H {nats(h)}, {'less' if h < WEB_H else 'more'} than web text's {nats(WEB_H)}")
    more = [f"and {len(said) - _MOST_SAID} more"] if len(said) > _MOST_SAID else []
    return "; ".join([*said[:_MOST_SAID], *more]) + "."


def _of_each(corpora: list[Node], names: list[str], take: Callable[[Node | None], Cautions | None]) -> Cautions | None:
    """Return the cautions of all corpora, each with its corpus where there are several."""
    rows = []
    for corpus, name in zip(corpora, names, strict=True):
        found = take(corpus.get("cautions"))
        of = f"{name}: " if len(corpora) > 1 else ""
        rows += [] if found is None else [Noted(label=row.label, message=of + row.message) for row in found.rows]
    return Cautions(rows=tuple(rows)) if rows else None


def _chart(measured: list[Node], names: list[str]) -> Chart | None:
    """Return the distributions of H over the sequences of each corpus, on one axis."""
    series = []
    for number, (each, name) in enumerate(zip(measured, names, strict=True)):
        histogram = each["histogram"]
        counts = [count.whole(0) for count in members(histogram["counts"])]
        low, high = histogram["low"].number(), histogram["high"].number()
        if not counts or not sum(counts) or high <= low:
            continue
        step = (high - low) / len(counts)
        x = tuple(round(low + step * (i + 0.5), 6) for i in range(len(counts)))
        shares = tuple(100 * count / sum(counts) for count in counts)
        text = tuple(
            f"{name}: {share:.1f} % of the sequences near {at:.3f}" for at, share in zip(x, shares, strict=True)
        )
        series.append(Series(name=name, form="line", x=x, y=shares, text=text, colour=colour(number)))
    if not series:
        return None
    top = max(max(each.y) for each in series)
    web = Series(name="web text, median", form="line", x=(WEB_H, WEB_H), y=(0.0, top), colour=7)
    return Chart(
        name="h",
        title="H of the sequences of each corpus",
        x=Axis(label="H of a sequence"),
        y=Axis(label="share of the sequences, %"),
        series=(*series, web),
        says=f"Web text's median is {nats(WEB_H)}.",
    )
