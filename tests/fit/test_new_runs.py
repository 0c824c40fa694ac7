"""New runs beside a law: residuals in standard deviations, coverage, the verdict."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from advisor.errors import RunsError
from advisor.laws.drift import Drift
from advisor.laws.law_file import write_law
from advisor.laws.parameters import Parameters
from advisor.laws.scaling_law import Ranges, ScalingLaw
from calibration.fit.analysis import Analysis, Settings, analyse
from calibration.fit.beyond.new_runs import RunComparison, compare, compare_with_fit, compare_with_law
from calibration.fit.document import write_law_file
from calibration.fit.reason import Reason
from calibration.fit.runs import Runs
from tests.fit.drifting_runs import isoflop_runs
from tests.fit.form_runs import runs_of

SMALL, LARGE = np.geomspace(2e17, 1e19, 6), np.array([5e19, 1e20])


def law_of(*draws: Parameters, drift: Drift = Drift(0.02, 0.1)) -> ScalingLaw:  # noqa: B008
    row = draws[0] if draws else Parameters(math.log(1.8), math.log(1600), math.log(4200), 0.43, 0.42)
    e, a, b = (math.exp(x) for x in row[:3])
    ranges = Ranges(flops=(1e18, 1e20))
    return ScalingLaw(
        name="mine", E=e, A=a, B=b, alpha=row[3], beta=row[4], count="total", source="here", draws=draws,
        ranges=ranges, drift=drift,
    )  # fmt: skip


def one_run(law: ScalingLaw, flops: float, off: float) -> Runs:
    """Return a run of 1e8 parameters whose ln(loss) is ``off`` from what the law predicts."""
    n, d = np.array([1e8]), np.array([flops / 6e8])
    return runs_of(n, d, np.array([law.loss(1e8, flops / 6e8) * math.exp(off)]))


def test_the_standard_deviation_is_that_of_draws_scatter_and_drift_together() -> None:
    """E twice in a third of the draws, so that the sd of ln L over them can be written down."""
    low = Parameters(math.log(1.8), math.log(1600), math.log(4200), 0.43, 0.42)
    high = low._replace(E=math.log(1.9))
    law = law_of(low, low, high)
    flops = 1e20 * math.e**2
    excess = law.loss(1e8, flops / 6e8) - 1.8
    logs = [math.log(1.8 + excess)] * 2 + [math.log(1.9 + excess)]
    mean = sum(logs) / 3
    known = sum((x - mean) ** 2 for x in logs) / 3
    (run,) = compare(law, one_run(law, flops, -0.05), 0.003).runs
    sd = math.sqrt(known + 0.003**2 + (0.02 * 2) ** 2)
    assert run.sd == pytest.approx(sd, rel=1e-9)
    assert run.sigmas == pytest.approx(-0.05 / sd, rel=1e-9)
    assert run.e_folds_beyond == pytest.approx(2)
    (inside,) = compare(law, one_run(law, 1e20, -0.05), 0.003).runs
    assert inside.sd < 0.9 * sd
    assert inside.e_folds_beyond == 0


def test_the_least_drift_is_taken_where_a_law_has_less() -> None:
    law = law_of(drift=Drift(0.001, 0.0))
    (run,) = compare(law, one_run(law, 1e20 * math.e, 0.01), 0.0).runs
    assert run.sd == pytest.approx(0.008)


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    runs = isoflop_runs(drift=0.0, noise=0.003, budgets=SMALL)
    return analyse({"all": runs}, Settings(n_draws=400), source="simulated")


def compared(analysis: Analysis, runs: Runs) -> RunComparison:
    return compare_with_fit({"all": runs}, analysis)["all"]


def test_runs_that_the_law_made_are_covered_as_often_as_they_should_be(analysis: Analysis) -> None:
    """Inside the fitted budgets: nothing is widened there, so intervals that are too wide are found as well."""
    shares = [
        (found.coverage80, found.coverage95)
        for seed in range(1, 16)
        for found in [compared(analysis, isoflop_runs(drift=0.0, noise=0.003, budgets=SMALL, seed=seed))]
    ]
    assert np.mean(shares, 0) == pytest.approx([0.8, 0.95], abs=0.05)
    assert np.mean([s[0] for s in shares]) < 0.9


def test_the_verdict_tells_a_law_that_holds_from_one_that_does_not(analysis: Analysis) -> None:
    same = compared(analysis, isoflop_runs(drift=0.0, noise=0.003, budgets=LARGE, seed=5))
    assert same.verdict == "agrees"
    assert same.in_words[0].startswith("The new runs agree with the law: ")
    off = isoflop_runs(drift=0.0, noise=0.003, budgets=SMALL, seed=5)
    lower = compared(analysis, replace(off, loss=0.98 * off.loss))
    assert lower.verdict == "disagrees"
    assert lower.in_words[0].endswith("fewer than chance allows; fit again with them.")
    assert lower.mean_sigmas < -3
    assert -0.025 < lower.mean_residual < -0.015
    assert "% lower than predicted (-" in lower.in_words[1]
    higher = compared(analysis, replace(off, loss=1.02 * off.loss))
    assert "% higher than predicted" in higher.in_words[1]


@pytest.mark.parametrize(("sigmas", "verdict"), [(1.9, "agrees"), (2.5, "disagrees")])
def test_one_run_is_judged_by_its_own_95_percent_interval(sigmas: float, verdict: str) -> None:
    law = law_of()
    assert compare(law, one_run(law, 1e20, 0.01 * sigmas), 0.01).verdict == verdict


def test_how_far_beyond_the_fitted_budgets_is_said(analysis: Analysis) -> None:
    said = " ".join(compared(analysis, isoflop_runs(drift=0.0, budgets=LARGE)).in_words)
    assert "22 are beyond the largest fitted budget, 1e19 FLOPs, by up to a factor of 10: " in said
    inside = " ".join(compared(analysis, isoflop_runs(drift=0.0, budgets=SMALL)).in_words)
    assert "beyond the largest" not in inside


def test_a_law_file_compares_like_the_fit_that_wrote_it(analysis: Analysis, tmp_path) -> None:
    write_law_file(tmp_path / "law.json", analysis.groups["all"], analysis)
    new = isoflop_runs(drift=0.0, noise=0.003, budgets=LARGE)
    by_file, by_fit = compare_with_law({"all": new}, tmp_path / "law.json")["all"], compared(analysis, new)
    assert [run.sigmas for run in by_file.runs] == pytest.approx([run.sigmas for run in by_fit.runs], rel=1e-6)
    assert by_file.in_words == by_fit.in_words


def test_a_law_without_draws_or_scatter_says_that_its_intervals_are_too_narrow(tmp_path) -> None:
    law = replace(law_of(), ranges=Ranges())
    write_law(law, tmp_path / "law.json")
    found = compare_with_law({"all": one_run(law, 1e20, 0.01)}, tmp_path / "law.json")["all"]
    assert "The law does not say which budgets it was fitted to, so nothing is widened beyond them." in found.in_words
    assert found.in_words[-1] == (
        "The law says nothing of what the fit does not know and how single runs scatter: the intervals are too narrow."
    )


def test_runs_without_a_loss_or_that_repeat_data_are_left_out() -> None:
    law = law_of()
    runs = runs_of(np.full(3, 1e8), np.full(3, 1e9), np.array([3.0, 3.1, math.nan]), np.array([1e9, 1e8, 1e9]))
    found = compare(law, runs, 0.01)
    assert (len(found.runs), found.n_left_out) == (1, 2)
    assert found.in_words[-1] == "2 more repeat data or have no loss, and are left out."
    with pytest.raises(RunsError, match=r"^No run of all can be compared with a law: "):
        compare(law, runs.where(np.array([False, True, True])), 0.01)


def test_many_runs_are_judged_without_overflow() -> None:
    law = law_of()
    many = runs_of(np.full(5000, 1e8), np.full(5000, 1e9), np.full(5000, law.loss(1e8, 1e9)))
    assert compare(law, many, 0.01).verdict == "agrees"


def test_runs_whose_unit_is_in_doubt_are_not_to_be_fitted_with() -> None:
    message = "the losses are 1.4 times those of web text: if they are bits per token, add --loss-unit bits."
    doubt = Reason(code="odd-loss", level="caution", message=message)
    law = law_of()
    found = compare(law, replace(one_run(law, 1e20, 0.36), cautions=(doubt,)), 0.01)
    assert found.in_words[0].endswith(
        f"fewer than chance allows; see to their units first. {message[0].upper()}{message[1:]}"
    )
    assert sum("1.4 times" in sentence for sentence in found.in_words) == 1


def test_a_run_beyond_by_rounding_alone_is_not_beyond() -> None:
    law = law_of()
    for factor, said in ((1.004, False), (1.01, True)):
        found = compare(law, one_run(law, 1e20 * factor, 0.0), 0.01)
        assert ("beyond the largest fitted budget" in " ".join(found.in_words)) is said
