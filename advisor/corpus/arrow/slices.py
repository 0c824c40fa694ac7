"""A record batch some rows at a time: of each of its buffers the next bytes, which may be compressed as a whole.

The library reads a record batch at once, which may be the whole file. How a type's arrays lie in buffers is "Physical
Memory Layout" of Arrow's columnar format.
"""

from __future__ import annotations

import functools
import io
import operator
from typing import TYPE_CHECKING, Any

from advisor.corpus.arrow.messages import Message, MessageError, buffers_of, header_of, read_span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pyarrow as pa

_NOT_COMPRESSED = -1
_BLOCK = 1 << 16


class _Span(io.RawIOBase):
    """A part of a file, read from its beginning to its end."""

    def __init__(self, file: Any, offset: int, n_bytes: int) -> None:
        self.file, self.at, self.end = file, offset, offset + n_bytes

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        left = self.end - self.at
        size = left if size is None or size < 0 else min(size, left)
        self.file.seek(self.at)
        data: bytes = self.file.read(size)
        self.at += len(data)
        return data


class _Buffer:
    """One buffer of a record batch; ``n_bytes`` is its length before compression."""

    def __init__(self, file: Any, offset: int, stored: int, codec: str | None) -> None:
        self.n_bytes, self.stream = stored, None
        if stored and codec is not None:
            self.n_bytes = int.from_bytes(read_span(file, offset, 8), "little", signed=True)
            offset, stored = offset + 8, stored - 8
            if self.n_bytes == _NOT_COMPRESSED:
                self.n_bytes, codec = stored, None
        if self.n_bytes < 0 or stored < 0:
            raise MessageError("a buffer has fewer than 0 bytes")
        self.span, self.codec = _Span(file, offset, stored), codec
        self.n_read = 0

    def read(self, n_bytes: int) -> bytes:
        if not 0 <= n_bytes <= self.n_bytes - self.n_read:
            raise MessageError("a value leads out of its buffer")
        data = self._stream.read(n_bytes) if n_bytes else b""
        if len(data) < n_bytes:
            raise MessageError("a buffer ends before its end")
        self.n_read += n_bytes
        return bytes(data)

    def skip(self, n_bytes: int) -> None:
        while n_bytes > 0:
            n_bytes -= len(self.read(min(n_bytes, _BLOCK)))

    @functools.cached_property
    def _stream(self) -> Any:
        import pyarrow as pa

        if self.codec is None:
            return self.span
        return pa.CompressedInputStream(pa.PythonFile(self.span, "r"), self.codec)


class _Bits:
    """A buffer of bits, of which any number is taken; an absent one says that all are valid."""

    def __init__(self, buffer: _Buffer) -> None:
        import numpy as np

        self.buffer, self.left = buffer, np.zeros(0, np.uint8)

    def take(self, n: int) -> pa.Buffer | None:
        import numpy as np
        import pyarrow as pa

        if not self.buffer.n_bytes:
            return None
        data = self.buffer.read(max(0, -(-(n - len(self.left)) // 8)))
        bits = np.concatenate([self.left, np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")])
        self.left = bits[n:]
        return pa.py_buffer(np.packbits(bits[:n], bitorder="little"))


class BatchSlices:
    """Columns of a record batch; ``n_bytes`` are those of their buffers."""

    def __init__(self, columns: Sequence[Callable[[int], pa.Array]], n_bytes: int) -> None:
        self.columns, self.n_bytes = columns, n_bytes

    def take(self, n_rows: int) -> list[pa.Array]:
        """Return the next rows of each column."""
        return [column(n_rows) for column in self.columns]

    @classmethod
    def of(cls, file: Any, message: Message, schema: pa.Schema, fields: Sequence[int]) -> BatchSlices | None:
        """Return these columns of a record batch; None where one is of a type that is only read as a whole."""
        _, buffers, codec, counts = buffers_of(header_of(file, message))
        body, n_bytes, columns = message.offset + message.n_header, 0, []
        starts = starts_of(schema, counts)
        for number in fields:
            kind = schema.field(number).type
            if not _is_sliced(kind):
                return None
            _, first, _ = starts[number]
            n_buffers = counts_of(kind, iter(()))[1]
            spans = buffers[first : first + n_buffers]
            if len(spans) < n_buffers:
                raise MessageError("a record batch has too few buffers")
            opened = []
            for offset, stored in spans:
                if offset < 0 or stored < 0 or offset + stored > message.n_body:
                    raise MessageError("a buffer leads out of its record batch")
                opened.append(_Buffer(file, body + offset, stored, codec))
            n_bytes += sum(each.n_bytes for each in opened)
            columns.append(_column(kind, iter(opened)))
        return cls(columns, n_bytes)


def starts_of(schema: pa.Schema, counts: Sequence[int]) -> list[tuple[int, int, int]]:
    """Return of each column how many nodes, buffers and counts of extra buffers are before its own, in one pass."""
    left, starts, nodes, buffers = iter(counts), [], 0, 0
    for kind in schema.types:
        starts.append((nodes, buffers, len(counts) - operator.length_hint(left)))
        n_nodes, n_buffers = counts_of(kind, left)
        nodes, buffers = nodes + n_nodes, buffers + n_buffers
    return starts


def counts_of(kind: pa.DataType, extra: Iterator[int]) -> tuple[int, int]:
    """Return how many nodes and buffers a column of a type has; ``extra`` are the counts of its views' buffers."""
    import pyarrow as pa

    is_a = pa.types
    if isinstance(kind, pa.BaseExtensionType):
        return counts_of(kind.storage_type, extra)
    if is_a.is_null(kind) or is_a.is_run_end_encoded(kind):
        own = 0
    elif is_a.is_struct(kind) or is_a.is_fixed_size_list(kind):
        own = 1
    elif is_a.is_union(kind):
        own = 1 if kind.mode == "sparse" else 2
    elif is_a.is_string_view(kind) or is_a.is_binary_view(kind):
        own = 2 + next(extra, 0)
    elif is_a.is_list_view(kind) or is_a.is_large_list_view(kind) or _is_text(kind):
        own = 3
    else:
        own = 2
    inside = [] if is_a.is_dictionary(kind) else [kind.field(each).type for each in range(kind.num_fields)]
    found = [counts_of(each, extra) for each in inside]
    return 1 + sum(n for n, _ in found), own + sum(n for _, n in found)


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return kind in (pa.string(), pa.large_string(), pa.binary(), pa.large_binary())


def _is_sliced(kind: pa.DataType) -> bool:
    import pyarrow as pa

    is_a = pa.types
    if isinstance(kind, pa.BaseExtensionType):
        return _is_sliced(kind.storage_type)
    if is_a.is_list(kind) or is_a.is_large_list(kind) or is_a.is_fixed_size_list(kind) or is_a.is_struct(kind):
        return all(_is_sliced(kind.field(each).type) for each in range(kind.num_fields))
    if is_a.is_dictionary(kind):
        return False
    return _is_text(kind) or is_a.is_primitive(kind) or is_a.is_fixed_size_binary(kind) or is_a.is_decimal(kind)


def _column(kind: pa.DataType, buffers: Iterator[_Buffer]) -> Callable[[int], pa.Array]:
    """Return what takes the next rows of a column, whose buffers are the next ones."""
    import pyarrow as pa

    is_a = pa.types
    if isinstance(kind, pa.BaseExtensionType):
        return _column(kind.storage_type, buffers)
    valid = _Bits(next(buffers))
    if _is_text(kind):
        return _texts(kind, valid, next(buffers), next(buffers))
    if is_a.is_list(kind) or is_a.is_large_list(kind):
        return _lists(kind, valid, next(buffers), _column(kind.value_type, buffers))
    if is_a.is_struct(kind) or is_a.is_fixed_size_list(kind):
        times = kind.list_size if is_a.is_fixed_size_list(kind) else 1
        inside = [_column(kind.field(each).type, buffers) for each in range(kind.num_fields)]
        plain = _without_extensions(kind)
        return lambda n: pa.Array.from_buffers(plain, n, [valid.take(n)], children=[take(n * times) for take in inside])
    if is_a.is_boolean(kind):
        bits = _Bits(next(buffers))
        return lambda n: pa.Array.from_buffers(kind, n, [valid.take(n), bits.take(n)])
    data, width = next(buffers), kind.bit_width // 8
    return lambda n: pa.Array.from_buffers(kind, n, [valid.take(n), pa.py_buffer(data.read(n * width))])


def _texts(kind: pa.DataType, valid: _Bits, offsets: _Buffer, data: _Buffer) -> Callable[[int], pa.Array]:
    import pyarrow as pa

    next_offsets = _Offsets(offsets, 8 if kind in (pa.large_string(), pa.large_binary()) else 4, data.skip)

    def take(n: int) -> pa.Array:
        ends, n_bytes = next_offsets(n)
        return pa.Array.from_buffers(kind, n, [valid.take(n), ends, pa.py_buffer(data.read(n_bytes))])

    return take


def _lists(
    kind: pa.DataType, valid: _Bits, offsets: _Buffer, items: Callable[[int], pa.Array]
) -> Callable[[int], pa.Array]:
    import pyarrow as pa

    def skip(n: int) -> None:
        for start in range(0, n, _BLOCK):
            items(min(_BLOCK, n - start))

    next_offsets = _Offsets(offsets, 8 if pa.types.is_large_list(kind) else 4, skip)
    plain = _without_extensions(kind)

    def take(n: int) -> pa.Array:
        ends, n_items = next_offsets(n)
        return pa.Array.from_buffers(plain, n, [valid.take(n), ends], children=[items(n_items)])

    return take


class _Offsets:
    """The offsets of a column of texts or lists, from 0 on in each slice; what lies before the first is skipped."""

    def __init__(self, buffer: _Buffer, width: int, skip: Callable[[int], None]) -> None:
        self.buffer, self.width, self.skip = buffer, width, skip
        self.last: int | None = None

    def __call__(self, n: int) -> tuple[pa.Buffer, int]:
        import numpy as np
        import pyarrow as pa

        if not n:  # perhaps before the first: a batch without rows has no offset at all
            return pa.py_buffer(bytes(self.width)), 0
        if self.last is None:
            self.last = int.from_bytes(self.buffer.read(self.width), "little", signed=True)
            self.skip(self.last)
        ends = np.frombuffer(self.buffer.read(n * self.width), f"<i{self.width}")
        ends = np.concatenate([np.array([self.last], ends.dtype), ends])
        if (ends < 0).any() or (np.diff(ends) < 0).any():
            raise MessageError("a row ends before it begins")
        first, self.last = self.last, int(ends[-1])
        return pa.py_buffer(ends - ends.dtype.type(first)), self.last - first


def _without_extensions(kind: pa.DataType) -> pa.DataType:
    """Return a type whose values are as they are stored."""
    import pyarrow as pa

    is_a = pa.types
    if isinstance(kind, pa.BaseExtensionType):
        return _without_extensions(kind.storage_type)
    if is_a.is_struct(kind):
        return pa.struct([field.with_type(_without_extensions(field.type)) for field in kind])
    if is_a.is_fixed_size_list(kind):
        return pa.list_(kind.value_field.with_type(_without_extensions(kind.value_type)), kind.list_size)
    if is_a.is_list(kind) or is_a.is_large_list(kind):
        make = pa.list_ if is_a.is_list(kind) else pa.large_list
        return make(kind.value_field.with_type(_without_extensions(kind.value_type)))
    return kind


def n_units(
    kind: pa.DataType,
    start: tuple[int, int, int],
    nodes: Sequence[tuple[int, ...]],
    buffers: Sequence[tuple[int, ...]],
    counts: Sequence[int],
    packed: tuple[Any, int] | None,
) -> int:
    """Return the bytes of a column's texts, the items of its lists, or of any other the bytes of its buffers.

    ``start`` is the column's, of ``starts_of``.
    ``packed`` is, where buffers are compressed, the file and where in it their record batch's body begins.
    """
    import pyarrow as pa

    node, buffer, skipped = start
    kind = kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return nodes[node + 1][0]
    n_buffers = counts_of(kind, iter(counts[skipped:]))[1]
    spans = buffers[buffer + (2 if _is_text(kind) else 0) : buffer + n_buffers]
    if packed is None:
        return sum(n_bytes for _, n_bytes in spans)
    file, body = packed
    return sum(_Buffer(file, body + offset, n_bytes, "lz4").n_bytes for offset, n_bytes in spans)
