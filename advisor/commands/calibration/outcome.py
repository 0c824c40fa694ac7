"""What becomes of what a calibration found: it is printed, drawn and installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from advisor.commands.fail_on import Coded
from advisor.commands.options import draw
from advisor.data_files import folder_made
from advisor.errors import EXTRAS, CoefficientsError, install_command
from advisor.report import terminal

if TYPE_CHECKING:
    from advisor.report.screen import Wanted
    from calibration.campaign.refit import CalibrationOutcome
    from calibration.lines.document import Calibrated


def show(
    outcome: CalibrationOutcome,
    folder: Path,
    shown: Wanted,
    *,
    install: str | None,
    force: bool,
    plot: Path | None,
    as_json: bool,
) -> Sequence[Coded]:
    """Print what was found, draw and install it; return the reasons of the laws.

    Without coefficients where there should be some, exit with 1.
    """
    from advisor.report import calibrate as report

    result, failures = outcome.result, outcome.trained.failures
    if result is None:
        report.show_left(outcome, folder, as_json=as_json)
    else:
        report.show_result(outcome, _drawn(result, folder), asked=shown, as_json=as_json)
        if install is not None:
            _install(result, folder, install, force=force)
    if result is not None and any(law.group.law is not None for law in result.laws):
        draw(outcome, plot)
    elif plot is not None:
        terminal.note(f"There is no law yet, so nothing is drawn into {plot}.")
    if failures or (result is not None and result.document is None and not outcome.laws_only):
        click.get_current_context().exit(1)
    return outcome.reasons


def _drawn(result: Calibrated, folder: Path) -> list[Path]:
    """Return the figures that were drawn: none without matplotlib, and then it is said how to have them."""
    if importlib.util.find_spec("matplotlib") is None:
        terminal.note(f"Pictures need matplotlib, which is not installed: {install_command(*EXTRAS['plot'])}")
        return []
    from advisor.report.pictures.calibrate import write_calibration_plots

    figures = folder / "figures"
    with folder_made(figures):
        return list(write_calibration_plots(figures, result.laws, result.regression))


def _install(result: Calibrated, folder: Path, name: str, *, force: bool) -> None:
    from advisor.calibrations.installed import install

    if result.document is None:
        raise CoefficientsError(f"Nothing is installed as {name}: there are no coefficients.")
    where = install(name, folder / "fitted_coefficients.json", force=force)
    terminal.note(f"Installed as {name}: {where}")
