"""How sources differ beyond the errors of their fits: known covariances come back, and none is none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from advisor.calibrations.frontier_shift import shift_between
from advisor.laws.parameters import Parameters
from advisor.laws.published import CHINCHILLA, HOFFMANN
from calibration.lines.between_sources import Moments, between_sources, from_frontier, sampling_covariance, to_frontier
from calibration.lines.line_draws import draw_lines

H8 = np.linspace(0.15, 0.62, 8)
BETWEEN = np.array([[0.0016, 0.004], [0.004, 0.04]])  # of a and ln N*
FLOPS = 1e13


def errors(size: float, n: int) -> np.ndarray:
    """Sampling covariances of (a, ln N*), of which every third is four times the others."""
    one = size * np.array([[0.0025, 0.002], [0.002, 0.02]])
    return np.stack([one * (4.0 if i % 3 == 2 else 1.0) for i in range(n)])


def observed(h: np.ndarray, between: np.ndarray, sampling: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Sources on a line, moved by the between-source covariance and the error of each one's fit."""
    own = rng.multivariate_normal(np.zeros(2), between, len(h))
    return np.asarray(
        np.array([0.5, 9.0])
        + h[:, None] * np.array([0.3, -2.0])
        + own
        + np.stack([rng.multivariate_normal(np.zeros(2), s) for s in sampling])
    )


@pytest.mark.parametrize("size", [0.0, 0.3, 2.0])
def test_a_known_covariance_comes_back(size: float) -> None:
    n = 3000
    found = between_sources(
        np.linspace(0.1, 0.7, n),
        observed(np.linspace(0.1, 0.7, n), BETWEEN, errors(size, n), np.random.default_rng(0)),
        errors(size, n),
    )
    for i, j in ((0, 0), (0, 1), (1, 1)):
        assert found.between[i, j] == pytest.approx(BETWEEN[i, j], rel=0.2)


def test_the_difference_is_unbiased_for_few_sources() -> None:
    """Before the projection, over 4000 calibrations of 8 sources whose errors differ."""
    rng, sampling = np.random.default_rng(1), errors(1.0, 8)
    found = [between_sources(H8, observed(H8, BETWEEN, sampling, rng), sampling) for _ in range(4000)]
    mean = np.mean([one.total - one.sampling for one in found], axis=0)
    assert mean == pytest.approx(BETWEEN, rel=0.1)


def test_equal_errors_are_least_squares() -> None:
    values = observed(H8, BETWEEN, errors(0.0, 8), np.random.default_rng(2))
    sampling = np.repeat(errors(1.0, 1), 8, 0)
    found = between_sources(H8, values, sampling)
    residuals = values - np.stack([np.polyval(np.polyfit(H8, y, 1), H8) for y in values.T], 1)
    assert found.total == pytest.approx(residuals.T @ residuals / 6, rel=1e-9)
    assert found.sampling == pytest.approx(sampling[0], rel=1e-9)
    assert found.weight == pytest.approx(np.ones(8))


def test_a_source_that_is_hardly_known_weighs_little() -> None:
    sampling = errors(0.5, 8)
    sampling[0] *= 400
    found = between_sources(H8, observed(H8, BETWEEN, sampling, np.random.default_rng(3)), sampling)
    assert found.weight[0] == min(found.weight)
    assert found.weight[0] < 0.2 * np.median(found.weight)


def test_errors_that_explain_all_residuals_leave_nothing_between() -> None:
    values = observed(H8, 0.0 * BETWEEN, errors(0.1, 8), np.random.default_rng(4))
    assert between_sources(H8, values, errors(3.0, 8)).between == pytest.approx(np.zeros((2, 2)), abs=1e-12)


def test_an_estimate_of_zero_does_not_claim_certainty() -> None:
    """Residuals of just the size of the errors: half of the draws or so have something between sources."""
    one = np.diag([0.01, 0.09])
    moments = Moments(total=one, sampling=one, weight=np.ones(8))
    assert moments.between == pytest.approx(np.zeros((2, 2)), abs=1e-9)
    rng = np.random.default_rng(5)
    scale = 6 / rng.chisquare(6, 20_000)
    drawn = moments.drawn(scale, rng.standard_normal((20_000, 2)))
    # 6/chi-square is above 1 where chi-square is below 6.
    assert np.mean(np.abs(drawn[:, 0]) > 1e-5) == pytest.approx(stats.chi2.cdf(6, 6), abs=0.02)
    assert 0.2 < drawn[:, 0].std() / 0.1 < 1.0


def test_the_projection_is_positive_semidefinite_and_keeps_what_is() -> None:
    """Coordinates of very different size, one of which is all error."""
    moments = Moments(total=np.diag([1e-6, 100.0]), sampling=np.diag([4e-6, 1.0]), weight=np.ones(8))
    assert moments.between == pytest.approx(np.diag([0.0, 99.0]), abs=1e-6)
    rng = np.random.default_rng(6)
    for _ in range(50):
        a, b = rng.standard_normal((2, 3, 3))
        between = Moments(total=a @ a.T, sampling=b @ b.T, weight=np.ones(8)).between
        assert np.linalg.eigvalsh(between).min() >= -1e-9
        assert np.linalg.eigvalsh(between - (a @ a.T - b @ b.T)).min() >= -1e-6


def test_exact_lines_without_errors_scatter_by_nothing() -> None:
    found = between_sources(H8, np.stack([0.5 + 0 * H8, 9.0 - H8], 1), np.zeros((8, 2, 2)))
    assert found.drawn(np.ones(10), np.ones((10, 2))) == pytest.approx(np.zeros((10, 2)), abs=1e-6)


@pytest.mark.parametrize(("n", "least", "most"), [(5, 0.72, 0.92), (8, 0.72, 0.92)])
@pytest.mark.parametrize("size", [0.0, 1.0])
def test_draws_of_a_further_source_cover(n: int, least: float, most: float, size: float) -> None:
    """Nominal .8, at the middle and far beyond it; the error of a share of .8 over 500 calibrations is .018."""
    rng, h, sampling = np.random.default_rng(7), np.linspace(0.15, 0.62, n), errors(size, n)
    held = np.zeros(2)
    for _ in range(500):
        found = between_sources(h, observed(h, BETWEEN, sampling, rng), sampling)
        drawn = found.drawn((n - 2) / rng.chisquare(n - 2, 400), rng.standard_normal((400, 2)))
        truth = rng.multivariate_normal(np.zeros(2), BETWEEN)
        for k, beyond in enumerate((0.0, 20.0)):
            low, high = np.quantile(drawn @ [beyond, 1.0], [0.1, 0.9])
            held[k] += bool(low <= truth @ [beyond, 1.0] <= high)
    assert least <= min(held) / 500
    assert max(held) / 500 <= most


def test_sampling_covariance_is_that_of_the_refits_and_not_of_one_that_ran_off() -> None:
    drawn = np.random.default_rng(8).multivariate_normal(np.zeros(2), BETWEEN, 20_000)
    assert sampling_covariance(drawn) == pytest.approx(BETWEEN, rel=0.1)
    drawn[:20] = 1e6
    assert sampling_covariance(drawn) == pytest.approx(BETWEEN, rel=0.1)


# --- laws as frontiers ------------------------------------------------------------------------------------------------


def in_logs(law) -> np.ndarray:  # type: ignore[no-untyped-def]
    return np.array([law.E, math.log(law.A), math.log(law.B), law.alpha, law.beta])


@pytest.mark.parametrize("law", [CHINCHILLA, HOFFMANN])
def test_a_laws_frontier_says_all_of_it(law) -> None:  # type: ignore[no-untyped-def]
    best = law.frontier(1e20)
    found = to_frontier(in_logs(law), 1e20)
    expected = [law.exponent_a, math.log(best.n_params), law.E, math.log(law.alpha + law.beta)]
    assert found[:4] == pytest.approx(expected, rel=1e-9)
    assert math.exp(found[4]) == pytest.approx(law.excess(best.n_params, best.n_tokens), rel=1e-9)
    assert from_frontier(found, 1e20) == pytest.approx(in_logs(law), rel=1e-9)


def test_scatter_is_read_back_as_the_shift_of_a_and_ln_g_that_was_drawn() -> None:
    """Exact fits: the shifts that the anchored law reads have the residuals' covariance, times Student's variance."""
    rng = np.random.default_rng(9)
    h = np.linspace(0.15, 0.62, 20)
    values = np.stack([0.5 + 0.2 * h, 9.0 - h, 1.0 + h, -0.3 + 0 * h, 0.5 - h], 1)
    values += rng.multivariate_normal(np.zeros(5), np.diag([0.0004, 0.04, 0.01, 1e-4, 0.01]), 20)
    laws = from_frontier(values, FLOPS)
    rows = np.concatenate([np.log(laws[:, :1]), laws[:, 1:]], 1)
    draws = draw_lines(h, rows, drawn=None, flops=FLOPS, n_draws=20_000, seed=0)
    slope, intercept = np.polyfit(h, laws, 1)
    middle = slope * (h.min() + h.max()) / 2 + intercept
    shifts = [shift_between(Parameters(*middle), Parameters(*(middle + off))) for off in draws.scatter[:, :5]]
    found = np.array([(s.exponent, s.level + s.exponent * math.log(FLOPS / 6)) for s in shifts if s is not None])
    residuals = values[:, :2] - np.stack([np.polyval(np.polyfit(h, y, 1), h) for y in values[:, :2].T], 1)
    expected = residuals.T @ residuals / 18 * 18 / 16
    for i, j in ((0, 0), (0, 1), (1, 1)):
        scale = math.sqrt(expected[i, i] * expected[j, j])
        assert np.cov(found.T)[i, j] == pytest.approx(expected[i, j], abs=0.05 * scale)


def test_errors_of_fits_do_not_widen_the_scatter_and_still_widen_the_lines() -> None:
    """Sources on the lines but for the errors of their fits, which the refits hold."""
    rng = np.random.default_rng(10)
    center = np.stack([0.5 + 0.2 * H8, 9.0 - H8, 1.0 + H8, -0.3 + 0 * H8, 0.5 - H8], 1)
    error = np.diag([0.0025, 0.04, 0.01, 1e-4, 0.01])

    def rows(frontier: np.ndarray) -> np.ndarray:
        law = from_frontier(frontier, FLOPS)
        return np.concatenate([np.log(law[..., :1]), law[..., 1:]], -1)

    fits = center + rng.multivariate_normal(np.zeros(5), error, 8)
    refits = [rows(one + rng.multivariate_normal(np.zeros(5), error, 400)) for one in fits]
    known, exact = (draw_lines(H8, rows(fits), drawn=d, flops=FLOPS, n_draws=4000, seed=0) for d in (refits, None))
    assert known.lines.tobytes() == exact.lines.tobytes()
    low, high = np.quantile(known.scatter[:, 3], [0.1, 0.9])
    wide = np.subtract(*np.quantile(exact.scatter[:, 3], [0.9, 0.1]))
    assert 0 < high - low < 0.75 * wide


def test_lines_without_a_law_in_the_middle_still_have_scatter() -> None:
    """One odd source of low H: the line of alpha through it and many others is below 0 in the middle of the range."""
    h = np.array([0.1, *np.linspace(0.20, 0.22, 18), 0.6])
    alpha = np.array([3.0, *np.full(19, 0.01)])
    assert np.polyval(np.polyfit(h, alpha, 1), 0.35) < 0
    rows = np.stack([0.0 * h, 6.0 + h, 7.0 + 0 * h, alpha, 0.4 + 0.1 * np.sin(30 * h)], 1)
    draws = draw_lines(h, rows, drawn=None, flops=FLOPS, n_draws=50, seed=0)
    assert np.isfinite(draws.scatter).all()
    assert draws.scatter[:, [3, 4]].std(0).min() > 0
