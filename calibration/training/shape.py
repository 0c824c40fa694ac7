"""The shape of a model that is trained, and the layout of its weights; without torch, which a refit does not need."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.errors import UsageError
from advisor.plan.shape import Architecture
from advisor.quantities import plural

SEQ_LEN = 256


def model_shape(*, width: int, n_layers: int, n_heads: int, vocab_size: int, seq_len: int = SEQ_LEN) -> Architecture:
    """Return the shape of a model that calibrations train: its gated feed-forward is twice as wide as the model.

    >>> shape = model_shape(width=64, n_layers=2, n_heads=1, vocab_size=301)
    >>> shape.n_non_embedding, shape.flops_per_token
    (82240, 803712)

    Raises:
        UsageError: a size is below 1, or the heads cannot share the width.
    """
    if min(width, n_layers, n_heads, vocab_size, seq_len) < 1:
        raise UsageError(
            f"A model {width} wide with {plural(n_layers, 'layer')}, {plural(n_heads, 'head')}, a vocabulary of "
            f"{vocab_size} and sequences of {seq_len} cannot be built: every size must be at least 1."
        )
    if width % (2 * n_heads):
        raise UsageError(
            f"{plural(n_heads, 'head')} cannot share a width of {width}: rotary positions need a width that is a "
            f"multiple of {2 * n_heads}."
        )
    return Architecture(
        width=width, n_layers=n_layers, n_heads=n_heads, ffn_width=2 * width, vocab_size=vocab_size, context=seq_len
    )


def layout(shape: Architecture) -> dict[str, tuple[int, ...]]:
    """Return the sizes of each group of weights, in the order of the columns; layers come first within a group."""
    d, layers, ffn = shape.width, shape.n_layers, shape.ffn_width
    return {
        "embedding": (shape.vocab_size, d),
        "attention_gain": (layers, d),
        "qkv": (layers, d, 3 * d),
        "attention_out": (layers, d, d),
        "ffn_gain": (layers, d),
        "gate_up": (layers, d, 2 * ffn),
        "ffn_out": (layers, ffn, d),
        "last_gain": (d,),
        "head": (d, shape.vocab_size),
    }


def parts(shape: Architecture) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield the name and the sizes of each tensor that a sharded model has, in the order of the columns of ``layout``.

    Each layer's matrices stand alone; the gains of all layers are one.

    >>> [name for name, _ in parts(model_shape(width=8, n_layers=2, n_heads=1, vocab_size=5))][:4]
    ['embedding', 'attention_gain', 'qkv.0', 'qkv.1']
    """
    for name, size in layout(shape).items():
        if len(size) < 3:
            yield name, size
        else:
            yield from ((f"{name}.{number}", size[1:]) for number in range(size[0]))
