"""What a fit shows of itself: the JSON of ``advisor fit --json``, a line, a notebook's table, rows of a data frame.

Law files are written by ``laws.law_file``.

Numbers are finite or null. A refused law has null for every fitted number unless it was forced, and says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from advisor.errors import RunsError
from advisor.json_fields import SCHEMA_VERSION
from advisor.json_form import as_json
from advisor.laws.law_file import law_document, write_law
from advisor.laws.parameters import NAMES
from advisor.laws.scaling_law import ScalingLaw
from advisor.quantities import format_flops, format_quantity, plural
from advisor.results.result import Shown
from calibration.fit.analysis import Analysis, GroupFit
from calibration.fit.beyond.new_runs import RunComparison
from calibration.fit.table.reading import NO_TABLE


def fit_document(analysis: Analysis, *, force: bool = False) -> dict[str, Any]:
    """Return the document of ``advisor fit --json``; ``force`` has the numbers of refused laws in it."""
    document: dict[str, Any] = as_json(
        {
            "schema_version": SCHEMA_VERSION,
            **(NO_TABLE if analysis.reading is None else analysis.reading.document),
            "laws": {name: law_summary(group, analysis, force=force) for name, group in analysis.groups.items()},
            "regression": analysis.regression,
            "no_regression": analysis.no_regression,
            "predictions": analysis.predictions,
        }
    )
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


def brief_of(analysis: Analysis) -> str:
    """Return the law of the runs, or how many laws there are, with what is to be believed of them."""
    new = _brief_of_new(analysis.predictions or {})
    groups, refused = analysis.groups, analysis.refused
    if not groups:
        return new
    if len(groups) > 1:
        n_refused = f", {len(refused)} of them refused" if refused else ""
        brief = f"{len(groups)} laws of {plural(sum(len(one.runs) for one in groups.values()), 'run')}{n_refused}"
    else:
        (one,) = groups.values()
        law = "no law" if one.law is None else f"a = {one.law.exponent_a:.3f}, E = {one.law.E:.3f}"
        brief = f"{law} from {plural(len(one.runs), 'run')}: {one.diagnostics.verdict}"
    return f"{brief}; {new}" if new else brief


def _brief_of_new(found: Mapping[str, RunComparison]) -> str:
    """Return how many new runs there are, and whether they agree with their laws; nothing where there are none."""
    said = []
    for name, each in found.items():
        whose = "the law" if len(found) == 1 else f"that of {name}"
        said.append(f"{plural(len(each.runs), 'new run')}: {each.verdict} with {whose}")
    return ", ".join(said)


def table_of(analysis: Analysis) -> Shown:
    """Return a law in each row, without the numbers of those that are refused, with what is said against them.

    Beside a law that was fitted before the rows are the new runs.
    """
    groups = analysis.groups
    said = [sentence for each in (analysis.predictions or {}).values() for sentence in each.in_words]
    if not groups:
        return Shown(("FLOPs", "N", "D", "loss", "predicted", "sigmas"), list(_new_cells(analysis)), said)
    rows = [(name, str(len(one.runs)), *_law_cells(one), one.diagnostics.verdict) for name, one in groups.items()]
    reasons = [
        reason.message if len(groups) == 1 else f"{name}: {reason.message}"
        for name, one in groups.items()
        for reason in one.diagnostics.reasons
    ]
    return Shown(("law", "runs", "E", "A", "B", "alpha", "beta", "a", ""), rows, [*reasons, *said])


def _law_cells(group: GroupFit) -> tuple[str, ...]:
    law = None if group.diagnostics.verdict == "refused" else group.law
    if law is None:
        return ("",) * 6
    return (
        *(f"{law.E:.3f}", format_quantity(law.A), format_quantity(law.B)),
        *(f"{exponent:.3f}" for exponent in (law.alpha, law.beta, law.exponent_a)),
    )


def _new_cells(analysis: Analysis) -> Iterator[tuple[str, ...]]:
    for each in (analysis.predictions or {}).values():
        for run in each.runs:
            sizes = (format_flops(run.flops), format_quantity(run.n_params), format_quantity(run.n_tokens))
            yield (*sizes, f"{run.loss:.4f}", f"{run.predicted:.4f}", f"{run.sigmas:+.1f}")


def rows_of(analysis: Analysis) -> Iterator[Mapping[str, Any]]:
    """Yield the runs: what was read, and the loss of the group's law, None where that is refused.

    Where new runs are compared they follow, and ``new`` says which they are.
    """
    marks = ({}, {}) if analysis.predictions is None else ({"new": False}, {"new": True})
    for name, one in analysis.groups.items():
        law = None if one.diagnostics.verdict == "refused" else one.law
        columns = (one.runs.n_params, one.runs.n_tokens, one.runs.loss)
        for n_params, n_tokens, loss in zip(*(column.tolist() for column in columns), strict=True):
            fitted = None if law is None else law.loss(n_params, n_tokens)
            yield {**_row(name, n_params, n_tokens, loss, fitted), **marks[0]}
    for name, each in (analysis.predictions or {}).items():
        for run in each.runs:
            yield {**_row(name, run.n_params, run.n_tokens, run.loss, run.predicted), **marks[1]}


def _row(group: str, n_params: float, n_tokens: float, loss: float, fitted: float | None) -> dict[str, Any]:
    return {
        "group": group,
        "n_params": n_params,
        "n_tokens": n_tokens,
        "flops": 6.0 * n_params * n_tokens,
        "loss_nats_per_token": loss,
        "loss_of_law_nats_per_token": fitted,
        "residual_ln_loss": None if fitted is None else math.log(loss / fitted),
    }
