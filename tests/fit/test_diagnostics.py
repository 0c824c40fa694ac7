"""What a fit says about itself: figures against independent ones, and a table that must be refused for its reasons."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from advisor.quantities import format_quantity
from calibration.fit.bootstrap import bootstrap
from calibration.fit.diagnostics import Diagnostics, condition, diagnose, standard_error
from calibration.fit.minimum import FitOptions, fit_problem, log_optimum
from calibration.fit.profile_of_e import profile_of_e
from calibration.fit.run_checks import check_runs
from calibration.fit.runs import Runs, read_runs
from tests.fit.early_runs import EARLY, early_runs

DATA = Path(__file__).parent
REFERENCE = Path(__file__).resolve().parents[3] / "shared/reference"
LAW = (1.8, 480.0, 2100.0, 0.348, 0.366)


def runs_of(loss: np.ndarray, n: np.ndarray, d: np.ndarray) -> Runs:
    return Runs(name="all", n_params=n, n_tokens=d, loss=loss, weight=np.ones(len(n)))


def grid(law: tuple[float, ...] = LAW, noise: float = 0.004, seed: int = 0, k: int = 7) -> Runs:
    n, d = (v.ravel() for v in np.meshgrid(np.geomspace(2e7, 4e9, k), np.geomspace(1e9, 2e11, k)))
    e, a, b, alpha, beta = law
    loss = (e + a * n**-alpha + b * d**-beta) * np.exp(noise * np.random.default_rng(seed).standard_normal(len(n)))
    return runs_of(loss, n, d)


def diagnosed(runs: Runs, flops: float = 1e22, options: FitOptions | None = None) -> Diagnostics:
    fit = fit_problem(runs.problem(), options)
    return diagnose(runs, fit, bootstrap(fit, n_draws=300), flops, check_runs(runs))


def levels(d: Diagnostics) -> dict[str, str]:
    return {reason.code: reason.level for reason in d.reasons}


def test_sound_runs_are_ok() -> None:
    d = diagnosed(grid())
    assert d.verdict == "ok"
    assert d.reasons == ()
    assert d.profile is not None
    assert d.profile.low is not None
    assert d.profile.high is not None


def test_a_run_far_off_the_law_of_the_others_is_named() -> None:
    runs = grid()
    n, d = runs.n_params[7], runs.n_tokens[7]
    (reason,) = diagnosed(replace(runs, loss=np.where(np.arange(len(runs)) == 7, 2 * runs.loss, runs.loss))).reasons
    assert (reason.code, reason.level) == ("far-off-runs", "caution")
    assert reason.message == (
        "a run is over 10 % and 20 residual scales off the law that describes the others, the farthest that of N "
        f"{format_quantity(n)}, D {format_quantity(d)} and loss {2 * runs.loss[7]:.4g}: see whether it is right."
    )


def test_standard_error_is_the_spread_of_fits_to_fresh_noise() -> None:
    fits = [fit_problem(grid(seed=seed).problem(), FitOptions(starts="fast")) for seed in range(100)]
    spread = np.std([log_optimum(f.parameters, 1e22) for f in fits])
    claimed = np.median([standard_error(f, 1e22) for f in fits])
    assert claimed == pytest.approx(spread, rel=0.25)


def test_gradient_of_the_standard_error_is_that_of_ln_n() -> None:
    """With E fixed and one-run-per-parameter noise the delta method is a plain linear map, checked by differences."""
    from calibration.fit.diagnostics import _gradient_of_log_optimum

    fit = fit_problem(grid().problem())
    steps = 1e-6 * np.eye(5)
    up, down = (log_optimum(fit.problem.uncentred(fit.theta + s * steps), 1e22) for s in (1, -1))
    np.testing.assert_allclose(_gradient_of_log_optimum(fit, 1e22), (up - down) / 2e-6, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(
    ("name", "columns", "expected"),
    [
        ("chinchilla_figure_runs", {"n_params": "N", "n_tokens": "D"}, 70.4),
        ("gemstones_dclm", None, 170.0),
        ("gemstones_fineweb_edu", None, 156.0),
    ],
)
def test_real_tables_are_not_refused(name: str, columns: dict[str, str] | None, expected: float) -> None:
    path = REFERENCE / f"{name}.csv"
    if not path.is_file():
        pytest.skip(f"the reference data {path.name} are not beside this checkout")
    runs = read_runs(path, columns=columns)["all"]
    fit = fit_problem(runs.problem())
    assert condition(fit) == pytest.approx(expected, rel=0.01)
    assert 0.002 <= fit.scale <= 0.0095
    assert diagnose(runs, fit, bootstrap(fit, n_draws=200), 10 * runs.flops.max()).verdict == "ok"


def test_profile_is_the_fit_with_e_held() -> None:
    problem = grid().problem()
    fit = fit_problem(problem)
    profile = profile_of_e(fit)
    assert profile is not None
    for i in (0, 15, 30):
        held = fit_problem(problem, FitOptions(fixed_e=profile.e[i]))
        assert profile.ratio[i] * fit.objective == pytest.approx(held.objective, rel=1e-8)
    assert min(profile.ratio) == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("seed", [2, 5, 9])
def test_profile_of_rough_objectives_is_one_valley(seed: int) -> None:
    """With losses that are mostly noise a descent from the fit alone is caught in lesser optima for these seeds."""
    fit = fit_problem(grid(noise=0.3, seed=seed, k=5).problem(), FitOptions(starts="fast"))
    profile = profile_of_e(fit)
    assert profile is not None
    best = int(np.argmin(profile.ratio))
    steps = np.diff(profile.ratio)
    assert (steps[:best] <= 1e-6).all()
    assert (steps[best:] >= -1e-6).all()


def test_profile_interval_holds_the_true_e() -> None:
    held = 0
    for seed in range(50):
        profile = profile_of_e(fit_problem(grid(seed=seed).problem(), FitOptions(starts="fast")))
        assert profile is not None
        held += (profile.low or 0.0) <= 1.8 <= (profile.high or math.inf)
    assert 44 <= held <= 50


def test_there_is_no_profile_of_an_e_that_is_held() -> None:
    assert profile_of_e(fit_problem(grid().problem(), FitOptions(fixed_e=1.8))) is None
    assert diagnosed(grid(), options=FitOptions(fixed_e=1.8)).verdict == "ok"


def test_runs_far_from_a_floor_are_refused() -> None:
    d = diagnosed(grid(law=(-0.5, 60.0, 90.0, 0.12, 0.14), noise=0.002))
    assert levels(d)["e-at-zero"] == "refused"
    assert levels(d)["ill-conditioned"] == "refused"
    assert d.verdict == "refused"


@pytest.mark.parametrize(("share", "refused"), [(1e-3 - 1e-12, True), (1e-3 + 1e-12, False)])
def test_an_e_of_a_thousandth_of_the_least_loss_is_zero(share: float, refused: bool) -> None:
    """No double has a logarithm that gives exactly a thousandth back."""
    runs = grid(k=5)
    runs = replace(runs, loss=runs.loss / runs.loss.min())
    fit = fit_problem(runs.problem())
    assert fit.problem.log_loss.min() == 0.0
    moved = replace(fit, theta=np.array([math.log(share), *fit.theta[1:]]))
    found = levels(diagnose(runs, moved, bootstrap(fit, n_draws=20), 1e21))
    assert found.get("e-at-zero") == ("refused" if refused else None)


def test_an_e_without_ends_is_a_caution() -> None:
    wide = diagnosed(grid(law=(0.15, 60.0, 90.0, 0.16, 0.18), noise=0.01, seed=1), flops=1e19)
    (reason,) = [r for r in wide.reasons if r.code == "e-unidentified"]
    assert reason.level == "caution"
    assert reason.message == (
        "the profile of E does not exclude E near 0: how much of the loss can be reduced is not known."
    )


def test_losses_that_are_all_noise_are_refused() -> None:
    assert levels(diagnosed(grid(noise=0.3)))["large-residuals"] == "refused"
    assert levels(diagnosed(grid(noise=0.045)))["large-residuals"] == "caution"


def test_a_term_that_does_not_vary_is_a_caution() -> None:
    d = diagnosed(grid(law=(1.8, 480.0, 20.0, 0.348, 0.366), noise=0.01))
    assert levels(d)["flat-d-term"] == "caution"
    assert "flat-n-term" not in levels(d)


def test_the_budget_decides_how_wide_is_too_wide() -> None:
    runs = grid(noise=0.02, seed=3, k=4)
    near, far = diagnosed(runs, 1e21), diagnosed(runs, 1e30)
    assert near.se_log_n is not None
    assert far.se_log_n is not None
    assert near.se_log_n < 0.7 < far.se_log_n
    assert levels(far)["wide-optimum"] == "refused"
    assert levels(near).get("wide-optimum") != "refused"


def test_the_early_runs_are_refused_each_group_for_its_reasons(tmp_path: Path) -> None:
    path = early_runs(tmp_path / "early.jsonl")
    groups = read_runs(path, columns={"n_params": "model_size", "n_tokens": "token_ct"}, group="corpus")
    assert list(groups) == list(EARLY)
    for name, runs in groups.items():
        d = diagnosed(runs, 10 * runs.flops.max())
        assert {code for code, level in levels(d).items() if level == "refused"} == EARLY[name]
        if "ill-conditioned" in EARLY[name]:
            assert d.condition is not None
            assert 1e6 <= d.condition <= 3e8
    assert sum((runs.loss >= 0.95 * np.log(32001)).sum() for runs in groups.values()) == 7
