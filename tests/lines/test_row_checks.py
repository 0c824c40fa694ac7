"""Rows that contradict themselves: what no training writes is found without a digest, and what it does write is not."""

import dataclasses
from pathlib import Path

import pytest

from calibration.campaign.ledger import Ledger
from calibration.lines.row_checks import problem_of_row

CALIBRATIONS = Path(__file__).parents[2] / "data" / "calibrations"
ROWS = Ledger(CALIBRATIONS / "pcfg-ladder" / "runs.jsonl").rows()
ROW = next(row for row in ROWS if (row.source, row.width, row.n_tokens) == ("L1", 8, 99_840))
UNTRAINED = "cannot have been trained"


@pytest.mark.parametrize("name", sorted(path.parent.name for path in CALIBRATIONS.glob("*/runs.jsonl")))
def test_every_shipped_row_follows_from_what_it_says_of_itself(name):
    lines = Ledger(CALIBRATIONS / name / "runs.jsonl").lines()
    assert all(line.is_signed for line in lines)
    assert [problem for line in lines if (problem := problem_of_row(line.row))] == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"n_tokens": 998_400}, "says 390 steps, and its 998,400 tokens take 2,341"),
        ({"width": 16}, "says n_params 1,656, and its shape has 5,872"),
        ({"n_non_embedding": 1}, "says n_non_embedding 1, and its shape has 1,320"),
        ({"width": 7}, f"{UNTRAINED} (1 head cannot share a width of 7: rotary positions need a width that is a "
         "multiple of 2)"),
        ({"vocab_size": 301}, "says n_params 1,656, and its shape has 6,136"),
        ({"n_steps": 391}, "says 391 steps, and its 99,840 tokens take 390"),
        ({"loss": 9.5}, "says a loss of 9.5 nats, and training that comes to more than ln 21 = 3.045 counts as "
         "diverged"),
        *[({name: value}, "has a key that does not follow from its data, shape, seed, rate and tokens")
          for name, value in (("seed", 7), ("data", "0" * 32), ("rate", 0.01), ("halvings", 1), ("key", "0" * 32))],
        ({"recipe": {}}, f"{UNTRAINED} (its recipe: batches is missing)"),
        ({"recipe": {**ROW.recipe, "batches": []}}, f"{UNTRAINED} (its recipe: batches must begin at tokens that "
         "rise from 0, not at [])"),
        ({"loss": 1e-320}, "says a loss of 1e-320 nats, and single precision knows none so small"),
        ({"standard_error": 1e-320}, "says a standard error of 1e-320 nats, which no mean over documents has"),
        ({"standard_error": 1e308}, "says a standard error of 1e+308 nats, which no mean over documents has"),
    ],
)  # fmt: skip
def test_a_row_that_contradicts_itself_is_told(change, problem):
    assert problem_of_row(dataclasses.replace(ROW, **change)) == problem


def test_what_only_the_digest_can_find_is_not_found_here():
    """The honest limit: a loss between nothing and divergence contradicts nothing."""
    assert problem_of_row(dataclasses.replace(ROW, loss=0.7 * ROW.loss)) is None
