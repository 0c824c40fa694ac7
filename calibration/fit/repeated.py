"""The data-constrained law fitted: how fast repeated tokens, and parameters beyond what data can use, lose their value.

    L = E + A/N'^alpha + B/D'^beta,   D' = U_D + U_D R_D* (1 - e^(-R_D/R_D*)),   U_D = min(U, D),   R_D = D/U_D - 1
    N' = U_N + U_N R_N* (1 - e^(-R_N/R_N*)),   U_N = min(N, G (G U_D)^(beta/alpha)),   R_N = N/U_N - 1

(Muennighoff et al. 2023, arXiv:2305.16264, eq. 5 to 7.) All seven parameters are fitted to all runs: a run that
repeats nothing can still have more parameters than its data can use, so the additive law of such runs is only a start.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from advisor.laws.frontier import log_usable, ratio_of
from advisor.laws.law_file import DRAW_COLUMNS, row_in_file
from advisor.laws.parameters import Parameters
from advisor.quantities import plural
from calibration.fit.bootstrap import ci95, resampled_weights
from calibration.fit.curve import fit_curve
from calibration.fit.minimum import Fit
from calibration.fit.objective import Array
from calibration.fit.runs import Runs

_N_DRAWS = 200
SMALLEST, LARGEST = 0.05, 1e4  # R*: below, a repeated token is worth nothing; above, as much as a new one
_LEAST_REPEATED_RUNS = 4
_LEAST_EPOCHS = 2.0


@dataclass(frozen=True, kw_only=True)
class Constant:
    """R_D* or R_N* with its 95 % interval; ``why_not`` says why it is not identified, and then the rest is None."""

    value: float | None
    ci95: tuple[float, float] | None
    why_not: str | None = None

    JSON = ("value", "ci95", "not_identified=why_not")


@dataclass(frozen=True, kw_only=True)
class Repetition:
    """The two constants, the law (ln E, ln A, ln B, alpha, beta) fitted with them, and how much was repeated."""

    r_d: Constant
    r_n: Constant
    parameters: Parameters
    n_repeated_runs: int
    max_epochs: float

    JSON = ("R_D=r_d", "R_N=r_n", "-parameters", "law", "n_repeated_runs", "max_epochs")

    @property
    def law(self) -> dict[str, float]:
        """The parameters by name."""
        return dict(zip(DRAW_COLUMNS, row_in_file(self.parameters), strict=True))


def single_epoch(runs: Runs) -> npt.NDArray[np.bool_]:
    """Return which runs see no token twice (all of them, where unique_tokens is not known)."""
    if runs.unique_tokens is None:
        return np.ones(len(runs), dtype=bool)
    return np.asarray(runs.n_tokens <= runs.unique_tokens * (1.0 + 1e-6))


def effective_log_loss(
    parameters: Array, log_r: Array, n_params: Array, n_tokens: Array, unique_tokens: Array
) -> Array:
    """Return ln L of the data-constrained law, (S, runs).

    ``parameters`` is (S, 5) rows (ln E, ln A, ln B, alpha, beta), ``log_r`` is (S, 2) rows (ln R_D*, ln R_N*).
    """
    log_e, log_a, log_b, alpha, beta = (parameters[:, [i]] for i in range(5))
    r_d, r_n = np.exp(log_r[:, :1]), np.exp(log_r[:, 1:])
    u_d = np.minimum(unique_tokens, n_tokens)
    effective_d = u_d * (1.0 - r_d * np.expm1(-(n_tokens / u_d - 1.0) / r_d))
    ratio = ratio_of(log_a, log_b, alpha, beta, np.log)
    log_u_n = np.minimum(np.log(n_params), log_usable(ratio, alpha, beta, np.log(u_d)))
    log_effective_n = log_u_n + np.log1p(-r_n * np.expm1(-np.expm1(np.log(n_params) - log_u_n) / r_n))
    terms = np.exp(log_a - alpha * log_effective_n) + np.exp(log_b - beta * np.log(effective_d))
    return np.asarray(np.log(np.exp(log_e) + terms))


def fit_repetition(runs: Runs, base: Fit, seed: int = 0) -> Repetition | None:
    """Return R_D* and R_N* of ``runs``, started from ``base``, the fit of its single-epoch runs.

    None where the table has no unique_tokens or no run repeats data.
    """
    unique, single = runs.unique_tokens, single_epoch(runs)
    if unique is None or single.all():
        return None
    box = base.box
    low = np.append(box.low, [math.log(SMALLEST)] * 2)
    high = np.append(box.high, [math.log(LARGEST)] * 2)

    def predict(theta: Array) -> Array:
        law = base.problem.uncentred(theta[:, :5])
        return effective_log_loss(law, theta[:, 5:], runs.n_params, runs.n_tokens, unique)

    def fitted(start: Array, weight: Array, n_steps: int) -> tuple[Array, Array]:
        log_loss = np.log(runs.loss)
        return fit_curve(predict, log_loss, start, delta=base.delta, weight=weight, low=low, high=high, n_steps=n_steps)

    grid = np.log([(d, n) for d in (0.5, 3.0, 15.0, 80.0) for n in (0.5, 3.0, 15.0, 80.0)])
    theta, values = fitted(np.column_stack([np.tile(base.theta, (len(grid), 1)), grid]), runs.weight, 300)
    best = theta[np.argmin(values)]
    weight = runs.weight * resampled_weights(len(runs), _N_DRAWS, np.random.default_rng(seed), runs.cluster)
    drawn, _ = fitted(np.repeat(best[None], _N_DRAWS, 0), weight, 40)
    law = base.problem.uncentred(best[:5])
    n_repeated, epochs = int((~single).sum()), float((runs.n_tokens / unique).max())
    return Repetition(
        r_d=constant("R_D*", best[5], ci95(drawn[:, 5]), too_little(n_repeated, epochs)),
        r_n=constant("R_N*", best[6], ci95(drawn[:, 6]), no_excess(runs, law, unique)),
        parameters=Parameters(*(float(v) for v in law)),
        n_repeated_runs=n_repeated,
        max_epochs=epochs,
    )


def too_little(n_repeated: int, epochs: float) -> str | None:
    """Return why runs of at most ``epochs``, ``n_repeated`` of which repeat data, show no R_D*; None where they may."""
    if n_repeated < _LEAST_REPEATED_RUNS:
        some = f"{plural(n_repeated, 'run')} {'repeats' if n_repeated == 1 else 'repeat'}"
        return f"{some} data and {_LEAST_REPEATED_RUNS} are needed"
    if epochs < _LEAST_EPOCHS:
        return f"the runs repeat data {epochs:.2g} times at most"
    return None


def no_excess(runs: Runs, law: Array, unique: Array) -> str | None:
    """Return why the runs show no R_N*; it is seen only in those with more parameters than their unique tokens can use.

    ``law`` is (ln E, ln A, ln B, alpha, beta).
    """
    n = int((times_usable(runs, law, unique) > _LEAST_EPOCHS).sum())
    if n >= _LEAST_REPEATED_RUNS:
        return None
    needed = f"{_LEAST_REPEATED_RUNS} are needed"
    some = f"{plural(n, 'run')} {'has' if n == 1 else 'have'}"
    return f"{some} over twice the parameters that their unique tokens can use, and {needed}"


def times_usable(runs: Runs, law: Array, unique: Array) -> Array:
    """Return the parameters of each run over those that its unique tokens can use, N/U_N without a floor of 1.

    ``law`` is (ln E, ln A, ln B, alpha, beta).
    """
    _, log_a, log_b, alpha, beta = law
    ratio = ratio_of(log_a, log_b, alpha, beta, np.log)
    log_usable_params = log_usable(ratio, alpha, beta, np.log(np.minimum(unique, runs.n_tokens)))
    return np.asarray(np.exp(np.log(runs.n_params) - log_usable_params))


def constant(name: str, best: float, ends: tuple[float, float], why_not: str | None) -> Constant:
    """Return a constant from its logarithm, the 95 % interval of that, and why it cannot be known, if it cannot."""
    low, high = math.exp(ends[0]), math.exp(ends[1])
    if why_not is None and (low <= SMALLEST * 1.01 or high >= LARGEST * 0.99):
        why_not = f"the 95 % interval of {name} has no end (it reaches {low:.3g} to {high:.3g})"
    if why_not is not None:
        return Constant(value=None, ci95=None, why_not=why_not)
    return Constant(value=float(np.exp(best)), ci95=(low, high))
