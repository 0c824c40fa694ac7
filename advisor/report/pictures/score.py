"""The picture of profiles: H of each corpus over its sequences, on one axis beside web text and code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from advisor.calibrations.published_evidence import CODE_TEXT, WEB
from advisor.calibrations.six_corpora import six_corpora
from advisor.compressibility.protocol import DEFAULT_PROTOCOL, MeasuredCorpus, Protocol, difference
from advisor.laws.text import WEB_H
from advisor.report.pictures.style import (
    BLUE,
    GREY,
    ORANGE,
    PALE,
    SKY,
    name_ticks,
    note,
    plain_axis,
    set_height,
    told_apart,
)
from advisor.report.text import nats

if TYPE_CHECKING:
    from advisor.calibrations.published_evidence import Kind
    from advisor.compressibility.measure import Compressibility

MOST_ROWS = 60  # more cannot be read on one page
_ROW, _RIDGE = 0.46, 0.72  # inches of a row; the share of a row that the fullest bin takes
_SOURCES = (
    "Grey: web text, FineWeb and three more (the line, arXiv:2411.12925) and web sites (the band, docs/h_ref.md). "
    "Orange: code, StarCoder (the line, same paper), Linux and Python (the band)."
)
_OTHER_PROTOCOL = "Web text and code are left out: their H was measured in another way than that of these corpora."
_NOT_COMPARABLE = "These corpora were measured in different ways: their H cannot be compared."


def draw_profiles(figure: Any, profiles: Sequence[MeasuredCorpus]) -> None:
    """Draw each corpus in a row: how many sequences have which H, the median and its 95 % interval."""
    shown = profiles[:MOST_ROWS]
    set_height(figure, 1.75 + _ROW * len(shown))
    axis = figure.subplots()
    name_ticks(axis, told_apart([profile.source for profile in shown]))
    for row, profile in enumerate(shown):
        _draw_row(axis, row, profile)
    if _as_references(shown):
        _draw_reference(axis, WEB, WEB_H, "web text", PALE, GREY)
        _draw_reference(axis, CODE_TEXT, _code_h(), "code", "#FBE5B8", ORANGE)
    axis.set_xlim(*_bounds(shown))
    plain_axis(axis, "x", 7)
    axis.set_xlabel("H, compressed size over size: smaller compresses better")
    axis.spines["left"].set_visible(False)
    note(figure, " ".join(_notes(profiles)))


def _draw_row(axis: Any, row: int, profile: MeasuredCorpus) -> None:
    found: Compressibility | None = getattr(profile, "compressibility", None)
    if found is not None:
        counts, width = (
            found.histogram.counts,
            (found.histogram.high - found.histogram.low) / len(found.histogram.counts),
        )
        edges = [found.histogram.low + k * width for k in range(len(counts) + 1)]
        tops = [row + 0.34 - _RIDGE * count / max(*counts, 1) for count in counts]
        axis.stairs(tops, edges, baseline=row + 0.34, fill=True, color=SKY, alpha=0.75, zorder=2)
    if profile.ci95 is not None:
        axis.plot(profile.ci95, (row, row), color=BLUE, lw=7, solid_capstyle="butt", zorder=4)
    axis.plot([profile.median], [row], "o", color=BLUE, mec="white", mew=0.8, ms=5.5, zorder=5)
    text = nats(profile.median)
    axis.annotate(
        text, (1.0, row), xycoords=("axes fraction", "data"), xytext=(4, 0), textcoords="offset points", va="center"
    )


def _draw_reference(axis: Any, kind: Kind, h: float, name: str, shade: str, color: str) -> None:
    axis.axvspan(*kind.h_range, color=shade, lw=0, zorder=0)
    axis.axvline(h, color=color, lw=1.0, zorder=1)
    axis.annotate(
        f"{name} {nats(h)}",
        (h, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(0, 3),
        textcoords="offset points",
        ha="center",
        color="0.25",
        fontsize=9.5,
    )


def _code_h() -> float:
    h = six_corpora().texts["starcoder"].compressibility
    assert h is not None
    return h


def _as_references(profiles: Sequence[MeasuredCorpus]) -> bool:
    """Return whether H of all profiles may be compared with the values that ship."""
    return all(difference(profile.protocol, DEFAULT_PROTOCOL) is None for profile in profiles)


def _alike(one: Protocol, other: Protocol) -> bool:
    """Return whether H by two protocols may be compared: documents joined where they are short are as good."""
    return difference(one, other) is None or difference(other, one) is None


def _bounds(profiles: Sequence[MeasuredCorpus]) -> tuple[float, float]:
    """Return the range of H that is drawn: all bins that hold a sequence, the references, and a little more."""
    ends = [CODE_TEXT.h_range[0], WEB.h_range[1]] if _as_references(profiles) else []
    for profile in profiles:
        ends += [profile.median, *(profile.ci95 or ())]
        found: Compressibility | None = getattr(profile, "compressibility", None)
        if found is not None:
            h = found.histogram
            filled = [k for k, count in enumerate(h.counts) if count]
            width = (h.high - h.low) / len(h.counts)
            ends += [h.low + k * width for k in (*filled, *(k + 1 for k in filled))]
    room = 0.02 + 0.02 * (max(ends) - min(ends))
    return max(min(ends) - room, 0.0), max(ends) + room


def _notes(profiles: Sequence[MeasuredCorpus]) -> list[str]:
    said = ["Points: medians over sequences, bars their 95 % intervals, with the share of sequences behind them."]
    if _as_references(profiles[:MOST_ROWS]):
        said.append(_SOURCES)
    else:
        said.append(_OTHER_PROTOCOL)
    if not all(_alike(profile.protocol, profiles[0].protocol) for profile in profiles):
        said.append(_NOT_COMPARABLE)
    if len(profiles) > MOST_ROWS:
        said.append(f"Not drawn: {len(profiles) - MOST_ROWS} more.")
    return said
