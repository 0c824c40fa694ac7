"""``advisor evidence``: what the calibrations predict beside what was published."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from advisor.calibrations.default_evidence import default_evidence
from advisor.calibrations.evidence import scorecard
from advisor.calibrations.installed import available
from advisor.commands.options import coefficients_option, output_options

_EXAMPLES = """\b
Examples:
  advisor evidence
  advisor evidence --full
  advisor evidence --json
  advisor evidence --coefficients fitted_coefficients.json
"""


@click.command(epilog=_EXAMPLES)
@coefficients_option
@click.option("--full", is_flag=True, help="Print every calibration beside what was published too.")
@output_options("the tables")
def command(coefficients: Path | None, full: bool, as_json: bool, out: Path | None) -> None:
    """Print what the default law rests on, and say which published figures agree with it.

    Its errors on six corpora with and without each predictor, in ln N* and in FLOPs lost. --full, or a --coefficients
    file, sets what each calibration predicts beside what was published: exponents of the optimum by corpus, and which
    way things move with the compressibility H. A row says "cannot say" where H of the published corpus is not known, or
    where the prediction's interval is too wide to tell.
    """
    card = scorecard(available(coefficients))
    if coefficients is None:
        card = replace(card, default=default_evidence())

    from advisor.report.evidence import show

    show(card, full=full, as_json=as_json, out=out)
