"""Grids: which jobs they give, what those cost, and the presets that name them."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest

from advisor.errors import AdvisorError, UsageError
from advisor.json_fields import Node
from advisor.json_form import as_json
from calibration.campaign.grid import SEQ_LEN, Grid, Job, Size, iso_flop, read_job, without
from calibration.campaign.presets import (
    GRIDS,
    ISO_TOKENS_GRID,
    PRESETS,
    PUBLISHED,
    SUBWORD_GRID,
    find_grid,
    find_preset,
    grammars_of,
)
from calibration.training.schedule import MIN_STEPS, PAPER, TEXT, TUNED, Recipe

GRID = Grid(
    sizes=(Size(width=8, n_layers=2), Size(width=128, n_layers=4), Size(width=192, n_layers=5)),
    token_counts=(1000, 3000, 2000),
    recipe=TUNED,
    n_seeds=(3, 2),
)
JOB = Job(source="A1", size=Size(width=8, n_layers=2), seed=1, token_counts=(1000, 2000), rate=0.02)


def test_every_source_is_trained_at_every_size_and_seed():
    jobs = GRID.jobs("A1", n_unique=None)
    assert [job.name for job in jobs] == ["A1-8x2-0", "A1-8x2-1", "A1-8x2-2", "A1-128x4-0", "A1-128x4-1", "A1-192x5-0"]
    assert {job.token_counts for job in jobs} == {(1000, 2000, 3000)}
    assert [job.rate for job in jobs] == [0.02] * 3 + [0.002] * 2 + [0.256 / 192]


@pytest.mark.parametrize(("n_unique", "counts"), [(2999, (1000, 2000)), (3000, (1000, 2000, 3000)), (1000, (1000,))])
def test_no_job_reads_a_token_twice(n_unique, counts):
    assert {job.token_counts for job in GRID.jobs("code", n_unique=n_unique)} == {counts}


def test_a_source_that_is_too_small_has_no_jobs():
    assert GRID.jobs("code", n_unique=999) == ()


def test_with_points_each_size_is_trained_at_its_own_token_counts():
    small, large, _ = GRID.sizes
    grid = replace(GRID, points=((small, 1000), (small, 3000), (large, 2000)), n_seeds=(2,))
    jobs = grid.jobs("A1", n_unique=None)
    assert {job.name: job.token_counts for job in jobs} == {
        "A1-8x2-0": (1000, 3000),
        "A1-8x2-1": (1000, 3000),
        "A1-128x4-0": (2000,),
    }
    # A size of which no token count is left has no job.
    assert {job.name: job.token_counts for job in grid.jobs("A1", n_unique=1999)} == {
        "A1-8x2-0": (1000,),
        "A1-8x2-1": (1000,),
    }


def test_the_points_of_a_budget_cost_it_whatever_the_vocabulary():
    sizes = (Size(width=64, n_layers=2), Size(width=96, n_layers=3))
    points = iso_flop({1e12: sizes, 4e12: sizes[1:]})
    assert [size for size, _ in points] == [*sizes, sizes[1]]
    costs = [6 * size.shape(vocab).n_non_embedding * n for size, n in points for vocab in (257, 8193)]
    assert costs == pytest.approx([1e12] * 4 + [4e12] * 2, rel=1e-5)


def test_the_grid_of_tokenizers_has_seven_sizes_for_each_of_three_budgets():
    spent = Counter(round(6 * size.shape(257).n_non_embedding * n / 1e10) for size, n in ISO_TOKENS_GRID.points)
    assert spent == {25: 7, 80: 7, 250: 7}
    jobs = ISO_TOKENS_GRID.jobs("x", n_unique=None)
    assert {(job.size, n) for job in jobs for n in job.token_counts} == set(ISO_TOKENS_GRID.points)
    assert max(ISO_TOKENS_GRID.token_counts) < 20.5e6
    assert not [job for job in jobs for branch in job.plan(ISO_TOKENS_GRID.recipe).branches if branch.few_steps]


def test_the_subword_grid_has_one_kind_of_model_and_trains_the_two_least_for_longer():
    jobs = SUBWORD_GRID.jobs("x", n_unique=None)
    assert [(job.size.width, job.size.n_layers, max(job.token_counts)) for job in jobs] == [
        *((32, 2, 8_000_000), (64, 2, 8_000_000)),
        *((128, 2, 5_000_000), (256, 2, 5_000_000)),
    ]
    assert {job.rate * job.size.width for job in jobs} == {0.128}
    assert 12 * sum(job.flops(SUBWORD_GRID.recipe, 4096) for job in jobs) == pytest.approx(1.74e15, rel=0.01)


def test_heads_are_64_wide_and_at_least_one():
    assert [Size(width=d, n_layers=1).n_heads for d in (8, 64, 128, 192, 2048)] == [1, 1, 2, 3, 32]
    shape = Size(width=128, n_layers=4).shape(301)
    assert (shape.width, shape.n_layers, shape.n_heads, shape.vocab_size, shape.context) == (128, 4, 2, 301, 256)


def test_flops_of_a_job_are_those_of_the_trunk_and_its_branches():
    # Batches of one document: 10,240 tokens are 40 steps and 20,480 are 80; of those the last fifth is a branch.
    recipe = Recipe(batches=((0, SEQ_LEN),))
    job = replace(JOB, token_counts=(40 * SEQ_LEN, 80 * SEQ_LEN))
    trained = (64 + 8 + 16) * SEQ_LEN
    # Per token 6 (L (4 d^2 + 6 d^2) + L 2 d T/2 + V d): d = 8, L = 2, T = 256, V = 21.
    per_token = 6 * (2 * 10 * 64 + 2 * 2 * 8 * 128 + 21 * 8)
    assert job.flops(recipe, 21) == trained * per_token


def test_a_job_is_read_as_it_was_written():
    written = json.loads(json.dumps(as_json(JOB)))
    assert read_job(Node(written, "plan.json", "jobs[0]", AdvisorError)) == JOB


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rate": 0}, "plan.json: jobs[0].rate must be inside (0, 1), not 0."),
        ({"seed": -1}, "plan.json: jobs[0].seed must be a whole number of at least 0, not -1."),
        ({"token_counts": 5}, "plan.json: jobs[0].token_counts must be a list, not 5."),
        ({"size": {"width": 8}}, "plan.json: jobs[0].size.n_layers is missing."),
    ],
)
def test_a_job_that_cannot_be_read_is_said_in_one_sentence(change, message):
    with pytest.raises(AdvisorError) as caught:
        read_job(Node({**as_json(JOB), **change}, "plan.json", "jobs[0]", AdvisorError))
    assert str(caught.value) == message


def test_without_takes_one_token_count_and_the_job_that_has_none_left():
    jobs = (JOB, replace(JOB, seed=2))
    once = without(jobs, "A1-8x2-1", 2000)
    assert [job.token_counts for job in once] == [(1000,), (1000, 2000)]
    assert [job.name for job in without(once, "A1-8x2-1", 1000)] == ["A1-8x2-2"]


@pytest.mark.parametrize("name", GRIDS)
def test_every_point_of_the_tuned_grids_has_enough_steps(name):
    for job in find_grid(name).jobs("x", n_unique=None):
        branches = job.plan(TUNED).branches
        assert min(branch.n_steps for branch in branches) >= MIN_STEPS
        assert [branch.n_tokens for branch in branches] == pytest.approx(list(job.token_counts), rel=0.01)


def test_the_paper_grid_is_the_published_one():
    # Pandey 2024 (arXiv:2405.16684): non-embedding parameters of the six sizes.
    counts = [size.shape(21).n_non_embedding for size in PUBLISHED]
    assert counts == pytest.approx([0.082e6, 0.657e6, 3.94e6, 26.2e6, 209.8e6, 1258e6], rel=0.005)
    assert len(find_grid("paper").token_counts) == 6
    assert len(PRESETS["paper"].sets) == 1
    assert len(grammars_of("paper", seed=0)) == 6


def test_the_published_recipe_has_too_few_steps_for_small_d():
    (job, *_) = find_grid("paper").jobs("A1", n_unique=None)
    assert [branch.few_steps for branch in job.plan(PAPER).branches] == [True, True, False, False, False, False]


def test_presets_name_grids_and_sets_that_exist():
    for preset in PRESETS.values():
        assert preset.grid in GRIDS.values()
        for name in preset.sets:
            known = {one.name for one in grammars_of(name, seed=0)} if name != "two-way" else set()
            assert set(preset.only) <= known
    assert [name for name, preset in PRESETS.items() if preset.grid.laws_only] == ["smoke"]


def test_unknown_names_get_the_known_ones():
    with pytest.raises(UsageError, match=r"^There is no preset 'huge': choose one of smoke, cpu, night, gpu, paper, "):
        find_preset("huge")
    with pytest.raises(
        UsageError,
        match=r"^There is no grid 'huge': choose one of smoke, quick, early, late, cpu, night, text, ",
    ):
        find_grid("huge")
    with pytest.raises(UsageError, match=r"^There is no grammar set 'A1': choose one of paper, iso-vocab, iso-gzip, "):
        grammars_of("A1", seed=0)


def test_the_grid_for_nine_minutes_gives_laws_and_stacks_of_one_vocabulary():
    grid = find_grid("gpu-9min")
    widths = [size.width for size in grid.sizes]
    assert (min(widths), max(widths)) == (64, 256)
    assert (min(grid.token_counts), max(grid.token_counts)) == (300_000, 10_000_000)
    assert Counter(size for size, _ in grid.seeds()) == dict.fromkeys(grid.sizes, 3)
    jobs = [job for name in ("a", "b", "c") for job in grid.jobs(name, n_unique=28_000_000)]
    assert len({(job.size, job.token_counts) for job in jobs}) == 5  # stacks of nine, where the vocabulary is one
    flops = sum(job.flops(TEXT, 257) for job in jobs)
    # Nine minutes are 540 s: 1 % of an H100's 989 TFLOP/s is enough.
    assert flops == pytest.approx(4.8e15, rel=0.01)
