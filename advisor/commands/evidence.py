"""``advisor evidence``: what the calibrations predict beside what was published."""

from __future__ import annotations

from pathlib import Path

import click

from advisor.calibrations.evidence import scorecard
from advisor.calibrations.installed import available
from advisor.commands.options import coefficients_option, output_options

_EXAMPLES = """\b
Examples:
  advisor evidence
  advisor evidence --json
  advisor evidence --coefficients fitted_coefficients.json
"""


@click.command(epilog=_EXAMPLES)
@coefficients_option
@output_options("the tables")
def command(coefficients: Path | None, as_json: bool, out: Path | None) -> None:
    """Set what each calibration predicts beside what was published, and say whether they agree.

    Exponents of the optimum by corpus, and which way things move with the compressibility H. A row says "cannot say"
    where H of the published corpus is not known, or where the prediction's interval is too wide to tell.
    """
    found = available(coefficients)

    from advisor.report.evidence import show

    show(scorecard(found), as_json=as_json, out=out)
