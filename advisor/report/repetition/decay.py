"""How a fit of R_D* and R_N* over a given law looks: the JSON document, or a table; reasons go to stderr."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING

from advisor.json_fields import SCHEMA_VERSION, json_text
from advisor.json_form import as_json as form_of
from advisor.report import terminal
from advisor.report.text import counted, echo, percent, print_table, spread

if TYPE_CHECKING:
    from calibration.fit.decay.decay_fit import DecayFit
    from calibration.fit.repeated import Constant


def show(fit: DecayFit, *, as_json: bool) -> None:
    """Print the constants on stdout, the reasons against them on stderr."""
    if as_json:
        table = {} if fit.reading is None else fit.reading.document
        document = {"schema_version": SCHEMA_VERSION, **table, "laws": {}, "regression": None, "no_regression": None}
        terminal.document(json_text(form_of({**document, "repetition": fit})))
    else:
        _render(fit)
        sys.stdout.flush()
    for reason in fit.reasons:
        level = "Refused" if reason.level == "refused" else "Caution"
        terminal.note(f"{level}: {reason.message} [{reason.code}]")


def _render(fit: DecayFit) -> None:
    echo(f"{fit.law.name}: {fit.law.source}", "bold")
    sizes = "1 size" if fit.n_sizes == 1 else f"{fit.n_sizes} sizes"
    repeated = f"{fit.n_repeated_runs} of which repeat data, up to {fit.max_epochs:.3g} times"
    echo(f"{fit.n_runs} runs of {sizes}, {repeated}; N: {counted(fit.count)}", "dim")
    echo()
    rows = [("R_D*", *_cells(fit.r_d)), ("R_N*", *_cells(fit.r_n))]
    if math.isfinite(fit.level):
        rows.append(("Losses over the law's", _four(fit.level), spread(fit.level_ci95, _four)))
        rows.append(("Residual scale", percent(fit.residual_scale), ""))
    print_table(("", "value", "95 % interval"), rows)
    echo("R_D*: in so many epochs what one more repeated token is worth falls to 1/e; R_N*: parameters, alike.", "dim")
    for name, each in (("R_D*", fit.r_d), ("R_N*", fit.r_n)):
        if each.why_not is not None:
            echo(f"{name} is not identified: {each.why_not}.")
    if fit.decay is not None and fit.held is not None:
        echo(f"R_N* = {fit.held.value:.4g} is held: {fit.held.source}.", "dim")
    echo("The law's shape is taken as given: with another, R_D* and R_N* are others.", "dim")
    echo(f"Verdict: {fit.verdict}", "bold")


def _cells(constant: Constant) -> tuple[str, str]:
    if constant.value is None or constant.ci95 is None:
        return "-", ""
    return _four(constant.value), spread(constant.ci95, _four)


def _four(value: float) -> str:
    return f"{value:.4g}"
