"""The fit: optima found by others, oracles for derivatives, and what the options promise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from advisor.errors import UsageError
from calibration.fit.minimum import FitOptions, fit_problem, log_optimum
from calibration.fit.objective import Problem, shares
from calibration.fit.runs import read_runs
from tests.fit.synthetic_runs import synthetic

REFERENCE = Path(__file__).resolve().parents[3] / "shared/reference"


# objective, E, A, B, alpha, beta. Printed by `python tests/fit/make_runs.py --optima` (scipy 1.17.1, numpy 2.3.5).
SYNTHETIC = {
    "grid36": (8.533545426279e-05, 1.81539, 472.84, 2554.36, 0.347888, 0.375392),
    "isoflop56": (4.034742026585e-04, 1.67492, 469.752, 274.135, 0.347334, 0.264295),
    "outliers48": (5.014837699936e-04, 0.903675, 259.361, 94.5302, 0.456482, 0.280473),
}


# The best optima known before this code, found by several optimisers on the same data.
PUBLISHED = {
    "chinchilla_figure_runs": (8.40093119957e-4, 1.7839, 442.16, 1271.8, 0.34263, 0.34200),
    "gemstones_dclm": (6.97010730109e-3, 2.0001, 102.48, 4.1878e5, 0.24042, 0.59879),
    "gemstones_fineweb_edu": (7.23822333872e-3, 1.873, 124.79, 4.5015e5, 0.25071, 0.60012),
}


COLUMNS = {"chinchilla_figure_runs": {"n_params": "N", "n_tokens": "D"}}


TRUTH = np.array([0.5971119597824348, 6.177955975826981, 7.6427323622433505, 0.34781302903942635, 0.3658541172951044])


def reference(name: str) -> Problem:
    path = REFERENCE / f"{name}.csv"
    if not path.is_file():
        pytest.skip(f"the reference data {path.name} are not beside this checkout")
    return read_runs(path, columns=COLUMNS.get(name))["all"].problem()


def random_problem(seed: int, noise: float = 0.01, n: int = 120) -> Problem:
    rng = np.random.default_rng(seed)
    log_n, log_d = rng.uniform(np.log(1e7), np.log(5e9), n), rng.uniform(np.log(5e8), np.log(2e11), n)
    e, log_a, log_b, alpha, beta = TRUTH
    loss = np.exp(e) + np.exp(log_a - alpha * log_n) + np.exp(log_b - beta * log_d)
    log_loss = np.log(loss) + noise * rng.standard_normal(n)
    return Problem(log_n=log_n, log_d=log_d, log_loss=log_loss, weight=np.ones(n))


def check_optimum(problem: Problem, expected: tuple[float, ...], rtol: float) -> None:
    fit = fit_problem(problem)
    assert fit.objective <= expected[0] * (1 + 1e-9)
    found = [*np.exp(fit.parameters[:3]), *fit.parameters[3:]]
    np.testing.assert_allclose(found, expected[1:], rtol=rtol)


@pytest.mark.parametrize("name", SYNTHETIC)
def test_optimum_of_synthetic_runs_is_at_or_below_that_of_scipy(name: str) -> None:
    check_optimum(synthetic(name), SYNTHETIC[name], rtol=1e-5)


@pytest.mark.parametrize("name", PUBLISHED)
def test_optimum_of_real_runs_is_at_or_below_the_best_known(name: str) -> None:
    check_optimum(reference(name), PUBLISHED[name], rtol=1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_fast_starts_find_the_optimum_of_all_4500(seed: int) -> None:
    problem = random_problem(seed, noise=(0.002, 0.01, 0.03)[seed % 3], n=110)
    fast, every = (fit_problem(problem, FitOptions(starts=starts)) for starts in ("fast", "all"))
    assert (fast.n_starts < 120, every.n_starts > 4500) == (True, True)
    assert fast.objective == pytest.approx(every.objective, rel=1e-10)


def test_few_runs_get_all_of_hoffmanns_starts() -> None:
    assert fit_problem(synthetic("grid36")).n_starts > 4500
    assert fit_problem(random_problem(0, n=101)).n_starts < 120


def test_a_run_of_weight_two_is_two_runs() -> None:
    p = synthetic("grid36")
    twice = Problem(log_n=p.log_n, log_d=p.log_d, log_loss=p.log_loss, weight=np.where(np.arange(36) < 5, 2.0, 1.0))
    rows = np.concatenate([np.arange(36), np.arange(5)])
    repeated = Problem(log_n=p.log_n[rows], log_d=p.log_d[rows], log_loss=p.log_loss[rows], weight=np.ones(41))
    one, other = fit_problem(twice, FitOptions(starts="fast")), fit_problem(repeated, FitOptions(starts="fast"))
    assert one.objective == pytest.approx(other.objective, rel=1e-10)
    np.testing.assert_allclose(one.parameters, other.parameters, rtol=1e-6)


def test_counting_n_in_other_units_changes_only_a() -> None:
    p = synthetic("grid36")
    thousands = Problem(log_n=p.log_n - np.log(1e3), log_d=p.log_d, log_loss=p.log_loss, weight=p.weight)
    one, other = fit_problem(p), fit_problem(thousands)
    shift = np.array([0, -one.parameters[3] * np.log(1e3), 0, 0, 0])
    np.testing.assert_allclose(other.parameters, one.parameters + shift, rtol=1e-7)


def test_noiseless_runs_give_their_law_back() -> None:
    fit = fit_problem(random_problem(0, noise=0.0))
    np.testing.assert_allclose(fit.parameters, TRUTH, rtol=1e-5)


def test_fixed_e_is_held_and_costs_what_it_costs() -> None:
    problem = synthetic("grid36")
    free, fixed = fit_problem(problem), fit_problem(problem, FitOptions(fixed_e=1.7))
    assert np.exp(fixed.parameters[0]) == pytest.approx(1.7, rel=1e-12)
    assert fixed.objective > free.objective * 1.01
    at_optimum = fit_problem(problem, FitOptions(fixed_e=float(np.exp(free.parameters[0]))))
    assert at_optimum.objective == pytest.approx(free.objective, rel=1e-9)


def test_an_upper_bound_on_e_binds_only_below_the_optimum() -> None:
    problem = synthetic("grid36")
    assert np.exp(fit_problem(problem, FitOptions(max_e=1.7)).parameters[0]) == pytest.approx(1.7, rel=1e-9)
    assert np.exp(fit_problem(problem, FitOptions(max_e=1.9)).parameters[0]) == pytest.approx(1.81539, rel=1e-5)


def test_delta_auto_is_1345_residual_scales() -> None:
    fit = fit_problem(synthetic("grid36"), FitOptions(delta="auto"))
    assert fit.delta == pytest.approx(1.345 * fit.scale, rel=2e-3)
    assert fit.delta > 2e-3


def test_l1_is_no_worse_than_scipys_simplex_search_from_it() -> None:
    from scipy.optimize import minimize

    problem = synthetic("outliers48")
    fit = fit_problem(problem, FitOptions(delta="l1"))

    def total(theta: np.ndarray) -> float:
        return float(np.abs(problem.log_loss - shares(problem, theta[None])[2][0]).sum())

    huber = fit_problem(problem)
    searched = minimize(
        total, huber.theta, method="Nelder-Mead", options={"maxiter": 20000, "maxfev": 20000, "xatol": 1e-9}
    )
    assert fit.objective <= searched.fun * (1 + 1e-5)
    assert fit.objective < total(huber.theta)
    assert (np.abs(fit.residuals) < 1e-6).sum() >= 5  # a least-absolute fit passes through as many runs as parameters


def test_log_optimum_minimises_the_loss_at_the_budget() -> None:
    _, log_a, log_b, alpha, beta = TRUTH
    log_n = float(log_optimum(TRUTH, 5.76e23))

    def loss(x: float) -> float:
        return float(np.exp(log_a - alpha * x) + np.exp(log_b - beta * (np.log(5.76e23 / 6) - x)))

    assert loss(log_n) < min(loss(log_n - 1e-3), loss(log_n + 1e-3))
    assert 5.76e23 / 6 / np.exp(2 * log_n) == pytest.approx(18.3, abs=0.05)  # D/N: Besiroglu et al. 2024


def test_the_same_runs_give_the_same_bytes() -> None:
    one, other = fit_problem(synthetic("isoflop56")), fit_problem(synthetic("isoflop56"))
    assert one.theta.tobytes() == other.theta.tobytes()


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"delta": 0.0}, "delta is 0; give a positive number, auto or l1."),
        ({"fixed_e": -1.0}, "E is -1 nats/token; it must be a positive number."),
        ({"max_e": float("nan")}, "the upper bound on E is nan nats/token; it must be a positive number."),
        ({"fixed_e": 1.0, "max_e": 2.0}, "E is fixed at 1 and bounded by 2; give one of the two."),
    ],
)
def test_impossible_options(kwargs: dict[str, float], message: str) -> None:
    with pytest.raises(UsageError) as error:
        FitOptions(**kwargs)
    assert str(error.value) == message


def test_e_is_held_below_every_loss() -> None:
    problem = synthetic("grid36")
    least = float(np.exp(problem.log_loss.min()))
    fit_problem(problem, FitOptions(fixed_e=0.99 * least, starts="fast"))
    with pytest.raises(UsageError) as error:
        fit_problem(problem, FitOptions(fixed_e=9.0))
    assert str(error.value) == (
        f"E is fixed at 9 nats/token, and the least loss of these runs is {least:.4g}: E is what no model falls below."
    )
