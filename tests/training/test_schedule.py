"""Batches, steps and rates, against hand counts."""

import math

import pytest

from advisor.errors import UsageError
from calibration.training.schedule import PAPER, TEXT, TUNED, Branch, Recipe, make_schedule

# Batches of one document of 10 tokens, then of two from 100 tokens on.
TINY = Recipe(batches=((0, 10), (100, 20)), max_warmup=2)


def test_a_small_plan_by_hand():
    plan = make_schedule(TINY, [205, 55], seq_len=10)
    # Batches begin at 0, 1, 2, 3, 4 | 5 .. 10, 12, 14, 16, 18 | 20: 80 % of 20 is the boundary 16, of 5 it is 4.
    assert plan.branches == (
        Branch(start=4, stop=5, n_steps=5, n_tokens=50),
        Branch(start=16, stop=20, n_steps=15, n_tokens=200),
    )
    assert plan.n_documents == 20
    assert plan.n_tokens_trained == 10 * (16 + 1 + 4)
    assert [plan.batch(n) for n in (0, 9, 10, 18)] == [1, 1, 2, 2]
    assert plan.n_warmup == 1  # 5 // 5


def test_rates_rise_stay_and_fall():
    plan = make_schedule(Recipe(batches=((0, 10),)), [1000], seq_len=10)
    (branch,) = plan.branches
    assert (branch.start, branch.stop, plan.n_warmup) == (80, 100, 20)
    assert [plan.rate(n, n) for n in (0, 9, 19, 79)] == [0.05, 0.5, 1, 1]
    assert [plan.rate(n, n, branch) for n in (80, 85, 99)] == [1, 0.5, 1 - math.sqrt(0.95)]


def test_the_published_recipe_is_a_cosine_for_each_count_alone():
    plan = make_schedule(PAPER, [100_000, 1_000_000], seq_len=256)
    assert [(b.start, b.n_steps, b.few_steps) for b in plan.branches] == [(0, 12, True), (0, 122, True)]
    assert PAPER.peak_rate(64) == PAPER.peak_rate(2048) == 5e-5
    assert plan.batch(0) == 32
    assert [plan.rate(n, 32 * n, plan.branches[0]) for n in (0, 6)] == pytest.approx([1, 0.5])
    assert plan.rate(11, 32 * 11, plan.branches[0]) == pytest.approx((1 + math.cos(math.pi * 11 / 12)) / 2)


def test_the_batch_grows_along_the_trunk():
    plan = make_schedule(TUNED, [100_000, 300_000, 1_000_000, 3_000_000, 10_000_000, 100_000_000], seq_len=256)
    # 200K tokens end in the 782nd document, 1M in the 3908th.
    assert [plan.batch(n) for n in (0, 781, 782, 3906, 3908, 39_060, 39_068)] == [1, 1, 2, 2, 8, 8, 32]
    assert [branch.n_tokens for branch in plan.branches] == [
        390 * 256,
        299_520,
        999_936,
        11_716 * 256,
        39_060 * 256,
        390_620 * 256,
    ]
    assert plan.n_warmup == 20


@pytest.mark.parametrize("n_tokens", [100_000, 399_999, 400_000, 799_999, 800_000, 9_999_999, 10_000_000, 100_000_000])
def test_there_are_steps_enough_at_every_count(n_tokens):
    (branch,) = make_schedule(TUNED, [n_tokens], seq_len=256).branches
    assert not branch.few_steps
    assert n_tokens * (1 - 1 / 390) < branch.n_tokens <= n_tokens
    assert 0.2 * branch.stop <= branch.stop - branch.start < 0.204 * branch.stop


def test_text_has_larger_batches_at_half_the_rate():
    plan = make_schedule(TEXT, [200_000, 1_000_000, 3_000_000, 8_000_000], seq_len=256)
    assert [plan.batch(n) for n in (0, 3906, 3908, 11_716, 11_724)] == [2, 2, 8, 8, 16]
    assert not any(branch.few_steps for branch in plan.branches)
    assert plan.n_warmup == 78  # 390 // 5
    assert [TEXT.peak_rate(d) / TUNED.peak_rate(d) for d in (16, 64, 512)] == [0.5, 0.5, 0.5]
    assert (TEXT.peak_rate(64), TEXT.peak_rate(4)) == (0.002, 2e-2)


def test_too_few_steps_are_flagged():
    plan = make_schedule(TUNED, [390 * 256, 389 * 256], seq_len=256)
    assert [(branch.n_steps, branch.few_steps) for branch in plan.branches] == [(389, True), (390, False)]
    plan = make_schedule(TUNED, [390 * 256], seq_len=1024)  # a batch is at least a document
    assert [(branch.n_steps, branch.few_steps) for branch in plan.branches] == [(97, True)]


def test_the_last_twentieth():
    branch = Branch(start=80, stop=100, n_steps=100, n_tokens=1000)
    assert [n for n in range(1, 101) if branch.in_last_share(n)] == [96, 97, 98, 99, 100]
    assert Branch(start=0, stop=64, n_steps=2, n_tokens=640).in_last_share(64)


@pytest.mark.parametrize("counts", [[], [500_000, 500_000]])
def test_counts_that_cannot_be_planned_are_said(counts):
    with pytest.raises(UsageError) as error:
        make_schedule(PAPER, counts, seq_len=256)
    assert str(error.value) == f"The token counts {counts} cannot be trained: give each once, and at least one."


def test_a_count_below_the_first_batch_is_said():
    with pytest.raises(UsageError) as error:
        make_schedule(PAPER, [8000, 9000], seq_len=256)
    assert str(error.value) == "8,000 tokens cannot be trained on: the first batch alone has 8,192; ask for more."
