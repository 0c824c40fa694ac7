"""``advisor laws``: every law with its constants and source."""

from __future__ import annotations

from pathlib import Path

import click

from advisor.calibrations.law_list import list_laws
from advisor.commands.options import coefficients_option, full_option, output_options

_EXAMPLES = """\b
Examples:
  advisor laws
  advisor laws --full
  advisor laws --json
"""


@click.command(epilog=_EXAMPLES)
@coefficients_option
@full_option
@output_options("the tables")
def command(coefficients: Path | None, full: bool, as_json: bool, out: Path | None) -> None:
    """List every scaling law, what it says of 1e21 FLOPs, and calibration; --full has constants and sources.

    The calibrations are those that ship and those that are installed in the user's data folder ($ADVISOR_DATA_DIR, else
    data-scaling-advisor in $XDG_DATA_HOME or ~/.local/share).
    """
    found = list_laws(coefficients)

    from advisor.report.laws import show

    show(found, full=full, as_json=as_json, out=out)
