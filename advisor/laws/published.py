"""Published scaling laws with unrounded constants, each with its source and the parameters that its N counts.

Hoffmann's law shows why unrounded: at 5.76e23 FLOPs it gives N = 40.4B, and 32.2B with the constants as printed.
Whether N counts embeddings is Hoffmann's (total) and Kaplan's (non-embedding) as told apart by Pearce and Song 2024,
arXiv:2406.12907.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

from advisor.data_files import shipped_file
from advisor.laws.parameters import Parameters
from advisor.laws.scaling_law import FrontierLaw, Law, Ranges, ScalingLaw

PETAFLOP_DAY = 8.64e19

# The 234 runs that others read off Hoffmann et al.'s figure 4, which the corrected law was fitted to.
_FIGURE_4 = Ranges(n_params=(5.73e7, 1.62e10), n_tokens=(1.39e9, 3.18e11), flops=(1.40e18, 1.30e22))

HOFFMANN = ScalingLaw(
    name="hoffmann",
    E=math.exp(0.5267228),
    A=math.exp(6.0073404),
    B=math.exp(6.0179186),
    alpha=0.33917084,
    beta=0.2849083,
    count="total",
    source="Hoffmann et al. 2022, arXiv:2203.15556, approach 3, from its TeX source",
    ranges=_FIGURE_4,
    note="Chinchilla as published; its fit stopped early",
)

CHINCHILLA = ScalingLaw(
    name="chinchilla",
    E=math.exp(0.5971119597824348),
    A=math.exp(6.177955975826981),
    B=math.exp(7.6427323622433505),
    alpha=0.34781302903942635,
    beta=0.3658541172951044,
    count="total",
    source="Besiroglu et al. 2024, arXiv:2404.10102",
    ranges=_FIGURE_4,
    note="Chinchilla corrected: the default for web text",
)

MUENNIGHOFF = ScalingLaw(
    name="muennighoff",
    E=math.exp(0.6254804),
    A=math.exp(6.255414),
    B=math.exp(7.3049974),
    alpha=0.3526596,
    beta=0.3526596,
    count="unknown",
    source="Muennighoff et al. 2023, arXiv:2305.16264",
    note="for unique data (D <= U), on C4",
)

CODE = ScalingLaw(
    name="code",
    E=0.2193,
    A=534.374,
    B=76.0743,
    alpha=0.4853,
    beta=0.2983,
    count="unknown",
    source="Luo et al. 2025, arXiv:2510.08702",
    ranges=Ranges(n_params=(0.2e9, 3.8e9), n_tokens=(2e9, 128e9)),
    note="code corpora: finds code more data-hungry than text",
)


# A least-squares line in logs through table 3. Started from N it gives every row's FLOPs and tokens within .8 %, but
# for 67B (-2.4 %, -6.8 %), whose printed tokens are rounded: 6 N D / C = 1.047 there.
HOFFMANN_TABLE_3 = FrontierLaw(
    name="hoffmann-table3",
    coefficient=0.0991590,
    exponent=0.498099,
    count="total",
    source="Hoffmann et al. 2022, arXiv:2203.15556, approach 1: log-log line through table 3",
    note="a line through the Chinchilla table",
)

KAPLAN = FrontierLaw(
    name="kaplan",
    coefficient=1.3e9 / PETAFLOP_DAY**0.73,
    exponent=0.73,
    count="non-embedding",
    source="Kaplan et al. 2020, arXiv:2001.08361: N = 1.3e9 (C_min / PF-day)^.73",
    note="for comparison only",
)

# DeepSeek gives non-embedding FLOPs a token, M = .1715 C^.5243 = 72 n_layer d^2 + 12 n_layer d l_seq. M/6 is N as
# 6 N D counts it, so it exceeds the non-embedding parameters by the attention term.
DEEPSEEK = FrontierLaw(
    name="deepseek",
    coefficient=0.1715 / 6,
    exponent=0.5243,
    count="non-embedding",
    source="DeepSeek LLM 2024, arXiv:2401.02954: M = .1715 C^.5243 FLOPs/token, N = M/6",
    note="for comparison only; attention is in N",
)


_OTHERS: tuple[Law, ...] = (HOFFMANN, HOFFMANN_TABLE_3, MUENNIGHOFF, CODE, DEEPSEEK, KAPLAN)
# Known without the draws, which are read from a file.
PUBLISHED_NAMES = frozenset(law.name for law in (CHINCHILLA, *_OTHERS))


@cache
def chinchilla() -> ScalingLaw:
    """Return CHINCHILLA with 400 joint draws: refits to bootstrap samples of the points it was fitted to.

    The draws are shifted so that their medians are the published values; their 95 % ranges agree with the paper's.
    """
    lines = shipped_file("chinchilla_draws.csv").read_text(encoding="utf-8").splitlines()
    rows = (map(float, line.split(",")) for line in lines[1:])
    draws = tuple([Parameters(log_e, log_a, log_b, alpha, beta) for log_a, log_b, log_e, alpha, beta in rows])
    return replace(CHINCHILLA, draws=draws)


def published_laws() -> dict[str, Law]:
    """Return every published law by name, the default first."""
    return {law.name: law for law in (chinchilla(), *_OTHERS)}
