"""How other sizes look where data are limited: how often each reads them, its loss, what it takes and wastes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.answer.recommendation import Recommendation
from advisor.quantities import format_flops
from advisor.report.text import amount, echo, epochs_text, nats, percent, plural, print_table, quantity, spread

if TYPE_CHECKING:
    from advisor.answer.repetition.sizes import LimitedChoice


def print_limited_sizes(recommendation: Recommendation) -> None:
    """Print what other sizes do with the same budget and unique tokens, and what the user's own choice does."""
    best, with_loss = recommendation.limited[0], recommendation.recommended.loss is not None
    rows = [(each, "best" if each.n_params == best.n_params else "") for each in recommendation.limited_sizes]
    if best.choice is not None:
        rows = sorted([*rows, (best.choice, "your choice")], key=lambda pair: pair[0].n_params)
    cells = [(*_cells(each, with_loss=with_loss), remark) for each, remark in rows]
    bold = [i for i, (_, remark) in enumerate(rows) if remark]
    unique = plural(quantity(best.unique_tokens), "unique token")
    title = f"Other sizes with {unique}, up to {format_flops(best.flops)} FLOPs"
    priced = rows[0][0].cost is not None
    header = ("N", "D", "epochs", "loss" if with_loss else "", "FLOPs", "cost" if priced else "", "wasted", "")
    print_table(header, cells, title=title, bold=bold)
    echo(
        f"By {best.law}, {best.most_epochs:g} epochs at most. Wasted: more than that loss costs at its cheapest.", "dim"
    )
    echo(f"{spread(best.n_params_by_loss)} parameters stay within 1 % of the best loss for as many FLOPs.")


def _cells(size: LimitedChoice, *, with_loss: bool) -> tuple[str, ...]:
    return (
        quantity(size.n_params),
        quantity(size.n_tokens),
        epochs_text(size.epochs),
        nats(size.loss) if with_loss else "",
        format_flops(size.flops_used),
        amount(size.cost),
        percent(size.wasted),
    )
