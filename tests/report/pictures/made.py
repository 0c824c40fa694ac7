"""Small results, made without a corpus, and what a picture of them shows."""

from __future__ import annotations

import warnings
from typing import Any

from advisor.compressibility.measure import Compressibility
from advisor.compressibility.protocol import DEFAULT_PROTOCOL, Protocol
from advisor.compressibility.score import Profile
from advisor.compressibility.size_counts import Histogram
from advisor.report.pictures.plot import plot


def profile(source: str, h: float, *, protocol: Protocol = DEFAULT_PROTOCOL, ci95: Any = "near") -> Profile:
    """Return a profile whose sequences are all in the bin of ``h`` and the two beside it."""
    at = int(h / 0.02)
    counts = tuple({at - 1: 250, at: 500, at + 1: 250}.get(k, 0) for k in range(40))
    found = Compressibility(
        median=h,
        mean=h,
        sd=0.02,
        ci95=(h - 0.01, h + 0.01) if ci95 == "near" else ci95,
        shuffled_median=h + 0.05,
        ceiling=0.726,
        histogram=Histogram(low=0.0, high=0.8, counts=counts),
    )
    return Profile(
        source=source,
        protocol=protocol,
        compressibility=found,
        vocab_size=32000,
        n_sequences=1000,
        n_documents=100,
        n_documents_exact=True,
        n_documents_seen=100,
        columns=(),
        n_bytes=10**9,
        left_out=(),
        bytes_per_token=4.0,
        non_ascii_fraction=0.0,
        estimated_tokens=2.5e8,
        estimated_tokens_ci95=None,
        zlib_version="1.2.13",
    )


def picture(result: Any) -> Any:
    """Return the figure of a result after it was laid out, so that its ticks are there."""
    figure = plot(result)
    _lay_out(figure)
    return figure


def _lay_out(figure: Any) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.draw_without_rendering()


def texts(figure: Any) -> list[str]:
    """Return every text that a figure shows."""
    from matplotlib.text import Text

    return [text.get_text() for text in figure.findobj(Text) if text.get_visible() and text.get_text()]


def points(axis: Any, marker: str = "o") -> list[tuple[float, float]]:
    """Return where an axis has single marks of a kind."""
    lines = [line for line in axis.lines if line.get_marker() == marker]
    return [(float(x), float(y)) for line in lines for x, y in zip(*line.get_data(), strict=True)]


def bars(axis: Any) -> list[tuple[float, float]]:
    """Return the intervals that an axis shows as bars from left to right."""
    found = [tuple(map(float, line.get_xdata())) for line in axis.lines if line.get_solid_capstyle() == "butt"]
    return [ends for ends in found if len(ends) == 2]


def is_whole(figure: Any) -> bool:
    """Return whether nothing that a figure shows lies beyond its edge."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        box = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    return bool(box.x0 > -0.02 and box.y0 > -0.02 and box.x1 < width + 0.02 and box.y1 < height + 0.02)


def extent(text: Any) -> Any:
    """Return the box of a text, whose letters may be missing from every font."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        return text.get_window_extent()
