"""How far a corpus moves the compute-optimal allocation from that of web text, and what a tokenizer does to it.

    ln N*(C) = ln N*_base(C) + Delta(C) + SLOPE_TOKENIZER ln(T_t/T_c)
    Delta(C) = r(C) (SLOPE_T ln(T_c/WEB_T) + SLOPE_H (H - WEB_H)) / 2

H is gzip's compressibility and T_c the bytes per token of the corpus, both under the default protocol; T_t are its
bytes per token under the tokenizer that the model is trained with. The first two slopes and r(C), which says how much
of the gap between corpora a budget shows, were chosen on the IsoFLOP optima of six corpora from 2e17 to 4.84e19 FLOPs
(Brandfonbrener et al. 2024, arXiv:2411.12925; the calibration ``six-corpora``); the tokenizer's on 1,308 models from
5e18 to 2e21 FLOPs (Limisiewicz et al. 2026, arXiv:2605.01188: B* ~ C^.501 T^.446, so N* ~ T^(1 - .446) at equal C, and
the bytes for each parameter stay). ``benchmarks/bench_data_rule.py`` judges the rule and those that lost to it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from advisor.laws.drift import even_normals, moved, widened, widened_for_loss
from advisor.laws.search import crossing
from advisor.laws.text import LIMITS_H, SIX_CORPORA, SLOPE_H, SLOPE_T, SLOPE_TOKENIZER, TOKENIZERS, Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from advisor.laws.measured_shift import Measured
    from advisor.laws.scaling_law import Allocation, ScalingLaw

_SD_TOKENIZER = 0.030  # of its 95 % interval, .387 to .506 for .446

SETTLED = 1e19  # FLOPs: below, budgets show less and less of the gap
LARGEST = 4.84e19  # FLOPs: the largest budget of the six corpora; beyond, the gap is held
_GROWTH_BELOW, _GROWTH_ABOVE = 0.25, 0.10  # of r for each e-fold of C

# What is judged of the rule's errors, in ln N*: docs/data_rule.md says from what.
_SD_SLOPE = 0.20 / 0.45  # of Delta
_SD_GROWTH_BELOW, _SD_GROWTH_ABOVE = 0.10, 0.15  # of Delta for each e-fold of C away from SETTLED
_SD_H, _SD_LN_T = 0.012, 0.03  # of the predictors: samples stood for the six corpora
_SD_SCATTER = 0.05
_SD_BEYOND = 0.008  # for each e-fold of C above LARGEST
_SHARE_H_ALONE = 0.25  # of Delta by H: what T would have added where it is not known
_SD_LANGUAGE = 0.20  # text that is not mostly ASCII
_SD_LN_T_OF_H = 0.10  # of ln T_c where it is taken from H

SD_OF_80 = 1.2815515655446004  # standard deviations from the median to either end of the central 80 %

_SEARCH = 12.0  # e-folds of C around the base's answer in which the rule's is sought


@dataclass(frozen=True, kw_only=True)
class Shift:
    """The move of ln N* against the base law at one budget, and the standard deviations of what is not known of it."""

    shown: float  # r(C)
    by_h: float | None  # what the rule in H gives, r(C) in it; None where H is not known
    by_t: float | None  # ... and the rule in bytes per token
    corpus: float  # Delta(C), their mean
    tokenizer: float
    sds: dict[str, float]

    JSON = (
        *("n_params_factor=factor", "interval80.n_params_factor=factor_interval", "ln_n_params=log_n"),
        *("ln_n_params_sd=sd", "by.compressibility=by_h", "by.bytes_per_token=by_t", "by.tokenizer=tokenizer"),
        *("by.corpus=corpus", "shown_fraction=shown", "ln_n_params_sd_parts=sds"),
    )

    @property
    def log_n(self) -> float:
        """The move of ln N*."""
        return self.corpus + self.tokenizer

    @property
    def factor(self) -> float:
        """N* over the base's."""
        return math.exp(self.log_n)

    @property
    def factor_interval(self) -> tuple[float, float]:
        """The central 80 % interval of ``factor``, the base law taken as certain."""
        return math.exp(self.log_n - SD_OF_80 * self.sd), math.exp(self.log_n + SD_OF_80 * self.sd)

    @property
    def sd(self) -> float:
        """Its standard deviation: the parts are independent."""
        return math.hypot(*self.sds.values())


def shown(flops: float) -> float:
    """Return r(C), how much of the settled gap between corpora a budget shows: 1 at 1e19 FLOPs.

    >>> shown(1e19), round(shown(4.84e19), 3), round(shown(1e21), 3), round(shown(2e18), 2)
    (1.0, 1.158, 1.158, 0.6)
    """
    return max(0.0, 1 + growth_of_shown(flops) * math.log(max(min(flops, LARGEST) / SETTLED, 1e-300)))


def growth_of_shown(flops: float) -> float:
    """Return how fast r grows for each e-fold of C on this side of SETTLED."""
    return _GROWTH_ABOVE if flops > SETTLED else _GROWTH_BELOW


def shift_at(text: Text, flops: float) -> Shift:
    """Return how far ``text`` moves ln N* at ``flops``, with the standard deviation of each part of what is not known.

    Without H and bytes per token nothing is known of the corpus: it is taken for web text. A pilot's measurement is
    combined with what the rule predicts.
    """
    return _predicted(text, flops) if text.measured is None else _informed(text, text.measured, flops)


def _informed(text: Text, measured: Measured, flops: float) -> Shift:
    reference = Text(
        compressibility=measured.reference_compressibility, bytes_per_token=measured.reference_bytes_per_token
    )
    grown = grown_sd(flops) - grown_sd(measured.flops)
    from advisor.laws.measured_shift import Folds, informed  # only an answer with a pilot pays for it

    return informed(
        measured,
        at_pilot=_predicted(text, measured.flops),
        at_target=_predicted(text, flops),
        reference=_predicted(reference, measured.flops),
        folds=Folds(
            between=abs(math.log(flops / measured.flops)),
            same_side=(flops > SETTLED) == (measured.flops > SETTLED),
            growth_between=abs(grown),
        ),
    )


def grown_sd(flops: float) -> float:
    """Return what is not known of the gap's growth from SETTLED, for each unit of Delta; below it, negative.

    >>> round(grown_sd(1e20), 2), round(grown_sd(5e18), 2)
    (0.35, -0.07)
    """
    far = math.log(flops / SETTLED)
    return far * (_SD_GROWTH_ABOVE if far > 0 else _SD_GROWTH_BELOW)


def _predicted(text: Text, flops: float) -> Shift:
    """Return the shift by the rule alone."""
    r, delta = shown(flops), text.settled
    h, t = text.by_h, text.by_t
    sds = {
        "slope": _SD_SLOPE * delta * r,
        "growth with the budget": grown_sd(flops) * delta,
        "predictors": r * _sd_of_predictors(text),
        "scatter between corpora": _SD_SCATTER,
        "budgets beyond the runs": _SD_BEYOND * max(0.0, math.log(flops / LARGEST)),
        "H and bytes per token disagree": r * _disagreement(h, t),
        "H beyond the corpora seen": r * SLOPE_H * text.outside / 2,
        "language": r * _SD_LANGUAGE if text.foreign else 0.0,
        "tokenizer": _sd_of_tokenizer(text),
    }
    return Shift(
        shown=r,
        by_h=None if h is None else r * h,
        by_t=None if t is None else r * t,
        corpus=r * delta,
        tokenizer=text.by_tokenizer,
        sds={name: abs(sd) for name, sd in sds.items()},
    )


class DataLaw(NamedTuple):
    """The rule over a base law: another law of N and D for every budget. ``bytes`` is its tokenizer's part alone."""

    base: ScalingLaw
    text: Text
    name: Literal["data", "bytes"] = "data"

    @property
    def source(self) -> str:
        """The papers of the base law and of the shift."""
        corpora = "" if self.text.compressibility is None and self.text.bytes_per_token is None else SIX_CORPORA
        tokenizers = TOKENIZERS if self.text.trained_bytes_per_token is not None else ""
        return "; ".join(filter(None, (self.base.source, corpora, tokenizers)))

    @property
    def note(self) -> str:
        """What it is, in words."""
        if self.name == "bytes":
            return f"{self.base.name} at as many bytes for each parameter"
        return f"{self.base.name} moved to this corpus"

    def at(self, flops: float, *, loss: float | None = None, wide: bool = True) -> ScalingLaw:
        """Return the law for budgets near ``flops``, with draws as wide as there, or for ``loss``, is needed."""
        base = self.base
        if wide:
            base = widened(base, flops) if loss is None else widened_for_loss(base, loss)
        law = data_law(base, self.text, flops)
        return replace(law, name=self.name, source=self.source, note=self.note)

    def answering(self, question: Callable[[ScalingLaw], Allocation]) -> ScalingLaw:
        """Return the law of the budget that answers ``question``, such as the optimum for some N; not widened."""
        named = replace(self.base, name=self.name)  # what a refusal is said of
        return self.at(frontier_flops(named, self.text, question), wide=False)


def slope_in_h(text: Text, flops: float) -> float | None:
    """Return d ln N*/dH of the rule at ``flops``; None without H or with a pilot. It is never below 0."""
    if text.by_h is None or text.measured is not None:
        return None
    if not LIMITS_H[0] <= (text.compressibility or 0.0) <= LIMITS_H[1]:
        return 0.0  # the rule is not stretched so far
    return shown(flops) * SLOPE_H / (1 if text.by_t is None else 2)


def data_law(base: ScalingLaw, text: Text, flops: float) -> ScalingLaw:
    """Return ``base`` moved by what ``text`` does at ``flops``: a law of N and D for budgets near that one.

    E, alpha, beta and the least loss of a budget are the base's: what follows for other sizes is what the base says of
    sizes as far from its own optimum. Draws are the base's, each moved by a draw of the shift.
    """
    shift = shift_at(text, flops)
    row = moved(base.row, log_n=shift.log_n)
    draws = tuple(
        moved(drawn, log_n=shift.log_n + shift.sd * z.corpus)
        for drawn, z in zip(base.draws, even_normals(len(base.draws)), strict=True)
    )
    return replace(base, A=math.exp(row.A), B=math.exp(row.B), draws=draws)


def frontier_flops(base: ScalingLaw, text: Text, asked: Callable[[ScalingLaw], Allocation]) -> float:
    """Return the budget at which ``asked``, a question to a law such as its optimum for N, is answered with itself.

    The law of a budget C answers with a budget C'; the rule's answer is where C' = C. The shift moves slowly with C,
    so there is one such budget, and the search for it begins at the base's.
    """
    start = math.log(asked(base).flops)

    def excess(log_flops: float) -> float:
        return log_flops - math.log(asked(data_law(replace(base, draws=()), text, math.exp(log_flops))).flops)

    low, high = start - _SEARCH, start + _SEARCH
    return math.exp(crossing(excess, max(low, -690.0), min(high, 690.0)))


def _sd_of_predictors(text: Text) -> float:
    """Return the standard deviation of the settled shift that errors in H and in ln T make."""
    parts = []
    if text.by_h is not None:
        parts.append(SLOPE_H * math.hypot(_SD_H, text.sd))
    if text.by_t is not None:
        parts.append(SLOPE_T * _SD_LN_T)
    return math.hypot(*parts) / len(parts) if parts else 0.0


def _disagreement(by_h: float | None, by_t: float | None) -> float:
    """Return half of what the two rules differ by; where one is not known, a share of the other's shift."""
    if by_h is not None and by_t is not None:
        return abs(by_h - by_t) / 2
    known = by_t if by_h is None else by_h
    return 0.0 if known is None else _SHARE_H_ALONE * abs(known)


def _sd_of_tokenizer(text: Text) -> float:
    trained, reference = text.trained_bytes_per_token, text.reference_bytes_per_token
    if trained is None:
        return 0.0
    unknown = 0.0 if text.bytes_per_token is not None else SLOPE_TOKENIZER * _SD_LN_T_OF_H
    return math.hypot(_SD_TOKENIZER * math.log(trained / reference), unknown)
