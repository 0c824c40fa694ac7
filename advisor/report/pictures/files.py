"""The files that pictures are written to: what is refused before any work, and whole or not at all."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

from advisor.data_files import check_writable, refuse_overwriting, write_atomically
from advisor.errors import MissingExtraError, UsageError
from advisor.report.pictures.style import styled

FORMATS = (".svg", ".pdf", ".png")
# Text stays text in vector files, to be searched and copied; a file of the same result has the same bytes.
_SETTINGS = {"svg.fonttype": "none", "pdf.fonttype": 42, "svg.hashsalt": "advisor"}
_UNDATED = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}, ".png": {}}
_DPI = 200


def check_picture(path: Path | None, *read: str | Path | None, out: Path | None = None) -> None:
    """Raise, before any work is done, if no picture can be drawn and written at ``path``.

    Args:
        path: The picture; None draws none.
        read: The files and folders that are read: none is overwritten.
        out: The other file that is written.

    Raises:
        UsageError: its ending names no format, or it would overwrite what is read or ``out``.
        AdvisorError: it cannot be written.
        MissingExtraError: matplotlib is not installed.
    """
    if path is None:
        return
    check_ending(path)
    refuse_overwriting(path, *read, option="--plot")
    if out is not None and out.resolve() == path.resolve():
        raise UsageError(f"--out and --plot both name {out}: give them different names.")
    check_writable(path)
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        raise MissingExtraError("matplotlib", "plot", "--plot") from None


def check_ending(path: Path) -> None:
    """Raise UsageError unless the ending of a picture's name is that of a format."""
    if path.name.lower() in FORMATS:
        raise UsageError(f"{str(path)[:200]} is an ending without a name: name the picture such as answer{path.name}.")
    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"{str(path)[:200]} does not end in {', '.join(FORMATS)}: name the picture so.")


def save_figure(figure: Any, path: Path) -> None:
    """Write a figure to ``path``, whole or not at all, in the format of its ending.

    Raises:
        AdvisorError: the file cannot be written.
    """
    write_atomically(path, _content(figure, path.suffix.lower()))


def notebook_png(figure: Any) -> tuple[bytes, dict[str, int]]:
    """Return a figure as a PNG, and the size at which a notebook shows it, in pixels."""
    width, height = figure.get_size_inches() * figure.dpi
    return _content(figure, ".png"), {"width": round(width), "height": round(height)}


def _content(figure: Any, ending: str) -> bytes:
    import matplotlib

    content = io.BytesIO()
    with styled(), matplotlib.rc_context(_SETTINGS), warnings.catch_warnings():
        # A letter that no installed font has is a box, and needs no line on stderr.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(content, dpi=_DPI, format=ending.removeprefix("."), metadata=_UNDATED[ending])
    return content.getvalue()
