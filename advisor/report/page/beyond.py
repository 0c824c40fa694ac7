"""What limited data and serving do to a recommendation, as tables of a page."""

from __future__ import annotations

from advisor.json_fields import Node
from advisor.quantities import format_flops, format_share
from advisor.report.page.blocks import DataTable, table
from advisor.report.page.reading import figure, interval, members, names_of
from advisor.report.text import amount, nats, percent, quantity, ratio


def repetition_tables(document: Node) -> tuple[DataTable | None, ...]:
    """Return the answers with limited data side by side, and what more data would do; none where nothing limits it."""
    limited = document.get("limited_data")
    if limited is None:
        return ()
    answers = members(limited["answers"])
    unique = quantity(limited["unique_tokens"].number(0))
    return (_limited(answers, unique), _more(answers[0]) if answers else None)


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
