"""The optimum of one profile: exact on its own form, little moved by other exponents, as uncertain as it says."""

from __future__ import annotations

import math
import random
import statistics

import pytest

from advisor.pilot.profile import ALPHA, BETA, optimum_of
from advisor.pilot.runs import grid
from tests.pilot.six_corpora import LAWS, log_n

FLOPS = 1e19


def profile(loss, middle, *, n_sizes=5, noise=0.0, rng=None):
    sizes = grid(middle, math.log(4), n_sizes)
    tokens = [FLOPS / 6 / n for n in sizes]
    factor = 1.0 if rng is None else None
    losses = [loss(n, d) * (factor or math.exp(rng.gauss(0, noise))) for n, d in zip(sizes, tokens, strict=True)]
    return optimum_of(sizes, tokens, losses)


@pytest.mark.parametrize("off", [-0.8, 0.0, 0.8])
def test_it_is_exact_where_the_exponents_are_its_own(off):
    level_n, level_d = 2500.0, 6000.0
    true = (math.log(ALPHA * level_n / (BETA * level_d)) + BETA * math.log(FLOPS / 6)) / (ALPHA + BETA)
    found = profile(lambda n, d: 1.9 + level_n * n**-ALPHA + level_d * d**-BETA, true + off)
    assert found.log_n == pytest.approx(true, abs=1e-6)
    assert (found.inside, found.n_free) == (True, 2)
    assert found.squares < 1e-20


@pytest.mark.parametrize("corpus", LAWS)
def test_the_exponents_of_other_corpora_move_it_little(corpus):
    # by at most .027 within four times of the optimum, for code: .547 and .439
    found = profile(LAWS[corpus].loss, log_n(corpus, FLOPS))
    assert found.log_n == pytest.approx(log_n(corpus, FLOPS), abs=0.03)


@pytest.mark.parametrize("n_sizes", [5, 9])
def test_its_error_is_what_noise_makes_of_it(n_sizes):
    rng, noise = random.Random(0), 0.002
    found = [
        profile(LAWS["fineweb"].loss, log_n("fineweb", FLOPS), n_sizes=n_sizes, noise=noise, rng=rng)
        for _ in range(1500)
    ]
    spread = statistics.stdev(each.log_n for each in found)
    assert spread == pytest.approx(noise * statistics.fmean(each.sd_per_noise for each in found), rel=0.06)
    assert statistics.fmean(each.squares / each.n_free for each in found) == pytest.approx(noise**2, rel=0.08)


def test_a_profile_that_only_falls_has_no_optimum_or_one_outside():
    sizes = [1e8, 2e8, 4e8, 8e8, 1.6e9]
    found = optimum_of(sizes, [1e18 / n for n in sizes], [3 * n**-0.1 for n in sizes])
    assert found is None or not found.inside
    assert optimum_of([1e8] * 5, [1e10] * 5, [3.0, 3.1, 3.0, 3.1, 3.0]) is None
