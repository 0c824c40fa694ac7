"""A training loop as one writes it: a plain Llama as transformers has it, with torch's fused AdamW. For bench_train.py.

Separate projections, no kernels of its own, and a vocabulary of whatever size is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import torch
from torch import Tensor, nn
from torch.nn import functional


class Norm(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        wide = x.float()
        return self.weight * (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + 1e-6)).to(x.dtype)


def rotate_half(x: Tensor) -> Tensor:
    left, right = x.chunk(2, dim=-1)
    return torch.cat([-right, left], dim=-1)


class Layer(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.o = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.gate, self.up = (nn.Linear(width, 2 * width, bias=False) for _ in range(2))
        self.down = nn.Linear(2 * width, width, bias=False)
        self.before, self.between = Norm(width), Norm(width)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        y = self.before(x)
        q, k, v = (p(y).unflatten(-1, (self.heads, -1)).transpose(1, 2) for p in (self.q, self.k, self.v))
        q, k = (part * cos + rotate_half(part) * sin for part in (q, k))
        x = x + self.o(functional.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2))
        y = self.between(x)
        return x + self.down(functional.silu(self.gate(y)) * self.up(y))


class Eager(nn.Module):
    """A plain decoder, and its training step."""

    def __init__(self, width: int, layers: int, heads: int, vocab_size: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, width)
        self.layers = nn.ModuleList(Layer(width, heads) for _ in range(layers))
        self.last, self.head = Norm(width), nn.Linear(width, vocab_size, bias=False)
        self.head_width = width // heads

    def forward(self, tokens: Tensor) -> Tensor:
        frequency = 1e4 ** (-torch.arange(0, self.head_width, 2, device=tokens.device) / self.head_width)
        angle = torch.outer(torch.arange(tokens.shape[1], device=tokens.device), frequency).repeat(1, 2)
        x = self.embedding(tokens)
        for layer in self.layers:
            x = layer(x, angle.cos(), angle.sin())
        return self.head(self.last(x)).float()


def eager_step(
    shape: tuple[int, int, int], vocab_size: int, documents: Tensor, batch: int, autocast: torch.dtype | None
) -> Callable[[], object]:
    """Return a function that trains a new eager model of this width, layers and heads on the next batch.

    The products are in ``autocast``, None for float32.
    """
    device = documents.device
    model = Eager(*shape, vocab_size).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.95), weight_decay=0, fused=True)
    numbers = count()

    def take() -> None:
        first = batch * next(numbers) % (len(documents) - batch)
        tokens = documents[first : first + batch].long()
        with torch.autocast(device.type, dtype=autocast, enabled=autocast is not None):
            scores = model(tokens)
        loss = functional.cross_entropy(scores[:, :-1].flatten(0, 1), tokens[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return take
