"""What a pilot trains: sizes at budgets on a corpus and on a reference, and the grid that they stand on."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Role = Literal["corpus", "reference"]
ROLES: tuple[Role, Role] = ("corpus", "reference")


@dataclass(frozen=True, kw_only=True)
class PilotRun:
    """One run: ``flops`` is the budget that its size belongs to, ``loss`` in nats/token, None until it is trained."""

    role: Role
    corpus: str
    flops: float
    n_params: float
    n_tokens: float
    loss: float | None = None


def budgets_of(runs: Iterable[PilotRun], role: Role) -> dict[float, list[PilotRun]]:
    """Return the runs of one corpus by budget, the smallest budget first."""
    found: dict[float, list[PilotRun]] = {}
    for run in runs:
        if run.role == role:
            found.setdefault(run.flops, []).append(run)
    return dict(sorted(found.items()))


def grid(log_n: float, half_width: float, n_sizes: int) -> list[float]:
    """Return sizes N spread evenly in ln N around ``log_n``.

    >>> [round(n) for n in grid(math.log(100), math.log(2), 3)]
    [50, 100, 200]
    """
    step = 2 * half_width / (n_sizes - 1)
    return [math.exp(log_n - half_width + i * step) for i in range(n_sizes)]
