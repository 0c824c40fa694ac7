"""The R_N* that is used where repeated runs do not identify it."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from advisor.laws.law_file import read_law, write_law
from advisor.laws.published import MUENNIGHOFF
from advisor.laws.repetition import R_N_STAR, SOURCE, RepeatedLaw
from advisor.laws.scaling_law import Decay
from calibration.fit.decay.held import held_r_n
from calibration.fit.decay.repeat_over import repeat_over
from calibration.fit.repeated import LARGEST
from tests.fit.test_repeat_over import decaying, table

LARGE = (4e8, 1.6e9)  # 2 to 31 times the parameters that 1B and 4B tokens can use


@pytest.mark.parametrize(
    ("r_d", "r_n", "noise"),
    [
        (6.0, 500.0, 0.002),
        (15.0, 500.0, 0.002),
        (6.0, 1e9, 0.002),
        (15.0, 1e9, 0.002),
        (6.0, 1e9, 0.0),
        (15.0, 1e9, 0.0),
    ],
)
def test_runs_whose_parameters_hardly_wear_out_are_not_fitted_with_muennighoffs(
    tmp_path: Path, r_d: float, r_n: float, noise: float
) -> None:
    runs = table(tmp_path / "t.csv", decaying(MUENNIGHOFF, r_d, r_n), sizes=LARGE, noise=noise)
    fit = repeat_over(runs, MUENNIGHOFF, n_draws=200)
    assert fit.held is not None
    assert fit.held.ends is not None
    assert fit.held.of_the_runs
    assert fit.r_d.ci95 is not None
    assert fit.r_d.ci95[0] * 0.998 < r_d < fit.r_d.ci95[1] * 1.002  # of no noise they span nothing
    assert fit.residual_scale < 1.5 * noise + 1e-4
    assert R_N_STAR < fit.held.ends[0] < min(r_n, LARGEST) * 1.1
    assert ([reason.code for reason in fit.reasons], fit.verdict) == (["open-r-n"], "caution")
    assert fit.decay is not None
    assert fit.held.ends[0] <= fit.decay.r_n == fit.held.value <= LARGEST
    assert fit.decay.source == (
        "advisor fit --repeat-over muennighoff: 24 runs of t.csv; R_N* from these runs' best, as they exclude 5.31 "
        f"({SOURCE})"
    )


def test_no_wear_of_parameters_is_written_and_read(tmp_path: Path) -> None:
    runs = table(tmp_path / "t.csv", decaying(MUENNIGHOFF, 15.0, 1e9), sizes=LARGE, noise=0.0)
    write_law(repeat_over(runs, MUENNIGHOFF, n_draws=200).law_with_decay, tmp_path / "own.json")
    law = read_law(tmp_path / "own.json")
    assert law.decay is not None
    assert law.decay.r_n == pytest.approx(LARGEST, rel=0.01)
    own = RepeatedLaw(base=law, unique_tokens=1e9)
    for n_params in (1e8, 1e10):  # 200 times what 1B tokens can use, and hardly worn
        assert own.effective_params(n_params, 1e9) == pytest.approx(n_params, rel=0.011)
    best = own.optimum(1e22)
    assert own.loss(best.n_params, best.n_tokens) < min(
        own.loss(times * best.n_params, best.n_tokens / times) for times in (0.9, 1.1)
    )


def test_runs_that_allow_muennighoffs_are_fitted_with_it(tmp_path: Path) -> None:
    """Noise of 2 %: R_N* has no end and 5.31 is inside, so R_D* reaches over what either way gives."""
    runs = table(tmp_path / "t.csv", decaying(MUENNIGHOFF, 6.0, 8.0), sizes=(1e8, 4e8), noise=0.02, seed=3)
    fit = repeat_over(runs, MUENNIGHOFF, n_draws=200)
    assert fit.r_n.why_not is not None
    assert fit.r_n.why_not.startswith("the 95 % interval of R_N* has no end")
    assert fit.held is not None
    assert fit.held.ends is not None
    assert fit.held.ends[0] < R_N_STAR < fit.held.ends[1]
    assert (fit.held.value, fit.held.of_the_runs, fit.held.reason) == (R_N_STAR, False, None)
    assert fit.decay is not None
    assert (fit.decay.r_n, fit.decay.source.endswith(f"; R_N* from {SOURCE}")) == (R_N_STAR, True)


def test_what_is_held() -> None:
    logs = [math.log(x) for x in (400.0, 172.0, LARGEST)]
    held = held_r_n(MUENNIGHOFF, logs[0], (logs[1], logs[2]), 11.4)
    assert held.value == pytest.approx(400)
    assert held.reason is not None
    assert held.reason.message == (
        "R_N* is at least 172 by these runs, which excludes 5.31 (Muennighoff et al. 2023, arXiv:2305.16264) and "
        "leaves the other end open: their best, 400, is used. They have up to 11 times the parameters that their "
        "unique tokens can use, and say nothing of more."
    )
    infinite = held_r_n(MUENNIGHOFF, math.log(LARGEST), (logs[1], logs[2]), 11.4)
    assert infinite.value == LARGEST
    assert infinite.reason is not None
    assert "their best, 1e+04 (no wear of parameters), is used" in infinite.reason.message
    small = held_r_n(MUENNIGHOFF, math.log(0.06), (math.log(0.05), math.log(0.3)), 11.4)
    assert small.value == pytest.approx(0.06)
    assert small.reason is not None
    assert small.reason.message.startswith("R_N* is at most 0.3 by these runs, which excludes 5.31 ")


def test_a_laws_own_r_n_is_held_before_muennighoffs() -> None:
    own = replace(MUENNIGHOFF, decay=Decay(3.0, 200.0, "my runs"))
    ends = (math.log(172.0), math.log(LARGEST))
    held = held_r_n(own, math.log(400.0), ends, 11.4)
    assert (held.value, held.source, held.reason) == (200.0, "my runs", None)
    assert held_r_n(own, math.log(400.0), None, 0.5).value == 200.0
