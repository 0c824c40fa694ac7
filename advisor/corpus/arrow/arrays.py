"""Arrow arrays that nobody vouches for: validated before they are used, made plain, weighed and sent on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor.corpus.values.kinds import is_list

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    Named = Sequence[tuple[str, Sequence[str]]]  # columns: the name of each, and the path to it


def validated(values: pa.Array) -> pa.Array:
    """Return an array whose offsets, indices and lengths are all inside it; its strings may be other than UTF-8.

    Raises:
        pa.ArrowException: they are not: the library would read memory that is not its own.
    """
    as_bytes = _of_bytes(values.type)
    (values if as_bytes == values.type else values.view(as_bytes)).validate(full=True)
    return values


def _of_bytes(kind: pa.DataType) -> pa.DataType:
    """Return the type with bytes in place of its strings, whose check would be one of all of them at once."""
    import pyarrow as pa

    is_a = pa.types
    if isinstance(kind, pa.BaseExtensionType):
        return _of_bytes(kind.storage_type)
    strings = {pa.string(): pa.binary(), pa.large_string(): pa.large_binary(), pa.string_view(): pa.binary_view()}
    if kind in strings:
        return strings[kind]
    if is_a.is_dictionary(kind):
        return pa.dictionary(kind.index_type, _of_bytes(kind.value_type), kind.ordered)
    if is_a.is_struct(kind):
        return pa.struct([field.with_type(_of_bytes(field.type)) for field in kind])
    if is_a.is_map(kind):
        return pa.map_(*(field.with_type(_of_bytes(field.type)) for field in (kind.key_field, kind.item_field)))
    if is_a.is_fixed_size_list(kind):
        return pa.list_(kind.value_field.with_type(_of_bytes(kind.value_type)), kind.list_size)
    makers = {"list": pa.list_, "large_list": pa.large_list}
    makers |= {"list_view": pa.list_view, "large_list_view": pa.large_list_view}
    for name, make in makers.items():
        if getattr(is_a, f"is_{name}")(kind):
            return make(kind.value_field.with_type(_of_bytes(kind.value_type)))
    return kind


def plain(values: pa.Array) -> pa.Array:
    """Return a validated array without extension, dictionary or views at its top."""
    import pyarrow as pa

    if isinstance(values.type, pa.BaseExtensionType):
        return plain(values.storage)
    if pa.types.is_dictionary(values.type):
        return plain(values.dictionary_decode())
    if pa.types.is_string_view(values.type):  # by way of bytes: to cast a string checks all of it
        return values.view(pa.binary_view()).cast(pa.large_binary()).view(pa.large_string())
    return values.cast(pa.large_binary()) if pa.types.is_binary_view(values.type) else values


def chosen_values(batch: pa.RecordBatch, columns: Named, *, several: bool) -> pa.Array:
    """Return the chosen column of a batch; of several, objects with their values by name."""
    import pyarrow as pa

    arrays = [plain(nested(validated(batch.column(path[0])), path[1:])) for _, path in columns]
    return pa.StructArray.from_arrays(arrays, names=[name for name, _ in columns]) if several else arrays[0]


def nested(values: pa.Array, path: Sequence[str]) -> pa.Array:
    """Return the column inside a column: of objects a field, of lists of objects the lists of that field."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for number, name in enumerate(path):
        if is_list(values.type):
            # Lists of fixed size or of views are made plain; a null list has no items, as an empty one.
            values = values.cast(pa.large_list(values.type.value_type))
            return pa.LargeListArray.from_arrays(values.offsets, nested(values.values, path[number:]))
        values = pc.struct_field(values, name)
    return values


def row_sizes(values: pa.Array) -> npt.NDArray[np.int64]:
    """Return the bytes (or items) of each row, 0 for null: what a uniform draw over the column weighs it by."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    values = plain(values)
    if pa.types.is_struct(values.type):
        return np.asarray(sum(row_sizes(each) for each in values.flatten()), dtype=np.int64)
    if pa.types.is_null(values.type):
        return np.zeros(len(values), np.int64)
    # The share of a chat goes by its number of messages, of a list by that of its strings: its own length corrects
    # that when it is drawn.
    lengths = pc.list_value_length(values) if is_list(values.type) else pc.binary_length(values)
    return np.asarray(pc.fill_null(lengths, 0).to_numpy(zero_copy_only=False), dtype=np.int64)


def packed(batch: pa.RecordBatch) -> pa.Buffer:
    """Return a batch as a stream of Arrow's."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as stream:
        stream.write_batch(batch)
    return sink.getvalue()


def packed_array(values: pa.Array) -> pa.Buffer:
    """Return an array as a stream of Arrow's with one column."""
    import pyarrow as pa

    return packed(pa.record_batch([values], names=[""]))


def unpacked(blob: bytes | bytearray) -> Any:
    """Return the batch of a stream, validated.

    Raises:
        pa.ArrowException: it holds what is no array.
    """
    import pyarrow as pa

    with pa.ipc.open_stream(pa.py_buffer(blob)) as stream:
        batch = stream.read_next_batch()
    for column in batch.columns:
        validated(column)
    return batch
