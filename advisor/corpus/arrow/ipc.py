"""An arrow file (the file or the stream format) in the child process: its record batches, a few rows at a time."""

from __future__ import annotations

import io
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from advisor.corpus.arrow.messages import IpcLayout, Message, buffers_of, header_of, layout_of, read_span
from advisor.corpus.arrow.slices import BatchSlices, n_units, starts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

_SLICE_BYTES = 4 << 20  # of rows read at a time
_MOST_ROWS = 1024
_BIG = 1  # of a schema's endianness, whose numbers pyarrow turns around


class ArrowFile:
    """A file that ``request`` asks about; where its messages lie is told with the outline, and then asked with."""

    def __init__(self, file: Any, request: dict[str, Any]) -> None:
        import pyarrow as pa

        self.file, self.request = file, request
        self.layout = _told(request["layout"]) if "layout" in request else layout_of(file, file.n_bytes)
        schema = self.layout.schema
        self.schema = pa.ipc.read_schema(pa.py_buffer(read_span(file, schema.offset, schema.n_header)))
        self.is_swapped = header_of(file, schema).number(0, "<h") == _BIG

    def outline(self) -> dict[str, Any]:
        """Return the number of rows, the first record batch with some, and where the messages lie."""
        batches = self.layout.batches
        told = {"n_rows": sum(each.n_rows for each in batches), "layout": asdict(self.layout)}
        first = next((number for number, each in enumerate(batches) if each.n_rows), None)
        return told if first is None else told | {"part": first, "rows": batches[first].n_rows}

    def first_rows(self) -> pa.RecordBatch:
        """Return the first rows of the columns that are looked at."""
        return next(self._some(self.request["names"], self.request["n_rows"], self.request["first_bytes"]))

    def parts(self) -> list[list[int]]:
        """Return the rows of each record batch, and the bytes (or items) of its chosen columns."""
        numbers = [self.schema.get_field_index(path[0]) for _, path in self.request["columns"]]
        return [[each.n_rows, self._n_units(each, numbers) if each.n_rows else 0] for each in self.layout.batches]

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the chosen columns of a record batch, some rows at a time."""
        yield from self._some(list(dict.fromkeys(path[0] for _, path in self.request["columns"])), _MOST_ROWS)

    def _n_units(self, message: Message, numbers: list[int]) -> int:
        nodes, buffers, codec, counts = buffers_of(header_of(self.file, message))
        body = None if codec is None else (self.file, message.offset + message.n_header)
        kinds, starts = self.schema.types, starts_of(self.schema, counts)
        return sum(n_units(kinds[each], starts[each], nodes, buffers, counts, body) for each in set(numbers))

    def _some(self, names: list[str], n_rows: int, n_bytes: int = _SLICE_BYTES) -> Iterator[pa.RecordBatch]:
        """Yield these columns of a record batch: ``n_rows`` at a time, or as many as are about so many bytes."""
        import pyarrow as pa

        message = self.layout.batches[self.request["part"]]
        fields = [self.schema.get_field_index(name) for name in names]
        found = None if self.is_swapped else BatchSlices.of(self.file, message, self.schema, fields)
        if found is None:
            yield from self._at_once(names, n_rows)
            return
        at_once = max(1, min(n_rows, n_bytes * message.n_rows // max(found.n_bytes, 1)))
        for start in range(0, message.n_rows, at_once):
            arrays = found.take(min(at_once, message.n_rows - start))
            yield pa.record_batch([self._typed(*each) for each in zip(fields, arrays, strict=True)], names=names)

    def _typed(self, field: int, values: pa.Array) -> pa.Array:
        """Return what was read as it is stored, as an extension where the file says so."""
        import pyarrow as pa

        kind = self.schema.field(field).type
        is_extension = isinstance(kind, pa.BaseExtensionType) and kind.storage_type == values.type
        return pa.ExtensionArray.from_storage(kind, values) if is_extension else values

    def _at_once(self, names: list[str], n_rows: int) -> Iterator[pa.RecordBatch]:
        """Yield slices of a record batch that the library reads as a whole: of dictionaries, views and unions."""
        import pyarrow as pa

        fields = [self.schema.get_field_index(name) for name in names]
        options = pa.ipc.IpcReadOptions(included_fields=fields, use_threads=False)
        if self.layout.is_file:
            batch = pa.ipc.open_file(pa.PythonFile(self.file, "r"), options=options).get_batch(self.request["part"])
        else:
            batch = pa.ipc.open_stream(self._alone(), options=options).read_next_batch()
        batch = batch.select(names)
        for start in range(0, batch.num_rows, n_rows):
            yield batch.slice(start, n_rows)

    def _alone(self) -> io.BytesIO:
        """Return a stream of the schema, the dictionaries before the record batch, and the record batch."""
        message = self.layout.batches[self.request["part"]]
        before = [each for each in self.layout.dictionaries if each.offset < message.offset]
        spans = [(each.offset, each.n_header + each.n_body) for each in (self.layout.schema, *before, message)]
        return io.BytesIO(b"".join(read_span(self.file, *span) for span in spans))


def _told(layout: dict[str, Any]) -> IpcLayout:
    return IpcLayout(
        is_file=layout["is_file"],
        schema=Message(**layout["schema"]),
        dictionaries=tuple(Message(**each) for each in layout["dictionaries"]),
        batches=tuple(Message(**each) for each in layout["batches"]),
    )
