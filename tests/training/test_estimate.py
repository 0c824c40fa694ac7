"""Hours from timed steps."""

import dataclasses
import time

import pytest
import torch

from advisor.errors import UsageError
from calibration.training.device import choose_device
from calibration.training.estimate import HoursEstimate, count_steps, estimate_hours
from calibration.training.probe import probe
from calibration.training.schedule import TUNED, Recipe, make_schedule
from calibration.training.shape import model_shape
from tests.training.timings import TOY, found, timed

CPU = dataclasses.replace(choose_device("cpu"), memory_bytes=4_000_000_000)


# Batches of one document of 16 tokens, then of two from 160 tokens on.
RAMP = make_schedule(Recipe(batches=((0, 16), (160, 32))), [16 * 20, 16 * 5], seq_len=16)


def test_steps_are_counted_by_their_batch():
    # The trunk to 16: 10 of one, 3 of two; the branches 4 to 5 and 16 to 20: 1 of one and 2 of two.
    assert [(b.start, b.stop) for b in RAMP.branches] == [(4, 5), (16, 20)]
    assert count_steps(RAMP) == {1: 11, 2: 5}
    plan = make_schedule(TUNED, [100_000, 300_000, 1_000_000, 3_000_000], seq_len=256)
    steps = count_steps(plan)
    assert set(steps) == {1, 2, 8}
    assert sum(size * n for size, n in steps.items()) * 256 == plan.n_tokens_trained


def test_hours_are_steps_times_seconds_and_the_validation():
    estimate = estimate_hours(RAMP, [timed(1, 2.0), timed(2, 3.0)], n_validation=150)
    validation = 2 * 150 / 3 * 3.0 / 2
    assert estimate == HoursEstimate(hours=pytest.approx((11 * 2 + 5 * 3 + validation) / 3600), notes=())


def test_a_model_takes_its_share_of_a_stack():
    alone = estimate_hours(RAMP, [timed(1, 2.0), timed(2, 3.0)])
    assert estimate_hours(RAMP, [timed(2, 12.0, 4), timed(1, 8.0, 4)]) == alone


@pytest.mark.parametrize(
    ("throughputs", "seconds", "note"),
    [
        ([(2, 3.0), (6, 11.0)], 5.0, "A batch of 3 documents was not timed: between those of 2 and 6."),
        (
            [(4, 9.0), (8, 20.0)],
            9.0,
            "A batch of 3 documents was not timed: its step is taken to be as long as 4's.",
        ),
        ([(1, 2.0), (2, 3.0)], 4.5, "A batch of 3 documents was not timed: in proportion to one of 2."),
    ],
)
def test_a_batch_that_was_not_timed_is_reckoned_and_said(throughputs, seconds, note):
    plan = make_schedule(Recipe(batches=((0, 48),)), [48 * 10], seq_len=16)
    estimate = estimate_hours(plan, [timed(*one) for one in throughputs], n_validation=0)
    assert estimate == HoursEstimate(hours=pytest.approx(10 * seconds / 3600), notes=(note,))


@pytest.mark.parametrize("shapes", [(), (TOY, dataclasses.replace(TOY, width=16))])
def test_hours_need_timings_of_one_shape(shapes):
    with pytest.raises(UsageError) as error:
        estimate_hours(RAMP, [dataclasses.replace(found(), shape=shape) for shape in shapes])
    assert str(error.value) == (
        "The hours of a trunk follow from timings of its shape: give those of one shape, at least one."
    )


def test_hours_are_what_training_takes():
    from calibration.training.train import train
    from calibration.training.trunk import DataSource, Run, Trunk

    shape = model_shape(width=16, n_layers=1, n_heads=1, vocab_size=5, seq_len=64)
    plan = make_schedule(Recipe(batches=((0, 512),)), [64_000, 128_000], seq_len=64)
    source = DataSource(
        documents=torch.randint(5, (2000, 64), dtype=torch.int32),
        validation=torch.randint(5, (128, 64), dtype=torch.int32),
    )
    trunk = Trunk(shape=shape, plan=plan, runs=(Run(seed=0, rate=0.01),), sources=(source,))
    estimate = estimate_hours(plan, [probe(shape, 8, hardware=CPU)])
    begin = time.perf_counter()
    list(train(trunk))
    took = time.perf_counter() - begin
    assert took / 3 < estimate.hours * 3600 < 3 * took  # other work on this machine comes and goes
