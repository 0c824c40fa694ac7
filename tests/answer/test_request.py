"""What may be asked together."""

import math

import pytest

from advisor.answer.request import Request
from advisor.errors import UsageError

pytestmark = pytest.mark.usefixtures("nothing_ships")


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        (
            {},
            "No budget is given: give --flops, or --gpu with --gpus and --hours, or ask for one with --params, "
            "--tokens or --target-loss.",
        ),
        (
            {"flops": 1e21, "gpu": "A100", "gpus": 8, "hours": 10},
            "Two budgets are given: give --flops, or --gpu with --gpus and --hours, not both.",
        ),
        (
            {"flops": 1e21, "gpu": "A100", "hours": 10},
            "Two budgets are given: give --flops, or --gpu with --gpus and --hours, not both.",
        ),
        ({"flops": 1e21, "gpus": 8}, "--gpus needs --gpu, the accelerator that it is about."),
        ({"flops": 1e21, "gpu_memory": 80}, "--gpu-memory needs --gpu, the accelerator that it is about."),
        (
            {"flops": 1e21, "gpu": "A100", "gpu_memory": math.nan},
            "--gpu-memory must be from 1 to 10000 GB, such as 80, not nan.",
        ),
        ({"flops": 1e21, "vocab_size": 1}, "--vocab-size must be between 2 and 10000000, not 1."),
        ({"flops": 1e21, "context": 0}, "--context must be between 2 and 100000000, not 0."),
        (
            {"gpu": "A100", "gpus": 8},
            "A budget in GPU time needs --gpu, --gpus and --hours; missing: --hours.",
        ),
        ({"hours": 8}, "A budget in GPU time needs --gpu, --gpus and --hours; missing: --gpu, --gpus."),
        ({"gpu": "A100", "gpus": 0, "hours": 1}, "--gpus must be at least 1, not 0."),
        ({"n_params": 7e9, "n_tokens": 1e12}, "--params and --tokens cannot be combined: ask one at a time."),
        (
            {"flops": 1e21, "n_params": 7e9, "n_tokens": 1e12},
            "--params and --tokens cannot be combined: ask one at a time.",
        ),
        ({"n_params": 7e9, "target_loss": 2}, "--params and --target-loss cannot be combined: ask one at a time."),
        (
            {"flops": 1e21, "target_loss": 2.1},
            "--target-loss asks for the budget, so it cannot be combined with one.",
        ),
        ({"flops": 1e21, "mfu": 0.4}, "--mfu needs --gpu, the accelerator that it is about."),
        ({"flops": 1e21, "price_per_hour": 2}, "--price-per-hour needs --gpu, the accelerator that it is about."),
        ({"flops": -1.0}, "--flops must be a finite number above 0, not -1."),
        ({"flops": math.inf}, "--flops must be a finite number above 0, not inf."),
        ({"n_params": math.nan}, "--params must be a finite number above 0, not nan."),
        ({"target_loss": 0.0}, "--target-loss must be a finite number above 0, not 0."),
        (
            {"gpu": "A100", "gpus": 10**9, "hours": 1e300},
            "The budget in FLOPs must be a finite number above 0, not inf.",
        ),
        (
            {"flops": 1e21, "compressibility": 1.0},
            "--compressibility must be above 0 and below 1, such as 0.45, not 1.",
        ),
        ({"flops": 1e21, "epsilon": 1.5}, "--epsilon must be from 0 to 1, not 1.5."),
        (
            {"flops": 1e21, "epsilon": 0.5, "law": "gzip"},
            "--epsilon weighs the laws blend and anchored; --law gzip has none.",
        ),
    ],
)
def test_requests_that_contradict_themselves(asked, complaint):
    with pytest.raises(UsageError) as caught:
        Request(**asked)
    assert str(caught.value) == complaint


def test_an_unknown_gpu_is_refused_even_beside_flops():
    with pytest.raises(UsageError, match="--gpu 'Z80' is not in the table"):
        Request(flops=1e21, gpu="Z80")


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"n_params": 1e-200}, "--params must be at least 1, not 1e-200."),
        (
            {"n_params": 1e30},
            "--params 1e30 leaves less than one token of 1e20 FLOPs: ask for fewer, or give a larger budget.",
        ),
        (
            {"n_tokens": 1e300},
            "--tokens 1e300 leaves less than one parameter of 1e20 FLOPs: ask for fewer, or give a larger budget.",
        ),
    ],
)
def test_a_choice_that_no_budget_trains_is_refused(given: dict[str, float], complaint: str) -> None:
    with pytest.raises(UsageError) as caught:
        Request(flops=1e20, **given)
    assert str(caught.value) == complaint
