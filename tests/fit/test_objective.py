"""The objective's gradient and curvature against differences and a plain product."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.fit.objective import evaluate, jacobian, shares
from tests.fit.synthetic_runs import synthetic


@pytest.mark.parametrize("delta", [1e-3, 5e-2])
def test_gradient_and_hessian_are_the_differences_of_the_objective(delta: float) -> None:
    problem = synthetic("outliers48")
    theta = problem.centred(np.array([[-0.1, 5.5, 4.6, 0.45, 0.28]]))

    def at(row: np.ndarray) -> tuple[float, np.ndarray]:
        e = evaluate(problem, row, delta, weight=None, newton=True)
        return float(e.objective[0]), e.gradient[0]

    exact = evaluate(problem, theta, delta, weight=None, newton=True)
    steps = 1e-7 * np.eye(5)
    differences = [(np.subtract(at(theta + s)[0], at(theta - s)[0])) / 2e-7 for s in steps]
    np.testing.assert_allclose(exact.gradient[0], differences, rtol=1e-5)
    differences = [(at(theta + s)[1] - at(theta - s)[1]) / 2e-7 for s in steps]
    np.testing.assert_allclose(exact.curvature[0], differences, rtol=1e-5, atol=1e-8 * np.abs(exact.curvature).max())


def test_reweighted_curvature_is_j_w_j() -> None:
    problem = synthetic("grid36")
    theta = problem.centred(np.array([[0.6, 6.0, 7.5, 0.34, 0.36]]))
    j = jacobian(problem, theta[0])
    r = problem.log_loss - shares(problem, theta)[2][0]
    expected = j.T @ (j * np.minimum(1.0, 1e-3 / np.abs(r))[:, None])
    curvature = evaluate(problem, theta, 1e-3, weight=None, newton=False).curvature[0]
    np.testing.assert_allclose(curvature, expected, rtol=1e-10)
