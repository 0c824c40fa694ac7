"""Losses of a pilot in another unit: what it does to the gap, and what is said."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest

from advisor.pilot.gap import gap_of
from advisor.pilot.loss_levels import about_losses, levels, odd_runs
from advisor.pilot.runs import PilotRun
from tests.pilot.six_corpora import LAWS, trained
from tests.pilot.test_gap import DESIGN, REFERENCE, USERS, base, question, runs_of


def runs(corpus: str = "starcoder") -> list[PilotRun]:
    return trained(runs_of(question(corpus), DESIGN), {"corpus": corpus, "reference": REFERENCE}, random.Random(0))


def in_bits(run: PilotRun) -> PilotRun:
    return replace(run, loss=run.loss / math.log(2))


@pytest.mark.parametrize("role", ["corpus", "reference"])
@pytest.mark.parametrize("corpus", USERS)
def test_the_unit_of_one_corpus_moves_no_gap(corpus, role):
    known = runs(corpus)
    nats = gap_of(known, base=base)
    bits = gap_of([in_bits(run) if run.role == role else run for run in known], base=base)
    ppl = [replace(run, loss=math.exp(run.loss)) if run.role == role else run for run in known]
    assert bits.log_n == pytest.approx(nats.log_n, abs=1e-9)
    assert gap_of(ppl, base=base).log_n == pytest.approx(nats.log_n, abs=0.002)


def test_losses_in_nats_are_like_the_base_laws():
    assert {name: round(levels(runs(name))["corpus"], 2) for name in LAWS} == {
        "fineweb": 0.97,
        "fineweb-edu": 0.9,
        "slimpajama": 0.92,
        "smollm-corpus": 0.77,
        "proof-pile-2": 0.59,
        "starcoder": 0.44,
    }
    assert all(about_losses(runs(name)) == () for name in LAWS)


def test_a_corpus_in_another_unit_is_said():
    (caution,) = about_losses([in_bits(run) if run.role == "reference" else run for run in runs()])
    assert caution.code == "loss_unit"
    assert caution.message == (
        "The losses of reference are 1.40 times what web text has in nats/token (Chinchilla's law), and .4 to 1.1 is "
        "usual: they seem to be in another unit. The gap stays as it is if all runs of this corpus are in it."
    )


def test_a_run_in_another_unit_is_said():
    (caution,) = about_losses([in_bits(run) if i == 0 else run for i, run in enumerate(runs())])
    assert (caution.code, caution.message) == (
        "odd_losses",
        "Of the 20 runs the loss 2.089 of 58.0M parameters on corpus at 5e18 FLOPs is not like the others of the same "
        "corpus: look whether the unit is another or the run failed.",
    )


def test_a_budget_in_another_unit_is_said():
    mixed = [in_bits(run) if run.role == "corpus" and run.flops == 1e19 else run for run in runs()]
    assert {(run.role, run.flops) for run in odd_runs(mixed)} == {("corpus", 1e19)}
    (caution,) = about_losses(mixed)
    assert caution.message.startswith("Of the 20 runs 5, such as the loss ")
