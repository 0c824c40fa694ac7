"""The pictures of a calibration hold what the laws and the regression say."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from advisor.errors import AdvisorError, MissingExtraError, UsageError
from advisor.laws.parameters import LOG_NAMES
from advisor.report.pictures.calibrate import draw_lines, draw_losses, write_calibration_plots
from advisor.report.pictures.plot import plot
from advisor.report.pictures.style import new_figure, styled
from calibration.campaign.refit import CalibrationOutcome
from calibration.fit.analysis import Settings
from calibration.fit.minimum import FitOptions, log_optimum
from calibration.fit.reason import Reason
from calibration.lines.document import Calibrated
from calibration.lines.regression import HRegression, regress_on_h
from calibration.lines.source_laws import SourceLaw, fit_sources
from tests.lines.synthetic_rows import H, calibration_rows
from tests.report.pictures.made import is_whole


@pytest.fixture(scope="module")
def laws() -> tuple[SourceLaw, ...]:
    sources, rows = calibration_rows(scatter=0.5)
    kept = [row for row in rows if row.source != "g620"]
    return fit_sources(sources, kept, Settings(n_draws=200, options=FitOptions(starts="fast")))


@pytest.fixture(scope="module")
def found(laws: tuple[SourceLaw, ...]) -> HRegression:
    return regress_on_h(laws)


def drawn(draw, of):
    with styled():
        figure = new_figure()
        draw(figure, of)
    return figure


def test_a_panel_for_each_parameter_with_the_line_and_both_bands(laws, found):
    axes = drawn(draw_lines, found).axes
    assert [axis.get_ylabel() for axis in axes] == [
        *("E, nats/token", "ln A", "ln B", "alpha", "beta"),
        "best N, non-embedding",
    ]
    for axis, name in zip(axes, LOG_NAMES, strict=False):
        x, y = axis.lines[-1].get_data()
        assert y == pytest.approx([found.log.lines[name].at(h) for h in x])
        new, line = (band.get_paths()[0].get_extents() for band in axis.collections)
        assert new.y0 < line.y0 < line.y1 < new.y1
    assert axes[3].get_title(loc="left") == f"alpha: slope {found.log.lines['alpha'].slope:.3g}, " + (
        f"p = {found.log.lines['alpha'].p_value:.2g}"
    )
    points = [line.get_data() for line in axes[5].lines if line.get_marker() == "o"]
    assert [float(x[0]) for x, _ in points] == list(H[:7])
    expected = [math.exp(log_optimum(law.parameters, found.flops[1])) for law in laws[:7]]
    assert [float(y[0]) for _, y in points] == pytest.approx(expected)


def test_a_panel_for_each_source_with_its_runs_and_its_law(laws):
    figure = drawn(draw_losses, laws[:7])
    axes = figure.axes
    assert [axis.get_title(loc="left") for axis in axes[:2]] == ["g150, H 0.150", "g220, H 0.220"]
    assert not axes[7].axison
    runs = np.concatenate([line.get_ydata() for line in axes[0].lines if line.get_marker() == "."])
    assert sorted(runs) == sorted(laws[0].group.runs.loss)
    law, curve = laws[0].group.law, axes[0].lines[1]
    assert law is not None
    assert curve.get_ydata() == pytest.approx([law.loss(5120, d) for d in curve.get_xdata()])
    assert figure._supxlabel.get_text().startswith("tokens D")
    assert axes[-1].get_ylabel() == "parameters N, non-embedding"


def test_more_sources_than_a_page_holds_are_counted(laws):
    figure = drawn(draw_losses, laws[:7] * 9)
    assert figure._supxlabel.get_text().endswith(". 3 more sources not drawn")


def test_files_are_written(laws, found, tmp_path: Path):
    assert write_calibration_plots(tmp_path, laws, found) == (tmp_path / "losses.png", tmp_path / "parameters.png")
    assert (tmp_path / "losses.png").read_bytes()[:4] == b"\x89PNG"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["losses.png", "parameters.png"]
    only = tmp_path / "only"
    only.mkdir()
    assert write_calibration_plots(only, laws, None) == (only / "losses.png",)
    assert write_calibration_plots(only, laws[7:], None) == ()
    with pytest.raises(
        AdvisorError, match=r"^Cannot write .*losses\.png: No such file or directory; name a file in a "
    ):
        write_calibration_plots(tmp_path / "no", laws, None)


def test_without_matplotlib(laws, monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match="needs the package matplotlib"):
        write_calibration_plots(tmp_path, laws, None)


def test_the_whole_calibration_is_one_picture(laws, found, tmp_path: Path):
    result = Calibrated(about=None, laws=laws, regression=found)  # type: ignore[arg-type]
    whole = CalibrationOutcome(result=result, laws_only=False)
    figure = plot(whole)
    assert len(panels(figure.subfigs[0])) == 7
    assert len(figure.axes) == 9 + 1 + 6  # seven sources in rows of three, their scale, the lines
    assert (
        figure.get_suptitle().splitlines()[0]
        == "7 of 8 sources have a law that is accepted (7 ok, 0 caution, 1 refused)."
    )
    assert is_whole(figure)
    alone = CalibrationOutcome(result=replace(result, regression=None), laws_only=True)
    assert plot(alone, tmp_path / "a.pdf") == tmp_path / "a.pdf"
    nothing = CalibrationOutcome(result=replace(result, laws=laws[7:], regression=None), laws_only=True)
    for outcome in (nothing, CalibrationOutcome(laws_only=True)):
        with pytest.raises(UsageError, match=r"^There is no picture of a calibration without a law: train more of it"):
            plot(outcome)


def panels(figure):
    return [axis for axis in figure.axes if axis.axison and axis.get_title(loc="left")]


@pytest.mark.parametrize(
    ("n", "columns", "shown"), [(1, 1, 1), (2, 2, 2), (5, 3, 5), (13, 4, 13), (20, 5, 20), (47, 5, 20)]
)
def test_the_picture_is_one_for_a_slide_however_many_sources_there_are(laws, found, n, columns, shown):
    many = [
        replace(law, source=replace(law.source, name=f"a-source-of-a-long-name-{i}"))
        for i, law in enumerate((laws[:7] * 7)[:n])
    ]
    result = Calibrated(about=None, laws=tuple(many), regression=found)  # type: ignore[arg-type]
    figure = plot(CalibrationOutcome(result=result, laws_only=False))
    width, height = figure.get_size_inches()
    assert 1.2 < width / height < 2.3
    assert height < 7.5
    losses = figure.subfigs[0]
    assert losses.axes[0].get_subplotspec().get_gridspec().ncols == columns
    assert len(panels(losses)) == shown
    left_out = f". {n - shown} more sources not drawn"
    assert losses._supxlabel.get_text().endswith(left_out) == (n > shown)
    assert is_whole(figure)
    alone = plot(CalibrationOutcome(result=replace(result, regression=None), laws_only=True))
    assert len(panels(alone)) == min(n, 32)
    assert alone.get_size_inches()[0] / alone.get_size_inches()[1] > 1.2
    assert is_whole(alone)


def test_a_refused_law_says_so_in_its_panel(laws):
    refused = replace(
        laws[0],
        group=replace(
            laws[0].group,
            diagnostics=replace(
                laws[0].group.diagnostics, reasons=(Reason(code="few", message="few", level="refused"),)
            ),
        ),
    )
    axes = drawn(draw_losses, [refused, laws[1]]).axes
    assert [[text.get_text() for text in axis.texts] for axis in axes[:2]] == [["refused"], []]


def test_the_axis_of_the_best_sizes_is_that_of_the_sources_and_panels_are_in_the_order_of_h(laws, found):
    axis = drawn(draw_lines, found).axes[5]
    optima = [float(line.get_ydata()[0]) for line in axis.lines if line.get_marker() == "o"]
    low, high = axis.get_ylim()
    assert (low, high) == pytest.approx((min(optima) / 2, max(optima) * 2))
    panels = drawn(draw_losses, laws[:7][::-1]).axes[:2]
    assert [each.get_title(loc="left") for each in panels] == ["g150, H 0.150", "g220, H 0.220"]
