"""The coefficients document of the laws of a table of runs: what ``advisor fit --coefficients`` writes.

It is that of ``advisor.calibrations.coefficients``, of runs that someone else trained: in place of a ledger and a
recipe it has the table's name and digest. H of a group comes from the table or from profiles, with the error that they
give it (``calibration.lines.measured_h``). The runs are of real text, so what they say of its level counts: ``base`` is
the law of their own lines at H of web text, or at the end of their H that is nearest to it. It is not the law of the
one group that is nearest: corpora of one H differ, in E most of all, and a line has all of them; and its draws are
those of the lines, so what it is and how H moves it are known together. The file need not repeat them.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from advisor.compressibility.group_profiles import GroupProfile
from advisor.compressibility.protocol import DEFAULT_PROTOCOL, Protocol
from advisor.errors import AdvisorError, RunsError
from advisor.json_fields import SCHEMA_VERSION
from advisor.json_form import as_json
from advisor.laws.drift import Drift
from advisor.laws.law_file import law_as_json
from advisor.laws.parameters import LOG_NAMES, Parameters
from advisor.laws.scaling_law import Count, Ranges, ScalingLaw
from advisor.quantities import plural
from calibration.fit.analysis import Analysis, GroupFit
from calibration.lines.document import ranges_of, regression_as_json, versions
from calibration.lines.records import SourceRecord
from calibration.lines.regression import H_REF, H_REF_SOURCE, HRegression, refusal, regress_on_h
from calibration.lines.row_diagnostics import RowFigures
from calibration.lines.source_laws import SourceLaw

N_DRAWS, _DIGITS = 200, 6
_SD_OF_95 = 1.959963984540054
_APART = 2.0  # standard deviations between neighbours


@dataclass(frozen=True, kw_only=True)
class AboutTable:
    """What a table of runs does not say of itself.

    Attributes:
        name: of the calibration.
        table: the file.
        command: what was asked, to be asked again.
        count: which parameters N counts.
        source: where the runs are from, in words; None where nobody said.
        profiles: the file of profiles; None where H is a column of the table.
        protocol: how H was measured.
        training_tokenizer: what the models read, where it is not the protocol's.
        h_ref: H of web text.
        h_ref_source: where that is from.
        packages: versions.
    """

    name: str
    table: Path
    command: str
    count: Count
    source: str | None = None
    profiles: Path | None = None
    protocol: Protocol = DEFAULT_PROTOCOL
    training_tokenizer: str | None = None
    h_ref: float = H_REF
    h_ref_source: str = H_REF_SOURCE
    packages: Mapping[str, str] = field(default_factory=versions)


def coefficients_document(
    analysis: Analysis, about: AboutTable, *, profiles: Mapping[str, GroupProfile] | None = None, seed: int = 0
) -> dict[str, Any]:
    """Return the coefficients that the laws of a table's groups give.

    ``profiles`` are what each group is; without them H is the groups' covariate, taken as exact.

    Raises:
        RunsError: too few laws can be used, or H of their corpora hardly differs; the message names every reason.
        AdvisorError: a file cannot be read.
    """
    profiles = profiles or {name: _of_table(name, group) for name, group in analysis.groups.items()}
    laws = [_source_law(name, group, profiles[name]) for name, group in analysis.groups.items()]
    if (why := refusal(laws)) is not None:
        raise RunsError(why)
    found = regress_on_h(laws, n_draws=N_DRAWS, seed=seed, h_sd=_errors_of_h(profiles), more=_more(profiles))
    calibration = {
        "name": about.name,
        "protocol": about.protocol,
        "training_tokenizer": about.training_tokenizer,
        "count": about.count,
        "recipe": None,
        "sources": [_source(law, profiles[law.source.name], about.name) for law in laws],
        "regression": regression_as_json(found, digits=_DIGITS),
        "epsilon": found.epsilon.value,
        "epsilon_estimate": found.epsilon,
        "h_ref": about.h_ref,
        "h_ref_source": about.h_ref_source,
        "base": _base(found, about),
        "predictors": replace(found.predictors, verdict=_verdict(found.predictors.verdict, profiles)),
        "ranges": ranges_of(found.laws),
        "provenance": _provenance(laws, about),
    }
    return {"schema_version": SCHEMA_VERSION, "default": about.name, "calibrations": [as_json(calibration)]}


def _of_table(name: str, group: GroupFit) -> GroupProfile:
    h = group.runs.covariate
    if h is None or not 0 < h < 1:
        raise RunsError(f"group {name} has a compressibility of {h}: it must lie inside (0, 1), compressed over raw.")
    return GroupProfile(compressibility=h)


def _source_law(name: str, group: GroupFit, profile: GroupProfile) -> SourceLaw:
    h, sd = profile.compressibility, profile.sd
    record = SourceRecord(
        name=name,
        kind="corpus",
        data=name,
        vocab_size=0,  # a table need not say it, and lines in H do not ask
        n_unique_tokens=None,
        compressibility=h,
        ci95=None if sd is None else (h - _SD_OF_95 * sd, h + _SD_OF_95 * sd),
        shuffled=profile.shuffled or 0.0,
        windows={},
        entropy_bound=None,
        entropy_rate=None,
        definition={},
    )
    largest = float(group.runs.flops.max()) if len(group.runs) else None
    figures = RowFigures(seed_sd=None, left_out=None)
    return SourceLaw(source=record, rows=(), group=group, figures=figures, flops=largest)


def _errors_of_h(profiles: Mapping[str, GroupProfile]) -> dict[str, float]:
    return {name: profile.sd or 0.0 for name, profile in profiles.items()}


def _more(profiles: Mapping[str, GroupProfile]) -> dict[str, dict[str, float]]:
    """Return what else may predict a law: the logarithm of bytes per token, where it is known of every group."""
    rates = {name: profile.bytes_per_token for name, profile in profiles.items()}
    known = {name: math.log(rate) for name, rate in rates.items() if rate is not None}
    return {"ln bytes per token": known} if len(known) == len(rates) else {}


def _verdict(verdict: str, profiles: Mapping[str, GroupProfile]) -> str:
    """Return the verdict on the predictors, with how many of the H can be told apart where that is not all."""
    known = sorted((profile.compressibility, profile.sd or 0.0) for profile in profiles.values())
    apart = 1 + sum(b - a > _APART * math.hypot(sd, other) for (a, sd), (b, other) in pairwise(known))
    if apart == len(known):
        return verdict
    return f"{verdict} Of these H {apart} can be told apart, so the evidence is less than p says."


def _source(law: SourceLaw, profile: GroupProfile, calibration: str) -> dict[str, Any]:
    fitted = law.group.law if law.accepted else None
    if fitted is not None:
        source = f"calibration {calibration}: {plural(len(law.group.runs), 'run')}"
        fitted = replace(fitted, draws=(), source=source, verdict=law.verdict)
    return {
        "name": law.source.name,
        "kind": law.source.kind,
        "compressibility": profile.compressibility,
        "compressibility_sd": profile.sd,
        "shuffled": profile.shuffled,
        "bytes_per_token": profile.bytes_per_token,
        "entropy_bound": None,
        "law": None if fitted is None else law_as_json(fitted),
        "verdict": law.verdict,
        "reasons": law.reasons,
        "n_runs": len(law.group.runs),
        "isoflop": _short(as_json(law.group.isoflop)),
        "kaplan": None if law.group.kaplan is None else _short(law.group.kaplan.named),
    }


def _short(value: Any) -> Any:
    """Return what JSON knows with numbers of a few significant digits: the file must be small."""
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}")
    if isinstance(value, dict):
        return {key: _short(one) for key, one in value.items()}
    return [_short(one) for one in value] if isinstance(value, list) else value


def _base(found: HRegression, about: AboutTable) -> dict[str, Any] | None:
    """Return the law on the lines at H_ref, or at the nearest H of the sources; None where they give none there."""
    known = [law.source.compressibility for law in found.laws]
    h = min(max(about.h_ref, min(known)), max(known))
    at_h = Parameters(*(found.log.lines[name].at(h) for name in LOG_NAMES))
    if min(at_h.alpha, at_h.beta) <= 0:
        return None
    law = ScalingLaw(
        name=f"{about.name}'s own law",
        E=max(at_h.E, 0.0),
        A=math.exp(at_h.A),
        B=math.exp(at_h.B),
        alpha=at_h.alpha,
        beta=at_h.beta,
        count=about.count,
        source=f"the lines of the calibration {about.name} at H = {h:g}",
        ranges=Ranges(**{name: (low, high) for name, (low, high) in ranges_of(found.laws).items()}),
        drift=_drift(found.laws),
    )
    return {"compressibility": h, **law_as_json(law)}


def _drift(laws: Sequence[SourceLaw]) -> Drift:
    """Return the root mean square of how far the sources' laws drift beyond their budgets."""
    drifts = [law.group.law.drift for law in laws if law.group.law is not None]
    return Drift(*(math.sqrt(math.fsum(one[i] ** 2 for one in drifts) / len(drifts)) for i in range(2)))


def _provenance(laws: Sequence[SourceLaw], about: AboutTable) -> dict[str, Any]:
    return {
        "command": about.command,
        "source": about.source,
        "table": about.table.name,
        "table_sha256": _sha256(about.table),
        "n_runs": sum(len(law.group.runs) for law in laws),
        "profiles": None if about.profiles is None else about.profiles.name,
        "profiles_sha256": None if about.profiles is None else _sha256(about.profiles),
        "packages": {name: version for name, version in about.packages.items() if name != "torch"},
        "refused": {
            law.source.name: [reason.message for reason in law.reasons if reason.level == "refused"]
            for law in laws
            if not law.accepted
        },
    }


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise AdvisorError(f"Cannot read {path}: {error.strerror}.") from error
