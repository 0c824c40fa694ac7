"""The regression on a covariate in one stage, beside the one in two."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.fit.fit import FitOptions, fit_problem
from calibration.fit.regression import fit_jointly, regress
from calibration.fit.runs import Runs
from tests.fit.lines_in_h import H, row


def group_runs(h: float, noise: float, seed: int) -> Runs:
    n, d = (v.ravel() for v in np.meshgrid(np.geomspace(1e7, 3e9, 6), np.geomspace(1e9, 2e11, 6)))
    e, log_a, log_b, alpha, beta = row(h)
    log_loss = np.log(np.exp(e) + np.exp(log_a) * n**-alpha + np.exp(log_b) * d**-beta)
    loss = np.exp(log_loss + noise * np.random.default_rng(seed).standard_normal(36))
    return Runs(name="", n_params=n, n_tokens=d, loss=loss, weight=np.ones(36), covariate=h)


def test_the_joint_form_finds_the_lines_from_all_runs_at_once() -> None:
    groups = {g: group_runs(h, 0.002, i) for i, (g, h) in enumerate(H.items())}
    rows = {g: fit_problem(r.problem(), FitOptions(starts="fast")).parameters for g, r in groups.items()}
    two_stage = regress(rows, H, covariate="H", flops=1e21)
    joint = fit_jointly(groups, two_stage, 1e-3)
    assert joint.form == "joint"
    assert joint.joint_slopes is not None
    assert joint.joint_intercepts is not None
    assert joint.joint_slopes["alpha"] == pytest.approx(-0.10, abs=0.03)
    assert joint.joint_slopes["E"] == pytest.approx(0.8, abs=0.1)
    assert joint.joint_intercepts["E"] == pytest.approx(1.2, abs=0.05)
    outside = [
        name for name, s in joint.joint_slopes.items()
        if not two_stage.lines[name].slope_ci95[0] <= s <= two_stage.lines[name].slope_ci95[1]
    ]  # fmt: skip
    assert [r.code for r in joint.reasons] == ["joint-disagrees"] * len(outside)


def test_a_joint_slope_outside_the_two_stage_interval_is_a_caution() -> None:
    """Two-stage lines through laws that the runs contradict: the joint fit follows the runs and says so."""
    groups = {g: group_runs(h, 0.0, 0) for g, h in H.items()}
    rng = np.random.default_rng(5)
    rows = {g: row(h) + np.array([0.0, 0.0, 0.0, 0.05 * h, 0.0]) + 1e-4 * rng.standard_normal(5) for g, h in H.items()}
    joint = fit_jointly(groups, regress(rows, H, covariate="H", flops=1e21), 1e-3)
    assert joint.joint_slopes is not None
    assert joint.joint_slopes["alpha"] == pytest.approx(-0.10, abs=1e-3)
    assert any(r.message.startswith("the joint slope of alpha on H is -0.1, outside") for r in joint.reasons)
