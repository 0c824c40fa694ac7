"""The pictures of a calibration hold what the laws and the regression say."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from advisor.errors import MissingExtraError, RunsError
from advisor.laws.parameters import LOG_NAMES
from advisor.report.calibration_plots import loss_figure, parameter_figure, write_calibration_plots
from calibration.fit.analysis import Settings
from calibration.fit.minimum import FitOptions, log_optimum
from calibration.lines.regression import HRegression, regress_on_h
from calibration.lines.source_laws import SourceLaw, fit_sources
from tests.lines.synthetic_rows import H, calibration_rows


@pytest.fixture(scope="module")
def laws() -> tuple[SourceLaw, ...]:
    sources, rows = calibration_rows(scatter=0.5)
    kept = [row for row in rows if row.source != "g620"]
    return fit_sources(sources, kept, Settings(n_draws=200, options=FitOptions(starts="fast")))


@pytest.fixture(scope="module")
def found(laws: tuple[SourceLaw, ...]) -> HRegression:
    return regress_on_h(laws)


def test_a_panel_for_each_parameter_with_the_line_and_both_bands(laws, found):
    axes = parameter_figure(found).axes
    assert [axis.get_ylabel() for axis in axes] == [
        *("E, nats/token", "ln A", "ln B", "alpha", "beta"),
        "N*, non-embedding parameters",
    ]
    for axis, name in zip(axes, LOG_NAMES, strict=False):
        x, y = axis.lines[-1].get_data()
        assert y == pytest.approx([found.log.lines[name].at(h) for h in x])
        new, line = (band.get_paths()[0].get_extents() for band in axis.collections)
        assert new.y0 < line.y0 < line.y1 < new.y1
    assert axes[3].get_title() == f"alpha: slope {found.log.lines['alpha'].slope:.3g}, " + (
        f"p = {found.log.lines['alpha'].p_value:.2g}"
    )
    points = [line.get_data() for line in axes[5].lines if line.get_marker() == "o"]
    assert [float(x[0]) for x, _ in points] == list(H[:7])
    expected = [math.exp(log_optimum(law.parameters, found.flops[1])) for law in laws[:7]]
    assert [float(y[0]) for _, y in points] == pytest.approx(expected)


def test_a_panel_for_each_source_with_its_runs_and_its_law(laws):
    axes = loss_figure(laws[:7]).axes
    assert [axis.get_title() for axis in axes[:2]] == ["g150, H = 0.150", "g220, H = 0.220"]
    assert not axes[7].axison
    drawn = np.concatenate([line.get_ydata() for line in axes[0].lines if line.get_marker() == "."])
    assert sorted(drawn) == sorted(laws[0].group.runs.loss)
    law, curve = laws[0].group.law, axes[0].lines[1]
    assert law is not None
    assert curve.get_ydata() == pytest.approx([law.loss(5120, d) for d in curve.get_xdata()])


def test_files_are_written(laws, found, tmp_path: Path):
    assert write_calibration_plots(tmp_path, laws, found) == (tmp_path / "losses.png", tmp_path / "parameters.png")
    assert (tmp_path / "losses.png").read_bytes()[:4] == b"\x89PNG"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["losses.png", "parameters.png"]
    only = tmp_path / "only"
    only.mkdir()
    assert write_calibration_plots(only, laws, None) == (only / "losses.png",)
    assert write_calibration_plots(only, laws[7:], None) == ()
    with pytest.raises(RunsError, match=r"losses\.png cannot be written \(No such file or directory\)\.$"):
        write_calibration_plots(tmp_path / "no", laws, None)


def test_without_matplotlib(laws, monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match="needs the package matplotlib"):
        write_calibration_plots(tmp_path, laws, None)
