"""A hub dataset that was downloaded: of each batch of its table the column that is the corpus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.corpus.arrow.arrays import plain
from advisor.corpus.arrow.draws import drawn
from advisor.corpus.readers.column_chunk import ColumnChunk
from advisor.corpus.readers.columnar import table_chunks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from advisor.corpus.arrow.draws import ColumnDraws, Part
    from advisor.corpus.hub.reading import HubTable
    from advisor.corpus.options import CorpusOptions
    from advisor.corpus.tally import Tally


def hub_chunks(table: HubTable, name: str, options: CorpusOptions, seq_len: int, tally: Tally) -> list[ColumnChunk]:
    """Return a reader for each batch of rows of the table, whose column is chosen by its first rows.

    Raises:
        CorpusError: it has no such text column.
        HubError: the process that reads it ended.
    """
    chosen = table_chunks(table.head(), name, options, seq_len, tally, format="hub")[0].field
    columns = chosen.inner if chosen.form == "several" else (chosen,)
    paths = [each.path for each in columns]
    names = [each.name for each in columns] if chosen.form == "several" else None
    chunks, first_row = [], 0
    for n_rows, n_bytes in table.batches(paths):
        chunks.append(
            ColumnChunk(
                name=name,
                first_row=first_row,
                n_documents=n_rows,
                size=max(n_bytes, 1),
                column=HubColumn(table=table, paths=paths, names=names, rows=(first_row, n_rows, n_bytes)),
                field=chosen,
                seq_len=seq_len,
                skip_bad=options.skip_bad,
                tally=tally,
            )
        )
        first_row += n_rows
    return chunks


@dataclass(frozen=True, kw_only=True)
class HubColumn:
    """The chosen column of a batch: ``rows`` are its first row, how many it has, and its bytes.

    Of several columns (``names``) its values are objects with theirs by name.
    """

    table: HubTable
    paths: Sequence[Sequence[str]]
    names: Sequence[str] | None
    rows: tuple[int, int, int]

    def slices(self) -> Iterator[pa.Array]:
        """Yield all of it, some rows at a time."""
        import pyarrow as pa

        for piece in self.table.values(self.paths, *self.rows):
            arrays = list(map(plain, piece))
            yield arrays[0] if self.names is None else pa.StructArray.from_arrays(arrays, names=list(self.names))

    def draws(self, draws: ColumnDraws) -> Iterator[Part]:
        """Yield the places that draws fall on, and then their rows."""
        return drawn(self.slices, draws)
