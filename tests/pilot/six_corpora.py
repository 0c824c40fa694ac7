"""The laws of six corpora as published, which simulated pilots train on.

Best fits to the sweep of Brandfonbrener et al. 2024, arXiv:2411.12925 (theirs; total N, C = 6 N D, nats/token), with H
and bytes per token of public samples that stand for them under the default protocol.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from dataclasses import replace

from advisor.laws.scaling_law import ScalingLaw
from advisor.laws.text import Text
from advisor.pilot.runs import PilotRun

_CONSTANTS = {
    "fineweb": (2.147, 1637, 4199, 0.427, 0.421),
    "fineweb-edu": (2.002, 2518, 7161, 0.454, 0.450),
    "slimpajama": (2.007, 2048, 6019, 0.441, 0.439),
    "smollm-corpus": (1.552, 2440, 6916, 0.448, 0.444),
    "proof-pile-2": (1.330, 3771, 3588, 0.507, 0.435),
    "starcoder": (0.863, 7754, 4190, 0.547, 0.439),
}
LAWS = {
    name: ScalingLaw(name=name, E=E, A=A, B=B, alpha=alpha, beta=beta, count="total", source="arXiv:2411.12925")
    for name, (E, A, B, alpha, beta) in _CONSTANTS.items()
}
TEXTS = {
    "fineweb": Text(compressibility=0.566, sd=0.006, bytes_per_token=4.0),
    "fineweb-edu": Text(compressibility=0.567, sd=0.004, bytes_per_token=4.15),
    "slimpajama": Text(compressibility=0.562, sd=0.006, bytes_per_token=3.92),
    "smollm-corpus": Text(compressibility=0.563, sd=0.005, bytes_per_token=4.16),
    "proof-pile-2": Text(compressibility=0.467, sd=0.018, bytes_per_token=3.08),
    "starcoder": Text(compressibility=0.402, sd=0.012, bytes_per_token=3.0),
}
WEB = ("fineweb", "fineweb-edu", "slimpajama", "smollm-corpus")


def log_n(corpus: str, flops: float) -> float:
    """Return ln N* by the corpus's own law."""
    return math.log(LAWS[corpus].frontier(flops).n_params)


def trained(
    runs: Iterable[PilotRun], names: dict[str, str], rng: random.Random, *, noise: float = 0.0
) -> list[PilotRun]:
    """Return the runs with the losses that the laws of ``names``, by role, say, each with noise of ln loss."""
    return [
        replace(
            run,
            loss=LAWS[names[run.role]].loss(run.n_params, run.n_tokens) * math.exp(rng.gauss(0.0, noise)),
        )
        for run in runs
    ]
