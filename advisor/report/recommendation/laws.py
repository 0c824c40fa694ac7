"""How the laws of a recommendation look: what each says of the same budget."""

from __future__ import annotations

import math

from advisor.answer.recommendation import Recommendation
from advisor.answer.row import Answer
from advisor.report.text import counted, echo, nats, percent, print_table, quantity, ratio, spread


def print_laws(recommendation: Recommendation) -> None:
    """Print every law's answer for the same budget, and what its columns mean."""
    with_loss = recommendation.loss_is_of_corpus
    rows = [
        (
            answer.law,
            quantity(answer.n_params),
            _interval(answer),
            quantity(answer.n_tokens),
            ratio(answer.tokens_per_param),
            "" if answer.loss is None or not (with_loss or answer.loss_of is None) else nats(answer.loss),
            percent(answer.wasted),
            counted(answer.count),
        )
        for answer in recommendation.laws
    ]
    header = ("law", "N", "80 %", "D", "D/N", "loss", "wasted", "N counts")
    print_table(header, rows, title="The same budget by every law", bold=(0,))
    echo("Losses of different laws are of different data and tokenizers.", "dim")
    if any(answer.wasted is not None for answer in recommendation.laws):
        name = recommendation.headline.law
        echo(f"Wasted: the share of the FLOPs lost by following that law if {name} is right.", "dim")


def _interval(answer: Answer) -> str:
    """Return the interval of N; nothing where the request fixed it."""
    bounds = None if answer.interval80 is None else answer.interval80.n_params
    return "" if bounds is None or math.isclose(*bounds) else spread(bounds)
