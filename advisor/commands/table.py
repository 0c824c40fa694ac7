"""``advisor table``: a law's optimal allocations for a list of model sizes, or of budgets."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from advisor.answer.law_choice import find_law
from advisor.answer.request import check_dependence
from advisor.answer.row import check_whole
from advisor.calibrations.installed import available
from advisor.calibrations.laws_in_h import LAW_NAMES
from advisor.commands.quantities import quantities
from advisor.compressibility.protocol import DEFAULT_PROTOCOL, check_match
from advisor.errors import UsageError

_FILE = click.Path(dir_okay=False, path_type=Path)
_CHINCHILLA_SIZES = (400e6, 1e9, 10e9, 67e9, 175e9, 280e9, 520e9, 1e12, 10e12)
_EXAMPLES = """\b
Examples:
  advisor table
  advisor table --law hoffmann-table3 --explain
  advisor table --law hoffmann --sizes 400M,1B,7B,70B --json
  advisor table --law kaplan --flops 1e20,1e21,1e22
"""


@click.command(epilog=_EXAMPLES)
@click.option("--law", default="chinchilla", show_default=True, metavar="LAW", help="A law's name, or a law file.")
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
@click.option("--compressibility", type=float, metavar="H", help="H, 0 to 1; moves the laws gzip, blend and anchored.")
@click.option("--epsilon", type=float, metavar="SHARE", help="Weight of the calibration in blend and anchored, 0 to 1.")
@click.option("--coefficients", type=_FILE, metavar="FILE", help="Coefficients file in place of the shipped one.")
@click.option("--calibration", metavar="NAME", help="Which calibration, shipped or installed.")
@click.option("--explain", is_flag=True, help="Print the formula, constants and source of every number.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document in place of the table.")
@click.option("--out", type=_FILE, metavar="FILE", help="Also write the JSON document to FILE.")
def command(
    law: str,
    sizes: tuple[float, ...] | None,
    flops: tuple[float, ...] | None,
    compressibility: float | None,
    epsilon: float | None,
    coefficients: Path | None,
    calibration: str | None,
    explain: bool,
    as_json: bool,
    out: Path | None,
) -> None:
    """Print the budget and the tokens for which each model size is optimal, or what is optimal for each budget.

    The sizes are those of the Chinchilla table (Hoffmann et al. 2022, table 3); `--law hoffmann-table3` gives its
    numbers. Budgets are in FLOPs and in units of Gopher's, 5.76e23.
    """
    if sizes is not None and flops is not None:
        raise UsageError("--sizes and --flops both give the rows of the table: give one.")
    check_dependence(law, compressibility, epsilon)
    chosen = available(coefficients).calibration(calibration)
    if chosen is not None and law in LAW_NAMES:
        check_match(DEFAULT_PROTOCOL, chosen.protocol, chosen.name)
    found, _ = find_law(law, chosen, compressibility, epsilon)
    if flops is not None:
        rows = tuple(found.frontier(budget) for budget in flops)
    else:
        rows = tuple(found.for_params(n_params) for n_params in sizes or _CHINCHILLA_SIZES)
    for row in rows:
        check_whole(row)

    from advisor.report.table import show

    asked: Literal["sizes", "budgets"] = "sizes" if flops is None else "budgets"
    show(found, rows, compressibility=compressibility, explained=asked if explain else None, as_json=as_json, out=out)
