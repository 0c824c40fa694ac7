"""Laws on a covariate: the line and its p-value against scipy, leave-one-out on exact lines, and the joint form."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from advisor.errors import RunsError
from calibration.fit.covariate.joint import JointLines, fit_jointly
from calibration.fit.minimum import FitOptions, fit_problem, log_optimum
from calibration.fit.regression import Regression, regress, with_joint_fit
from calibration.fit.runs import Runs
from tests.fit.lines_in_h import H, row


def regression_of(form: str = "log", noise: float = 0.0) -> Regression:
    rng = np.random.default_rng(2)
    rows = {g: row(h) + noise * rng.standard_normal(5) for g, h in H.items()}
    return regress(rows, H, covariate="H", flops=1e21, form=form)  # type: ignore[arg-type]


def test_exact_lines_are_found_and_carry_over() -> None:
    found = regression_of()
    slopes = {name: line.slope for name, line in found.lines.items()}
    assert slopes == pytest.approx({"log_A": -1.0, "log_B": 0.5, "E": 0.8, "alpha": -0.10, "beta": -0.02}, abs=1e-9)
    assert found.left_out == pytest.approx(dict.fromkeys(H, 0.0), abs=1e-8)
    assert found.median_left_out_error == pytest.approx(0.0, abs=1e-8)


def test_the_linear_form_is_the_papers_and_carries_over_worse() -> None:
    found = regression_of("linear")
    assert list(found.lines) == ["E", "A", "B", "alpha", "beta"]
    h, a = np.array(list(H.values())), np.exp([row(x)[1] for x in H.values()])
    assert found.lines["A"].slope == pytest.approx(stats.linregress(h, a).slope, rel=1e-10)
    assert found.median_left_out_error is not None
    assert found.median_left_out_error > 1e-4


def test_dlnn_dh_is_the_line_through_the_groups_own_optima() -> None:
    found = regression_of(noise=0.01)
    h = np.array(list(H.values()))
    rng = np.random.default_rng(2)
    optima = [float(log_optimum(row(x) + 0.01 * rng.standard_normal(5), 1e21)) for x in h]
    expected = stats.linregress(h, optima)
    assert found.log_optimum.slope == pytest.approx(expected.slope, rel=1e-9)
    assert found.log_optimum.p_value == pytest.approx(expected.pvalue, rel=1e-8)


def test_lines_that_leave_the_laws_domain_are_said() -> None:
    rows = {g: row(h) for g, h in H.items()}
    rows["f"] = row(0.6) - np.array([0, 0, 0, 0.3, 0])
    rows["e"] = row(0.55) - np.array([0, 0, 0, 0.3, 0])
    values = {**H, "f": 1.4}
    found = regress(rows, values, covariate="H", flops=1e21)
    assert found.left_out["f"] is None
    assert found.median_left_out_error is None
    assert [r.message for r in found.reasons] == [
        "without f the lines give an A, B, alpha or beta that is not positive there."
    ]


def test_what_cannot_be_regressed() -> None:
    with pytest.raises(RunsError) as error:
        regress({g: row(0.1) for g in "ab"}, H, covariate="H", flops=1e21)
    assert str(error.value) == "a line in H needs 3 groups or more with a law, and there are 2."
    with pytest.raises(RunsError) as error:
        regress({g: row(0.1) for g in "abc"}, dict.fromkeys("abc", 0.3), covariate="H", flops=1e21)
    assert str(error.value) == "H is 0.3 in every group; a regression needs values that differ."


# --- in one stage -----------------------------------------------------------------------------------------------------


def group_runs(h: float, noise: float, seed: int) -> Runs:
    n, d = (v.ravel() for v in np.meshgrid(np.geomspace(1e7, 3e9, 6), np.geomspace(1e9, 2e11, 6)))
    e, log_a, log_b, alpha, beta = row(h)
    log_loss = np.log(np.exp(e) + np.exp(log_a) * n**-alpha + np.exp(log_b) * d**-beta)
    loss = np.exp(log_loss + noise * np.random.default_rng(seed).standard_normal(36))
    return Runs(name="", n_params=n, n_tokens=d, loss=loss, weight=np.ones(36), covariate=h)


def both(rows: dict[str, np.ndarray], groups: dict[str, Runs]) -> tuple[Regression, JointLines]:
    two_stage = regress(rows, H, covariate="H", flops=1e21)
    return two_stage, fit_jointly(groups, rows, H, two_stage.lines, 1e-3)


def test_the_joint_form_finds_the_lines_from_all_runs_at_once() -> None:
    groups = {g: group_runs(h, 0.002, i) for i, (g, h) in enumerate(H.items())}
    rows = {g: fit_problem(r.problem(), FitOptions(starts="fast")).parameters for g, r in groups.items()}
    two_stage, joint = both(rows, groups)
    assert joint.slopes["alpha"] == pytest.approx(-0.10, abs=0.03)
    assert pytest.approx({g: 1.2 + 0.8 * h for g, h in H.items()}, abs=0.02) == joint.E
    separate = sum(fit_problem(r.problem(), FitOptions(starts="fast")).objective for r in groups.values())
    assert joint.separate_objective == pytest.approx(separate, rel=1e-9)
    assert 1.0 < joint.times_separate < joint.e_on_line_times_separate < 1.3  # E lies on a line here
    law = joint.law_at(0.3)
    assert law is not None
    assert float(log_optimum(law, 1e21)) == pytest.approx(float(log_optimum(row(0.3), 1e21)), abs=0.05)
    found = with_joint_fit(two_stage, joint)
    outside = [
        name for name, s in joint.slopes.items()
        if not two_stage.lines[name].slope_ci95[0] <= s <= two_stage.lines[name].slope_ci95[1]
    ]  # fmt: skip
    assert [r.code for r in found.reasons if r.code == "joint-disagrees"] == ["joint-disagrees"] * len(outside)


def test_e_off_its_line_costs_the_joint_fit_nothing_but_would_on_a_line() -> None:
    groups = {g: group_runs(h, 0.002, i) for i, (g, h) in enumerate(H.items())}
    for i, name in enumerate(groups):
        groups[name].loss[:] += 0.2 * (-1) ** i
    rows = {g: fit_problem(r.problem(), FitOptions(starts="fast")).parameters for g, r in groups.items()}
    _, joint = both(rows, groups)
    assert joint.times_separate < 1.3
    assert joint.e_on_line_times_separate > 4 * joint.times_separate


def test_a_joint_slope_outside_the_two_stage_interval_is_a_caution() -> None:
    """Two-stage lines through laws that the runs contradict: the joint fit follows the runs and says so."""
    groups = {g: group_runs(h, 0.0, 0) for g, h in H.items()}
    rng = np.random.default_rng(5)
    rows = {g: row(h) + np.array([0.0, 0.0, 0.0, 0.05 * h, 0.0]) + 1e-4 * rng.standard_normal(5) for g, h in H.items()}
    found = with_joint_fit(*both(rows, groups))
    assert found.joint is not None
    assert found.joint.slopes["alpha"] == pytest.approx(-0.10, abs=1e-3)
    assert any(r.message.startswith("the joint slope of alpha on H is -0.1, outside") for r in found.reasons)
