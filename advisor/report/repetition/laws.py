"""How the laws look where data are limited: what each recommends, and by whose law repeated tokens lose value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.answer.law_choice import DATA_LAWS
from advisor.answer.recommendation import Recommendation
from advisor.quantities import format_flops
from advisor.report.text import counted, echo, epochs_text, nats, plural, print_table, quantity, shortened

if TYPE_CHECKING:
    from advisor.answer.repetition.by_law import LimitedLaw

_HEADER = ("law", "N", "D", "epochs", "loss", "repeats", "unlimited", "N counts")
_NAME = 15  # columns of a law's name, as long as those of published ones
_WHOSE = {"own": "its own", "muennighoff": "borrowed", None: "none"}


def print_limited_laws(recommendation: Recommendation) -> None:
    """Print what every law recommends for the same budget and unique tokens, and what its columns mean."""
    best, laws = recommendation.limited[0], recommendation.limited_laws
    rows = [_cells(law, with_loss=recommendation.loss_is_of_corpus) for law in laws]
    unique = plural(quantity(best.unique_tokens), "unique token")
    print_table(_HEADER, rows, title=f"Every law with {unique}, {format_flops(best.flops)} FLOPs", bold=(0,))
    echo(
        "Repeats: by which law repeated tokens lose value, borrowed from muennighoff or its own. Unlimited: N for "
        "unlimited data.",
        "dim",
    )
    if silent := [shortened(law.law, _NAME) for law in laws if law.repetition is None]:
        echo(f"No law of repetition, and no answer where tokens are repeated: {', '.join(silent)}.", "dim")
    echo("Losses of different laws are of different data and tokenizers.", "dim")


def _cells(law: LimitedLaw, *, with_loss: bool) -> tuple[str, ...]:
    shows_loss = law.loss is not None and (with_loss or law.law not in DATA_LAWS)
    return (
        shortened(law.law, _NAME),
        quantity(law.n_params),
        quantity(law.n_tokens),
        "" if law.epochs is None else epochs_text(law.epochs),
        nats(law.loss) if law.loss is not None and shows_loss else "",
        _WHOSE[law.repetition],
        quantity(law.unlimited_n_params),
        counted(law.count),
    )
