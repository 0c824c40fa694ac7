"""The columns of a table, by its types or its first rows, and the text or ids of one of their values."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from advisor.corpus.values.kinds import ValueShape, is_list, shape_of_type, shape_of_values, with_values
from advisor.corpus.values.messages import text_of_messages, written_messages
from advisor.corpus.values.padding import without_padding
from advisor.corpus.values.written_ids import ids_in, ids_of_digits
from advisor.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from advisor.corpus.documents import Content
    from advisor.corpus.values.kinds import Form, Kind
    from advisor.corpus.values.padding import Padding

KIND_WORDS = {"text": "a string", "ids": "a list of token ids", "messages": "a list of messages", None: "text"}
ABSENT = object()  # the value of a field that a record does not have

MOST_COLUMNS = 100_000  # of a table: each takes memory and time before a row is read
_DEPTH = 8  # of nested columns that are looked at
_MOST_KEYS = 10_000  # of nested objects in the first rows: one with more is a dictionary, and its keys are no columns


@dataclass(frozen=True, kw_only=True)
class Field:
    """A column of a table, as its type and its first rows show it.

    Attributes:
        name: its name, dotted where it is nested.
        kind: what it can be read as; None if it holds no text.
        type: what it holds, in words: "string", "list of int32", "chat messages".
        values: some of its values; none in a chosen field, which outlives them.
        form: how a value holds its kind.
        path: the names that lead to it from a row; empty where that is ``name``.
        inner: of objects, and of lists of them, their fields; of several columns read as one, those.
        padding: of a chosen field of ids, what is left out of each row.
        beside: of a field that was chosen by its name, the other columns of text.
    """

    name: str
    kind: Kind | None
    type: str
    values: tuple[Any, ...] = ()
    form: Form = "plain"
    path: tuple[str, ...] = ()
    inner: tuple[Field, ...] = ()
    padding: Padding | None = None
    beside: tuple[str, ...] = ()


def fields_of_schema(schema: pa.Schema, rows: Sequence[Mapping[str, Any]] = ()) -> dict[str, Field]:
    """Return the columns of a table by name, with their values in its first rows."""
    return with_rows({each.name: _field_of_type((each.name,), each.type) for each in schema}, rows)


def _field_of_type(path: tuple[str, ...], type: pa.DataType, *, in_list: bool = False) -> Field:
    import pyarrow as pa

    item = type.value_type if is_list(type) else type
    listed = in_list or is_list(type)
    nested = item if pa.types.is_struct(item) and len(path) < _DEPTH else ()
    inner = tuple(_field_of_type((*path, child.name), child.type, in_list=listed) for child in nested)
    return _field(path, shape_of_type(pa.list_(type) if in_list else type), (), inner)


def _field(path: tuple[str, ...], shape: ValueShape, values: Sequence[Any], inner: tuple[Field, ...]) -> Field:
    return Field(
        name=".".join(path),
        kind=shape.kind,
        type=shape.type,
        form=shape.form,
        values=tuple(values),
        path=path,
        inner=inner,
    )


def with_rows(fields: Mapping[str, Field], rows: Sequence[Mapping[str, Any]]) -> dict[str, Field]:
    """Return the fields with their values in some rows, and with what the values say of their types."""
    return {
        name: _with_values(field, [row[name] for row in rows if name in row]) if rows else field
        for name, field in fields.items()
    }


def _with_values(field: Field, values: Sequence[Any]) -> Field:
    shape = with_values(ValueShape(field.kind, field.form, field.type), values)
    inner = tuple(_with_values(child, [_inside(value, child.path[-1]) for value in values]) for child in field.inner)
    return _field(field.path, shape, values, inner)


def fields_of_records(records: Iterable[Mapping[str, Any]], source: str = "The table") -> dict[str, Field]:
    """Return the fields of a few records by name: of each, the kind that its first readable value has.

    Raises:
        CorpusError: they have more than MOST_COLUMNS.
    """
    columns = _columns(records)
    if len(columns) > MOST_COLUMNS:
        raise CorpusError(
            f"{source} has records with over {MOST_COLUMNS:,} fields: write those that hold the corpus to a file of "
            "their own."
        )
    return {name: _field_of_values((name,), values) for name, values in columns.items()}


def _columns(records: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    values: dict[str, list[Any]] = {}
    for record in records:
        for name, value in record.items():
            values.setdefault(name, []).append(value)
    return values


def _field_of_values(path: tuple[str, ...], values: list[Any]) -> Field:
    items = [item for value in values for item in (value if isinstance(value, list) else [value])]
    keys = (key for item in items if isinstance(item, dict) and len(path) < _DEPTH for key in item)
    names = dict.fromkeys(itertools.islice(keys, _MOST_KEYS))
    inner = tuple(_field_of_values((*path, key), [_inside(value, key) for value in values]) for key in names)
    return _field(path, shape_of_values(values), values, inner)


def _inside(value: Any, key: str) -> Any:
    """Return the field ``key`` of an object, or of each object of a list; None where there is none."""
    if isinstance(value, dict):
        return value.get(key)
    if isinstance(value, list):
        return [item.get(key) for item in value if isinstance(item, dict) and item.get(key) is not None]
    return None


def value_in(record: Mapping[str, Any], field: Field) -> Any:
    """Return the record's value of a field; ABSENT if it has none. Of several columns it is their values by name."""
    if field.form == "several":
        values = {each.name: value_in(record, each) for each in field.inner}
        present = {name: value for name, value in values.items() if value is not ABSENT}
        return present or ABSENT
    path = field.path or (field.name,)
    value = record.get(path[0], ABSENT)
    for key in path[1:]:
        if value is ABSENT or (isinstance(value, dict) and key not in value):
            return ABSENT
        value = _inside(value, key)
    return value


def content_of(value: Any, field: Field) -> Content | None:
    """Return the text or ids of a field's value; an empty text for null, None if the value is not of its kind."""
    if value is None:
        return ""
    if field.form == "several":
        texts = [content_of(value.get(each.name), each) for each in field.inner]
        return None if None in texts else "\n".join(str(text) for text in texts if text)
    if field.kind == "messages":
        if field.form == "written" and isinstance(value, str):
            value = written_messages(value) if value.strip() else []
        return text_of_messages(value)
    if field.kind == "ids":
        ids = _ids(value, field.form)
        return None if ids is None else without_padding(ids, field.padding)
    return _text(value, field.form)


def _text(value: Any, form: Form) -> str | None:
    if isinstance(value, str):
        return value
    if form == "binary" and isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return None
    if form == "strings" and isinstance(value, list) and all(isinstance(item, str | None) for item in value):
        return "\n".join(item for item in value if item)
    return None


def _ids(value: Any, form: Form = "plain") -> npt.NDArray[np.int64] | None:
    import numpy as np

    if form == "digits" and isinstance(value, list):
        return ids_of_digits(value)
    if form == "written" and isinstance(value, str):
        return ids_in(value) if value.strip() else np.zeros(0, np.int64)
    if isinstance(value, list) and not all(isinstance(item, int) and not isinstance(item, bool) for item in value):
        return None
    try:
        ids = np.asarray(value, dtype=np.int64)
    except (TypeError, ValueError, OverflowError):
        return None
    return ids if ids.ndim == 1 else None


def ids_of_array(values: pa.Array, field: Field) -> npt.NDArray[np.int64] | None:
    """Return the ids of an Arrow array, without padding; None if one of them is null, or too large for 64 bits."""
    import numpy as np

    if values.null_count:
        return None
    numbers = np.asarray(values.to_numpy(zero_copy_only=False))
    if numbers.dtype == np.uint64 and (numbers > np.iinfo(np.int64).max).any():
        return None
    return without_padding(numbers.astype(np.int64), field.padding)


def rows_of_ids(field: Field) -> Iterator[npt.NDArray[np.int64]]:
    """Yield the ids in the first rows of a field of ids."""
    for value in field.values:
        ids = None if value is None else _ids(value, field.form)
        if ids is not None:
            yield ids
