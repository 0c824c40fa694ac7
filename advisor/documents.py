"""A document, and the passage of it that a draw fell on: what readers yield and the sampler takes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    import numpy.typing as npt

    Content = str | npt.NDArray[np.int64]
    # (where it is read from, its offset or number there, the piece of it): pieces are the unit of the bootstrap.
    Key = tuple[str, int, int]

PIECE_CHARS = 1_000_000  # a longer document is cut at whitespace into pieces of about this many characters
_WHITESPACE = re.compile(r"\s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document of a corpus: its text, or its token ids where the corpus holds ids."""

    key: Key
    content: Content
    raw_bytes: float  # what it occupies in its source, markup and quoting included


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """What one drawn byte of the corpus fell on, with enough text to cut one sequence from."""

    key: Key
    content: Content  # the whole document, or a window of it that begins where the draw fell
    following: tuple[Content, ...]  # the documents after it, for corpora of short documents
    position: float  # whole document: where the draw fell, in [0, 1); a window: where it begins
    share_kept: float  # the chance with which the draw counts: less than 1 for windows, which never start at the end
    whole: bool
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


@dataclass(kw_only=True)
class Tally:
    """What reading met besides documents; filled while readers run."""

    skipped: dict[str, int] = field(default_factory=dict)  # reason -> documents or files left out
    notes: list[str] = field(default_factory=list)

    def skip(self, reason: str, count: int = 1) -> None:
        """Count what was left out for this reason."""
        self.skipped[reason] = self.skipped.get(reason, 0) + count

    @property
    def n_skipped(self) -> int:
        """How many documents or files were left out."""
        return sum(self.skipped.values())


def size_of(content: Content) -> int:
    """Return the bytes of a text in UTF-8, or the number of ids."""
    return len(content.encode("utf-8", "replace")) if isinstance(content, str) else len(content)


def window_size(content: Content, seq_len: int) -> int:
    """Return how many characters or ids hold one sequence of ``seq_len`` tokens and a choice where to cut.

    8 characters a token is beyond any natural corpus; short sequences allow for runs of odd text. A window that holds
    fewer tokens than a sequence is drawn again.
    """
    return max(8 * seq_len, min(32 * seq_len, 1 << 14)) if isinstance(content, str) else seq_len


def is_long(content: Content, seq_len: int) -> bool:
    """Return whether a document is sampled by windows: past about four sequences, tokenising all of it is waste."""
    return len(content) > (16 * seq_len if isinstance(content, str) else 4 * seq_len)


def passage(document: Document, fraction: float, following: tuple[Content, ...], seq_len: int) -> Passage:
    """Return the passage of ``document`` at ``fraction`` of its length.

    A long document gives a window. Its start is uniform over what leaves room for one sequence (about 4 bytes a token),
    and the draw counts with probability 1 - seq_len/2 tokens over the length: as many sequences as cutting the
    whole document into sequences and dropping the remainder would give.
    """
    content = document.content
    raw_per_size = document.raw_bytes / max(size_of(content), 1)
    if not is_long(content, seq_len):
        return Passage(
            key=document.key,
            content=content,
            following=following,
            position=fraction,
            share_kept=1.0,
            whole=True,
            raw_per_size=raw_per_size,
            document_bytes=document.raw_bytes,
        )
    sequence = 4 * seq_len if isinstance(content, str) else seq_len
    start = int(fraction * (len(content) - sequence))
    if isinstance(content, str) and start > 0:
        found = _WHITESPACE.search(content, start, start + sequence)
        start = found.start() if found else start
    return Passage(
        key=(*document.key[:2], document.key[2] + start // PIECE_CHARS),
        content=content[start : start + window_size(content, seq_len)],
        following=(),
        position=float(start),
        share_kept=1.0 - 0.5 * sequence / len(content),
        whole=False,
        raw_per_size=raw_per_size,
        document_bytes=document.raw_bytes,
    )


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
            found = _WHITESPACE.search(content, end, end + 10_000)
            end = found.start() if found else end
        end = min(end, len(content))
        yield Document(
            key=(*document.key[:2], document.key[2] + number),
            content=content[start:end],
            raw_bytes=(end - start) * raw_per_char,
        )
        start, number = end, number + 1
