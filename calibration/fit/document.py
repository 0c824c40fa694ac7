"""The JSON of a fit: the entries of ``advisor fit --json``; law files are written by ``laws.law_file``.

Numbers are finite or null. A refused law has null for every fitted number unless it was forced, and says so.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from advisor.errors import RunsError
from advisor.json_fields import SCHEMA_VERSION
from advisor.json_form import as_json
from advisor.laws.law_file import law_document, write_law
from advisor.laws.parameters import NAMES
from advisor.laws.scaling_law import ScalingLaw
from calibration.fit.analysis import Analysis, GroupFit
from calibration.fit.beyond.new_runs import RunComparisons
from calibration.fit.table.reading import NO_TABLE, TableReading


def fit_document(
    analysis: Analysis, *, force: bool = False, predictions: RunComparisons | None = None
) -> dict[str, Any]:
    """Return the document of ``advisor fit --json``; ``predictions`` are new runs beside the laws, by group."""
    document: dict[str, Any] = as_json(
        {
            "schema_version": SCHEMA_VERSION,
            **(NO_TABLE if analysis.reading is None else analysis.reading.document),
            "laws": {name: law_summary(group, analysis, force=force) for name, group in analysis.groups.items()},
            "regression": analysis.regression,
            "no_regression": analysis.no_regression,
            "predictions": predictions,
        }
    )
    return document


def comparison_document(predictions: RunComparisons, reading: TableReading) -> dict[str, Any]:
    """Return the document of new runs beside a law that was fitted before: that of a fit, without any law."""
    keys = {"schema_version": SCHEMA_VERSION, **reading.document, "laws": {}, "regression": None, "no_regression": None}
    document: dict[str, Any] = as_json({**keys, "predictions": predictions})
    return document


def law_entry(group: GroupFit, analysis: Analysis) -> dict[str, Any]:
    """Return the contents of a group's law file: its entry of ``laws`` with a name, a source, ranges and joint draws.

    Raises:
        RunsError: The group has no law.
    """
    return law_document(_judged(group), as_json(law_summary(group, analysis, force=True)))


def write_law_file(path: Path, group: GroupFit, analysis: Analysis) -> None:
    """Write the group's law; the file appears whole or not at all.

    Raises:
        RunsError: The group has no law.
        AdvisorError: The file cannot be written.
    """
    write_law(_judged(group), path, as_json(law_summary(group, analysis, force=True)))


def _judged(group: GroupFit) -> ScalingLaw:
    """Return the group's law with its verdict."""
    if group.law is None:
        raise RunsError(f"group {group.runs.name} has no law to write: {group.diagnostics.reasons[0].message}")
    return replace(group.law, verdict=group.diagnostics.verdict)


def law_summary(group: GroupFit, analysis: Analysis, *, force: bool) -> dict[str, Any]:
    """Return the entry of a group in ``laws``, to be given its JSON form.

    Fitted numbers are null where the law is refused and not forced.
    """
    shown = group.law is not None and (force or group.diagnostics.verdict != "refused")
    law, fit = (group.law, group.fit) if shown else (None, None)
    return {
        **{name: None if law is None else getattr(law, name) for name in NAMES},
        "count": analysis.settings.count,
        "objective": None if fit is None else fit.objective,
        "delta": None if fit is None else fit.delta,
        "exponent_a": None if law is None else law.exponent_a,
        "ci95": (group.ci95 if shown else None) or dict.fromkeys((*NAMES, "exponent_a")),
        "n_runs": group.diagnostics.n_runs,
        "frontier": group.budgets if shown else (),
        "drift": None if law is None else law.drift._asdict(),
        "extrapolation": group.extrapolation if shown else None,
        "diagnostics": group.diagnostics,
        "verdict": group.diagnostics.verdict,
        "forced": group.diagnostics.verdict == "refused" and shown,
        "one_factor": (group.one_factor or {}) if shown else None,
        "kaplan": group.kaplan if shown else None,
        "repetition": group.repetition if shown else None,
        "isoflop": group.isoflop if shown else None,
    }
