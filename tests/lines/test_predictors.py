"""Which property of sources predicts their laws, and the levels from which it is said."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from advisor.json_form import as_json
from calibration.fit.minimum import log_optimum
from calibration.lines import predictors
from calibration.lines.predictors import compare_predictors, permutation_p
from calibration.lines.source_laws import SourceLaw
from tests.lines.laws_on_lines import BUDGETS, X, fitted, laws_of
from tests.lines.synthetic_rows import H


@pytest.fixture(scope="module")
def scattered_laws() -> list[SourceLaw]:
    return fitted(H, laws_of(X, 1.0, np.random.default_rng(3)))


@pytest.fixture(scope="module")
def lawful() -> list[SourceLaw]:
    return fitted(H, laws_of(X, 0.05, np.random.default_rng(0)))


def test_what_predicts_wins() -> None:
    """The laws follow the entropy rate, which here is unrelated to H."""
    rates = np.array([0.5, 1.4, 0.8, 1.1, 0.6, 1.2, 0.9, 1.0])
    laws = fitted(H, laws_of(rates / 2, 0.1, np.random.default_rng(0)), entropy_rate=rates)
    found = compare_predictors(laws, BUDGETS)
    by_name = {one.name: one for one in found.predictors}
    assert list(by_name) == ["none", "H", "H and structure", "H of 1000 tokens", "H of 8000 tokens", "entropy rate"]
    assert by_name["entropy rate"].better_than_none is True
    assert by_name["entropy rate"].error_ln_n < 0.3 * by_name["none"].error_ln_n
    assert by_name["H"].better_than_none is False
    assert by_name["none"].p_value is None
    h, none = (math.exp(by_name[name].error_ln_n) for name in ("H", "none"))
    assert found.verdict == (
        f"H does not predict the allocation: left out, N* is missed by a factor of {h:.2f} with H and {none:.2f} "
        f"without a predictor (permutation p = {by_name['H'].p_value:.2g}, 8 sources); the least error has "
        "entropy rate."
    )


def test_left_out_errors_are_those_of_refits(scattered_laws: list[SourceLaw]) -> None:
    laws, rows = scattered_laws, np.stack([law.parameters for law in scattered_laws])
    found = {one.name: one for one in compare_predictors(laws, BUDGETS).predictors}
    flops = np.geomspace(*BUDGETS, 5)
    optima = np.stack([log_optimum(rows, c) for c in flops], 1)
    shuffled = np.array([law.source.shuffled for law in laws])
    designs = {"none": [X**0], "H": [X**0, X], "H and structure": [X**0, X, 1 - X / shuffled]}
    for name, columns in designs.items():
        design, errors = np.stack(columns, 1), []
        for i in range(8):
            rest = np.arange(8) != i
            coefficients = np.linalg.lstsq(design[rest], optima[rest], rcond=None)[0]
            errors.append(optima[i] - design[i] @ coefficients)
        assert found[name].error_ln_n == pytest.approx(float(np.sqrt(np.mean(np.square(errors)))), rel=1e-8)


def test_p_values_of_permutations_are_calibrated() -> None:
    rng = np.random.default_rng(0)
    p = [permutation_p(X[:6, None], rng.standard_normal((6, 5)), 0) for _ in range(200)]
    assert 0.05 <= np.mean(np.array(p) < 0.1) <= 0.16
    assert 0.45 <= np.mean(p) <= 0.55
    assert min(p) >= 1 / 720


def test_few_sources_are_too_few_to_tell(lawful: list[SourceLaw]) -> None:
    found = compare_predictors(lawful[:5], BUDGETS)
    assert found.verdict == "5 sources are too few to tell whether H predicts the allocation: at least 6 are needed."
    assert all(one.better_than_none is None for one in found.predictors)
    fewer = compare_predictors(lawful[:4], BUDGETS)
    assert fewer.left_out == {"H and structure": "4 sources cannot fix its 3 coefficients"}


@pytest.mark.parametrize(
    ("p", "better"), [(math.nextafter(0.05, 0), True), (0.05, False), (math.nextafter(0.05, 1), False)]
)
def test_a_predictor_is_better_than_none_below_a_level_of_5_percent(
    p: float, better: bool, lawful: list[SourceLaw], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predictors, "permutation_p", lambda x, optima, seed: p)
    found = compare_predictors(lawful, BUDGETS)
    assert {one.name: one.better_than_none for one in found.predictors}["H"] is better
    assert found.verdict.startswith(f"H {'predicts' if better else 'does not predict'} the allocation: ")


def test_a_predictor_that_errs_more_than_none_is_never_better(
    lawful: list[SourceLaw], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predictors, "permutation_p", lambda x, optima, seed: 0.0)
    mixed = (3, 0, 6, 1, 7, 4, 2, 5)
    turned = [replace(law, source=lawful[i].source) for i, law in zip(mixed, lawful, strict=True)]
    by_name = {one.name: one for one in compare_predictors(turned, BUDGETS).predictors}
    assert by_name["H"].error_ln_n > by_name["none"].error_ln_n
    assert by_name["H"].better_than_none is False


@pytest.mark.parametrize(("n", "told"), [(5, False), (6, True), (7, True)])
def test_six_sources_are_enough_to_tell(n: int, told: bool, lawful: list[SourceLaw]) -> None:
    found = compare_predictors(lawful[:n], BUDGETS)
    assert all((one.better_than_none is not None) is told for one in found.predictors if one.name != "none")
    assert found.verdict.startswith("H predicts" if told else "5 sources are too few")


def test_a_predictor_that_some_source_lacks_is_left_out(lawful: list[SourceLaw]) -> None:
    laws = list(lawful)
    laws[2] = replace(laws[2], source=replace(laws[2].source, entropy_rate=None, windows={"1000": 0.3}))
    found = compare_predictors(laws, BUDGETS)
    assert found.left_out == {
        "H of 8000 tokens": "not known of 1 of 8 sources",
        "entropy rate": "not known of 1 of 8 sources",
    }
    assert as_json(found)["verdict"] == found.verdict
