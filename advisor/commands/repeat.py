"""``advisor repeat``: what repeated data are worth, epoch by epoch."""

from __future__ import annotations

from pathlib import Path

import click

from advisor.answer.law_choice import find_law
from advisor.answer.repeat_table import EPOCHS, repeat_table
from advisor.answer.request import check_dependence
from advisor.calibrations.installed import available
from advisor.calibrations.laws_in_h import LAW_NAMES
from advisor.commands.quantities import quantities, quantity
from advisor.compressibility.protocol import DEFAULT_PROTOCOL, check_match
from advisor.laws.scaling_law import ScalingLaw

_FILE = click.Path(dir_okay=False, path_type=Path)
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
@click.option("--law", default="muennighoff", show_default=True, metavar="LAW", help="A law's name, or a law file.")
@click.option("--compressibility", type=float, metavar="H", help="H, 0 to 1, for the laws gzip, blend and anchored.")
@click.option("--epsilon", type=float, metavar="SHARE", help="Weight of the calibration in blend and anchored, 0 to 1.")
@click.option("--coefficients", type=_FILE, metavar="FILE", help="Coefficients file in place of the shipped one.")
@click.option("--calibration", metavar="NAME", help="Which calibration, shipped or installed.")
@click.option("--advice", is_flag=True, help="Print all that is known of repeated data, with sources.")
@click.option("--explain", is_flag=True, help="Print the formula, constants and source of every number.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document in place of the table.")
@click.option("--out", type=_FILE, metavar="FILE", help="Also write the JSON document to FILE.")
def command(
    unique_tokens: float,
    flops: float | None,
    n_params: float | None,
    epochs: tuple[float, ...] | None,
    law: str,
    compressibility: float | None,
    epsilon: float | None,
    coefficients: Path | None,
    calibration: str | None,
    advice: bool,
    explain: bool,
    as_json: bool,
    out: Path | None,
) -> None:
    """Print epochs, the unique tokens that they are worth, and the loss, where unique data are limited.

    Under the data-constrained law of Muennighoff et al. 2023. Without --flops or --params each row has the parameters
    that are optimal for its tokens. Another --law keeps its own exponents and takes over how repeated tokens decay.
    """
    check_dependence(law, compressibility, epsilon)
    chosen = available(coefficients).calibration(calibration)
    if chosen is not None and law in LAW_NAMES:
        check_match(DEFAULT_PROTOCOL, chosen.protocol, chosen.name)
    found, _ = find_law(law, chosen, compressibility, epsilon)
    table = repeat_table(found, unique_tokens, epochs=epochs or EPOCHS, n_params=n_params, flops=flops)

    from advisor.report.repeat import show

    explained = found if explain and isinstance(found, ScalingLaw) else None
    show(table, all_advice=advice, explained=explained, as_json=as_json, out=out)
