"""The rows of a calibration to a law for each source, fitted and judged as ``advisor fit`` does.

N is the non-embedding count. E is bounded above by the source's document entropy where that is known: a grammar's
documents cannot be predicted better than by the rules that made them. Every run has the same weight: the standard error
of a row's loss comes from the held-out documents, which all runs of a source share, so it is an error that they have in
common and says nothing of the noise between them. What is left out is decided before the loss is seen: rows flagged for
too few optimizer steps, and rows of other data. A row is never left out for its loss.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from advisor.quantities import plural
from calibration.fit.analysis import GroupFit, Settings, fit_group
from calibration.fit.diagnostics import Verdict
from calibration.fit.objective import Array
from calibration.fit.reason import Reason
from calibration.fit.repeated import single_epoch
from calibration.fit.runs import Runs
from calibration.lines.records import Row, SourceRecord
from calibration.lines.row_diagnostics import RowFigures, row_figures

if TYPE_CHECKING:
    from advisor.corpus.sequences import Progress


@dataclass(frozen=True, kw_only=True)
class SourceLaw:
    """A source, its rows in the order of their keys, and the law fitted to them with every reason for doubt.

    ``flops`` is the largest budget of the fitted runs, where the law is judged; None where no row can be fitted.
    """

    source: SourceRecord
    rows: tuple[Row, ...]
    group: GroupFit
    figures: RowFigures
    flops: float | None

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why the law is refused or to be read with care."""
        return self.group.diagnostics.reasons

    @property
    def verdict(self) -> Verdict:
        """The gravest level among the reasons."""
        return self.group.diagnostics.verdict

    @property
    def accepted(self) -> bool:
        """Whether the law takes part in a regression."""
        return self.group.fit is not None and self.verdict != "refused"

    @property
    def parameters(self) -> Array:
        """(ln E, ln A, ln B, alpha, beta); only where a law was fitted."""
        assert self.group.fit is not None
        return self.group.fit.parameters

    @property
    def drawn(self) -> Array:
        """The bootstrap rows of ``parameters``; only where a law was fitted."""
        assert self.group.draws is not None
        return self.group.draws.rows


def silent(what: str, done: float, total: float | None) -> None:
    """Show no progress."""


def fit_sources(
    sources: Sequence[SourceRecord],
    rows: Iterable[Row],
    settings: Settings | None = None,
    progress: Progress = silent,
) -> tuple[SourceLaw, ...]:
    """Return the law of each source, in the order of ``sources``; the same rows in any order give the same bits.

    Args:
        sources: The sources of the plan.
        rows: The rows of its ledgers; those of one key count once.
        settings: How to fit; what N counts, the bound on E and the budgets are set here.
        progress: Called before each fit, which takes seconds, with its source, how many are done, and of how many.
    """
    settings = settings or Settings()
    unique = {row.key: row for row in sorted(rows, key=_order)}
    laws = []
    for done, source in enumerate(sources):
        progress(f"fitting {source.name}", done, len(sources))
        laws.append(_fit_source(source, tuple(unique.values()), settings))
    return tuple(laws)


def accepted(laws: Iterable[SourceLaw]) -> tuple[SourceLaw, ...]:
    """Return the laws that take part in a regression, by the names of their sources."""
    return tuple(sorted((law for law in laws if law.accepted), key=lambda law: law.source.name))


def common_flops(laws: Sequence[SourceLaw]) -> tuple[float, float]:
    """Return the budgets (FLOPs) that the runs of every one of ``laws`` span.

    Where no budget is common to all, both ends are the least of the largest budgets.
    """
    low = max(float(law.group.runs.flops.min()) for law in laws)
    high = min(float(law.group.runs.flops.max()) for law in laws)
    return min(low, high), high


def _order(row: Row) -> tuple[str, str]:
    """Return what rows are sorted by: of two with one key the same one is kept, whatever their losses."""
    return row.key, json.dumps(dict(row.hardware), sort_keys=True, default=str)


def _fit_source(source: SourceRecord, everything: Sequence[Row], settings: Settings) -> SourceLaw:
    named = [row for row in everything if row.source == source.name or row.data == source.data]
    own = [row for row in named if row.data == source.data]
    rows = tuple(row for row in own if not row.few_steps)
    found = _left_out(len(named) - len(own), len(own) - len(rows), len(named)) + _halved(rows) + _trained_twice(rows)
    runs = _runs(source, rows)
    once = runs.flops[single_epoch(runs)]
    largest = float(once.max()) if len(once) else None
    options = settings.options if source.entropy_bound is None else replace(settings.options, max_e=_bound(source))
    own_settings = replace(settings, count="non-embedding", options=options, budgets=(largest or 1.0,))
    group = fit_group(runs, own_settings, source=source.name)
    figures, reasons = row_figures(source, group, largest)
    at_bound = any(reason.code == "e-at-entropy-bound" for reason in reasons)
    kept = tuple(r for r in group.diagnostics.reasons if not (at_bound and r.code == "e-at-bound"))
    diagnostics = replace(group.diagnostics, reasons=(*kept, *found, *reasons))
    return SourceLaw(
        source=source, rows=rows, group=replace(group, diagnostics=diagnostics), figures=figures, flops=largest
    )


def _bound(source: SourceRecord) -> float | None:
    """Return the bound on E; a source without any entropy has none that a fit could use, and is refused by its rows."""
    return source.entropy_bound or None


def _runs(source: SourceRecord, rows: Sequence[Row]) -> Runs:
    """Return the rows as runs; the branches of one trunk share its path, so they are one cluster.

    With two seeds on the smaller sizes the nominal 95 % interval of ln N* then covers .85 to .90, however much of the
    noise a trunk's branches share; resampling single runs covers .98 where they share none and .77 where they share
    nine tenths of it (120 simulations each of grids like those of ``benchmarks/bench_coefficients.py``).
    """
    trunks: dict[tuple[int, ...], int] = {}
    cluster = [trunks.setdefault((r.width, r.n_layers, r.n_heads, r.seed), len(trunks)) for r in rows]
    n_tokens = np.array([float(row.n_tokens) for row in rows])
    unique = source.n_unique_tokens
    return Runs(
        name=source.name,
        n_params=np.array([float(row.n_non_embedding) for row in rows]),
        n_tokens=n_tokens,
        loss=np.array([row.loss for row in rows]),
        weight=np.ones(len(rows)),
        seed=np.array([row.seed for row in rows], dtype=object),
        vocab_size=np.array([float(row.vocab_size) for row in rows]),
        unique_tokens=None if unique is None else np.minimum(n_tokens, float(unique)),
        covariate=source.compressibility,
        cluster=np.array(cluster, dtype=np.int64),
    )


def _left_out(n_other: int, n_few: int, n_all: int) -> tuple[Reason, ...]:
    found = []
    if n_other:
        message = f"{n_other} of {plural(n_all, 'row')} left out: of other data under the same name."
        found.append(Reason(code="other-data", message=message, level="caution"))
    if n_few:
        message = f"{n_few} of {plural(n_all, 'row')} left out: fewer optimizer steps than a loss needs."
        found.append(Reason(code="few-steps", message=message, level="caution"))
    return tuple(found)


def _halved(rows: Sequence[Row]) -> tuple[Reason, ...]:
    n = sum(row.halvings > 0 for row in rows)
    if not n:
        return ()
    message = f"{n} of {plural(len(rows), 'row')} diverged, and had a half of the learning rate or less."
    return (Reason(code="halved-rate", message=message, level="caution"),)


def _trained_twice(rows: Sequence[Row]) -> tuple[Reason, ...]:
    """Look for a model of one shape, seed and D that was trained at two rates: which is meant is not ours to say."""
    found: dict[tuple[int, ...], float] = {}
    for row in rows:
        rate = found.setdefault((row.width, row.n_layers, row.n_heads, row.seed, row.n_tokens), row.rate)
        if rate != row.rate:
            message = (
                f"width {row.width}, seed {row.seed} and D = {row.n_tokens:.3g} were trained at the learning rates "
                f"{rate:.3g} and {row.rate:.3g}: give the rows of one."
            )
            return (Reason(code="several-rates", message=message, level="refused"),)
    return ()


def refusals(laws: Iterable[SourceLaw]) -> Mapping[str, tuple[str, ...]]:
    """Return why each refused source is refused, in words, by its name."""
    return {
        law.source.name: tuple(reason.message for reason in law.reasons if reason.level == "refused")
        for law in laws
        if not law.accepted
    }
