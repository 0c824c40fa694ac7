"""From tables of runs to laws that say whether to believe them: all of the fit, for every group."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from advisor.compressibility.group_profiles import GroupProfiles
from advisor.errors import RunsError, UsageError
from advisor.laws.drift import LEAST, Drift
from advisor.laws.frontier import exponent_of
from advisor.laws.parameters import NAMES, Parameters
from advisor.laws.scaling_law import Count, Ranges, ScalingLaw
from advisor.quantities import check_number, check_text, plural
from advisor.results.result import Result, Shown
from calibration.fit.beyond.budget import Budget, budget_of
from calibration.fit.beyond.extrapolation import Extrapolation, extrapolation_of
from calibration.fit.bootstrap import Draws, bootstrap, ci95
from calibration.fit.covariate.of_groups import regress_groups
from calibration.fit.covariate.parameter_lines import Form
from calibration.fit.diagnostics import Diagnostics, diagnose
from calibration.fit.isoflop import IsoFlop, isoflop_optima
from calibration.fit.kaplan import JointLaw, PowerLaw, joint_law, one_factor_laws
from calibration.fit.minimum import Fit, FitOptions, fit_problem
from calibration.fit.objective import HUBER_DELTA, Array
from calibration.fit.reason import Reason
from calibration.fit.regression import Regression
from calibration.fit.repeated import Repetition, fit_repetition, single_epoch
from calibration.fit.run_checks import LEAST_RUNS, check_runs, grouping_reason, usable
from calibration.fit.runs import COVARIATE, Runs, RunTable, read_run_table, with_profiles
from calibration.fit.table.reading import TableReading, TableUnits

if TYPE_CHECKING:
    from calibration.fit.beyond.new_runs import RunComparison

_LARGEST_FILE_DRAWS = 400


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What to do with every group.

    Attributes:
        options: how to fit: Huber's delta, and what is held or bounded.
        n_draws: refits of the bootstrap.
        seed: of the refits.
        count: which parameters N counts.
        budgets: FLOPs to answer for; without any, the largest of the runs and ten times that.
    """

    options: FitOptions = field(default_factory=FitOptions)
    n_draws: int = 4000
    seed: int = 0
    count: Count = "total"
    budgets: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class GroupFit:
    """A group's law and everything around it; ``fit``, ``law`` and ``draws`` are None where nothing could be fitted.

    ``extrapolation`` is None for a refused law too: refits to a part of its runs would say less still.
    """

    runs: Runs
    diagnostics: Diagnostics
    fit: Fit | None = None
    law: ScalingLaw | None = None
    draws: Draws | None = None
    budgets: tuple[Budget, ...] = ()
    extrapolation: Extrapolation | None = None
    one_factor: Mapping[str, PowerLaw | None] | None = None
    kaplan: JointLaw | None = None
    repetition: Repetition | None = None
    isoflop: IsoFlop | None = None

    @property
    def ci95(self) -> dict[str, tuple[float, float]] | None:
        """The 95 % intervals of E, A, B, alpha, beta and exponent_a; None without draws."""
        if self.draws is None:
            return None
        logs, (alpha, beta) = self.draws.rows[:, :3].T, self.draws.rows[:, 3:].T
        columns = (*map(np.exp, logs), alpha, beta, exponent_of(alpha, beta))
        return {name: ci95(column) for name, column in zip((*NAMES, "exponent_a"), columns, strict=True)}


@dataclass(frozen=True, kw_only=True, repr=False)
class Analysis(Result):
    """The fits of all groups, the regression on the covariate or why there is none, and how the table was read.

    ``predictions`` are new runs beside the laws, by group, where some were to be compared. Beside a law that was fitted
    before there are no ``groups``, and ``reading`` is that of the new runs.
    """

    groups: Mapping[str, GroupFit]
    settings: Settings
    regression: Regression | None = None
    no_regression: str | None = None
    reading: TableReading | None = None
    predictions: Mapping[str, RunComparison] | None = None

    @property
    def in_brief(self) -> str:
        """The law of the runs, or how many laws there are, with what is to be believed of them."""
        from calibration.fit.document import brief_of

        return brief_of(self)

    def shown(self) -> Shown:
        """Return a law in each row, without the numbers of those that are refused, and the reasons against them."""
        from calibration.fit.document import table_of

        return table_of(self)

    def document(self) -> Mapping[str, Any]:
        """Return the document of ``advisor fit --json``, where the numbers of a refused law are null."""
        from calibration.fit.document import fit_document

        return fit_document(self)

    def frame_rows(self) -> Iterator[Mapping[str, Any]]:
        """Return the runs: what was read, and the loss of the group's law, None where that is refused."""
        from calibration.fit.document import rows_of

        return rows_of(self)

    @property
    def refused(self) -> tuple[str, ...]:
        """The groups whose law is refused."""
        return tuple(name for name, group in self.groups.items() if group.diagnostics.verdict == "refused")

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Those against any of the laws and against the regression, or to read them with care."""
        of_laws = [reason for group in self.groups.values() for reason in group.diagnostics.reasons]
        return (*of_laws, *(() if self.regression is None else self.regression.reasons))


def fit(
    table: str | Path,
    *,
    columns: Mapping[str, str] | None = None,
    units: TableUnits | None = None,
    group: str | None = None,
    cluster: str | None = None,
    covariate: str | None = None,
    profiles: GroupProfiles | None = None,
    vocab_size: int | None = None,
    form: Form = "log",
    at: Sequence[float] = (),
    settings: Settings | None = None,
    with_refused: bool = False,
    on_table: Callable[[RunTable], None] | None = None,
) -> Analysis:
    """Return the laws of a table of runs, each with its intervals and whether to believe it.

    Args:
        table: A file of delimited text, JSON, JSON lines or parquet with n_params, n_tokens and loss of each run.
        columns: The table's name for each of ours, e.g. {"n_params": "model_size"}.
        units: What is known of the table's units.
        group: The column whose values name groups with a law each; without it there is one group, "all".
        cluster: The column whose values mark runs that are not independent, such as checkpoints of one model.
        covariate: The column that the groups' laws are regressed on: one number for each group.
        profiles: H of each group, in place of a column, for the covariate "compressibility".
        vocab_size: The vocabulary of every run, where the table has no such column.
        form: The form of the regression.
        at: Values of the covariate to give N* for.
        settings: How to fit; None takes the defaults.
        with_refused: Whether refused laws take part in the regression.
        on_table: Called with the runs of each group before anything is fitted, which may take minutes.

    Raises:
        UsageError: A covariate without groups, or profiles of another one.
        RunsError: The file or a value in it cannot be used.
        CorpusError: A group has no profile.
    """
    check_text(table, "table")
    for what, name in (("group", group), ("cluster", cluster), ("covariate", covariate)):
        if name is not None:
            check_text(name, what)
    for value in at:
        check_number(value, "at")
    if covariate is not None and group is None:
        raise UsageError(f"--covariate {covariate} needs --group: a covariate has one value for each group.")
    if at and covariate is None:
        raise UsageError(f"--at {at[0]:g} needs --covariate: it is a value of the covariate.")
    if wrong := [value for value in at if not math.isfinite(value)]:
        raise UsageError(f"--at {wrong[0]:g} is no value of a covariate: give a finite number.")
    if form != "log" and covariate is None:
        raise UsageError(f"--form {form} is that of a regression: add --group and --covariate.")
    if profiles is not None and covariate != COVARIATE:
        raise UsageError(f"--profiles gives the groups' compressibility: add --covariate {COVARIATE}.")
    column = covariate if profiles is None else None
    read = read_run_table(
        table, columns=columns, units=units, group=group, cluster=cluster, covariate=column, vocab_size=vocab_size
    )
    if profiles is not None:
        read = replace(read, groups=with_profiles(read.groups, profiles))
    if on_table is not None:
        on_table(read)
    name = Path(table).name
    found = analyse(
        read.groups,
        settings or Settings(),
        source=name,
        covariate=covariate,
        form=form,
        at=at,
        with_refused=with_refused,
    )
    found = replace(found, reading=read.reading)
    return _with_hint(found, table, columns or {}, units) if group is None and found.refused else found


def _with_hint(found: Analysis, table: str | Path, columns: Mapping[str, str], units: TableUnits | None) -> Analysis:
    """Return ``found``, whose one law is refused, with the column whose values may each have a law of its own."""
    ((name, fitted),) = found.groups.items()
    said = {reason.code for reason in fitted.diagnostics.reasons}
    if {"one-law-for-groups", "several-vocabularies"} & said:
        return found
    reason = grouping_reason(Path(table), columns, units)
    if reason is None:
        return found
    diagnostics = replace(fitted.diagnostics, reasons=(*fitted.diagnostics.reasons, reason))
    return replace(found, groups={name: replace(fitted, diagnostics=diagnostics)})


def analyse(
    groups: Mapping[str, Runs],
    settings: Settings,
    *,
    source: str,
    covariate: str | None = None,
    form: Form = "log",
    at: Sequence[float] = (),
    with_refused: bool = False,
) -> Analysis:
    """Return the laws of all groups and, where a covariate is named, their regression on it.

    Args:
        groups: The runs of each group.
        settings: How to fit.
        source: Where the runs come from, for the law's own record.
        covariate: The name of the covariate, whose values the groups' runs hold.
        form: The form of the regression.
        at: Values of the covariate to give N* for.
        with_refused: Whether refused laws take part in the regression.
    """
    largest = max(float(runs.flops.max()) for runs in groups.values())
    settings = replace(settings, budgets=tuple(sorted(settings.budgets)) or (largest, 10.0 * largest))
    fits = {name: fit_group(runs, settings, source=source) for name, runs in groups.items()}
    analysis = Analysis(groups=fits, settings=settings)
    if covariate is None:
        return analysis
    try:
        return replace(analysis, regression=_regression(analysis, covariate, form, at, with_refused))
    except RunsError as error:
        return replace(analysis, no_regression=str(error))


def fit_group(runs: Runs, settings: Settings, *, source: str) -> GroupFit:
    """Return the law of one group; ``settings.budgets`` must not be empty."""
    reasons = check_runs(runs)
    good = runs.where(usable(runs))
    single = good.where(single_epoch(good))
    if len(single) < len(good):
        reasons += (_left_out(len(good) - len(single), len(good)),)
    if len(single) < LEAST_RUNS:
        if not any(reason.code == "few-runs" for reason in reasons):
            message = (
                f"{plural(len(single), 'run')} {'sees' if len(single) == 1 else 'see'} no token twice, and the law "
                f"needs at least {LEAST_RUNS} of them; to learn how "
                "repetition decays from fewer, hold a law: --repeat-over LAW."
            )
            reasons += (Reason(code="few-runs", message=message, level="refused"),)
        return GroupFit(runs=good, diagnostics=Diagnostics(n_runs=len(good), flops=None, reasons=reasons))
    fit = fit_problem(single.problem(), settings.options)
    draws = bootstrap(fit, n_draws=settings.n_draws, seed=settings.seed, cluster=single.cluster)
    diagnostics = diagnose(single, fit, draws, settings.budgets[-1], reasons)
    beyond = None if diagnostics.verdict == "refused" else extrapolation_of(single, fit, settings.options)
    law = law_of(single, fit, draws, settings.count, source, LEAST if beyond is None else beyond.drift)
    group = GroupFit(
        runs=single,
        fit=fit,
        draws=draws,
        law=law,
        diagnostics=diagnostics,
        budgets=tuple(budget_of(fit, draws, flops, law) for flops in settings.budgets),
        extrapolation=beyond,
        one_factor=one_factor_laws(single, fit, settings.seed),
        kaplan=joint_law(single, fit.delta, settings.seed),
        repetition=fit_repetition(good, fit, settings.seed),
        isoflop=isoflop_optima(single, fit.parameters, settings.seed),
    )
    group = _cross_checked(group)
    return replace(group, law=replace(law, verdict=group.diagnostics.verdict))


def _left_out(n: int, n_all: int) -> Reason:
    what = "repeats data; it is" if n == 1 else "repeat data; they are"
    message = f"{n} of {plural(n_all, 'run')} {what} left out of the law and used for R_D* and R_N* only."
    return Reason(code="repeated-runs", message=message, level="caution")


def law_of(runs: Runs, fit: Fit, draws: Draws, count: Count, source: str, drift: Drift) -> ScalingLaw:
    """Return the law of a fit with what it rests on: at most 400 of the draws, the ranges of the runs, the drift."""
    log_e, log_a, log_b, alpha, beta = (float(v) for v in fit.parameters)
    kept = np.unique(np.linspace(0, len(draws.rows) - 1, min(len(draws.rows), _LARGEST_FILE_DRAWS)).astype(int))
    return ScalingLaw(
        name=runs.name,
        E=math.exp(log_e),
        A=math.exp(log_a),
        B=math.exp(log_b),
        alpha=alpha,
        beta=beta,
        count=count,
        source=f"advisor fit: {plural(len(runs), 'run')} of {source}",
        draws=tuple(Parameters(*(float(f"{v:.9g}") for v in row)) for row in draws.rows[kept]),
        ranges=Ranges(
            n_params=_ends(runs.n_params),
            n_tokens=_ends(runs.n_tokens),
            flops=_ends(runs.flops),
            compressibility=None if runs.compressibility is None else _ends(runs.compressibility),
        ),
        drift=drift,
    )


def _ends(values: Array) -> tuple[float, float]:
    return float(values.min()), float(values.max())


def _cross_checked(group: GroupFit) -> GroupFit:
    """Add a caution where the IsoFLOP profiles and the law disagree on the exponent beyond both intervals."""
    if group.isoflop is None or group.ci95 is None:
        return group
    assert group.law is not None
    reason = group.isoflop.exponent_disagrees(group.law.exponent_a, group.ci95["exponent_a"])
    if reason is None:
        return group
    return replace(group, diagnostics=replace(group.diagnostics, reasons=(*group.diagnostics.reasons, reason)))


def _regression(analysis: Analysis, covariate: str, form: Form, at: Sequence[float], with_refused: bool) -> Regression:
    taken = {
        name: group
        for name, group in analysis.groups.items()
        if group.fit is not None and (with_refused or group.diagnostics.verdict != "refused")
    }
    parameters = {name: group.fit.parameters for name, group in taken.items() if group.fit is not None}
    settings, delta = analysis.settings, analysis.settings.options.delta
    found = regress_groups(
        {name: group.runs for name, group in taken.items()},
        parameters,
        covariate=covariate,
        form=form,
        at=at,
        asked=settings.budgets,
        drift=max((group.law.drift.n_params for group in taken.values() if group.law is not None), default=0.0),
        delta=delta if isinstance(delta, float) else HUBER_DELTA,
        seed=settings.seed,
    )
    found = replace(found, refused_groups=tuple(name for name in taken if name in analysis.refused))
    left_out = [name for name in analysis.groups if name not in taken]
    if not left_out:
        return found
    message = f"{', '.join(left_out)} took no part: a law of theirs is refused."
    reason = Reason(code="groups-left-out", message=message, level="caution")
    return replace(found, reasons=(*found.reasons, reason))
