"""Timings against the steps that are timed, choices against timings by hand."""

import dataclasses
import json
import time

import pytest
import torch

from advisor.errors import CaptureError, CompileError, DeviceMemoryError, UsageError
from advisor.json_form import as_json
from advisor.quantities import plural
from calibration.training import probe as probing
from calibration.training import step as stepping
from calibration.training.device import choose_device
from calibration.training.execution import FREE, PINNED, ExecutionChoice
from calibration.training.model import document_losses
from calibration.training.probe import fastest, time_way
from calibration.training.shape import model_shape
from tests.training.timings import TOY, at_largest, timed

CPU = dataclasses.replace(choose_device("cpu"), memory_bytes=4_000_000_000)


# What follows a CUDA device's path here: the device is the CPU, and graphs are steps from their buffers.
GRAPHS = type("Graphs", (type(CPU),), {"is_cuda": True})
# A CPU that multiplies in bf16, and one that does not, whatever this one does.
BOTH = type("Both", (type(CPU),), {"dtypes": ("float32", "bfloat16")})
LONE = type("Lone", (type(CPU),), {"dtypes": ("float32",)})


def like(kind):
    return kind(**{each.name: getattr(CPU, each.name) for each in dataclasses.fields(CPU)})


def test_real_steps_are_timed_at_each_batch(monkeypatch):
    monkeypatch.setattr(time, "perf_counter", time.process_time)  # other work on this machine comes and goes
    begin = time.process_time()
    way = fastest(TOY, [64, 4], hardware=CPU, cost=at_largest, seconds=0.3)
    took = time.process_time() - begin
    assert (way.shape, way.n_models, way.execution.graph, way.execution.micro_batch) == (TOY, 1, False, None)
    assert [one.batch_documents for one in way.throughputs] == [4, 64]
    for one in way.throughputs:
        assert one.tokens_per_second == pytest.approx(one.batch_documents * 16 / one.step_seconds)
        assert one.n_steps >= 3
        assert 0.05 * took < one.n_steps * one.step_seconds < 2 * took  # a median, and not the mean
        assert one.mfu is None
    assert len(way.losses) == probing.CHECKED_STEPS
    assert way.notes == ()
    assert json.loads(json.dumps(as_json(way)))["shape"]["width"] == 8


def test_another_shape_is_timed_the_same_way():
    way = dataclasses.replace(timed({4: 1.0, 8: 2.0}, n_models=2), notes=("said already",))
    shape = dataclasses.replace(TOY, vocab_size=9)
    other = time_way(shape, way, hardware=CPU, seconds=0.05)
    assert (other.shape, other.n_models, other.execution, other.notes) == (shape, 2, way.execution, ())
    assert [one.batch_documents for one in other.throughputs] == [4, 8]


def test_mfu_follows_where_the_peak_is_known():
    hardware = dataclasses.replace(CPU, peak_flops=1e12)
    one = fastest(TOY, [64], hardware=hardware, cost=at_largest, seconds=0.05).largest
    assert one.mfu == pytest.approx(one.tokens_per_second * TOY.flops_per_token / 1e12)


@pytest.mark.parametrize("width", [16, 64])
def test_a_probe_is_quick(width):
    shape = model_shape(width=width, n_layers=2, n_heads=1, vocab_size=301)
    begin = time.process_time()
    fastest(shape, [8], hardware=CPU, cost=at_largest)
    assert time.process_time() - begin < 1.5


def test_a_long_step_is_taken_twice(monkeypatch):
    steps = []

    def slow(trunk, state):
        steps.append(time.sleep(0.06))
        return torch.ones(1)

    monkeypatch.setattr(probing, "step", slow)
    one = fastest(TOY, [64], hardware=CPU, cost=at_largest, seconds=0.05).largest
    assert one.n_steps == 1
    assert len(steps) <= 3
    assert 0.06 <= one.step_seconds < 0.1


def test_what_comes_before_the_first_steps_is_not_in_their_time(monkeypatch):
    """A device that loads kernels, compiles or captures in its first step."""
    seen = []

    def first_is_slow(trunk, state):
        time.sleep(0.001 if any(one is trunk for one in seen) else 0.2)
        seen.append(trunk)
        return torch.ones(1)

    monkeypatch.setattr(probing, "step", first_is_slow)
    way = fastest(TOY, [4, 8], hardware=CPU, cost=at_largest, seconds=0.02)
    assert all(0.001 <= one.step_seconds < 0.05 for one in way.throughputs)
    assert 0.3 < way.setup_seconds < 0.5


def script(monkeypatch, speeds):
    """Time what ``speeds`` says, (models, dtype, compiled, graph): tokens/s at a batch of 4, a way, or an error."""
    tried = []

    def time(self, n_models, execution):
        key = (n_models, execution.dtype, execution.compiled, execution.graph)
        tried.append(key)
        speed = speeds[key]
        if isinstance(speed, Exception):
            raise speed
        if not isinstance(speed, int):
            return dataclasses.replace(speed, n_models=n_models, execution=execution)
        return dataclasses.replace(timed({4: n_models * 64 / speed}, n_models), execution=execution)

    monkeypatch.setattr(probing._Timing, "time", time)
    return tried


NO_CAPTURE = CaptureError("The training step cannot be captured in a CUDA graph (reason): train without graphs.")


def eager(n):
    return n, "float32", False, False


def graph(n):
    return n, "float32", False, True


@pytest.mark.parametrize(
    ("speeds", "n_models", "best", "n_tried", "notes"),
    [
        ({eager(1): 10, graph(1): 80, graph(4): 200, graph(16): 500}, 16, graph(16), 4, ()),
        ({eager(1): 10, graph(1): 80, graph(4): 200, graph(15): 500}, 15, graph(15), 4, ()),
        ({eager(1): 10, graph(1): 80, graph(3): 85}, 3, graph(1), 3, ()),
        ({eager(1): 10, graph(1): 80, graph(4): 85}, 16, graph(1), 3, ()),  # brings nothing: 16 is not tried
        ({eager(1): 100, graph(1): 105}, 1, eager(1), 2, ()),
        (
            {eager(1): 10, graph(1): NO_CAPTURE, eager(4): 30, eager(16): 31},
            16,
            eager(4),
            4,
            (f"One model in float32 in a CUDA graph: {NO_CAPTURE}",),
        ),
        (
            {eager(1): 10, graph(1): 80, graph(4): DeviceMemoryError("no")},
            16,
            graph(1),
            3,
            ("A stack of 4 in float32 in a CUDA graph does not fit into the memory of cpu.",),
        ),
    ],
)
def test_the_fastest_way_is_taken_and_what_fails_is_said(monkeypatch, speeds, n_models, best, n_tried, notes):
    tried = script(monkeypatch, speeds)
    way = fastest(TOY, [4], hardware=like(GRAPHS), cost=at_largest, n_models=n_models)
    assert len(tried) == n_tried
    assert (way.n_models, way.execution.dtype, way.execution.compiled, way.execution.graph) == best
    assert way.notes[best != eager(1) :] == notes


def test_why_a_way_is_taken_is_said(monkeypatch):
    script(monkeypatch, {eager(1): 10, graph(1): 80, graph(4): 2000})
    way = fastest(TOY, [4], hardware=like(GRAPHS), cost=at_largest, n_models=4)
    assert way.notes == (
        "Width 8, layers 1: a stack of 4 in float32 in a CUDA graph, 2,000 tokens/s against 10 of one model in "
        "float32.",
    )


def test_what_counts_is_the_whole_plan_and_not_the_largest_batch(monkeypatch):
    """A graph that gains a twentieth at the largest batch and nine tenths at the small ones, most of the plan."""
    plain, captured = timed({1: 1.0, 32: 2.0}), timed({1: 0.1, 32: 1.9})
    script(monkeypatch, {eager(1): plain, graph(1): captured})

    def plan(way):
        return sum(n * one.step_seconds for n, one in zip((1000, 10), way.throughputs, strict=True))

    assert fastest(TOY, [1, 32], hardware=like(GRAPHS), cost=plan).execution.graph
    assert not fastest(TOY, [1, 32], hardware=like(GRAPHS), cost=at_largest).execution.graph


LONG = 1e9  # a plan for which anything is worth compiling


def on_cpu(dtype, compiled=False):
    return 1, dtype, compiled, False


def test_on_a_cpu_bf16_and_compiled_steps_are_tried(monkeypatch):
    speeds = {
        on_cpu("float32"): 10,
        on_cpu("bfloat16"): 9,
        on_cpu("float32", True): 15,
        on_cpu("bfloat16", True): 30,
    }
    tried = script(monkeypatch, speeds)
    monkeypatch.setattr(probing, "compiler_problem", lambda: None)
    way = fastest(TOY, [4], hardware=like(BOTH), cost=lambda way: LONG * at_largest(way), choice=FREE)
    assert tried == list(speeds)
    assert (way.execution.dtype, way.execution.compiled) == ("bfloat16", True)
    tried.clear()
    assert not fastest(TOY, [4], hardware=like(LONE), cost=at_largest, choice=FREE).execution.compiled
    assert tried == [on_cpu("float32")]  # the plan is too short to compile for
    tried.clear()
    assert fastest(TOY, [4], hardware=like(BOTH), cost=at_largest, choice=PINNED).execution.dtype == "float32"
    assert tried == [on_cpu("float32")]


def test_what_takes_long_to_compile_must_save_more(monkeypatch):
    long_compiled = dataclasses.replace(timed({4: 3.0}), setup_seconds=900.0)
    script(monkeypatch, {on_cpu("float32"): timed({4: 6.0}), on_cpu("float32", True): long_compiled})
    monkeypatch.setattr(probing, "compiler_problem", lambda: None)

    def of_steps(n):
        return lambda way: way.setup_seconds + n * at_largest(way)

    assert not fastest(TOY, [4], hardware=like(LONE), cost=of_steps(300), choice=FREE).execution.compiled
    assert fastest(TOY, [4], hardware=like(LONE), cost=of_steps(3000), choice=FREE).execution.compiled


@pytest.mark.parametrize(
    ("losses", "taken", "notes"),
    [
        ((5.0, 4.05), True, 1),
        ((5.0, 4.5), False, 1),
        ((5.0, float("nan")), False, 1),
    ],
)
def test_a_way_that_comes_to_other_losses_is_left_out(monkeypatch, losses, taken, notes):
    script(
        monkeypatch,
        {on_cpu("float32"): timed({4: 6.0}, losses=(5.0, 4.0)), on_cpu("bfloat16"): timed({4: 1.0}, losses=losses)},
    )
    way = fastest(TOY, [4], hardware=like(BOTH), cost=at_largest, choice=ExecutionChoice(compiled=False))
    assert (way.execution.dtype == "bfloat16") is taken
    assert len(way.notes) == notes
    if losses == (5.0, 4.5):
        assert way.notes == ("One model in bf16 comes to losses that differ by 12.5%, and is left out.",)


def test_without_a_compiler_steps_are_eager_and_it_is_said(monkeypatch):
    problem = "Steps are not compiled: there is no C++ compiler here, such as g++."
    script(monkeypatch, {on_cpu("float32"): 10})
    monkeypatch.setattr(probing, "compiler_problem", lambda: problem)
    way = fastest(TOY, [4], hardware=like(LONE), cost=lambda _: LONG, choice=FREE)
    assert (way.execution.compiled, way.notes) == (False, (problem,))
    with pytest.raises(CompileError) as error:
        fastest(TOY, [4], hardware=like(LONE), cost=at_largest, choice=ExecutionChoice(compiled=True))
    assert str(error.value) == problem


def test_what_is_asked_for_is_taken(monkeypatch):
    tried = script(monkeypatch, {on_cpu("bfloat16"): 5, on_cpu("bfloat16", True): 4})
    monkeypatch.setattr(probing, "compiler_problem", lambda: None)
    choice = ExecutionChoice(dtype="bfloat16", compiled=True)
    way = fastest(TOY, [4], hardware=like(LONE), cost=at_largest, choice=choice)
    assert (way.execution.dtype, way.execution.compiled) == ("bfloat16", True)
    assert set(tried) == {on_cpu("bfloat16"), on_cpu("bfloat16", True)}


def test_an_error_outside_a_capture_is_not_hidden(monkeypatch):
    script(monkeypatch, {eager(1): RuntimeError("device-side assert")})
    with pytest.raises(RuntimeError, match="device-side assert"):
        fastest(TOY, [4], hardware=like(GRAPHS), cost=at_largest)


def test_out_of_memory_halves_the_micro_batch(monkeypatch):
    def losses(shape, weights, documents, execution):
        if documents.shape[1] > 7:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return document_losses(shape, weights, documents, execution)

    monkeypatch.setattr(stepping, "document_losses", losses)
    way = fastest(TOY, [2, 64], hardware=CPU, cost=at_largest, seconds=0.05)
    assert way.execution.micro_batch == 4
    assert way.largest.batch_documents == 64
    assert way.notes == ("A batch of 64 documents goes through 4 at a time: more do not fit into the memory.",)


def test_a_document_that_does_not_fit_is_said(monkeypatch):
    def losses(*_):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(stepping, "document_losses", losses)
    with pytest.raises(DeviceMemoryError) as error:
        fastest(TOY, [64], hardware=CPU, cost=at_largest)
    assert str(error.value) == (
        "A training step of a model of 744 parameters with 1 document at once does not fit into the memory of cpu: "
        "give fewer models or a smaller micro-batch."
    )


def test_weights_that_do_not_fit_are_not_drawn():
    shape = model_shape(width=2048, n_layers=30, n_heads=32, vocab_size=301)
    with pytest.raises(DeviceMemoryError) as error:
        fastest(shape, [1], hardware=CPU, cost=at_largest)
    assert str(error.value) == (
        "1 x 1,259,649,024 parameters with all that training keeps of them take 45.3 GB, and less of 4.0 GB is there "
        "on cpu: train a smaller model or take another device."
    )


@pytest.mark.parametrize(("n_models", "batches"), [(0, [1]), (1, [0]), (1, [])])
def test_nothing_to_time_is_said(n_models, batches):
    with pytest.raises(UsageError) as error:
        fastest(TOY, batches, hardware=CPU, cost=at_largest, n_models=n_models)
    assert (
        str(error.value) == f"{plural(n_models, 'model')}, batches of {batches} documents: give at least 1 to be timed."
    )
