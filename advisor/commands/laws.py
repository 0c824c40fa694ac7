"""``advisor laws``: every law with its constants and source."""

from __future__ import annotations

from pathlib import Path

import click

from advisor.calibrations.installed import available
from advisor.laws.published import published_laws

_FILE = click.Path(dir_okay=False, path_type=Path)
_EXAMPLES = """\b
Examples:
  advisor laws
  advisor laws --json
"""


@click.command(epilog=_EXAMPLES)
@click.option("--coefficients", type=_FILE, metavar="FILE", help="Coefficients file in place of the shipped one.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document in place of the tables.")
@click.option("--out", type=_FILE, metavar="FILE", help="Also write the JSON document to FILE.")
def command(coefficients: Path | None, as_json: bool, out: Path | None) -> None:
    """List every scaling law (constants, which parameters N counts, source) and calibration.

    The calibrations are those that ship and those that are installed in the user's data folder ($ADVISOR_DATA_DIR, else
    data-scaling-advisor in $XDG_DATA_HOME or ~/.local/share).
    """
    found = available(coefficients)

    from advisor.report.laws import show

    show(tuple(published_laws().values()), found, as_json=as_json, out=out)
