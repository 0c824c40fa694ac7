"""Whether a line in H through the sources of one calibration holds for those of another: grammars to text, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from calibration.calibrated_laws import SourceLaw, common_flops
from calibration.objective import Array
from calibration.predictors import identified, log_optima


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """A line in H through the sources of one calibration, tried on those of another.

    Errors are root mean squares of ln N* over the other's sources and the common budgets: of the line, of the mean of
    the first calibration's sources, and, since the two may differ in level for other reasons than H, of both after each
    is shifted to the other's mean (``centred``): there the line only has to get the differences right.
    """

    fitted_on: str
    tested_on: str
    n_fitted: int
    n_tested: int
    flops: tuple[float, float]
    error_ln_n: float
    error_of_mean: float
    centred_error_ln_n: float
    centred_error_of_mean: float

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self) | {"helps": self.helps}

    @property
    def helps(self) -> bool:
        """Whether the line gets the differences between the other's sources better than no predictor does."""
        return self.centred_error_ln_n < self.centred_error_of_mean


def transfer(
    fitted_on: str, fitted: Sequence[SourceLaw], tested_on: str, tested: Sequence[SourceLaw]
) -> Transfer | None:
    """Return how the line in H of one calibration does on another's sources; None where there is no line.

    Budgets are those that all runs span, or the least of the largest budgets where none is.
    """
    h, other = (np.array([law.source.compressibility for law in laws]) for laws in (fitted, tested))
    if len(fitted) < 3 or len(tested) < 2 or not identified(h[:, None]):
        return None
    low, high = common_flops((*fitted, *tested))
    y, z = log_optima(fitted, (low, high)), log_optima(tested, (low, high))
    slope, intercept = np.polyfit(h, y, 1)
    moved = other[:, None] * slope + intercept

    def error(predicted: Array) -> float:
        return float(np.sqrt(((z - predicted) ** 2).mean()))

    return Transfer(
        fitted_on=fitted_on,
        tested_on=tested_on,
        n_fitted=len(fitted),
        n_tested=len(tested),
        flops=(low, high),
        error_ln_n=error(moved),
        error_of_mean=error(np.tile(y.mean(0), (len(tested), 1))),
        centred_error_ln_n=error(moved - moved.mean(0) + z.mean(0)),
        centred_error_of_mean=error(np.tile(z.mean(0), (len(tested), 1))),
    )
