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
from calibration.training.model import document_losses
from calibration.training.probe import probe, trials
from calibration.training.shape import model_shape
from tests.training.timings import TOY, found

CPU = dataclasses.replace(choose_device("cpu"), memory_bytes=4_000_000_000)


# What follows a CUDA device's path here: the device is the CPU, and graphs are steps from their buffers.
GRAPHS = type("Graphs", (type(CPU),), {"is_cuda": True})


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
