"""Repeated runs of few sizes to R_D* and R_N* over a law that is given.

    ln L = level + ln(E + A/N'^alpha + B/D'^beta),   with D' and N' of ``calibration.fit.repeated``

Free are the level, R_D* and, where the runs show it, R_N*; the law is held.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from advisor.errors import NoAnswerError, RunsError, UsageError
from advisor.laws.law_file import read_law
from advisor.laws.published import published_laws
from advisor.laws.scaling_law import ScalingLaw
from advisor.quantities import plural
from calibration.fit.bootstrap import ci95, resampled_weights
from calibration.fit.curve import fit_curve
from calibration.fit.decay.decay_fit import DecayFit, judged
from calibration.fit.decay.held import HeldRN, held_r_n
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
    times_usable,
    too_little,
)
from calibration.fit.run_checks import LEAST_RUNS, usable
from calibration.fit.runs import ALL_RUNS, Runs, read_run_table
from calibration.fit.table.reading import TableUnits

_ENDS = np.log([SMALLEST, SMALLEST]), np.log([LARGEST, LARGEST])  # of R_D* and R_N*
_SEEN = math.log(10.0)  # an R_N* that parameters of a few times what data can use feel
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
        few = f"{plural(len(good), 'run')} {'is' if len(good) == 1 else 'are'} usable, and {LEAST_RUNS} are needed"
        return replace(_refused(base, good, few), reading=read.reading)
    source = f"{plural(len(good), 'run')} of {Path(table).name}"
    found = _over(base, good, source, n_draws=n_draws, seed=seed, delta=delta)
    return replace(found, reading=read.reading)


def _law_named(law: str | Path | ScalingLaw) -> ScalingLaw:
    if isinstance(law, ScalingLaw):
        return law
    if not str(law):
        raise UsageError("The name of the law is empty.")
    found = published_laws().get(str(law))
    if found is None:
        if not Path(law).exists():
            known = ", ".join(name for name, each in published_laws().items() if isinstance(each, ScalingLaw))
            raise UsageError(f"--repeat-over {str(law)!r} is neither a law with a loss ({known}) nor a law file.")
        return replace(read_law(Path(law)), name=Path(law).name)
    if not isinstance(found, ScalingLaw):
        raise NoAnswerError(
            f"The law {law} predicts no loss, so runs cannot say how repetition changes it: choose another."
        )
    return found


@dataclass(frozen=True, kw_only=True)
class _Search:
    """What is fitted to ``runs``: (level, ln R_D*, ln R_N*) over a law, ``row``, and over the row of each refit."""

    runs: Runs
    row: Array
    drawn: Array
    weight: Array
    delta: float

    def fitted(self, r_n: float | None = None) -> tuple[Array, Array]:
        """Return the best and the refits; R_N* is held where it is given."""
        low, high = np.array([-_LEVEL, *_ENDS[0]]), np.array([_LEVEL, *_ENDS[1]])
        if r_n is not None:
            low[2] = high[2] = math.log(r_n)
        starts = np.log([(1.0, d, n) for d in (0.5, 3.0, 15.0, 80.0) for n in (0.5, 3.0, 15.0, 80.0)])
        rows = np.tile(self.row, (len(starts), 1))
        best, values = self._least(rows, starts, self.runs.weight, (low, high), 300)
        best = best[np.argmin(values)]
        return best, self._refits(best, (low, high))

    def _refits(self, best: Array, box: tuple[Array, Array]) -> Array:
        """Return the refits, each the better of two starts: the objective is flat in an R_N* that is very large."""
        nearer = np.clip([best[0], best[1], _SEEN], *box)
        found = [
            self._least(self.drawn, np.repeat(start[None], len(self.drawn), 0), self.weight, box, 60)
            for start in (best, nearer)
        ]
        (first, at_first), (second, at_second) = found
        return np.asarray(np.where((at_second < at_first)[:, None], second, first))

    def residuals(self, best: Array) -> Array:
        """Return ln of each loss over what the law says."""
        return np.asarray(np.log(self.runs.loss) - self._predicted(self.row[None], best[None])[0])

    def _least(
        self, rows: Array, starts: Array, weight: Array, box: tuple[Array, Array], n_steps: int
    ) -> tuple[Array, Array]:
        def predict(theta: Array) -> Array:
            return self._predicted(rows, theta)

        low, high = box
        log_loss, delta = np.log(self.runs.loss), self.delta
        return fit_curve(predict, log_loss, starts, delta=delta, weight=weight, low=low, high=high, n_steps=n_steps)

    def _predicted(self, rows: Array, theta: Array) -> Array:
        runs = self.runs
        unique = np.asarray(runs.unique_tokens)
        return theta[:, :1] + effective_log_loss(rows, theta[:, 1:], runs.n_params, runs.n_tokens, unique)


def _over(base: ScalingLaw, runs: Runs, source: str, *, n_draws: int, seed: int, delta: float) -> DecayFit:
    row = np.array([math.log(base.E), math.log(base.A), math.log(base.B), base.alpha, base.beta])
    weight = runs.weight * resampled_weights(len(runs), n_draws, np.random.default_rng(seed), runs.cluster)
    drawn = np.array([base.draws[i % len(base.draws)] if base.draws else row for i in range(n_draws)])
    search = _Search(runs=runs, row=row, drawn=drawn, weight=weight, delta=delta)
    unique = np.asarray(runs.unique_tokens)
    repeated, epochs = len(runs) - int(single_epoch(runs).sum()), float((runs.n_tokens / unique).max())
    best, refits, r_d_ends, r_n, held = _with_r_n(search, base, unique)
    low, high = ci95(refits[:, 0])
    found = DecayFit(
        law=base,
        r_d=constant("R_D*", best[1], r_d_ends, too_little(repeated, epochs)),
        r_n=r_n,
        held=held,
        decay=None,
        level=math.exp(best[0]),
        level_ci95=(math.exp(low), math.exp(high)),
        n_runs=len(runs),
        n_repeated_runs=repeated,
        n_sizes=len(np.unique(runs.n_params)),
        max_epochs=epochs,
        residual_scale=residual_scale(search.residuals(best)),
        reasons=(),
    )
    return judged(found, runs, source)


def _with_r_n(
    search: _Search, base: ScalingLaw, unique: Array
) -> tuple[Array, Array, tuple[float, float], Constant, HeldRN | None]:
    """Return the best, the refits and the ends of ln R_D*, with R_N* free or, where it is not identified, held.

    Where what is held is allowed by the runs and not shown by them, R_D* reaches over what either way gives.
    """
    best, refits = search.fitted()
    no_excess_seen = no_excess(search.runs, search.row, unique)
    r_d_ends, r_n_ends = ci95(refits[:, 1]), ci95(refits[:, 2])
    r_n = constant("R_N*", best[2], r_n_ends, no_excess_seen)
    if r_n.value is not None:
        return best, refits, r_d_ends, r_n, None
    most = float(times_usable(search.runs, search.row, unique).max())
    held = held_r_n(base, best[2], r_n_ends if no_excess_seen is None else None, most)
    if held.of_the_runs:
        return best, refits, r_d_ends, r_n, held
    best, refits = search.fitted(held.value)
    low, high = ci95(refits[:, 1])
    if no_excess_seen is None:
        low, high = min(low, r_d_ends[0]), max(high, r_d_ends[1])
    return best, refits, (low, high), r_n, held


def _refused(base: ScalingLaw, runs: Runs, why: str) -> DecayFit:
    nothing = Constant(value=None, ci95=None, why_not=why)
    epochs = 0.0 if runs.unique_tokens is None or not len(runs) else float((runs.n_tokens / runs.unique_tokens).max())
    return DecayFit(
        law=base,
        r_d=nothing,
        r_n=nothing,
        held=None,
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
