"""The text of Jupyter notebooks: what their cells say and print, without the JSON around it and without pictures."""

from __future__ import annotations

import io
import json
import re
from typing import IO, TYPE_CHECKING, Any

from advisor.corpus.corpus_file import suffixes_of
from advisor.corpus.streams import BLOCK
from advisor.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST = 64 << 20  # bytes of a notebook, which is held whole
_DATA_URI = re.compile(r"data:[\w/+.-]+;base64,[A-Za-z0-9+/=]+")
_TERMINAL = re.compile(r"\x1b\[[0-9;]*m")  # the colours of a traceback
_SHOWN = ("text/plain", "text/markdown", "text/latex")  # of an output that is given in several ways, the first is taken


class NotebookError(CorpusError):
    """A file that is named as a notebook cannot be read as one."""


def is_notebook(name: str) -> bool:
    """Return whether a file's name is that of a notebook, compressed or not."""
    return ".ipynb" in suffixes_of(name)[-2:]


def notebook_stream(stream: IO[bytes], name: str) -> IO[bytes]:
    """Return a stream, in UTF-8, of the text of the notebook that ``stream`` holds.

    Raises:
        NotebookError: it is no notebook, or one of over LARGEST bytes.
    """
    data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise NotebookError(f"{name} is a notebook of over {LARGEST >> 20} MB: clear its outputs.")
    try:
        notebook = json.loads(data)
    except RecursionError as error:
        raise NotebookError(
            f"{name} is nested too deeply to be a notebook, whose cells lie three levels down: it is damaged, or made "
            "to be so."
        ) from error
    except ValueError as error:
        raise NotebookError(f"{name} is named as a notebook and is not valid JSON ({error}).") from error
    text = "\n\n".join(text for cell in _cells(notebook, name) for text in _texts(cell) if text.strip())
    return io.BufferedReader(io.BytesIO(_DATA_URI.sub("", text).encode("utf-8", "replace")), BLOCK)


def _cells(notebook: Any, name: str) -> list[dict[str, Any]]:
    """Return the cells of a notebook of nbformat 4, or of 3 and before, which has them in worksheets."""
    sheets = [notebook]
    if isinstance(notebook, dict) and isinstance(notebook.get("worksheets"), list):
        sheets = notebook["worksheets"]
    lists = [sheet.get("cells") if isinstance(sheet, dict) else None for sheet in sheets]
    if not all(isinstance(cells, list) for cells in lists):
        raise NotebookError(f"{name} is named as a notebook and has no cells.")
    return [cell for cells in lists for cell in cells or () if isinstance(cell, dict)]


def _texts(cell: dict[str, Any]) -> Iterator[str]:
    """Yield what a cell says, then what each of its outputs does."""
    yield _joined(cell.get("source", cell.get("input")))
    outputs = cell.get("outputs")
    for output in outputs if isinstance(outputs, list) else []:
        if isinstance(output, dict):
            yield _output(output)


def _output(output: dict[str, Any]) -> str:
    """Return what an output shows as text: what was printed, a value, or the traceback of an error."""
    if isinstance(lines := output.get("traceback"), list):
        return _TERMINAL.sub("", "\n".join(line for line in lines if isinstance(line, str)))
    data = output.get("data")
    shown = [data[key] for key in _SHOWN if key in data] if isinstance(data, dict) else []
    return _joined(output.get("text") or (shown[0] if shown else None))


def _joined(lines: Any) -> str:
    """Return a text that is written as one string, or as its lines; "" for anything else."""
    if isinstance(lines, list):
        return "".join(line for line in lines if isinstance(line, str))
    return lines if isinstance(lines, str) else ""
