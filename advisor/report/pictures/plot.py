"""``plot``: the picture of any result."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from advisor.errors import UsageError
from advisor.report.pictures.files import check_ending, notebook_png, save_figure
from advisor.report.pictures.style import new_figure, styled


def plot(result: Any, path: str | Path | None = None) -> Any:
    """Return the picture of a result as a matplotlib figure, or, where ``path`` is given, write it there and return it.

    A notebook shows the figure where it is the last line of a cell.

    Args:
        result: what ``score`` (or several of it in a list), ``recommend``, ``compare``, ``repeat_table``, ``fit``,
            ``calibrate`` or ``refit`` returned.
        path: the file to write, a .svg, .pdf or .png.

    Raises:
        MissingExtraError: matplotlib is not installed.
        UsageError: there is no picture of such a result, or the ending of ``path`` names no format.
        AdvisorError: the file cannot be written.
    """
    target = None if path is None else Path(path)
    if target is not None:
        check_ending(target)
    with styled():
        figure = new_figure()
        _draw(figure, result)
    if target is None:
        # A notebook shows figures of pyplot alone, and these are none, so that nothing of the user's plots changes.
        figure._repr_png_ = partial(notebook_png, figure)
        return figure
    save_figure(figure, target)
    return target


def _draw(figure: Any, result: Any) -> None:
    """Draw a result; it is known by the name of its class, as some of them are calibration's, which is not imported."""
    results = list(result) if isinstance(result, Sequence) and not isinstance(result, str) else [result]
    names = {type(each).__name__ for each in results}
    if names and names <= {"Profile", "ProfileRecord", "Mixture"}:
        from advisor.report.pictures.score import draw_profiles

        draw_profiles(figure, results)
    elif len(results) == 1 and (names & set(_OF_ONE)):
        _draw_one(figure, results[0], names.pop())
    else:
        listed = ", ".join(sorted(names)) or "nothing"
        raise UsageError(
            f"There is no picture of {listed}: give what score, recommend, compare, repeat_table, fit, calibrate or "
            "refit returned."
        )


_OF_ONE = ("Recommendation", "Comparison", "RepeatTable", "Analysis", "CalibrationOutcome")


def _draw_one(figure: Any, result: Any, name: str) -> None:
    if name == "Recommendation":
        from advisor.report.pictures.recommend import draw_recommendation

        draw_recommendation(figure, result)
    elif name == "Comparison":
        from advisor.report.pictures.compare import draw_comparison

        draw_comparison(figure, result)
    elif name == "RepeatTable":
        from advisor.report.pictures.repeat import draw_epochs

        draw_epochs(figure, result)
    elif name == "Analysis":
        from advisor.report.pictures.fit import draw_fits

        draw_fits(figure, result.groups)
    else:
        from advisor.report.pictures.calibrate import draw_calibration

        draw_calibration(figure, result)
