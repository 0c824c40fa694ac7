"""Files that can only be read in order, too many bytes to read them all: the beginnings of many of them."""

from __future__ import annotations

import random
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from advisor.corpus.documents import Document, Reader

MOST_FILES = 64  # whose beginnings are read, as of a streamed dataset of the hub
BYTES = 32 << 20  # of documents read in all, shared evenly by those files
_LEAST_DOCUMENTS = 20  # of each file, however long they are


@dataclass(kw_only=True)
class FileHeads:
    """Documents from the beginning of each of up to MOST_FILES random readers of ``readers``, one a file."""

    name: str
    readers: Sequence[Reader]
    size: int | None = None
    n_documents: int | None = None

    @property
    def chosen(self) -> Sequence[Reader]:
        """The readers that are read, in order."""
        numbers = random.Random(0).sample(range(len(self.readers)), min(MOST_FILES, len(self.readers)))
        return [self.readers[number] for number in sorted(numbers)]

    def documents(self) -> Iterator[Document]:
        """Yield the first documents of each."""
        share = BYTES / len(self.chosen)
        for reader in self.chosen:
            n_bytes = 0.0
            with closing(cast("Generator[Document]", reader.documents())) as documents:
                for number, document in enumerate(documents, 1):
                    yield document
                    n_bytes += document.raw_bytes
                    if n_bytes > share and number >= _LEAST_DOCUMENTS:
                        break
