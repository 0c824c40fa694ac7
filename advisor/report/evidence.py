"""How the scorecard looks: a table of exponents, one of signs, what each calibration says of itself, the sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from advisor.evidence import SPREAD, CalibrationRow, ExponentRow, Prediction, Scorecard, SignRow
from advisor.published_evidence import CODE_TEXT, PAPERS, WEB
from advisor.report.common import echo, emit, print_labelled, print_table
from advisor.report.transfer import print_transfers

_RISES = {1: "rises", -1: "falls"}


def show(card: Scorecard, *, as_json: bool, out: Path | None) -> None:
    """Print the scorecard, or its JSON document; write that to ``out`` if given."""
    emit(as_document(card), lambda: render(card), as_json=as_json, out=out)


def as_document(card: Scorecard) -> dict[str, Any]:
    """Return the JSON form: exponents have no unit, slopes are per unit of H."""
    return {
        "calibrations": [_calibration(row) for row in card.calibrations],
        "exponents": [
            {
                "calibration": row.calibration,
                "law": row.law,
                "corpus": row.published.corpus,
                "kind": None if row.published.kind is None else asdict(row.published.kind),
                "predicted_a": row.predicted.value,
                "ci95": None if row.predicted.ci95 is None else list(row.predicted.ci95),
                "published_a": row.published.exponent_a,
                "verdict": row.verdict,
                "reason": row.predicted.reason or None,
                "paper": row.published.paper,
                "source": PAPERS[row.published.paper],
            }
            for row in card.exponents
        ],
        "signs": [
            {
                "calibration": row.calibration,
                "law": row.law,
                "about": row.published.about,
                "quantity": row.published.quantity,
                "flops": row.published.flops,
                "predicted_slope_per_h": row.predicted.value,
                "ci95": None if row.predicted.ci95 is None else list(row.predicted.ci95),
                "published_sign": row.published.sign if row.published.comparable else None,
                "verdict": row.verdict,
                "reason": row.predicted.reason or None,
                "paper": row.published.paper,
                "source": PAPERS[row.published.paper],
            }
            for row in card.signs
        ],
        "transfers": [one.to_json() for one in card.transfers],
    }


def _calibration(row: CalibrationRow) -> dict[str, Any]:
    one = row.calibration
    estimate, prediction = one.quality.estimate, one.quality.prediction
    return {
        "name": one.name,
        "default": row.default,
        "n_sources": len(one.sources),
        "n_laws": row.n_laws,
        "epsilon": one.dependence.epsilon,
        "epsilon_ci95": None if estimate is None else list(estimate.ci95),
        "gzip_beats_no_predictor": None if prediction is None else prediction.better,
        "in_words": calibration_in_words(row),
    }


def render(card: Scorecard) -> None:
    """Print the scorecard as text."""
    names = (None, *(row.calibration.name for row in card.calibrations))
    for name in names:
        _print_exponents(name, [row for row in card.exponents if row.calibration == name])
        if name is not None:
            _print_signs(name, [row for row in card.signs if row.calibration == name])
    if card.transfers:
        print_transfers(card.transfers)
        echo()
    if card.calibrations:
        echo("What the calibrations say of themselves", "bold")
        print_labelled([(row.calibration.name, calibration_in_words(row)) for row in card.calibrations], "")
    else:
        echo("No calibration ships or is installed: nothing here depends on the corpus.")
    echo()
    echo("Sources", "bold")
    print_labelled([*PAPERS.items(), *((f"H, {kind.name}", kind.source) for kind in (WEB, CODE_TEXT))], "")
    echo(
        "agree: the published a is in the 95 % interval, or the slope's interval leaves out 0 on the published side. "
        f"cannot say: H is not known, the interval of a is wider than the published figures lie apart ({SPREAD:.2f}), "
        "or that of the slope holds 0.",
        "dim",
    )


def _print_exponents(name: str | None, rows: Sequence[ExponentRow]) -> None:
    of = "Chinchilla, the same for every corpus" if name is None else f"{name}, at the H of each corpus"
    title = f"a of N* = G (C/6)^a by {of}"
    header = ("corpus", "H", "published", "law", "predicted", "95 %", "")
    print_table(header, [_exponent_cells(row) for row in rows], title=title)
    echo()


def _print_signs(name: str, rows: Sequence[SignRow]) -> None:
    header = ("with H rising", "published", "law", "slope", "95 %", "")
    print_table(header, [_sign_cells(row) for row in rows], title=f"{name}, what moves with H")
    echo()


def _exponent_cells(row: ExponentRow) -> tuple[str, ...]:
    one = row.published
    h = "?" if one.kind is None else f"{one.kind.h:.2f}"
    return (one.corpus, h, f"{one.exponent_a:.3f}", row.law, *_figures(row.predicted, "", 3), row.verdict)


def _sign_cells(row: SignRow) -> tuple[str, ...]:
    one = row.published
    moves = _RISES[one.sign] if one.comparable else "H unknown"
    return (f"{one.quantity} ({one.paper})", moves, row.law, *_figures(row.predicted, "+", 2), row.verdict)


def _figures(predicted: Prediction, sign: str, digits: int) -> tuple[str, str]:
    """Return a figure and its interval, whose ends have two digits after the point, above 10 one."""
    if predicted.value is None:
        return "", "none"
    interval = predicted.ci95
    value = f"{predicted.value:{sign}.{digits}f}"
    if interval is None:
        return value, "none" if predicted.reason else ""
    low, high = (f"{end:{sign}.{1 if abs(end) >= 10 else 2}f}" for end in interval)
    return value, f"{low} to {high}"


def calibration_in_words(row: CalibrationRow) -> str:
    """Return what a calibration says of gzip and of its own weight, in words."""
    one = row.calibration
    estimate, prediction = one.quality.estimate, one.quality.prediction
    parts = [f"{row.n_laws} of {len(one.sources)} sources have a law{', the default' if row.default else ''}."]
    if prediction is not None:
        parts.append(prediction.verdict)
    interval = "" if estimate is None else f" (95 % {estimate.ci95[0]:.2g} to {estimate.ci95[1]:.2g})"
    weight = f"epsilon = {one.dependence.epsilon:g}{interval}"
    if row.anchored_is_chinchilla:
        parts.append(f"{weight}: gzip did not beat the mean on held-out sources, so anchored is Chinchilla.")
    else:
        parts.append(f"{weight}: the share of the lines' shift in H that anchored follows.")
    return " ".join(parts)
