"""How the evidence of the default looks: on one screen of 80 columns."""

from __future__ import annotations

from advisor.calibrations.default_evidence import DefaultEvidence
from advisor.report.text import echo, print_labelled, print_table


def print_default(evidence: DefaultEvidence) -> None:
    """Print what the default law rests on, and published figures beside it."""
    echo("What the law data, the default, rests on", "bold")
    budgets = [f"{one.flops:.2g}".replace("e+", "e") for one in evidence.predictors[0].at]
    rows = [
        [row.predictor, *(f"{one.error_ln_n:.3f}  {100 * one.wasted:.2f} %" for one in row.at)]
        for row in evidence.predictors
    ]
    print_table(["N* of six corpora by", *budgets], rows)
    echo(
        "Error of ln N* (rms) and FLOPs lost to it, each corpus against the web ones; the four web corpora are alike. "
        "The rule's constants were chosen on these six.",
        "dim",
    )
    echo("Published figures, and here")
    print_labelled([(one.verdict, f"{one.paper}: {one.says}; {one.default}") for one in evidence.published], "")
    echo("Dense models of English and code. --full has every calibration beside what was published.", "dim")
