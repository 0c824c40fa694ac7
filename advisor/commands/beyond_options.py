"""The options of ``advisor recommend`` that go beyond the optimum of one pass: limited data, inference, advice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from advisor.commands.quantities import quantity

_OPTIONS = (
    click.option(
        "--unique-tokens",
        type=quantity("--unique-tokens"),
        metavar="U",
        help="Unique tokens there are, such as 25B: more training repeats them.",
    ),
    click.option("--use-corpus-size", is_flag=True, help="Take the corpus's own estimated size for --unique-tokens."),
    click.option(
        "--inference-tokens",
        type=quantity("--inference-tokens"),
        metavar="TOKENS",
        help="Tokens to be served, such as 2T: least FLOPs of training and inference.",
    ),
    click.option(
        "--inference-mfu",
        type=float,
        metavar="SHARE",
        help="Utilisation when serving: least cost in place of FLOPs, with --gpu and --price-per-hour.",
    ),
    click.option(
        "--inference-price-per-hour",
        type=quantity("--inference-price-per-hour"),
        metavar="PRICE",
        help="Price of a GPU-hour when serving.  [default: the training's]",
    ),
    click.option("--advice", is_flag=True, help="Print all that is known of repeated data, with sources."),
)
NAMES = tuple(str(option(lambda: None).__click_params__[0].name) for option in _OPTIONS)  # type: ignore[attr-defined]


def beyond_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command; their values are fields of ``advisor.answer.request.Request``."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
