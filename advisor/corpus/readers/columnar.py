"""Parquet row groups, arrow files and the hub's memory-mapped tables: of each the column that is the corpus."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from advisor.corpus.choice import choose_column, names_in, top_column
from advisor.corpus.column_notes import holds_text, note_column
from advisor.corpus.columns import fields_of_schema, with_rows
from advisor.corpus.readers.column_chunk import SLICE, ColumnChunk, nested, row_sizes
from advisor.errors import CorpusError, first_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import pyarrow as pa

    from advisor.corpus.columns import Field
    from advisor.corpus.corpus_file import CorpusFile
    from advisor.corpus.options import CorpusOptions
    from advisor.corpus.tally import Tally

_BUFFER = 1 << 20  # bytes of a column read at a time
_REMOTE_BUFFER = 1 << 16  # the same of a remote file, whose first pages may be enough; ranges grow by themselves
_FEW_ROWS = 64  # decoded at a time where not all of a row group is read
_FIRST_ROWS, _FIRST_BYTES = 32, 16 << 20  # rows that the column is chosen by, and their bytes at most


def parquet_chunks(file: CorpusFile, options: CorpusOptions, seq_len: int, tally: Tally) -> list[ColumnChunk]:
    """Return a reader for each row group of a parquet file.

    Raises:
        CorpusError: it is not a parquet file, has no rows, or has no such text column.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    name = file.name
    try:
        with pq.ParquetFile(_opened(file), pre_buffer=False, buffer_size=_buffer(file)) as table:
            metadata, schema = table.metadata, table.schema_arrow
            _check_names(schema, name)
            fields = fields_of_schema(schema)
            if metadata.num_rows == 0:
                raise CorpusError(f"{name} has 0 rows.")
            group = next(i for i in range(metadata.num_row_groups) if metadata.row_group(i).num_rows)
            fields = with_rows(fields, _first_rows(table, group, _looked_at(fields, options.column)))
    except (pa.ArrowException, OSError) as error:
        raise CorpusError(f"{name} is not a parquet file: {first_line(error)}.") from error
    chosen = choose_column(fields, options.column, name, several=True)
    shares = _stated_shares(metadata.row_group(group), fields, chosen)
    note_column(chosen, fields, tally, format="parquet", name=name, wanted=options.column, shares=shares)
    prefixes = [_prefix(schema, each) for each in _columns_of(chosen)]
    chunks, first_row = [], 0
    for group in range(metadata.num_row_groups):
        rows = metadata.row_group(group)
        if rows.num_rows:
            chunks.append(
                ColumnChunk(
                    name=name,
                    first_row=first_row,
                    n_documents=rows.num_rows,
                    size=max(sum(_column_bytes(rows, prefix) for prefix in prefixes), 1),
                    load=_row_group_loader(file, group, prefixes, chosen),
                    field=chosen,
                    seq_len=seq_len,
                    skip_bad=options.skip_bad,
                    tally=tally,
                )
            )
        first_row += rows.num_rows
    return chunks


def _check_names(schema: pa.Schema, name: str) -> None:
    if repeated := sorted({each for each in schema.names if schema.names.count(each) > 1}):
        raise CorpusError(f"{name} has several columns called {repeated[0]!r}: rename all but one.")


def _looked_at(fields: Mapping[str, Field], wanted: str | None) -> list[str]:
    """Return the columns whose first values are looked at: those that may be chosen."""
    if wanted is not None:
        tops = [top_column(name, fields) for name in names_in(wanted, fields)]
        return list(dict.fromkeys(top for top in tops if top is not None))
    return [name for name, field in fields.items() if field.kind is not None]


def _first_rows(table: Any, group: int, columns: list[str]) -> list[dict[str, Any]]:
    """Return a few rows of these columns of a parquet file, some megabytes at most; none where they are not UTF-8."""
    rows = table.metadata.row_group(group)
    n_rows = _n_first(sum(_column_bytes(rows, column) for column in columns), rows.num_rows)
    for batch in table.iter_batches(n_rows, row_groups=[group], columns=columns, use_threads=False) if columns else ():
        return _python_rows(batch)
    return []


def _n_first(n_bytes: int, n_rows: int) -> int:
    return max(1, min(_FIRST_ROWS, _FIRST_BYTES * n_rows // max(n_bytes, 1)))


def _python_rows(rows: pa.RecordBatch | pa.Table) -> list[dict[str, Any]]:
    try:
        return list(rows.to_pylist())
    except UnicodeDecodeError:  # the row is named when it is read
        return []


def _stated_shares(rows: Any, fields: Mapping[str, Field], chosen: Field) -> dict[str, float]:
    """Return the share of the text that each column with text has, by the sizes that a row group states."""
    top = (chosen.path or (chosen.name,))[0]
    sizes = {
        name: _column_bytes(rows, name, only_text=name != top)
        for name, field in fields.items()
        if name == top or holds_text(field)
    }
    total = sum(sizes.values())
    return {name: size / max(total, 1) for name, size in sizes.items()}


def _column_bytes(rows: Any, prefix: str, *, only_text: bool = False) -> int:
    """Return the bytes of a column, or of what is nested in it; of its strings, with ``only_text``."""
    parts = [rows.column(i) for i in range(rows.num_columns)]
    return sum(
        part.total_uncompressed_size
        for part in parts
        if (part.path_in_schema == prefix or part.path_in_schema.startswith(prefix + "."))
        and not (only_text and part.physical_type != "BYTE_ARRAY")
    )


def _prefix(schema: pa.Schema, chosen: Field) -> str:
    """Return what is read of a parquet file for a column: of nested objects the field, of lists of them the whole."""
    import pyarrow as pa

    top, *inside = chosen.path
    names, type = [top], schema.field(top).type
    for name in inside:
        if not pa.types.is_struct(type):
            break
        names.append(name)
        type = type.field(name).type
    return ".".join(names)


def _columns_of(chosen: Field) -> tuple[Field, ...]:
    return chosen.inner if chosen.form == "several" else (chosen,)


def _values(batch: pa.RecordBatch, chosen: Field) -> pa.Array:
    """Return the chosen column of a batch; of several, objects with their values by name."""
    import pyarrow as pa

    columns = _columns_of(chosen)
    arrays = [nested(batch.column(each.path[0]), each.path[1:]) for each in columns]
    if chosen.form != "several":
        return arrays[0]
    return pa.StructArray.from_arrays(arrays, names=[each.name for each in columns])


def _opened(file: CorpusFile) -> Any:
    """Return what pyarrow reads a file from: its path, or where it is remote its bytes, in ranges."""
    return file.name if file.place.is_local else file.place.open()


def _buffer(file: CorpusFile) -> int:
    return _BUFFER if file.place.is_local else _REMOTE_BUFFER


def _first(values: Iterable[pa.Array], most_bytes: int | None) -> Iterator[pa.Array]:
    """Yield the first arrays that have so many bytes; all of them where None."""
    n_bytes = 0
    for each in values:
        yield each
        n_bytes += each.nbytes
        if most_bytes is not None and n_bytes >= most_bytes:
            return


def _whole(values: pa.Array, _: int | None) -> pa.ChunkedArray:
    import pyarrow as pa

    return pa.chunked_array([values])


def _row_group_loader(
    file: CorpusFile, group: int, prefixes: list[str], chosen: Field
) -> Callable[[int | None], pa.ChunkedArray]:
    def load(most_bytes: int | None) -> pa.ChunkedArray:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            # In batches: reading a row group at once takes about three times its size.
            with pq.ParquetFile(_opened(file), pre_buffer=False, buffer_size=_buffer(file)) as table:
                n_rows = SLICE if most_bytes is None else _FEW_ROWS
                batches = table.iter_batches(n_rows, row_groups=[group], columns=prefixes, use_threads=False)
                values = (_values(batch, chosen) for batch in batches)
                return pa.chunked_array(list(_first(values, most_bytes)))
        except (pa.ArrowException, OSError) as error:
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
    return table_chunks(table, file.name, options, seq_len, tally, format="arrow")


def table_chunks(
    table: pa.Table, name: str, options: CorpusOptions, seq_len: int, tally: Tally, *, format: str
) -> list[ColumnChunk]:
    """Return a reader for each chunk of a table, which stays where it is.

    Raises:
        CorpusError: it has no rows, or no such text column.
    """

    if table.num_rows == 0:
        raise CorpusError(f"{name} has 0 rows.")
    _check_names(table.schema, name)
    fields = fields_of_schema(table.schema)
    seen = table.select([each for each, field in fields.items() if field.kind is not None or holds_text(field)])
    fields = with_rows(fields, _python_rows(seen.slice(0, _n_first(seen.nbytes, seen.num_rows))))
    chosen = choose_column(fields, options.column, name, several=True)
    note_column(chosen, fields, tally, format=format, name=name, wanted=options.column)
    chunks, first_row = [], 0
    tops = list(dict.fromkeys(each.path[0] for each in _columns_of(chosen)))
    for batch in table.select(tops).to_batches():
        chunk = _values(batch, chosen)
        if len(chunk):
            chunks.append(
                ColumnChunk(
                    name=name,
                    first_row=first_row,
                    n_documents=len(chunk),
                    size=max(sum(row_sizes(chunk)), 1),
                    load=functools.partial(_whole, chunk),
                    field=chosen,
                    seq_len=seq_len,
                    skip_bad=options.skip_bad,
                    tally=tally,
                )
            )
        first_row += len(chunk)
    return chunks
