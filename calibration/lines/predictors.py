"""Which property of a source predicts its law: H of several kinds, bytes per token, the entropy rate, or none.

Each predictor is judged on sources that it has not seen. A source's law says two things that a user needs: ln N* at
budgets (here five of them, inside the calibrated range) and ln L at sizes and token counts (here a grid inside it).
Both are regressed on the predictor directly, a straight line with an intercept; leaving a source out has the closed
form e_i / (1 - h_ii) with the hat matrix of the design. The p-value is the share of reassignments of the predictor's
values to the sources that leave an error of ln N* as small: exact for up to seven sources, 5000 random ones above.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from advisor.quantities import plural
from calibration.fit.minimum import log_optimum
from calibration.fit.objective import Array
from calibration.lines.records import SourceRecord
from calibration.lines.source_laws import SourceLaw

NONE, COMPRESSIBILITY = "none", "H"
LEAST_TO_TELL = 6  # below, even the best of all reassignments cannot be told from luck and a line has almost no freedom
_N_BUDGETS, _N_SIDE = 5, 5
_MOST_EXACT, _N_PERMUTATIONS = 7, 5000
_LEVEL = 0.05


@dataclass(frozen=True, kw_only=True)
class Predictor:
    """Root mean square errors on sources left out: of ln N*, and of ln L (a share of the loss).

    ``better_than_none`` is None where the sources are too few to tell, and for no predictor itself.
    """

    name: str
    error_ln_n: float
    error_ln_loss: float
    p_value: float | None
    better_than_none: bool | None


@dataclass(frozen=True, kw_only=True)
class PredictorComparison:
    """The predictors over one set of sources, what is missing and why, and the verdict in words."""

    sources: tuple[str, ...]
    flops: tuple[float, float]
    predictors: tuple[Predictor, ...]
    left_out: Mapping[str, str]
    verdict: str


def features(source: SourceRecord) -> dict[str, tuple[float, ...]]:
    """Return the values of each predictor that this source has."""
    h = source.compressibility
    found: dict[str, tuple[float, ...]] = {NONE: (), COMPRESSIBILITY: (h,)}
    if source.shuffled > 0:
        found["H and structure"] = (h, 1.0 - h / source.shuffled)
    found |= {f"H of {window} tokens": (source.windows[window],) for window in sorted(source.windows, key=_tokens)}
    if source.trained_compressibility is not None:
        found["H of the training tokens"] = (source.trained_compressibility,)
    if (rate := source.definition.get("bytes_per_token")) and source.definition.get("tokenizer") != "bytes":
        found["ln bytes per token"] = (math.log(rate),)
    if source.entropy_rate is not None:
        found["entropy rate"] = (source.entropy_rate,)
    return found


def compare_predictors(
    laws: Sequence[SourceLaw],
    flops: tuple[float, float],
    *,
    seed: int = 0,
    more: Mapping[str, Mapping[str, float]] | None = None,
) -> PredictorComparison:
    """Return how each predictor does on ``laws`` left out one by one, at budgets from ``flops[0]`` to ``flops[1]``.

    ``more`` are predictors that a source does not know of, by name, with their values by source.
    """
    of_source = [
        features(law.source)
        | {name: (values[law.source.name],) for name, values in (more or {}).items() if law.source.name in values}
        for law in laws
    ]
    optima, losses = log_optima(laws, flops), _log_losses(laws)
    names = list(dict.fromkeys(name for found in of_source for name in found))
    none = _errors(np.zeros((len(laws), 0)), optima, losses)
    predictors, left_out = [], {}
    for name in names:
        missing = sum(name not in found for found in of_source)
        x = np.array([found[name] for found in of_source if name in found])
        if missing:
            left_out[name] = f"not known of {missing} of {plural(len(laws), 'source')}"
        elif not identified(x):
            left_out[name] = f"{plural(len(laws), 'source')} cannot fix its {x.shape[1] + 1} coefficients"
        else:
            predictors.append(_judged(name, x, optima, losses, none, seed))
    return PredictorComparison(
        sources=tuple(law.source.name for law in laws),
        flops=flops,
        predictors=tuple(predictors),
        left_out=left_out,
        verdict=_verdict(len(laws), predictors),
    )


def _tokens(window: str) -> int:
    return int(window) if window.isdigit() else 0


def log_optima(laws: Sequence[SourceLaw], flops: tuple[float, float]) -> Array:
    """Return ln N* of each law at each budget."""
    rows = np.stack([law.parameters for law in laws])
    return np.stack([log_optimum(rows, c) for c in np.geomspace(*flops, _N_BUDGETS)], 1)


def _log_losses(laws: Sequence[SourceLaw]) -> Array:
    """Return ln L of each law over a grid of sizes and token counts that all sources span."""
    rows = np.stack([law.parameters for law in laws])
    log_e, log_a, log_b, alpha, beta = (rows[:, [i]] for i in range(5))
    sides = []
    for name in ("n_params", "n_tokens"):
        ends = [(getattr(law.group.runs, name).min(), getattr(law.group.runs, name).max()) for law in laws]
        high = min(float(high) for _, high in ends)
        sides.append(np.log(np.geomspace(min(max(float(low) for low, _ in ends), high), high, _N_SIDE)))
    n, d = (axis.ravel() for axis in np.meshgrid(*sides))
    return np.asarray(np.log(np.exp(log_e) + np.exp(log_a - alpha * n) + np.exp(log_b - beta * d)))


def identified(x: Array) -> bool:
    """Return whether a line on these features has a left-out error for every source: more sources than coefficients."""
    n, k = x.shape
    if n < k + 3:
        return False
    design = np.column_stack([np.ones(n), x - x.mean(0)])
    return all(np.linalg.matrix_rank(np.delete(design, i, 0), tol=1e-9) == k + 1 for i in range(n))


def _left_out_factor(x: Array) -> Array:
    """Return the matrix that turns outcomes into left-out errors: (I - hat) with row i divided by 1 - h_ii."""
    n = len(x)
    design = np.column_stack([np.ones(n), x - x.mean(0)])
    rest = np.eye(n) - design @ np.linalg.pinv(design)
    return np.asarray(rest / np.diag(rest)[:, None])


def _root_mean_square(errors: Array) -> float:
    return float(np.sqrt((errors**2).mean()))


def _errors(x: Array, optima: Array, losses: Array) -> tuple[float, float]:
    factor = _left_out_factor(x)
    return _root_mean_square(factor @ optima), _root_mean_square(factor @ losses)


def _judged(name: str, x: Array, optima: Array, losses: Array, none: tuple[float, float], seed: int) -> Predictor:
    error, loss_error = _errors(x, optima, losses)
    if name == NONE:
        return Predictor(name=name, error_ln_n=error, error_ln_loss=loss_error, p_value=None, better_than_none=None)
    p = permutation_p(x, optima, seed)
    better = None if len(x) < LEAST_TO_TELL else error < none[0] and p < _LEVEL
    return Predictor(name=name, error_ln_n=error, error_ln_loss=loss_error, p_value=p, better_than_none=better)


def permutation_p(x: Array, optima: Array, seed: int) -> float:
    """Return the share of reassignments with an error of ln N* at most that of the true one, the true one included."""
    n, factor = len(x), _left_out_factor(x)
    if n <= _MOST_EXACT:
        orders = np.array(list(itertools.permutations(range(n))))
    else:
        rng = np.random.default_rng(seed)
        orders = np.array([np.arange(n), *(rng.permutation(n) for _ in range(_N_PERMUTATIONS))])
    squared = ((factor @ optima[orders]) ** 2).mean((1, 2))
    own = float(((factor @ optima) ** 2).mean())
    return float((squared <= own * (1.0 + 1e-9)).mean())


def _verdict(n: int, predictors: Sequence[Predictor]) -> str:
    by_name = {one.name: one for one in predictors}
    h, none = by_name.get(COMPRESSIBILITY), by_name.get(NONE)
    if n < LEAST_TO_TELL or h is None or none is None or h.p_value is None:
        few = f"{plural(n, 'source')} {'is' if n == 1 else 'are'} too few"
        return f"{few} to tell whether H predicts the allocation: at least {LEAST_TO_TELL} are needed."
    with_h, without = math.exp(h.error_ln_n), math.exp(none.error_ln_n)
    figures = (
        f"left out, N* is missed by a factor of {with_h:.2f} with H and {without:.2f} without a predictor "
        f"(permutation p = {h.p_value:.2g}, {plural(n, 'source')})"
    )
    best = min(predictors, key=lambda one: one.error_ln_n)
    beside = "" if best.name in (COMPRESSIBILITY, NONE) else f"; the least error has {best.name}"
    return f"H {'predicts' if h.better_than_none else 'does not predict'} the allocation: {figures}{beside}."
