"""How transfers between calibrations look: one table for ``advisor evidence`` and ``advisor calibrate --refit``."""

from __future__ import annotations

import math
from collections.abc import Sequence

from advisor.calibrations.transfer import Transfer
from advisor.report.text import echo, print_table


def print_transfers(transfers: Sequence[Transfer]) -> None:
    """Print by which factor N* is missed: by the line, by the mean, and by both where the level is known."""
    rows = [
        [
            f"{one.fitted_on} ({one.n_fitted})",
            f"{one.tested_on} ({one.n_tested})",
            _factor(one.error_ln_n),
            _factor(one.error_of_mean),
            _factor(one.centred_error_ln_n),
            _factor(one.centred_error_of_mean),
        ]
        for one in transfers
    ]
    header = ["line in H of", "tried on", "N* off by", "its mean", "centred", "mean"]
    print_table(header, rows, title="From one calibration to another")
    echo("Centred: line and mean shifted to the level of the sources tried on: only differences between them count.")


def _factor(error: float) -> str:
    """Return what an error of ln N* is as a factor; beyond a thousand its digits say nothing."""
    return f"{math.exp(error):.2f}x" if error < math.log(1000) else ">1000x"
