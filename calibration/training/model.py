"""A decoder-only language model, or a stack of them of one shape, as plain functions of one matrix of weights.

RMSNorm before each block, rotary positions, causal attention, a gated feed-forward of twice the width, an untied head.
The weights of a stack are (models, n_params): optimiser, clipping and checkpoints are then a few operations on one
tensor, and every matrix product is a batched one. One model is a stack of one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch.nn import functional

from advisor.plan.shape import Architecture
from calibration.training.elementwise import gated, normed, turned
from calibration.training.execution import EAGER, Execution
from calibration.training.shape import layout

ROPE_BASE = 10_000.0
# The id that stands before a document's first token. In a grammar it is the separator, after which every document
# begins, so that the model predicts all of a document's tokens and its loss compares with -ln P(document) / length.
START = 0
# Of .02, .1, .3 and 1 the best at d = 16 on grammar A3 (390 steps of 512 tokens), by 1 to 9 %; with 1, the embedding
# that is best at d = 64 and 128, it is .2 % behind there.
EMBEDDING_SCALE = 0.1
# torch's block of normals on a CPU (aten/src/ATen/native/cpu/DistributionTemplates.h, normal_fill).
NORMALS = 16


def initial_weights(shape: Architecture, seeds: Sequence[int]) -> torch.Tensor:
    """Return the weights of one model for each seed, (models, n_params), on the CPU whatever trains them.

    Gains are 1 and the head is 0, so that the first loss is ln V. Other matrices are normal with standard deviation
    1/sqrt(inputs), divided by sqrt(2 L) more where they write to the residual stream.
    """
    return torch.stack([_initial(shape, seed) for seed in seeds])


def _initial(shape: Architecture, seed: int) -> torch.Tensor:
    return torch.cat([part.flatten() for _, part in initial_parts(shape, seed)])


def initial_parts(shape: Architecture, seed: int) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the same weights of one model part by part, by the names of ``shape.parts``: never all of them at once."""
    generator = torch.Generator().manual_seed(seed)
    residual = 1 / math.sqrt(2 * shape.n_layers)
    for name, size in layout(shape).items():
        if name == "head":
            yield name, torch.zeros(size)
        elif name.endswith("gain"):
            yield name, torch.ones(size)
        else:
            scale = EMBEDDING_SCALE if name == "embedding" else size[-2] ** -0.5
            scale *= residual if name.endswith("out") else 1
            drawn = _normals(size, generator)
            if len(size) < 3:
                yield name, next(drawn) * scale
            else:
                yield from ((f"{name}.{number}", each * scale) for number, each in enumerate(drawn))


def _normals(size: tuple[int, ...], generator: torch.Generator) -> Iterator[torch.Tensor]:
    """Yield what ``torch.randn(size)`` draws, a layer at a time where there are layers.

    torch draws normals in blocks of 16 and the last one anew if it is not whole, so that such layers come together.
    """
    if len(size) < 3:
        yield torch.randn(size, generator=generator)
    elif math.prod(size[1:]) % NORMALS:
        yield from torch.randn(size, generator=generator)
    else:
        for _ in range(size[0]):
            yield torch.randn(size[1:], generator=generator)


def unpack(shape: Architecture, weights: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return the groups of weights by name, views of (models, *layout)."""
    sizes = layout(shape)
    columns = weights.split([math.prod(size) for size in sizes.values()], dim=1)
    return {name: group.unflatten(1, size) for (name, size), group in zip(sizes.items(), columns, strict=True)}


def logits(shape: Architecture, weights: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
    """Return the scores of each next token, (models, batch, time, vocab), for ``tokens`` (models, batch, time)."""
    groups = unpack(shape, weights)
    return scores(stream(shape, groups, tokens), groups["last_gain"], groups["head"]).view(*tokens.shape, -1)


def stream(
    shape: Architecture, groups: dict[str, torch.Tensor], tokens: torch.Tensor, execution: Execution = EAGER
) -> torch.Tensor:
    """Return the residual stream behind the last layer, (models, batch * time, width)."""
    x = embedded(groups["embedding"], tokens.flatten(1))
    cos, sin = rotation(tokens.shape[-1], shape.width // shape.n_heads, tokens.device)
    # unbind, and not an index for each layer: its gradient is one concatenation instead of a sum of sparse ones.
    layers = (
        _as_products(name, group).unbind(1)
        for name, group in groups.items()
        if name not in ("embedding", "last_gain", "head")
    )
    through = execution.way(layer)
    for weights in zip(*layers, strict=True):
        x = through(x, cos, sin, *weights)
    return x


def _as_products(name: str, group: torch.Tensor) -> torch.Tensor:
    """Return the group in the dtype of its products: one cast for all layers, where autocast makes one for each."""
    device = group.device.type
    if name.endswith("gain") or not torch.is_autocast_enabled(device):
        return group
    return group.to(torch.get_autocast_dtype(device))


def layer(
    x: torch.Tensor,
    cos: torch.Tensor,
    sin: torch.Tensor,
    attention_gain: torch.Tensor,
    qkv: torch.Tensor,
    attention_out: torch.Tensor,
    ffn_gain: torch.Tensor,
    gate_up: torch.Tensor,
    ffn_out: torch.Tensor,
) -> torch.Tensor:
    """Return the stream ``x``, (models, batch * time, width), behind one layer; ``cos`` and ``sin`` of ``rotation``."""
    n_time, half = cos.shape[0], cos.shape[-1]
    read = (normed(x, attention_gain) @ qkv).view(-1, n_time, 3, x.shape[-1] // (2 * half), 2 * half)
    x = x + attention(read, (cos, sin)).view(x.shape) @ attention_out
    return x + gated(normed(x, ffn_gain) @ gate_up) @ ffn_out


def scores(x: torch.Tensor, gain: torch.Tensor, head: torch.Tensor) -> torch.Tensor:
    """Return the scores of each next token, (models, batch * time, vocab), of the stream behind the last layer."""
    return normed(x, gain) @ head


def token_losses(x: torch.Tensor, gain: torch.Tensor, head: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the loss of each token in nats, flat, of the same stream; ``targets`` are flat too."""
    return functional.cross_entropy(scores(x, gain, head).flatten(0, 1).float(), targets, reduction="none")


def embedded(table: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    """Return each model's rows of ``table`` (models, vocab, width) for its ``ids`` (models, n): (models, n, width)."""
    return _Embedded.apply(table, ids) if table.is_cuda else _rows(table, ids)


def _rows(table: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    n_models, vocab_size, _ = table.shape
    places = ids + vocab_size * torch.arange(n_models, device=ids.device)[:, None]
    return functional.embedding(places, table.flatten(0, 1))


class _Embedded(torch.autograd.Function):  # type: ignore[misc]
    """The same rows, with a gradient that a CUDA graph can hold and that has one order of summation.

    torch's gradient of an embedding asks the device how many ids differ once there are more than 3072, which a capture
    forbids (pytorch/pytorch#82886). This one is a product with the ids one-hot, which are as large as the scores, in
    the dtype of the other products.
    """

    @staticmethod
    def forward(ctx: Any, table: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(ids)
        ctx.vocab_size = table.shape[1]
        device = table.device.type
        ctx.dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else table.dtype
        return _rows(table, ids)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        (ids,) = ctx.saved_tensors
        chosen = ids[:, None, :] == torch.arange(ctx.vocab_size, device=ids.device)[:, None]  # (models, vocab, n)
        return (chosen.to(ctx.dtype) @ gradient.to(ctx.dtype)).to(gradient.dtype), None


def rotation(n_time: int, head_width: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Return cosines and sines, (time, 1, 1, head_width / 2), of rotary positions (Su 2021, arXiv:2104.09864)."""
    frequency = ROPE_BASE ** (-torch.arange(0, head_width, 2, device=device) / head_width)
    angle = (torch.arange(n_time, device=device)[:, None] * frequency)[:, None, None, :]
    return angle.cos(), angle.sin()


def attention(read: torch.Tensor, turn: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    """Return (rows, time, heads, head_width) from queries, keys and values, (rows, time, 3, heads, head_width)."""
    cos, sin = turn
    query, key = (part.transpose(1, 2) for part in turned(read[:, :, :2], cos, sin).unbind(2))
    value = read[:, :, 2].transpose(1, 2)
    return functional.scaled_dot_product_attention(query, key, value, is_causal=True).transpose(1, 2).contiguous()


def document_losses(
    shape: Architecture, weights: torch.Tensor, documents: torch.Tensor, execution: Execution = EAGER
) -> torch.Tensor:
    """Return the mean loss of every document in nats per token, (models, batch), for (models, batch, time) ids.

    All tokens of a document are predicted, the first from START.
    """

    def losses(inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        groups = unpack(shape, weights)
        x = stream(shape, groups, inputs, execution)
        return execution.way(token_losses)(x, groups["last_gain"], groups["head"], targets)

    return mean_losses(documents, losses, execution)


def mean_losses(
    documents: torch.Tensor, losses: Callable[[torch.Tensor, torch.Tensor], torch.Tensor], execution: Execution
) -> torch.Tensor:
    """Return the mean of each document's ``losses``, which are called with its inputs and its targets, flat."""
    targets = documents.long()
    inputs = functional.pad(targets[..., :-1], (1, 0), value=START)
    # No cache of cast weights: they change with every step, and one made outside a CUDA graph must not be read in it.
    dtype = execution.matmul_dtype
    with torch.autocast(documents.device.type, dtype=dtype, enabled=dtype is not None, cache_enabled=False):
        found = losses(inputs, targets.flatten())
    return found.view(targets.shape).mean(dim=-1)
