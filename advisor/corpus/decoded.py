"""Token ids as the text that they were made from, so that they can be measured with another tokenizer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from advisor.corpus.documents import Document, Passage, size_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from advisor.corpus.documents import Content, Reader, Seekable
    from advisor.corpus.tokenizer import Tokenizer

_CHARS = 256  # more than a token has: places counted in ids times this are apart where those counted in characters are


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """A reader of ids that yields text; text that it reads stays as it is."""

    reader: Reader
    tokenizer: Tokenizer

    @property
    def name(self) -> str:
        """Where it reads from."""
        return self.reader.name

    @property
    def size(self) -> int | None:
        """The size of what is decoded, in its own bytes."""
        return self.reader.size

    @property
    def n_documents(self) -> int | None:
        """How many documents there are, where that is known."""
        return self.reader.n_documents

    def documents(self) -> Iterator[Document]:
        """Yield each document's text."""
        for document in self.reader.documents():
            yield Document(key=document.key, content=self._text(document.content), raw_bytes=document.raw_bytes)

    def at(self, positions: Sequence[float]) -> Iterator[Passage | None]:
        """Yield the text of the passage at each position."""
        for passage in cast("Seekable", self.reader).at(positions):
            yield None if passage is None else self._passage(passage)

    def _passage(self, passage: Passage) -> Passage:
        if isinstance(passage.content, str):
            return passage
        cell = self._text(passage.content[: passage.cell])
        n_bytes = max(size_of(cell), 1)
        return replace(
            passage,
            content=cell + self._text(passage.content[passage.cell :]),
            cell=len(cell),
            start=passage.start * _CHARS,
            following=tuple(self._text(content) for content in passage.following),
            raw_per_size=passage.raw_per_size * passage.cell / n_bytes,
        )

    def _text(self, content: Content) -> str:
        """Return the text of ids; what is left of a character that a cut divided is dropped at either end."""
        if isinstance(content, str):
            return content
        return self.tokenizer.decode([int(token) for token in content]).strip("\ufffd")


def ids_per_token(tokenizer: Tokenizer) -> int:
    """Return how many ids, at most, go into a token of the tokenizer that their text is measured with.

    Bytes are several to a token; pieces of one vocabulary are about as long as those of another.
    """
    return 6 if tokenizer.vocab_size < 1000 else 2


def innermost(reader: Reader) -> Reader:
    """Return the reader of the files themselves."""
    return reader.reader if isinstance(reader, Decoded) else reader
