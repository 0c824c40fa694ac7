"""Beyond the fitted budgets: the drift that a table's own cuts measure, what is said of it, and wider intervals."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from advisor.laws.drift import LEAST, Drift
from advisor.laws.scaling_law import Ranges
from calibration.fit.analysis import GroupFit, Settings, fit_group
from calibration.fit.beyond.budget import budget_of
from calibration.fit.beyond.cuts import FACTORS
from calibration.fit.beyond.extrapolation import Extrapolation
from calibration.fit.runs import Runs
from tests.fit.drifting_runs import BUDGETS, best_n, isoflop_runs, kappa_by_hand, true_loss
from tests.fit.form_runs import runs_of

FURTHER = 5e20  # ten times the largest budget


def fitted(runs: Runs, *budgets: float) -> GroupFit:
    settings = Settings(n_draws=400, budgets=budgets or (float(runs.flops.max()),))
    return fit_group(runs, settings, source="simulated")


def extrapolation(runs: Runs) -> Extrapolation:
    found = fitted(runs).extrapolation
    assert found is not None
    return found


@pytest.fixture(scope="module")
def drifting() -> GroupFit:
    return fitted(isoflop_runs(drift=0.02), FURTHER)


def test_each_cut_measures_what_fits_from_all_starts_do(drifting: GroupFit) -> None:
    assert drifting.extrapolation is not None
    cuts = drifting.extrapolation.cuts
    assert [cut.factor for cut in cuts] == list(FACTORS)
    for cut in cuts:
        rms, mean, shift = kappa_by_hand(drifting.runs, cut.factor)
        assert cut.drift is not None
        assert cut.drift.loss == pytest.approx(rms, rel=1e-3)
        assert cut.drift.n_params == pytest.approx(shift, abs=1e-3)
        assert cut.bias == pytest.approx(mean, rel=1e-3)
        assert cut.n_below == (drifting.runs.flops <= drifting.runs.flops.max() / cut.factor).sum()


def test_the_law_carries_the_largest_drift_of_all_cuts(drifting: GroupFit) -> None:
    assert drifting.law is not None
    assert drifting.extrapolation is not None
    measured = [cut.drift for cut in drifting.extrapolation.cuts if cut.drift is not None]
    assert drifting.law.drift == drifting.extrapolation.drift
    assert drifting.law.drift.loss == max(d.loss for d in measured) > 1.2 * LEAST.loss
    assert drifting.law.drift.n_params == max(LEAST.n_params, *(d.n_params for d in measured))


def test_runs_that_the_law_made_need_the_least(drifting: GroupFit) -> None:
    found = extrapolation(isoflop_runs(drift=0.0))
    assert found.drift == LEAST
    assert all(cut.drift is not None and cut.drift.loss < LEAST.loss for cut in found.cuts)
    assert "the least that other runs need" in found.in_words[-1]
    assert drifting.extrapolation is not None
    assert "the loss (measured on these runs)" in drifting.extrapolation.in_words[-1]


@pytest.mark.parametrize(("drift", "e", "how_many"), [(0.02, "falls", "5 of 5"), (-0.02, "rises", "0 of 5")])
def test_the_direction_is_said(drift: float, e: str, how_many: str) -> None:
    found = extrapolation(isoflop_runs(drift=drift))
    said = " ".join(found.in_words)
    assert f"As budgets are added, E {e} from " in said
    assert f"{how_many} refits to smaller budgets predicted the runs above them too high" in said
    assert said.endswith("Losses usually come out lower than predicted.")


def test_residuals_have_a_trend_where_the_largest_runs_lie_below() -> None:
    runs = isoflop_runs(drift=0.0)
    assert "no sure trend" in extrapolation(runs).in_words[0]
    lowered = replace(runs, loss=runs.loss * np.where(runs.flops > 4e19, 0.97, 1.0))
    found = extrapolation(lowered)
    assert found.residuals is not None
    assert found.residuals.slope < 0
    assert found.residuals.p_value < 0.01
    assert found.in_words[0].endswith("the largest runs lie below the law.")


def test_too_few_runs_below_keep_the_floor_and_say_so() -> None:
    runs = isoflop_runs(drift=0.05, budgets=BUDGETS[-2:])  # 11 runs below the largest budget
    found = extrapolation(runs)
    assert (found.cuts, found.drift) == ((), LEAST)
    assert "fewer than 20 runs are below half of the largest budget" in found.in_words[-1]


def test_a_refit_that_is_refused_keeps_the_floor_and_says_why() -> None:
    runs = isoflop_runs(drift=0.0, budgets=np.geomspace(8e18, 9.9e18, 3))
    n = np.geomspace(1e7, 2e8, 25)
    line = runs_of(n, 20 * n, true_loss(n, 20 * n, 0.0))
    both = runs_of(*(np.concatenate([getattr(line, k), getattr(runs, k)]) for k in ("n_params", "n_tokens", "loss")))
    found = extrapolation(both)
    assert len(found.cuts) > 0
    assert all(cut.drift is None for cut in found.cuts)
    assert found.drift == LEAST
    assert any("runs on one line cannot tell the two terms of the law apart" in said for said in found.in_words)
    assert "none of the refits to smaller budgets can be believed" in found.in_words[-1]


def test_intervals_beyond_the_largest_budget_hold_what_the_refits_alone_miss(drifting: GroupFit) -> None:
    assert drifting.fit is not None
    assert drifting.draws is not None
    assert drifting.law is not None
    (wide,) = drifting.budgets
    narrow = budget_of(drifting.fit, drifting.draws, FURTHER, replace(drifting.law, ranges=Ranges()))
    truth = float(true_loss(np.array([wide.n_params]), np.array([wide.n_tokens]), 0.02)[0])
    assert not narrow.loss_ci95[0] < truth < narrow.loss_ci95[1]
    assert wide.loss_ci95[0] < truth < wide.loss_ci95[1]
    assert wide.e_folds_beyond == pytest.approx(math.log(FURTHER / drifting.runs.flops.max()))
    assert (wide.n_params, wide.loss) == (narrow.n_params, narrow.loss)


def test_the_widening_is_the_drift_for_each_e_fold(drifting: GroupFit) -> None:
    """Far off the drift is all there is: ln of the interval's ends is 1.96 drifts and e-folds to both sides."""
    assert drifting.fit is not None
    assert drifting.draws is not None
    assert drifting.law is not None
    law, far = replace(drifting.law, drift=Drift(0.5, 2.0)), math.log(FURTHER / drifting.runs.flops.max())
    budget = budget_of(drifting.fit, drifting.draws, FURTHER, law)
    for (low, high), value, drift in (
        (budget.n_params_ci95, budget.n_params, 2.0),
        (budget.n_tokens_ci95, budget.n_tokens, 2.0),
        (budget.loss_ci95, budget.loss, 0.5),
    ):
        assert [math.log(low / value), math.log(high / value)] == pytest.approx(
            [-1.96 * drift * far, 1.96 * drift * far], rel=0.06
        )


def test_inside_the_fitted_budgets_nothing_is_widened(drifting: GroupFit) -> None:
    assert drifting.fit is not None
    assert drifting.draws is not None
    assert drifting.law is not None
    inside = float(drifting.runs.flops.max())
    found = budget_of(drifting.fit, drifting.draws, inside, replace(drifting.law, drift=Drift(0.5, 2.0)))
    assert found.e_folds_beyond == 0
    assert found.n_params_ci95[1] < 1.1 * found.n_params
    assert found.n_params == pytest.approx(best_n(drifting.fit.parameters, inside), rel=1e-3)


def test_a_refused_law_tries_no_cuts() -> None:
    runs = isoflop_runs(drift=0.0)
    refused = fitted(runs_of(runs.n_params, 20 * runs.n_params, runs.loss))
    assert refused.diagnostics.verdict == "refused"
    assert refused.extrapolation is None
    assert refused.law is not None
    assert refused.law.drift == LEAST
