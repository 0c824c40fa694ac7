"""How steps are executed changes speed and rounding, and nothing else."""

import pytest
import torch

from advisor.errors import CompileError, UsageError
from calibration.training import execution
from calibration.training.execution import Execution, ExecutionChoice, compiler_problem
from calibration.training.step import step
from calibration.training.train import evaluate
from tests.training.toy_training import PAIR, toy


def losses(runs=PAIR, n_steps=12, **how):
    """The loss of each model before each step, and after the last."""
    trunk = toy(runs, execution=Execution(**how))
    state = trunk.begin()
    found = [step(trunk, state) for _ in range(n_steps)]
    return torch.stack([*found, torch.from_numpy(evaluate(trunk, state.weights)).mean(dim=1).float()])


@pytest.mark.skipif(compiler_problem() is not None, reason="needs a C++ compiler")
@pytest.mark.parametrize("runs", [PAIR[:1], PAIR])
def test_compiled_steps_come_to_the_same_losses(runs):
    eager = losses(runs)
    torch.testing.assert_close(losses(runs, compiled=True), eager, rtol=1e-4, atol=1e-4)
    assert torch.equal(losses(runs, compiled=True), losses(runs, compiled=True))
    assert eager[0].mean() > eager[-1].mean() + 0.1  # they learn


def test_bf16_comes_to_nearly_the_same_losses():
    eager, half = losses(), losses(dtype="bfloat16")
    assert not torch.equal(eager, half)
    # Single batches differ by more where the loss falls fast; all together they do not by more than bf16's few bits.
    assert ((half - eager).abs() / eager).mean() < 1e-2


def test_what_cannot_be_compiled_is_one_sentence():
    def asks(x):
        return x * 2 if x.sum() > 0 else x  # a branch on a value

    with pytest.raises(CompileError, match=r"^The training step cannot be compiled here \(.+\): train without --comp"):
        Execution(compiled=True).way(asks)(torch.ones(2))


def test_without_a_compiler_it_is_said(monkeypatch):
    from torch._inductor import cpp_builder
    from torch._inductor.exc import InvalidCxxCompiler

    def none():
        raise InvalidCxxCompiler

    monkeypatch.setattr(cpp_builder, "get_cpp_compiler", none)
    assert execution.compiler_problem.__wrapped__() == (
        "Steps are not compiled: there is no C++ compiler here, such as g++."
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"dtype": "int8"}, "Models are trained in bfloat16 or float32, not in 'int8'."),
        ({"dtype": ["float32"]}, "Models are trained in bfloat16 or float32, not in ['float32']."),
        ({"compiled": "yes"}, "Steps are compiled or not: true or false, not 'yes'."),
    ],
)
def test_a_choice_that_is_none_is_said(given, message):
    with pytest.raises(UsageError) as error:
        ExecutionChoice(**given)
    assert str(error.value) == message
