"""Whether to believe a fitted law: figures, and what they say in words.

The thresholds are those that tracked the true error of ln N* on synthetic and real tables; where one is a choice of
ours its comment says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from advisor.quantities import format_flops, format_quantity
from calibration.fit.bootstrap import Draws
from calibration.fit.minimum import Fit, log_optimum
from calibration.fit.objective import ELIMINATION, Array, jacobian, shares
from calibration.fit.profile_of_e import ProfileOfE, profile_of_e
from calibration.fit.reason import Reason
from calibration.fit.run_checks import correlation
from calibration.fit.runs import Runs

Verdict = Literal["ok", "caution", "refused"]

_SE_CAUTION, _SE_REFUSE = 0.25, 0.7  # of ln N* at the budget asked
_CONDITION_CAUTION, _CONDITION_REFUSE = 1e3, 1e5  # real tables have 57 to 170
_SCALE_CAUTION = 0.03  # real tables have .002 to .0095
# Ours: at a tenth of the loss the residual is as large as what a decade of tokens or parameters changes.
_SCALE_REFUSE = 0.10
_E_IS_ZERO = 1e-3  # ours: E under a thousandth of the least loss is no entropy
_MOST_E = 4.0  # nats/token, ours: published laws have .5 to 2.6
_AT_BOUND_CAUTION, _AT_BOUND_REFUSE = 0.05, 0.5  # ours
_STEEP = 2.0  # ours: no published law has an exponent over .7, and Hoffmann's starts end at 2
# Ours: no noise of training, of which real tables have .2 to .95 %.
_FAR, _FAR_SCALES = 0.1, 20.0
_MEDIAN_VARIANCE = 1.57  # pi/2: the variance of a least-absolute-residual fit over that of least squares


@dataclass(frozen=True, kw_only=True)
class Diagnostics:
    """The figures behind a verdict; residual figures are shares of the loss, None where nothing could be fitted.

    ``n_term_range`` and ``d_term_range`` say by what share of the loss A/N^alpha and B/D^beta vary over the runs.
    ``basin_gap`` is the largest |difference of ln N*| to another optimum whose objective is within 1 %, 0 without one.
    """

    n_runs: int
    flops: float | None
    se_log_n: float | None = None
    condition: float | None = None
    residual_scale: float | None = None
    largest_residual: float | None = None
    n_term_range: float | None = None
    d_term_range: float | None = None
    correlation: float | None = None
    share_at_bound: float | None = None
    basin_gap: float | None = None
    n_starts: int | None = None
    n_reached: int | None = None
    profile: ProfileOfE | None = None
    reasons: tuple[Reason, ...] = ()

    JSON = (
        *("n_runs", "flops", "se_log_n", "condition", "residual_scale", "largest_residual"),
        *("n_term_range", "d_term_range", "correlation", "share_at_bound", "basin_gap", "n_starts", "n_reached"),
        *("profile_E=profile", "reasons"),
    )

    @property
    def verdict(self) -> Verdict:
        """The gravest level among the reasons; "ok" without any."""
        levels = {reason.level for reason in self.reasons}
        return "refused" if "refused" in levels else "caution" if levels else "ok"


def diagnose(runs: Runs, fit: Fit, draws: Draws, flops: float, table_reasons: tuple[Reason, ...] = ()) -> Diagnostics:
    """Return the diagnostics of a fit, judged at the budget ``flops``; ``table_reasons`` come first."""
    p, q, _ = shares(fit.problem, fit.theta[None])
    at_optimum = log_optimum(fit.parameters, flops)
    gaps = np.abs(log_optimum(fit.basins, flops) - at_optimum)
    r = correlation(runs)
    figures = Diagnostics(
        n_runs=len(runs),
        flops=flops,
        se_log_n=standard_error(fit, flops),
        condition=condition(fit),
        residual_scale=fit.scale,
        largest_residual=float(np.abs(fit.residuals).max()),
        n_term_range=float(np.ptp(p)),
        d_term_range=float(np.ptp(q)),
        correlation=None if math.isnan(r) else r,
        share_at_bound=draws.share_at_bound,
        basin_gap=float(gaps.max(initial=0.0)),
        n_starts=fit.n_starts,
        n_reached=fit.n_reached,
        profile=profile_of_e(fit),
    )
    return Diagnostics(**{**vars(figures), "reasons": table_reasons + _reasons(fit, figures)})


def refusal(fit: Fit, flops: float) -> Reason | None:
    """Return the first reason to refuse a fit at ``flops`` that needs neither a bootstrap nor a profile of E."""
    figures = Diagnostics(
        n_runs=fit.problem.n_runs,
        flops=flops,
        se_log_n=standard_error(fit, flops),
        condition=condition(fit),
        residual_scale=fit.scale,
    )
    found = (_e_at_zero(fit), _graded_se(figures), _graded_condition(figures), _graded_scale(figures), _steep(fit))
    return next((reason for reason in found if reason is not None and reason.level == "refused"), None)


def standard_error(fit: Fit, flops: float) -> float:
    """Return the delta-method standard error of ln N* at ``flops``.

    V = 1.57 s^2 (J'J)^-1 with s the residual scale; parameters held fixed or at a bound of E are left out of J.
    """
    free = ELIMINATION[_free(fit)[ELIMINATION]]
    j = jacobian(fit.problem, fit.theta)[:, free] * np.sqrt(fit.problem.weight / fit.problem.weight.mean())[:, None]
    covariance = _MEDIAN_VARIANCE * fit.scale**2 * np.linalg.pinv(j.T @ j, hermitian=True)
    g = _gradient_of_log_optimum(fit, flops)[free]
    return math.sqrt(max(float(g @ covariance @ g), 0.0))


def condition(fit: Fit) -> float:
    """Return the condition number of J in centred coordinates, without a parameter that was held fixed."""
    varied = ELIMINATION[(fit.box.low < fit.box.high)[ELIMINATION]]
    singular = np.linalg.svd(jacobian(fit.problem, fit.theta)[:, varied], compute_uv=False)
    return float(singular[0] / max(singular[-1], 1e-300))


def _free(fit: Fit) -> npt.NDArray[np.bool_]:
    free = fit.box.low < fit.box.high
    free[0] &= bool(fit.box.low[0] + 1e-6 < fit.theta[0] < fit.box.high[0] - 1e-6)
    return np.asarray(free)


def _gradient_of_log_optimum(fit: Fit, flops: float) -> Array:
    """Return d ln N* / d (e, a, b, alpha, beta) for centred a and b: ln A is a + alpha mean(ln N), ln B alike."""
    alpha, beta = fit.parameters[3:]
    log_n = float(log_optimum(fit.parameters, flops))
    x0, y0 = fit.problem.centre
    d_alpha = 1.0 / alpha - log_n + x0
    d_beta = -1.0 / beta + math.log(flops / 6.0) - log_n - y0
    return np.asarray(np.array([0.0, 1.0, -1.0, d_alpha, d_beta]) / (alpha + beta))


def _reasons(fit: Fit, d: Diagnostics) -> tuple[Reason, ...]:
    found = [
        _e_at_zero(fit),
        _e_at_its_bound(fit),
        _e_out_of_range(fit),
        _e_unidentified(fit, d),
        _graded_se(d),
        _graded_condition(d),
        _graded_scale(d),
        _far_off(fit),
    ]
    found += [_saturated("N", d.n_term_range, d), _saturated("D", d.d_term_range, d)]
    found += [_steep(fit), _bounds(d), _second_basin(d)]
    return tuple(reason for reason in found if reason is not None)


def _limits(caution: float, refuse: float, unit: str = "") -> str:
    """Return the two thresholds of a figure in words."""
    return f"over {caution:g}{unit} is a caution, over {refuse:g}{unit} a law is refused"


def _graded(code: str, value: float | None, caution: float, refuse: float, message: str) -> Reason | None:
    if value is None or value <= caution:
        return None
    return Reason(code=code, message=message, level="refused" if value > refuse else "caution")


def _share_of_e(fit: Fit) -> float:
    """E over the least loss of the runs."""
    return math.exp(fit.theta[0] - fit.problem.log_loss.min())


def _e_at_zero(fit: Fit) -> Reason | None:
    if _share_of_e(fit) > _E_IS_ZERO:
        return None
    message = (
        f"E collapses to zero ({_share_of_e(fit):.2g} of the least loss; under {_E_IS_ZERO:g} is none): the runs are "
        "too far from any floor to show one."
    )
    return Reason(code="e-at-zero", message=message, level="refused")


def _e_at_its_bound(fit: Fit) -> Reason | None:
    if fit.max_e is None or fit.theta[0] < fit.box.high[0] - 1e-6:
        return None
    message = f"E lies at the upper bound of {fit.max_e:g} nats/token that was asked for; the runs want it higher."
    return Reason(code="e-at-bound", message=message, level="caution")


def _e_out_of_range(fit: Fit) -> Reason | None:
    e = math.exp(fit.parameters[0])
    if e <= _MOST_E:
        return None
    message = (
        f"E is {e:.3g}, and no text costs a model over {_MOST_E:g} nats/token at its best: are the losses in another "
        "unit (--loss-unit)?"
    )
    return Reason(code="e-out-of-range", message=message, level="caution")


def _e_unidentified(fit: Fit, d: Diagnostics) -> Reason | None:
    if d.profile is None or _share_of_e(fit) <= _E_IS_ZERO:
        return None
    ends = {"0": d.profile.low, "the least loss": d.profile.high if fit.max_e is None else math.inf}
    missing = " or ".join(name for name, end in ends.items() if end is None)
    if not missing:
        return None
    message = f"the profile of E does not exclude E near {missing}: how much of the loss can be reduced is not known."
    return Reason(code="e-unidentified", message=message, level="caution")


def _graded_se(d: Diagnostics) -> Reason | None:
    message = (
        f"the standard error of ln N* at {format_flops(d.flops or 0.0)} FLOPs is {d.se_log_n:.2f} "
        f"(a factor of {math.exp(min(d.se_log_n or 0.0, 50.0)):.3g}); {_limits(_SE_CAUTION, _SE_REFUSE)}."
    )
    return _graded("wide-optimum", d.se_log_n, _SE_CAUTION, _SE_REFUSE, message)


def _graded_condition(d: Diagnostics) -> Reason | None:
    message = (
        f"the condition number of the Jacobian is {d.condition:.2g} (real tables have 57 to 170; "
        f"{_limits(_CONDITION_CAUTION, _CONDITION_REFUSE)}): some combination of the five parameters does not "
        "change the fit."
    )
    return _graded("ill-conditioned", d.condition, _CONDITION_CAUTION, _CONDITION_REFUSE, message)


def _graded_scale(d: Diagnostics) -> Reason | None:
    message = (
        f"the residual scale is {100 * (d.residual_scale or 0.0):.1f} % of the loss "
        f"(real tables have .2 to .95 %; {_limits(100 * _SCALE_CAUTION, 100 * _SCALE_REFUSE, ' %')}): the law does not "
        "describe these runs."
    )
    return _graded("large-residuals", d.residual_scale, _SCALE_CAUTION, _SCALE_REFUSE, message)


def _far_off(fit: Fit) -> Reason | None:
    """Name runs that are off the others' law beyond all noise: a fit that leans on the others hardly shows them."""
    off = fit.residuals
    far = np.flatnonzero(np.abs(off) > max(_FAR, _FAR_SCALES * fit.scale))
    if not len(far):
        return None
    worst = far[np.abs(off[far]).argmax()]
    n, d, loss = (math.exp(each[worst]) for each in (fit.problem.log_n, fit.problem.log_d, fit.problem.log_loss))
    what = "a run is" if len(far) == 1 else f"{len(far)} runs are"
    message = (
        f"{what} over {100 * _FAR:g} % and {_FAR_SCALES:g} residual scales off the law that describes the others, the "
        f"farthest that of N {format_quantity(n)}, D {format_quantity(d)} and loss {loss:.4g}: see whether it is right."
    )
    return Reason(code="far-off-runs", message=message, level="caution")


def _saturated(symbol: str, spread: float | None, d: Diagnostics) -> Reason | None:
    scale = d.residual_scale or 0.0
    if spread is None or spread >= 3.0 * scale:
        return None
    message = (
        f"the term of {symbol} varies by {100 * spread:.2g} % of the loss over the runs, "
        f"under three times the residual scale ({100 * scale:.2g} %): its exponent is read off noise."
    )
    return Reason(code=f"flat-{symbol.lower()}-term", message=message, level="caution")


def _steep(fit: Fit) -> Reason | None:
    alpha, beta = fit.parameters[3:]
    if max(alpha, beta) <= _STEEP:
        return None
    message = f"alpha = {alpha:.2f} and beta = {beta:.2f}: an exponent over {_STEEP:g} is a floor reached, not a law."
    return Reason(code="steep-exponent", message=message, level="refused")


def _bounds(d: Diagnostics) -> Reason | None:
    message = (
        f"{100 * (d.share_at_bound or 0.0):.1f} % of the bootstrap refits end with a parameter at a bound; "
        f"{_limits(100 * _AT_BOUND_CAUTION, 100 * _AT_BOUND_REFUSE, ' %')}."
    )
    return _graded("refits-at-bound", d.share_at_bound, _AT_BOUND_CAUTION, _AT_BOUND_REFUSE, message)


def _second_basin(d: Diagnostics) -> Reason | None:
    factor = math.exp(min(d.basin_gap or 0.0, 700.0))
    message = (
        f"another optimum within 1 % of the objective puts N* a factor of {factor:.3g} away; over "
        f"{math.exp(_SE_CAUTION):.3g} is a caution."
    )
    return _graded("second-basin", d.basin_gap, _SE_CAUTION, math.inf, message)
