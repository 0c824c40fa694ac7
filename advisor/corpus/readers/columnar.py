"""Parquet row groups, arrow files and the hub's memory-mapped tables: of each the column that is the corpus."""

from __future__ import annotations

import functools
from collections import Counter
from typing import TYPE_CHECKING, Any

from advisor.corpus.arrow.arrays import chosen_values, row_sizes, unpacked, validated
from advisor.corpus.arrow.column import FileColumn, ParsedFile, TableColumn
from advisor.corpus.arrow.leaves import LeafSizes
from advisor.corpus.choice import choose_column, names_in, top_column
from advisor.corpus.column_notes import holds_text, note_column
from advisor.corpus.columns import fields_of_schema, with_rows
from advisor.corpus.corpus_file import leave_out_empty
from advisor.corpus.readers.column_chunk import ColumnChunk
from advisor.errors import CorpusError
from advisor.untrusted.reading import parsing

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from advisor.corpus.columns import Field
    from advisor.corpus.corpus_file import CorpusFile
    from advisor.corpus.options import CorpusOptions
    from advisor.corpus.tally import Tally

_FIRST_ROWS, _FIRST_BYTES = 32, 16 << 20  # rows that the column is chosen by, and their bytes at most


def parquet_chunks(file: CorpusFile, options: CorpusOptions, seq_len: int, tally: Tally) -> list[ColumnChunk]:
    """Return a reader for each row group of a parquet file.

    Raises:
        CorpusError: it is not a parquet file, was named and has no rows, or has no such text column.
    """
    parsed, name = ParsedFile(file=file, format="parquet"), file.name
    told, schema = _outline(parsed)
    if told["n_rows"] == 0:
        leave_out_empty(file, tally, "has 0 rows", name=name)
        return []
    sizes, fields = LeafSizes(told["columns"]), fields_of_schema(schema)
    looked_at = _looked_at(fields, options.column)
    n_rows = _n_first(sum(map(sizes.n_bytes, looked_at)), told["rows"])
    fields = with_rows(fields, _first_rows(parsed, told, looked_at, n_rows))
    chosen = choose_column(fields, options.column, name, several=True)
    shares = _stated_shares(sizes, fields, chosen)
    note_column(chosen, fields, tally, format="parquet", name=name, wanted=options.column, shares=shares)
    prefixes = [_prefix(schema, each) for each in _columns_of(chosen)]
    return _chunks(parsed, {"prefixes": prefixes}, "row group", chosen, options, seq_len, tally)


def arrow_chunks(file: CorpusFile, options: CorpusOptions, seq_len: int, tally: Tally) -> list[ColumnChunk]:
    """Return a reader for each record batch of an arrow file, in the file or the stream format.

    Raises:
        CorpusError: it is not an arrow file, was named and has no rows, or has no such text column.
    """
    parsed, name = ParsedFile(file=file, format="arrow"), file.name
    told, schema = _outline(parsed)
    if told["n_rows"] == 0:
        leave_out_empty(file, tally, "has 0 rows", name=name)
        return []
    fields = fields_of_schema(schema)
    looked_at = [each for each, field in fields.items() if field.kind is not None or holds_text(field)]
    fields = with_rows(fields, _first_rows(parsed, told, looked_at, min(_FIRST_ROWS, told["rows"])))
    chosen = choose_column(fields, options.column, name, several=True)
    note_column(chosen, fields, tally, format="arrow", name=name, wanted=options.column)
    return _chunks(parsed, {"layout": told["layout"]}, "record batch", chosen, options, seq_len, tally)


def _outline(parsed: ParsedFile) -> tuple[dict[str, Any], pa.Schema]:
    """Return what a file says of itself, and its schema, which has a name for each column."""
    import pyarrow as pa

    told, blob = parsed.ask("outline", {})
    name = parsed.file.name
    with parsing(name, parsed.format, CorpusError):
        schema = pa.ipc.read_schema(pa.py_buffer(blob))
    _check_names(schema, name)
    return told, schema


def _chunks(
    parsed: ParsedFile,
    request: dict[str, Any],
    unit: str,
    chosen: Field,
    options: CorpusOptions,
    seq_len: int,
    tally: Tally,
) -> list[ColumnChunk]:
    """Return a reader for each part of a file that has rows; ``unit`` is what such a part is called."""
    columns = [(each.name, each.path) for each in _columns_of(chosen)]
    request = {**request, "columns": columns, "several": chosen.form == "several"}
    chunks, first_row = [], 0
    for part, (n_rows, size) in enumerate(parsed.ask("parts", request)[0]["parts"]):
        if n_rows:
            chunks.append(
                ColumnChunk(
                    name=parsed.file.name,
                    first_row=first_row,
                    n_documents=n_rows,
                    size=max(size, 1),
                    column=FileColumn(file=parsed, request={**request, "part": part}, place=f"{unit} {part}"),
                    field=chosen,
                    seq_len=seq_len,
                    skip_bad=options.skip_bad,
                    tally=tally,
                )
            )
        first_row += n_rows
    return chunks


def _check_names(schema: pa.Schema, name: str) -> None:
    repeated = min((each for each, count in Counter(schema.names).items() if count > 1), default=None)
    if repeated is not None:
        raise CorpusError(f"{name} has several columns called {repeated!r}: rename all but one.")


def _looked_at(fields: Mapping[str, Field], wanted: str | None) -> list[str]:
    """Return the columns whose first values are looked at: those that may be chosen."""
    if wanted is not None:
        tops = [top_column(name, fields) for name in names_in(wanted, fields)]
        return list(dict.fromkeys(top for top in tops if top is not None))
    return [name for name, field in fields.items() if field.kind is not None]


def _first_rows(parsed: ParsedFile, told: dict[str, Any], columns: list[str], n_rows: int) -> list[dict[str, Any]]:
    """Return a few rows of these columns of a file, some megabytes at most; none where they are not UTF-8."""
    if not columns:
        return []
    request = {"names": columns, "n_rows": n_rows, "first_bytes": _FIRST_BYTES}
    request |= {key: told[key] for key in ("part", "layout") if key in told}
    _, blob = parsed.ask("first_rows", request)
    with parsing(parsed.file.name, parsed.format, CorpusError):
        return _python_rows(unpacked(blob))


def _n_first(n_bytes: int, n_rows: int) -> int:
    return max(1, min(_FIRST_ROWS, _FIRST_BYTES * n_rows // max(n_bytes, 1)))


def _python_rows(rows: pa.RecordBatch | pa.Table) -> list[dict[str, Any]]:
    try:
        return list(rows.to_pylist())
    except UnicodeDecodeError:  # the row is named when it is read
        return []


def _stated_shares(stated: LeafSizes, fields: Mapping[str, Field], chosen: Field) -> dict[str, float]:
    """Return the share of the text that each column with text has, by the sizes that a row group states."""
    top = (chosen.path or (chosen.name,))[0]
    sizes = {
        name: stated.n_bytes(name, only_text=name != top)
        for name, field in fields.items()
        if name == top or holds_text(field)
    }
    total = sum(sizes.values())
    return {name: size / max(total, 1) for name, size in sizes.items()}


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


def table_chunks(
    table: pa.Table, name: str, options: CorpusOptions, seq_len: int, tally: Tally, *, format: str
) -> list[ColumnChunk]:
    """Return a reader for each chunk of a table, which stays where it is.

    Raises:
        CorpusError: it has no rows, or no such text column, or is damaged.
    """

    if table.num_rows == 0:
        raise CorpusError(f"{name} has 0 rows.")
    _check_names(table.schema, name)
    fields = fields_of_schema(table.schema)
    seen = table.select([each for each, field in fields.items() if field.kind is not None or holds_text(field)])
    fields = with_rows(fields, _checked_rows(seen.slice(0, _n_first(seen.nbytes, seen.num_rows)), name))
    chosen = choose_column(fields, options.column, name, several=True)
    note_column(chosen, fields, tally, format=format, name=name, wanted=options.column)
    columns = [(each.name, each.path) for each in _columns_of(chosen)]
    several = chosen.form == "several"
    chunks, first_row = [], 0
    for batch in table.select(list(dict.fromkeys(path[0] for _, path in columns))).to_batches():
        with parsing(name, "an Arrow table", CorpusError):
            size = int(row_sizes(chosen_values(batch, columns, several=several)).sum())
        if batch.num_rows:
            chunks.append(
                ColumnChunk(
                    name=name,
                    first_row=first_row,
                    n_documents=batch.num_rows,
                    size=max(size, 1),
                    column=TableColumn(
                        name=name, load=functools.partial(list, [batch]), columns=columns, several=several
                    ),
                    field=chosen,
                    seq_len=seq_len,
                    skip_bad=options.skip_bad,
                    tally=tally,
                )
            )
        first_row += batch.num_rows
    return chunks


def _checked_rows(table: pa.Table, name: str) -> list[dict[str, Any]]:
    with parsing(name, "an Arrow table", CorpusError):
        for column in table.columns:
            for chunk in column.chunks:
                validated(chunk)
        return _python_rows(table)
