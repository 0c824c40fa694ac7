"""Pictures of a calibration: the laws' parameters against H, N* against H, and the loss curves of each source."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.laws.frontier import log_optimum, ratio_of
from advisor.laws.parameters import LOG_NAMES, LOG_SYMBOLS
from advisor.report.plots import new_figure, save_figure

if TYPE_CHECKING:
    from calibration.lines.regression import HRegression
    from calibration.lines.source_laws import SourceLaw

_LABELS = dict(zip(LOG_NAMES, ("E, nats/token", *LOG_SYMBOLS[1:]), strict=True))


def write_calibration_plots(folder: Path, laws: Sequence[SourceLaw], found: HRegression | None) -> tuple[Path, ...]:
    """Write ``losses.png`` and, where there is a regression, ``parameters.png`` into ``folder``; return their paths.

    Raises:
        MissingExtraError: matplotlib is not installed.
        RunsError: a file cannot be written.
    """
    fitted = [law for law in laws if law.group.law is not None]
    written = []
    if fitted:
        save_figure(loss_figure(fitted), folder / "losses.png")
        written.append(folder / "losses.png")
    if found is not None:
        save_figure(parameter_figure(found), folder / "parameters.png")
        written.append(folder / "parameters.png")
    return tuple(written)


def parameter_figure(found: HRegression) -> Any:
    """Return a figure with a panel for each parameter and one for N*: sources, their 95 % intervals, and the line.

    The bands are 95 % intervals over the joint draws: dark of the line, light of a further source.
    """
    import numpy as np

    figure = new_figure((13.0, 7.6))
    axes = figure.subplots(2, 3).ravel()
    h = np.array([law.source.compressibility for law in found.laws])
    grid = np.linspace(h.min() - 0.03, h.max() + 0.03, 60)
    for i, (axis, (name, label)) in enumerate(zip(axes, _LABELS.items(), strict=False)):
        _draw_sources(axis, found, [_column(law.parameters, name) for law in found.laws], name)
        lines = found.draws.lines[:, [i]] * grid + found.draws.lines[:, [5 + i]]
        line = found.log.lines[name]
        _draw_line(axis, grid, line.slope * grid + line.intercept, lines, lines + found.draws.scatter[:, [i]])
        axis.set(xlabel="H", ylabel=label)
        axis.set_title(f"{label.split(',')[0]}: slope {line.slope:.3g}, p = {line.p_value:.2g}", fontsize=10)
    _draw_optimum(axes[-1], found, grid)
    return figure


def loss_figure(laws: Sequence[SourceLaw]) -> Any:
    """Return a figure with a panel for each source: losses against tokens, a colour for each size, and the law."""
    import numpy as np
    from matplotlib import colormaps
    from matplotlib.ticker import NullFormatter

    n_columns = min(4, len(laws))
    n_rows = -(-len(laws) // n_columns)
    figure = new_figure((3.6 * n_columns, 3.1 * n_rows))
    axes = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    for axis, law in zip(axes, laws, strict=False):
        runs, fitted = law.group.runs, law.group.law
        assert fitted is not None
        sizes = np.unique(runs.n_params)
        tokens = np.geomspace(runs.n_tokens.min(), runs.n_tokens.max(), 60)
        for k, n in enumerate(sizes):
            color = colormaps["viridis"](k / max(len(sizes) - 1, 1) * 0.9)
            own = runs.n_params == n
            axis.plot(runs.n_tokens[own], runs.loss[own], ".", ms=4, color=color)
            predicted = fitted.E + fitted.A * n**-fitted.alpha + fitted.B * tokens**-fitted.beta
            axis.plot(tokens, predicted, lw=1.0, color=color, label=f"{n:.3g}")
        if law.source.entropy_bound is not None:
            axis.axhline(law.source.entropy_bound, color="C3", lw=0.8, ls="--")
        axis.set(xscale="log", yscale="log")
        axis.xaxis.set_minor_formatter(NullFormatter())  # over less than two decades they would lie on each other
        axis.yaxis.set_major_formatter("{x:g}")
        axis.yaxis.set_minor_formatter("{x:g}")
        axis.tick_params(axis="y", which="both", labelsize=8)
        refused = "" if law.accepted else " REFUSED"
        axis.set_title(f"{law.source.name}, H = {law.source.compressibility:.3f}{refused}", fontsize=10)
    for axis in axes[len(laws) :]:
        axis.set_axis_off()
    axes[0].legend(title="N", fontsize=7, title_fontsize=7, loc="upper right")
    figure.supxlabel("D, tokens (dashed: entropy bound of the documents)", fontsize=10)
    figure.supylabel("loss, nats/token", fontsize=10)
    return figure


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
    axis.plot([h, h], interval, color="0.4", lw=1.0, zorder=2)
    axis.plot([h], [value], "o", color="C0", ms=4, zorder=3)


def _draw_line(axis: Any, grid: Any, line: Any, drawn: Any, scattered: Any) -> None:
    import numpy as np

    for rows, shade in ((scattered, 0.12), (drawn, 0.25)):
        low, high = np.quantile(rows, [0.025, 0.975], axis=0)
        axis.fill_between(grid, low, high, color="C1", alpha=shade, lw=0)
    axis.plot(grid, line, color="C1", lw=1.4)


def _draw_optimum(axis: Any, found: HRegression, grid: Any) -> None:
    """Draw N* of each source at the largest common budget, and that of the law which the lines give at each H."""
    import numpy as np

    flops = found.flops[1]
    for law in found.laws:
        fitted = law.group.law
        assert fitted is not None
        drawn = [one.frontier(flops).n_params for one in fitted.drawn_laws()]
        n = fitted.frontier(flops).n_params
        _draw_source(axis, law.source.compressibility, n, np.quantile(drawn, [0.025, 0.975]))
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
    axis.set(xlabel="H", ylabel="N*, non-embedding parameters", yscale="log")
    # Where the lines hardly make a law the bands run over dozens of decades, and the sources would be a flat line.
    optima = [law.group.law.frontier(flops).n_params for law in found.laws if law.group.law is not None]
    axis.set_ylim(min(optima) / 1e3, max(optima) * 1e3)
    axis.set_title(f"N* at {flops:.3g} FLOPs: d ln N*/dH {line.slope:.3g}, p = {line.p_value:.2g}", fontsize=10)


def _log_optimum(parameters: Any, flops: float) -> Any:
    """Return ln N* of (E, ln A, ln B, alpha, beta), axis 0; a draw without a law counts as one at the edge of one."""
    import numpy as np

    _, log_a, log_b, alpha, beta = parameters
    alpha, beta = np.maximum(alpha, 1e-3), np.maximum(beta, 1e-3)
    ratio = ratio_of(log_a, log_b, alpha, beta, np.log)
    return np.clip(log_optimum(ratio, alpha, beta, math.log(flops / 6)), -50.0, 50.0)
