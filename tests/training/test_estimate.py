"""Seconds from timed steps."""

import dataclasses
import time

import pytest
import torch

from calibration.training.device import choose_device
from calibration.training.estimate import count_steps, trunk_seconds
from calibration.training.probe import fastest
from calibration.training.schedule import TUNED, Recipe, make_schedule
from calibration.training.shape import model_shape
from tests.training.timings import at_largest, timed

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


def test_seconds_are_steps_times_seconds_and_the_validation():
    way = timed({1: 2.0, 2: 3.0}, setup_seconds=99.0)
    assert trunk_seconds(RAMP, way, n_validation=150) == pytest.approx(11 * 2 + 5 * 3 + 2 * 150 / 3 * 3.0 / 2)


def test_a_model_takes_its_share_of_a_stack():
    alone = trunk_seconds(RAMP, timed({1: 2.0, 2: 3.0}), n_validation=128)
    assert trunk_seconds(RAMP, timed({1: 8.0, 2: 12.0}, n_models=4), n_validation=128) == alone


def test_seconds_are_what_training_takes(monkeypatch):
    monkeypatch.setattr(time, "perf_counter", time.process_time)  # other work on this machine comes and goes
    from calibration.training.train import train
    from calibration.training.trunk import DataSource, Run, Trunk

    shape = model_shape(width=16, n_layers=1, n_heads=1, vocab_size=5, seq_len=64)
    plan = make_schedule(Recipe(batches=((0, 512),)), [64_000, 128_000], seq_len=64)
    source = DataSource(
        documents=torch.randint(5, (2000, 64), dtype=torch.int32),
        validation=torch.randint(5, (128, 64), dtype=torch.int32),
    )
    trunk = Trunk(shape=shape, plan=plan, runs=(Run(seed=0, rate=0.01),), sources=(source,))
    estimate = trunk_seconds(plan, fastest(shape, [8], hardware=CPU, cost=at_largest), n_validation=128)
    begin = time.process_time()
    list(train(trunk))
    took = time.process_time() - begin
    assert took / 3 < estimate < 3 * took
