"""The one way to the screen: nothing else of advisor prints, and nothing from outside reaches a terminal as it is.

Names of files, columns and groups, messages of servers and libraries may hold escape sequences, marks that turn the
order of a line about (U+202E), characters without width, half a surrogate pair. Each becomes a question mark here, and
a line stays one line. JSON escapes them itself: ``document`` prints it as it is.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TextIO

from advisor.errors import first_line, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

_STYLES = {"bold": 1, "dim": 2, "yellow": 33}
_CAPTURED: ContextVar[list[str] | None] = ContextVar("_CAPTURED", default=None)
_FULL = ("W", "F")  # East Asian widths that take two cells


def line(text: str = "", style: str = "", tail: str = "", *, stream: TextIO | None = None) -> None:
    """Print one line on ``stream``, stdout where none is given: ``text`` in a style, ``tail`` plain behind it."""
    if (lines := _CAPTURED.get()) is not None:
        lines.append(printable(text) + printable(tail))
        return
    stream = stream or sys.stdout
    try:
        print(_styled(printable(text), style, stream) + printable(tail), file=stream, flush=stream is sys.stderr)
    except OSError:
        if stream is not sys.stderr:
            raise
        discard(stream)  # nobody can be told, and the answer on stdout is as good without


@contextmanager
def captured() -> Iterator[list[str]]:
    """Give the lines that are printed inside, on either stream, in place of printing them: in this thread alone."""
    lines: list[str] = []
    before = _CAPTURED.set(lines)
    try:
        yield lines
    finally:
        _CAPTURED.reset(before)


def discard(stream: TextIO | ClosedStream) -> None:
    """Let what is still to be written to a stream that cannot be written to go nowhere, or Python complains at exit."""
    with suppress(OSError, ValueError):  # it is no file of the system's
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class ClosedStream(io.TextIOBase):
    """Stdout of a caller who closed it: to print is an error, so that no answer is lost without a word."""

    def write(self, text: str) -> int:
        """Raise OSError."""
        raise OSError(errno.EBADF, "standard output is closed")


def note(text: str) -> None:
    """Print one line on stderr: what is not the answer."""
    line(text, stream=sys.stderr)


def document(text: str) -> None:
    """Print a JSON document on stdout, as it is."""
    sys.stdout.write(text)
    sys.stdout.flush()


def notes(text: str) -> None:
    """Print the lines of a text on stderr: what click has to say of a command line, which it quotes."""
    for each in text.rstrip("\n").split("\n"):
        note(each.expandtabs(4))


def console(*, stderr: bool = False) -> Console:
    """Return rich's console for tables: every string is cleaned and taken literally, without markup or :emoji:."""
    from rich.console import Console
    from rich.text import Text

    class Literal(Console):
        def render_str(self, text: str, **settings: Any) -> Text:
            return super().render_str("\n".join(map(printable, text.split("\n"))), **settings)

    if _CAPTURED.get() is None:
        return Literal(stderr=stderr, highlight=False, markup=False, emoji=False)

    class Lines(io.StringIO):
        def write(self, text: str) -> int:
            for each in text.splitlines():  # rich writes whole lines
                line(each)
            return len(text)

    return Literal(file=Lines(), highlight=False, markup=False, emoji=False)


def cells(text: str) -> int:
    """Return how many columns of a terminal a printable text takes: two for each wide character, none for marks.

    >>> cells("code"), cells("コード"), cells("e\u0301")
    (4, 6, 1)
    """
    if text.isascii():
        return len(text)
    return sum(map(_cells_of, text))


def widened(text: str, filler: str) -> str:
    """Return ``text`` with a filler behind each wide character, so that its length is its width."""
    if text.isascii():
        return text
    return "".join(char + filler if _cells_of(char) == 2 else char for char in text)


def _cells_of(char: str) -> int:
    import unicodedata  # here, because few starts need it

    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in _FULL else 1


def _styled(text: str, style: str, stream: TextIO) -> str:
    """Return ``text`` in a style, on a terminal that shows styles and unless NO_COLOR is set."""
    plain = not style or not stream.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return text if plain else f"\x1b[{_STYLES[style]}m{text}\x1b[0m"


def show_warning(message: Warning | str, category: type[Warning], *_where: object) -> None:
    """Print what Python or a library warns of in one line: it takes the place of ``warnings.showwarning``."""
    note(f"{category.__name__}: {first_line(message) if isinstance(message, Warning) else message}")


def show_logged() -> None:
    """Let what libraries log, where nobody takes it, be one line each: warnings and worse, as Python's own default."""
    import logging  # here, because it is slow to load

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            note(f"{record.name}: {record.getMessage()}")

    logging.lastResort = Lines(logging.WARNING)
