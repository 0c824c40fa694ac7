"""A streamed hub dataset: some rows from many of its shards, never only the head of the first."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from advisor.corpus.choice import choose_column
from advisor.corpus.column_notes import note_column
from advisor.corpus.columns import ABSENT, content_of, fields_of_records, value_in, with_rows
from advisor.corpus.documents import EMPTY, Document, size_of
from advisor.errors import CorpusError, HubError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from advisor.corpus.columns import Field
    from advisor.corpus.options import CorpusOptions
    from advisor.corpus.tally import Tally

_MOST_SHARDS = 64  # shards opened: each costs a request or two
_BYTES = 32 << 20  # text read in all, shared evenly by the shards opened
_LEAST_ROWS = 20  # of each shard, however long they are; so many first ones the column is chosen by


@dataclass(kw_only=True)
class HubShards:
    """Rows from the beginning of each of up to _MOST_SHARDS random shards; all rows of the shard ``only`` if given."""

    name: str
    shards: Sequence[Callable[[], Iterator[Mapping[str, object]]]]
    options: CorpusOptions
    tally: Tally
    n_rows: int | None
    fields: Mapping[str, Field] | None = None  # of the columns, where the files state them
    size: int | None = None
    n_documents: int | None = None
    n_rows_read: int = 0
    read_all: bool = False
    only: int | None = None

    def documents(self) -> Iterator[Document]:
        """Yield the rows' contents, shard after shard."""
        chosen = self._chosen()
        column: Field | None = None
        cut = len(chosen) < len(self.shards)
        for shard in chosen:
            n_bytes = 0
            records = self.shards[shard]()
            if column is None and (head := list(itertools.islice(records, _LEAST_ROWS))):
                column, records = self._choose(head), itertools.chain(head, records)
            for row, record in enumerate(records):
                if self.only is None and n_bytes > _BYTES / len(chosen) and row >= _LEAST_ROWS:
                    cut = True
                    break
                assert column is not None
                self.n_rows_read += 1
                content = self._content(record, column, shard, row)
                if content is not None and not len(content):
                    self.tally.skip(EMPTY)
                elif content is not None:
                    n_bytes += size_of(content)
                    yield Document(key=(f"{self.name}#{shard}", row, 0), content=content, raw_bytes=size_of(content))
        self.read_all = not cut
        if not self.n_rows_read and self.only is None:
            raise HubError(f"{self.name} has 0 rows.")

    def _chosen(self) -> list[int]:
        if self.only is not None:
            return [self.only]
        return sorted(random.Random(0).sample(range(len(self.shards)), min(_MOST_SHARDS, len(self.shards))))

    def _choose(self, head: Sequence[Mapping[str, Any]]) -> Field:
        fields = with_rows(self.fields, head) if self.fields else fields_of_records(head)
        chosen = choose_column(fields, self.options.column, self.name, several=True)
        note_column(chosen, fields, self.tally, format="hub", name=self.name, wanted=self.options.column)
        return chosen

    def _content(self, record: Mapping[str, Any], column: Field, shard: int, row: int) -> Any:
        value = value_in(record, column)
        content = content_of(None if value is ABSENT else value, column)
        if content is None:
            if not self.options.skip_bad:
                place = f"Row {row} of shard {shard} of {self.name}"
                raise CorpusError(f"{place} has no usable {column.name!r}; --skip-bad leaves it out.")
            self.tally.skip("bad rows")
        return content
