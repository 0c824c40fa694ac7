"""How the scorecard looks: a table of exponents, one of signs, what each calibration says of itself, the sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from advisor.calibrations.evidence import SPREAD, CalibrationRow, ExponentRow, PredictedFigure, Scorecard, SignRow
from advisor.calibrations.published_evidence import CODE_TEXT, PAPERS, SIGNS, WEB
from advisor.report.text import echo, emit, print_labelled, print_table
from advisor.report.transfer import print_transfers

_POWERS, _LARGEST = 1e4, 1e9
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
                "h_inside": row.h_inside,
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
        "that of the slope holds 0, or there is none.",
        "dim",
    )
    if card.calibrations:
        echo(_legend(), "dim")


def _legend() -> str:
    """Return what the marks and figures of the tables of calibrations mean."""
    budgets = ", ".join(f"{_powers(one.flops)} ({one.paper})" for one in SIGNS if one.flops is not None)
    return (
        "none under 95 %: H is not known, there is no law at that H, too many draws give none there, fewer than 30 "
        "draws are given, or the prediction lies outside of its draws; --json has the reason and the count. *: H lies "
        "outside the calibrated range of H. Slopes are per unit of H, ln N* at "
        f"{budgets} FLOPs."
    )


def _powers(flops: float) -> str:
    return f"{flops:.2g}".replace("e+", "e")


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
    # A space where others have the mark, so that the points stay in line.
    h = "?" if one.kind is None else f"{one.kind.h:.2f}{'*' if row.h_inside is False else ' '}"
    return (one.corpus, h, f"{one.exponent_a:.3f}", row.law, *_figures(row.predicted, "", 3), row.verdict)


def _sign_cells(row: SignRow) -> tuple[str, ...]:
    one = row.published
    moves = _RISES[one.sign] if one.comparable else "H unknown"
    return (f"{one.quantity} ({one.paper})", moves, row.law, *_figures(row.predicted, "+", 2), row.verdict)


def _figures(predicted: PredictedFigure, sign: str, digits: int) -> tuple[str, str]:
    """Return a figure and its interval, whose ends have two digits after the point, above 10 one."""
    if predicted.value is None:
        return "", "none"
    value = _figure(predicted.value, sign, digits)
    if predicted.ci95 is None:
        return value, "none"
    low, high = (_figure(end, sign, 1 if abs(end) >= 10 else 2) for end in predicted.ci95)
    return value, f"{low} to {high}"


def _figure(value: float, sign: str, digits: int) -> str:
    """Return a number that leaves a table its width, however large it is."""
    if abs(value) < _POWERS:
        return f"{value:{sign}.{digits}f}"
    if abs(value) < _LARGEST:
        return f"{value:{sign}.0e}"
    return f"<-{_LARGEST:.0e}" if value < 0 else f">{_LARGEST:.0e}"


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
