"""A document, and the passage of it that a draw fell on: what readers yield and the sampler takes."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    import numpy.typing as npt

    Content = str | npt.NDArray[np.int64]
    # (where it is read from, its offset or number there, the piece of it): pieces are the unit of the bootstrap.
    Key = tuple[str, int, int]

EMPTY = "documents without text"
PIECE_CHARS = 1_000_000  # a longer document is cut at whitespace into pieces of about this many characters
_LEAST_WINDOW = 12  # characters a token of the sequences
_WHITESPACE = re.compile(r"\s")


@dataclass(frozen=True, kw_only=True)
class Document:
    """One document of a corpus: its text, or its token ids where the corpus holds ids."""

    key: Key
    content: Content
    raw_bytes: float  # what it occupies in its source, markup and quoting included

    @functools.cached_property
    def size(self) -> int:
        """The bytes of its text in UTF-8, or the number of its ids."""
        return size_of(self.content)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """What one drawn byte of the corpus fell on: a cell, and enough text behind it for a sequence to run on."""

    key: Key
    content: Content  # begins with the cell, which is all of a short document
    cell: int  # how many characters or ids the cell has
    start: int  # where in the document the cell begins
    position: float  # where in the cell the draw fell, in [0, 1)
    following: tuple[Content, ...]  # the documents after a short one, for corpora of short documents
    raw_per_size: float  # source bytes for each byte of text (or for each id)
    document_bytes: float  # source bytes of the whole document


class Reader(Protocol):
    """One file, row group or shard, or several."""

    @property
    def name(self) -> str:
        """Where it reads from, for messages."""

    @property
    def size(self) -> int | None:
        """Its bytes, if it is ``Seekable``; None where only reading in order is possible."""

    @property
    def n_documents(self) -> int | None:
        """How many documents it holds, where that is known without reading."""

    def documents(self) -> Iterator[Document]:
        """Yield every document in order."""


class Seekable(Reader, Protocol):
    """A reader with a ``size``."""

    def at(self, positions: Sequence[float]) -> Iterator[Passage | None]:
        """Yield the passage at each position (ascending, in [0, size)); None where a byte belongs to no document."""


def size_of(content: Content) -> int:
    """Return the bytes of a text in UTF-8, or the number of ids."""
    return len(content.encode("utf-8", "replace")) if isinstance(content, str) else len(content)


def window_size(content: Content, seq_len: int) -> int:
    """Return how many characters or ids of a long document go with a cell: it, and text for a sequence to run on."""
    return max(_LEAST_WINDOW * seq_len, min(32 * seq_len, 1 << 14)) if isinstance(content, str) else 2 * seq_len


def is_long(content: Content, seq_len: int) -> bool:
    """Return whether a document is sampled by cells: past about four sequences, tokenising all of it is waste."""
    return len(content) > (16 * seq_len if isinstance(content, str) else 4 * seq_len)


def cell_length(content: Content, seq_len: int) -> int:
    """Return the length of the cells, in characters, bytes or ids, that tile a long document: one or two sequences."""
    return 6 * seq_len if isinstance(content, str) else seq_len


def passage(document: Document, fraction: float, following: tuple[Content, ...], seq_len: int) -> Passage:
    """Return the passage of ``document`` at ``fraction`` of its length: the cell that holds it."""
    content = document.content
    start, end, position = 0, len(content), fraction
    if is_long(content, seq_len):
        length = cell_length(content, seq_len)
        number, position = divmod(fraction * len(content) / length, 1.0)
        start, end = (snapped(content, at, length) for at in (int(number) * length, (int(number) + 1) * length))
        following = ()
    return Passage(
        key=(*document.key[:2], document.key[2] + start // PIECE_CHARS),
        content=_window(content, start, end, seq_len),
        cell=end - start,
        start=start,
        position=position,
        following=following,
        raw_per_size=document.raw_bytes / max(document.size, 1),
        document_bytes=document.raw_bytes,
    )


def _window(content: Content, start: int, end: int, seq_len: int) -> Content:
    """Return a cell and the text or ids behind it; less of them where one emoji makes each character take four bytes.

    Thousands of windows are held at once: one of ids is a copy, since a view would hold all that it is a view of.
    """
    window = content[start : max(start + window_size(content, seq_len), end)]
    if not isinstance(window, str):
        return window.copy()
    if window.isascii() or not _is_astral(window):
        return window
    return window[: max(_LEAST_WINDOW * seq_len, end - start)]


def _is_astral(text: str) -> bool:
    """Return whether a text has characters beyond U+FFFF."""
    return len(text.encode("utf-16-le", "surrogatepass")) > 2 * len(text)


def snapped(content: Content, at: int, reach: int) -> int:
    """Return where to cut near ``at``: a text's first whitespace from there on, and its ends as they are."""
    if not isinstance(content, str) or at <= 0 or at >= len(content):
        return min(max(at, 0), len(content))
    return first_whitespace(content, at, reach)


def first_whitespace(text: str, at: int, reach: int) -> int:
    """Return the first whitespace at or after ``at``, at most ``reach`` further; ``at`` where there is none."""
    found = _WHITESPACE.search(text, at, at + reach)
    return found.start() if found else min(at, len(text))


def pieces_with_content(document: Document) -> Iterator[Document]:
    """Yield the pieces that hold something."""
    return (piece for piece in pieces(document) if len(piece.content))


def pieces(document: Document) -> Iterator[Document]:
    """Yield the document, cut at whitespace into pieces where it is longer than PIECE_CHARS."""
    content = document.content
    if not isinstance(content, str) or len(content) <= PIECE_CHARS:
        yield document
        return
    raw_per_char = document.raw_bytes / len(content)
    start, number = 0, 0
    while start < len(content):
        end = start + PIECE_CHARS
        if end < len(content):
            end = first_whitespace(content, end, 10_000)
        end = min(end, len(content))
        yield Document(
            key=(*document.key[:2], document.key[2] + number),
            content=content[start:end],
            raw_bytes=(end - start) * raw_per_char,
        )
        start, number = end, number + 1
