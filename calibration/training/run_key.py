"""What identifies a trained point, from the plan that it is of or from what its row says of it."""

from __future__ import annotations

import hashlib
import json
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from advisor.plan.shape import Architecture
    from calibration.training.schedule import Branch, Schedule

# To be raised with every change of model, optimiser, schedule or training that changes a loss.
TRAINING_VERSION = 1


def run_key(
    *,
    data: str,
    shape: Architecture,
    seed: int,
    plan: Schedule,
    branch: Branch,
    rate: float,
    code: int = TRAINING_VERSION,
) -> str:
    """Return what identifies a trained point, 32 hexadecimal digits: all that its loss follows from, and nothing else.

    ``data`` is the digest of the source, ``rate`` the peak rate before any halving. Of the plan it takes what the
    steps to this branch's end are: their batches, the warmup, where the cooldown begins, its form. So plans with other
    token counts, or batches that change beyond this one, give the same key. Device, dtype, micro-batch and stacking
    change rounding alone and are not in it.
    """
    facts = {
        "data": data,
        "shape": [shape.width, shape.n_layers, shape.n_heads, shape.vocab_size, shape.context],
        "seed": seed,
        "rate": rate,
        "batches": _batches(plan, branch.stop),
        "cooldown": [branch.start, branch.stop, "cosine" if plan.recipe.cosine else "sqrt"],
        "warmup": plan.n_warmup,
        "code": code,
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]


def _batches(plan: Schedule, stop: int) -> list[tuple[int, int]]:
    """Return (first document, documents a batch) wherever the batch changes, up to ``stop``."""
    changes: list[tuple[int, int]] = []
    bound, seq_len = 0, plan.seq_len
    while bound < stop:
        size = plan.batch(bound)
        if not changes or changes[-1][1] != size:
            changes.append((bound, size))
        # The batch can only change with the next entry of the recipe: nothing is walked step by step.
        beyond = min((start for start, _ in plan.recipe.batches if start > bound * seq_len), default=stop * seq_len)
        bound += size * max(1, math.ceil((beyond - bound * seq_len) / (size * seq_len)))
    return changes
