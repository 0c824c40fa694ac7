"""How every picture looks: colours, letters, axes with ticks that people read, names that fit.

Figures are 16 cm wide, with letters that can still be read at 8 cm. The user's own matplotlib settings play no part.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from advisor.errors import MissingExtraError, printable
from advisor.quantities import format_flops, format_short_quantity
from advisor.report import terminal

WIDTH = 6.3  # inches
MOST_POINTS = 1000  # beyond it a vector file has them as pixels
MOST_NAME = 26
BEST = {"marker": "o", "ms": 6, "mec": "white", "mew": 0.8}

# Okabe and Ito 2008, "Color universal design": told apart with any colour vision.
BLACK, ORANGE, SKY, GREEN, BLUE, VERMILION, PURPLE = (
    *("#000000", "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#CC79A7"),
)
CYCLE = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILION, BLACK)
GREY, PALE = "0.45", "0.85"
SHADES = "viridis"  # of an ordered quantity: even in lightness, so also in grey

# Letters that the first font lacks are taken from these, where they are installed.
_WIDER_FONTS = (
    *("Noto Sans CJK JP", "Noto Sans CJK SC", "Source Han Sans", "WenQuanYi Zen Hei", "IPAexGothic", "PingFang SC"),
    *("Hiragino Sans", "Microsoft YaHei", "Malgun Gothic", "Noto Sans Arabic", "Noto Sans Devanagari"),
)
_STYLE = {
    "font.size": 10.0,
    "axes.labelsize": 10.0,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "figure.titlesize": 12.0,
    "xtick.labelsize": 9.5,
    "ytick.labelsize": 9.5,
    "legend.fontsize": 9.5,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "lines.linewidth": 1.8,
    "text.parse_math": False,  # a $ in a file's name is a $
}
# The sets of digits at which a logarithmic axis may have its ticks, sparse to dense.
_DIGITS = ((1,), (1, 3), (1, 2, 5), (1, 1.5, 2, 3, 5, 7), (1, 1.2, 1.4, 1.7, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9))
_STEPS = (1, 2, 2.5, 5, 10)


@contextmanager
def styled() -> Iterator[None]:
    """Draw in the style of all pictures inside of this, whatever the user's own settings are.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        import matplotlib.figure
    except ImportError:
        raise MissingExtraError("matplotlib", "plot", "A picture") from None
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update({**_STYLE, "font.sans-serif": _fonts()})
        yield


def _fonts() -> list[str]:
    from matplotlib.font_manager import get_font_names

    installed = set(get_font_names())
    return ["DejaVu Sans", *(name for name in _WIDER_FONTS if name in installed)]


def new_figure(size: tuple[float, float] = (WIDTH, WIDTH)) -> Any:
    """Return an empty matplotlib figure of ``size`` inches.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError("matplotlib", "plot", "A picture") from None
    return Figure(figsize=size, layout="constrained")


def shortened(name: str, most: int = MOST_NAME) -> str:
    """Return a name from outside in at most ``most`` columns, without its middle where it is longer.

    >>> shortened("a/very/long/path/to/the/training/data.jsonl", 20)
    'a/very/lo…data.jsonl'
    """
    name = printable(name)
    if terminal.cells(name) <= most:
        return name
    head, tail = "", ""
    for at_head, at_tail in zip(name, reversed(name), strict=True):
        if terminal.cells(head + at_tail + tail) > most - 1:
            break
        tail = at_tail + tail
        if terminal.cells(head + at_head + tail) > most - 1:
            break
        head += at_head
    return f"{head}…{tail}"


def told_apart(names: Sequence[str], most: int = MOST_NAME) -> list[str]:
    """Return names that fit, each with its number where shortening makes two of them one."""
    short = [shortened(name, most) for name in names]
    if len(set(short)) == len(set(names)):
        return short
    return [f"{number}. {shortened(name, most - 4)}" for number, name in enumerate(names, 1)]


def set_title(figure: Any, *lines: str) -> int:
    """Write lines above a figure, each broken where it would be wider than that; return how many lines they take."""
    broken = [part for line in lines for part in textwrap.wrap(line, 66) or [""]]
    figure.suptitle("\n".join(broken), x=0.01, ha="left")
    return len(broken)


def set_height(figure: Any, inches: float) -> None:
    """Set the height of a figure; its width is that of all."""
    figure.set_size_inches(WIDTH, inches)


def log_axis(
    axis: Any,
    which: str,
    bounds: tuple[float, float],
    show: Callable[[float], str] = format_short_quantity,
    most: int = 6,
) -> None:
    """Make the ``which`` axis ("x" or "y") logarithmic over ``bounds``, with at most ``most`` ticks as ``show`` writes.

    Parameters and tokens are written 300M, 1B, 10B, as ``format_short_quantity`` does.
    """
    side = axis.xaxis if which == "x" else axis.yaxis
    axis.set(**{f"{which}scale": "log", f"{which}lim": bounds})
    at = ticks_between(*bounds, most)
    side.set_ticks(at, [show(value).replace("e+", "e") for value in at])
    side.set_ticks([], minor=True)


def flops_axis(axis: Any, which: str, bounds: tuple[float, float], most: int = 6) -> None:
    """Make an axis logarithmic over budgets, written 1e21."""
    log_axis(axis, which, bounds, format_flops, most)


def name_ticks(axis: Any, names: Sequence[str]) -> None:
    """Write names from outside at the rows 0, 1, ... of the y axis, the first at the top."""
    axis.set_yticks(range(len(names)), names)
    for label in axis.get_yticklabels():
        label.set_parse_math(False)  # a tick that is made while a file is written would have the user's own setting
    axis.set_ylim(len(names) - 0.4, -0.6)
    axis.tick_params(axis="y", length=0)


def ticks_between(low: float, high: float, most: int) -> list[float]:
    """Return round numbers from ``low`` to ``high`` for a logarithmic axis, at most ``most`` and two where possible.

    >>> ticks_between(3e8, 4e10, 6)
    [500000000.0, 1000000000.0, 2000000000.0, 5000000000.0, 10000000000.0, 20000000000.0]
    """
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    choices = [[d * 10.0**k for k in range(first, last + 1) for d in digits] for digits in _DIGITS]
    step = max(1, -(-(last - first) // max(most - 1, 1)))
    choices.insert(0, [10.0**k for k in range(first - first % step, last + 1, step)])
    inside = [[at for at in choice if low * (1 - 1e-9) <= at <= high * (1 + 1e-9)] for choice in choices]
    fitting = [ticks for ticks in inside if 1 < len(ticks) <= most]
    return max(fitting, key=len) if fitting else _even_ticks(low, high, most)


def _even_ticks(low: float, high: float, most: int) -> list[float]:
    """Return multiples of a round step: for axes over much less than a decade."""
    scale = 10.0 ** math.floor(math.log10(max(high - low, 1e-9 * high)))
    for step in (digit * factor * scale for factor in (0.1, 1.0) for digit in _STEPS):
        ticks = [
            k * step for k in range(math.ceil(low / step * (1 - 1e-12)), math.floor(high / step * (1 + 1e-12)) + 1)
        ]
        if len(ticks) <= most:
            return ticks
    return [low]


def plain_axis(axis: Any, which: str, most: int = 5) -> None:
    """Give a linear axis at most ``most`` ticks, written in full."""
    from matplotlib.ticker import MaxNLocator

    side = axis.xaxis if which == "x" else axis.yaxis
    side.set_major_locator(MaxNLocator(most, steps=[1, 2, 5, 10]))
    side.set_major_formatter("{x:.6g}")


def spaced(low: float, high: float, n: int) -> list[float]:
    """Return ``n`` numbers from ``low`` to ``high`` at even ratios."""
    return [low * (high / low) ** (i / (n - 1)) for i in range(n)]


def around(values: Sequence[float], factor: float = 1.3) -> tuple[float, float]:
    """Return the bounds of positive values with room on either side, for a mark as well."""
    room = max(factor, (max(values) / min(values)) ** 0.05)
    return min(values) / room, max(values) * room


def pixels_if_many(n_points: int) -> dict[str, bool]:
    """Return what makes so many points pixels in a vector file, so that its size is bounded."""
    return {"rasterized": n_points > MOST_POINTS}


def note(figure: Any, text: str) -> None:
    """Write a note below a figure, broken at its width."""
    figure.supxlabel("\n".join(textwrap.wrap(text, 88)), fontsize=9, color=GREY, x=0.01, ha="left")
