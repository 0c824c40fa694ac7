"""Steps that are timed side by side in one process, and bare matrix products to set beside them. For bench_train.py."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

from advisor.plan.shape import Architecture

ROUNDS = 5
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def clock() -> float:
    """Return CPU-seconds of this process, or, with a GPU, seconds at which all that was asked of it is done."""
    if DEVICE.type == "cpu":
        return time.process_time()
    torch.cuda.synchronize()
    return time.perf_counter()


def steps_per_second(steps: list[Callable[[], object]], seconds: float) -> list[float]:
    """Return each one's best rate over rounds in which they take turns."""
    rates = [0.0] * len(steps)
    lengths = [0] * len(steps)
    for number in range(ROUNDS + 1):
        for i, take in enumerate(steps):
            n_steps = lengths[i] or 1
            begin = clock()
            for _ in range(n_steps):
                take()
            rate = n_steps / (clock() - begin)
            lengths[i] = max(1, int(rate * seconds))
            rates[i] = max(rates[i], rate) if number else 0.0  # the first round warms up
    return rates


def bare_products(shape: Architecture, batch: int, dtype: torch.dtype) -> tuple[Callable[[], object], int]:
    """Return a function that does the four products of a layer for one batch, nothing between them, and its FLOPs."""
    n, d, ffn = batch * shape.context, shape.width, shape.ffn_width
    sizes = ((d, 3 * d), (d, d), (d, 2 * ffn), (ffn, d))
    inputs = [torch.randn(n, rows).to(dtype) for rows, _ in sizes]
    weights = [torch.randn(rows, columns).to(dtype) for rows, columns in sizes]
    outputs = [torch.empty(n, columns, dtype=dtype) for _, columns in sizes]

    def take() -> None:
        for x, weight, y in zip(inputs, weights, outputs, strict=True):
            torch.mm(x, weight, out=y)

    return take, sum(2 * n * rows * columns for rows, columns in sizes)
