"""Which column of a table holds the text, and the text of one value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from advisor.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pyarrow as pa

    from advisor.corpus.documents import Content

Kind = Literal["text", "ids", "messages"]

KIND_WORDS = {"text": "a string", "ids": "a list of token ids", "messages": "a list of messages", None: "text"}

# Chat formats: OpenAI and most hub datasets use "content", ShareGPT uses "value".
_MESSAGE_TEXT = ("content", "value")
_SHOWN = 20  # column names in a message


def kind_of_value(value: Any) -> Kind | None:
    """Return what a JSON or Python value can be read as; None if it holds no text."""
    if isinstance(value, str):
        return "text"
    if isinstance(value, list) and value:
        if all(isinstance(item, int) and not isinstance(item, bool) for item in value):
            return "ids"
        if all(isinstance(item, dict) and any(key in item for key in _MESSAGE_TEXT) for item in value):
            return "messages"
    return None


def kind_of_type(kind: pa.DataType) -> Kind | None:
    """Return what a column of this Arrow type can be read as; None if it holds no text."""
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        return kind_of_type(kind.value_type)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return "text"
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        if pa.types.is_integer(kind.value_type):
            return "ids"
        if pa.types.is_struct(kind.value_type):
            names = {kind.value_type.field(i).name for i in range(kind.value_type.num_fields)}
            return "messages" if names & set(_MESSAGE_TEXT) else None
    return None


@dataclass(frozen=True, kw_only=True)
class Field:
    """A column of a table, as its type or its first rows show it.

    Attributes:
        name: its name, dotted where it is nested.
        kind: what it can be read as; None if it holds no text.
        type: what it holds, in words: "string", "list of int32", "chat messages".
        values: some of its values.
    """

    name: str
    kind: Kind | None
    type: str
    values: tuple[Any, ...] = ()


def fields_of_schema(schema: pa.Schema) -> dict[str, Field]:
    """Return the columns of a table by name."""
    return {each.name: Field(name=each.name, kind=kind_of_type(each.type), type=str(each.type)) for each in schema}


def fields_of_records(records: Iterable[Mapping[str, Any]]) -> dict[str, Field]:
    """Return the fields of a few records by name: of each, the kind that its first readable value has."""
    values: dict[str, list[Any]] = {}
    for record in records:
        for name, value in record.items():
            values.setdefault(name, []).append(value)
    return {name: _field(name, found) for name, found in values.items()}


def _field(name: str, values: list[Any]) -> Field:
    telling = next((value for value in values if kind_of_value(value)), values[0])
    return Field(name=name, kind=kind_of_value(telling), type=type(telling).__name__, values=tuple(values))


def choose_column(fields: Mapping[str, Field], wanted: str | None, source: str) -> Field:
    """Return the column to read.

    Raises:
        CorpusError: the wanted column is missing or holds no text; without one, none or several hold text.
    """
    if wanted is not None:
        if wanted not in fields:
            raise CorpusError(f"{source} has no column {wanted!r}: its columns are {_names(fields)}.")
        if fields[wanted].kind is None:
            raise CorpusError(
                f"Column {wanted!r} of {source} holds no text: expected strings, lists of token ids or chat messages"
                f"{_others(fields)}."
            )
        return fields[wanted]
    candidates = [field for field in fields.values() if field.kind is not None]
    if not candidates:
        raise CorpusError(f"{source} has no text column: its columns are {_names(fields)}.")
    if len(candidates) > 1:
        names = _names(field.name for field in candidates)
        raise CorpusError(f"{source} has several text columns, {names}: choose one with --column.")
    return candidates[0]


ABSENT = object()  # the value of a field that a record does not have


def value_in(record: Mapping[str, Any], field: Field) -> Any:
    """Return the record's value of a field; ABSENT if it has none."""
    return record.get(field.name, ABSENT)


def content_of(value: Any, field: Field) -> Content | None:
    """Return the text or ids of a field's value; an empty text for null, None if the value is not of its kind."""
    if value is None:
        return ""
    if field.kind == "text":
        return value if isinstance(value, str) else None
    if field.kind == "messages":
        return _join_messages(value)
    return _ids(value)


def _join_messages(value: Any) -> str | None:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        return None
    contents = [item[key] for item in value for key in _MESSAGE_TEXT if item.get(key) is not None]
    texts = [text for content in contents for text in _parts(content)]
    return "\n".join(texts)


def _parts(content: Any) -> list[str]:
    """Return the texts of one message: itself, or its parts of type text, beside which there may be images."""
    if isinstance(content, str):
        return [content]
    parts = content if isinstance(content, list) else []
    return [part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str)]


def _ids(value: Any) -> Content | None:
    import numpy as np

    if isinstance(value, list) and not all(isinstance(item, int) and not isinstance(item, bool) for item in value):
        return None
    try:
        ids = np.asarray(value, dtype=np.int64)
    except (TypeError, ValueError, OverflowError):
        return None
    return ids if ids.ndim == 1 else None


def _names(columns: Iterable[str]) -> str:
    names = [repr(name[:40]) for name in columns]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more or "(none)"


def _others(fields: Mapping[str, Field]) -> str:
    texts = [name for name, field in fields.items() if field.kind is not None]
    return f"; {_names(texts)} would do" if texts else ""
