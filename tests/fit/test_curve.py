"""A robust fit of any curve."""

from __future__ import annotations

import numpy as np

from calibration.fit.curve import fit_curve


def test_fit_curve_finds_a_robust_line() -> None:
    """Huber with a small delta through 9 points of a line and one far off: the line, not the mean."""
    x = np.arange(10.0)
    y = 2 * x + 1
    y[7] += 100
    wide = np.array([np.inf, np.inf])
    theta, _ = fit_curve(
        lambda t: t[:, :1] * x + t[:, 1:], y, np.zeros((1, 2)), delta=1e-3, weight=np.ones(10), low=-wide, high=wide
    )
    np.testing.assert_allclose(theta[0], [2, 1], atol=1e-3)
