"""Laws and requests from the whole of their ranges: a finite answer or an error of ours, soon."""

from __future__ import annotations

import json
import math
import random
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from advisor.answer.explained import explain_recommendation
from advisor.answer.recommendation import Recommendation, recommend
from advisor.answer.request import Request
from advisor.errors import AdvisorError
from advisor.json_form import as_json

MOST_CPU_S = 3.0  # a second on a machine that does nothing else
SEEDS = range(60)


def between(rng: random.Random, low: float, high: float) -> float:
    """Return an end of the range one time in four, else a number even in its logarithm."""
    return rng.choice([low, high]) if rng.random() < 0.25 else math.exp(rng.uniform(math.log(low), math.log(high)))


def law(rng: random.Random) -> dict[str, Any]:
    usual = rng.random() < 0.5
    a, b = (406.4, 410.7) if usual else (between(rng, 1e-300, 1e300), between(rng, 1e-300, 1e300))
    alpha, beta = between(rng, 1e-3, 10), between(rng, 1e-3, 10)
    rows = [
        [math.log(a), math.log(b), rng.choice([None, 0.5, -700, 700]), between(rng, 1e-7, 10), beta]
        for _ in range(rng.choice([0, 1, 400]))
    ]
    return {
        **{"schema_version": 1, "E": rng.choice([0, 1.69, 1e-300, 1000]), "A": a, "B": b, "alpha": alpha, "beta": beta},
        **{"count": "total", "draws": rows, "ranges": {"flops": [1e-300, between(rng, 1e-300, 1e308)]}},
    }


def asked(rng: random.Random) -> dict[str, Any]:
    def value() -> float:
        return rng.choice([1e21, between(rng, 1e-300, 1e308), between(rng, 1, 1e40)])

    kind = rng.choice(["flops", "flops", "n_params", "n_tokens", "target_loss"])
    extra = rng.choice([{}, {"unique_tokens": value()}, {"bytes_per_token": value()}, {"inference_tokens": value()}])
    return {kind: value(), **extra}


@pytest.mark.parametrize("seed", SEEDS)
def test_any_law_answers_any_request_with_numbers_or_a_sentence(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    path = tmp_path / "law.json"
    path.write_text(json.dumps(law(rng)))
    begun = time.process_time()
    with suppress(AdvisorError):
        check(recommend(Request(law=str(path), **asked(rng))))
    assert time.process_time() - begun < MOST_CPU_S


def check(found: Recommendation) -> None:
    for value in (found.headline.n_params, found.headline.n_tokens, found.headline.flops):
        assert 0 < value < math.inf
    json.dumps(as_json(found), allow_nan=False)
    explain_recommendation(found)
