"""Parts of a layer and their gradients, against the plain formulas that autograd differentiates."""

import pytest
import torch
from torch.nn import functional

from calibration.training.elementwise import gated, normed, turned
from calibration.training.model import rotation


def plain_normed(x, gain):
    return functional.rms_norm(x, x.shape[-1:], eps=1e-6) * gain[:, None, :]


def plain_gated(gate_up):
    gate, up = gate_up.chunk(2, dim=-1)
    return functional.silu(gate) * up


def plain_turned(x, cos, sin):
    left, right = x.chunk(2, dim=-1)
    return torch.cat([left * cos - right * sin, right * cos + left * sin], dim=-1).to(x.dtype)


def random(*size, dtype=torch.float64, seed=0):
    return torch.randn(size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


ANGLES = tuple(each.double() for each in rotation(5, 6, torch.device("cpu")))
PARTS = [
    (normed, plain_normed, (random(2, 7, 4), 1 + 0.3 * random(2, 4, seed=1))),
    (gated, plain_gated, (random(2, 7, 8),)),
    (lambda x: turned(x, *ANGLES), lambda x: plain_turned(x, *ANGLES), (random(3, 5, 2, 2, 6),)),
]


@pytest.mark.parametrize(("ours", "plain", "inputs"), PARTS, ids=["normed", "gated", "turned"])
def test_a_part_and_its_gradient_are_those_of_the_formula(ours, plain, inputs):
    leaves = [each.clone().requires_grad_() for each in inputs]
    others = [each.clone().requires_grad_() for each in inputs]
    found, expected = ours(*leaves), plain(*others)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)
    into = random(*found.shape, seed=9)
    torch.testing.assert_close(
        torch.autograd.grad(found, leaves, into), torch.autograd.grad(expected, others, into), rtol=1e-9, atol=1e-11
    )
    assert torch.autograd.gradcheck(ours, leaves)


@pytest.mark.parametrize(("ours", "plain", "inputs"), PARTS[1:], ids=["gated", "turned"])
def test_a_part_in_bf16_is_rounded_once_like_the_formula(ours, plain, inputs):
    (x,) = (each.bfloat16() for each in inputs)
    found = ours(x)
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found.double(), plain(x.double()), rtol=2e-2, atol=1e-2)


def test_norms_of_rows_of_nothing_are_finite():
    x = torch.zeros(1, 3, 4, requires_grad=True)
    found = normed(x, torch.ones(1, 4))
    (gradient,) = torch.autograd.grad(found.sum(), x)
    assert torch.equal(found, torch.zeros(1, 3, 4))
    torch.testing.assert_close(gradient, torch.full((1, 3, 4), 1e3))
