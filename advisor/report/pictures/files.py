"""The files that pictures are written to: what is refused before any work, and whole or not at all."""

from __future__ import annotations

import io
import re
import warnings
from pathlib import Path
from typing import Any

from advisor.data_files import check_writable, refuse_overwriting, write_atomically
from advisor.errors import MissingExtraError, UsageError
from advisor.report import terminal
from advisor.report.pictures.style import styled

FORMATS = (".svg", ".pdf", ".png")
# Text stays text in vector files, to be searched and copied; a file of the same result has the same bytes.
_SETTINGS = {"svg.fonttype": "none", "pdf.fonttype": 42, "svg.hashsalt": "advisor"}
_UNDATED = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}, ".png": {}}
_DPI = 200
_MISSING = r"Glyph (\d+) .*missing from"  # what matplotlib warns of a letter
_MOST_LETTERS = 12  # that are said one by one


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

    One line on stderr says which letters no font has. In an SVG they are text, for which its reader finds a font.

    Raises:
        AdvisorError: the file cannot be written.
    """
    ending = path.suffix.lower()
    content, missing = _content(figure, ending)
    write_atomically(path, content)
    if missing and ending != ".svg":
        terminal.note(
            f"{path}: no font on this machine has {_listed(missing)}, so there are boxes in their place: install one, "
            "such as Noto Sans CJK, or write an .svg, in which letters are text."
        )


def notebook_png(figure: Any) -> tuple[bytes, dict[str, int]]:
    """Return a figure as a PNG, and the size at which a notebook shows it, in pixels."""
    width, height = figure.get_size_inches() * figure.dpi
    return _content(figure, ".png")[0], {"width": round(width), "height": round(height)}


def _content(figure: Any, ending: str) -> tuple[bytes, str]:
    """Return a figure's file, and the letters that no installed font has."""
    import matplotlib

    content = io.BytesIO()
    with styled(), matplotlib.rc_context(_SETTINGS), warnings.catch_warnings(record=True) as said:
        warnings.filterwarnings("always", message=_MISSING)
        figure.savefig(content, dpi=_DPI, format=ending.removeprefix("."), metadata=_UNDATED[ending])
    found = [(each, re.match(_MISSING, str(each.message))) for each in said]
    for each, match in found:
        if match is None:
            warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)
    letters = dict.fromkeys(chr(int(match[1])) for _, match in found if match is not None)
    return content.getvalue(), "".join(letters)


def _listed(letters: str) -> str:
    """Return letters in words, the first of many."""
    more = f" and {len(letters) - _MOST_LETTERS} more" if len(letters) > _MOST_LETTERS else ""
    return f"the letters {letters[:_MOST_LETTERS]}{more}" if len(letters) > 1 else f"the letter {letters}"
