"""What ships of the six corpora, the rules that are judged by it, and what the default says of itself."""

from __future__ import annotations

import json
import math
import runpy
import sys
from pathlib import Path

import pytest

from advisor.calibrations.coefficients import load_coefficients
from advisor.calibrations.corpus_loss import corpus_loss, left_out_error
from advisor.calibrations.default_evidence import PREDICTORS, default_evidence
from advisor.calibrations.six_corpora import (
    WEB,
    by_both,
    by_h,
    by_mean,
    by_none,
    by_t,
    errors,
    log_n_of,
    rms,
    six_corpora,
    wasted,
)
from advisor.laws.scaling_law import ScalingLaw

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT.parent / "shared" / "reference"
needs_runs = pytest.mark.skipif(not REFERENCE.is_dir(), reason="the runs of the six corpora are not here")


def law_of(row):
    logs = {"E": math.exp(row.E), "A": math.exp(row.A), "B": math.exp(row.B)}
    return ScalingLaw(name="x", **logs, alpha=row.alpha, beta=row.beta, count="total", source="")


def test_the_laws_are_those_that_were_published():
    """Brandfonbrener et al. 2024, arXiv:2411.12925: E, A, B, alpha, beta of starcoder and fineweb."""
    laws = six_corpora().seen["total"].laws
    for name, published in (
        ("starcoder", (0.863, 7754, 4190, 0.547, 0.439)),
        ("fineweb", (2.147, 1637, 4199, 0.427, 0.421)),
    ):
        found = law_of(laws[name])
        assert (found.E, found.A, found.B, found.alpha, found.beta) == pytest.approx(published, rel=3e-3)


@pytest.mark.parametrize("error", [-1.0, -0.2, 0.0, 0.05, 0.7])
def test_what_a_wrong_n_wastes_is_what_the_law_says(error):
    row = six_corpora().seen["total"].laws["starcoder"]
    law, flops = law_of(row), 4.84e19
    best = law.frontier(flops)
    n_params = best.n_params * math.exp(error)
    equivalent = law.equivalent_flops(n_params, flops / (6 * n_params))
    assert wasted(row, error) == pytest.approx(1 - equivalent / flops, abs=1e-9)
    assert log_n_of(row, flops) == pytest.approx(math.log(best.n_params))


def test_the_data_rule_misses_the_vertices_by_half_of_what_web_text_s_answer_does():
    six = six_corpora()
    for seen in six.seen.values():

        def missed(rule, seen=seen):
            return rms([error for i in seen.shown for error in errors(rule, six, seen, i).values()])

        for rule in (by_h, by_t, by_both):
            assert missed(rule) < 0.5 * min(missed(by_none), missed(by_mean))


def test_web_corpora_are_compared_with_the_other_web_corpora():
    seen = six_corpora().seen["total"]
    others = [seen.log_n[name][0] for name in WEB if name != "fineweb"]
    assert seen.gap("fineweb", 0) == pytest.approx(seen.log_n["fineweb"][0] - sum(others) / 3)


@needs_runs
def test_what_ships_is_what_the_runs_give(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["bench"])
    bench = runpy.run_path(str(ROOT / "benchmarks" / "bench_data_rule.py"))
    profiles = ROOT / "data" / "calibrations" / "six-corpora" / "profiles.json"
    made = bench["document_of"](REFERENCE / "six_corpora_sweep.csv", profiles)
    shipped = json.loads((ROOT / "data" / "six_corpora.json").read_text(encoding="utf-8"))
    assert (made["sha256"], made["corpora"]) == (shipped["sha256"], shipped["corpora"])
    for count in ("total", "non-embedding"):
        assert made[count]["flops"] == shipped[count]["flops"]
        for name, values in shipped[count]["log_n"].items():
            assert made[count]["log_n"][name] == pytest.approx(values, abs=2e-3)
            assert made[count]["laws"][name] == pytest.approx(shipped[count]["laws"][name], rel=1e-4)


def test_the_page_has_what_the_benchmark_prints(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["bench_data_rule.py"])
    runpy.run_path(str(ROOT / "benchmarks" / "bench_data_rule.py"), run_name="__main__")
    printed = capsys.readouterr().out.splitlines()
    page = (ROOT / "docs" / "data_rule.md").read_text(encoding="utf-8")
    block = page.split("<!-- rules: printed by benchmarks/bench_data_rule.py -->\n```\n")[1].split("```\n<!-- end")[0]
    assert block.strip().splitlines() == "\n".join(printed[3:]).strip().splitlines()


def test_the_evidence_of_the_default_has_every_predictor_and_what_speaks_against_it():
    found = default_evidence()
    assert [row.predictor for row in found.predictors] == list(PREDICTORS)
    nothing, *_, both = found.predictors
    for one, other in zip(both.at, nothing.at, strict=True):
        assert one.wasted < other.wasted
        assert one.error_ln_n < 0.6 * other.error_ln_n
    papers = {one.paper.split()[0] for one in found.published if one.verdict == "disagree"}
    assert {"Luo", "Hoffmann", "Pandey", "Limisiewicz"} <= papers


def test_the_loss_of_a_corpus_by_the_lines_is_near_that_of_its_own_law():
    """The losses of starcoder's and fineweb's own laws at their optima lie in the 80 % intervals, Chinchilla's not."""
    coefficients, laws = load_coefficients(), six_corpora().seen["total"].laws
    for name, h, t in (("starcoder", 0.402, 3.0), ("fineweb", 0.566, 4.0)):
        law = law_of(laws[name])
        best = law.frontier(4.84e19)
        found = corpus_loss(coefficients, h, 4.84e19, t)
        assert found.interval80[0] < law.loss(best.n_params, best.n_tokens) < found.interval80[1]
        assert found.bits_per_byte == pytest.approx(found.loss / (math.log(2) * t))
    assert 0.05 < left_out_error() < 0.2
    assert corpus_loss(coefficients, 0.9, 1e20, None) is None or corpus_loss(coefficients, 0.9, 1e20, None).loss > 3
