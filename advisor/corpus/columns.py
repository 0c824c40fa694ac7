"""Which column of a table holds the text, and the text of one value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from advisor.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pyarrow as pa

    from advisor.corpus.documents import Content

Kind = Literal["text", "ids", "messages"]

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


def kinds_in_schema(schema: pa.Schema) -> dict[str, Kind | None]:
    """Return the kind of each column of a table."""
    return {field.name: kind_of_type(field.type) for field in schema}


def kinds_in_records(records: Iterable[Mapping[str, Any]]) -> dict[str, Kind | None]:
    """Return the kind of each column over a few records: the first that is not None."""
    kinds: dict[str, Kind | None] = {}
    for record in records:
        for name, value in record.items():
            kinds[name] = kinds.get(name) or kind_of_value(value)
    return kinds


def choose_column(kinds: Mapping[str, Kind | None], wanted: str | None, source: str) -> tuple[str, Kind]:
    """Return the column to read and its kind.

    Raises:
        CorpusError: the wanted column is missing or holds no text; without one, none or several hold text.
    """
    if wanted is not None:
        if wanted not in kinds:
            raise CorpusError(f"{source} has no column {wanted!r}: its columns are {_names(kinds)}.")
        kind = kinds[wanted]
        if kind is None:
            raise CorpusError(
                f"Column {wanted!r} of {source} holds no text: expected strings, lists of token ids or chat messages"
                f"{_others(kinds)}."
            )
        return wanted, kind
    candidates = {name: kind for name, kind in kinds.items() if kind is not None}
    if not candidates:
        raise CorpusError(f"{source} has no text column: its columns are {_names(kinds)}.")
    if len(candidates) > 1:
        raise CorpusError(f"{source} has several text columns, {_names(candidates)}: choose one with --column.")
    return next(iter(candidates.items()))


def content_of(value: Any, kind: Kind) -> Content | None:
    """Return the text or ids of one value; an empty text for null, None if the value is not of this kind."""
    if value is None:
        return ""
    if kind == "text":
        return value if isinstance(value, str) else None
    if kind == "messages":
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


def _others(kinds: Mapping[str, Kind | None]) -> str:
    texts = [name for name, kind in kinds.items() if kind is not None]
    return f"; {_names(texts)} would do" if texts else ""
