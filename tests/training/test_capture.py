"""A capture that breaks: what it says, what it leaves behind, and what else the step must not do inside one."""

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from advisor.errors import CaptureError, DeviceMemoryError
from calibration.training import capture as capturing
from calibration.training import model
from calibration.training import step as stepping
from calibration.training.capture import captured
from calibration.training.execution import Execution
from calibration.training.optimizer import State
from calibration.training.step import learn_at, step
from tests.training.toy_training import PAIR, toy

ROOT = Path(__file__).parents[2]
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


@pytest.fixture(autouse=True)
def nothing_is_broken(monkeypatch):
    monkeypatch.setattr(capturing, "_broken", [])


@contextmanager
def recording(end=None):
    """As ``torch.cuda.graph`` does: where its end fails, that is what is raised."""
    try:
        yield
    finally:
        if end is not None:
            raise end


INVALIDATED = "CUDA error: operation failed due to a previous error during capture"


def test_what_breaks_a_capture_is_said_and_it_is_the_last():
    with pytest.raises(CaptureError) as error, captured(recording(RuntimeError(INVALIDATED))):
        raise RuntimeError("CUDA error: operation not permitted when stream is capturing\nCompile with ...")
    assert str(error.value) == (
        "The training step cannot be captured in a CUDA graph (CUDA error: operation not permitted when stream is "
        "capturing): train without graphs."
    )
    assert capturing._broken == [str(error.value)]


def test_an_end_that_fails_by_itself_is_said():
    with pytest.raises(CaptureError) as error, captured(recording(RuntimeError(INVALIDATED))):
        pass
    assert str(error.value) == (
        f"The training step cannot be captured in a CUDA graph ({INVALIDATED}): train without graphs."
    )
    assert len(capturing._broken) == 1


def fail(error):
    if error is not None:
        raise error


@pytest.mark.parametrize("inside", [torch.OutOfMemoryError("CUDA out of memory. Tried"), None])
def test_memory_that_runs_out_inside_a_capture_is_told_as_that(inside):
    end = RuntimeError(INVALIDATED if inside else "CUDA error: out of memory\nfor debugging")
    with pytest.raises(torch.OutOfMemoryError) as error, captured(recording(end)):
        fail(inside)
    assert str(error.value) == ("CUDA out of memory. Tried" if inside else "CUDA error: out of memory")
    assert len(capturing._broken) == 1


def test_after_memory_ran_out_in_a_capture_that_ended_well_others_are_tried():
    with pytest.raises(torch.OutOfMemoryError), captured(recording()):
        raise torch.OutOfMemoryError("CUDA out of memory.")
    assert capturing._broken == []


def test_memory_that_runs_out_inside_a_capture_is_a_step_that_does_not_fit(monkeypatch):
    def losses(*_):
        with captured(recording(RuntimeError(INVALIDATED))):
            raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(stepping, "document_losses", losses)
    trunk = toy(execution=Execution(graph=True))
    with pytest.raises(DeviceMemoryError, match=r"^A training step of a model of .* does not fit into the memory"):
        step(trunk, trunk.begin())


# On a machine with a GPU the first step breaks a capture; the second must not begin one, and eager steps must go on.
BREAK = """
import torch
from calibration.training import capture, step as stepping
from calibration.training.execution import Execution
from tests.training.toy_training import toy, toy_source
from calibration.training.trunk import DataSource
from advisor.errors import CaptureError

plain = stepping.document_losses
def losses(*arguments):
    found = plain(*arguments)
    if torch.cuda.is_current_stream_capturing():
        found.sum().item()
    return found

source = toy_source()
source = DataSource(documents=source.documents.cuda(), validation=source.validation.cuda())
before = torch.cuda.current_stream()
for attempt in range(2):
    stepping.document_losses = plain if attempt else losses
    trunk = toy(sources=[source], execution=Execution(graph=True))
    state = trunk.begin()
    try:
        stepping.step(trunk, state)
    except CaptureError as error:
        print(error)
    assert torch.cuda.current_stream() == before
eager = toy(sources=[source])
state = eager.begin()
for _ in range(3):
    assert stepping.step(eager, state).isfinite().all()
"""


@needs_cuda
def test_a_broken_capture_is_the_last_of_its_process_which_goes_on_eagerly():
    done = subprocess.run([sys.executable, "-c", BREAK], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    first, second = done.stdout.splitlines()
    assert first == second
    assert first.startswith("The training step cannot be captured in a CUDA graph (")


# The same where there is no GPU: of torch.cuda only what hands out streams and graphs is replaced, by names.
STAND_IN = """
import torch
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace
from advisor.errors import CaptureError
from calibration.training.capture import Capture
from calibration.training.optimizer import State

streams = ["default"]
n_captures = 0

@contextmanager
def stream(name):
    before = streams[-1]
    streams.append(name)
    try:
        yield
    finally:
        streams.append(before)

class Graph:
    def __init__(self, *_, stream, **__):
        self.stream = stream
    def __enter__(self):
        global n_captures
        n_captures += 1
        streams.append(self.stream)
    def __exit__(self, *_):
        raise RuntimeError("CUDA error: operation failed due to a previous error during capture")

class Stream:
    def wait_stream(self, _):
        pass

cuda = dict(Stream=lambda _: Stream(), graph_pool_handle=lambda: 0, CUDAGraph=lambda: None, graph=Graph, stream=stream,
            device=nullcontext, current_stream=lambda _=None: SimpleNamespace(wait_stream=lambda _: None))
for name, value in cuda.items():
    setattr(torch.cuda, name, value)

class Position:
    device = SimpleNamespace(type="cuda")

def learn(*_):
    return torch.ones(1)

for _ in range(2):
    try:
        Capture()._record(learn, State.begin(torch.zeros(1, 3)), Position(), 4, torch.zeros(3))
    except CaptureError as error:
        print(error)
print(n_captures, isinstance(streams[-1], Stream))
"""


def test_after_a_broken_capture_the_stream_is_restored_and_none_is_begun():
    done = subprocess.run([sys.executable, "-c", STAND_IN], cwd=ROOT, capture_output=True, text=True)
    said = (
        "The training step cannot be captured in a CUDA graph (CUDA error: operation failed due to a previous error "
        "during capture): train without graphs."
    )
    assert (done.stdout.splitlines(), done.stderr) == ([said, said, "1 False"], "")


# What asks the device for a value, or has a size that only the device knows.
ASKING = {"_local_scalar_dense", "item", "nonzero", "masked_select", "_unique2", "unique_dim", "is_nonzero", "equal"}


class Capturable(TorchDispatchMode):
    """Fails on what a capture forbids: values asked for, numbers taken from the host, tensors that are elsewhere."""

    def __init__(self, device):
        super().__init__()
        self.device, self.names = device, set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        self.names.add(name)
        if name in ASKING:
            raise AssertionError(f"{name} asks the device for a value")
        if name == "lift_fresh":
            raise AssertionError("a tensor is made of numbers on the host")
        # torch has no such kernel for meta; CUDA's reads rate and step where they are.
        of_nothing = name == "_fused_adamw_" and self.device == "meta"
        out = None if of_nothing else func(*args, **(kwargs or {}))
        elsewhere = {str(each.device) for each in tree_leaves((args, kwargs, out)) if isinstance(each, torch.Tensor)}
        if elsewhere - {self.device}:
            raise AssertionError(f"{name} has tensors on {sorted(elsewhere)}")
        return out


def captured_step(monkeypatch, device, learn=learn_at, **execution):
    """Take the step that is captured, of tensors on ``device``, and return the names of its operations."""
    monkeypatch.setattr(model, "embedded", model._Embedded.apply)  # which is CUDA's
    if device == "meta":  # which autocast does not know; in float32 it has nothing to do
        monkeypatch.setattr(torch, "autocast", lambda *_, **__: recording())
        monkeypatch.setattr(torch, "is_autocast_enabled", lambda _: False)
    there = toy(PAIR, execution=Execution(**execution))
    for source in there.sources:  # a trunk looks at its data before it trains, and on meta there is nothing to see
        object.__setattr__(source, "documents", source.documents.to(device))
    state = State.begin(there.begin().weights.to(device))
    position, numbers = torch.zeros((), dtype=torch.int64, device=device), torch.ones(3, device=device)
    with Capturable(device) as mode:
        learn(there, state, position, 4, numbers)
    return mode.names


@pytest.mark.parametrize("micro_batch", [None, 3])
@pytest.mark.parametrize(("device", "dtype"), [("meta", "float32"), ("cpu", "float32"), ("cpu", "bfloat16")])
def test_the_step_to_be_captured_copies_nothing_from_the_host_and_asks_for_nothing(
    monkeypatch, device, dtype, micro_batch
):
    names = captured_step(monkeypatch, device, dtype=dtype, micro_batch=micro_batch)
    assert {"index_select", "bmm", "addcmul_", "_fused_adamw_"} <= names


def asks(*arguments):
    learn_at(*arguments)[0].item()


def has_a_number(trunk, *more):
    learn_at(trunk, *more).mul_(torch.tensor(2.0))


def chooses(*arguments):
    learn_at(*arguments).isnan().nonzero()


@pytest.mark.parametrize(
    ("learn", "said"),
    [
        (asks, "_local_scalar_dense asks the device for a value"),
        (has_a_number, "a tensor is made of numbers on the host"),
        (chooses, "nonzero asks the device for a value"),
    ],
)
@pytest.mark.parametrize("device", ["meta", "cpu"])
def test_a_step_that_does_is_found(monkeypatch, device, learn, said):
    with pytest.raises(AssertionError, match=f"^{said}$"):
        captured_step(monkeypatch, device, learn)


def test_a_tensor_elsewhere_is_found(monkeypatch):
    def from_the_host(*arguments):
        learn_at(*arguments).add_(torch.zeros(2))

    with pytest.raises(AssertionError, match=r"^zeros has tensors on \['cpu'\]$"):
        captured_step(monkeypatch, "meta", from_the_host)
