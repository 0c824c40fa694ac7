"""How a fit of R_D* and R_N* over a given law looks: in a sentence and a table, or as JSON."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING

from advisor.caution import Caution
from advisor.json_fields import json_text
from advisor.quantities import plural
from advisor.report import terminal
from advisor.report.screen import FIRST_SCREEN, Wanted, print_rows, print_screen
from advisor.report.text import counted, echo, percent, print_table, spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from calibration.fit.decay.decay_fit import DecayFit
    from calibration.fit.reason import Reason
    from calibration.fit.repeated import Constant


def show(fit: DecayFit, *, asked: Wanted = FIRST_SCREEN, as_json: bool) -> None:
    """Print what repeated tokens are worth by these runs, or the JSON document, its reasons on stderr."""
    if as_json:
        terminal.document(json_text(fit.to_dict()))
        for reason in fit.reasons:
            terminal.note(f"{_level(reason)}: {reason.message} [{reason.code}]")
        return
    print_screen(
        _answer(fit),
        rows=lambda: _print_numbers(fit),
        everything=lambda: _print_numbers(fit),
        cautions=[Caution(code=each.code, message=_said(each)) for each in _ordered(fit.reasons)],
        asked=asked,
        more=("--cautions", "--json"),
    )
    sys.stdout.flush()


def _level(reason: Reason) -> str:
    return "Refused" if reason.level == "refused" else "Caution"


def _said(reason: Reason) -> str:
    """Return a reason as a sentence that says whether it refuses the constants."""
    refused = "refused: " if reason.level == "refused" else ""
    said = f"{refused}{reason.message}"
    return said[0].upper() + said[1:]


def _ordered(reasons: Sequence[Reason]) -> list[Reason]:
    return sorted(reasons, key=lambda each: each.level != "refused")


def _answer(fit: DecayFit) -> list[str]:
    """Return how fast repeated tokens lose their worth, and of which runs that is."""
    sizes = plural(fit.n_sizes, "size")
    runs = f"{fit.n_runs} runs of {sizes}, {fit.n_repeated_runs} of which repeat data, up to {fit.max_epochs:.3g} times"
    value, interval = _cells(fit.r_d)
    if not interval:
        return [f"These {fit.n_runs} runs do not show how fast repeated data wear out.", f"{runs}; {fit.verdict}."]
    said = f"Repeated tokens lose their worth with R_D* = {value} epochs (95 % {interval})"
    return [f"{said}: after so many one more is worth 1/e of a new one.", f"{runs}; verdict: {fit.verdict}."]


def _print_numbers(fit: DecayFit) -> None:
    rows = [("R_D*", *_cells(fit.r_d)), ("R_N*", *_cells(fit.r_n))]
    if math.isfinite(fit.level):
        rows.append(("Losses over the law's", _four(fit.level), spread(fit.level_ci95, _four)))
        rows.append(("Residual scale", percent(fit.residual_scale), ""))
    print_table(("", "value", "95 %"), rows)
    echo("R_D*: in so many epochs what one more repeated token is worth falls to 1/e; R_N*: parameters, alike.", "dim")
    for name, each in (("R_D*", fit.r_d), ("R_N*", fit.r_n)):
        if each.why_not is not None:
            echo(f"{name} is not identified: {each.why_not}.")
    if fit.decay is not None and fit.held is not None:
        echo(f"R_N* = {fit.held.value:.4g} is held: {fit.held.source}.", "dim")
    print_rows(
        [("Law", f"{fit.law.name}: {fit.law.source}; N: {counted(fit.count)}; with another law they are others")]
    )


def _cells(constant: Constant) -> tuple[str, str]:
    if constant.value is None or constant.ci95 is None:
        return "-", ""
    return _four(constant.value), spread(constant.ci95, _four)


def _four(value: float) -> str:
    return f"{value:.4g}"
