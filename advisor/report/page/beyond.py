"""What limited data and serving do to a recommendation, as tables of a page."""

from __future__ import annotations

import math

from advisor.json_fields import Node
from advisor.quantities import format_flops, format_share
from advisor.report.page.blocks import DataTable, table
from advisor.report.page.reading import figure, interval, members, named, names_of, words
from advisor.report.text import amount, counted, nats, percent, quantity, ratio


def repetition_tables(document: Node) -> tuple[DataTable | None, ...]:
    """Return the answers with limited data side by side, and what more data would do; none where nothing limits it."""
    limited = document.get("limited_data")
    if limited is None:
        return ()
    answers = members(limited["answers"])
    unique = quantity(limited["unique_tokens"].number(0))
    return (_limited(answers, unique), _more(answers[0]) if answers else None)


def limited_sizes(document: Node) -> DataTable | None:
    """Return what other sizes do with the same budget and the limited data; None where a document does not say."""
    limited = document.get("limited_data")
    sizes = members(None if limited is None else limited.get("sizes"))
    if limited is None or not sizes:
        return None
    answer = members(limited["answers"])[0]
    best = min(sizes, key=lambda row: abs(math.log(row["n_params"].number(0) / answer["n_params"].number(0))))
    rows = [(row, "best" if row is best else "") for row in sizes]
    if (choice := answer.get("choice")) is not None:
        rows = sorted([*rows, (choice, "your choice")], key=lambda pair: pair[0]["n_params"].number(0))
    columns = [
        ("N", [figure(row["n_params"]) for row, _ in rows]),
        ("D", [figure(row["n_tokens"]) for row, _ in rows]),
        ("passes", [figure(row["epochs"], amount) for row, _ in rows]),
        ("FLOPs used", [figure(row["flops_used"], format_flops) for row, _ in rows]),
        ("loss", [figure(row["loss_nats_per_token"], nats) for row, _ in rows]),
        ("FLOPs wasted", [figure(row["wasted_fraction"], percent) for row, _ in rows]),
        ("", [remark for _, remark in rows]),
    ]
    strong = [i for i, (_, remark) in enumerate(rows) if remark]
    return table(f"The same budget and data on other sizes, by {named(answer['law'])}", columns, strong=strong)


def limited_laws(document: Node) -> DataTable | None:
    """Return every law's answer with the limited data; None where a document does not say."""
    limited = document.get("limited_data")
    rows = members(None if limited is None else limited.get("laws"))
    if not rows:
        return None
    columns = [
        ("law", names_of(row["law"] for row in rows)),
        ("N", [figure(row.get("n_params")) for row in rows]),
        ("D", [figure(row.get("n_tokens")) for row in rows]),
        ("passes", [figure(row.get("epochs"), amount) for row in rows]),
        ("FLOPs used", [figure(row.get("flops_used"), format_flops) for row in rows]),
        ("loss", [figure(row.get("loss_nats_per_token"), nats) for row in rows]),
        ("N, unlimited data", [figure(row["unlimited_n_params"]) for row in rows]),
        ("N counts", [counted(words(row["count"])) for row in rows]),
    ]
    note = (
        "Losses of different laws are of different data and tokenizers. A law without N knows nothing of repeated data."
    )
    return table("The same budget and data by every law", columns, note=note, strong=(0,))


def _limited(answers: list[Node], unique: str) -> DataTable | None:
    rows: list[tuple[str, list[str]]] = [
        ("Parameters N", [_with(each, "n_params") for each in answers]),
        ("Training tokens D", [_with(each, "n_tokens") for each in answers]),
        ("Passes over them", [figure(each["epochs"], amount) for each in answers]),
        ("Worth in unique tokens", [figure(each["effective_tokens"]) for each in answers]),
        ("Worth of a token, average", [figure(each["average_value_fraction"], format_share) for each in answers]),
        ("... in the last pass", [figure(each["last_value_fraction"], format_share) for each in answers]),
        ("Loss, nats/token", [figure(each["loss_nats_per_token"], nats) for each in answers]),
        ("... with unlimited data", [figure(each["unlimited_loss_nats_per_token"], nats) for each in answers]),
        ("FLOPs lost to the limit", [figure(each["wasted_fraction"], format_share) for each in answers]),
    ]
    names, cells = zip(*rows, strict=True)
    laws = names_of(each["law"] for each in answers)
    columns = [("", names), *((law, [row[i] for row in cells]) for i, law in enumerate(laws))]
    note = "The first law is the one to follow. Losses are of each law's own text."
    return table(f"With {unique} unique tokens", columns, note=note, strong=(0, 1))


def _with(answer: Node, key: str) -> str:
    """Return a number, with its interval where it has one."""
    sure = interval(answer.get("interval80"), key)
    return figure(answer[key]) + (f" (80 % {sure})" if sure else "")


def _more(answer: Node) -> DataTable | None:
    rows = members(answer.get("more_data"))
    factors = [row.get("factor") for row in rows]
    columns = [
        ("unique tokens", [figure(row.get("unique_tokens")) or "unlimited" for row in rows]),
        ("times those at hand", [figure(each, amount) for each in factors]),
        ("N", [figure(row["n_params"]) for row in rows]),
        ("D", [figure(row["n_tokens"]) for row in rows]),
        ("passes", [figure(row.get("epochs"), amount) for row in rows]),
        ("loss", [figure(row["loss_nats_per_token"], nats) for row in rows]),
        ("FLOPs saved at this loss", [figure(row["saved_fraction"], percent) for row in rows]),
    ]
    return table("What more unique tokens would do", columns)


def serving_table(document: Node) -> DataTable | None:
    """Return the model that serves beside the one that is best for training alone; None where none serves."""
    best = document.get("inference")
    if best is None:
        return None
    alone, sure = best["baseline"], best.get("interval80")
    rows = [
        ("Parameters N", figure(alone["n_params"]), figure(best["n_params"]), interval(sure, "n_params")),
        ("Training tokens D", figure(alone["n_tokens"]), figure(best["n_tokens"]), interval(sure, "n_tokens")),
        *(
            (label, figure(alone[key], format_flops), figure(best[key], format_flops), "")
            for label, key in (
                ("Training FLOPs", "training_flops"),
                ("Serving FLOPs", "inference_flops"),
                ("Total FLOPs", "total_flops"),
            )
        ),
        *(
            (label, figure(alone.get(key), amount), figure(best.get(key), amount), "")
            for label, key in (
                ("Training cost", "training_cost"),
                ("Serving cost", "inference_cost"),
                ("Total cost", "total_cost"),
            )
        ),
        ("Saved", "", figure(best["saved_fraction"], percent), interval(sure, "saved_fraction", percent)),
    ]
    names, before, now, intervals = zip(*(row for row in rows if row[2]), strict=True)
    columns = [("", names), ("for training alone", before), ("with serving", now), ("80 % interval", intervals)]
    served, loss = quantity(best["inference_tokens"].number(0)), nats(best["loss_nats_per_token"].number(0))
    far = figure(best["overtraining_ratio"], ratio)
    note = f"{far} times the tokens that are best for a model of this size. Serving is 2 N FLOPs a token."
    return table(f"Serving {served} tokens at a loss of {loss}", columns, note=note, strong=(0, 1))
