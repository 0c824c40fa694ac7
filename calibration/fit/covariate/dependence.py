"""Whether N* at one budget depends on a covariate, and whether knowing it helps with a group that is left out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from calibration.fit.covariate.parameter_lines import Form, law_at
from calibration.fit.covariate.permutation import Permutation, permutation_test
from calibration.fit.line import Line, fit_line
from calibration.fit.minimum import log_optimum
from calibration.fit.objective import Array

Rule = Literal["line", "mean", "nearest"]
_SEPARATE = 0.15  # of the mean gap of the covariate between groups: a smaller one makes two groups one


@dataclass(frozen=True, kw_only=True)
class BudgetDependence:
    """How ln N* at ``flops`` depends on the covariate H over the groups.

    Attributes:
        flops: the budget.
        line: through the groups' own ln N*: its slope is d ln N*/dH, with Student's t on n - 2 degrees of freedom.
        permutation: the p-value of shuffling H.
        left_out: ln N* predicted without a group minus its own law's, by rule and group: by lines through the others'
            parameters ("line"), the mean of their ln N* ("mean"), and the group nearest in H ("nearest"). None where
            the lines give no law there.
    """

    flops: float
    line: Line
    permutation: Permutation
    left_out: Mapping[Rule, Mapping[str, float | None]]

    JSON = ("flops", "dlnN_dH=line", "permutation", "left_out_error_ln_n=left_out", "missed_by_ln_n=missed_by", "helps")

    @property
    def missed_by(self) -> dict[Rule, float | None]:
        """The mean |error| of each rule over the groups; None where one is not known."""
        return {rule: _mean_size(list(errors.values())) for rule, errors in self.left_out.items()}

    @property
    def helps(self) -> bool:
        """Whether the lines miss groups left out by less than the mean of the others and than the nearest do."""
        line = self.missed_by["line"]
        others = (self.missed_by["mean"], self.missed_by["nearest"])
        return line is not None and all(other is not None and line < other for other in others)


def dependence_at(
    rows: Array, h: Array, groups: Sequence[str], flops: float, form: Form, seed: int = 0
) -> BudgetDependence:
    """Return how N* at ``flops`` depends on ``h`` over laws (ln E, ln A, ln B, alpha, beta)."""
    optimum = log_optimum(rows, flops)
    rules: dict[Rule, dict[str, float | None]] = {"line": {}, "mean": {}, "nearest": {}}
    for i, group in enumerate(groups):
        rest = np.arange(len(h)) != i
        law = law_at(rows[rest], h[rest], float(h[i]), form)
        away = np.abs(h[rest] - h[i])
        rules["line"][group] = None if law is None else float(log_optimum(law, flops) - optimum[i])
        rules["mean"][group] = float(optimum[rest].mean() - optimum[i])
        rules["nearest"][group] = float(optimum[rest][away <= away.min() + 1e-12].mean() - optimum[i])
    permutation = permutation_test(h, optimum, seed)
    return BudgetDependence(flops=flops, line=fit_line(h, optimum), permutation=permutation, left_out=rules)


def decades(low: float, high: float) -> tuple[float, ...]:
    """Return the powers of ten from ``low`` to ``high``.

    >>> decades(2e17, 4.84e19)
    (1e+18, 1e+19)
    """
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    return tuple(float(f"1e{power}") for power in range(first, last + 1))


def n_separate(h: Array) -> int:
    """Return how many values of H there are when those closer than .15 of the mean gap are one.

    >>> n_separate(np.array([0.40, 0.47, 0.562, 0.563, 0.566, 0.567]))
    3
    """
    gaps = np.diff(np.sort(h))
    return 1 + int((gaps > _SEPARATE * gaps.mean()).sum())


def _mean_size(errors: list[float | None]) -> float | None:
    known = [abs(error) for error in errors if error is not None]
    return sum(known) / len(known) if len(known) == len(errors) else None
