"""What a fit writes down: the entries of ``advisor fit --json`` and the file that ``--law FILE`` reads.

Numbers are finite or null. A refused law has null for every fitted number unless it was forced, and says so.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from advisor.data_files import write_atomically
from advisor.errors import RunsError
from advisor.json_fields import SCHEMA_VERSION, json_text
from advisor.json_form import as_json
from calibration.fit.analysis import Analysis, GroupFit

DRAW_COLUMNS = ("log_A", "log_B", "log_E", "alpha", "beta")
_PARAMETERS = ("E", "A", "B", "alpha", "beta")


def fit_document(analysis: Analysis, *, force: bool = False) -> dict[str, Any]:
    """Return the document of ``advisor fit --json``."""
    document: dict[str, Any] = as_json(
        {
            "schema_version": SCHEMA_VERSION,
            "laws": {name: law_summary(group, analysis, force=force) for name, group in analysis.groups.items()},
            "regression": analysis.regression,
            "no_regression": analysis.no_regression,
        }
    )
    return document


def law_entry(group: GroupFit, analysis: Analysis) -> dict[str, Any]:
    """Return the content of a law file: an entry of ``laws`` with a name, a source, ranges and joint draws.

    ``draws`` are at most 400 joint rows in the order of ``draw_columns`` (natural logarithms).

    Raises:
        RunsError: The group has no law.
    """
    if group.law is None:
        raise RunsError(f"group {group.runs.name} has no law to write: {group.diagnostics.reasons[0].message}")
    law = group.law
    entry: dict[str, Any] = as_json(
        {
            "schema_version": SCHEMA_VERSION,
            "name": law.name,
            "source": law.source,
            **law_summary(group, analysis, force=True),
            "ranges": law.ranges,
            "draw_columns": DRAW_COLUMNS,
            "draws": law.draws,
        }
    )
    return entry


def write_law_file(path: Path, group: GroupFit, analysis: Analysis) -> None:
    """Write the group's law; the file appears whole or not at all.

    Raises:
        RunsError: The group has no law.
        AdvisorError: The file cannot be written.
    """
    write_atomically(path, json_text(law_entry(group, analysis)))


def law_summary(group: GroupFit, analysis: Analysis, *, force: bool) -> dict[str, Any]:
    """Return the entry of a group in ``laws``, to be given its JSON form.

    Fitted numbers are null where the law is refused and not forced.
    """
    shown = group.law is not None and (force or group.diagnostics.verdict != "refused")
    law, fit, draws = (group.law, group.fit, group.draws) if shown else (None, None, None)
    intervals: dict[str, Any] = dict.fromkeys([*_PARAMETERS, "exponent_a"])
    if draws is not None:
        columns = [np.exp(draws.rows[:, 2]), *np.exp(draws.rows[:, :2]).T, *draws.rows[:, 3:].T]
        intervals = {name: group.interval(column) for name, column in zip(_PARAMETERS, columns, strict=True)}
        intervals["exponent_a"] = group.exponent_a_ci95
    return {
        **{name: None if law is None else getattr(law, name) for name in _PARAMETERS},
        "count": analysis.settings.count,
        "objective": None if fit is None else fit.objective,
        "delta": None if fit is None else fit.delta,
        "exponent_a": None if law is None else law.exponent_a,
        "ci95": intervals,
        "n_runs": group.diagnostics.n_runs,
        "frontier": group.budgets if shown else (),
        "diagnostics": group.diagnostics,
        "verdict": group.diagnostics.verdict,
        "forced": group.diagnostics.verdict == "refused" and shown,
        "one_factor": (group.one_factor or {}) if shown else None,
        "kaplan": group.kaplan if shown else None,
        "repetition": group.repetition if shown else None,
        "isoflop": group.isoflop if shown else None,
    }
