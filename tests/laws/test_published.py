"""The published laws against the figures that their papers print."""

import csv
import math
from dataclasses import replace
from pathlib import Path

import pytest

from advisor.laws.published import (
    CHINCHILLA,
    CODE,
    DEEPSEEK,
    HOFFMANN,
    HOFFMANN_TABLE_3,
    KAPLAN,
    MUENNIGHOFF,
    PETAFLOP_DAY,
    chinchilla,
)
from advisor.laws.scaling_law import central_interval

REFERENCE = Path(__file__).resolve().parents[3] / "shared" / "reference"


SURFACES = (CHINCHILLA, HOFFMANN, MUENNIGHOFF, CODE)


BUDGETS = (1e15, 1e20, 5.76e23, 1e27)


@pytest.mark.parametrize(("flops", "ratio"), [(1e20, 22.8), (1e21, 21.5), (1e22, 20.3), (5.76e23, 18.3), (1e25, 17.1)])
def test_tokens_per_parameter_of_the_corrected_law(flops, ratio):
    # Besiroglu et al. 2024, arXiv:2404.10102, with the unrounded constants.
    assert CHINCHILLA.frontier(flops).tokens_per_param == pytest.approx(ratio, abs=0.05)


def test_constants_and_exponents_as_published():
    rows = {law.name: (law.E, law.A, law.B, law.alpha, law.beta, law.exponent_a) for law in SURFACES}
    # arXiv:2203.15556 (TeX source), 2404.10102, 2305.16264, 2510.08702
    assert rows["hoffmann"] == pytest.approx((1.693374, 406.4010, 410.7228, 0.33917084, 0.2849083, 0.4565), rel=1e-4)
    assert rows["chinchilla"] == pytest.approx((1.81686, 482.00572, 2085.4342, 0.347813, 0.365854, 0.5126), rel=1e-4)
    assert rows["muennighoff"] == pytest.approx((1.869144, 520.825, 1487.7161, 0.3526596, 0.3526596, 0.5), rel=1e-6)
    assert rows["code"] == pytest.approx((0.2193, 534.374, 76.0743, 0.4853, 0.2983, 0.381), rel=1e-3)
    assert math.exp(HOFFMANN.log_g) == pytest.approx(1.30005, rel=1e-5)


def test_the_rounding_trap():
    """Hoffmann's law at Gopher's budget: 40.36B parameters, and 32.2B with the constants as the paper prints them."""
    printed = replace(HOFFMANN, E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28)
    assert HOFFMANN.frontier(5.76e23).n_params == pytest.approx(40.36e9, rel=1e-3)
    assert printed.frontier(5.76e23).n_params == pytest.approx(32.2e9, rel=2e-3)


def test_muennighoff_unlimited_data():
    # arXiv:2305.16264's law at C = 1e22 without repetition: 9.2183e9 parameters, 180.80e9 tokens.
    best = MUENNIGHOFF.frontier(1e22)
    assert (best.n_params, best.n_tokens) == pytest.approx((9.2183e9, 180.80e9), rel=1e-4)


# Hoffmann et al. 2022, table 3: parameters, FLOPs, tokens.
TABLE_3 = [
    (400e6, 1.92e19, 8.0e9),
    (1e9, 1.21e20, 20.2e9),
    (10e9, 1.23e22, 205.1e9),
    (67e9, 5.76e23, 1.5e12),
    (175e9, 3.85e24, 3.7e12),
    (280e9, 9.90e24, 5.9e12),
    (520e9, 3.43e25, 11.0e12),
    (1e12, 1.27e26, 21.2e12),
    (10e12, 1.30e28, 216.2e12),
]


@pytest.mark.parametrize(("n_params", "flops", "n_tokens"), TABLE_3)
def test_table_3_is_reproduced(n_params, flops, n_tokens):
    row = HOFFMANN_TABLE_3.for_params(n_params)
    rounded = n_params == 67e9  # its tokens are printed as 1.5T: 6 N D / C = 1.047
    assert row.flops == pytest.approx(flops, rel=0.025 if rounded else 0.008)
    assert row.n_tokens == pytest.approx(n_tokens, rel=0.07 if rounded else 0.008)


def test_deepseek_gives_its_own_tokens_and_flops_per_token():
    # arXiv:2401.02954: M = .1715 C^.5243 FLOPs/token, D = 5.8316 C^.4757, C = M D.
    for flops in BUDGETS:
        best = DEEPSEEK.frontier(flops)
        assert 6 * best.n_params == pytest.approx(0.1715 * flops**0.5243, rel=1e-12)
        assert best.n_tokens == pytest.approx(5.8316 * flops**0.4757, rel=2e-4)


def test_kaplan_frontier():
    # arXiv:2001.08361: N = 1.3e9 (C_min in PF-days)^.73.
    assert KAPLAN.frontier(PETAFLOP_DAY).n_params == pytest.approx(1.3e9)
    assert KAPLAN.frontier(100 * PETAFLOP_DAY).n_params == pytest.approx(1.3e9 * 100**0.73)


def test_the_draws_of_the_corrected_law():
    """Their medians are the published values (1 %) and their 95 % ranges the paper's (5 %; arXiv:2404.10102)."""
    law = chinchilla()
    assert len(law.draws) == 400
    published = {
        "A": (285, 744), "B": (1042, 5810), "E": (1.769, 1.871), "alpha": (0.317, 0.373), "beta": (0.331, 0.415)
    }  # fmt: skip
    for name, bounds in published.items():
        values = [getattr(drawn, name) for drawn in law.drawn_laws()]
        found = central_interval(values, 0.95)
        assert central_interval(values, 0.0) == pytest.approx((getattr(law, name),) * 2, rel=1e-2), name
        assert found == pytest.approx(bounds, rel=0.05), name


def test_the_ranges_are_those_of_the_runs_read_off_figure_4():
    path = REFERENCE / "chinchilla_figure_runs.csv"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    with path.open(encoding="utf-8") as file:
        runs = list(csv.DictReader(file))
    for column, found in {"N": "n_params", "D": "n_tokens", "C": "flops"}.items():
        values = [float(run[column]) for run in runs]
        assert getattr(CHINCHILLA.ranges, found) == pytest.approx((min(values), max(values)), rel=5e-3)
