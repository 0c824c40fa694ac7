"""Laws on known lines in H, as rows of parameters and as fits of nearly noiseless runs."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from advisor.laws.parameters import LOG_NAMES
from calibration.fit.analysis import Settings
from calibration.fit.minimum import FitOptions
from calibration.lines.source_laws import SourceLaw, fit_sources
from tests.lines.synthetic_rows import INTERCEPT, SLOPE, H, rows_of, source

X = np.array(H)


NAMES = ("log_A", "log_B", "E", "alpha", "beta")


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
