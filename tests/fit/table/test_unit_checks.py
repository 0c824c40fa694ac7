"""Wrong units of known laws: each is refused or cautioned with the right factor, and no table in the right ones is."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from advisor.errors import RunsError
from calibration.fit.table.loss_checks import check_losses
from calibration.fit.table.unit_checks import check_epochs, check_units

# E, A, B, alpha, beta of web text, of code and of text with a larger vocabulary.
LAWS = {
    "web": (1.82, 482.0, 2085.0, 0.348, 0.366),
    "code": (0.82, 190.0, 700.0, 0.34, 0.36),
    "multilingual": (2.1, 560.0, 2400.0, 0.35, 0.37),
}


def grid(n: np.ndarray, d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    sizes, tokens = np.meshgrid(n, d)
    return sizes.ravel(), tokens.ravel()


def isoflop(budgets: np.ndarray, off_centre: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    c, off = grid(budgets, off_centre)
    n = np.sqrt(c / 120) * off
    return n, c / (6 * n)


DESIGNS = {
    "chinchilla": isoflop(np.geomspace(6e18, 3e21, 7), np.geomspace(0.15, 6, 8)),
    "isoflop": isoflop(np.geomspace(2e17, 5e19, 8), np.geomspace(0.3, 3, 9)),
    "1M to 100M": grid(np.geomspace(1e6, 1e8, 6), np.geomspace(1e8, 1e10, 5)),
    "1M to 100M, trained long": grid(np.geomspace(1e6, 1e8, 6), np.geomspace(1e9, 1e11, 5)),
    "1B to 100B": grid(np.geomspace(1e9, 1e11, 5), np.geomspace(2e10, 2e12, 5)),
    "gemstones": grid(np.geomspace(5e7, 2e9, 6), np.geomspace(1e10, 3.5e11, 8)),
}
CASES = list(itertools.product(LAWS, DESIGNS))


def runs(law: str, design: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    e, a, b, alpha, beta = LAWS[law]
    n, d = DESIGNS[design]
    noise = np.exp(0.003 * np.random.default_rng(0).standard_normal(len(n)))
    return n, d, (e + a * n**-alpha + b * d**-beta) * noise


def verdict(n: np.ndarray, d: np.ndarray, loss: np.ndarray, vouched: tuple[str, ...] = ()) -> str:
    """Return "ok", or what is said, with the level in front."""
    try:
        found = [check_units("t", n, d, loss, vouched), check_losses("t", n, d, loss, None)]
    except RunsError as error:
        return f"refused: {error}"
    return " ".join(f"caution: {reason.message}" for reason in found if reason is not None) or "ok"


@pytest.mark.parametrize(("law", "design"), CASES)
def test_runs_in_the_right_units_pass(law: str, design: str) -> None:
    assert verdict(*runs(law, design)) == "ok"


@pytest.mark.parametrize(
    "n_and_d",
    [
        (np.geomspace(768, 1.5e9, 10), np.geomspace(2.2e7, 2.2e10, 4)),  # Kaplan et al. 2020
        (np.geomspace(768, 1e6, 6), np.geomspace(1e8, 2.2e10, 5)),
        (np.array([14e6, 70e6, 160e6, 410e6, 1e9, 2.8e9, 12e9]), np.geomspace(2e9, 3e11, 8)),  # Pythia
        (np.geomspace(1e6, 33e6, 5), np.geomspace(5e7, 5e9, 5)),  # TinyStories
    ],
)
def test_runs_of_kaplans_law_pass(n_and_d: tuple[np.ndarray, np.ndarray]) -> None:
    n, d = grid(*n_and_d)
    loss = np.minimum(((8.8e13 / n) ** (0.076 / 0.103) + 5.4e13 / d) ** 0.103, 10.8)
    assert verdict(n, d, loss) == "ok"


@pytest.mark.parametrize(("law", "design"), CASES)
@pytest.mark.parametrize("unit", [1e6, 1e9])
@pytest.mark.parametrize("column", ["n_params", "n_tokens"])
def test_millions_and_billions_are_told(law: str, design: str, column: str, unit: float) -> None:
    n, d, loss = runs(law, design)
    said = verdict(n / unit, d, loss) if column == "n_params" else verdict(n, d / unit, loss)
    level = "caution: " if (design, column, unit) == ("1M to 100M, trained long", "n_tokens", 1e6) else "refused: "
    assert said.startswith(level)
    assert f"--scale {column}={unit:.0e}".replace("e+0", "e") in said


@pytest.mark.parametrize(("law", "design"), CASES)
@pytest.mark.parametrize("units", [(1e6, 1e6), (1e6, 1e9), (1e9, 1e9)])
def test_both_in_other_units_are_refused(law: str, design: str, units: tuple[float, float]) -> None:
    n, d, loss = runs(law, design)
    said = verdict(n / units[0], d / units[1], loss)
    assert said.startswith("refused: ")
    right = (f"n_params={units[0]:.0e}", f"n_tokens={units[1]:.0e}")
    assert any(pair.replace("e+0", "e") in said for pair in right)


@pytest.mark.parametrize(("law", "design"), CASES)
@pytest.mark.parametrize("tokens_a_step", [2**15, 2**19, 2**22])
def test_steps_are_told(law: str, design: str, tokens_a_step: float) -> None:
    n, d, loss = runs(law, design)
    said = verdict(n, d / tokens_a_step, loss)
    assert said.startswith(("refused: ", "caution: "))
    assert "or the tokens of a step if it counts steps" in said


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("law", ["web", "multilingual"])
def test_perplexities_are_refused_and_bits_cautioned(law: str, design: str) -> None:
    n, d, loss = runs(law, design)
    said = verdict(n, d, np.exp(loss))
    assert said.startswith("refused: ")
    assert "--loss-unit ppl" in said
    said = verdict(n, d, loss / math.log(2))
    assert said.startswith("caution: the losses are ")
    assert "if they are bits per token, add --loss-unit bits" in said


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("law", ["web", "code"])
def test_bits_per_byte_are_a_caution(law: str, design: str) -> None:
    n, d, loss = runs(law, design)
    said = verdict(n, d, loss / math.log(2) / 4.2)
    assert said.startswith("caution: the losses are ")
    assert "add --loss-unit bpb with --bytes-per-token T" in said


def test_the_sentences() -> None:
    n, d, loss = runs("web", "1B to 100B")
    assert verdict(n, d / 1e6, loss) == (
        "refused: t: n_tokens looks like millions (the median is .00002 tokens per parameter): --scale n_tokens=1e6, "
        "or the tokens of a step if it counts steps, or --scale n_tokens=1 if it is right."
    )
    assert verdict(n / 1e6, d, loss) == (
        "refused: t: n_params looks like millions (the median is 2e7 tokens per parameter): --scale n_params=1e6, or "
        "--scale n_params=1 if it is right."
    )
    assert verdict(n / 1e6, d / 1e6, loss) == (
        "refused: t: n_params looks like millions (its median is 10,000, and with --scale n_params=1e6,n_tokens=1e6 "
        "the losses fall with N and D as those of text do, and as they are written not nearly so): --scale "
        "n_params=1e6,n_tokens=1e6, or --scale n_params=1 if it is right."
    )
    assert verdict(n, d, np.exp(loss)).endswith(
        "which perplexities are: add --loss-unit ppl, or --loss-unit nats if they are nats."
    )


def test_the_user_s_word_counts() -> None:
    n, d, loss = runs("web", "1B to 100B")
    assert verdict(n, d / 1e6, loss, ("n_tokens",)) == "ok"
    assert verdict(n / 1e6, d, loss, ("n_params",)) == "ok"
    assert verdict(n / 1e6, d / 1e6, loss, ("n_params",)) == "ok"


def test_one_run_in_another_unit_is_named() -> None:
    n, d, loss = runs("web", "chinchilla")
    n, d = n.copy(), d.copy()
    n[3], d[3] = 13.0, 2.6e9
    assert verdict(n, d, loss) == (
        "refused: t, run 4: n_params = 13 and n_tokens = 2.6e+09 are 2e8 tokens per parameter, so that one of them is "
        "in another unit than in the other runs: write all in ones."
    )


def test_losses_above_guessing_are_refused() -> None:
    n, d, loss = runs("web", "chinchilla")
    vocab = np.full(len(n), 256.0)
    with pytest.raises(RunsError, match=r"^t: the median loss is 8.* and guessing costs ln\(vocabulary\) = 5\.55"):
        check_losses("t", n, d, 3.2 * loss, vocab)
    with pytest.raises(RunsError, match=r"^t, run 2: a loss of 25 cannot be nats/token, as guessing costs 12; if "):
        check_losses("t", n, d, np.where(np.arange(len(n)) == 1, 25.0, loss), None)
    assert check_losses("t", n, d, np.full(len(n), np.nan), None) is None


def test_bytes_are_no_tokens_of_text() -> None:
    n, d, loss = runs("web", "chinchilla")
    assert check_losses("t", n, d, loss / 4.2, np.full(len(n), 257.0)) is None
    assert check_losses("t", n, d, loss / 4.2, np.full(len(n), 32000.0)) is not None


def test_runs_beyond_a_gap_are_in_another_unit() -> None:
    n, d, loss = runs("web", "gemstones")
    mixed = np.where(np.arange(len(n)) % 3 == 0, d / 1e6, d)
    assert verdict(n, mixed, loss).startswith(
        "refused: t, run 1: n_params = 5e+07 and n_tokens = 10000 are .0002 tokens"
    )
    assert verdict(n, mixed, loss, ("n_tokens",)) == "ok"


@pytest.mark.parametrize(
    ("factors", "message"),
    [
        ((1e6, 1.0), "n_params is too large to be in ones (its median is 1e16, and no model has so many): "
            "--scale n_params=FACTOR, or --scale n_params=1 if it is right."),
        ((1.0, 1e6), "n_tokens is too large to be in ones (its median is 2e17, and no model has seen so many): "
            "--scale n_tokens=FACTOR, or --scale n_tokens=1 if it is right."),
    ],
)  # fmt: skip
def test_numbers_that_no_model_has_are_refused(factors: tuple[float, float], message: str) -> None:
    n, d, loss = runs("web", "1B to 100B")
    assert verdict(n * factors[0], d * factors[1], loss) == f"refused: t: {message}"


def test_more_epochs_than_any_run_are_refused() -> None:
    with pytest.raises(RunsError) as error:
        check_epochs("t", np.array([1e9, 2e9]), np.array([1e9, 2e3]))
    assert str(error.value) == (
        "t, run 2: n_tokens is 1e6 times unique_tokens, and no run repeats its data so often: --scale "
        "unique_tokens=FACTOR, or --scale unique_tokens=1 if it is right."
    )
    check_epochs("t", np.array([1e9]), np.array([1e6]))
