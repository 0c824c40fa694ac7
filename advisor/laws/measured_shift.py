"""What a pilot measured of a corpus's shift, and the data rule's prediction made narrower by it.

A pilot gives y, the move of ln N* at a budget C_p: against a reference corpus at equal C (paired), or against the base
law (unpaired). With Delta(C) normal under the rule (``advisor.laws.data_rule``), the prediction at C becomes
    Delta'(C) = Delta(C) + g (y - Delta(C_p)),   g = cov(Delta(C), Delta(C_p)) / (var Delta(C_p) + var y)
    var'      = var Delta(C) - g cov
What a pilot can take away is what holds at both budgets: the slopes, the predictors, the language, what is the corpus's
own. What comes after it stays, as growth is taken to have independent increments: the growth of the gap from C_p to C,
and beyond the largest budget ever compared. So stays what scatters from one budget to the next.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from advisor.laws.drift import LEAST

if TYPE_CHECKING:
    from advisor.laws.data_rule import Shift

# Of a gap about its mean over the budgets from 4.57e18 to 4.84e19 FLOPs, .031: rms over five of the six corpora against
# the sixth, fineweb (tests/pilot/test_on_the_sweep.py measures it again where the runs are there).
SCATTER_OF_A_BUDGET = 0.03
# Of the optima of four web corpora about their mean, 4.57e18 to 2.2e19 FLOPs: .012, .014, .021. A reference is one of
# them, and the rule speaks of their mean.
SCATTER_OF_WEB = 0.02

GROWTH, BEYOND, SCATTER = "growth with the budget", "budgets beyond the runs", "scatter between corpora"
TOKENIZER = "tokenizer"
LEFT = "what pilot and rule leave open"
ADDED_GROWTH = "growth of what the pilot adds"
_COMING_AFTER = (GROWTH, BEYOND)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What a pilot says.

    Attributes:
        log_n: the move of ln N* that was seen at ``flops``: against the reference, or where there is none against the
            base law.
        sd: its standard deviation: noise of the runs, scatter of the budgets, lopsided profiles.
        flops: C_p, the budget that the pilot speaks of.
        reference_compressibility: H of the reference; None where it is not known, and it is then taken for web text.
        reference_bytes_per_token: likewise.
        paired: whether there was a reference.
    """

    log_n: float
    sd: float
    flops: float
    reference_compressibility: float | None = None
    reference_bytes_per_token: float | None = None
    paired: bool = True


@dataclass(frozen=True, kw_only=True)
class Folds:
    """How far the pilot's budget and the target are apart.

    Attributes:
        between: |ln(C/C_p)|.
        same_side: whether the gap grows from one of the budgets to the other as it grew before: both lie on one side
            of the budget where the gap has settled.
        growth_between: standard deviation of the growth from one to the other, for each unit of the settled gap.
    """

    between: float
    same_side: bool
    growth_between: float


def informed(measured: Measured, *, at_pilot: Shift, at_target: Shift, reference: Shift, folds: Folds) -> Shift:
    """Return ``at_target``, the rule's shift, with what a pilot says; ``at_pilot`` is the rule's at the pilot's budget.

    ``reference`` is the rule's shift of the reference there.
    """
    seen, sd_seen = _against_the_base(measured, reference, folds)
    before, after = _without(at_pilot.sds, TOKENIZER), _without(at_target.sds, TOKENIZER)
    shared = _covariance(before, after, folds)
    spread = math.hypot(*before.values()) ** 2 - SCATTER_OF_A_BUDGET**2 + sd_seen**2
    gain = shared / spread
    corpus = at_target.corpus + gain * (seen - at_pilot.corpus)
    coming = {name: _increment(name, before, after, folds) for name in _COMING_AFTER}
    variance = math.hypot(*after.values()) ** 2 - gain * shared
    rest = variance - math.hypot(*coming.values(), SCATTER_OF_A_BUDGET) ** 2
    added = max(0.0, abs(corpus) - abs(at_target.corpus)) / max(at_target.shown, 1e-9)
    sds = {
        LEFT: math.sqrt(max(rest, 0.0)),
        **coming,
        SCATTER: SCATTER_OF_A_BUDGET,
        ADDED_GROWTH: added * folds.growth_between,
        TOKENIZER: at_target.sds[TOKENIZER],
    }
    return replace(at_target, corpus=corpus, sds=sds)


def _against_the_base(measured: Measured, reference: Shift, folds: Folds) -> tuple[float, float]:
    """Return the move against the base law that was seen, and its standard deviation.

    The reference's own move is added: the rule says it, and a web corpus scatters about web text. Without a reference
    the level is carried to the target by the base law's exponent, and drifts.
    """
    if not measured.paired:
        return measured.log_n, math.hypot(measured.sd, LEAST.n_params * folds.between)
    parts = _without(reference.sds, SCATTER, TOKENIZER)
    return measured.log_n + reference.corpus, math.hypot(measured.sd, SCATTER_OF_WEB, *parts.values())


def _covariance(before: Mapping[str, float], after: Mapping[str, float], folds: Folds) -> float:
    own = before[SCATTER] ** 2 - SCATTER_OF_A_BUDGET**2
    held = sum(sd * after[name] for name, sd in before.items() if name not in (*_COMING_AFTER, SCATTER))
    grown = sum(_common(name, before, after, folds) ** 2 for name in _COMING_AFTER)
    return held + own + grown


def _common(name: str, before: Mapping[str, float], after: Mapping[str, float], folds: Folds) -> float:
    """Return the standard deviation of the growth that both budgets have behind them."""
    return min(before[name], after[name]) if folds.same_side else 0.0


def _increment(name: str, before: Mapping[str, float], after: Mapping[str, float], folds: Folds) -> float:
    """Return that of the target's growth which the pilot's budget does not have."""
    return math.sqrt(max(after[name] ** 2 - _common(name, before, after, folds) ** 2, 0.0))


def _without(sds: Mapping[str, float], *names: str) -> dict[str, float]:
    return {name: sd for name, sd in sds.items() if name not in names}
