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
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from advisor.laws.parameters import Parameters
from advisor.laws.search import crossing

if TYPE_CHECKING:
    from advisor.laws.scaling_law import ScalingLaw

# Roberts's R4 sequence (2018, "The unreasonable effectiveness of quasirandom sequences"): the root of x^5 = x + 1.
_ROOT = 1.1673039782614187
_STEPS = tuple(_ROOT**-k for k in (1, 2, 3, 4))
# A draw's budget for a loss is looked for in steps of ln C, up to where no number holds the answer.
_SCAN, _MOST_LOG_FLOPS = 0.5, 200.0
_OUT_OF_REACH = 1 + 1e-9


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


def e_folds_beyond(law: ScalingLaw, flops: float, reach: tuple[float, float] | None = None) -> float:
    """Return ln(C/C_max), 0 up to the largest fitted budget and where that is not known."""
    fitted = reach or law.ranges.flops
    if fitted is None or flops <= fitted[1]:
        return 0.0
    ratio = flops / fitted[1]
    return math.log(ratio) if math.isfinite(ratio) else math.log(flops) - math.log(fitted[1])


def widened(law: ScalingLaw, flops: float, reach: tuple[float, float] | None = None) -> ScalingLaw:
    """Return ``law`` with draws as wide as a prediction at ``flops`` needs; itself where the runs reach so far.

    ``reach`` are the lowest and largest fitted budgets, the law's own unless given. The draws are moved by even normal
    numbers, so that an answer is the same every time.
    """
    far = e_folds_beyond(law, flops, reach)
    if far == 0 or not law.draws:
        return law
    sd_loss, sd_n = (far * kappa for kappa in at_least(law.drift))
    each = zip(law.draws, even_normals(len(law.draws)), strict=True)
    return replace(
        law,
        draws=tuple([moved(row, log_n=sd_n * z.drift_of_n, log_loss=sd_loss * z.drift_of_loss) for row, z in each]),
    )


def widened_for_loss(law: ScalingLaw, loss: float, reach: tuple[float, float] | None = None) -> ScalingLaw:
    """Return ``law`` with draws as wide as the budget that reaches ``loss`` needs, which is another one for each draw.

    A draw's drift grows with its budget, so that is the least C where ln L*(C) + z kappa ln(C/C_max) is ln ``loss``;
    the draw is moved by its drift there. One whose drift outruns what budgets gain gets a floor above ``loss``.
    """
    fitted, kappa = reach or law.ranges.flops, at_least(law.drift)
    if fitted is None:
        return law
    rows = []
    for row, drawn, z in zip(law.draws, law.drawn_laws(), even_normals(len(law.draws)), strict=True):
        far = _e_folds_for(drawn, loss, z.drift_of_loss * kappa.loss, math.log(fitted[1]))
        if far is None:
            rows.append(moved(row, log_loss=max(math.log(loss * _OUT_OF_REACH) - row.E, 0.0)))
            continue
        drift = {"log_n": z.drift_of_n * kappa.n_params * far, "log_loss": z.drift_of_loss * kappa.loss * far}
        rows.append(moved(row, **drift))
    return replace(law, draws=tuple(rows))


def _e_folds_for(law: ScalingLaw, loss: float, kappa: float, edge: float) -> float | None:
    """Return ln(C/C_max) of the least budget with which a draw reaches ``loss``; ``edge`` is ln C_max."""
    if loss > law.E and math.log(law.for_loss(loss).flops) <= edge:
        return 0.0

    def above(far: float) -> float:
        best = law.frontier(math.exp(edge + far))
        return math.log(law.loss(best.n_params, best.n_tokens) / loss) + kappa * far

    low = 0.0
    while edge + low + _SCAN < _MOST_LOG_FLOPS:
        if above(low + _SCAN) <= 0:
            return crossing(above, low, low + _SCAN, tolerance=1e-12)
        low += _SCAN
    return None


def at_least(drift: Drift) -> Drift:
    """Return a drift that is nowhere less than what is seen of laws in general."""
    return Drift(*map(max, drift, LEAST))


@cache  # an answer asks for the same rows for every law
def even_normals(n: int) -> tuple[Normals, ...]:
    """Return ``n`` rows of independent standard normal numbers, even over their distribution and always the same.

    Each pair of coordinates of the even points gives two by Box and Muller.
    """
    shares = (((0.5 + (i + 1) * step) % 1.0 for step in _STEPS) for i in range(n))
    return tuple([Normals(*_pair(first, second), *_pair(third, fourth)) for first, second, third, fourth in shares])


def _pair(share: float, angle: float) -> tuple[float, float]:
    radius = math.sqrt(-2.0 * math.log(max(share, 1e-12)))
    return radius * math.cos(2.0 * math.pi * angle), radius * math.sin(2.0 * math.pi * angle)
