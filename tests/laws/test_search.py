import math

import numpy as np
import pytest

from advisor.laws.search import crossing, minimise


@pytest.mark.parametrize("least", [-29.9, -3.3, 0.0, 17.25])
def test_the_minimum_of_a_valley(least):
    assert minimise(lambda x: math.cosh(x - least), -30, 30) == pytest.approx(least, abs=1e-6)


def test_the_lowest_of_several_valleys_is_found():
    # Valleys every 2 pi; the tilt makes the one near 9.4 the lowest.
    found = minimise(lambda x: math.cos(x) + 0.001 * (x - 10) ** 2, -40, 40)
    assert found == pytest.approx(3 * math.pi, abs=0.02)


def test_a_minimum_at_an_end():
    assert minimise(lambda x: x, -2, 5) == pytest.approx(-2, abs=1e-8)
    assert minimise(lambda x: -x, -2, 5) == pytest.approx(5, abs=1e-8)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_crossing_in_either_direction(sign):
    assert crossing(lambda x: sign * (math.exp(x) - 5), -10, 10) == pytest.approx(math.log(5), abs=1e-11)


def test_narrow_numbers_do_not_keep_a_search_from_ending() -> None:
    low, high = np.float32(0.1), np.float32(7.3)
    assert crossing(lambda x: x - 3, low, high) == pytest.approx(3, abs=1e-9)
    assert minimise(lambda x: (x - 3) ** 2, low, high) == pytest.approx(3, abs=1e-6)
