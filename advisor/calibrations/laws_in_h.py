"""Scaling laws as functions of a corpus's compressibility H: gzip (Eq. 5), blend (Eq. 6) and anchored.

Pandey 2024 (arXiv:2405.16684), Eq. 4: each law parameter x is linear in H, x(H) = m H + n. With x' the base,
Chinchilla's law or the calibration's own (``advisor.calibrations.own_base``):
    gzip      x = x(H)                               the calibration alone; log regression
    blend     x = (1-eps) x' + eps x(H)              linear regression, as published
    anchored  x = x' + eps (x(H) - x(H_ref))         in ln A and ln B; log regression; at H_ref it is the base
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import cast

from advisor.calibrations.frontier_shift import PIVOT_FLOPS, shift_between, shifted
from advisor.calibrations.lines_in_h import LinesInH, Regressions
from advisor.calibrations.uncertainty import WeightEstimate, drawn_compressibilities, drawn_weights
from advisor.errors import CoefficientsError
from advisor.laws.law_file import LARGEST_LOG, MOST_NATS, STEEPEST
from advisor.laws.parameters import LOG_SYMBOLS, NAMES, Parameters
from advisor.laws.scaling_law import Count, Ranges, ScalingLaw

LAW_NAMES = ("anchored", "blend", "gzip")


@dataclass(frozen=True, kw_only=True)
class Dependence:
    """How a calibration's laws depend on H. ``h_ref`` is H of web text, ``epsilon`` the weight of the calibration.

    ``estimate`` is how epsilon was found, None where the file does not say: epsilon then has no interval. ``base`` is
    the calibration's own law where blend and anchored start from it, at ``h_ref``; None starts from Chinchilla's.
    """

    name: str
    regressions: Regressions
    draws: Sequence[Regressions]
    epsilon: float
    h_ref: float
    count: Count
    ranges: Ranges
    estimate: WeightEstimate | None = None
    base: ScalingLaw | None = None

    @property
    def middle(self) -> float:
        """The middle of the calibrated range of H, where the sources are; ``h_ref`` where it is not known."""
        found = self.ranges.compressibility
        return self.h_ref if found is None else (found[0] + found[1]) / 2


@dataclass(frozen=True, kw_only=True)
class Sensitivity:
    """How the optimum moves with H at one budget: d ln N*/dH, and the budget where its sign flips (None: nowhere)."""

    dlnN_dH: float  # noqa: N815 (the derivative's name, and its key in JSON)
    flip_flops: float | None


@dataclass(frozen=True, kw_only=True)
class LawAtH:
    """A law at one H, the derivatives in H of (E, ln A, ln B, alpha, beta) there, and how many draws gave no law."""

    law: ScalingLaw
    compressibility: float
    derivative: Parameters
    n_dropped: int = 0

    @property
    def exponent_slope(self) -> float:
        """The derivative of the exponent a in H: a' = (beta' - a (alpha' + beta')) / (alpha + beta)."""
        law, d = self.law, self.derivative
        return (d.beta - law.exponent_a * (d.alpha + d.beta)) / (law.alpha + law.beta)

    def sensitivity(self, flops: float) -> Sensitivity:
        """Return d ln N*/dH at ``flops`` and the budget where it is zero.

        ln N* = ln G + a ln(C/6), so with s = alpha + beta and primes for d/dH:
            (ln G)' = (alpha'/alpha + (ln A)' - beta'/beta - (ln B)' - s' ln G) / s,   a' = (beta' - a s') / s
        The sign flips where (ln G)' + a' ln(C/6) = 0.
        """
        law, d = self.law, self.derivative
        total, d_total = law.alpha + law.beta, d.alpha + d.beta
        d_log_g = (d.alpha / law.alpha + d.A - d.beta / law.beta - d.B - d_total * law.log_g) / total
        d_a = self.exponent_slope
        return Sensitivity(dlnN_dH=d_log_g + d_a * math.log(flops / 6), flip_flops=_flip(d_log_g, d_a))


def law_at(
    name: str,
    dependence: Dependence,
    base: ScalingLaw,
    compressibility: float,
    epsilon: float | None = None,
    h_ci95: tuple[float, float] | None = None,
) -> LawAtH:
    """Return the law ``name`` (one of LAW_NAMES) at H, with joint draws.

    ``base`` is x', as Chinchilla's law; ``epsilon`` replaces the calibration's own, and is then taken as certain;
    ``h_ci95`` is the 95 % interval of the measured H. A draw has
        a joint row of the regression and one of the base's (independent of each other where they are from different
            runs; the rows of a base of the calibration's own runs belong to those of its lines),
        a weight from epsilon's own distribution and an H from its interval (``advisor.calibrations.uncertainty``),
        the scatter of a new source, for a corpus lies as far off the lines as the calibration's own sources really do.
    Gzip and blend take the scatter where they take x(H). Anchored takes all of it, whatever the weight: with a weight
    of 0 the lines explain nothing, and corpora differ from web text no less for that (its base is what web text really
    gave, so x(H_ref) is taken without). It takes what the scatter does to the optimum of the calibration's own law in
    the middle of its range of H (``advisor.calibrations.frontier_shift``). A row whose parameters leave the law's
    domain, or are larger than those of any law file, gives no draw. E below 0 counts as 0: no loss is negative.

    Raises:
        CoefficientsError: the regression gives A, B, alpha or beta <= 0 at this H, or a number beyond all measure.
    """
    weight = dependence.epsilon if epsilon is None else epsilon
    form, h_ref = _FORMS[name], dependence.h_ref
    lines = dependence.regressions.linear if name == "blend" else dependence.regressions.log
    found = form(dependence.regressions, _in_logs(base), compressibility, h_ref, weight)
    if found is None or _outside(lines, compressibility) is not None or _beyond(found) is not None:
        raise _refusal(name, dependence, compressibility)
    n = len(dependence.draws)
    certain = name == "gzip" or epsilon is not None or dependence.estimate is None  # gzip has no weight
    weights = [weight] * n if certain else drawn_weights(cast(WeightEstimate, dependence.estimate), n)
    values = [compressibility] * n if h_ci95 is None else drawn_compressibilities(compressibility, h_ci95, n)
    each = zip(dependence.draws, _rows(base), values, weights, strict=False)
    drawn = [form(one, row, h, h_ref, eps) for one, row, h, eps in each]
    if name == "anchored":
        drawn = _scattered(drawn, dependence, _pivot(base, dependence))
    law = ScalingLaw(
        name=name,
        E=max(found.E, 0.0),
        A=math.exp(found.A),
        B=math.exp(found.B),
        alpha=found.alpha,
        beta=found.beta,
        count=dependence.count if name == "gzip" else base.count,
        source=f"calibration {dependence.name}" + ("" if name == "gzip" else f", {base.name}"),
        draws=tuple([_draw(p) for p in drawn if p is not None and _beyond(p) is None]),
        ranges=dependence.ranges,
        note=_NOTES[name].format(weight, "Chinchilla" if base.name == "chinchilla" else base.name),
        drift=base.drift,
    )
    derivative = lines.slope if name == "gzip" else Parameters(*(weight * m for m in lines.slope))
    if name == "blend":
        at_h = lines.at(compressibility, dependence.regressions.scatter.linear)
        derivative = _slope_in_logs(derivative, _mixed(at_h, _in_logs(base), weight))
    return LawAtH(law=law, compressibility=compressibility, derivative=derivative, n_dropped=n - len(law.draws))


_NOTES = {
    "gzip": "the calibration alone, Eq. 5",
    "blend": "{:g} of the calibration in {}, Eq. 6",
    "anchored": "{1} moved by {0:g} of what the calibration says of this H against web text",
}


def _gzip(lines: Regressions, _base: Parameters, h: float, _h_ref: float, _eps: float) -> Parameters | None:
    """Return x(H) in logs, None outside the law's domain."""
    found = lines.log.at(h, lines.scatter.log)
    return found if found.alpha > 0 and found.beta > 0 else None


def _blend(lines: Regressions, base: Parameters, h: float, _h_ref: float, eps: float) -> Parameters | None:
    """Return (1-eps) x' + eps x(H) in logs, None where it or x(H) is outside the law's domain."""
    at_h = lines.linear.at(h, lines.scatter.linear)
    if not (at_h.A > 0 and at_h.B > 0 and at_h.alpha > 0 and at_h.beta > 0):
        return None
    floor, a, b, alpha, beta = _mixed(at_h, base, eps)
    return Parameters(floor, math.log(a), math.log(b), alpha, beta) if alpha > 0 and beta > 0 else None


def _mixed(at_h: Parameters, base: Parameters, eps: float) -> Parameters:
    """Return (1-eps) x' + eps x(H) with A and B as they are, for a base in logs."""
    old = 1 - eps
    return Parameters(
        old * base.E + eps * at_h.E,
        old * math.exp(base.A) + eps * at_h.A,
        old * math.exp(base.B) + eps * at_h.B,
        old * base.alpha + eps * at_h.alpha,
        old * base.beta + eps * at_h.beta,
    )


def _slope_in_logs(slope: Parameters, at: Parameters) -> Parameters:
    return slope._replace(A=slope.A / at.A, B=slope.B / at.B)


def _anchored(lines: Regressions, base: Parameters, h: float, h_ref: float, eps: float) -> Parameters | None:
    """Return x' + eps (x(H) - x(H_ref)) in logs, None outside the law's domain; the intercepts cancel."""
    m, x, off = lines.log.slope, base, h - h_ref
    found = Parameters(
        x[0] + eps * m[0] * off,
        x[1] + eps * m[1] * off,
        x[2] + eps * m[2] * off,
        x[3] + eps * m[3] * off,
        x[4] + eps * m[4] * off,
    )
    return found if found.alpha > 0 and found.beta > 0 else None


_FORMS = {"gzip": _gzip, "blend": _blend, "anchored": _anchored}


def _pivot(base: ScalingLaw, dependence: Dependence) -> float:
    """Return the budget where scatter leaves the excess loss: in the middle of the runs that the base was fitted to."""
    own = base.ranges.flops if dependence.base is base else None
    return PIVOT_FLOPS if own is None else math.sqrt(own[0] * own[1])


def _scattered(drawn: list[Parameters | None], dependence: Dependence, pivot: float) -> list[Parameters | None]:
    """Return the draws moved as the scatter of each moves the optimum of the calibration's own law; None where none."""
    center = dependence.regressions.log.at(dependence.middle)  # the calibration's own law where its sources are
    if _beyond(center) is not None:
        return []
    found: list[Parameters | None] = []
    for one, lines in zip(drawn, dependence.draws, strict=True):
        moved = Parameters(*map(operator.add, center, lines.scatter.log))
        usable = one is not None and _beyond(one) is None and _beyond(moved) is None
        shift = shift_between(center, moved) if usable else None
        found.append(None if one is None or shift is None else shifted(one, shift, pivot))
    return found


def _beyond(found: Parameters) -> tuple[str, float] | None:
    """Return a parameter, in logs, that no law file may hold as the arithmetic overflows, and its value."""
    E, A, B, alpha, beta = found
    # No loop here, as it is asked 1200 times for a recommendation.
    logs_fit = -LARGEST_LOG <= A <= LARGEST_LOG and -LARGEST_LOG <= B <= LARGEST_LOG
    if logs_fit and E <= MOST_NATS and alpha <= STEEPEST and beta <= STEEPEST:
        return None
    most = (MOST_NATS, LARGEST_LOG, LARGEST_LOG, STEEPEST, STEEPEST)
    values = (E, abs(A), abs(B), alpha, beta)
    each = zip(LOG_SYMBOLS, found, values, most, strict=True)
    return next((name, x) for name, x, value, top in each if not value <= top)


def _outside(regression: LinesInH, h: float) -> tuple[str, float] | None:
    """Return a parameter that the regression gives as <= 0 at H, and its value; in logs A and B are always above 0."""
    names = NAMES[3:] if regression.form == "log" else NAMES[1:]
    at_h = regression.at(h)
    return next(((name, getattr(at_h, name)) for name in names if not getattr(at_h, name) > 0), None)


def _refusal(name: str, dependence: Dependence, h: float) -> CoefficientsError:
    """Return the error that says which parameter leaves the law's domain at H."""
    regression = dependence.regressions.linear if name == "blend" else dependence.regressions.log
    what = _outside(regression, h)
    at_h = regression.at(h)
    if regression.form == "log" and what is None and (far := _beyond(at_h)) is not None:
        return CoefficientsError(
            f"The law {name} of the calibration {dependence.name} has {far[0]} = {far[1]:.3g} at H = {h:g}, more than "
            "a law can have: use --law chinchilla, or repair the file."
        )
    found = "alpha or beta <= 0" if what is None else f"{what[0]} = {what[1]:.3g}"
    calibrated = dependence.ranges.compressibility
    inside = "" if calibrated is None else f" (it was calibrated on H from {calibrated[0]:.3g} to {calibrated[1]:.3g})"
    return CoefficientsError(
        f"The law {name} of the calibration {dependence.name} has {found} at H = {h:g}, where a law needs A, B, alpha "
        f"and beta above 0{inside}: use --law chinchilla."
    )


def _in_logs(law: ScalingLaw) -> Parameters:
    """Return a law's parameters with ln A and ln B."""
    return Parameters(law.E, math.log(law.A), math.log(law.B), law.alpha, law.beta)


def _rows(base: ScalingLaw) -> Iterator[Parameters]:
    """Return the base's draws, over and over, in logs; its own parameters where it has none."""
    rows = [Parameters(math.exp(row.E), *row[1:]) for row in base.draws]
    return cycle(rows or [_in_logs(base)])


def _draw(parameters: Parameters) -> Parameters:
    """Return parameters in logs as a row of ``ScalingLaw.draws``."""
    return Parameters(math.log(parameters.E) if parameters.E > 0 else -math.inf, *parameters[1:])


def _flip(d_log_g: float, d_a: float) -> float | None:
    """Return the budget in FLOPs where d ln N*/dH is zero, or None where it never is within 1e+-300."""
    if d_a == 0:
        return None
    log_flops = math.log(6) - d_log_g / d_a
    return math.exp(log_flops) if abs(log_flops) < 690 else None
