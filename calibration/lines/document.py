"""The coefficients document of a calibration made from the laws of its sources, and the file of their draws.

The document is that of ``advisor.calibrations.coefficients``; beside its keys it holds p-values, left-out errors,
d ln N*/dH, how epsilon was found, which predictor did best, what each source was, and how everything was made.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import Any

from advisor.calibrations.coefficients import write_coefficients
from advisor.compressibility.protocol import Protocol
from advisor.data_files import write_atomically
from advisor.json_fields import SCHEMA_VERSION, json_text
from advisor.json_form import as_json
from advisor.laws.drift import LEAST
from advisor.laws.law_file import law_as_json
from advisor.laws.parameters import LOG_NAMES, NAMES
from advisor.laws.scaling_law import ScalingLaw
from advisor.quantities import plural
from calibration.fit.analysis import Analysis, Settings
from calibration.fit.document import law_entry
from calibration.fit.objective import Array
from calibration.fit.regression import Regression
from calibration.lines.records import Row
from calibration.lines.regression import H_REF, H_REF_SOURCE, HRegression, refusal, regress_on_h
from calibration.lines.source_laws import SourceLaw
from calibration.training.schedule import WIDTH_RATE

_PACKAGES = ("data-scaling-advisor", "numpy", "torch")
# What a coefficients file, which must be small, has of a line and of a source.
_LINE_FORM = ("slope", "intercept", "slope_ci95", "p_value")
_SOURCE_FORM = (
    *("name", "kind", "data", "vocab_size", "compressibility", "shuffled", "windows", "entropy_bound", "entropy_rate"),
)


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that a calibration uses; one not installed is left out."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


@dataclass(frozen=True, kw_only=True)
class About:
    """How a calibration was made: everything that its rows do not say.

    ``protocol`` is how H was measured (native ids, as of grammars: no tokenizer), ``date`` the ISO date of the
    last row, ``ledger_sha256`` the digest of the ledger's rows. ``h_ref`` is H of web text and
    ``h_ref_source`` where it is from.
    """

    name: str
    protocol: Protocol
    command: str
    date: str
    ledger_sha256: str
    packages: Mapping[str, str] = field(default_factory=versions)
    h_ref: float = H_REF
    h_ref_source: str = H_REF_SOURCE


@dataclass(frozen=True, kw_only=True)
class Calibrated:
    """The laws of all sources, and their regression and coefficients document, or why there are none."""

    about: About
    laws: tuple[SourceLaw, ...]
    regression: HRegression | None = None
    document: Mapping[str, Any] | None = None
    refusal: str | None = None


def calibrated(laws: Sequence[SourceLaw], about: About, *, seed: int = 0) -> Calibrated:
    """Return the coefficients that these laws give; ``refusal`` says why there are none, and names every reason."""
    why = refusal(laws)
    if why is not None:
        return Calibrated(about=about, laws=tuple(laws), refusal=why)
    found = regress_on_h(laws, seed=seed)
    calibration = as_json(_calibration(laws, found, about))
    document = {"schema_version": SCHEMA_VERSION, "default": about.name, "calibrations": [calibration]}
    return Calibrated(about=about, laws=tuple(laws), regression=found, document=document)


def write_calibrated(result: Calibrated, folder: Path) -> tuple[Path, ...]:
    """Write ``fitted_coefficients.json`` (where there are coefficients) and ``laws.json``; return their paths.

    Without coefficients an older file of them is removed: these laws no longer give it.

    Raises:
        AdvisorError: a file cannot be written.
    """
    laws = folder / "laws.json"
    write_atomically(laws, json_text(laws_document(result.laws, result.about.name)))
    path = folder / "fitted_coefficients.json"
    if result.document is None:
        path.unlink(missing_ok=True)
        return (laws,)
    write_coefficients(result.document, path)
    return path, laws


def laws_document(laws: Iterable[SourceLaw], calibration: str) -> dict[str, Any]:
    """Return the laws of all sources with diagnostics and at most 400 draws each; a source without a law has null."""
    entries: dict[str, Any] = {}
    for law in laws:
        analysis = Analysis(groups={law.source.name: law.group}, settings=Settings(count="non-embedding"))
        entries[law.source.name] = None if law.group.law is None else law_entry(law.group, analysis)
    return {"schema_version": SCHEMA_VERSION, "calibration": calibration, "laws": entries}


def _calibration(laws: Sequence[SourceLaw], found: HRegression, about: About) -> dict[str, Any]:
    rows = [row for law in found.laws for row in law.rows]
    return {
        "name": about.name,
        "protocol": about.protocol,
        "training_tokenizer": _training_tokenizer(found.laws),
        "count": "non-embedding",
        "recipe": _recipe(rows),
        "sources": [_source(law, about.name) for law in laws],
        "regression": regression_as_json(found),
        "epsilon": found.epsilon.value,
        "epsilon_estimate": found.epsilon,
        "h_ref": about.h_ref,
        "h_ref_source": about.h_ref_source,
        "predictors": found.predictors,
        "ranges": ranges_of(found.laws),
        "provenance": _provenance(laws, rows, about),
    }


def _training_tokenizer(laws: Sequence[SourceLaw]) -> str | None:
    """Return what the corpora's training tokens are, where H was measured on others; null where it was not."""
    corpora = [law.source for law in laws if law.source.trained_compressibility is not None]
    return None if not corpora else str(corpora[0].definition["tokenizer"])


def _recipe(rows: Sequence[Row]) -> Any:
    """Return the recipe of the rows; where there were several, all of them."""
    # Rows that were trained when there was one recipe do not say its rate.
    found = _distinct(
        {"width_rate": WIDTH_RATE, **row.recipe} if "batches" in row.recipe else {**row.recipe} for row in rows
    )
    return found[0] if len(found) == 1 else found


def _distinct(values: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the different ones, in the order of their JSON."""
    import json

    return [json.loads(text) for text in sorted({json.dumps(value, sort_keys=True) for value in values})]


def _source(law: SourceLaw, calibration: str) -> dict[str, Any]:
    return {
        **as_json(law.source, _SOURCE_FORM),
        "law": _law(law, calibration) if law.accepted else None,
        "verdict": law.verdict,
        "reasons": law.reasons,
        "n_runs": len(law.group.runs),
    }


def _law(law: SourceLaw, calibration: str) -> dict[str, Any]:
    """Return the law without its draws, which lie beside the ledger, and so without what would widen them."""
    fitted: ScalingLaw | None = law.group.law
    assert fitted is not None
    source = f"calibration {calibration}: {plural(len(law.group.runs), 'run')}"
    return law_as_json(replace(fitted, draws=(), drift=LEAST, source=source, verdict=law.verdict))


def regression_as_json(found: HRegression, *, digits: int = 7) -> dict[str, Any]:
    """Return the lines in H with their draws, to be given their JSON form."""
    return {
        "log": as_json({name: found.log.lines[name] for name in LOG_NAMES}, _LINE_FORM),
        "linear": as_json({name: found.linear.lines[name] for name in NAMES}, _LINE_FORM),
        "draws": _numbers(found.draws.lines, digits),
        "scatter": _numbers(found.draws.scatter, digits),
        "flops": found.flops[1],
        "dlnN_dH": as_json(found.log.log_optimum, _LINE_FORM),
        "left_out_error_ln_n": {"log": _left_out(found.log), "linear": _left_out(found.linear)},
        "n_sources": len(found.laws),
    }


def _left_out(regression: Regression) -> dict[str, Any]:
    return {"median": regression.median_left_out_error, "sources": dict(regression.left_out)}


def _numbers(rows: Array, digits: int) -> list[list[float]]:
    """Return rows of a few significant digits: the file must be small."""
    return [[float(f"{value:.{digits}g}") for value in row] for row in rows]


def ranges_of(laws: Sequence[SourceLaw]) -> dict[str, list[float]]:
    """Return the ends of N, D, C = 6 N D and H over the runs of these laws."""
    values = {name: [getattr(law.group.runs, name) for law in laws] for name in ("n_params", "n_tokens", "flops")}
    ranges = {
        name: [float(min(v.min() for v in all_)), float(max(v.max() for v in all_))] for name, all_ in values.items()
    }
    h = [law.source.compressibility for law in laws]
    return ranges | {"compressibility": [min(h), max(h)]}


def _provenance(laws: Sequence[SourceLaw], rows: Sequence[Row], about: About) -> dict[str, Any]:
    hardware = _distinct({key: row.hardware.get(key) for key in ("device", "torch", "dtype")} for row in rows)
    return {
        "command": about.command,
        "date": about.date,
        "ledger_sha256": about.ledger_sha256,
        "n_rows": len(rows),
        "hardware": hardware,
        "packages": dict(about.packages),
        "refused": {
            law.source.name: [r.message for r in law.reasons if r.level == "refused"]
            for law in laws
            if not law.accepted
        },
    }
