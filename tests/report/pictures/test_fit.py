"""The picture of a fit has its runs, its law, its IsoFLOP profiles and what it predicts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calibration.fit.analysis import Analysis, Settings, fit
from calibration.fit.minimum import FitOptions
from calibration.fit.reason import Reason
from tests.report.pictures.made import is_whole, picture, points, texts

pytest.importorskip("matplotlib")
TABLES = Path(__file__).parents[2] / "fit"
QUICK = Settings(n_draws=200, options=FitOptions(starts="fast"))


@pytest.fixture(scope="module")
def isoflop() -> Analysis:
    return fit(TABLES / "isoflop56.csv", settings=QUICK)


@pytest.fixture(scope="module")
def axes(isoflop):
    return {axis.get_title(loc="left"): axis for axis in picture(isoflop).axes}


def test_every_panel_is_there(axes):
    assert list(axes) == [
        *("runs and law", "residuals", "fitted loss; optimum in red", "E, 95 % shaded"),
        *("IsoFLOP, 6e18 to 3e21", "optimum, 95 %", ""),
    ]
    assert axes[""].get_ylabel() == "tokens D"


def test_the_runs_and_the_law(isoflop, axes):
    group, axis = isoflop.groups["all"], axes["runs and law"]
    drawn = axis.collections[0]
    assert np.array_equal(drawn.get_offsets(), np.column_stack([group.runs.n_params, group.runs.loss]))
    assert np.array_equal(drawn.get_array(), group.runs.n_tokens)
    tokens = sorted(group.runs.n_tokens)
    for line, d in ((axis.lines[0], tokens[0]), (axis.lines[-1], tokens[-1])):
        assert list(line.get_ydata()) == [group.law.loss(float(n), float(d)) for n in line.get_xdata()]
    residuals = axes["residuals"].collections[0].get_offsets()[:, 1]
    assert sorted(residuals) == pytest.approx(sorted(100 * group.fit.residuals))


def test_each_budget_has_its_profile_and_its_optimum(isoflop, axes):
    found, axis = isoflop.groups["all"].isoflop, axes["IsoFLOP, 6e18 to 3e21"]
    marks = points(axis)
    assert [x for x, _ in marks] == list(found.n_params)
    assert [tuple(line.get_xdata()) for line in axis.lines if line.get_color() == "black"][::2] == list(
        found.n_params_ci95
    )
    runs = [line for line in axis.lines if line.get_marker() == "."]
    assert sum(len(line.get_xdata()) for line in runs) == 56
    for (_, y), curve, line in zip(marks, found.curves, runs, strict=True):
        assert y == pytest.approx(curve.loss.min(), rel=1e-5)  # the optimum is the lowest point of its profile
        near = np.interp(np.log(curve.run_n_params), np.log(curve.n_params), curve.loss)
        assert np.abs(near / line.get_ydata() - 1).max() < 0.03


def test_the_prediction_is_what_the_fit_states(isoflop, axes):
    group, axis = isoflop.groups["all"], axes["optimum, 95 %"]
    assert points(axis) == [(budget.flops, budget.n_params) for budget in group.budgets]
    uprights = [
        tuple(line.get_ydata()) for line in axis.lines if len(set(line.get_xdata())) == 1 and line.get_lw() == 1.6
    ]
    assert uprights == [budget.n_params_ci95 for budget in group.budgets]
    corners = axis.collections[0].get_paths()[0].vertices
    for budget in group.budgets:  # the band has the drift beyond the runs, as the fit has
        at = corners[np.isclose(corners[:, 0], budget.flops, rtol=1e-9), 1]
        assert (at.min(), at.max()) == pytest.approx(budget.n_params_ci95, rel=1e-6)
    assert points(axis, "D") == list(zip(group.isoflop.flops, group.isoflop.n_params, strict=True))


def test_runs_without_budgets_have_the_prediction_alone_and_outliers_are_marked():
    found = fit(TABLES / "outliers48.csv", settings=QUICK)
    figure = picture(found)
    titles = [axis.get_title(loc="left") for axis in figure.axes]
    assert not any(title.startswith("IsoFLOP") for title in titles)
    group, axis = found.groups["all"], figure.axes[titles.index("residuals, 1 beyond (x)")]
    assert len(axis.collections[0].get_offsets()) == 47
    assert (np.abs(group.fit.residuals) > 6 * group.fit.scale).sum() == 1
    assert is_whole(figure)


def test_a_fixed_e_and_a_refused_law_are_said(isoflop):
    group = isoflop.groups["all"]
    bare = replace(group.diagnostics, profile=None)
    figure = picture(replace(isoflop, groups={"a $x$ law": replace(group, diagnostics=bare)}))
    assert "E was held fixed" in texts(figure)
    assert any(text.startswith("56 runs of a $x$ law\nL = ") for text in texts(figure))
    no = Reason(code="few-runs", message="too few.", level="refused")
    refused = replace(group, diagnostics=replace(group.diagnostics, reasons=(no,)))
    said = texts(picture(replace(isoflop, groups={"all": refused})))
    assert any(text.startswith("REFUSED: 56 runs\n") for text in said)


def test_many_groups_are_drawn_as_far_as_a_page_goes_and_the_others_named(isoflop):
    group = isoflop.groups["all"]
    groups = {f"g{i}": group for i in range(10)} | {"few": replace(group, law=None, fit=None)}
    figure = picture(replace(isoflop, groups=groups))
    assert len(figure.subfigs) == 8
    assert figure._supxlabel.get_text() == "No law: few. 2 more groups not drawn: fit them by themselves."


def test_many_runs_are_pixels_in_a_vector_file(isoflop, tmp_path):
    from advisor.report.pictures.plot import plot

    group = isoflop.groups["all"]
    n, repeats = len(group.runs), 60
    tile = lambda values: np.tile(values, repeats)  # noqa: E731
    runs = replace(
        group.runs,
        n_params=tile(group.runs.n_params),
        n_tokens=tile(group.runs.n_tokens),
        loss=tile(group.runs.loss),
        weight=tile(group.runs.weight),
    )
    many = replace(group, runs=runs, fit=replace(group.fit, problem=runs.problem()), isoflop=None)
    assert len(many.fit.residuals) == n * repeats
    plot(replace(isoflop, groups={"all": many}), tmp_path / "many.svg")
    plot(replace(isoflop, groups={"all": replace(group, isoflop=None)}), tmp_path / "few.svg")
    few, large = ((tmp_path / name).stat().st_size for name in ("few.svg", "many.svg"))
    assert large < few + 200_000
    assert b"<image" in (tmp_path / "many.svg").read_bytes()
