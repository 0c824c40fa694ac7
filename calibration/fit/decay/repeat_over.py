"""Repeated runs of few sizes to R_D* and R_N* over a law that is given.

    ln L = level + ln(E + A/N'^alpha + B/D'^beta),   with D' and N' of ``calibration.fit.repeated``

Free are the level, R_D* and, where the runs show it, R_N*; the law is held.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from advisor.errors import LawError, RunsError, UsageError
from advisor.laws.law_file import read_law
from advisor.laws.published import published_laws
from advisor.laws.repetition import decay_of
from advisor.laws.scaling_law import ScalingLaw
from calibration.fit.bootstrap import ci95, resampled_weights
from calibration.fit.curve import fit_curve
from calibration.fit.decay.decay_fit import DecayFit, judged
from calibration.fit.minimum import residual_scale
from calibration.fit.objective import HUBER_DELTA, Array
from calibration.fit.reason import Reason
from calibration.fit.repeated import (
    LARGEST,
    SMALLEST,
    Constant,
    constant,
    effective_log_loss,
    no_excess,
    single_epoch,
    too_little,
)
from calibration.fit.run_checks import LEAST_RUNS, usable
from calibration.fit.runs import ALL_RUNS, Runs, read_run_table
from calibration.fit.table.reading import TableUnits

_LEVEL = 0.5  # in ln L: farther from the law than this, the losses are not what it predicts


def repeat_over(
    table: str | Path,
    law: str | Path | ScalingLaw,
    *,
    columns: Mapping[str, str] | None = None,
    units: TableUnits | None = None,
    cluster: str | None = None,
    n_draws: int = 1000,
    seed: int = 0,
    delta: float = HUBER_DELTA,
) -> DecayFit:
    """Return R_D* and R_N* that the runs of a table, repeated ones among them, show over ``law``.

    As the law is given, runs of one or two sizes are enough. Free are a factor of all losses, R_D* and, where four runs
    have over twice the parameters that their unique tokens can use, R_N*.

    Args:
        table: A file of delimited text, JSON, JSON lines or parquet with n_params, n_tokens, unique_tokens and
            loss (nats/token).
        law: A law, the name of a published one, or a law file.
        columns: The table's name for each of ours.
        units: What is known of the table's units.
        cluster: The column whose values mark runs that are not independent, such as checkpoints of one model.
        n_draws: Refits of the bootstrap.
        seed: Of the refits.
        delta: Huber's.

    Raises:
        RunsError: The table cannot be used, or has no unique_tokens.
        UsageError: There is no such law.
        LawError: The law predicts no loss, or its file cannot be used.
    """
    base = _law_named(law)
    read = read_run_table(table, columns=columns, units=units, cluster=cluster)
    runs = read.groups[ALL_RUNS]
    if runs.unique_tokens is None:
        raise RunsError(f"{table} has no column unique_tokens, the different tokens that each run could see: add it.")
    good = runs.where(usable(runs))
    if len(good) < LEAST_RUNS:
        few = f"{len(good)} runs are usable, and {LEAST_RUNS} are needed"
        return replace(_refused(base, good, few), reading=read.reading)
    source = f"{len(good)} runs of {Path(table).name}"
    found = _over(base, good, source, n_draws=n_draws, seed=seed, delta=delta)
    return replace(found, reading=read.reading)


def _law_named(law: str | Path | ScalingLaw) -> ScalingLaw:
    if isinstance(law, ScalingLaw):
        return law
    found = published_laws().get(str(law))
    if found is None:
        if not Path(law).exists():
            known = ", ".join(name for name, each in published_laws().items() if isinstance(each, ScalingLaw))
            raise UsageError(f"--repeat-over {str(law)!r} is neither a law with a loss ({known}) nor a law file.")
        return replace(read_law(Path(law)), name=Path(law).name)
    if not isinstance(found, ScalingLaw):
        raise LawError(f"The law {law} predicts no loss, so runs cannot say how repetition changes it: choose another.")
    return found


def _over(base: ScalingLaw, runs: Runs, source: str, *, n_draws: int, seed: int, delta: float) -> DecayFit:
    row = np.array([math.log(base.E), math.log(base.A), math.log(base.B), base.alpha, base.beta])
    unique = np.asarray(runs.unique_tokens)
    rng = np.random.default_rng(seed)
    weight = runs.weight * resampled_weights(len(runs), n_draws, rng, runs.cluster)
    drawn = np.array([base.draws[i % len(base.draws)] if base.draws else row for i in range(n_draws)])

    def fitted(hold_r_n: bool) -> tuple[Array, Array]:
        low = np.array([-_LEVEL, *np.log([SMALLEST, SMALLEST])])
        high = np.array([_LEVEL, *np.log([LARGEST, LARGEST])])
        if hold_r_n:
            low[2] = high[2] = math.log(decay_of(base).r_n)
        starts = np.log([(1.0, d, n) for d in (0.5, 3.0, 15.0, 80.0) for n in (0.5, 3.0, 15.0, 80.0)])
        best, values = _free(runs, np.tile(row, (len(starts), 1)), starts, runs.weight, delta, low, high, 300)
        best = best[np.argmin(values)]
        return best, _free(runs, drawn, np.repeat(best[None], n_draws, 0), weight, delta, low, high, 60)[0]

    single = int(single_epoch(runs).sum())
    repeated, epochs = len(runs) - single, float((runs.n_tokens / unique).max())
    no_r_n = no_excess(runs, row, unique)
    best, refits = fitted(no_r_n is not None)
    r_n, intervals = constant("R_N*", best[2], ci95(refits[:, 2]), no_r_n), [ci95(refits[:, 1])]
    if r_n.value is None and no_r_n is None:  # nor is it known, so R_D* is either's
        best, refits = fitted(True)
        intervals.append(ci95(refits[:, 1]))
    ends = min(low for low, _ in intervals), max(high for _, high in intervals)
    r_d = constant("R_D*", best[1], ends, too_little(repeated, epochs))
    residuals = np.log(runs.loss) - _predicted(row[None], best[None], runs)[0]
    low, high = ci95(refits[:, 0])
    found = DecayFit(
        law=base,
        r_d=r_d,
        r_n=r_n,
        decay=None,
        level=math.exp(best[0]),
        level_ci95=(math.exp(low), math.exp(high)),
        n_runs=len(runs),
        n_repeated_runs=repeated,
        n_sizes=len(np.unique(runs.n_params)),
        max_epochs=epochs,
        residual_scale=residual_scale(residuals),
        reasons=(),
    )
    return judged(found, runs, source)


def _free(
    runs: Runs, rows: Array, starts: Array, weight: Array, delta: float, low: Array, high: Array, n_steps: int
) -> tuple[Array, Array]:
    """Return (level, ln R_D*, ln R_N*) of least objective over the law of each row, and the objectives."""

    def predict(theta: Array) -> Array:
        return _predicted(rows, theta, runs)

    log_loss = np.log(runs.loss)
    return fit_curve(predict, log_loss, starts, delta=delta, weight=weight, low=low, high=high, n_steps=n_steps)


def _predicted(rows: Array, theta: Array, runs: Runs) -> Array:
    unique = np.asarray(runs.unique_tokens)
    return theta[:, :1] + effective_log_loss(rows, theta[:, 1:], runs.n_params, runs.n_tokens, unique)


def _refused(base: ScalingLaw, runs: Runs, why: str) -> DecayFit:
    nothing = Constant(value=None, ci95=None, why_not=why)
    epochs = 0.0 if runs.unique_tokens is None or not len(runs) else float((runs.n_tokens / runs.unique_tokens).max())
    return DecayFit(
        law=base,
        r_d=nothing,
        r_n=nothing,
        decay=None,
        level=math.nan,
        level_ci95=(math.nan, math.nan),
        n_runs=len(runs),
        n_repeated_runs=len(runs) - int(single_epoch(runs).sum()),
        n_sizes=len(np.unique(runs.n_params)),
        max_epochs=epochs,
        residual_scale=math.nan,
        reasons=(Reason(code="few-runs", level="refused", message=f"{why}."),),
    )
