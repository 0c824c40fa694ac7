"""The law of the headline, and what of a corpus it takes as given."""

from __future__ import annotations

import click

from advisor.calibrations.own_base import BASES
from advisor.commands import completed
from advisor.commands.options.declared import FILE, Decorator, all_of
from advisor.commands.values import quantity

coefficients_option = click.option(
    "--coefficients", type=FILE, metavar="FILE", help="Coefficients file in place of the shipped one."
)
# Which coefficients the laws that depend on H take, and with what weight.
calibration_options = all_of(
    click.option(
        "--epsilon", type=float, metavar="SHARE", help="Weight of the calibration in blend and anchored, 0 to 1."
    ),
    coefficients_option,
    click.option(
        "--calibration",
        metavar="NAME",
        shell_complete=completed.calibrations,
        help="Which calibration, shipped or installed.",
    ),
    click.option(
        "--base",
        type=click.Choice(BASES),
        help="What blend and anchored start from.  [default: own where there is one]",
    ),
)
headline_options = all_of(
    click.option(
        "--law",
        metavar="LAW",
        shell_complete=completed.laws,
        help="Headline law: a name of `advisor laws`, or a law file of `advisor fit`.",
    ),
    calibration_options,
)
advice_option = click.option("--advice", is_flag=True, help="Print all that is known of repeated data, with sources.")


def table_law_option(default: str) -> Decorator:
    """Return --law of a table: the law that it is of."""
    what = f"A law's name, or a law file.  [default: {default}; data with --compressibility or --bytes-per-token]"
    return click.option("--law", metavar="LAW", shell_complete=completed.laws, help=what)


def compressibility_option(meaning: str) -> Decorator:
    """Return --compressibility, which does not mean the same to every command."""
    return click.option("--compressibility", type=float, metavar="H", help=meaning)


bytes_per_token_option = click.option(
    "--bytes-per-token",
    type=quantity("--bytes-per-token"),
    metavar="T",
    help="Bytes of this text per token of the tokenizer that the model is trained with.",
)
