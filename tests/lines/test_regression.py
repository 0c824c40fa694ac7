"""Laws as lines in H: joint draws against closed forms and by coverage, the weight epsilon, predictors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from advisor.json_form import as_json
from advisor.laws.parameters import LOG_NAMES
from calibration.fit.analysis import Settings
from calibration.fit.fit import FitOptions, log_optimum
from calibration.fit.line import fit_line
from calibration.lines import predictors
from calibration.lines.epsilon import estimate_epsilon
from calibration.lines.line_draws import both_forms, draw_lines, weighted_lines
from calibration.lines.predictors import compare_predictors, permutation_p
from calibration.lines.regression import refusal, regress_on_h
from calibration.lines.source_laws import SourceLaw, fit_sources
from tests.lines.synthetic_rows import INTERCEPT, SLOPE, H, rows_of, source, true_law

X = np.array(H)
BUDGETS = (1e12, 1e14)
QUICK = Settings(n_draws=100, options=FitOptions(starts="fast"))


def laws_of(values: np.ndarray, scatter: float, rng: np.random.Generator) -> np.ndarray:
    """Return rows (ln E, ln A, ln B, alpha, beta) on the known lines, moved off them."""
    step = np.array([0.05, 0.1, 0.1, 0.005, 0.005])
    law = np.array([[SLOPE[n] * h + INTERCEPT[n] for n in LOG_NAMES] for h in values])
    law += scatter * step * rng.standard_normal(law.shape)
    law[:, 0] = np.log(law[:, 0])
    return law


def fitted(values: Sequence[float], laws: np.ndarray, **changes: Sequence[object]) -> list[SourceLaw]:
    """Return the fits of nearly noiseless rows of these laws; ``changes`` are of each source."""
    sources, rows = [], []
    for i, (h, (log_e, log_a, log_b, alpha, beta)) in enumerate(zip(values, laws, strict=True)):
        record = source(h, entropy_bound=None, **{name: each[i] for name, each in changes.items()})
        law = {"E": math.exp(log_e), "log_A": log_a, "log_B": log_b, "alpha": alpha, "beta": beta}
        sources.append(record)
        rows += rows_of(record, law, noise=1e-4)
    return list(fit_sources(sources, rows, QUICK))


@pytest.fixture(scope="module")
def scattered_laws() -> list[SourceLaw]:
    return fitted(H, laws_of(X, 1.0, np.random.default_rng(3)))


@pytest.fixture(scope="module")
def lawful() -> list[SourceLaw]:
    return fitted(H, laws_of(X, 0.05, np.random.default_rng(0)))


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


# --- epsilon ----------------------------------------------------------------------------------------------------------


def test_epsilon_is_1_where_laws_lie_on_lines() -> None:
    found = estimate_epsilon(X, laws_of(X, 0.0, np.random.default_rng(0)), BUDGETS)
    assert (found.value, found.chosen) == (1.0, 1.0)
    assert found.error < 0.2 * found.error_of_mean
    assert found.ci95[1] == 1.0
    assert found.flops == BUDGETS


def test_epsilon_is_0_where_h_says_nothing() -> None:
    """The laws are shuffled over the sources: epsilon is mostly 0, and never where it does better than the mean."""
    laws = laws_of(X, 3.0, np.random.default_rng(0))
    zero = 0
    for seed in range(40):
        order = np.random.default_rng(seed).permutation(8)
        found = estimate_epsilon(X, laws[order], BUDGETS, n_draws=2)
        assert (found.value == 0.0) == (found.error >= found.error_of_mean)
        zero += found.value == 0.0
    assert zero >= 24


def test_epsilon_against_a_search_by_hand() -> None:
    """The definition, source by source and weight by weight, at one budget."""
    laws = laws_of(X, 1.0, np.random.default_rng(5))
    weights, total = np.linspace(0, 1, 101), np.zeros(101)
    for i in range(8):
        rest = np.arange(8) != i
        slope = np.polyfit(X[rest], laws[rest], 1)[0]
        base = laws[rest].mean(0)
        real = log_optimum(laws[i], 1e13) - log_optimum(laws[rest], 1e13).mean()
        for k, weight in enumerate(weights):
            moved = base + weight * slope * (X[i] - X[rest].mean())
            total[k] += (real - (log_optimum(moved, 1e13) - log_optimum(base, 1e13))) ** 2
    found = estimate_epsilon(X, laws, (1e13, 1e13), n_draws=2)
    assert found.chosen == weights[np.argmin(total)]
    assert found.error_of_mean == pytest.approx(math.sqrt(total[0] / 8))


# --- predictors -------------------------------------------------------------------------------------------------------


def test_what_predicts_wins() -> None:
    """The laws follow the entropy rate, which here is unrelated to H."""
    rates = np.array([0.5, 1.4, 0.8, 1.1, 0.6, 1.2, 0.9, 1.0])
    laws = fitted(H, laws_of(rates / 2, 0.1, np.random.default_rng(0)), entropy_rate=rates)
    found = compare_predictors(laws, BUDGETS)
    by_name = {one.name: one for one in found.predictors}
    assert list(by_name) == ["none", "H", "H and structure", "H of 1000 tokens", "H of 8000 tokens", "entropy rate"]
    assert by_name["entropy rate"].better_than_none is True
    assert by_name["entropy rate"].error_ln_n < 0.3 * by_name["none"].error_ln_n
    assert by_name["H"].better_than_none is False
    assert by_name["none"].p_value is None
    h, none = (math.exp(by_name[name].error_ln_n) for name in ("H", "none"))
    assert found.verdict == (
        f"H does not predict the allocation: left out, N* is missed by a factor of {h:.2f} with H and {none:.2f} "
        f"without a predictor (permutation p = {by_name['H'].p_value:.2g}, 8 sources); the least error has "
        "entropy rate."
    )


def test_left_out_errors_are_those_of_refits(scattered_laws: list[SourceLaw]) -> None:
    laws, rows = scattered_laws, np.stack([law.parameters for law in scattered_laws])
    found = {one.name: one for one in compare_predictors(laws, BUDGETS).predictors}
    flops = np.geomspace(*BUDGETS, 5)
    optima = np.stack([log_optimum(rows, c) for c in flops], 1)
    shuffled = np.array([law.source.shuffled for law in laws])
    designs = {"none": [X**0], "H": [X**0, X], "H and structure": [X**0, X, 1 - X / shuffled]}
    for name, columns in designs.items():
        design, errors = np.stack(columns, 1), []
        for i in range(8):
            rest = np.arange(8) != i
            coefficients = np.linalg.lstsq(design[rest], optima[rest], rcond=None)[0]
            errors.append(optima[i] - design[i] @ coefficients)
        assert found[name].error_ln_n == pytest.approx(float(np.sqrt(np.mean(np.square(errors)))), rel=1e-8)


def test_p_values_of_permutations_are_calibrated() -> None:
    rng = np.random.default_rng(0)
    p = [permutation_p(X[:6, None], rng.standard_normal((6, 5)), 0) for _ in range(200)]
    assert 0.05 <= np.mean(np.array(p) < 0.1) <= 0.16
    assert 0.45 <= np.mean(p) <= 0.55
    assert min(p) >= 1 / 720


def test_few_sources_are_too_few_to_tell(lawful: list[SourceLaw]) -> None:
    found = compare_predictors(lawful[:5], BUDGETS)
    assert found.verdict == "5 sources are too few to tell whether H predicts the allocation: at least 6 are needed."
    assert all(one.better_than_none is None for one in found.predictors)
    fewer = compare_predictors(lawful[:4], BUDGETS)
    assert fewer.left_out == {"H and structure": "4 sources cannot fix its 3 coefficients"}


@pytest.mark.parametrize(
    ("p", "better"), [(math.nextafter(0.05, 0), True), (0.05, False), (math.nextafter(0.05, 1), False)]
)
def test_a_predictor_is_better_than_none_below_a_level_of_5_percent(
    p: float, better: bool, lawful: list[SourceLaw], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predictors, "permutation_p", lambda x, optima, seed: p)
    found = compare_predictors(lawful, BUDGETS)
    assert {one.name: one.better_than_none for one in found.predictors}["H"] is better
    assert found.verdict.startswith(f"H {'predicts' if better else 'does not predict'} the allocation: ")


def test_a_predictor_that_errs_more_than_none_is_never_better(
    lawful: list[SourceLaw], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predictors, "permutation_p", lambda x, optima, seed: 0.0)
    mixed = (3, 0, 6, 1, 7, 4, 2, 5)
    turned = [replace(law, source=lawful[i].source) for i, law in zip(mixed, lawful, strict=True)]
    by_name = {one.name: one for one in compare_predictors(turned, BUDGETS).predictors}
    assert by_name["H"].error_ln_n > by_name["none"].error_ln_n
    assert by_name["H"].better_than_none is False


@pytest.mark.parametrize(("n", "told"), [(5, False), (6, True), (7, True)])
def test_six_sources_are_enough_to_tell(n: int, told: bool, lawful: list[SourceLaw]) -> None:
    found = compare_predictors(lawful[:n], BUDGETS)
    assert all((one.better_than_none is not None) is told for one in found.predictors if one.name != "none")
    assert found.verdict.startswith("H predicts" if told else "5 sources are too few")


def test_a_predictor_that_some_source_lacks_is_left_out(lawful: list[SourceLaw]) -> None:
    laws = list(lawful)
    laws[2] = replace(laws[2], source=replace(laws[2].source, entropy_rate=None, windows={"1000": 0.3}))
    found = compare_predictors(laws, BUDGETS)
    assert found.left_out == {
        "H of 8000 tokens": "not known of 1 of 8 sources",
        "entropy rate": "not known of 1 of 8 sources",
    }
    assert as_json(found)["verdict"] == found.verdict


# --- from rows --------------------------------------------------------------------------------------------------------


def test_too_few_sources_are_refused_with_every_reason() -> None:
    sources = [source(h) for h in H[:5]]
    rows = [each for record in sources[:4] for each in rows_of(record, true_law(record.compressibility))]
    laws = fit_sources(sources, rows, QUICK)
    assert refusal(laws) == (
        "No coefficients are written: 4 of 5 sources have a law that can be used, and lines in H need 5.\n"
        "g430: there are 0 usable runs, and five parameters need at least 6."
    )


def test_sources_of_one_h_are_refused() -> None:
    names = [f"g{i}" for i in range(5)]
    laws = fitted([0.3] * 5, laws_of(np.full(5, 0.3), 1.0, np.random.default_rng(0)), name=names, data=names)
    assert refusal(laws) == "No coefficients are written: all 5 sources have the same H or one of two."


def test_the_regression_is_over_accepted_laws_by_name() -> None:
    sources = [source(h) for h in reversed(H[:6])]
    rows = [each for record in sources for each in rows_of(record, true_law(record.compressibility))]
    laws = fit_sources(sources, rows, QUICK)
    found = regress_on_h(laws)
    again = regress_on_h(tuple(reversed(laws)))
    assert [law.source.name for law in found.laws] == ["g150", "g220", "g290", "g360", "g430", "g500"]
    assert found.draws.lines.tobytes() == again.draws.lines.tobytes()
    assert found.log.flops == found.flops[1] == 6.0 * 10 * 4 * 160**2 * 24_300_000
    assert found.epsilon == again.epsilon
    assert found.predictors == again.predictors
