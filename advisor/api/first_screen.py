"""The first screen of a result as text: what its command prints, nothing of it on the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from advisor.report import terminal

if TYPE_CHECKING:
    from advisor.results.result import Result


def first_screen(result: Result) -> str:
    """Return the lines that the command prints of ``result``, with the cautions that go to stderr in their place."""
    with terminal.captured() as lines:
        if not _shown_of_answer(result) and not _shown_of_measurement(result):
            _show_of_calibration(result)
    return "\n".join(lines).strip("\n")


def _shown_of_answer(result: Result) -> bool:
    """Print what a budget is asked of; return whether it is that."""
    from advisor.answer.comparison import Comparison
    from advisor.answer.recommendation import Recommendation
    from advisor.answer.repetition.repeat_table import RepeatTable
    from advisor.answer.table import AllocationTable
    from advisor.report import compare, table
    from advisor.report.recommendation import show as recommend
    from advisor.report.repetition import repeat

    match result:
        case Recommendation():
            asked = recommend.Sections(advice=result.request.advice)
            recommend.show(result, sections=asked, as_json=False, out=None)
        case Comparison():
            compare.show(result, full=False, cautions=False, as_json=False, out=None)
        case RepeatTable():
            repeat.show(result, all_advice=False, as_json=False, out=None)
        case AllocationTable():
            table.show(result, as_json=False, out=None)
        case _:
            return False
    return True


def _shown_of_measurement(result: Result) -> bool:
    """Print a profile, a pilot, or a list; return whether it is that."""
    from advisor.calibrations.evidence import Scorecard
    from advisor.calibrations.law_list import LawList
    from advisor.compressibility.score import Profile
    from advisor.pilot.pilot import Pilot
    from advisor.pilot.pilot_file import PilotResult
    from advisor.report import evidence, laws, pilot, score

    match result:
        case Profile():
            score.show([result], as_json=False, out=None)
        case Pilot():
            pilot.show(result, as_json=False, out=None)
        case PilotResult():
            pilot.show_result(result, as_json=False, out=None)
        case LawList():
            laws.show(result, as_json=False, out=None)
        case Scorecard():
            evidence.show(result, full=False, as_json=False, out=None)
        case _:
            return False
    return True


def _show_of_calibration(result: Result) -> None:
    """Print a fit or a calibration, which only those who trained or fitted have loaded."""
    from advisor.report import calibrate, fit
    from advisor.report.repetition import decay
    from calibration.campaign.refit import CalibrationOutcome
    from calibration.fit.analysis import Analysis
    from calibration.fit.decay.decay_fit import DecayFit

    match result:
        case Analysis():
            fit.show(result.to_dict(), as_json=False)
        case DecayFit():
            decay.show(result, as_json=False)
        case CalibrationOutcome(planned=True, opened=opened) if opened is not None:
            calibrate.show_plan(opened, result.trained.left, None, as_json=False)
        case CalibrationOutcome(result=None):
            calibrate.show_left(result, Path("FOLDER"), as_json=False)
        case CalibrationOutcome():
            calibrate.show_result(result, (), as_json=False)
        case _:
            raise TypeError(f"{type(result).__name__} has no screen.")
