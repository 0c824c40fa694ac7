"""An interval holds the answer whose it is: refits that are off centre leave it out, as Chinchilla's do below 1e21."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import advisor

FLOPS = [{"flops": 10.0**power} for power in (17, 18, 19, 19.5, 20, 20.5, 21, 23)]
ASKED: list[dict[str, Any]] = [
    *FLOPS,
    {"params": "7B"},
    {"flops": 1e20, "params": "1B"},
    {"flops": 1e19, "inference_tokens": "1T"},
    {"flops": 1e22, "unique_tokens": "25B"},
]


def held(node: Any) -> Iterator[bool]:
    """Yield of every number below that has an interval beside it whether it lies there."""
    if isinstance(node, list):
        for each in node:
            yield from held(each)
    if isinstance(node, dict):
        for level in ("interval80", "interval95"):
            for name, ends in (node.get(level) or {}).items():
                point = node.get(name, (node.get("best") or {}).get(name))
                if point is not None and ends is not None:
                    yield ends[0] <= point <= ends[1]
        for each in node.values():
            yield from held(each)


@pytest.mark.parametrize("asked", [*ASKED, {"target_loss": 2.5}], ids=str)
def test_intervals_of_chinchilla_hold_their_points(asked):
    found = list(held(advisor.recommend(law="chinchilla", **asked).to_dict()))
    assert len(found) >= 4
    assert all(found)


@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_intervals_of_a_corpus_hold_their_points(asked):
    found = list(held(advisor.recommend(compressibility=0.402, **asked).to_dict()))
    assert len(found) >= 4
    assert all(found)


@pytest.mark.parametrize("flops", [1e19, 1e20, 1e22])
def test_the_losses_of_repeated_data_lie_in_their_intervals(flops):
    for row in advisor.repeat(unique_tokens="10B", flops=flops, law="chinchilla").rows:
        low, high = row.loss_interval80
        assert low <= row.loss <= high
