"""Parquet row groups, arrow files and the hub's memory-mapped tables: a row is a document."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from advisor.corpus.columns import choose_column, content_of, fields_of_schema
from advisor.corpus.documents import EMPTY, Document, passage
from advisor.errors import CorpusError, first_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from advisor.corpus.columns import Field
    from advisor.corpus.corpus_file import CorpusFile
    from advisor.corpus.documents import Content, Passage
    from advisor.corpus.options import CorpusOptions
    from advisor.corpus.tally import Tally

_SLICE = 1024  # rows decoded, and made into Python objects, at a time
_BUFFER = 1 << 20  # bytes of a column read at a time


@dataclass(kw_only=True)
class ColumnChunk:
    """One column of one row group or record batch, read when asked for; ``size`` is its bytes by the file's word."""

    name: str
    first_row: int
    n_documents: int
    size: int
    load: Callable[[], pa.ChunkedArray]
    field: Field
    seq_len: int
    tally: Tally

    def documents(self) -> Iterator[Document]:
        """Yield each row's content."""
        row = self.first_row
        for chunk in self.load().chunks:
            for start in range(0, len(chunk), _SLICE):
                for value in chunk.slice(start, _SLICE):
                    content = self._content(value)
                    if content is not None and not len(content):
                        self.tally.skip(EMPTY)
                    elif content is not None:
                        n_bytes = len(content.encode("utf-8", "replace")) if isinstance(content, str) else len(content)
                        yield Document(key=(self.name, row, 0), content=content, raw_bytes=n_bytes)
                    row += 1

    def at(self, positions: Sequence[float]) -> Iterator[Passage | None]:
        """Yield the passage at each position; rows take shares of ``size`` by their lengths."""
        import numpy as np

        values = self.load()
        ends = np.cumsum(np.concatenate([_row_sizes(chunk, self.field) for chunk in values.chunks]))
        scale = self.size / max(int(ends[-1]), 1)
        for position in positions:
            row = min(int(np.searchsorted(ends, position / scale, side="right")), len(ends) - 1)
            length = int(ends[row]) - (int(ends[row - 1]) if row else 0)
            content = self._content(values[row])
            if content is None or not len(content) or not length:
                yield None
                continue
            fraction = (position / scale - (int(ends[row]) - length)) / length
            document = Document(key=(self.name, self.first_row + row, 0), content=content, raw_bytes=length * scale)
            following = self._following(values, row) if len(content) < 8 * self.seq_len else ()
            yield passage(document, min(max(fraction, 0.0), 1 - 1e-9), following, self.seq_len)

    def _content(self, scalar: Any) -> Content | None:
        import numpy as np
        import pyarrow as pa

        if self.field.kind == "ids" and scalar.is_valid:
            values = scalar.values
            values = values.dictionary_decode() if pa.types.is_dictionary(values.type) else values
            return np.asarray(values.to_numpy(zero_copy_only=False)).astype(np.int64)
        return content_of(scalar.as_py(), self.field)

    def _following(self, values: pa.ChunkedArray, row: int) -> tuple[Content, ...]:
        contents: list[Content] = []
        for value in values[row + 1 : row + 1 + 8 * self.seq_len]:
            if sum(map(len, contents)) >= 8 * self.seq_len:
                break
            content = self._content(value)
            if content is not None and len(content):
                contents.append(content)
        return tuple(contents)


def _row_sizes(values: pa.Array, field: Field) -> npt.NDArray[np.int64]:
    """Return the bytes (or ids) of each row, 0 for null: what a uniform draw over the column weighs it by."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_string_view(values.type):
        values = values.cast(pa.large_string())
    # The share of a chat goes by its number of messages: its own length corrects that when it is drawn.
    lengths = pc.binary_length(values) if field.kind == "text" else pc.list_value_length(values)
    return np.asarray(pc.fill_null(lengths, 0).to_numpy(zero_copy_only=False), dtype=np.int64)


def parquet_chunks(file: CorpusFile, options: CorpusOptions, seq_len: int, tally: Tally) -> list[ColumnChunk]:
    """Return a reader for each row group of a parquet file.

    Raises:
        CorpusError: it is not a parquet file, has no rows, or has no such text column.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    name = file.name
    try:
        with pq.ParquetFile(_opened(file)) as table:
            metadata, fields = table.metadata, fields_of_schema(table.schema_arrow)
    except (pa.ArrowInvalid, OSError) as error:
        raise CorpusError(f"{name} is not a parquet file: {first_line(error)}.") from error
    if metadata.num_rows == 0:
        raise CorpusError(f"{name} has 0 rows.")
    chosen = choose_column(fields, options.column, name)
    tally.read("parquet", chosen.name, chosen.type, name)
    chunks, first_row = [], 0
    for group in range(metadata.num_row_groups):
        rows = metadata.row_group(group)
        if rows.num_rows:
            chunks.append(
                ColumnChunk(
                    name=name,
                    first_row=first_row,
                    n_documents=rows.num_rows,
                    size=max(_column_bytes(rows, chosen.name), 1),
                    load=_row_group_loader(file, group, chosen.name),
                    field=chosen,
                    seq_len=seq_len,
                    tally=tally,
                )
            )
        first_row += rows.num_rows
    return chunks


def _column_bytes(rows: Any, column: str) -> int:
    parts = [rows.column(i) for i in range(rows.num_columns)]
    return sum(part.total_uncompressed_size for part in parts if part.path_in_schema.split(".")[0] == column)


def _opened(file: CorpusFile) -> Any:
    """Return what pyarrow reads a file from: its path, or where it is remote its bytes, in ranges."""
    return file.name if file.place.is_local else file.place.open()


def _row_group_loader(file: CorpusFile, group: int, column: str) -> Callable[[], pa.ChunkedArray]:
    def load() -> pa.ChunkedArray:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            # In batches: reading a row group at once takes about three times its size.
            with pq.ParquetFile(_opened(file), pre_buffer=False, buffer_size=_BUFFER) as table:
                batches = table.iter_batches(_SLICE, row_groups=[group], columns=[column], use_threads=False)
                return pa.chunked_array([batch.column(0) for batch in batches])
        except (pa.ArrowInvalid, OSError) as error:
            raise CorpusError(f"Row group {group} of {file.name} cannot be read: {first_line(error)}.") from error

    return load


def arrow_chunks(file: CorpusFile, options: CorpusOptions, seq_len: int, tally: Tally) -> list[ColumnChunk]:
    """Return a reader for each record batch of an arrow file (the file or the stream format), memory-mapped.

    Raises:
        CorpusError: it is not an arrow file, has no rows, or has no such text column.
    """
    import pyarrow as pa

    try:
        source = pa.memory_map(file.name) if file.place.is_local else pa.PythonFile(file.place.open(), mode="r")
        try:
            table = pa.ipc.open_file(source).read_all()
        except pa.ArrowInvalid:
            source.seek(0)
            table = pa.ipc.open_stream(source).read_all()
    except (pa.ArrowInvalid, OSError) as error:
        raise CorpusError(f"{file.name} is not an arrow file: {first_line(error)}.") from error
    return table_chunks(table, file.name, options.column, seq_len, tally, format="arrow")


def table_chunks(
    table: pa.Table, name: str, column: str | None, seq_len: int, tally: Tally, *, format: str
) -> list[ColumnChunk]:
    """Return a reader for each chunk of a table, which stays where it is.

    Raises:
        CorpusError: it has no rows, or no such text column.
    """
    import pyarrow as pa

    if table.num_rows == 0:
        raise CorpusError(f"{name} has 0 rows.")
    chosen = choose_column(fields_of_schema(table.schema), column, name)
    tally.read(format, chosen.name, chosen.type, name)
    chunks, first_row = [], 0
    for chunk in table.column(chosen.name).chunks:
        if len(chunk):
            chunks.append(
                ColumnChunk(
                    name=name,
                    first_row=first_row,
                    n_documents=len(chunk),
                    size=max(sum(_row_sizes(chunk, chosen)), 1),
                    load=functools.partial(pa.chunked_array, [chunk]),
                    field=chosen,
                    seq_len=seq_len,
                    tally=tally,
                )
            )
        first_row += len(chunk)
    return chunks
