"""Rates that are tried before training: the best is taken, an edge is said, and what is settled is left alone."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from calibration.campaign import rate_sweep
from calibration.campaign.grid import Grid, Size
from calibration.campaign.planning import CalibrationRequest, make_plan
from calibration.campaign.presets import grammars_of
from calibration.campaign.rate_sweep import Sweep, sweep_rates
from calibration.training.device import choose_device
from calibration.training.schedule import Recipe

GRID = Grid(
    sizes=(Size(width=4, n_layers=1), Size(width=8, n_layers=1)),
    token_counts=(10_240, 20_480, 40_960),
    recipe=Recipe(batches=((0, 1024),), rate=0.02, max_warmup=2),
    n_validation=128,
)


@pytest.fixture(scope="module")
def plan():
    """A1, and beside it sources of lower and higher H, of which no token exists."""
    request = CalibrationRequest(name="toy", grid=GRID, specs=grammars_of("paper", seed=0)[:1])
    plan = make_plan(request, None, progress=lambda *_: None)
    (a1,) = plan.sources
    others = [replace(a1, name=name, compressibility=h) for name, h in (("low", 0.01), ("high", 0.7))]
    jobs = [replace(job, source=each.name) for each in others for job in plan.jobs]
    return replace(plan, sources=(*others, a1), jobs=(*jobs, *plan.jobs))


def swept(plan, folder, **changes):
    return sweep_rates(plan, choose_device("cpu"), folder=folder, progress=lambda *_: None, **changes)


def sweep(*losses):
    return Sweep(width=64, source="A2", n_tokens=20_480, losses=dict(zip((0.002, 0.004, 0.008), losses, strict=True)))


def test_the_rate_of_the_least_loss_is_taken():
    found = sweep(1.25, 1.125, 1.5)
    assert found.best == 0.004
    assert found.note == (
        "Width 64: the rate 0.004 is taken (0.002: 1.2500, 0.004: 1.1250, 0.008: 1.5000; nats at 20,480 tokens)."
    )


@pytest.mark.parametrize(("losses", "best"), [((1.0, 1.1, 1.2), 0.002), ((1.2, 1.1, 1.0), 0.008)])
def test_an_edge_is_said(losses, best):
    found = sweep(*losses)
    assert found.best == best
    assert found.note.endswith("; it is an edge of what was tried, so the best may lie beyond.")


def test_a_rate_that_diverged_is_not_taken():
    found = sweep(1.2, 1.1, float("inf"))
    assert found.best == 0.004
    assert "0.004: 1.1000, 0.008: diverged; nats at 20,480 tokens)" in found.note


def test_a_sweep_gives_every_width_its_best_rate_from_real_training(plan, tmp_path):
    low = replace(plan, jobs=tuple(replace(job, rate=0.0005) for job in plan.jobs))  # far below what is best
    found = swept(low, tmp_path)
    assert {job.rate for job in found.jobs} == {0.004}  # twice beyond the edge of three
    assert [job.token_counts for job in found.jobs] == [job.token_counts for job in plan.jobs]
    assert [note.split(":")[0] for note in found.notes] == ["Width 4", "Width 8"]
    assert all("; nats at 20,480 tokens" in note and "an edge" in note for note in found.notes)
    # The source of median H, at the second smallest count.
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == [
        "A1.sha256",
        "A1.training.npy",
        "A1.validation.npy",
    ]
    assert swept(low, tmp_path) == found


@pytest.mark.parametrize(
    ("best", "expected", "n_tried"), [(0.02, 0.02, 3), (0.08, 0.08, 5), (0.005, 0.005, 5), (1.0, 0.16, 5)]
)
def test_what_lies_beyond_an_edge_is_tried(plan, tmp_path, monkeypatch, best, expected, n_tried):
    tried = []

    def train_all(trunk):
        for place, run in enumerate(trunk.runs):
            tried.append(run.rate)
            yield place, SimpleNamespace(loss=abs(math.log(run.rate / best)), run=replace(run, halvings=0))

    monkeypatch.setattr(rate_sweep, "train_all", train_all)
    found = swept(plan, tmp_path, settled={8})
    (rate,) = {job.rate for job in found.jobs if job.size.width == 4}
    assert rate == pytest.approx(expected)
    assert len(tried) == n_tried
    assert ("an edge" in found.notes[0]) == (expected != best)


def test_sizes_of_other_token_counts_are_each_tried_at_their_own(plan, tmp_path):
    counts = {4: (10_240,), 8: (122_880, 163_840)}  # more than the documents that a grammar's digest is of
    jobs = tuple(replace(job, token_counts=counts[job.size.width]) for job in plan.jobs)
    found = swept(replace(plan, jobs=jobs), tmp_path)
    assert [note.rsplit("nats at ")[-1].split(" ")[0] for note in found.notes] == ["10,240", "163,840"]
    training = np.load(tmp_path / "data" / "A1.training.npy", mmap_mode="r")
    assert training.size >= 163_840


def test_widths_that_are_settled_keep_their_rates(plan, tmp_path):
    low = replace(plan, jobs=tuple(replace(job, rate=0.0005) for job in plan.jobs))
    found = swept(low, tmp_path, settled={4})
    assert {(job.size.width, job.rate) for job in found.jobs} == {(4, 0.0005), (8, 0.004)}
    assert swept(plan, tmp_path, settled={4, 8}) == plan
