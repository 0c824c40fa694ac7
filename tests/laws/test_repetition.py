import math
from dataclasses import replace

import numpy as np
import pytest

from advisor.laws.parameters import Parameters
from advisor.laws.published import CHINCHILLA, CODE, HOFFMANN, MUENNIGHOFF
from advisor.laws.repetition import R_D_STAR, R_N_STAR, SOURCE, RepeatedLaw, average_value, last_value
from advisor.laws.scaling_law import Decay
from calibration.fit.repeated import effective_log_loss

LAW = RepeatedLaw(base=MUENNIGHOFF, unique_tokens=25e9)
BASES = [MUENNIGHOFF, CHINCHILLA, HOFFMANN, CODE]


# Muennighoff et al. 2023, arXiv:2305.16264: the two models that its figure 1 compares, by the paper's code.
@pytest.mark.parametrize(
    ("n_params", "n_tokens", "loss"), [(6.34e9, 242e9, 2.2256440889984477), (8.67e9, 178e9, 2.2269634075087867)]
)
def test_the_papers_losses(n_params, n_tokens, loss):
    assert LAW.loss(n_params, n_tokens) == pytest.approx(loss, rel=1e-14)


def test_the_optimum_with_25b_unique_tokens():
    best = LAW.optimum(1e22)
    assert best.n_params == pytest.approx(7.0262e9, rel=1e-5)
    assert best.n_tokens == pytest.approx(237.21e9, rel=1e-5)
    assert best.n_tokens / 25e9 == pytest.approx(9.488, abs=5e-4)
    assert LAW.loss(best.n_params, best.n_tokens) == pytest.approx(2.2221293, abs=5e-8)
    assert best.flops == pytest.approx(1e22, rel=1e-12)


def test_with_enough_unique_tokens_it_is_the_frontier():
    best = RepeatedLaw(base=MUENNIGHOFF, unique_tokens=181e9).optimum(1e22)
    assert (best.n_params, best.n_tokens) == (pytest.approx(9.2183e9, rel=1e-5), pytest.approx(180.80e9, rel=1e-5))
    assert best == MUENNIGHOFF.frontier(1e22)


# Average value left of a token, and what one more is worth at the end: 93, 83, 66, 38 % and 82, 63, 38, 8 %.
@pytest.mark.parametrize(
    ("epochs", "average", "last"), [(1, 1, 1), (4, 0.93, 0.82), (8, 0.83, 0.63), (16, 0.66, 0.38), (40, 0.38, 0.08)]
)
def test_what_a_token_is_worth(epochs, average, last):
    assert average_value(epochs) == pytest.approx(average, abs=0.005)
    assert last_value(epochs) == pytest.approx(last, abs=0.005)
    assert LAW.effective_tokens(epochs * 25e9) == pytest.approx(average_value(epochs) * epochs * 25e9)


def test_the_last_value_is_the_slope_of_the_effective_tokens():
    for epochs in (0.5, 1.5, 9.0, 33.0):
        h = 1e-5 * epochs * 25e9
        at = epochs * 25e9
        slope = (LAW.effective_tokens(at + h) - LAW.effective_tokens(at - h)) / (2 * h)
        assert last_value(epochs) == pytest.approx(slope, rel=1e-8)


def test_endless_repetition_is_worth_16_39_times_the_tokens():
    assert LAW.most_effective_tokens == pytest.approx(16.39 * 25e9, rel=5e-4)
    assert LAW.effective_tokens(1e16) == pytest.approx(LAW.most_effective_tokens)
    assert LAW.loss(1e14, 1e16) == pytest.approx(LAW.loss_limit, rel=1e-12)


@pytest.mark.parametrize("base", BASES, ids=lambda law: law.name)
def test_the_loss_is_the_one_that_fits_use(base):
    rng = np.random.default_rng(0)
    n_params, n_tokens, unique = 10 ** rng.uniform([6, 8, 8], [12, 14, 12], (200, 3)).T
    row = np.array([[math.log(base.E), math.log(base.A), math.log(base.B), base.alpha, base.beta]])
    decay = np.log([[R_D_STAR, R_N_STAR]])
    theirs = np.exp(effective_log_loss(row, decay, n_params, n_tokens, unique))[0]
    ours = [
        RepeatedLaw(base=base, unique_tokens=u).loss(n, d) for n, d, u in zip(n_params, n_tokens, unique, strict=True)
    ]
    assert ours == pytest.approx(theirs, rel=1e-10)


def test_one_epoch_of_a_model_that_it_can_fill_is_the_plain_law():
    for base in BASES:
        law = RepeatedLaw(base=base, unique_tokens=25e9)
        n_params = 0.9 * law.usable_params(20e9)
        assert law.loss(n_params, 20e9) == pytest.approx(base.loss(n_params, 20e9), rel=1e-12)
        # ... and U_N is where the frontier of D tokens lies.
        assert law.usable_params(20e9) == pytest.approx(base.for_tokens(20e9).n_params)


@pytest.mark.parametrize("base", BASES, ids=lambda law: law.name)
@pytest.mark.parametrize("unique", [1e6, 1e9, 25e9])
@pytest.mark.parametrize("flops", [1e17, 1e20, 1e23])
def test_no_other_size_is_better(base, unique, flops):
    law = RepeatedLaw(base=base, unique_tokens=unique)
    best = law.optimum(flops)
    least = law.loss(best.n_params, best.n_tokens)
    n_params = np.geomspace(1e-6, 1e6, 2401) * best.n_params
    losses = [law.loss(n, flops / (6 * n)) for n in n_params]
    assert least <= min(losses) * (1 + 1e-15)


@pytest.mark.parametrize("base", BASES, ids=lambda law: law.name)
@pytest.mark.parametrize("epochs", [1.5, 4, 40, 3000])
def test_the_optimum_is_where_the_two_slopes_are_equal(base, epochs):
    law = RepeatedLaw(base=base, unique_tokens=1e9)
    stationary = law.for_tokens(epochs * 1e9)
    # An independent way to the same point: a search over N at its budget. At 3000 epochs the loss is flat to the last
    # digit, and what is left to gain is not.
    found = law.optimum(stationary.flops)
    assert found.n_params == pytest.approx(stationary.n_params, rel=1e-6)


def test_below_one_epoch_the_tokens_are_the_frontiers():
    assert LAW.for_tokens(10e9) == MUENNIGHOFF.for_tokens(10e9)


def test_the_cheapest_budget_inverts_the_optimum():
    for flops in (1e20, 1e22, 1e24):
        best = LAW.optimum(flops)
        found = LAW.cheapest(LAW.loss(best.n_params, best.n_tokens))
        assert found is not None
        assert found.flops == pytest.approx(flops, rel=1e-6)


def test_no_budget_reaches_the_limit():
    assert LAW.cheapest(LAW.loss_limit) is None
    assert LAW.cheapest(LAW.loss_limit - 0.1) is None
    assert LAW.cheapest(LAW.loss_limit + 1e-4) is not None


def test_budgets_that_leave_nothing_to_gain_still_have_an_optimum():
    # 1 M tokens and 1e21 FLOPs: 97,000 epochs. N/U_N : D/U tends to R_N* : R_D*.
    law = replace(LAW, unique_tokens=1e6)
    best = law.optimum(1e21)
    excess = best.n_params / law.usable_params(1e6) * R_D_STAR / (best.n_tokens / 1e6 * R_N_STAR)
    assert excess == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("flops", [1e-300, 1e300])
@pytest.mark.parametrize("unique", [1.0, 1e300])
def test_extreme_questions_are_answered(flops, unique):
    best = RepeatedLaw(base=CHINCHILLA, unique_tokens=unique).optimum(flops)
    assert best.n_params * best.n_tokens == pytest.approx(flops / 6)


def test_a_law_with_a_decay_of_its_own_takes_nothing_over():
    own = replace(CHINCHILLA, decay=Decay(6.0, 20.0, "our runs"))
    law = RepeatedLaw(base=own, unique_tokens=25e9)
    assert (law.r_d, law.r_n, law.transplanted) == (6.0, 20.0, False)
    assert law.source == f"{CHINCHILLA.source}; our runs"
    assert law.effective_tokens(100e9) == pytest.approx(25e9 * (1 + 6 * (1 - math.exp(-3 / 6))))
    other = RepeatedLaw(base=CHINCHILLA, unique_tokens=25e9)
    assert (other.r_d, other.transplanted, other.source) == (R_D_STAR, True, f"{CHINCHILLA.source}; {SOURCE}")
    assert LAW.source == MUENNIGHOFF.source
    drawn = next(replace(own, draws=(Parameters(0.5, 6.0, 7.0, 0.3, 0.3),)).drawn_laws())
    assert drawn.decay == own.decay


@pytest.mark.parametrize("base", BASES, ids=lambda law: law.name)
def test_within_40_epochs_the_optimum_has_all_the_parameters_that_are_left(base):
    law = RepeatedLaw(base=base, unique_tokens=1e9, most_epochs=40)
    best = law.optimum(1e23)
    assert (best.n_tokens, best.flops) == (40e9, pytest.approx(1e23))
    enough = law.used_up(1e23)
    assert (enough.n_tokens, enough.n_params) == (40e9, law.for_tokens(40e9).n_params)
    for flops in (1e19, 1e21):
        best = law.optimum(flops)
        assert law.cheapest(law.loss(best.n_params, best.n_tokens)).flops == pytest.approx(flops, rel=1e-4)
    assert law.loss(1e16, 40e9) == pytest.approx(law.loss_limit, rel=1e-9)
    assert law.cheapest(law.loss_limit) is None
    # Up to 40 epochs the limit changes nothing.
    assert law.optimum(1e19) == law.used_up(1e19) == replace(law, most_epochs=math.inf).optimum(1e19)


@pytest.mark.parametrize("base", BASES, ids=lambda law: law.name)
@pytest.mark.parametrize("epochs", [1.5, 4, 40])
def test_the_unique_tokens_that_a_budget_reads_so_often(base, epochs):
    unique = RepeatedLaw(base=base, unique_tokens=1).unique_tokens_for(1e22, epochs)
    law = RepeatedLaw(base=base, unique_tokens=unique)
    assert law.optimum(1e22).n_tokens / law.unique_tokens == pytest.approx(epochs, rel=1e-5)
