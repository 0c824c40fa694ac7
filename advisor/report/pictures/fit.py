"""The picture of fitted laws: of each the runs, residuals, contours, E, IsoFLOP profiles and what it predicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from advisor.quantities import format_flops, format_short_quantity
from advisor.report.pictures.predictions import draw_isoflops, draw_predictions
from advisor.report.pictures.style import (
    BLUE,
    GREY,
    SHADES,
    SKY,
    VERMILION,
    log_axis,
    note,
    pixels_if_many,
    plain_axis,
    set_height,
    set_title,
    shortened,
    spaced,
    ticks_between,
)
from advisor.report.text import counted, plural

if TYPE_CHECKING:
    from advisor.laws.scaling_law import ScalingLaw
    from calibration.fit.analysis import GroupFit

MOST_GROUPS = 8
_HEIGHT = 8.6  # inches of a group
_MOST_CURVES = 6


def draw_fits(figure: Any, groups: Mapping[str, GroupFit]) -> None:
    """Draw six panels for each group that has a law."""
    fitted = {name: group for name, group in groups.items() if group.law is not None}
    shown = dict(list(fitted.items())[:MOST_GROUPS])
    set_height(figure, max(_HEIGHT * len(shown), 1.0))
    parts = figure.subfigures(max(len(shown), 1), 1, squeeze=False).ravel()
    for part, (name, group) in zip(parts, shown.items(), strict=False):
        _draw_group(part, name, group)
    without = len(groups) - len(fitted)
    said = (
        [f"No law: {', '.join(shortened(name) for name in groups if name not in fitted)}."] if 0 < without < 5 else []
    )
    if len(fitted) > len(shown):
        said.append(f"{plural(len(fitted) - len(shown), 'more group')} not drawn: fit them by themselves.")
    if said:
        note(figure, " ".join(said))


def _draw_group(figure: Any, name: str, group: GroupFit) -> None:
    refused = "REFUSED: " if group.diagnostics.verdict == "refused" else ""
    of = "" if name == "all" else f" of {shortened(name, 40)}"
    law = group.law
    assert law is not None
    a, b = format_flops(law.A), format_flops(law.B)
    formula = f"L = {law.E:.3f} + {a}/N^{law.alpha:.3f} + {b}/D^{law.beta:.3f}"
    set_title(figure, f"{refused}{plural(len(group.runs), 'run')}{of}", formula)
    axes = figure.subplots(3, 2)
    _draw_runs(axes[0, 0], axes[0, 1], group)
    _draw_contours(axes[1, 0], group)
    _draw_profile(axes[1, 1], group)
    if group.isoflop is None:
        axes[2, 0].remove()
        draw_predictions(figure.add_subplot(axes[2, 0].get_gridspec()[2, :]), group)
        axes[2, 1].remove()
    else:
        draw_isoflops(axes[2, 0], group.isoflop)
        draw_predictions(axes[2, 1], group)


def _draw_runs(left: Any, right: Any, group: GroupFit) -> None:
    """Draw losses against N with the law, and residuals against the fitted loss; a colour is a number of tokens."""
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LogNorm

    law, runs = group.law, group.runs
    assert law is not None
    low, high = float(runs.n_tokens.min()), float(runs.n_tokens.max())
    norm, shades = LogNorm(low / 1.01, high * 1.01), colormaps[SHADES]
    points = {"cmap": shades, "norm": norm, "s": 13, "linewidths": 0, **pixels_if_many(len(runs))}
    sizes = spaced(float(runs.n_params.min()) / 1.3, float(runs.n_params.max()) * 1.3, 60)
    for d in _some(sorted({float(d) for d in runs.n_tokens})):
        left.plot(sizes, [law.loss(n, d) for n in sizes], color=shades(norm(d)), lw=1.2, zorder=1)
    left.scatter(runs.n_params, runs.loss, c=runs.n_tokens, zorder=2, **points)
    log_axis(left, "x", (sizes[0], sizes[-1]), most=4)
    plain_axis(left, "y")
    left.set(xlabel=f"parameters N ({counted(law.count)})", ylabel="loss, nats/token", title="runs and law")
    _draw_residuals(right, group, points)
    bar = left.figure.colorbar(ScalarMappable(norm, shades), ax=[left, right], aspect=12, pad=0.02)
    at = ticks_between(low, high, 5)
    bar.ax.yaxis.set_ticks([], minor=True)
    bar.ax.yaxis.set_ticks(at, [format_short_quantity(d) for d in at])
    bar.set_label("tokens D")


def _some(values: list[float]) -> list[float]:
    """Return a few of sorted values, the first and the last among them."""
    if len(values) <= _MOST_CURVES:
        return values
    return [values[round(i * (len(values) - 1) / (_MOST_CURVES - 1))] for i in range(_MOST_CURVES)]


def _draw_residuals(axis: Any, group: GroupFit, points: Mapping[str, Any]) -> None:
    import numpy as np

    assert group.fit is not None
    residuals = 100.0 * group.fit.residuals
    predicted = group.runs.loss / np.exp(group.fit.residuals)
    scale = 100.0 * group.fit.scale
    # A few runs far off would flatten all the others: they are drawn at the edge.
    limit = max(6.0 * scale, 1e-3)
    outside = np.abs(residuals) > limit
    inside = ~outside
    axis.scatter(predicted[inside], residuals[inside], c=group.runs.n_tokens[inside], **points)
    edge = np.sign(residuals[outside]) * 0.95 * limit
    axis.scatter(predicted[outside], edge, marker="x", color=VERMILION, s=24, zorder=3)
    axis.axhline(0.0, color=GREY, lw=0.9, zorder=0)
    for sign in (-2.0, 2.0):
        axis.axhline(sign * scale, color=GREY, lw=0.9, ls=(0, (4, 2)), zorder=0)
    axis.set_ylim(-limit, limit)
    plain_axis(axis, "x", 4)
    plain_axis(axis, "y")
    far = f", {outside.sum()} beyond (x)" if outside.any() else ""
    axis.set(xlabel="fitted loss, nats/token", ylabel="residual, %", title=f"residuals{far}")


def _draw_contours(axis: Any, group: GroupFit) -> None:
    import numpy as np

    law, runs = group.law, group.runs
    assert law is not None
    n = np.geomspace(runs.n_params.min() / 2, runs.n_params.max() * 2, 80)
    d = np.geomspace(runs.n_tokens.min() / 2, runs.n_tokens.max() * 2, 80)
    loss = law.E + law.A * n[None] ** -law.alpha + law.B * d[:, None] ** -law.beta
    levels = np.unique(np.geomspace(runs.loss.min(), runs.loss.max(), 7))
    contours = axis.contour(n, d, loss, levels=levels, colors=SKY, linewidths=1.0)
    log_axis(axis, "x", (n[0], n[-1]), most=4)
    log_axis(axis, "y", (d[0], d[-1]), most=5)
    places = [at for level in levels if (at := _beside_optimum(law, float(level), n[-1] / 2, d[0] * 2)) is not None]
    axis.clabel(contours, fmt="%.2f", fontsize=8, colors="0.25", manual=places)
    points = {"s": 7, "color": GREY, "linewidths": 0, "label": "runs", **pixels_if_many(len(runs))}
    axis.scatter(runs.n_params, runs.n_tokens, zorder=2, **points)
    best = [law.frontier(c) for c in spaced(float(runs.flops.min()), 10 * float(runs.flops.max()), 50)]
    axis.plot([b.n_params for b in best], [b.n_tokens for b in best], color=VERMILION, label="optimum")
    axis.set(xlabel=f"parameters N ({counted(law.count)})", ylabel="tokens D")
    axis.set_title("fitted loss; optimum in red")


def _beside_optimum(law: ScalingLaw, loss: float, most_n: float, least_d: float) -> tuple[float, float] | None:
    """Return N and D of a loss at 2.5 times its best N, where a label hides nothing; None off the picture."""
    if loss <= law.E:
        return None
    n = 2.5 * law.for_loss(loss).n_params
    rest = loss - law.E - law.A * n**-law.alpha
    d = (law.B / rest) ** (1 / law.beta)
    return (n, d) if n < most_n and d > least_d else None


def _draw_profile(axis: Any, group: GroupFit) -> None:
    profile = group.diagnostics.profile
    if profile is None:
        axis.text(0.5, 0.5, "E was held fixed", ha="center", va="center", transform=axis.transAxes)
        axis.set_axis_off()
        return
    axis.plot(profile.e, profile.ratio, marker=".", ms=5, color=BLUE)
    low = profile.e[0] if profile.low is None else profile.low
    high = profile.e[-1] if profile.high is None else profile.high
    axis.axvspan(low, high, color=SKY, alpha=0.3, lw=0)
    top = min(max(profile.ratio) * 1.02, 3.0)
    near = [e for e, ratio in zip(profile.e, profile.ratio, strict=True) if ratio <= top] + [low, high]
    room = 0.08 * (max(near) - min(near)) or 0.1
    axis.set(xlim=(min(near) - room, max(near) + room), ylim=(0.98, top))
    plain_axis(axis, "x", 4)
    plain_axis(axis, "y")
    axis.set(xlabel="E, nats/token", ylabel="objective / least", title="E, 95 % shaded")
