"""Tables of one law to sections: what repeating the data is worth, and what sizes or budgets want."""

from __future__ import annotations

from advisor.json_fields import Node
from advisor.quantities import format_flops, format_share, plural
from advisor.report.page.blocks import Axis, Chart, Facts, PageSection, Series, facts, part, table
from advisor.report.page.reading import figure, members, named, notes_of, warnings_of, words
from advisor.report.text import amount, counted, nats, quantity, ratio


def repetition_section(document: Node) -> PageSection:
    """Return the section of ``advisor repeat --json``."""
    optimum = document.get("optimum")
    rows = [(row, "") for row in members(document["rows"])]
    if optimum is not None:
        rows = sorted([*rows, (optimum, "optimum")], key=lambda pair: pair[0]["epochs"].number(0))
    if not rows:
        raise document["rows"].fail("holds no rows: make it again with advisor repeat --json")
    unique = quantity(document["unique_tokens"].number(0))
    columns = [
        ("passes", [figure(row["epochs"], amount) for row, _ in rows]),
        ("N", [figure(row["n_params"]) for row, _ in rows]),
        ("D", [figure(row["n_tokens"]) for row, _ in rows]),
        ("FLOPs", [figure(row["flops"], format_flops) for row, _ in rows]),
        ("worth in unique tokens", [figure(row["effective_tokens"]) for row, _ in rows]),
        ("worth of a token, average", [figure(row["average_value_fraction"], format_share) for row, _ in rows]),
        ("in the last pass", [figure(row["last_value_fraction"], format_share) for row, _ in rows]),
        ("loss", [figure(row["loss_nats_per_token"], nats) for row, _ in rows]),
        ("", [remark for _, remark in rows]),
    ]
    strong = [i for i, (_, remark) in enumerate(rows) if remark]
    law, source = named(document["law"]), words(document["source"])
    most = quantity(document["most_effective_tokens"].number(0))
    return PageSection(
        kind="Repeated data",
        answer=_answer(rows[-1][0] if optimum is None else optimum, unique, best=optimum is not None),
        why=(f"However often they are read, {unique} unique tokens are worth at most {most}.",),
        mind=warnings_of(document.get("cautions")),
        parts=(
            *part("Pass by pass", table("Epochs", columns, strong=strong), _chart([row for row, _ in rows], unique)),
            *part("What goes with it", _advice(document)),
            *part("What it rests on", facts(("Law", f"{law}: {source}"), ("N counts", _counts(document)))),
            *part("Good to know", notes_of(document.get("cautions"))),
        ),
        sources=((law, source),),
    )


def _counts(document: Node) -> str:
    return f"{counted(words(document['count']))} parameters"


def _answer(row: Node, unique: str, *, best: bool) -> str:
    passes, value = amount(row["epochs"].number(0)), format_share(row["average_value_fraction"].number(0))
    n_params, n_tokens = quantity(row["n_params"].number(0)), quantity(row["n_tokens"].number(0))
    if best:
        return (
            f"Train {n_params} parameters on {n_tokens} tokens: the {unique} unique ones {passes} times, a token worth "
            f"{value} of a new one."
        )
    return f"Read {passes} times, a token of the {unique} unique ones is worth {value} of a new one."


def _advice(document: Node) -> Facts | None:
    return facts(*((words(row["source"]), words(row["text"])) for row in members(document.get("advice"))))


def _chart(rows: list[Node], unique: str) -> Chart | None:
    places = [(row["epochs"].number(0, open_ends=True), row) for row in rows]
    if len(places) < 2:
        return None
    x = tuple(epochs for epochs, _ in places)
    y = tuple(row["loss_nats_per_token"].number(0) for _, row in places)
    text = tuple(f"{amount(at)} passes: loss {nats(loss)}" for at, loss in zip(x, y, strict=True))
    return Chart(
        name="epochs",
        title="Loss along the passes over the data",
        x=Axis(label="passes over the data", log=True),
        y=Axis(label="loss, nats/token"),
        series=(
            Series(name="loss", form="line", x=x, y=y, text=text),
            Series(name="rows", form="points", x=x, y=y, text=text),
        ),
        says=f"With {unique} unique tokens the loss falls from {nats(y[0])} to {nats(y[-1])}.",
    )


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
        answer=_first_and_last(rows, law),
        why=("Each row is a budget with the size and the tokens that make the most of it.",),
        mind=warnings_of(document.get("cautions")),
        parts=(
            *part("Row by row", table("Sizes and budgets", columns, note="Loss in nats/token."), _along(rows, law)),
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


def _first_and_last(rows: list[Node], law: str) -> str:
    """Return the first row and the last in a sentence."""
    said = [
        f"{quantity(row['n_params'].number(0))} parameters on {quantity(row['n_tokens'].number(0))} tokens at "
        f"{format_flops(row['flops'].number(0))} FLOPs"
        for row in (rows if len(rows) == 1 else (rows[0], rows[-1]))
    ]
    return f"By {law}, {', to '.join(said)}."


def _along(rows: list[Node], law: str) -> Chart | None:
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
        says=f"{plural(len(rows), 'row')} by {law}.",
    )
