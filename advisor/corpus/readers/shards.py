"""A streamed hub dataset: some rows from many of its shards, never only the head of the first."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from advisor.corpus.columns import choose_column, content_of, kinds_in_records
from advisor.corpus.documents import EMPTY, Document, Tally, size_of
from advisor.errors import CorpusError, HubError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from advisor.corpus.columns import Kind

_MOST_SHARDS = 64  # shards opened: each costs a request or two
_BYTES = 32 << 20  # text read in all, shared evenly by the shards opened
_LEAST_ROWS = 20  # of each shard, however long they are


@dataclass(kw_only=True)
class HubShards:
    """Rows from the beginning of each of up to _MOST_SHARDS random shards."""

    name: str
    shards: Sequence[Callable[[], Iterator[Mapping[str, object]]]]
    column: str | None
    skip_bad: bool
    tally: Tally
    n_rows: int | None
    kinds: Mapping[str, Kind | None] | None = None  # of the columns, where the files state them
    size: int | None = None
    n_documents: int | None = None
    n_rows_read: int = 0
    read_all: bool = False

    def documents(self) -> Iterator[Document]:
        """Yield the rows' contents, shard after shard."""
        chosen = sorted(random.Random(0).sample(range(len(self.shards)), min(_MOST_SHARDS, len(self.shards))))
        column: tuple[str, Kind] | None = None
        cut = len(chosen) < len(self.shards)
        for shard in chosen:
            n_bytes = 0
            for row, record in enumerate(self.shards[shard]()):
                if n_bytes > _BYTES / len(chosen) and row >= _LEAST_ROWS:
                    cut = True
                    break
                column = column or choose_column(self.kinds or kinds_in_records([record]), self.column, self.name)
                self.n_rows_read += 1
                content = self._content(record, column, shard, row)
                if content is not None and not len(content):
                    self.tally.skip(EMPTY)
                elif content is not None:
                    n_bytes += size_of(content)
                    yield Document(key=(f"{self.name}#{shard}", row, 0), content=content, raw_bytes=size_of(content))
        self.read_all = not cut
        if not self.n_rows_read:
            raise HubError(f"{self.name} has 0 rows.")

    def _content(self, record: Mapping[str, Any], column: tuple[str, Kind], shard: int, row: int) -> Any:
        content = content_of(record.get(column[0]), column[1])
        if content is None:
            if not self.skip_bad:
                raise CorpusError(
                    f"Row {row} of shard {shard} of {self.name} has no usable {column[0]!r}; --skip-bad leaves it out."
                )
            self.tally.skip("bad rows")
        return content
