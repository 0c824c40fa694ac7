"""Draw the pictures of docs/reproduction.md into docs/reproduction, from what is committed alone.

python docs/make_reproduction_figures.py
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent))  # the checkout, installed or not

import numpy as np
from matplotlib import colormaps
from reproduction_crossings import exponents_cross, laws_on_lines
from reproduction_laws import WrittenLaw
from reproduction_lines import CROSSING_H, FRONTIER_H, budgets
from reproduction_material import GRAMMARS, Material, common_flops, read_material
from reproduction_rules import laws_of
from reproduction_statistics import PARAMETERS, Quantity, interval, log_n_at

from advisor.calibrations.coefficients import Calibration
from advisor.calibrations.laws_in_h import law_at
from advisor.errors import CoefficientsError
from advisor.laws.parameters import LOG_SYMBOLS
from advisor.laws.published import chinchilla
from advisor.laws.scaling_law import ScalingLaw
from advisor.report.pictures.style import new_figure
from calibration.fit.minimum import log_optimum
from calibration.fit.objective import Array
from calibration.lines.records import Row

FOLDER = Path(__file__).parent / "reproduction"
_PAPER = ("A1", "A2", "A3", "A4", "A5", "A6")
_LEVELS = (0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10)


def losses(material: Material) -> Any:
    """Return the losses of the paper's six grammars against tokens, a colour for each size; dashed their entropy."""
    found = {
        law.source.name: (each, law) for each in material.trained for law in each.laws if law.source.name in _PAPER
    }
    published = [row for each in material.published_recipe for row in each.rows]
    figure = new_figure((10.5, 5.6))
    axes = figure.subplots(2, 3).ravel()
    for axis, name in zip(axes, _PAPER, strict=True):
        if name not in found:
            axis.set_axis_off()
            continue
        trained, law = found[name]
        _loss_curves(axis, [row for row in trained.rows if row.data == law.source.data], "o-")
        _loss_curves(axis, [row for row in published if row.data == law.source.data], "x:")
        if law.source.entropy_bound:
            axis.axhline(law.source.entropy_bound, color="C3", lw=0.8, ls="--")
        refused = ", law refused" if law.accepted is None else ""
        axis.set_title(f"{name}, H = {law.h:.3f}{refused}", fontsize=10)
        axis.set(xscale="log")
    axes[-1].legend(title="N", fontsize=7, title_fontsize=7)
    figure.supxlabel(
        "D, tokens (dashed: upper bound of the documents' entropy; crosses: the published recipe)", fontsize=10
    )
    figure.supylabel("loss, nats/token", fontsize=10)
    return figure


def _loss_curves(axis: Any, rows: Sequence[Row], style: str) -> None:
    """Draw the losses of each size, at the tuned rates with a label; a colour is a size, whatever the recipe."""
    for n in sorted({row.n_non_embedding for row in rows}):
        color = colormaps["viridis"](min(max(np.log(n / 1e3) / np.log(1e2), 0.0), 0.95))
        label = f"{n:,}" if style == "o-" else None
        axis.plot(*_means(row for row in rows if row.n_non_embedding == n), style, ms=3, lw=1, color=color, label=label)


def _means(rows: Iterable[Row]) -> tuple[list[float], list[float]]:
    by_tokens: dict[int, list[float]] = {}
    for row in rows:
        by_tokens.setdefault(row.n_tokens, []).append(row.loss)
    return [float(n) for n in sorted(by_tokens)], [sum(by_tokens[n]) / len(by_tokens[n]) for n in sorted(by_tokens)]


def contours(calibration: Calibration) -> Any:
    """Return contours of the loss at a low and a high H of the calibrated range, with frontier and Chinchilla's."""
    ranges = calibration.dependence.ranges
    if ranges.compressibility is None or ranges.n_params is None or ranges.n_tokens is None:
        raise CoefficientsError(f"{calibration.name} does not say what it was calibrated on.")
    low, high = ranges.compressibility
    figure = new_figure((10.5, 4.4))
    n = np.geomspace(ranges.n_params[0] / 3, ranges.n_params[1] * 30, 120)
    d = np.geomspace(ranges.n_tokens[0] / 3, ranges.n_tokens[1] * 30, 120)
    for axis, h in zip(figure.subplots(1, 2), (low + 0.15 * (high - low), high - 0.15 * (high - low)), strict=True):
        law = law_at("gzip", calibration.dependence, chinchilla(), h).law
        loss = law.E + law.A * n[None, :] ** -law.alpha + law.B * d[:, None] ** -law.beta
        drawn = axis.contour(n, d, loss - law.E, levels=_LEVELS, colors="C0", linewidths=0.9)
        axis.clabel(drawn, fontsize=7, fmt="%g", inline_spacing=2)
        _frontier(axis, law, "C3", "frontier")
        _frontier(axis, chinchilla(), "0.3", "Chinchilla's (total N)")
        corner, size = (ranges.n_params[0], ranges.n_tokens[0]), (np.ptp(ranges.n_params), np.ptp(ranges.n_tokens))
        axis.add_patch(_rectangle(corner, size))
        axis.set(xscale="log", yscale="log", xlim=(n[0], n[-1]), ylim=(d[0], d[-1]))
        axis.set(xlabel="N, non-embedding", ylabel="D, tokens")
        axis.set_title(f"loss above E = {law.E:.2f} nats/token, H = {h:.2f}", fontsize=10)
        axis.legend(fontsize=8, loc="lower right")
    return figure


def _rectangle(corner: tuple[float, float], size: tuple[float, float]) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle(corner, *size, color="C0", alpha=0.12, lw=0, label="trained")


def _frontier(axis: Any, law: ScalingLaw, color: str, label: str) -> None:
    points = [law.frontier(c) for c in np.geomspace(1e6, 1e20, 60)]
    axis.plot([p.n_params for p in points], [p.n_tokens for p in points], color=color, lw=1.6, label=label)


def parameters(material: Material) -> Any:
    """Return each parameter of the accepted laws against H, coloured by ledger, with the lines that ship."""
    figure = new_figure((10.5, 5.8))
    axes = figure.subplots(2, 3).ravel()
    for axis, (name, quantity) in zip(axes, PARAMETERS.items(), strict=False):
        _points(axis, material, quantity, lambda one: one.h, sources=material.every_accepted())
        for calibration in material.coefficients.calibrations:
            _lines(axis, calibration, partial(_column, name=name), _color(material, calibration.name))
        axis.set(xlabel="H", ylabel=name)
    axes[-1].set_axis_off()
    axes[-1].legend(*axes[0].get_legend_handles_labels(), fontsize=9, loc="center", title="accepted laws, 95 %")
    return figure


def _column(rows: Array, name: str) -> Array:
    column = rows[..., LOG_SYMBOLS.index(name)]
    return np.exp(column) if name == "E" else np.asarray(column)


def exponents(calibration: Calibration) -> Any:
    """Return alpha and beta as lines in H with their bands, where they cross, and where the paper has them cross."""
    figure = new_figure((7.0, 4.4))
    axis = figure.subplots()
    for name, color in (("alpha", "C0"), ("beta", "C1")):
        _lines(axis, calibration, partial(_column, name=name), color, name, span=(0.1, 0.7))
    found = exponents_cross(calibration.dependence)
    first = [min(each, key=lambda h: abs(h - sum(found.h_range) / 2)) for each in found.drawn if each]
    axis.plot(first, np.full(len(first), -0.6), "|", color="0.4", ms=9, alpha=0.4, label="crossings of the draws")
    axis.axvline(CROSSING_H, color="C3", lw=1, ls="--", label=f"stated crossing, H = {CROSSING_H:g}")
    axis.axvspan(*found.h_range, color="0.9", zorder=0, label="calibrated")
    axis.set(xlabel="H", ylabel="exponent", ylim=(-0.8, 3.2), xlim=(0.1, 0.7))
    axis.set_title(calibration.name, fontsize=10)
    axis.legend(fontsize=8, loc="upper left")
    return figure


def frontiers(calibration: Calibration, sources: Sequence[WrittenLaw]) -> Any:
    """Return N* against H at the largest budget trained and the paper's, beside Chinchilla's; laws where trained."""
    asked, calibrated = budgets(calibration), calibration.dependence.ranges.compressibility or FRONTIER_H
    span = (min(calibrated[0], FRONTIER_H[0]), 0.7)
    figure = new_figure((5.2 * len(asked), 4.4))
    for axis, flops in zip(figure.subplots(1, len(asked), squeeze=False).ravel(), asked, strict=True):
        _lines(axis, calibration, partial(_optimum, flops=flops), "C0", "law gzip, 95 %", span)
        best, ends = chinchilla().frontier(flops), interval(chinchilla(), log_n_at(flops))
        assert ends is not None
        axis.axhspan(*np.exp(ends), color="0.4", alpha=0.3, lw=0)
        axis.axhline(best.n_params, color="0.2", lw=1.2, label="Chinchilla (total N), 95 %")
        axis.axvspan(*FRONTIER_H, color="C3", alpha=0.12, lw=0, label="stated crossing")
        reached = [one for one in sources if one.accepted is not None and _reaches(one.accepted, flops)]
        for one in reached:
            _bar(axis, one.h, one, partial(_n_params, flops=flops), "C1", one is reached[0], "its sources")
        axis.set(xlabel="H", ylabel="N*", yscale="log", xlim=(span[0] - 0.02, span[1]))
        axis.set_ylim(best.n_params / 1e4, best.n_params * 1e4)
        axis.set_title(f"{calibration.name}, {flops:.2g} FLOPs", fontsize=10)
        axis.legend(fontsize=8, loc="upper right")
    return figure


def _reaches(law: ScalingLaw, flops: float) -> bool:
    return law.ranges.flops is not None and law.ranges.flops[1] >= 0.99 * flops


def _n_params(law: ScalingLaw, flops: float) -> float:
    return law.frontier(flops).n_params


def _optimum(rows: Array, flops: float) -> Array:
    """Return N*; where the lines give no law, an exponent counts as one at the edge of one."""
    rows = rows.copy()
    rows[..., 3:] = np.maximum(rows[..., 3:], 1e-3)
    return np.exp(np.clip(log_optimum(rows, flops), -100, 200))


def vocabularies(material: Material) -> Any:
    """Return alpha and N* of the accepted laws of grammars against H and against the size of the vocabulary."""
    laws = laws_of(material.accepted(GRAMMARS))
    flops = common_flops(laws)
    figure = new_figure((9.0, 6.0))
    rows = figure.subplots(2, 2, sharey="row")
    quantities: tuple[tuple[str, Quantity], ...] = (
        ("alpha", PARAMETERS["alpha"]),
        (f"ln N* at {flops:.2g} FLOPs", log_n_at(flops)),
    )
    against: tuple[tuple[str, Callable[[WrittenLaw], float]], ...] = (
        ("H", lambda one: one.h),
        ("V", lambda one: float(one.source.vocab_size)),
    )
    for axes, (label, quantity) in zip(rows, quantities, strict=True):
        for axis, (name, x) in zip(axes, against, strict=True):
            _points(axis, material, quantity, x, sources=material.accepted(GRAMMARS))
            axis.set(xlabel=name, xscale="log" if name == "V" else "linear")
        axes[0].set_ylabel(label)
    rows[0][0].legend(fontsize=8)
    return figure


def _points(
    axis: Any,
    material: Material,
    quantity: Quantity,
    x: Callable[[WrittenLaw], float],
    sources: Sequence[WrittenLaw],
) -> None:
    seen: set[str] = set()
    for one in sources:
        _bar(
            axis, x(one), one, quantity, _color(material, one.calibration), one.calibration not in seen, one.calibration
        )
        seen.add(one.calibration)


def _color(material: Material, calibration: str) -> str:
    """Return the colour of a calibration, the same in every picture."""
    names = sorted({one.calibration for one in material.laws} | {calibration})
    return f"C{names.index(calibration)}"


def _bar(axis: Any, x: float, one: WrittenLaw, quantity: Quantity, color: str, first: bool, label: str) -> None:
    law = one.accepted
    assert law is not None
    axis.plot([x, x], interval(law, quantity), color=color, lw=1, alpha=0.7)
    axis.plot([x], [quantity(law)], "o", color=color, ms=4, label=label if first else None)


def _lines(
    axis: Any,
    calibration: Calibration,
    value: Callable[[Array], Array],
    color: str,
    label: str | None = None,
    span: tuple[float, float] | None = None,
) -> None:
    h = np.linspace(*(span or calibration.dependence.ranges.compressibility or (0.1, 0.7)), 80)
    rows = value(laws_on_lines(calibration.dependence, h))
    low, high = np.quantile(rows[1:], [0.025, 0.975], axis=0)
    axis.fill_between(h, low, high, color=color, alpha=0.2, lw=0)
    axis.plot(h, rows[0], color=color, lw=1.4, label=label)


def main() -> None:
    """Write every picture."""
    material = read_material()
    FOLDER.mkdir(exist_ok=True)
    drawn = {"losses": losses(material), "parameters": parameters(material), "vocabulary": vocabularies(material)}
    for calibration in material.coefficients.calibrations:
        sources = [one for one in material.laws if one.calibration == calibration.name]
        drawn[f"exponents-{calibration.name}"] = exponents(calibration)
        drawn[f"frontier-{calibration.name}"] = frontiers(calibration, sources)
        try:
            drawn[f"contours-{calibration.name}"] = contours(calibration)
        except CoefficientsError as error:  # the lines give no law at one of the two H
            print(f"No contours of {calibration.name}: {error}")
    for name, figure in drawn.items():
        figure.savefig(FOLDER / f"{name}.png", dpi=150)


if __name__ == "__main__":
    main()
