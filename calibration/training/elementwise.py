"""The parts of a layer that are no matrix product, with gradients in few passes over memory.

Eagerly torch makes every operation of a gradient a pass of its own, and on a CPU these passes took over half of a small
model's step. Here each part has its gradient written out. What is compiled uses the plain formulas instead, which
torch.compile fuses by itself.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

EPS = 1e-6


def normed(x: torch.Tensor, gain: torch.Tensor) -> torch.Tensor:
    """Return x / sqrt(mean(x^2) + eps) with each model's gains (Zhang and Sennrich 2019, arXiv:1910.07467).

    ``x`` is (models, n, width), ``gain`` (models, width).
    """
    if torch.compiler.is_compiling():
        return functional.rms_norm(x, x.shape[-1:], eps=EPS) * gain[:, None, :]
    return _Normed.apply(x, gain)


def gated(gate_up: torch.Tensor) -> torch.Tensor:
    """Return silu(gate) * up of (..., 2 width) (Shazeer 2020, arXiv:2002.05202): (..., width)."""
    if torch.compiler.is_compiling():
        gate, up = gate_up.chunk(2, dim=-1)
        return functional.silu(gate) * up
    return _Gated.apply(gate_up)


def turned(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Return ``x``, (..., head_width), with its pairs turned (Su 2021, arXiv:2104.09864), in its own dtype.

    The pairs are a place of the left half and the same of the right.
    """
    if torch.compiler.is_compiling():
        left, right = x.chunk(2, dim=-1)
        return torch.cat([left * cos - right * sin, right * cos + left * sin], dim=-1).to(x.dtype)
    return _Turned.apply(x, cos, sin)


class _Normed(torch.autograd.Function):  # type: ignore[misc]
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, gain: torch.Tensor) -> torch.Tensor:
        scale = (torch.linalg.vector_norm(x, dim=-1, keepdim=True).square_() / x.shape[-1]).add_(EPS).rsqrt_()
        unit = x * scale
        ctx.save_for_backward(unit, scale, gain)
        return unit * gain[:, None, :]

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        unit, scale, gain = ctx.saved_tensors
        product = gradient * unit
        along = (product @ gain[:, :, None]).div_(unit.shape[-1])  # (models, n, 1): mean of gradient * gain * unit
        inner = (gradient * gain[:, None, :]).addcmul_(unit, along, value=-1)
        return inner.mul_(scale), product.sum(dim=1)


class _Gated(torch.autograd.Function):  # type: ignore[misc]
    @staticmethod
    def forward(ctx: Any, gate_up: torch.Tensor) -> torch.Tensor:
        gate, up = gate_up.chunk(2, dim=-1)
        ctx.save_for_backward(gate_up)
        return functional.silu(gate).mul_(up)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        (gate_up,) = ctx.saved_tensors
        gate, up = gate_up.chunk(2, dim=-1)
        found = torch.empty_like(gate_up)
        of_gate, of_up = found.chunk(2, dim=-1)
        torch.mul(gradient, functional.silu(gate), out=of_up)
        torch.ops.aten.silu_backward.grad_input(gradient * up, gate, grad_input=of_gate)
        return found


class _Turned(torch.autograd.Function):  # type: ignore[misc]
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(cos, sin)
        return _turn(x, cos, sin, 1)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        cos, sin = ctx.saved_tensors
        return _turn(gradient, cos, sin, -1), None, None  # the way back


def _turn(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor, sign: int) -> torch.Tensor:
    """Return ``x`` turned by the angles, or back; in float32 whatever its dtype."""
    wide = x.float() if x.dtype in (torch.bfloat16, torch.float16) else x
    left, right = wide.chunk(2, dim=-1)
    found = torch.empty_like(wide)
    of_left, of_right = found.chunk(2, dim=-1)
    torch.mul(left, cos, out=of_left).addcmul_(right, sin, value=-sign)
    torch.mul(right, cos, out=of_right).addcmul_(left, sin, value=sign)
    return found.to(x.dtype)
