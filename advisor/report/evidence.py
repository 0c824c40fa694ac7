"""How the scorecard looks: a table of exponents, one of signs, what each calibration says of itself, the sources."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from advisor.calibrations.default_evidence import DefaultEvidence, PublishedLine
from advisor.calibrations.evidence import SPREAD, ExponentRow, PredictedFigure, Scorecard, SignRow, Verdict
from advisor.calibrations.published_evidence import CODE_TEXT, PAPERS, SIGNS, WEB
from advisor.calibrations.transfer import Transfer
from advisor.quantities import format_flops
from advisor.report.screen import Wanted, print_rows, print_screen
from advisor.report.text import echo, emit, percent, print_labelled, print_table

_POWERS, _LARGEST = 1e4, 1e9
VERDICTS: tuple[Verdict, ...] = ("agree", "disagree", "cannot say")
_DISAGREES = "Disagree"
_RISES = {1: "rises", -1: "falls"}


def show(card: Scorecard, *, full: bool, as_json: bool, out: Path | None) -> None:
    """Print what the default rests on, with ``full`` the scorecard of every calibration too, or the JSON document."""

    def everything() -> None:
        if card.default is not None:
            print_default(card.default)
            echo()
        render(card)

    def print_all() -> None:
        print_screen(
            _answer_of_calibrations(card) if card.default is None else _answer(card.default),
            rows=lambda: _print_counts(card) if card.default is None else _print_first(card.default),
            everything=everything,
            cautions=(),
            asked=Wanted(full=full),
            more=("--full", "--json"),
        )

    emit(card, print_all, as_json=as_json, out=out)


def _answer(evidence: DefaultEvidence) -> list[str]:
    """Return by how much the default misses the optima of the six corpora, and how published figures stand to it."""
    nothing, default = (evidence.predictors[i].at[-1] for i in (0, -1))
    verdicts = Counter(one.verdict for one in evidence.published)
    return [
        f"At {format_flops(default.flops)} FLOPs the default law, data, misses the best N of six corpora by "
        f"{_missed(default.error_ln_n)}, and to answer web text's misses it by {_missed(nothing.error_ln_n)}.",
        f"Of {len(evidence.published)} published figures {verdicts['agree']} agree with it, {verdicts['disagree']} "
        f"disagree, {verdicts['cannot say']} cannot say.",
    ]


def _missed(error_ln_n: float) -> str:
    return percent(math.expm1(error_ln_n))


def _print_first(evidence: DefaultEvidence) -> None:
    _print_predictors(evidence)
    of = {verdict: [one for one in evidence.published if one.verdict == verdict] for verdict in VERDICTS}
    disagree = [
        (_DISAGREES if not i else "", f"{one.paper}: {one.says}; here {one.default}")
        for i, one in enumerate(of["disagree"])
    ]
    rows = [("Agree", _papers(of["agree"])), *disagree, ("Unclear", _papers(of["cannot say"]))]
    print_rows([(label, text) for label, text in rows if text])


def _papers(lines: Sequence[PublishedLine]) -> str:
    return ", ".join(dict.fromkeys(one.paper for one in lines))


def _answer_of_calibrations(card: Scorecard) -> list[str]:
    """Return how the published figures stand to what the calibrations predict."""
    if not card.calibrations:
        return ["No calibration is there, so 0 published figures can be set beside one."]
    verdicts = Counter(row.verdict for row in _of_calibrations(card))
    total, names = sum(verdicts.values()), [row.calibration.name for row in card.calibrations]
    return [
        f"Of {total} published figures beside what {', '.join(names)} predict, {verdicts['agree']} agree, "
        f"{verdicts['disagree']} disagree, {verdicts['cannot say']} cannot say."
    ]


def _of_calibrations(card: Scorecard) -> list[ExponentRow | SignRow]:
    rows: list[ExponentRow | SignRow] = [*card.exponents, *card.signs]
    return [row for row in rows if row.calibration is not None]


def _print_counts(card: Scorecard) -> None:
    """Print how often each calibration agrees."""
    rows = []
    for row in card.calibrations:
        found = Counter(one.verdict for one in _of_calibrations(card) if one.calibration == row.calibration.name)
        rows.append((row.calibration.name, *(str(found[verdict]) for verdict in VERDICTS)))
    if rows:
        print_table(("calibration", *VERDICTS), rows)


def print_default(evidence: DefaultEvidence) -> None:
    """Print what the default law rests on, and published figures beside it."""
    echo("What the law data, the default, rests on", "bold")
    _print_predictors(evidence)
    echo("Published figures, and here")
    print_labelled([(one.verdict, f"{one.paper}: {one.says}; {one.default}") for one in evidence.published], "")
    echo("Dense models of English and code. --full has every calibration beside what was published.", "dim")


def _print_predictors(evidence: DefaultEvidence) -> None:
    budgets = [format_flops(one.flops) for one in evidence.predictors[0].at]
    rows = [
        [row.predictor, *(f"{one.error_ln_n:.3f}  {100 * one.wasted:.2f} %" for one in row.at)]
        for row in evidence.predictors
    ]
    print_table(["N* of six corpora by", *budgets], rows)
    echo(
        "Error of ln N* (rms) and FLOPs lost to it, each corpus against the web ones; the four web corpora are alike. "
        "The rule's constants were chosen on these six.",
        "dim",
    )


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
        print_labelled([(row.calibration.name, row.in_words) for row in card.calibrations], "")
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
    budgets = ", ".join(f"{format_flops(one.flops)} ({one.paper})" for one in SIGNS if one.flops is not None)
    return (
        "none under 95 %: H is not known, there is no law at that H, too many draws give none there, fewer than 30 "
        "draws are given, or the prediction lies outside of its draws; --json has the reason and the count. *: H lies "
        "outside the calibrated range of H. Slopes are per unit of H, ln N* at "
        f"{budgets} FLOPs."
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


def print_transfers(transfers: Sequence[Transfer]) -> None:
    """Print by which factor N* is missed: by the line, by the mean, and by both where the level is known."""
    rows = []
    for line, tried in groupby(transfers, key=lambda one: f"{one.fitted_on} ({one.n_fitted})"):
        rows.append([f"{line}:", "", "", "", ""])
        rows += [
            [
                f"  {one.tested_on} ({one.n_tested})",
                _factor(one.error_ln_n),
                _factor(one.error_of_mean),
                _factor(one.centred_error_ln_n),
                _factor(one.centred_error_of_mean),
            ]
            for one in tried
        ]
    header = ["line in H of: tried on", "N* off by", "its mean", "centred", "mean"]
    print_table(header, rows, title="From one calibration to another")
    echo("Centred: line and mean shifted to the level of the sources tried on: only differences between them count.")


def _factor(error: float) -> str:
    """Return what an error of ln N* is as a factor; beyond a thousand its digits say nothing."""
    return f"{math.exp(error):.2f}x" if error < math.log(1000) else ">1000x"
