"""Joint draws of the lines in H against closed forms and by coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from calibration.fit.line import fit_line
from calibration.fit.minimum import log_optimum
from calibration.lines.line_draws import both_forms, draw_lines, weighted_lines
from tests.lines.laws_on_lines import X, laws_of


def test_both_forms() -> None:
    row = np.array([math.log(1.5), 6.0, 7.0, 0.3, 0.4])
    assert both_forms(row).tolist() == pytest.approx([1.5, 6.0, 7.0, 0.3, 0.4, 1.5, math.exp(6), math.exp(7), 0.3, 0.4])


def test_weighted_lines_are_least_squares() -> None:
    rng = np.random.default_rng(0)
    y, w = rng.standard_normal((8, 3)), rng.uniform(0.1, 2.0, 8)
    slope, intercept = weighted_lines(X, y, w)
    expected = np.polyfit(X, y, 1, w=np.sqrt(w))
    assert slope == pytest.approx(expected[0], rel=1e-10)
    assert intercept == pytest.approx(expected[1], rel=1e-10)


def test_the_draws_have_the_moments_of_student_t() -> None:
    laws = laws_of(X, 1.0, np.random.default_rng(1))
    draws = draw_lines(X, laws, drawn=None, flops=1e13, n_draws=40_000, seed=0)
    line = fit_line(X, laws[:, 1])  # ln A
    slopes = (draws.lines[:, 1] - line.slope) / line.slope_se
    for level in (0.1, 0.25, 0.5, 0.9, 0.975):
        assert np.quantile(slopes, level) == pytest.approx(stats.t.ppf(level, 6), abs=0.05)
    # A further source: E is one of the coordinates that scatter is drawn in, and here its fits are exact.
    floor = fit_line(X, np.exp(laws[:, 0]))
    at = draws.lines[:, 0] * 0.7 + draws.lines[:, 5] + draws.scatter[:, 0]
    residual = floor.slope_se * math.sqrt(((X - X.mean()) ** 2).sum())
    factor = residual * math.sqrt(1 + 1 / 8 + (0.7 - X.mean()) ** 2 / ((X - X.mean()) ** 2).sum())
    predicted = (at - floor.at(0.7)) / factor
    for level in (0.1, 0.5, 0.9, 0.975):
        assert np.quantile(predicted, level) == pytest.approx(stats.t.ppf(level, 6), abs=0.05)


def test_the_forms_of_a_draw_belong_together() -> None:
    laws = laws_of(X, 0.2, np.random.default_rng(2))
    draws = draw_lines(X, laws, drawn=None, flops=1e13, n_draws=20_000, seed=0)
    assert draws.lines.shape == (20_000, 20)
    assert draws.scatter.shape == (20_000, 10)
    # the slopes of E, alpha and beta
    assert draws.lines[:, [0, 3, 4]] == pytest.approx(draws.lines[:, [10, 13, 14]], abs=1e-12)
    assert draws.scatter[:, 0] == pytest.approx(draws.scatter[:, 5], abs=1e-12)
    assert draws.scatter[:, 3:5] == pytest.approx(draws.scatter[:, 8:], abs=1e-12)
    # A and B by the factors of ln A and ln B, on the linear lines in the middle of the range of H
    for log, linear in ((1, 6), (2, 7)):
        middle = fit_line(X, both_forms(laws)[:, linear]).at((X.min() + X.max()) / 2)
        assert draws.scatter[:, linear] == pytest.approx(middle * np.expm1(draws.scatter[:, log]), rel=1e-9)
    # the residuals of ln A and alpha, and of the slopes of their lines, belong together
    r = both_forms(laws) - np.polyval(np.polyfit(X, both_forms(laws), 1)[:, None], X[:, None])
    for i, j in ((1, 3), (2, 4)):
        expected = r[:, i] @ r[:, j] / math.sqrt(r[:, i] @ r[:, i] * (r[:, j] @ r[:, j]))
        assert np.corrcoef(draws.lines[:, i], draws.lines[:, j])[0, 1] == pytest.approx(expected, abs=0.04)


def test_the_same_seed_gives_the_same_bits() -> None:
    laws = laws_of(X, 1.0, np.random.default_rng(1))
    first, again, other = (draw_lines(X, laws, drawn=None, flops=1e13, n_draws=50, seed=s) for s in (3, 3, 4))
    assert first.lines.tobytes() == again.lines.tobytes()
    assert first.scatter.tobytes() == again.scatter.tobytes()
    assert first.lines.tobytes() != other.lines.tobytes()


@pytest.mark.parametrize("at", [0.4, 0.7])
def test_the_intervals_of_a_new_source_cover(at: float) -> None:
    """400 calibrations of 8 sources with scatter; the error of a share of .8 over 400 is .02."""
    hits = {0.8: 0, 0.95: 0}
    for seed in range(400):
        rng = np.random.default_rng(seed)
        draws = draw_lines(X, laws_of(X, 1.0, rng), drawn=None, flops=1e13, n_draws=400, seed=seed)
        truth = float(log_optimum(laws_of(np.array([at]), 1.0, rng), 1e15)[0])
        e, log_a, log_b, alpha, beta = (draws.lines[:, :5] * at + draws.lines[:, 5:10] + draws.scatter[:, :5]).T
        drawn = log_optimum(np.stack([0.0 * e, log_a, log_b, alpha, beta], 1), 1e15)
        for level in hits:
            low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
            hits[level] += bool(low <= truth <= high)
    assert 0.74 <= hits[0.8] / 400 <= 0.86
    assert 0.915 <= hits[0.95] / 400 <= 0.98
