"""What a fit writes down: the entries of ``advisor fit --json`` and the file that ``--law FILE`` reads.

Numbers are finite or null. A refused law has null for every fitted number unless it was forced, and says so.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

from advisor.errors import RunsError
from advisor.json_fields import SCHEMA_VERSION
from advisor.laws.law_file import DRAW_COLUMNS, law_document, row_in_file, write_law
from advisor.laws.parameters import NAMES
from advisor.laws.scaling_law import ScalingLaw
from calibration.fit.analysis import Analysis, GroupFit
from calibration.fit.diagnostics import Diagnostics
from calibration.fit.regression import Regression


def fit_document(analysis: Analysis, *, force: bool = False) -> dict[str, Any]:
    """Return the document of ``advisor fit --json``."""
    document: dict[str, Any] = _finite(
        {
            "schema_version": SCHEMA_VERSION,
            "laws": {name: law_summary(group, analysis, force=force) for name, group in analysis.groups.items()},
            "regression": None if analysis.regression is None else _regression(analysis.regression),
            "no_regression": analysis.no_regression,
        }
    )
    return document


def law_entry(group: GroupFit, analysis: Analysis) -> dict[str, Any]:
    """Return the contents of a group's law file: its entry of ``laws`` with a name, a source, ranges and joint draws.

    Raises:
        RunsError: The group has no law.
    """
    return law_document(_judged(group), _finite(law_summary(group, analysis, force=True)))


def write_law_file(path: Path, group: GroupFit, analysis: Analysis) -> None:
    """Write the group's law; the file appears whole or not at all.

    Raises:
        RunsError: The group has no law.
        AdvisorError: The file cannot be written.
    """
    write_law(_judged(group), path, _finite(law_summary(group, analysis, force=True)))


def _judged(group: GroupFit) -> ScalingLaw:
    """Return the group's law with its verdict."""
    if group.law is None:
        raise RunsError(f"group {group.runs.name} has no law to write: {group.diagnostics.reasons[0].message}")
    return replace(group.law, verdict=group.diagnostics.verdict)


def law_summary(group: GroupFit, analysis: Analysis, *, force: bool) -> dict[str, Any]:
    """Return the entry of a group in ``laws``; fitted numbers are null where the law is refused and not forced."""
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
        "frontier": _frontier(group) if shown else [],
        "diagnostics": _diagnostics(group.diagnostics),
        "verdict": group.diagnostics.verdict,
        "forced": group.diagnostics.verdict == "refused" and shown,
        "one_factor": _one_factor(group) if shown else None,
        "kaplan": _kaplan(group) if shown else None,
        "repetition": _repetition(group) if shown else None,
        "isoflop": _isoflop(group) if shown else None,
    }


def _frontier(group: GroupFit) -> list[dict[str, Any]]:
    return [
        {
            "flops": b.flops,
            "n_params": b.n_params,
            "n_tokens": b.n_tokens,
            "tokens_per_param": b.n_tokens / b.n_params,
            "loss_nats_per_token": b.loss,
            "ci95": {"n_params": b.n_params_ci95, "n_tokens": b.n_tokens_ci95, "loss_nats_per_token": b.loss_ci95},
        }
        for b in group.budgets
    ]


def _diagnostics(d: Diagnostics) -> dict[str, Any]:
    figures = {key: value for key, value in vars(d).items() if key not in ("reasons", "profile")}
    profile = d.profile
    return {
        **figures,
        "profile_E": None
        if profile is None
        else {"E": profile.e, "objective_ratio": profile.ratio, "ci95": [profile.low, profile.high]},
        "reasons": [{"code": r.code, "level": r.level, "message": r.message} for r in d.reasons],
    }


def _one_factor(group: GroupFit) -> dict[str, Any]:
    laws = group.one_factor or {}
    return {
        name: None
        if law is None
        else {
            "exponent": law.exponent,
            "exponent_ci95": law.exponent_ci95,
            "log_scale": law.log_scale,
            "log_scale_ci95": law.log_scale_ci95,
            "n_runs": law.n_runs,
        }
        for name, law in laws.items()
    }


def _kaplan(group: GroupFit) -> dict[str, Any] | None:
    if group.kaplan is None:
        return None
    names = ("alpha_N", "alpha_D", "log_N_c", "log_D_c")
    return {
        **dict(zip(names, group.kaplan.parameters, strict=True)),
        "ci95": dict(zip(names, group.kaplan.ci95, strict=True)),
        "objective": group.kaplan.objective,
    }


def _repetition(group: GroupFit) -> dict[str, Any] | None:
    r = group.repetition
    if r is None:
        return None
    constants = {"R_D": r.r_d, "R_N": r.r_n}
    return {
        **{name: {"value": c.value, "ci95": c.ci95, "not_identified": c.why_not} for name, c in constants.items()},
        "law": dict(zip(DRAW_COLUMNS, row_in_file(r.parameters), strict=True)),
        "n_repeated_runs": r.n_repeated_runs,
        "max_epochs": r.max_epochs,
    }


def _isoflop(group: GroupFit) -> dict[str, Any] | None:
    if group.isoflop is None:
        return None
    i = group.isoflop
    return {
        "flops": i.flops,
        "n_params": i.n_params,
        "exponent_a": i.exponent_a,
        "exponent_a_ci95": i.exponent_a_ci95,
    }


def _regression(r: Regression) -> dict[str, Any]:
    return {
        "form": r.form,
        "covariate": r.covariate,
        "values": dict(r.values),
        "flops": r.flops,
        "lines": {name: vars(line) for name, line in r.lines.items()},
        "dlnN_dH": vars(r.log_optimum),
        "left_out_error_ln_n": dict(r.left_out),
        "median_left_out_error_ln_n": r.median_left_out_error,
        "joint": None
        if r.joint_slopes is None or r.joint_intercepts is None
        else {"slopes": dict(r.joint_slopes), "intercepts": dict(r.joint_intercepts)},
        "refused_groups": r.refused_groups,
        "reasons": [{"code": x.code, "level": x.level, "message": x.message} for x in r.reasons],
    }


def _finite(value: Any) -> Any:
    """Return the value as plain JSON types; a number that is not finite becomes null."""
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value
