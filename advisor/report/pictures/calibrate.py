"""Pictures of a calibration: the loss curves of each source, the laws' parameters against H, and N* against H."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.errors import UsageError
from advisor.laws.frontier import log_optimum, ratio_of
from advisor.laws.parameters import LOG_NAMES, LOG_SYMBOLS
from advisor.quantities import format_flops, format_short_quantity
from advisor.report.calibrate import answer
from advisor.report.pictures.files import save_figure
from advisor.report.pictures.style import (
    BLUE,
    GREY,
    ORANGE,
    SHADES,
    VERMILION,
    WIDTH,
    around,
    log_axis,
    new_figure,
    note,
    plain_axis,
    shortened,
    styled,
    ticks_between,
)
from advisor.report.text import plural

if TYPE_CHECKING:
    from calibration.campaign.refit import CalibrationOutcome
    from calibration.lines.regression import HRegression
    from calibration.lines.source_laws import SourceLaw

MOST_SOURCES = 60
_COLUMNS, _PANEL, _LINES = 3, 1.95, 7.4  # panels beside each other; inches of a row of them, and of the lines
# On a slide (16 to 9, and not much wider): rows of sources, columns of them beside the lines and alone; inches.
_ROWS, _BESIDE_LINES, _ALONE = 4, 5, 8
_TILE, _SCALE, _WIDE_LINES, _HIGH = 1.75, 1.4, 6.0, 7.2
_LABELS = dict(zip(LOG_NAMES, ("E, nats/token", *LOG_SYMBOLS[1:]), strict=True))
_BANDS = "Bands: 95 %, dark of the line, light of a further source."


def write_calibration_plots(folder: Path, laws: Sequence[SourceLaw], found: HRegression | None) -> tuple[Path, ...]:
    """Write ``losses.png`` and, where there is a regression, ``parameters.png`` into ``folder``; return their paths.

    Raises:
        MissingExtraError: matplotlib is not installed.
        AdvisorError: a file cannot be written.
    """
    written = []
    with styled():
        if any(law.group.law is not None for law in laws):
            losses = new_figure()
            draw_losses(losses, laws)
            losses.set_size_inches(WIDTH, height_of_losses(laws))
            save_figure(losses, folder / "losses.png")
            written.append(folder / "losses.png")
        if found is not None:
            lines = new_figure((WIDTH, _LINES))
            draw_lines(lines, found)
            save_figure(lines, folder / "parameters.png")
            written.append(folder / "parameters.png")
    return tuple(written)


def draw_calibration(figure: Any, outcome: CalibrationOutcome) -> None:
    """Draw the losses of the sources and, where there are lines in H, these beside them: wide and low, for a slide.

    Raises:
        UsageError: nothing could be fitted yet.
    """
    result = outcome.result
    if result is None or not any(law.group.law is not None for law in result.laws):
        raise UsageError("There is no picture of a calibration without a law: train more of it first.")
    most = _BESIDE_LINES if result.regression is not None else _ALONE
    n = min(sum(law.group.law is not None for law in result.laws), most * _ROWS)
    columns = min(most, math.ceil(math.sqrt(n * (1.0 if result.regression is not None else 1.6))))
    wide = max(4.0, _SCALE + _TILE * columns)
    if result.regression is None:
        wide = max(WIDTH, wide)
        figure.set_size_inches(wide, 1.6 + _TILE * -(-n // columns))
        _set_title(figure, outcome, wide)
        draw_losses(figure, result.laws, columns=columns, most=n)
        return
    figure.set_size_inches(wide + _WIDE_LINES, _HIGH)
    _set_title(figure, outcome, wide + _WIDE_LINES)
    losses, lines = figure.subfigures(1, 2, width_ratios=[wide, _WIDE_LINES])
    draw_losses(losses, result.laws, columns=columns, most=n)
    draw_lines(lines, result.regression)


def _set_title(figure: Any, outcome: CalibrationOutcome, width: float) -> None:
    """Write the first sentences of the screen above a figure that is ``width`` inches wide."""
    lines = [part for sentence in answer(outcome) for part in textwrap.wrap(sentence, round(11 * width))]
    figure.suptitle("\n".join(lines), x=0.01, ha="left", fontsize=11)


def height_of_losses(laws: Sequence[SourceLaw]) -> float:
    """Return the inches that the panels of all sources take."""
    n = min(sum(law.group.law is not None for law in laws), MOST_SOURCES)
    return 1.0 + _PANEL * -(-n // _COLUMNS)


def draw_losses(figure: Any, laws: Sequence[SourceLaw], *, columns: int = _COLUMNS, most: int = MOST_SOURCES) -> None:
    """Draw a panel for each source, in the order of H: losses against tokens, a colour for each size, and the law.

    Panels stand in rows of ``columns``; of more than ``most`` sources the picture says how many it leaves out.
    """
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LogNorm

    fitted = [law for law in laws if law.group.law is not None]
    shown = sorted(fitted[:most], key=lambda law: law.source.compressibility)
    n_rows = -(-len(shown) // columns)
    axes = figure.subplots(n_rows, min(columns, len(shown)), squeeze=False).ravel()
    sizes = [float(n) for law in shown for n in law.group.runs.n_params]
    norm, shades = LogNorm(min(sizes) / 1.01, max(sizes) * 1.01), colormaps[SHADES]
    for axis, law in zip(axes, shown, strict=False):
        _draw_source_losses(axis, law, norm, shades)
    for axis in axes[len(shown) :]:
        axis.set_axis_off()
    bar = figure.colorbar(ScalarMappable(norm, shades), ax=list(axes), aspect=14 * n_rows, pad=0.02)
    at = ticks_between(min(sizes), max(sizes), 5)
    bar.ax.yaxis.set_ticks([], minor=True)
    bar.ax.yaxis.set_ticks(at, [format_short_quantity(n) for n in at])
    bar.set_label("parameters N, non-embedding")
    figure.supylabel("loss, nats/token", fontsize=10)
    bound = " (red: entropy bound of the documents)" if any(law.source.entropy_bound for law in shown) else ""
    more = f". {plural(len(fitted) - len(shown), 'more source')} not drawn" if len(fitted) > len(shown) else ""
    figure.supxlabel(f"tokens D{bound}{more}", fontsize=10)


def _draw_source_losses(axis: Any, law: SourceLaw, norm: Any, shades: Any) -> None:
    import numpy as np

    runs, fitted = law.group.runs, law.group.law
    assert fitted is not None
    tokens = np.geomspace(runs.n_tokens.min(), runs.n_tokens.max(), 60)
    for n in np.unique(runs.n_params):
        own, color = runs.n_params == n, shades(norm(n))
        axis.plot(runs.n_tokens[own], runs.loss[own], ".", ms=4, color=color)
        predicted = fitted.E + fitted.A * n**-fitted.alpha + fitted.B * tokens**-fitted.beta
        axis.plot(tokens, predicted, lw=1.0, color=color)
    if law.source.entropy_bound is not None:
        axis.axhline(law.source.entropy_bound, color=VERMILION, lw=1.0, ls=(0, (4, 2)))
    log_axis(axis, "x", (tokens[0] / 1.2, tokens[-1] * 1.2), most=3)
    plain_axis(axis, "y", 4)
    if not law.accepted:  # where the losses are not: they fall with the tokens
        axis.text(0.98, 0.97, "refused", transform=axis.transAxes, ha="right", va="top", fontsize=9, color=VERMILION)
    axis.set_title(f"{shortened(law.source.name, 16)}, H {law.source.compressibility:.3f}", fontsize=9)
    axis.tick_params(labelsize=8.5)


def draw_lines(figure: Any, found: HRegression) -> None:
    """Draw a panel for each parameter and one for N*: sources, their 95 % intervals, and the line.

    The bands are 95 % intervals over the joint draws: dark of the line, light of a further source.
    """
    import numpy as np

    axes = figure.subplots(3, 2).ravel()
    h = np.array([law.source.compressibility for law in found.laws])
    grid = np.linspace(h.min() - 0.03, h.max() + 0.03, 60)
    for i, (axis, (name, label)) in enumerate(zip(axes, _LABELS.items(), strict=False)):
        _draw_sources(axis, found, [_column(law.parameters, name) for law in found.laws], name)
        lines = found.draws.lines[:, [i]] * grid + found.draws.lines[:, [5 + i]]
        line = found.log.lines[name]
        _draw_line(axis, grid, line.slope * grid + line.intercept, lines, lines + found.draws.scatter[:, [i]])
        axis.set(xlabel="H", ylabel=label)
        plain_axis(axis, "x", 4)
        plain_axis(axis, "y")
        axis.set_title(f"{label.split(',')[0]}: slope {line.slope:.3g}, p = {line.p_value:.2g}", fontsize=9.5)
    _draw_optimum(axes[-1], found, grid)
    note(figure, _BANDS)


def _column(rows: Any, name: str) -> Any:
    import numpy as np

    values = rows[..., LOG_NAMES.index(name)]
    return np.exp(values) if name == "E" else values


def _draw_sources(axis: Any, found: HRegression, values: Sequence[float], name: str) -> None:
    import numpy as np

    for law, value in zip(found.laws, values, strict=True):
        _draw_source(
            axis, law.source.compressibility, float(value), np.quantile(_column(law.drawn, name), [0.025, 0.975])
        )


def _draw_source(axis: Any, h: float, value: float, interval: Any) -> None:
    axis.plot([h, h], interval, color=GREY, lw=1.1, zorder=2)
    axis.plot([h], [value], "o", color=BLUE, ms=4.5, zorder=3)


def _draw_line(axis: Any, grid: Any, line: Any, drawn: Any, scattered: Any) -> None:
    import numpy as np

    for rows, shade in ((scattered, 0.15), (drawn, 0.3)):
        low, high = np.quantile(rows, [0.025, 0.975], axis=0)
        axis.fill_between(grid, low, high, color=ORANGE, alpha=shade, lw=0)
    axis.plot(grid, line, color=ORANGE, lw=1.6)


def _draw_optimum(axis: Any, found: HRegression, grid: Any) -> None:
    """Draw N* of each source at the largest common budget, and that of the law which the lines give at each H."""
    import numpy as np

    flops, optima = found.flops[1], []
    for law in found.laws:
        fitted = law.group.law
        assert fitted is not None
        drawn = [one.frontier(flops).n_params for one in fitted.drawn_laws()]
        optima.append(fitted.frontier(flops).n_params)
        _draw_source(axis, law.source.compressibility, optima[-1], np.quantile(drawn, [0.025, 0.975]))
    slopes, intercepts = found.draws.lines[:, :5, None], found.draws.lines[:, 5:10, None]
    lines = slopes * grid + intercepts
    own = np.array([[found.log.lines[name].at(float(h)) for h in grid] for name in _LABELS])
    _draw_line(
        axis,
        grid,
        np.exp(_log_optimum(own, flops)),
        np.exp(_log_optimum(lines.swapaxes(0, 1), flops)),
        np.exp(_log_optimum((lines + found.draws.scatter[:, :5, None]).swapaxes(0, 1), flops)),
    )
    line = found.log.log_optimum
    # Where the lines hardly make a law the bands run over dozens of decades, and the sources would be a flat line.
    log_axis(axis, "y", around(optima, 2.0), most=5)
    axis.set(xlabel=f"H, at {format_flops(flops)} FLOPs", ylabel="best N, non-embedding")
    plain_axis(axis, "x", 4)
    axis.set_title(f"ln N: slope {line.slope:.3g}, p = {line.p_value:.2g}", fontsize=9.5)


def _log_optimum(parameters: Any, flops: float) -> Any:
    """Return ln N* of (E, ln A, ln B, alpha, beta), axis 0; a draw without a law counts as one at the edge of one."""
    import numpy as np

    _, log_a, log_b, alpha, beta = parameters
    alpha, beta = np.maximum(alpha, 1e-3), np.maximum(beta, 1e-3)
    ratio = ratio_of(log_a, log_b, alpha, beta, np.log)
    return np.clip(log_optimum(ratio, alpha, beta, math.log(flops / 6)), -50.0, 50.0)
