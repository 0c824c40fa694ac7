"""What seeds and cells left out say of a law, against their plain forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from calibration.fit.minimum import FitOptions, fit_problem, log_optimum
from calibration.fit.runs import Runs
from calibration.lines.row_diagnostics import left_out_range, seed_sd
from tests.lines.synthetic_rows import fitted, rows_of, source, true_law


def runs(losses: list[float], seeds: list[int], tokens: list[float]) -> Runs:
    n = len(losses)
    return Runs(
        name="x",
        n_params=np.full(n, 1e5),
        n_tokens=np.array(tokens),
        loss=np.array(losses),
        weight=np.ones(n),
        seed=np.array(seeds, dtype=object),
    )


def test_the_standard_deviation_of_seeds_is_pooled_over_cells():
    # ln L differ by .02 and by .04 in two cells of two: variances .0002 and .0008, one degree of freedom each
    losses = [1.0, math.exp(0.02), 2.0, 2.0 * math.exp(0.04), 3.0]
    found = seed_sd(runs(losses, [0, 1, 0, 1, 0], [1e6, 1e6, 2e6, 2e6, 4e6]))
    assert found == pytest.approx(math.sqrt((0.0002 + 0.0008) / 2))


def test_leave_one_out_is_a_refit_without_each_cell():
    record = source(0.36)
    law = fitted(record, rows_of(record, true_law(0.36)))
    good, fit = law.group.runs, law.group.fit
    assert fit is not None
    optima = []
    for n in np.unique(good.n_params):
        for d in np.unique(good.n_tokens):
            rest = good.where((good.n_params != n) | (good.n_tokens != d))
            refit = fit_problem(rest.problem(), FitOptions(max_e=record.entropy_bound, starts="fast"))
            optima.append(float(log_optimum(refit.parameters, 1e15)))
    assert left_out_range(good, fit, 1e15) == pytest.approx((min(optima), max(optima)), abs=1e-5)
