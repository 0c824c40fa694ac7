"""Where the messages of an arrow file lie, and what their headers say: read without a byte of their bodies.

Arrow's columnar format 1.5, "Serialization and Interprocess Communication": a stream is a schema, then dictionaries and
record batches; the file format holds a stream behind 8 bytes of magic, and a footer that lists its messages. Headers
are FlatBuffers, which this reads field by field: the fields' numbers are those of Arrow's Message.fbs and File.fbs.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

MAGIC = b"ARROW1"
_SCHEMA, _DICTIONARY, _BATCH = 1, 2, 3  # MessageHeader in Message.fbs
_CONTINUES = 0xFFFFFFFF
_BLOCK = struct.Struct("<qi4xq")  # offset, bytes of metadata, bytes of body
_MOST_METADATA = 64 << 20


class MessageError(ValueError):
    """A header that contradicts itself, or leads out of the file."""


@dataclass(frozen=True)
class Table:
    """A table of a FlatBuffer: fields by number, each absent where it has its default."""

    data: bytes
    at: int

    @classmethod
    def root(cls, data: bytes) -> Table:
        """Return the table that a FlatBuffer holds."""
        return cls(data, _number(data, "<I", 0))

    def number(self, field: int, form: str, default: int = 0) -> int:
        """Return a field that is a number, of ``struct``'s ``form``."""
        at = self._place(field)
        return default if at is None else _number(self.data, form, at)

    def table(self, field: int) -> Table | None:
        """Return a field that is a table."""
        at = self._place(field)
        return None if at is None else Table(self.data, at + _number(self.data, "<I", at))

    def structs(self, field: int, form: struct.Struct) -> list[tuple[int, ...]]:
        """Return a field that is a vector of structs."""
        at = self._place(field)
        if at is None:
            return []
        at += _number(self.data, "<I", at)
        n_bytes = _number(self.data, "<I", at) * form.size
        if at + 4 + n_bytes > len(self.data):
            raise MessageError("a list in a message is longer than the message")
        return list(form.iter_unpack(self.data[at + 4 : at + 4 + n_bytes]))

    def _place(self, field: int) -> int | None:
        fields = self.at - _number(self.data, "<i", self.at)
        n_bytes = _number(self.data, "<H", fields)
        offset = _number(self.data, "<H", fields + 4 + 2 * field) if 4 + 2 * field < n_bytes else 0
        return self.at + offset if offset else None


def _number(data: bytes, form: str, at: int) -> int:
    if not 0 <= at <= len(data) - struct.calcsize(form):
        raise MessageError("a message leads out of itself")
    return int(struct.unpack_from(form, data, at)[0])


@dataclass(frozen=True, kw_only=True)
class Message:
    """A message: where it begins, its header in bytes (with the lengths before it), the bytes of its body, its rows."""

    offset: int
    n_header: int
    n_body: int
    n_rows: int = 0


@dataclass(frozen=True, kw_only=True)
class IpcLayout:
    """The messages of an arrow file."""

    is_file: bool
    schema: Message
    dictionaries: tuple[Message, ...]
    batches: tuple[Message, ...]


def layout_of(file: IO[bytes], n_bytes: int) -> IpcLayout:
    """Return where the schema, the dictionaries and the record batches of a file or a stream lie.

    Raises:
        MessageError: they are not where the file says.
    """
    is_file = read_span(file, 0, min(len(MAGIC), n_bytes)) == MAGIC
    found = list(_of_footer(file, n_bytes) if is_file else _in_order(file, n_bytes))
    schemas, dictionaries, batches = (
        [each for kind, each in found if kind == wanted] for wanted in (_SCHEMA, _DICTIONARY, _BATCH)
    )
    if not schemas:
        raise MessageError("no schema is where one should be")
    return IpcLayout(is_file=is_file, schema=schemas[0], dictionaries=tuple(dictionaries), batches=tuple(batches))


def read_span(file: IO[bytes], offset: int, n_bytes: int) -> bytes:
    """Return the bytes at an offset, all of them.

    Raises:
        MessageError: the file ends before.
    """
    file.seek(offset)
    data = file.read(n_bytes)
    if len(data) < n_bytes:
        raise MessageError("the file ends inside a message")
    return data


def header_of(file: IO[bytes], message: Message) -> Table:
    """Return the header of a message, the union's table."""
    found = _message(read_span(file, message.offset, message.n_header)).table(2)
    if found is None:
        raise MessageError("a message has no header")
    return found


def _message(data: bytes) -> Table:
    start = 8 if data[:4] == b"\xff\xff\xff\xff" else 4
    return Table.root(data[start:])


def _in_order(file: IO[bytes], n_bytes: int, start: int = 0) -> Iterator[tuple[int, Message]]:
    """Yield the messages of a stream, one behind the other."""
    at = start
    while at < n_bytes:
        first, second = struct.unpack("<II", read_span(file, at, min(8, n_bytes - at)).ljust(8, b"\0"))
        n_prefix, n_metadata = (8, second) if first == _CONTINUES else (4, first)
        if not n_metadata:
            return
        kind, message = _at(file, at, n_prefix + n_metadata, n_bytes)
        yield kind, message
        at += message.n_header + message.n_body


def _of_footer(file: IO[bytes], n_bytes: int) -> Iterator[tuple[int, Message]]:
    tail = read_span(file, max(n_bytes - 10, 0), min(10, n_bytes))
    if tail[4:] != MAGIC:
        raise MessageError("it does not end as an arrow file does, and may have been cut")
    n_footer = int(struct.unpack("<i", tail[:4])[0])
    if not 0 < n_footer <= n_bytes - 10:
        raise MessageError("its footer is longer than the file")
    footer = Table.root(read_span(file, n_bytes - 10 - n_footer, n_footer))
    yield next(_in_order(file, n_bytes, 8))
    for field in (2, 3):
        for offset, n_header, _ in footer.structs(field, _BLOCK):
            yield _at(file, offset, n_header, n_bytes)


def _at(file: IO[bytes], offset: int, n_header: int, n_bytes: int) -> tuple[int, Message]:
    """Return the kind and the place of the message at an offset."""
    if offset < 0 or not 8 < n_header <= min(_MOST_METADATA, n_bytes - offset):
        raise MessageError("a message leads out of the file")
    message = _message(read_span(file, offset, n_header))
    kind, n_body, header = message.number(1, "<B"), message.number(3, "<q"), message.table(2)
    if n_body < 0 or offset + n_header + n_body > n_bytes or header is None:
        raise MessageError("the file ends inside a message")
    n_rows = header.number(0, "<q") if kind == _BATCH else 0
    if n_rows < 0:
        raise MessageError("a record batch has fewer than 0 rows")
    return kind, Message(offset=offset, n_header=n_header, n_body=n_body, n_rows=n_rows)


def buffers_of(header: Table) -> tuple[list[tuple[int, ...]], list[tuple[int, ...]], str | None, list[int]]:
    """Return a record batch's nodes (rows, nulls), buffers (offset, bytes), compression and counts of extra buffers."""
    pair, one = struct.Struct("<qq"), struct.Struct("<q")
    compression = header.table(3)
    codec = None if compression is None else ("lz4", "zstd")[compression.number(0, "<b") & 1]
    counts = [count for (count,) in header.structs(4, one)]
    return header.structs(1, pair), header.structs(2, pair), codec, counts
