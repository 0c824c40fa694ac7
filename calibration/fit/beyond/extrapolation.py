"""Whether a law may be asked about larger budgets: its residuals against C, its E as budgets are added, its drift."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from advisor.laws.drift import LEAST, Drift
from advisor.quantities import format_flops, plural
from calibration.fit.beyond.cuts import LEAST_BELOW, Cut, cuts_of, drift_of
from calibration.fit.line import Line, fit_line
from calibration.fit.minimum import Fit, FitOptions
from calibration.fit.runs import Runs

_SURE = 0.05  # p under which residuals are said to have a trend
_MEASURED, _LEAST = "measured on these runs", "the least that other runs need"
_TOO_FEW = f"fewer than {LEAST_BELOW} runs are below half of the largest budget"


@dataclass(frozen=True, kw_only=True)
class Extrapolation:
    """What a law's own runs say of predictions beyond ``largest``, the largest budget fitted, FLOPs.

    ``drift`` is in ln(loss) and in ln N* for each e-fold of FLOPs beyond it. ``residuals`` is the line of the runs'
    residuals of ln L in ln C, None where all budgets are one; ``E`` is that of all runs, nats/token.
    """

    largest: float
    E: float
    drift: Drift
    cuts: tuple[Cut, ...]
    residuals: Line | None

    JSON = (
        *("largest_flops=largest", "-E", "-drift", "cuts", "residual_slope.per_e_fold=residuals.slope"),
        *("residual_slope.ci95=residuals.slope_ci95", "residual_slope.p_value=residuals.p_value", "in_words"),
    )

    @property
    def in_words(self) -> tuple[str, ...]:
        """One sentence for each finding, the widening last."""
        found = (_of_residuals(self.residuals), *_of_cuts(self.cuts, self.E), *map(_of_refused, self.cuts))
        return (*(sentence for sentence in found if sentence), _widening(self))


def extrapolation_of(runs: Runs, fit: Fit, options: FitOptions) -> Extrapolation:
    """Return how the law ``fit`` of ``runs`` does on the largest of its own budgets."""
    cuts = cuts_of(runs, fit, options)
    log_flops = np.log(runs.flops)
    return Extrapolation(
        largest=float(runs.flops.max()),
        E=math.exp(float(fit.parameters[0])),
        drift=drift_of(cuts),
        cuts=cuts,
        residuals=fit_line(log_flops, fit.residuals) if np.ptp(log_flops) > 1e-9 else None,
    )


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"


def _of_residuals(line: Line | None) -> str:
    if line is None:
        return ""
    figures = f"{100 * line.slope:+.2g} % of the loss for each e-fold of C (p = {line.p_value:.2g})"
    if line.p_value >= _SURE:
        return f"Residuals have no sure trend in C: {figures}."
    side = "below" if line.slope < 0 else "above"
    return f"Residuals have a trend in C, {figures}: the largest runs lie {side} the law."


def _of_cuts(cuts: tuple[Cut, ...], e_of_all: float) -> tuple[str, ...]:
    """Return what the refits say: how E moves as budgets are added, and on which side the runs above come out."""
    tried = [(cut.flops, cut.E, cut.bias) for cut in cuts if cut.E is not None and cut.bias is not None]
    if not tried:
        return ()
    flops, first, _ = tried[-1]
    way = "falls" if e_of_all < first else "rises"
    up_to = f"runs up to {format_flops(flops)} FLOPs"
    moved = f"As budgets are added, E {way} from {first:.4g} ({up_to}) to {e_of_all:.4g} (all)."
    biases = [bias for _, _, bias in tried]
    lower = sum(bias < 0 for bias in biases)
    least, most = min(map(abs, biases)), max(map(abs, biases))
    how = f"{lower} of {plural(len(tried), 'refit')} to smaller budgets predicted the runs above them too high"
    return moved, f"{how}; they are off by {_percent(least)} to {_percent(most)} of the loss for each e-fold of C."


def _of_refused(cut: Cut) -> str:
    if cut.refused is None:
        return ""
    runs = f"{plural(cut.n_below, 'run')} up to {format_flops(cut.flops)} FLOPs"
    return f"The refit to the {runs} measures no drift: {cut.refused}"


def _widening(found: Extrapolation) -> str:
    tried = [cut for cut in found.cuts if cut.drift is not None]
    why = "none of the refits to smaller budgets can be believed" if found.cuts else _TOO_FEW
    loss, n_params = (
        f"{_percent(value)} of {what} ({_MEASURED if value > least else _LEAST})"
        for value, least, what in zip(found.drift, LEAST, ("the loss", "N*"), strict=True)
    )
    return (
        f"Beyond {format_flops(found.largest)} FLOPs intervals are wider, by an error that grows with each e-fold of C "
        f"by {loss} and {n_params}{'' if tried else f': {why}'}. Losses usually come out lower than predicted."
    )
