"""Lines by least squares against scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from calibration.fit.line import fit_line, t_quantile, t_two_sided_p
from tests.fit.lines_in_h import H


@pytest.mark.parametrize("df", range(1, 13))
def test_t_distribution_is_scipys(df: int) -> None:
    for t in (0.0, 0.3, 1.0, 2.5, 8.0, -3.0):
        assert t_two_sided_p(t, df) == pytest.approx(2 * stats.t.sf(abs(t), df), abs=1e-14)
    assert t_quantile(0.975, df) == pytest.approx(stats.t.ppf(0.975, df), rel=1e-10)


def test_line_is_scipys() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.uniform(0, 1, 7), rng.standard_normal(7)
    line, expected = fit_line(x, y), stats.linregress(x, y)
    assert line.slope == pytest.approx(expected.slope, rel=1e-10)
    assert line.intercept == pytest.approx(expected.intercept, rel=1e-10)
    assert line.slope_se == pytest.approx(expected.stderr, rel=1e-10)
    assert line.p_value == pytest.approx(expected.pvalue, rel=1e-8)
    half = stats.t.ppf(0.975, 5) * expected.stderr
    assert line.slope_ci95 == pytest.approx((expected.slope - half, expected.slope + half), rel=1e-8)


def test_p_values_are_calibrated_under_no_dependence() -> None:
    rng = np.random.default_rng(1)
    h = np.array(list(H.values()))
    p = [fit_line(h, rng.standard_normal(6)).p_value for _ in range(2000)]
    assert np.mean(np.array(p) < 0.05) == pytest.approx(0.05, abs=0.015)
