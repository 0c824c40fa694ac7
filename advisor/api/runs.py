"""``fit`` with the words of its command as keywords; it loads numpy."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path as File
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from advisor.api.keywords import Path, check_choice, check_flag, one_name, takes
from advisor.api.run_keywords import (
    FORMS,
    OF_DECAY,
    OF_TABLE,
    DecayKeywords,
    FitKeywords,
    coefficients_of,
    columns_of,
    file_of,
    refits_of,
    settings_of,
    units_of,
    values_of,
    vocabulary_of,
)
from advisor.commands.fitting.files import check_files, check_names, shown_laws, write_laws
from advisor.data_files import check_writable, refuse_overwriting, write_atomically
from advisor.errors import RunsError, UsageError
from advisor.quantities import check_text

if TYPE_CHECKING:
    from advisor.laws.scaling_law import ScalingLaw
    from advisor.pilot.pilot_file import PilotResult
    from calibration.fit.analysis import Analysis
    from calibration.fit.decay.decay_fit import DecayFit
    from calibration.fit.runs import RunTable

Given = Mapping[str, Any]


@overload
def fit(table: Path, *, pilot: Literal[True], out: Path | None = None) -> PilotResult: ...


@overload
def fit(
    table: Path, *, repeat_over: Path | ScalingLaw, out: Path | None = None, **options: Unpack[DecayKeywords]
) -> DecayFit: ...


@overload
def fit(table: Path, *, out: Path | None = None, **options: Unpack[FitKeywords]) -> Analysis: ...


@takes(FitKeywords)
def fit(
    table: Path,
    *,
    pilot: bool = False,
    repeat_over: Path | ScalingLaw | None = None,
    out: Path | None = None,
    **options: Any,
) -> Analysis | DecayFit | PilotResult:
    """Return the laws of a table of runs, each with its intervals and whether to believe it.

    ``table`` is delimited text, JSON, JSON lines or parquet with N, D and the loss of each run; ``columns`` has its
    names of ours, as {"n_params": "model_size"}. Each value of the column ``group`` has a law of its own, and the laws
    are regressed on the column ``covariate``, for which ``at`` has values to answer for; ``profiles`` is a file with H
    of each group. ``flops`` are budgets to answer for, ``bootstrap`` is the number of refits, ``fix="E=1.69"`` or
    ``fixed_e`` holds E, and ``max_e`` bounds it. ``predict`` names new runs to compare with the laws; ``table`` may
    then be a law file. These keywords may stand in ``units`` and ``settings`` instead. ``on_table`` is called with the
    runs before anything is fitted.

    With ``repeat_over``, a law, its name or its file, what comes back is how fast repeated data lose their worth over
    it; with ``pilot=True``, what a filled table of ``plan_pilot`` says.

    ``out`` writes the law, with groups one for each {group} in its name, for ``recommend(law=...)``, or what the pilot
    says, for ``recommend(pilot=...)``; ``coefficients`` writes the lines in H, for ``recommend(coefficients=...)``, and
    ``install`` names them for ``recommend(calibration=...)``. With ``with_refused`` refused laws are written too, and
    take part in the regression.

        analysis = advisor.fit("runs.csv", columns={"loss": "val"}, loss_unit="bits", flops="1e22", out="law.json")
        analysis.groups["all"].law, analysis.refused, analysis.to_frame()

    Raises:
        TypeError: a keyword that there is not.
        UsageError: a value that cannot be, or values that contradict each other.
        RunsError: the file or a value in it cannot be used, or what was to be written is refused.
        CorpusError: a group has no profile.
    """
    given = one_name(options, {})
    check_text(table, "table")
    check_flag(pilot, "--pilot")
    path, target = File(table), file_of("out", {} if out is None else {"out": out})
    if pilot:
        _refuse_beside(
            {**({} if repeat_over is None else {"repeat_over": 0}), **given},
            "says how laws are fitted, and pilot fits none.",
        )
        return _pilot(path, target)
    if repeat_over is not None:
        others = {name: value for name, value in given.items() if name not in OF_DECAY}
        _refuse_beside(others, "cannot be combined with repeat_over, which holds the law.")
        return _decay(path, repeat_over, target, given)
    return _laws(path, target, given)


def _refuse_beside(others: Given, why: str) -> None:
    if others:
        raise UsageError(f"{next(iter(others))} {why}")


def _pilot(table: File, out: File | None) -> PilotResult:
    from advisor.json_fields import json_text
    from advisor.pilot.pilot_file import result_of
    from advisor.pilot.run_table import read_table

    refuse_overwriting(out, table)
    check_writable(out)
    found = result_of(read_table(table))
    if out is not None:
        write_atomically(out, json_text(found.to_dict()))
    return found


def _decay(table: File, law: Any, out: File | None, given: Given) -> DecayFit:
    from advisor.laws.scaling_law import ScalingLaw
    from calibration.fit.decay.repeat_over import repeat_over
    from calibration.fit.table.counted import check_count_of_law

    named = not isinstance(law, ScalingLaw)
    if named:
        check_text(law, "--repeat-over")
    refuse_overwriting(out, table, str(law) if named else None)
    check_writable(out)
    cluster, columns = given.get("cluster"), columns_of(given)
    found = repeat_over(table, law, columns=columns, units=units_of(given), cluster=cluster, **refits_of(given))
    if found.reading is not None:
        check_count_of_law(found.reading, columns, found.count)
    if out is not None:
        if found.decay is None:
            why = [each.message for each in found.reasons if each.level == "refused"]
            raise RunsError(f"R_D* is refused, and nothing is written to {out}: {why[0]}")
        found.write(out)
    return found


def _laws(table: File, out: File | None, given: Given) -> Analysis:
    from advisor.run_tables.json_rows import is_law
    from calibration.fit.analysis import fit as fitted
    from calibration.fit.beyond.new_runs import compare_with_fit

    new = _new_runs(given)
    if is_law(table):
        return _beside_law(table, new, out, given)
    settings = settings_of(given)
    wanted = coefficients_of(given, settings.count)
    wanted.check(table, given.get("covariate"))
    check_files(out, None, table, file_of("predict", given))
    forced = given.get("with_refused", False)
    check_flag(forced, "with_refused")
    check_choice(given.get("form", "log"), "--form", FORMS)
    found = fitted(
        table,
        columns=columns_of(given),
        units=units_of(given),
        settings=settings,
        profiles=wanted.profiles,
        at=values_of(given),
        vocab_size=vocabulary_of(given),
        with_refused=forced,
        on_table=lambda read: _check(read, new, out, given),
        **{name: given[name] for name in ("group", "cluster", "covariate", "form") if name in given},
    )
    if new is not None:
        found = replace(found, predictions=compare_with_fit(new.groups, found))
    if out is not None:
        write_laws(shown_laws(found, forced), out)
    wanted.write(found, table, command=_as_typed(table, given))
    if out is not None and not forced:
        _refuse_lost(found, out)
    return found


def _new_runs(given: Given) -> RunTable | None:
    """Return the runs that are compared with the laws."""
    from calibration.fit.runs import read_run_table

    table = file_of("predict", given)
    if table is None:
        return None
    return read_run_table(table, columns=columns_of(given), group=given.get("group"), units=units_of(given))


def _beside_law(law: File, new: RunTable | None, out: File | None, given: Given) -> Analysis:
    from calibration.fit.beyond.new_runs import beside_law

    if new is None:
        raise UsageError(f"{law} is a law and no table of runs: name the runs to compare with it by predict.")
    allowed = {*OF_TABLE, "scale", "group", "predict"} - {"cluster"}
    others = [name for name in ({} if out is None else {"out": out, **given}) or given if name not in allowed]
    if others:
        raise UsageError(f"{others[0]} is about a fit, and {law} is a law already: leave {others[0]} out.")
    return beside_law(law, new, named=columns_of(given))


def _check(read: RunTable, new: RunTable | None, out: File | None, given: Given) -> None:
    """Raise, before anything is fitted, if the runs are not what they are taken for, or cannot be written."""
    from calibration.fit.beyond.new_runs import check_groups
    from calibration.fit.table.counted import check_count

    for each in () if "count" in given or "settings" in given else (read, new):
        if each is not None:
            check_count(each.reading, columns_of(given))
    check_names(out, list(read.groups))
    check_groups({} if new is None else new.groups, read.groups)
    if "on_table" in given:
        given["on_table"](read)


def _refuse_lost(analysis: Analysis, out: File) -> None:
    """Raise RunsError where a law is refused: where its file is read it would be missed, or be an older one."""
    if not analysis.refused:
        return
    name, *_ = analysis.refused
    whose = "the law is" if len(analysis.groups) == 1 else f"the law of {name} is"
    why = next(each for each in analysis.groups[name].diagnostics.reasons if each.level == "refused")
    raise RunsError(f"{whose} refused, and nothing of it was written to {out}: {why.message}")


def _as_typed(table: File, given: Given) -> str:
    """Return the call as it can be typed again, without the objects in it."""
    plain = {name: os.fspath(each) if isinstance(each, os.PathLike) else each for name, each in given.items()}
    kept = [f"{name}={each!r}" for name, each in plain.items() if isinstance(each, str | int | float | Mapping | list)]
    return f"advisor.fit({', '.join([repr(str(table)), *kept])})"
