"""Timings against the steps that are timed, choices against timings by hand, hours against counts by hand."""

import dataclasses
import json
import time

import pytest
import torch

from advisor.errors import CaptureError, DeviceMemoryError, UsageError
from advisor.json_form import as_json
from calibration.training import probe as probing
from calibration.training import step as stepping
from calibration.training.device import choose_device
from calibration.training.estimate import HoursEstimate, count_steps, estimate_hours
from calibration.training.model import document_losses
from calibration.training.probe import Throughput, probe, trials
from calibration.training.schedule import TUNED, Recipe, make_schedule
from calibration.training.shape import model_shape

TOY = model_shape(width=8, n_layers=1, n_heads=1, vocab_size=5, seq_len=16)
CPU = dataclasses.replace(choose_device("cpu"), memory_bytes=4_000_000_000)
# What follows a CUDA device's path here: the device is the CPU, and graphs are steps from their buffers.
GRAPHS = type("Graphs", (type(CPU),), {"is_cuda": True})


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def found(n_models=1, graph=False, tokens_per_second=1000.0, **changes):
    values = {
        "shape": TOY,
        "batch_documents": 4,
        "n_models": n_models,
        "micro_batch": None,
        "graph": graph,
        "step_seconds": n_models * 64 / tokens_per_second,
        "n_steps": 3,
        "tokens_per_second": tokens_per_second,
        "mfu": None,
    }
    return Throughput(**(values | changes))


def test_a_probe_times_real_steps():
    begin = time.perf_counter()
    one = probe(TOY, 64, hardware=CPU, seconds=0.3)
    took = time.perf_counter() - begin
    assert (one.shape, one.batch_documents, one.n_models, one.graph, one.micro_batch) == (TOY, 64, 1, False, None)
    assert one.tokens_per_second == pytest.approx(64 * 16 / one.step_seconds)
    assert one.n_steps >= 3
    assert 0.1 * took < one.n_steps * one.step_seconds < 2 * took  # a median, and not the mean
    assert one.notes == ()
    assert one.mfu is None
    assert json.loads(json.dumps(as_json(one)))["shape"]["width"] == 8


def test_mfu_follows_where_the_peak_is_known():
    one = probe(TOY, 64, hardware=dataclasses.replace(CPU, peak_flops=1e12), seconds=0.05)
    assert one.mfu == pytest.approx(one.tokens_per_second * TOY.flops_per_token / 1e12)


@pytest.mark.parametrize("width", [16, 64])
def test_a_probe_is_quick(width):
    shape = model_shape(width=width, n_layers=2, n_heads=1, vocab_size=301)
    begin = time.process_time()
    probe(shape, 8, hardware=CPU, n_models=6)
    assert time.process_time() - begin < 1.5


def test_a_long_step_is_taken_twice(monkeypatch):
    steps = []
    monkeypatch.setattr(probing, "step", lambda trunk, state: steps.append(time.sleep(0.06)))
    one = probe(TOY, 64, hardware=CPU, seconds=0.1)
    assert (len(steps), one.n_steps) == (2, 1)
    assert 0.06 <= one.step_seconds < 0.1


@pytest.mark.parametrize(("batch", "sizes"), [(4, {1, 4, 16}), (64, {1})])
def test_on_a_cpu_stacks_are_tried_for_small_batches_alone(monkeypatch, batch, sizes):
    tried = []
    monkeypatch.setattr(
        probing._Timing, "time", lambda self, n, micro, graph: tried.append(n) or found(n, graph, 1e3 * n)
    )
    best = probe(TOY, batch, hardware=CPU, n_models=20)
    assert set(tried) == sizes
    assert best.n_models == max(sizes)


def script(monkeypatch, speeds):
    """Time what ``speeds`` says, (models, graph): tokens/s, or an error."""

    def timed(self, n_models, micro_batch, graph):
        speed = speeds[n_models, graph]
        if isinstance(speed, Exception):
            raise speed
        return found(n_models, graph, speed)

    monkeypatch.setattr(probing._Timing, "time", timed)


def graphs():
    values = {field.name: getattr(CPU, field.name) for field in dataclasses.fields(CPU)}
    return GRAPHS(**values)


NO_CAPTURE = CaptureError("The training step cannot be captured in a CUDA graph (reason): train without graphs.")
NOT_CAPTURED = f"One model: {NO_CAPTURE}"


@pytest.mark.parametrize(
    ("speeds", "n_models", "best", "n_tried", "notes"),
    [
        ({(1, False): 10, (1, True): 80, (4, True): 200, (16, True): 500}, 16, (16, True), 4, ()),
        ({(1, False): 10, (1, True): 80, (4, True): 200, (16, True): 500}, 15, (4, True), 3, ()),
        ({(1, False): 10, (1, True): 80}, 3, (1, True), 2, ()),
        ({(1, False): 10, (1, True): 80, (4, True): 85}, 16, (1, True), 3, ()),  # brings nothing: 16 is not tried
        ({(1, False): 100, (1, True): 105}, 1, (1, False), 2, ()),
        ({(1, False): 10, (1, True): NO_CAPTURE, (4, False): 30, (16, False): 31}, 16, (4, False), 3, (NOT_CAPTURED,)),
        (
            {(1, False): 10, (1, True): 80, (4, True): DeviceMemoryError("no")},
            16,
            (1, True),
            2,
            ("A stack of 4 in a CUDA graph does not fit into the memory of cpu.",),
        ),
    ],
)
def test_the_fastest_way_is_taken_and_what_fails_is_said(monkeypatch, speeds, n_models, best, n_tried, notes):
    script(monkeypatch, speeds)
    assert len(trials(TOY, 4, hardware=graphs(), n_models=n_models)) == n_tried
    one = probe(TOY, 4, hardware=graphs(), n_models=n_models)
    assert (one.n_models, one.graph) == best
    assert one.notes == notes


def test_graphs_can_be_left_alone(monkeypatch):
    script(monkeypatch, {(1, False): 10, (4, False): 20})
    assert probe(TOY, 4, hardware=graphs(), n_models=4, graphs=False) == found(4, False, 20)


def test_an_error_outside_a_capture_is_not_hidden(monkeypatch):
    script(monkeypatch, {(1, False): RuntimeError("device-side assert")})
    with pytest.raises(RuntimeError, match="device-side assert"):
        probe(TOY, 4, hardware=graphs())


def test_out_of_memory_halves_the_micro_batch(monkeypatch):
    def losses(shape, weights, documents, dtype=None):
        if documents.shape[1] > 7:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return document_losses(shape, weights, documents, dtype)

    monkeypatch.setattr(stepping, "document_losses", losses)
    one = probe(TOY, 64, hardware=CPU, seconds=0.05)
    assert one.micro_batch == 4
    assert one.batch_documents == 64
    assert one.notes == ("A batch of 64 documents goes through 4 at a time: more do not fit into the memory.",)


def test_a_document_that_does_not_fit_is_said(monkeypatch):
    def losses(*_):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(stepping, "document_losses", losses)
    with pytest.raises(DeviceMemoryError) as error:
        probe(TOY, 64, hardware=CPU)
    assert str(error.value) == (
        "A training step of a model of 744 parameters with 1 document at once does not fit into the memory of cpu: "
        "give fewer models or a smaller micro-batch."
    )


def test_weights_that_do_not_fit_are_not_drawn():
    shape = model_shape(width=2048, n_layers=30, n_heads=32, vocab_size=301)
    with pytest.raises(DeviceMemoryError) as error:
        probe(shape, 1, hardware=CPU)
    assert str(error.value) == (
        "1 x 1,259,649,024 parameters with their moments and gradient take 30.2 GB, and less of 4.0 GB is there on "
        "cpu: train a smaller model or take another device."
    )


@pytest.mark.parametrize(("n_models", "batch"), [(0, 1), (1, 0)])
def test_nothing_to_time_is_said(n_models, batch):
    message = rf"^{n_models} models, batches of {batch} documents: give at least 1 to be timed\.$"
    with pytest.raises(UsageError, match=message):
        probe(TOY, batch, hardware=CPU, n_models=n_models)


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


def timed(batch, seconds, n_models=1):
    return found(n_models, batch_documents=batch, step_seconds=seconds)


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
