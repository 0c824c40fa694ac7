"""What stands of tokens-or-bytes in docs/calibrations.md is what its laws give; its slope is one that is known."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import pytest

from advisor.laws.scaling_law import ScalingLaw

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))

import tokens_or_bytes  # noqa: E402
from tokens_or_bytes import PLANNED, WITH_HEAD, Profiled, best_with_head, slopes  # noqa: E402

LAW = ScalingLaw(name="x", E=1.0, A=40.0, alpha=0.4, B=900.0, beta=0.5, count="non-embedding", source="by hand")


def test_the_page_shows_what_the_laws_give():
    text = (ROOT / "docs" / "calibrations.md").read_text(encoding="utf-8")
    assert tokens_or_bytes.page(text) == text


def moving(power, corpora=("code", "prose"), wobble=0.0):
    """Return corpora under four tokenizers whose N* moves as bytes per token to a power, from levels of their own."""
    found = []
    for level, corpus in enumerate(corpora):
        for i, rate in enumerate((1.0, 1.8, 2.6, 3.5)):
            best = {
                c: level + power * math.log(rate) + 0.5 * math.log(c) + wobble * (-1) ** i
                for c in (*PLANNED, *WITH_HEAD)
            }
            found.append(
                Profiled(
                    corpus=corpus,
                    tokenizer=str(i),
                    bytes_per_token=rate,
                    verdict="caution",
                    body=best,
                    with_head=best,
                    head_share=dict.fromkeys(best, i / 4),
                    vertices=best if i else {},
                )
            )
    return found


@pytest.mark.parametrize("power", [0.0, 0.5])
def test_the_slope_is_that_of_the_power_whatever_the_levels_of_the_corpora(power):
    for name, slope, (low, high) in slopes(moving(power)):
        assert slope == pytest.approx(power, abs=1e-9), name
        assert high - low < 1e-6, name
    for name, slope, (low, high) in slopes(moving(power, wobble=0.2)):
        assert low < power < high, name
        assert slope != power, name


def test_bytes_per_parameter_are_tokens_per_parameter_times_bytes_per_token():
    table = tokens_or_bytes.block(moving(0.5)).splitlines()
    rows = [line.split() for line in table[2:10]]
    for row in rows:
        assert float(row[6]) == pytest.approx(float(row[5]) * float(row[2]), rel=0.05)
        assert row[8] == f"{25 * int(row[1])}%"
    assert rows[0][4] == "-"
    assert table[10] == "At 2.5e+12 FLOPs"


def test_a_small_head_moves_nothing_and_a_large_one_is_in_n():
    without = math.log(LAW.frontier(1e12).n_params)
    small, large = best_with_head(LAW, 1e12, 2), best_with_head(LAW, 1e12, 8192)
    assert small == pytest.approx((without, 0.0), abs=0.05)
    assert large[0] > without
    assert large[1] > 0.8


def test_the_slope_is_also_given_without_the_tokenizer_whose_models_are_nearly_all_head():
    found = moving(0.5)
    for one in found[3::4]:
        object.__setattr__(one, "tokenizer", "8192")
        object.__setattr__(one, "with_head", {flops: log_n + 1 for flops, log_n in one.with_head.items()})
    of = {name: slope for name, slope, _ in slopes(found)}
    assert of["N with the head, 2.5e+12"] > 0.8
    assert of["  without 8192 pieces"] == pytest.approx(0.5)
