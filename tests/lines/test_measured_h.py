"""Lines through H that was measured with errors, against the closed form and by simulation."""

from __future__ import annotations

import numpy as np
import pytest

from advisor.errors import RunsError
from calibration.fit.minimum import log_optimum
from calibration.lines.line_draws import both_forms, draw_lines, weighted_lines
from calibration.lines.measured_h import exactly, with_errors
from tests.lines.laws_on_lines import laws_of
from tests.lines.synthetic_rows import SLOPE

TRUE = np.array([0.2, 0.3, 0.4, 0.5, 0.6, 0.65])


def test_the_guess_is_drawn_to_the_mean_by_its_reliability() -> None:
    """Of .4 and .6 the variance is .02, the mean of the errors' .005: tau^2 = .015, and r = .6 and 1."""
    found = with_errors(np.array([0.4, 0.6]), np.array([0.1, 0.0]))
    assert found.guess == pytest.approx([0.5 - 0.6 * 0.1, 0.6])
    assert found.sd == pytest.approx([np.sqrt(0.6) * 0.1, 0.0])


def test_without_errors_h_is_as_it_was_measured() -> None:
    found = with_errors(TRUE, np.zeros(6))
    assert found.guess.tobytes() == exactly(TRUE).guess.tobytes() == TRUE.tobytes()
    assert not found.sd.any()


def test_h_that_differs_no_more_than_its_error_has_no_line() -> None:
    with pytest.raises(RunsError) as caught:
        with_errors(np.array([0.40, 0.41, 0.42]), np.full(3, 0.02))
    assert str(caught.value) == (
        "H of the corpora spreads by 0.01 and its own error is 0.02: they cannot be told apart, so there are no lines "
        "in H."
    )


def test_lines_have_the_slope_in_the_true_h_and_their_draws_cover() -> None:
    """Errors of .05: a line through what was measured is too flat by 7 %, through the guesses it is not.

    The 80 % interval of ln N* on the line covers the truth in .8 of 400; its error is .02.
    """
    sd, flat, right, hits = np.full(6, 0.05), [], [], 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        laws = laws_of(TRUE, 0.02, rng)
        measured = TRUE + sd * rng.standard_normal(6)
        found = with_errors(measured, sd)
        flat.append(weighted_lines(measured, both_forms(laws), np.ones(6))[0][1])
        right.append(weighted_lines(found.guess, both_forms(laws), np.ones(6))[0][1])
        draws = draw_lines(found.guess, laws, drawn=None, flops=1e13, n_draws=200, seed=seed, h_sd=found.sd)
        e, log_a, log_b, alpha, beta = (draws.lines[:, :5] * 0.25 + draws.lines[:, 5:10]).T
        drawn = log_optimum(np.stack([0.0 * e, log_a, log_b, alpha, beta], 1), 1e15)
        low, high = np.quantile(drawn, [0.1, 0.9])
        hits += bool(low <= log_optimum(laws_of(np.array([0.25]), 0.0, rng), 1e15)[0] <= high)
    assert np.median(flat) > 0.96 * SLOPE["log_A"]
    assert np.median(right) == pytest.approx(SLOPE["log_A"], rel=0.05)
    assert 0.76 <= hits / 400 <= 0.88


def test_errors_of_h_widen_lines_and_leave_the_other_draws_as_they_are() -> None:
    laws = laws_of(TRUE, 0.2, np.random.default_rng(0))
    plain = draw_lines(TRUE, laws, drawn=None, flops=1e13, n_draws=4000, seed=0)
    moved = draw_lines(TRUE, laws, drawn=None, flops=1e13, n_draws=4000, seed=0, h_sd=np.full(6, 0.03))
    slope = weighted_lines(TRUE, both_forms(laws), np.ones(6))[0]
    # The slope of draws moves by slope * sum(dx u)/sum(dx^2), of standard deviation .03/sqrt(sum(dx^2)) of the slope.
    expected = 0.03 / np.sqrt(((TRUE - TRUE.mean()) ** 2).sum())
    difference = (moved.lines - plain.lines)[:, :5] / slope[:5]
    assert difference.std(0) == pytest.approx(np.full(5, expected), rel=0.04)
    assert np.ptp(difference, axis=1) == pytest.approx(np.zeros(4000), abs=1e-9)  # one error of H moves all five


def test_a_further_source_scatters_by_no_more_than_errors_of_h_leave() -> None:
    """What sources are off the lines by because H was misread is not how corpora of one H differ."""
    as_exact, known = 0.0, 0.0
    for seed in range(20):
        rng, sd = np.random.default_rng(seed), np.full(6, 0.04)
        laws = laws_of(TRUE, 0.0, rng)
        found = with_errors(TRUE + sd * rng.standard_normal(6), sd)
        one = draw_lines(found.guess, laws, drawn=None, flops=1e13, n_draws=400, seed=0)
        other = draw_lines(found.guess, laws, drawn=None, flops=1e13, n_draws=400, seed=0, h_sd=found.sd)
        as_exact += float((one.scatter[:, 1] ** 2).mean())
        known += float((other.scatter[:, 1] ** 2).mean())
    assert known < 0.8 * as_exact
