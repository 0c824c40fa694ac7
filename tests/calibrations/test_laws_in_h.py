"""The laws of H against hand-made coefficients, closed forms and finite differences."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from advisor.calibrations.coefficients import load_coefficients
from advisor.calibrations.laws_in_h import LAW_NAMES, law_at
from advisor.errors import CoefficientsError
from advisor.laws.published import CHINCHILLA, chinchilla
from tests.calibrations.hand_made import LINEAR, LOG, calibration, document, write
from tests.laws.intervals import interval

H_REF = 0.571


@pytest.fixture
def dependence(tmp_path: Path):
    found = load_coefficients(write(tmp_path / "c.json", document())).calibration()
    assert found is not None
    return found.dependence


def constants(law):
    return (law.E, law.A, law.B, law.alpha, law.beta)


def test_gzip_is_the_log_regression_alone(dependence):
    law = law_at("gzip", dependence, CHINCHILLA, 0.4).law
    at_h = {name: slope * 0.4 + intercept for name, (slope, intercept) in LOG.items()}
    expected = (at_h["E"], math.exp(at_h["log_A"]), math.exp(at_h["log_B"]), at_h["alpha"], at_h["beta"])
    assert constants(law) == pytest.approx(expected, rel=1e-14)
    assert law.count == "non-embedding"
    assert law.name == "gzip"
    # The base and the weight do not enter.
    other = law_at("gzip", dependence, replace(CHINCHILLA, A=1.0), 0.4, epsilon=0.9).law
    assert constants(other) == constants(law)


def test_blend_is_eq_6_on_the_linear_regression(dependence):
    law = law_at("blend", dependence, CHINCHILLA, 0.4, epsilon=0.25).law
    at_h = [slope * 0.4 + intercept for slope, intercept in LINEAR.values()]
    expected = [0.75 * old + 0.25 * new for old, new in zip(constants(CHINCHILLA), at_h, strict=True)]
    assert constants(law) == pytest.approx(expected, rel=1e-14)
    assert law.count == "total"


def test_blend_runs_from_chinchilla_to_the_regression(dependence):
    nothing = law_at("blend", dependence, CHINCHILLA, 0.4, epsilon=0).law
    everything = law_at("blend", dependence, CHINCHILLA, 0.4, epsilon=1).law
    assert constants(nothing) == pytest.approx(constants(CHINCHILLA), rel=1e-14)
    at_h = [slope * 0.4 + intercept for slope, intercept in LINEAR.values()]
    assert constants(everything) == pytest.approx(at_h, rel=1e-14)


@pytest.mark.parametrize("epsilon", [0, 0.3, 1])
def test_anchored_is_chinchilla_at_h_ref(dependence, epsilon):
    law = law_at("anchored", dependence, CHINCHILLA, H_REF, epsilon=epsilon).law
    assert constants(law) == pytest.approx(constants(CHINCHILLA), rel=1e-14)


def test_anchored_shifts_in_logs_by_the_slopes(dependence):
    law = law_at("anchored", dependence, CHINCHILLA, 0.4).law  # the calibration's epsilon, .3
    step = 0.3 * (0.4 - H_REF)
    assert math.log(law.A / CHINCHILLA.A) == pytest.approx(LOG["log_A"][0] * step)
    assert math.log(law.B / CHINCHILLA.B) == pytest.approx(LOG["log_B"][0] * step)
    assert pytest.approx(LOG["E"][0] * step) == law.E - CHINCHILLA.E
    assert law.alpha - CHINCHILLA.alpha == pytest.approx(LOG["alpha"][0] * step)
    assert law.beta - CHINCHILLA.beta == pytest.approx(LOG["beta"][0] * step)
    assert law.count == "total"


@pytest.mark.parametrize("name", LAW_NAMES)
@pytest.mark.parametrize("flops", [1e17, 1e21, 1e25])
def test_the_sensitivity_is_the_derivative_of_the_optimum(dependence, name, flops):
    def log_n(h: float) -> float:
        return math.log(law_at(name, dependence, CHINCHILLA, h, epsilon=0.4).law.frontier(flops).n_params)

    step = 1e-5
    expected = (log_n(0.4 + step) - log_n(0.4 - step)) / (2 * step)
    assert law_at(name, dependence, CHINCHILLA, 0.4, epsilon=0.4).sensitivity(flops).dlnN_dH == pytest.approx(
        expected, rel=1e-6
    )


@pytest.mark.parametrize("name", LAW_NAMES)
def test_the_sign_flips_at_the_flip_budget(dependence, name):
    at_h = law_at(name, dependence, CHINCHILLA, 0.4, epsilon=0.4)
    flip = at_h.sensitivity(1e21).flip_flops
    assert flip is not None
    assert at_h.sensitivity(flip).dlnN_dH == pytest.approx(0, abs=1e-12)
    assert at_h.sensitivity(flip / 10).dlnN_dH * at_h.sensitivity(flip * 10).dlnN_dH < 0


def test_alpha_falling_faster_than_beta_makes_harder_data_prefer_parameters_at_large_c(dependence):
    """A = beta/(alpha+beta) rises with H then (arXiv:2405.16684, Eq. 2), against the paper's rule of thumb."""
    at_h = law_at("gzip", dependence, CHINCHILLA, 0.4)
    flip = at_h.sensitivity(1e21).flip_flops
    assert flip is not None
    assert at_h.sensitivity(flip * 100).dlnN_dH > 0
    assert at_h.sensitivity(flip / 100).dlnN_dH < 0


def test_slopes_in_proportion_never_flip(tmp_path):
    """With alpha and beta fixed only the level moves: d ln N*/dH = ((ln A)' - (ln B)') / (alpha + beta) at every C."""
    made = calibration()
    for name in ("alpha", "beta"):
        made["regression"]["log"][name]["slope"] = 0.0
    found = load_coefficients(write(tmp_path / "c.json", document(made))).calibration()
    assert found is not None
    at_h = law_at("gzip", found.dependence, CHINCHILLA, 0.4)
    assert at_h.sensitivity(1e21).flip_flops is None
    assert at_h.sensitivity(1e25).dlnN_dH == pytest.approx((-2.0 - 1.0) / (0.45 + 0.40))


def test_anchored_with_no_weight_does_not_move(dependence):
    sensitivity = law_at("anchored", dependence, CHINCHILLA, 0.3, epsilon=0).sensitivity(1e21)
    assert (sensitivity.dlnN_dH, sensitivity.flip_flops) == (0, None)


@pytest.mark.parametrize(
    ("name", "h", "what"),
    [
        ("gzip", 0.95, "alpha = -0.025"),
        ("anchored", 0.9, "alpha = 0"),
        ("blend", 0.85, "A = -50"),
        ("blend", 0.8, "A = 0"),
    ],
)
def test_a_regression_outside_the_laws_domain_is_refused(dependence, name, h, what):
    with pytest.raises(CoefficientsError) as caught:
        law_at(name, dependence, CHINCHILLA, h)
    assert str(caught.value) == (
        f"The law {name} of the calibration hand-made has {what} at H = {h:g}, where a law needs A, B, alpha and beta "
        "above 0 (it was calibrated on H from 0.2 to 0.6): use --law chinchilla."
    )


def test_a_shift_that_ends_outside_the_domain_is_refused_too(dependence):
    with pytest.raises(CoefficientsError, match=r"has alpha or beta <= 0 at H = 0.85"):
        law_at("anchored", dependence, replace(CHINCHILLA, alpha=0.05), 0.85, epsilon=1)


def test_draws_are_moved_by_the_scatter_of_a_new_corpus(tmp_path):
    """The law gzip by all of it, blend by epsilon times as much; the law itself is not moved."""
    made = calibration()
    off = [0.02, 0.3, -0.2, 0.01, -0.02, 0.02, 50.0, -40.0, 0.01, -0.02]
    before = load_coefficients(write(tmp_path / "a.json", document(made))).calibration()
    made["regression"]["scatter"] = [off] * 40
    after = load_coefficients(write(tmp_path / "b.json", document(made))).calibration()
    assert before is not None
    assert after is not None
    plain = law_at("gzip", before.dependence, CHINCHILLA, 0.4).law
    moved = law_at("gzip", after.dependence, CHINCHILLA, 0.4).law
    assert constants(moved) == constants(plain)
    for old, new in zip(plain.draws, moved.draws, strict=True):
        shifts = [new[i] - old[i] for i in (1, 2, 3, 4)]
        assert [math.exp(new.E) - math.exp(old.E), *shifts] == pytest.approx(off[:5], abs=1e-12)
    plain = law_at("blend", before.dependence, CHINCHILLA, 0.4).law
    moved = law_at("blend", after.dependence, CHINCHILLA, 0.4).law
    for old, new in zip(plain.draws, moved.draws, strict=True):
        assert math.exp(new.A) - math.exp(old.A) == pytest.approx(0.3 * 50.0)
        assert new.beta - old.beta == pytest.approx(0.3 * -0.02)


def test_an_e_below_zero_counts_as_zero(tmp_path):
    made = calibration()
    made["regression"]["log"]["E"] = {"slope": 1.0, "intercept": -0.5}
    found = load_coefficients(write(tmp_path / "c.json", document(made))).calibration()
    assert found is not None
    assert law_at("gzip", found.dependence, CHINCHILLA, 0.4).law.E == 0


@pytest.mark.parametrize("name", LAW_NAMES)
def test_draws_are_the_same_law_on_each_joint_row(dependence, name):
    base = chinchilla()
    law = law_at(name, dependence, base, 0.4).law
    assert len(law.draws) == 40
    one = replace(dependence, regressions=dependence.draws[7], draws=())
    drawn = law_at(name, one, list(base.drawn_laws())[7], 0.4).law
    assert constants(list(law.drawn_laws())[7]) == pytest.approx(constants(drawn), rel=1e-12)


def test_draws_outside_the_domain_are_left_out(tmp_path):
    made = calibration()
    made["regression"]["draws"][3][3] = -5.0  # the slope of alpha
    found = load_coefficients(write(tmp_path / "c.json", document(made))).calibration()
    assert found is not None
    assert len(law_at("gzip", found.dependence, CHINCHILLA, 0.4).law.draws) == 39


def widened(tmp_path, **changes):
    found = load_coefficients(write(tmp_path / "w.json", document(calibration(**changes)))).calibration()
    assert found is not None
    return found.dependence


def width(law, flops):
    low, high = interval(law, lambda one: math.log(one.frontier(flops).n_params))
    return high - low


ESTIMATE = {"value": 0.3, "ci95": [0.0, 0.9], "share_zero": 0.2}


def test_draws_hold_the_weights_own_interval(tmp_path):
    """The same draws, each with a weight from the interval: alpha of draw i is x' + eps_i m_i (H - H_ref)."""
    dependence = widened(tmp_path, epsilon_estimate=ESTIMATE)
    plain = law_at("anchored", widened(tmp_path), CHINCHILLA, 0.4).law
    law = law_at("anchored", dependence, CHINCHILLA, 0.4).law
    assert constants(law) == constants(plain)
    slopes = [one.log.slope.alpha for one in dependence.draws]
    weights = [(row.alpha - CHINCHILLA.alpha) / (m * (0.4 - H_REF)) for row, m in zip(law.draws, slopes, strict=True)]
    assert min(weights) == pytest.approx(0.0, abs=1e-12)
    assert sum(w < 1e-12 for w in weights) in (7, 8, 9)  # .2 of 40
    assert 0.8 < max(weights) <= 0.9 + 1e-9
    assert width(law, 1e21) > 2 * width(plain, 1e21)


def test_a_weight_that_was_given_is_certain(tmp_path):
    dependence = widened(tmp_path, epsilon_estimate=ESTIMATE)
    law = law_at("anchored", dependence, CHINCHILLA, 0.4, epsilon=0.3).law
    assert law.draws == law_at("anchored", widened(tmp_path), CHINCHILLA, 0.4).law.draws


@pytest.mark.parametrize("name", LAW_NAMES)
def test_draws_hold_the_interval_of_h(tmp_path, name):
    """With lines that do not vary, the 80 % interval of ln N* is that of H, 1.2816/1.96 of its 95 %, by the slope."""
    row = [line[part] for lines in (LOG, LINEAR) for part in (0, 1) for line in lines.values()]
    made = calibration()["regression"] | {"draws": [row] * 400}
    dependence = widened(tmp_path, regression=made)
    at_h = law_at(name, dependence, CHINCHILLA, 0.4)
    assert width(at_h.law, 1e21) == pytest.approx(0, abs=1e-9)
    law = law_at(name, dependence, CHINCHILLA, 0.4, h_ci95=(0.39, 0.41)).law
    expected = abs(at_h.sensitivity(1e21).dlnN_dH) * 0.02 * 1.2816 / 1.96
    assert width(law, 1e21) == pytest.approx(expected, rel=0.03)
    assert constants(law) == constants(at_h.law)


def test_anchored_with_no_weight_still_holds_the_scatter(tmp_path):
    made = calibration(epsilon=0.0)
    made["regression"]["scatter"] = [[0.0, 0.3 * math.sin(i), 0.0, 0.0, 0.0, *[0.0] * 5] for i in range(40)]
    found = load_coefficients(write(tmp_path / "c.json", document(made))).calibration()
    assert found is not None
    law = law_at("anchored", found.dependence, CHINCHILLA, 0.4).law
    assert constants(law) == pytest.approx(constants(CHINCHILLA), rel=1e-14)
    bare = law_at("anchored", widened(tmp_path, epsilon=0.0), CHINCHILLA, 0.4).law
    assert width(bare, 1e21) == pytest.approx(0, abs=1e-9)
    # ln N* moves by d ln A / (alpha + beta), of the lines at the middle H = .4: .25 + .36. The sine of an even phase is
    # within sin(.4 pi) in 80 %.
    assert width(law, 1e21) == pytest.approx(2 * 0.3 * math.sin(0.4 * math.pi) / 0.61, rel=0.05)


def test_scatter_of_an_exponent_widens_with_the_logarithm_of_the_budget(tmp_path):
    """At H = .4 da/d beta = alpha/(alpha + beta)^2 = .25/.61^2: by that, times ln C, the spread of ln N* grows."""
    made = calibration(epsilon=0.0)
    made["regression"]["scatter"] = [[*[0.0] * 4, 0.002 * math.sin(i), *[0.0] * 5] for i in range(40)]
    found = load_coefficients(write(tmp_path / "c.json", document(made))).calibration()
    assert found is not None
    law = law_at("anchored", found.dependence, CHINCHILLA, 0.4).law
    widths = [width(law, 10.0**power) for power in (18, 21, 24)]
    assert widths[0] < widths[1] < widths[2]
    assert widths[2] - widths[1] == pytest.approx(widths[1] - widths[0], rel=0.02)
    spread = 2 * 0.002 * math.sin(0.4 * math.pi)
    assert widths[1] - widths[0] == pytest.approx(spread * 0.25 / 0.61**2 * math.log(1000), rel=0.05)


def test_anchored_takes_what_the_scatter_does_to_the_calibrations_own_optimum(tmp_path):
    """Ln N* of a draw moves by as much, at every budget, as that of the law on the lines at the middle H = .4."""
    made = calibration()
    off = [0.02, 0.3, -0.2, 0.05, -0.04, *[0.0] * 5]
    before = load_coefficients(write(tmp_path / "a.json", document(made))).calibration()
    made["regression"]["scatter"] = [off] * 40
    after = load_coefficients(write(tmp_path / "b.json", document(made))).calibration()
    assert before is not None
    assert after is not None
    plain = law_at("anchored", before.dependence, CHINCHILLA, 0.5).law
    moved = law_at("anchored", after.dependence, CHINCHILLA, 0.5).law
    assert constants(moved) == constants(plain)
    own = law_at("gzip", before.dependence, CHINCHILLA, 0.4).law
    other = replace(
        own,
        A=own.A * math.exp(off[1]),
        B=own.B * math.exp(off[2]),
        alpha=own.alpha + off[3],
        beta=own.beta + off[4],
    )
    for flops in (1e12, 1e17, 1e23):
        expected = math.log(other.frontier(flops).n_params / own.frontier(flops).n_params)
        for old, new in zip(plain.drawn_laws(), moved.drawn_laws(), strict=True):
            found = math.log(new.frontier(flops).n_params / old.frontier(flops).n_params)
            assert found == pytest.approx(expected, rel=1e-9)
            rise = new.E - old.E
            assert rise == pytest.approx(off[0])


def test_a_scatter_that_ends_outside_the_domain_gives_no_draw(tmp_path):
    made = calibration()
    made["regression"]["scatter"] = [[0.0, 0.0, 0.0, -0.3 if i == 3 else 0.0, 0.0, *[0.0] * 5] for i in range(40)]
    found = load_coefficients(write(tmp_path / "c.json", document(made))).calibration()
    assert found is not None
    assert len(law_at("anchored", found.dependence, CHINCHILLA, 0.4).law.draws) == 39  # alpha(.4) = .25
