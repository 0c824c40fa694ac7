"""How far a law's predictions drift beyond the largest budget it was fitted to, and draws that are wide enough for it.

Intervals from refits alone cover far too little there: the additive form drifts, and as larger budgets are added its E
and its losses fall. A prediction at C above C_max, the largest fitted budget, is widened by errors that grow with
ln(C/C_max):
    sd(ln L)  = kappa ln(C/C_max),   kappa at least LEAST.loss
    sd(ln N*) = kappa_n ln(C/C_max), kappa_n at least LEAST.n_params
``benchmarks/bench_extrapolation.py`` measures the coverage with and without; ``calibration.fit`` measures both kappas.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from advisor.laws.parameters import Parameters

if TYPE_CHECKING:
    from advisor.laws.scaling_law import ScalingLaw

# Roberts's R4 sequence (2018, "The unreasonable effectiveness of quasirandom sequences"): the root of x^5 = x + 1.
_ROOT = 1.1673039782614187
_STEPS = tuple(_ROOT**-k for k in (1, 2, 3, 4))


class Drift(NamedTuple):
    """Standard deviations for each e-fold of C above C_max: of ln L and of ln N*."""

    loss: float
    n_params: float


# What held with whole families of tables left out: 13 tables of five families (docs/fitting.md).
LEAST = Drift(loss=0.008, n_params=0.10)


class Normals(NamedTuple):
    """Four independent standard normal numbers of one draw, and what each is for."""

    drift_of_n: float
    drift_of_loss: float
    corpus: float  # what is not known of a corpus's shift (``advisor.laws.data_rule``)
    spare: float


def moved(row: Parameters, *, log_n: float = 0.0, log_loss: float = 0.0) -> Parameters:
    """Return a row whose optimum is moved by ``log_n`` in ln N* (less in ln D*), and whose losses by ``log_loss``.

    The moved law is e^log_loss L(N e^-log_n, D e^log_n): at any budget the least loss stays, but for ``log_loss``, and
    so do alpha and beta. ln A moves by alpha log_n and ln B by -beta log_n.
    """
    return Parameters(
        row.E + log_loss,
        row.A + row.alpha * log_n + log_loss,
        row.B - row.beta * log_n + log_loss,
        row.alpha,
        row.beta,
    )


def e_folds_beyond(law: ScalingLaw, flops: float) -> float:
    """Return ln(C/C_max), 0 up to the largest fitted budget and where that is not known."""
    fitted = law.ranges.flops
    return 0.0 if fitted is None else max(math.log(flops / fitted[1]), 0.0)


def widened(law: ScalingLaw, flops: float) -> ScalingLaw:
    """Return ``law`` with draws as wide as a prediction at ``flops`` needs; itself where the runs reach so far.

    The draws are moved by even normal numbers, so that an answer is the same every time.
    """
    far = e_folds_beyond(law, flops)
    if far == 0 or not law.draws:
        return law
    sd_n, sd_loss = far * max(law.drift.n_params, LEAST.n_params), far * max(law.drift.loss, LEAST.loss)
    each = zip(law.draws, even_normals(len(law.draws)), strict=True)
    return replace(
        law,
        draws=tuple([moved(row, log_n=sd_n * z.drift_of_n, log_loss=sd_loss * z.drift_of_loss) for row, z in each]),
    )


def even_normals(n: int) -> Iterator[Normals]:
    """Yield ``n`` rows of independent standard normal numbers, even over their distribution and always the same.

    Each pair of coordinates of the even points gives two by Box and Muller.
    """
    for i in range(n):
        first, second, third, fourth = ((0.5 + (i + 1) * step) % 1.0 for step in _STEPS)
        yield Normals(*_pair(first, second), *_pair(third, fourth))


def _pair(share: float, angle: float) -> tuple[float, float]:
    radius = math.sqrt(-2.0 * math.log(max(share, 1e-12)))
    return radius * math.cos(2.0 * math.pi * angle), radius * math.sin(2.0 * math.pi * angle)
