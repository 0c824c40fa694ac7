"""``advisor table``: a law's optimal allocations for a list of model sizes, or of budgets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from advisor.answer.table import table
from advisor.caution import Caution
from advisor.commands.fail_on import fail_on_option
from advisor.commands.options import (
    bytes_per_token_option,
    calibration_options,
    cautions_option,
    compressibility_option,
    explain_all_option,
    explain_option,
    full_option,
    output_options,
    table_law_option,
)
from advisor.commands.values import quantities

_EXAMPLES = """\b
Examples:
  advisor table
  advisor table --law hoffmann-table3 --explain
  advisor table --law hoffmann --sizes 400M,1B,7B,70B --json
  advisor table --law kaplan --flops 1e20,1e21,1e22
"""


@click.command(epilog=_EXAMPLES)
@table_law_option("chinchilla")
@click.option(
    "--sizes",
    type=quantities("--sizes"),
    metavar="N,N,...",
    help="Parameters, such as 400M,1B,7B.  [default: the Chinchilla table's]",
)
@click.option(
    "--flops",
    type=quantities("--flops"),
    metavar="C,C,...",
    help="Budgets in FLOPs, such as 1e20,1e21, in place of sizes.",
)
@compressibility_option("H, 0 to 1; moves the laws data, gzip, blend and anchored.")
@bytes_per_token_option
@calibration_options
@cautions_option
@explain_option
@explain_all_option
@full_option
@output_options("the table")
@fail_on_option
def command(
    cautions: bool, explain: bool, explain_all: bool, full: bool, as_json: bool, out: Path | None, **asked: Any
) -> Sequence[Caution]:
    """Print the budget and the tokens for which each model size is optimal, or what is optimal for each budget.

    The sizes are those of the Chinchilla table (Hoffmann et al. 2022, table 3); `--law hoffmann-table3` gives its
    numbers, but for the rounded tokens of 67B. Budgets are in FLOPs and in units of Gopher's, 5.76e23.
    """
    found = table(**asked)

    from advisor.report.screen import Wanted
    from advisor.report.table import show

    shown = Wanted(explain=explain, cautions=cautions, full=full)
    show(found, asked=shown, explain_all=explain_all, as_json=as_json, out=out)
    return found.cautions
