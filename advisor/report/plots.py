"""The pictures of a fit, with matplotlib and without a display; and how any figure is made and saved."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.errors import MissingExtraError, RunsError

if TYPE_CHECKING:
    from calibration.fit.analysis import GroupFit

_FORMATS = (".png", ".svg", ".pdf")


def write_fit_plot(path: Path, groups: Mapping[str, GroupFit]) -> None:
    """Write a picture of fitted laws, one row for each group: residuals, profile of E, contours with the frontier.

    Raises:
        MissingExtraError: matplotlib is not installed.
        RunsError: The file cannot be written, or its ending names no format.
    """
    if path.suffix.lower() not in _FORMATS:
        raise RunsError(f"{path} does not end in {', '.join(_FORMATS)}; name the picture so.")
    save_figure(fit_figure(groups), path)


def save_figure(figure: Any, path: Path) -> None:
    """Write a figure to ``path``, whole or not at all, in the format of its ending.

    Raises:
        RunsError: The file cannot be written.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with temporary.open("wb") as file:
            figure.savefig(file, dpi=150, format=path.suffix.lower().removeprefix("."))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise RunsError(f"{path} cannot be written ({error.strerror}).") from None


def new_figure(size: tuple[float, float]) -> Any:
    """Return an empty matplotlib figure of ``size`` inches.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError("matplotlib", "plot", "--plot") from None
    return Figure(figsize=size, layout="constrained")


def fit_figure(groups: Mapping[str, GroupFit]) -> Any:
    """Return the matplotlib figure that ``write_fit_plot`` saves."""
    figure = new_figure((13.0, 4.2 * len(groups)))
    axes = figure.subplots(len(groups), 3, squeeze=False)
    for row, (name, group) in zip(axes, groups.items(), strict=True):
        refused = group.diagnostics.verdict == "refused"
        title = ("" if name == "all" else name) + (" REFUSED" if refused else "")
        _draw_residuals(row[0], group, title)
        _draw_profile(row[1], group)
        _draw_contours(row[2], group)
    return figure


def _draw_residuals(axis: Any, group: GroupFit, title: str) -> None:
    import numpy as np

    assert group.fit is not None
    r = 100.0 * group.fit.residuals
    predicted = group.runs.loss / np.exp(group.fit.residuals)
    points = axis.scatter(predicted, r, c=np.log10(group.runs.n_params), s=14, cmap="viridis", linewidths=0)
    axis.figure.colorbar(points, ax=axis, label="log10 N")
    scale = 100.0 * group.fit.scale
    axis.axhline(0.0, color="0.3", lw=0.8)
    for sign in (-2.0, 2.0):
        axis.axhline(sign * scale, color="0.6", lw=0.8, ls="--")
    # A few runs far off would flatten all the others: they are drawn at the edge.
    limit = max(6.0 * scale, 1e-3)
    outside = np.abs(r) > limit
    axis.scatter(
        predicted[outside], np.clip(r[outside], -0.97 * limit, 0.97 * limit), marker="x", color="C3", s=24, zorder=3
    )
    axis.set_ylim(-limit, limit)
    label = f"; {outside.sum()} outside (x)" if outside.any() else ""
    axis.set(xlabel="fitted loss, nats/token", ylabel="residual, % of loss")
    axis.set_title(f"{title} residuals, +-2 scales dashed{label}".strip(), fontsize=10)


def _draw_profile(axis: Any, group: GroupFit) -> None:
    profile = group.diagnostics.profile
    axis.set_title("profile of E, 95 % interval shaded", fontsize=10)
    if profile is None:
        axis.text(0.5, 0.5, "E was held fixed", ha="center", va="center", transform=axis.transAxes)
        axis.set_axis_off()
        return
    axis.plot(profile.e, profile.ratio, marker=".", ms=4)
    low = profile.e[0] if profile.low is None else profile.low
    high = profile.e[-1] if profile.high is None else profile.high
    axis.axvspan(low, high, color="C0", alpha=0.15, lw=0)
    axis.set(xlabel="E, nats/token", ylabel="objective / least objective")
    axis.set_ylim(0.98, min(max(profile.ratio) * 1.02, 3.0))


def _draw_contours(axis: Any, group: GroupFit) -> None:
    import numpy as np

    assert group.law is not None
    law, runs = group.law, group.runs
    n = np.geomspace(runs.n_params.min() / 2, runs.n_params.max() * 2, 80)
    d = np.geomspace(runs.n_tokens.min() / 2, runs.n_tokens.max() * 2, 80)
    loss = law.E + law.A * n[None] ** -law.alpha + law.B * d[:, None] ** -law.beta
    levels = np.geomspace(runs.loss.min(), runs.loss.max(), 10)
    contours = axis.contour(n, d, loss, levels=np.unique(levels), cmap="viridis", linewidths=0.9)
    axis.clabel(contours, fmt="%.2f", fontsize=7)
    axis.scatter(runs.n_params, runs.n_tokens, s=6, color="0.35", zorder=2, label="runs")
    flops = np.geomspace(runs.flops.min(), 10 * runs.flops.max(), 50)
    best = [law.frontier(float(c)) for c in flops]
    axis.plot([b.n_params for b in best], [b.n_tokens for b in best], color="C3", lw=1.5, label="frontier")
    axis.set(xscale="log", yscale="log", xlim=(n[0], n[-1]), ylim=(d[0], d[-1]))
    axis.set(xlabel=f"N ({law.count} parameters)", ylabel="D, tokens")
    axis.legend(fontsize=8, loc="lower right")
    axis.set_title("fitted loss, nats/token", fontsize=10)
