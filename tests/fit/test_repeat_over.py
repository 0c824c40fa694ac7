"""R_D* and R_N* over a law that is given: from few runs of few sizes, and refused where they cannot tell."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from advisor.errors import LawError, RunsError, UsageError
from advisor.laws.law_file import write_law
from advisor.laws.published import CHINCHILLA, MUENNIGHOFF, chinchilla
from advisor.laws.repetition import R_N_STAR, RepeatedLaw
from advisor.laws.scaling_law import Decay, ScalingLaw
from calibration.fit.decay.decay_fit import DecayFit
from calibration.fit.decay.repeat_over import repeat_over

SIZES, UNIQUE, EPOCHS = (1.5e8, 6e8), (1e9, 4e9), (1, 2, 4, 8, 16, 32)


def table(
    path: Path,
    law: ScalingLaw,
    *,
    sizes: tuple[float, ...] = SIZES,
    epochs: tuple[float, ...] = EPOCHS,
    noise: float = 0.004,
    seed: int = 0,
    factor: float = 1.0,
) -> Path:
    """Write the runs that ``law``, with its decay, would make: 24 of two sizes unless more or fewer are asked."""
    rng = np.random.default_rng(seed)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["n_params", "n_tokens", "unique_tokens", "loss"])
        for n in sizes:
            for u in UNIQUE:
                for e in epochs:
                    loss = RepeatedLaw(base=law, unique_tokens=u).loss(n, u * e)
                    writer.writerow([n, u * e, u, factor * loss * math.exp(noise * rng.standard_normal())])
    return path


def decaying(law: ScalingLaw, r_d: float, r_n: float) -> ScalingLaw:
    return replace(law, decay=Decay(r_d, r_n, "made up"))


def holds(fit: DecayFit, r_d: float, r_n: float) -> tuple[bool, bool]:
    """Return whether the intervals hold the truth."""
    assert fit.r_d.ci95 is not None
    assert fit.r_n.ci95 is not None
    return fit.r_d.ci95[0] < r_d < fit.r_d.ci95[1], fit.r_n.ci95[0] < r_n < fit.r_n.ci95[1]


@pytest.mark.parametrize(
    ("law", "r_d", "r_n"), [(MUENNIGHOFF, 15.4, 5.3), (MUENNIGHOFF, 6.0, 20.0), (CHINCHILLA, 10.0, 3.0)]
)
def test_24_runs_of_two_sizes_give_intervals_that_hold_the_truth(
    tmp_path: Path, law: ScalingLaw, r_d: float, r_n: float
) -> None:
    fits = [
        repeat_over(table(tmp_path / "t.csv", decaying(law, r_d, r_n), seed=seed), law, n_draws=200)
        for seed in range(10)
    ]
    held = np.array([holds(fit, r_d, r_n) for fit in fits])
    assert held.sum(0).min() >= 8  # of 10; of 150 tables of the first law .97 and .92 hold the truth
    values = np.array([(fit.r_d.value, fit.r_n.value) for fit in fits])
    np.testing.assert_allclose(np.median(values, 0), (r_d, r_n), rtol=0.1)
    assert all((fit.n_runs, fit.n_sizes, fit.n_repeated_runs) == (24, 2, 20) for fit in fits)
    assert all(fit.verdict == "ok" for fit in fits)
    assert not any(holds(fit, 3 * r_d, 3 * r_n)[0] for fit in fits)  # ... and not any other


def test_one_size_is_enough_for_r_d(tmp_path: Path) -> None:
    # 30M parameters are fewer than 1B tokens can use: no run shows R_N*.
    runs = table(tmp_path / "t.csv", decaying(MUENNIGHOFF, 10.0, 2.0), sizes=(3e7,), noise=0.001)
    fit = repeat_over(runs, MUENNIGHOFF, n_draws=200)
    assert fit.r_d.ci95 is not None
    assert fit.r_d.ci95[0] < 10 < fit.r_d.ci95[1]
    assert fit.r_n.value is None
    assert fit.r_n.why_not is not None
    assert fit.r_n.why_not.startswith("0 runs have over twice the parameters")
    assert fit.decay is not None
    assert fit.decay.r_n == R_N_STAR
    assert fit.decay.source == (
        "advisor fit --repeat-over muennighoff: 12 runs of t.csv; R_N* from Muennighoff et al. 2023, arXiv:2305.16264"
    )


def test_losses_of_other_data_move_by_one_factor(tmp_path: Path) -> None:
    law = decaying(MUENNIGHOFF, 15.4, 5.3)
    same = repeat_over(table(tmp_path / "t.csv", law), "muennighoff", n_draws=200)
    fit = repeat_over(table(tmp_path / "t.csv", law, factor=1.1), "muennighoff", n_draws=200)
    assert fit.level == pytest.approx(1.1 * same.level, rel=1e-5)
    assert fit.level_ci95[0] < 1.1 < fit.level_ci95[1]
    assert (fit.r_d.value, fit.r_n.value) == pytest.approx((same.r_d.value, same.r_n.value), rel=1e-3)
    assert fit.r_d.ci95 == pytest.approx(same.r_d.ci95, rel=1e-2)
    assert [reason.code for reason in fit.reasons] == ["other-level"]
    assert fit.verdict == "caution"


def test_the_laws_own_uncertainty_widens_the_intervals(tmp_path: Path) -> None:
    runs = table(tmp_path / "t.csv", decaying(CHINCHILLA, 15.4, 5.3))
    point, drawn = (repeat_over(runs, law, n_draws=400) for law in (CHINCHILLA, chinchilla()))
    assert drawn.r_d.ci95 is not None
    assert point.r_d.ci95 is not None
    assert drawn.r_d.ci95[1] / drawn.r_d.ci95[0] > 1.1 * point.r_d.ci95[1] / point.r_d.ci95[0]
    assert drawn.r_d.value == point.r_d.value


@pytest.mark.parametrize(
    ("epochs", "code", "said"),
    [
        ((0.25, 0.5, 1, 1.5), "repetition-unidentified", "R_D*: the runs repeat data 1.5 times at most."),
        ((1, 2), "repetition-unidentified", "R_D*: the 95 % interval of R_D* has no end"),
        ((8,), "few-runs", "4 runs are usable, and 6 are needed."),
    ],
)
def test_runs_that_cannot_tell_are_refused(tmp_path: Path, epochs: tuple[float, ...], code: str, said: str) -> None:
    fit = repeat_over(table(tmp_path / "t.csv", MUENNIGHOFF, epochs=epochs), MUENNIGHOFF, n_draws=200)
    assert (fit.verdict, fit.r_d.value, fit.decay) == ("refused", None, None)
    (refusal,) = [reason for reason in fit.reasons if reason.level == "refused"]
    assert refusal.code == code
    assert refusal.message.startswith(said)
    with pytest.raises(RunsError, match=r"R_D\* is refused"):
        _ = fit.law_with_decay


def test_runs_of_quite_another_law_are_refused(tmp_path: Path) -> None:
    other = replace(MUENNIGHOFF, alpha=0.05, A=20.0)
    runs = table(tmp_path / "t.csv", other, sizes=(1e6, 1e8, 1e10))
    fit = repeat_over(runs, MUENNIGHOFF, n_draws=200)
    assert "large-residuals" in [reason.code for reason in fit.reasons if reason.level == "refused"]
    assert fit.decay is None


def test_overfitting_and_blind_epochs_are_said(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", decaying(MUENNIGHOFF, 15.4, 5.3), epochs=(*EPOCHS, 64), noise=0.002)
    assert "overfitting-seen" not in [r.code for r in repeat_over(path, MUENNIGHOFF, n_draws=200).reasons]
    lines = path.read_text(encoding="utf-8").splitlines()
    for i, line in enumerate(lines[1:], 1):
        n, d, u, loss = map(float, line.split(","))
        lines[i] = f"{n},{d},{u},{loss * (1.05 if d > 50 * u else 1)}"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    reasons = {reason.code: reason.message for reason in repeat_over(path, MUENNIGHOFF, n_draws=200).reasons}
    assert reasons["overfitting-seen"].startswith(
        "4 runs have a higher loss than the same model had after fewer epochs"
    )
    assert "(the first after 64)" in reasons["overfitting-seen"]
    assert reasons["over-40-epochs"].startswith("4 of 28 runs read their data over 40 times")


def test_a_law_file_is_named_and_its_decay_is_replaced(tmp_path: Path) -> None:
    write_law(decaying(CHINCHILLA, 1.0, 7.0), tmp_path / "own.json")
    runs = table(tmp_path / "t.csv", decaying(CHINCHILLA, 15.4, 5.3), sizes=(3e7,), noise=0.001)
    fit = repeat_over(runs, tmp_path / "own.json", n_draws=200)
    assert fit.law.name == "own.json"
    assert fit.decay is not None
    assert fit.decay.r_d == pytest.approx(15.4, rel=0.2)
    assert fit.decay.r_n == 7.0
    assert fit.law_with_decay.decay == fit.decay
    assert (fit.law_with_decay.E, fit.law_with_decay.alpha) == (CHINCHILLA.E, CHINCHILLA.alpha)


def test_what_cannot_be_asked(tmp_path: Path) -> None:
    runs = table(tmp_path / "t.csv", MUENNIGHOFF)
    with pytest.raises(UsageError, match=r"'nothing' is neither a law with a loss \(chinchilla, .*\) nor a law file\."):
        repeat_over(runs, "nothing")
    with pytest.raises(LawError, match=r"^The law kaplan predicts no loss"):
        repeat_over(runs, "kaplan")
    plain = tmp_path / "plain.csv"
    plain.write_text("n_params,n_tokens,loss\n1e8,1e9,3.0\n", encoding="utf-8")
    with pytest.raises(RunsError, match=r"has no column unique_tokens, the different tokens that each run could see"):
        repeat_over(plain, MUENNIGHOFF)
