"""Whether a line in H through the sources of one calibration holds for those of another: grammars to text, and back."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from advisor.laws.scaling_law import ScalingLaw

LEAST_FITTED, LEAST_TESTED = 3, 2
_N_BUDGETS = 5

Numbers = Sequence[float]


@dataclass(frozen=True, kw_only=True)
class KnownLaw:
    """A source that has a law: its name, its H, and the law with the budgets (``ranges.flops``) of its runs."""

    name: str
    h: float
    law: ScalingLaw


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

    JSON = (
        *("fitted_on", "tested_on", "n_fitted", "n_tested", "flops", "error_ln_n", "error_of_mean"),
        *("centred_error_ln_n", "centred_error_of_mean", "helps"),
    )

    @property
    def helps(self) -> bool:
        """Whether the line gets the differences between the other's sources better than no predictor does."""
        return self.centred_error_ln_n < self.centred_error_of_mean


def transfers(calibrations: Mapping[str, Sequence[KnownLaw]]) -> tuple[Transfer, ...]:
    """Return every transfer from one of ``calibrations`` to another; sources of both are not tested on."""
    found = []
    for one, other in itertools.permutations(calibrations, 2):
        known = {source.name for source in calibrations[one]}
        tested = [source for source in calibrations[other] if source.name not in known]
        found.append(transfer(one, calibrations[one], other, tested))
    return tuple(each for each in found if each is not None)


def transfer(fitted_on: str, fitted: Sequence[KnownLaw], tested_on: str, tested: Sequence[KnownLaw]) -> Transfer | None:
    """Return how the line in H of one calibration does on another's sources; None where there is no line.

    Budgets are those that all runs span, or the least of the largest budgets where none is.
    """
    h = [source.h for source in fitted]
    if len(fitted) < LEAST_FITTED or len(tested) < LEAST_TESTED or max(h) - min(h) < 1e-9:
        return None
    flops = _common_flops((*fitted, *tested))
    if flops is None:
        return None
    line, mean, centred_line, centred_mean = 0.0, 0.0, 0.0, 0.0
    for budget in _geometric(*flops):
        y, z = ([math.log(source.law.frontier(budget).n_params) for source in side] for side in (fitted, tested))
        slope, intercept = _line(h, y)
        predicted = [slope * source.h + intercept for source in tested]
        line += _squares(z, predicted)
        mean += _squares(z, [_mean(y)] * len(z))
        shift = _mean(z) - _mean(predicted)
        centred_line += _squares(z, [one + shift for one in predicted])
        centred_mean += _squares(z, [_mean(z)] * len(z))
    n = _N_BUDGETS * len(tested)
    return Transfer(
        fitted_on=fitted_on,
        tested_on=tested_on,
        n_fitted=len(fitted),
        n_tested=len(tested),
        flops=flops,
        error_ln_n=math.sqrt(line / n),
        error_of_mean=math.sqrt(mean / n),
        centred_error_ln_n=math.sqrt(centred_line / n),
        centred_error_of_mean=math.sqrt(centred_mean / n),
    )


def _common_flops(sources: Sequence[KnownLaw]) -> tuple[float, float] | None:
    """Return the budgets that all runs span, or twice the least of the largest; None where a law's are not known."""
    ranges = [source.law.ranges.flops for source in sources]
    known = [one for one in ranges if one is not None]
    if len(known) < len(ranges):
        return None
    high = min(one[1] for one in known)
    return min(max(one[0] for one in known), high), high


def _geometric(low: float, high: float) -> list[float]:
    return [low * (high / low) ** (i / (_N_BUDGETS - 1)) for i in range(_N_BUDGETS)]


def _mean(values: Numbers) -> float:
    return math.fsum(values) / len(values)


def _line(x: Numbers, y: Numbers) -> tuple[float, float]:
    """Return slope and intercept of the least squares line."""
    middle, level = _mean(x), _mean(y)
    slope = math.fsum((a - middle) * (b - level) for a, b in zip(x, y, strict=True)) / _squares(x, [middle] * len(x))
    return slope, level - slope * middle


def _squares(values: Numbers, predicted: Numbers) -> float:
    return math.fsum((a - b) ** 2 for a, b in zip(values, predicted, strict=True))
