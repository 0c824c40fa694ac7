"""A hub dataset that was downloaded: of each batch of its table the column that is the corpus."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from advisor.corpus.readers.column_chunk import ColumnChunk
from advisor.corpus.readers.columnar import table_chunks

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

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
                load=functools.partial(_loaded, table, paths, names, (first_row, n_rows, n_bytes)),
                field=chosen,
                seq_len=seq_len,
                skip_bad=options.skip_bad,
                tally=tally,
            )
        )
        first_row += n_rows
    return chunks


def _loaded(
    table: HubTable,
    paths: Sequence[Sequence[str]],
    names: Sequence[str] | None,
    rows: tuple[int, int, int],
    _: int | None,
) -> pa.ChunkedArray:
    """Return a batch of the column; of several columns, objects with their values by name."""
    import pyarrow as pa

    pieces = table.values(paths, *rows)
    if names is None:
        return pa.chunked_array([piece[0] for piece in pieces])
    return pa.chunked_array([pa.StructArray.from_arrays(list(piece), names=list(names)) for piece in pieces])
