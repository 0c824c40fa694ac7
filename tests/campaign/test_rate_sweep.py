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
from calibration.training.execution import PINNED
from calibration.training.schedule import Recipe

GRID = Grid(
    sizes=(Size(width=4, n_layers=1), Size(width=8, n_layers=1)),
    token_counts=(10_240, 20_480, 40_960),
    recipe=Recipe(batches=((0, 1024),), rate=0.02, max_warmup=2),
    n_validation=128,
)


@pytest.fixture(scope="module")
def plan():
    """A plan of four grammars."""
    request = CalibrationRequest(name="toy", grid=GRID, specs=grammars_of("paper", seed=0)[:4])
    return make_plan(request, None, progress=lambda *_: None)


def swept(plan, folder, **changes):
    device = choose_device("cpu")
    return sweep_rates(plan, device, folder=folder, progress=lambda *_: None, choice=PINNED, **changes)


def sweep(*losses):
    losses = dict(zip((0.002, 0.004, 0.008), losses, strict=True))
    return Sweep(width=64, recipe=0.004, tries=("A1", "A2", "A4"), n_tokens=20_480, losses=losses)


def test_the_rate_of_the_least_loss_is_taken():
    found = sweep((2.0, 3.0, 4.0), (3.0, 4.0, 5.0), (4.0, 5.0, 9.0))
    assert found.best == 0.002
    assert found.note == (
        "Width 64: the rate 0.002 is taken (0.002: 3.0000, 0.004: 4.0000, 0.008: 6.0000; nats at 20,480 tokens, "
        "mean of A1, A2, A4); it is an edge of what was tried, so the best may lie beyond."
    )


def test_the_recipe_is_kept_where_another_rate_is_not_ahead_in_every_try():
    found = sweep((3.5, 4.5, 5.5), (3.0, 4.0, 5.0), (1.0, 2.0, 5.0))
    assert found.best == 0.004
    assert found.beyond is None
    assert found.note == (
        "Width 64: the rate 0.004 is taken (0.002: 4.5000, 0.004: 4.0000, 0.008: 2.6667; nats at 20,480 tokens, "
        "mean of A1, A2, A4); 0.008 is not ahead of 0.004 in each of them."
    )


def test_of_rates_that_are_ahead_in_every_try_the_least_mean_is_taken():
    found = sweep((2.9, 3.9, 4.9), (3.0, 4.0, 5.0), (2.8, 3.8, 4.95))
    assert found.best == 0.008
    assert found.beyond == 0.016


def test_a_rate_that_diverged_is_not_taken():
    found = sweep((3.2, 4.2, 5.2), (3.0, 4.0, 5.0), (1.0, 1.0, math.inf))
    assert found.best == 0.004
    assert "0.004: 4.0000, 0.008: diverged; nats at 20,480 tokens, mean of A1, A2, A4)." in found.note
    assert sweep((1.0, 1.0, 1.0), (math.inf,) * 3, (math.inf,) * 3).best == 0.002


def test_a_sweep_gives_every_width_its_best_rate_from_real_training(plan, tmp_path):
    low = replace(plan, jobs=tuple(replace(job, rate=0.0005) for job in plan.jobs))  # far below what is best
    found = swept(low, tmp_path)
    assert {job.rate for job in found.jobs} == {0.004}  # twice beyond the edge of three
    assert [job.token_counts for job in found.jobs] == [job.token_counts for job in plan.jobs]
    assert [note.split(":")[0] for note in found.notes] == ["Width 4", "Width 8"]
    # The sources of least, median and greatest H, at the second smallest count.
    by_h = [source.name for source in sorted(plan.sources, key=lambda source: source.compressibility)]
    tried = ", ".join((by_h[0], by_h[2], by_h[3]))
    assert all(f"; nats at 20,480 tokens, mean of {tried}); it is an edge" in note for note in found.notes)
    assert {path.name.split(".")[0] for path in (tmp_path / "data").iterdir()} == {by_h[0], by_h[2], by_h[3]}
    assert swept(low, tmp_path) == found


@pytest.mark.parametrize(
    ("n_sources", "tries"), [(1, "{0}, {0} (seed 1), {0} (seed 2)"), (2, "{0}, {1}, {0} (seed 1)")]
)
def test_where_there_are_fewer_sources_several_seeds_of_them_are_tried(plan, tmp_path, n_sources, tries):
    few = sorted(plan.sources[:n_sources], key=lambda source: source.compressibility)
    jobs = tuple(job for job in plan.jobs if job.source in {source.name for source in few})
    found = swept(replace(plan, sources=tuple(few), jobs=jobs), tmp_path, settled={8})
    (note,) = found.notes
    assert f"mean of {tries.format(*(source.name for source in few))})" in note


@pytest.mark.parametrize(
    ("best", "expected", "n_tried"), [(0.02, 0.02, 3), (0.08, 0.08, 5), (0.005, 0.005, 5), (1.0, 0.16, 5)]
)
def test_what_lies_beyond_an_edge_is_tried(plan, tmp_path, monkeypatch, best, expected, n_tried):
    tried = []

    def train_all(trunk):
        (run,) = trunk.runs
        tried.append(run.rate)
        yield 0, SimpleNamespace(loss=abs(math.log(run.rate / best)), run=replace(run, halvings=0))

    monkeypatch.setattr(rate_sweep, "train_all", train_all)
    found = swept(plan, tmp_path, settled={8})
    (rate,) = {job.rate for job in found.jobs if job.size.width == 4}
    assert rate == pytest.approx(expected)
    assert len(tried) == 3 * n_tried
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
