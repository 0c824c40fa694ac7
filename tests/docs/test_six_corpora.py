"""The tables of six-corpora are those of what ships, and its closed forms those of the laws."""

from __future__ import annotations

import math
import runpy
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def made():
    return runpy.run_path(str(DOCS / "six_corpora.py"))


def test_the_page_has_the_tables_of_what_ships(made):
    text = (DOCS / "calibrations.md").read_text(encoding="utf-8")
    assert made["page"](text) == text


def test_a_page_with_another_figure_is_found_out(made):
    text = (DOCS / "calibrations.md").read_text(encoding="utf-8")
    other = text.replace("starcoder      0.402 0.012", "starcoder      0.412 0.012")
    assert other != text
    assert made["page"](other) == text


def test_the_optimum_of_kaplans_form_is_its_lowest_point(made):
    law = {"alpha_N": 0.076, "alpha_D": 0.103, "log_N_c": math.log(6.4e13), "log_D_c": math.log(1.8e13)}
    flops = 1e20

    def loss(log_n: float) -> float:
        n, d = math.exp(log_n), flops / 6 / math.exp(log_n)
        return float(((6.4e13 / n) ** (0.076 / 0.103) + 1.8e13 / d) ** 0.103)

    best = made["_log_n_of_kaplan"](law, flops)
    assert loss(best) < min(loss(best - 0.01), loss(best + 0.01))
    assert abs(loss(best + 1e-4) - loss(best - 1e-4)) < 1e-8
