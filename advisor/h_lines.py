"""The lines in H of a calibration: each law parameter as slope * H + intercept, and how far sources lie off them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from advisor.frontier_shift import Parameters


@dataclass(frozen=True, kw_only=True)
class Regression:
    """Each parameter x as slope * H + intercept; the form ``log`` has ln A and ln B in place of A and B."""

    form: Literal["log", "linear"]
    slope: Parameters
    intercept: Parameters

    def moved(self, scatter: Parameters) -> Regression:
        """Return the lines of a source that lies ``scatter`` off these."""
        intercept = Parameters(*(n + r for n, r in zip(self.intercept, scatter, strict=True)))
        return Regression(form=self.form, slope=self.slope, intercept=intercept)

    def at(self, compressibility: float) -> Parameters:
        """Return x(H), Eq. 4."""
        return Parameters(*(m * compressibility + n for m, n in zip(self.slope, self.intercept, strict=True)))


class Scatter(NamedTuple):
    """How far a source lies off the lines in H, in the parameters of each form."""

    log: Parameters
    linear: Parameters


_ON_THE_LINES = Scatter(Parameters(0.0, 0.0, 0.0, 0.0, 0.0), Parameters(0.0, 0.0, 0.0, 0.0, 0.0))


class Regressions(NamedTuple):
    """Both regressions of one calibration, or of one of its joint draws with the scatter of a new source."""

    log: Regression
    linear: Regression
    scatter: Scatter = _ON_THE_LINES
