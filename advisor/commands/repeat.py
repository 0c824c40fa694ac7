"""``advisor repeat``: what repeated data are worth, epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from advisor.answer.repetition.repeat_table import repeat_table
from advisor.caution import Caution
from advisor.commands.fail_on import fail_on_option
from advisor.commands.options import (
    advice_option,
    bytes_per_token_option,
    calibration_options,
    cautions_option,
    check_plot,
    compressibility_option,
    draw,
    explain_all_option,
    explain_option,
    full_option,
    output_options,
    plot_option,
    table_law_option,
)
from advisor.commands.values import quantities, quantity

_EXAMPLES = """\b
Examples:
  advisor repeat --unique-tokens 25B
  advisor repeat --unique-tokens 25B --flops 1e22
  advisor repeat --unique-tokens 25B --explain
  advisor repeat --unique-tokens 25B --params 7B --epochs 1,4,16 --law chinchilla --json
"""


@click.command(epilog=_EXAMPLES)
@click.option(
    "--unique-tokens",
    type=quantity("--unique-tokens"),
    required=True,
    metavar="U",
    help="Unique tokens there are, such as 25B.",
)
@click.option("--flops", type=quantity("--flops"), metavar="FLOPS", help="One budget for all rows; marks its optimum.")
@click.option("--params", "n_params", type=quantity("--params"), metavar="N", help="One model size for all rows.")
@click.option(
    "--epochs", type=quantities("--epochs"), metavar="E,E,...", help="Rows of the table.  [default: 1,2,4,8,16,40]"
)
@table_law_option("muennighoff")
@compressibility_option("H, 0 to 1, for the laws data, gzip, blend and anchored.")
@bytes_per_token_option
@calibration_options
@advice_option
@cautions_option
@explain_option
@explain_all_option
@full_option
@output_options("the table")
@plot_option("the loss and the worth of a token by epochs")
@fail_on_option
def command(
    advice: bool,
    cautions: bool,
    explain: bool,
    explain_all: bool,
    full: bool,
    as_json: bool,
    out: Path | None,
    plot: Path | None,
    **asked: Any,
) -> Sequence[Caution]:
    """Print epochs, the unique tokens that they are worth, and the loss, where unique data are limited.

    Under the data-constrained law of Muennighoff et al. 2023. Without --flops or --params each row has the parameters
    that are optimal for its tokens. Another --law keeps its own exponents and takes over how repeated tokens decay.
    """
    check_plot(plot, out, asked["law"], asked["coefficients"])
    table = repeat_table(**asked)

    from advisor.report.repetition.repeat import show
    from advisor.report.screen import Wanted

    shown = Wanted(explain=explain, cautions=cautions, full=full)
    show(table, all_advice=advice, asked=shown, explain_all=explain_all, as_json=as_json, out=out)
    draw(table, plot)
    return table.cautions
