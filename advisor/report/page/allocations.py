"""A table of sizes or budgets to a section: what each row wants by one law."""

from __future__ import annotations

from advisor.json_fields import Node
from advisor.quantities import format_flops
from advisor.report.page.blocks import Axis, Chart, PageSection, Series, facts, part, table
from advisor.report.page.reading import figure, members, named, notes_of, warnings_of, words
from advisor.report.text import counted, nats, quantity, ratio


def table_section(document: Node) -> PageSection:
    """Return the section of ``advisor table --json``."""
    rows = members(document["rows"])
    if not rows:
        raise document["rows"].fail("holds no rows: make it again with advisor table --json")
    columns = [
        ("N", [figure(row["n_params"]) for row in rows]),
        ("FLOPs", [figure(row["flops"], format_flops) for row in rows]),
        ("D", [figure(row["n_tokens"]) for row in rows]),
        ("D/N", [figure(row["tokens_per_param"], ratio) for row in rows]),
        ("loss", [figure(row.get("loss_nats_per_token"), nats) for row in rows]),
    ]
    law, source = named(document["law"]), words(document["source"])
    known = document.get("compressibility"), document.get("training_bytes_per_token")
    return PageSection(
        kind="Table",
        answer=_answer(rows, law),
        why=("Each row is a budget with the size and the tokens that make the most of it.",),
        mind=warnings_of(document.get("cautions")),
        parts=(
            *part("Row by row", table("Sizes and budgets", columns, note="Loss in nats/token."), _chart(rows, law)),
            *part(
                "What it rests on",
                facts(
                    ("Law", f"{law}: {source}"),
                    ("N counts", f"{counted(words(document['count']))} parameters"),
                    ("H", figure(known[0], nats)),
                    ("Bytes per token", figure(known[1], lambda rate: f"{rate:.2f}")),
                ),
            ),
            *part("Good to know", notes_of(document.get("cautions"))),
        ),
        sources=((law, source),),
    )


def _answer(rows: list[Node], law: str) -> str:
    """Return the first row and the last in a sentence."""
    said = [
        f"{quantity(row['n_params'].number(0))} parameters on {quantity(row['n_tokens'].number(0))} tokens at "
        f"{format_flops(row['flops'].number(0))} FLOPs"
        for row in (rows if len(rows) == 1 else (rows[0], rows[-1]))
    ]
    return f"By {law}, {', to '.join(said)}."


def _chart(rows: list[Node], law: str) -> Chart | None:
    if len(rows) < 2:
        return None
    places = sorted((row["flops"].number(0, open_ends=True), row["n_params"].number(0, open_ends=True)) for row in rows)
    x, y = zip(*places, strict=True)
    text = tuple(f"{quantity(n)} at {format_flops(c)} FLOPs" for c, n in places)
    return Chart(
        name="table",
        title="Parameters along the budget",
        x=Axis(label="training budget, FLOPs", log=True),
        y=Axis(label="parameters N", log=True),
        series=(
            Series(name=law, form="line", x=x, y=y, text=text),
            Series(name="rows", form="points", x=x, y=y, text=text),
        ),
        says=f"{len(rows)} rows by {law}.",
    )
