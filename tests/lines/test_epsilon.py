"""The weight epsilon: where it is known, and against a search by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from calibration.fit.minimum import log_optimum
from calibration.lines.epsilon import estimate_epsilon
from tests.lines.laws_on_lines import BUDGETS, X, laws_of


def test_epsilon_is_1_where_laws_lie_on_lines() -> None:
    found = estimate_epsilon(X, laws_of(X, 0.0, np.random.default_rng(0)), BUDGETS)
    assert (found.value, found.chosen) == (1.0, 1.0)
    assert found.error < 0.2 * found.error_of_mean
    assert found.ci95[1] == 1.0
    assert found.flops == BUDGETS


def test_epsilon_is_0_where_h_says_nothing() -> None:
    """The laws are shuffled over the sources: epsilon is mostly 0, else it does better than the mean."""
    laws = laws_of(X, 3.0, np.random.default_rng(0))
    zero = 0
    for seed in range(40):
        order = np.random.default_rng(seed).permutation(8)
        found = estimate_epsilon(X, laws[order], BUDGETS, n_draws=2)
        # Where 0 is chosen for every source, both errors are one sum, rounded in two orders.
        assert (found.value == 0.0) == (found.chosen == 0.0 or found.error >= found.error_of_mean)
        zero += found.value == 0.0
    assert zero >= 24


def test_epsilon_against_a_search_by_hand() -> None:
    """The definition, source by source and weight by weight, at one budget."""
    laws = laws_of(X, 1.0, np.random.default_rng(5))
    weights, total = np.linspace(0, 1, 101), np.zeros(101)
    for i in range(8):
        rest = np.arange(8) != i
        slope = np.polyfit(X[rest], laws[rest], 1)[0]
        base = laws[rest].mean(0)
        real = log_optimum(laws[i], 1e13) - log_optimum(laws[rest], 1e13).mean()
        for k, weight in enumerate(weights):
            moved = base + weight * slope * (X[i] - X[rest].mean())
            total[k] += (real - (log_optimum(moved, 1e13) - log_optimum(base, 1e13))) ** 2
    found = estimate_epsilon(X, laws, (1e13, 1e13), n_draws=2)
    assert found.chosen == weights[np.argmin(total)]
    assert found.error_of_mean == pytest.approx(math.sqrt(total[0] / 8))
