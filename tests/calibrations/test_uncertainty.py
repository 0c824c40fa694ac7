"""Even draws of H and of epsilon, against the quantiles they are to have."""

import math

import pytest

from advisor.calibrations.uncertainty import WeightEstimate, drawn_compressibilities, drawn_weights


def estimate(value=0.4, ci95=(0.1, 0.9), share_zero=0.0):
    return WeightEstimate(value=value, ci95=ci95, share_zero=share_zero)


@pytest.mark.parametrize(
    ("share", "weight"),
    [(0.0, 0.1), (0.025, 0.1), (0.2625, 0.25), (0.5, 0.4), (0.7375, 0.65), (0.975, 0.9), (1.0, 0.9)],
)
def test_the_quantile_goes_straight_through_the_interval_and_the_weight(share, weight):
    assert estimate().quantile(share) == pytest.approx(weight)


@pytest.mark.parametrize(("share", "weight"), [(0.1, 0.0), (0.2, 0.0), (0.35, 0.2), (0.5, 0.4), (0.975, 0.9)])
def test_the_quantile_is_zero_for_the_share_of_resamples_that_are(share, weight):
    assert estimate(ci95=(0.0, 0.9), share_zero=0.2).quantile(share) == pytest.approx(weight)


@pytest.mark.parametrize(("share", "weight"), [(0.5, 0.0), (0.6999, 0.0), (0.8375, 0.3), (0.975, 0.6)])
def test_where_most_resamples_are_zero_only_the_rest_has_weight(share, weight):
    assert estimate(value=0.0, ci95=(0.0, 0.6), share_zero=0.7).quantile(share) == pytest.approx(weight)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.98, 1.0])
def test_a_weight_that_is_always_zero_has_no_other(share):
    assert estimate(value=0.0, ci95=(0.0, 0.0), share_zero=1.0).quantile(share) == 0.0


def test_a_quantile_never_falls_whatever_the_file_says():
    """A weight outside of its own interval, as a bootstrap can give, is drawn at the nearer end."""
    for one in (estimate(value=0.95), estimate(value=0.0), estimate(value=0.9, ci95=(0.0, 1.0), share_zero=0.55)):
        values = [one.quantile(i / 200) for i in range(201)]
        assert values == sorted(values)
        assert 0 <= values[0] <= values[-1] <= 1


def test_drawn_weights_have_the_quantiles_of_the_estimate():
    drawn = sorted(drawn_weights(estimate(ci95=(0.0, 0.9), share_zero=0.2), 400))
    assert sum(w == 0 for w in drawn) == pytest.approx(80, abs=2)
    assert drawn[200] == pytest.approx(0.4, abs=0.01)
    assert drawn[300] == pytest.approx(0.4 + 0.5 * 0.25 / 0.475, abs=0.01)


def test_drawn_compressibilities_are_normal_with_the_interval():
    drawn = sorted(drawn_compressibilities(0.4, (0.38, 0.42), 4000))
    assert drawn[2000] == pytest.approx(0.4, abs=0.0005)
    assert (drawn[100], drawn[3900]) == pytest.approx((0.38, 0.42), abs=0.001)  # .025 and .975
    assert (drawn[635], drawn[3365]) == pytest.approx((0.4 - 0.02 / 1.96, 0.4 + 0.02 / 1.96), abs=0.0005)  # one sd


def test_an_uneven_interval_has_two_sides():
    drawn = sorted(drawn_compressibilities(0.4, (0.36, 0.4), 4000))
    assert drawn[-1] == 0.4
    assert drawn[100] == pytest.approx(0.36, abs=0.002)


def test_compressibilities_stay_inside_their_domain():
    drawn = drawn_compressibilities(0.99, (0.5, 1.5), 400)
    assert all(0 < h < 1 for h in drawn)
    assert all(map(math.isfinite, drawn))


def test_draws_are_the_same_every_time_and_the_two_kinds_are_not_correlated():
    assert drawn_weights(estimate(), 50) == drawn_weights(estimate(), 50)
    weights, values = drawn_weights(estimate(), 400), drawn_compressibilities(0.4, (0.38, 0.42), 400)
    mean_w, mean_h = sum(weights) / 400, sum(values) / 400
    pairs = [(w - mean_w, h - mean_h) for w, h in zip(weights, values, strict=True)]
    correlation = sum(w * h for w, h in pairs) / math.sqrt(sum(w * w for w, _ in pairs) * sum(h * h for _, h in pairs))
    assert abs(correlation) < 0.03
