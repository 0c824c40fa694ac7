"""How other sizes of a recommendation look: what they waste, which are nearly as good, the user's own choice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.answer.recommendation import Recommendation
from advisor.answer.row import Choice
from advisor.quantities import format_flops
from advisor.report.text import echo, nats, percent, print_table, quantity, ratio, spread

if TYPE_CHECKING:
    from advisor.answer.flat_region import FlatRegion


def print_sizes(recommendation: Recommendation) -> None:
    """Print what other sizes would do with the same budget, and what the user's own choice does."""
    choices = [(choice, "") for choice in recommendation.neighbours]
    with_loss, units = recommendation.loss_is_of_corpus, recommendation.units
    if recommendation.choice is not None:
        choices = sorted([*choices, (recommendation.choice, "your choice")], key=lambda pair: pair[0].n_params)
    rows = [
        (
            quantity(choice.n_params),
            quantity(choice.n_tokens),
            ratio(choice.tokens_per_param),
            "" if units is None else ratio(choice.tokens_per_param * units.bytes_per_token),
            nats(choice.loss) if with_loss else "",
            percent(choice.wasted),
            remark,
        )
        for choice, remark in choices
    ]
    best = recommendation.headline.n_params
    bold = [i for i, (choice, remark) in enumerate(choices) if remark or choice.n_params == best]
    header = ("N", "D", "D/N", "" if units is None else "bytes/N", "loss" if with_loss else "", "FLOPs wasted", "")
    print_table(header, rows, title="The same budget on other sizes", bold=bold)
    _print_off_optimum(recommendation)


def _print_off_optimum(recommendation: Recommendation) -> None:
    """Print which sizes are nearly as good as the optimum, and the budget that the user's choice is worth."""
    if recommendation.flat is not None:
        _print_flat(recommendation.flat)
    if recommendation.choice is not None:
        equivalent = format_flops(recommendation.choice.equivalent_flops)
        echo(f"Your choice does what {equivalent} FLOPs do at their optimum.", "dim")
        if recommendation.loss_is_of_corpus:
            _print_loss(recommendation.choice)


def _print_loss(choice: Choice) -> None:
    """Print the loss of the user's choice with its intervals; nothing where the law has no draws."""
    if choice.interval80 is None or choice.interval95 is None:
        return
    narrow, wide = (spread(found.loss_nats_per_token, nats) for found in (choice.interval80, choice.interval95))
    loss = f"{nats(choice.loss)} nats/token (80 % {narrow}, 95 % {wide})"
    echo(f"Its loss by the law: {loss}; single runs scatter besides.", "dim")


def _print_flat(flat: FlatRegion) -> None:
    """Print which sizes do nearly as well as the optimum."""
    rows = [
        (
            f"within {100 * flat.loss_tolerance:g} % of the loss",
            f"up to {percent(flat.wasted_by_loss)}",
            spread(flat.n_params_by_loss),
            spread(flat.n_tokens_by_loss),
        ),
        (
            f"within {100 * flat.flops_tolerance:g} % of the FLOPs",
            f"up to {percent(flat.flops_tolerance)}",
            spread(flat.n_params_by_flops),
            spread(flat.n_tokens_by_flops),
        ),
    ]
    print_table(("Nearly as good", "FLOPs wasted", "N", "D"), rows)
