"""What a table of runs cannot do, each reason for a table that has it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calibration.fit.run_checks import check_runs, correlation
from calibration.fit.runs import Runs


def grid(**changes: object) -> Runs:
    """Sixteen sound runs, with columns replaced."""
    n, d = (v.ravel() for v in np.meshgrid(np.geomspace(1e7, 1e9, 4), np.geomspace(1e9, 1e11, 4)))
    loss = 1.8 + 480 * n**-0.35 + 2000 * d**-0.366
    columns: dict[str, object] = {"n_params": n, "n_tokens": d, "loss": loss, "weight": np.ones(16), **changes}
    return Runs(name="all", **columns)  # type: ignore[arg-type]


def test_sound_runs_give_no_reason() -> None:
    assert check_runs(grid()) == ()


def loss_at(index: int, value: float) -> np.ndarray:
    loss = grid().loss.copy()
    loss[index] = value
    return loss


@pytest.mark.parametrize(
    ("changes", "code", "level", "message"),
    [
        (
            {"loss": loss_at(3, float("nan"))},
            "bad-loss",
            "refused",
            "1 run of 16 has a loss that is not a positive number (run 4; the first is nan): mend or "
            "remove them, or add --skip-failed, which leaves them out.",
        ),
        (
            {"loss": loss_at(3, -2.0)},
            "bad-loss",
            "refused",
            "1 run of 16 has a loss that is not a positive number (run 4; the first is -2): mend or "
            "remove them, or add --skip-failed, which leaves them out.",
        ),
        (
            {"n_tokens": np.where(np.arange(16) == 0, 9971.0, grid().n_tokens)},
            "few-tokens",
            "refused",
            "1 run of 16 has fewer than 10000 tokens (the least is 9971): either the unit is wrong or nothing was "
            "learned.",
        ),
        (
            {"loss": loss_at(0, 10.0), "vocab_size": np.full(16, 32000.0)},
            "untrained-runs",
            "refused",
            "1 run of 16 has a loss within 5 % of ln(vocabulary) = 10.37 nats/token, which is that of guessing: they "
            "have learned nothing.",
        ),
        (
            {"n_params": np.tile(np.geomspace(1e8, 1.9e8, 4), 4)},
            "narrow-n",
            "refused",
            "N ranges over 1.9x; a law cannot be read off less than 2x.",
        ),
        (
            {"n_tokens": np.repeat([1e9, 2e9, 3e9, 4e9], 4)},
            "narrow-d",
            "caution",
            "D ranges over 4x; 8x or more is needed to trust its exponent.",
        ),
        (
            {"n_tokens": 20 * grid().n_params},
            "one-line",
            "refused",
            "the correlation of ln N and ln D is 1.000 (median 20 tokens per parameter): runs on one line cannot tell "
            "the two terms of the law apart; over 0.95 is a caution, over 0.99 a law is refused.",
        ),
    ],
)
def test_each_reason_of_a_table(changes: dict[str, object], code: str, level: str, message: str) -> None:
    (reason,) = check_runs(grid(**changes))
    assert (reason.code, reason.level, reason.message) == (code, level, message)


def test_runs_nearly_on_one_line_are_a_caution() -> None:
    tilt = np.exp(0.4 * np.random.default_rng(0).standard_normal(16))
    runs = grid(n_tokens=20 * grid().n_params * tilt)
    assert 0.95 < correlation(runs) < 0.99
    assert [(r.code, r.level) for r in check_runs(runs)] == [("one-line", "caution")]


def test_fewer_than_six_runs() -> None:
    (reason,) = check_runs(grid().where(np.arange(16) < 5))
    assert reason.message == "there are 5 usable runs, and five parameters need at least 6."


def test_two_losses_of_one_run() -> None:
    def doubled(seed: list[int], step: float) -> Runs:
        g = grid()
        columns = {k: np.append(getattr(g, k), getattr(g, k)[4]) for k in ("n_params", "n_tokens", "loss", "weight")}
        columns["loss"][-1] += step
        return Runs(name="all", **columns, seed=np.array([0] * 16 + seed, dtype=object))  # type: ignore[arg-type]

    (reason,) = check_runs(doubled([0], 2e-6))
    assert reason.code == "contradictory-runs"
    assert reason.message.startswith("two runs of N = 1e+07, D = 4.642e+09 and seed 0 have losses 4.0")
    assert check_runs(doubled([0], 5e-7)) == ()
    assert check_runs(doubled([1], 0.1)) == ()
    other_data = replace(doubled([0], 0.1), unique_tokens=np.array([1e12] * 16 + [1e8]))
    assert check_runs(other_data) == ()


def test_losses_that_are_all_one_number_are_refused() -> None:
    assert [r.message for r in check_runs(grid(loss=np.full(16, 3.0))) if r.level == "refused"] == [
        "the losses are all 3: nothing can be read off them."
    ]


def test_losses_that_rise_with_n_and_d_are_refused() -> None:
    (reason,) = [r for r in check_runs(replace(grid(), loss=1 / grid().loss)) if r.code == "rising-loss"]
    assert reason.level == "refused"
    assert reason.message.startswith("the losses rise with N (as its power 0.")
    assert reason.message.endswith("and losses fall: is the column an accuracy or another score?")
    assert not [r for r in check_runs(grid()) if r.code == "rising-loss"]
