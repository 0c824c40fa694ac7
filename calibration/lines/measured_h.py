"""H as it was measured, with errors: what a line in the true H is drawn through.

A line through measured values is too flat by their reliability, the share of their variance that is the sources' own.
Regression calibration (Carroll, Ruppert, Stefanski and Crainiceanu 2006, "Measurement error in nonlinear models",
chapter 4) puts in place of each measured H the best linear guess at the true one,
    mean + r_i (H_i - mean),   r_i = tau^2/(tau^2 + sd_i^2),   tau^2 = var(H) - mean(sd^2),
about which the true one still has the variance r_i sd_i^2; lines through the guesses have the slope in the true H.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from advisor.errors import RunsError
from calibration.fit.objective import Array

LEAST_RELIABILITY = 0.5


@dataclass(frozen=True, kw_only=True)
class MeasuredH:
    """What stands for the true H of each source, and the standard deviation of the truth about it."""

    guess: Array
    sd: Array


def exactly(h: Array) -> MeasuredH:
    """Return H that is taken as known without error."""
    return MeasuredH(guess=h, sd=np.zeros(len(h)))


def with_errors(h: Array, sd: Array) -> MeasuredH:
    """Return the guesses at the true H of at least two sources measured with the standard deviations ``sd``.

    Raises:
        RunsError: half and more of the spread of H are errors of its measurement.
    """
    if not (sd > 0).any():
        return exactly(h)
    own = float(h.var(ddof=1) - (sd**2).mean())
    if own < LEAST_RELIABILITY * h.var(ddof=1):
        raise RunsError(
            f"H of the corpora spreads by {h.std(ddof=1):.2g} and its own error is {np.sqrt((sd**2).mean()):.2g}: they "
            "cannot be told apart, so there are no lines in H."
        )
    reliability = own / (own + sd**2)
    return MeasuredH(guess=h.mean() + reliability * (h - h.mean()), sd=np.sqrt(reliability) * sd)
