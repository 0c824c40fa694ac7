"""Weighted choices in constant time."""

import numpy as np
import pytest

from calibration.grammars.weighted_choice import alias_table


@pytest.mark.parametrize("n", [1, 2, 7, 500])
def test_alias_tables_add_up_to_the_probabilities(n):
    probability = np.random.default_rng(n).dirichlet(np.full(n, 0.3))
    threshold, alias = alias_table(probability)
    assert ((threshold > 0) | (probability == 0)).all()
    assert (threshold + np.bincount(alias, weights=1 - threshold, minlength=n)) / n == pytest.approx(
        probability, abs=1e-14
    )
