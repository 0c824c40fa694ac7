"""Runs that laws of other forms made."""

from __future__ import annotations

import numpy as np

from calibration.fit.minimum import FitOptions, fit_problem
from calibration.fit.runs import Runs


def runs_of(n: np.ndarray, d: np.ndarray, loss: np.ndarray, unique: np.ndarray | None = None) -> Runs:
    return Runs(name="all", n_params=n, n_tokens=d, loss=loss, weight=np.ones(len(n)), unique_tokens=unique)


def grid(n_sizes: int = 6) -> tuple[np.ndarray, np.ndarray]:
    n, d = np.meshgrid(np.geomspace(1e6, 1e9, n_sizes), np.geomspace(1e8, 2e10, 6))
    return n.ravel(), d.ravel()


def fast(runs: Runs):  # type: ignore[no-untyped-def]
    return fit_problem(runs.problem(), FitOptions(starts="fast"))
