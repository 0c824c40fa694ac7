"""What a column can be read as, by its Arrow type or by its first values, with its type in words for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from advisor.corpus.values.messages import are_messages, is_message_type, written_messages
from advisor.corpus.values.written_ids import are_bare_lists, are_bracketed, are_digits

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

Kind = Literal["text", "ids", "messages"]
# How a value holds its kind. "strings": a list, joined with newlines. "binary": bytes that are UTF-8. "written": as
# text, "[1, 523]". "digits": a list of such numbers, ["1", "523"]. "numbers": text of whole numbers that may be ids or
# may be meant as text: only its user knows. "several": several columns, joined.
Form = Literal["plain", "strings", "binary", "written", "digits", "numbers", "several"]


class ValueShape(NamedTuple):
    """What values can be read as (None if they hold no text), how they hold it, and their type in words."""

    kind: Kind | None
    form: Form
    type: str


_MESSAGES = ValueShape("messages", "plain", "chat messages")
_STRING = ValueShape("text", "plain", "string")
_STRINGS = ValueShape("text", "strings", "list of strings")
DIGITS = ValueShape("ids", "digits", "list of whole numbers written as text")
_PLURALS = {
    **{word: word + "s" for word in ("string", "struct", "map", "null", "decimal", "bool", "object", "integer")},
    **{"number": "numbers", "binary": "binary values", "float": "floats", "double": "floats", "halffloat": "floats"},
    "empty list": "empty lists",
}
_DEEPEST = 8  # lists inside one another whose items are looked at
_PYTHON_WORDS = {bool: "bool", int: "integer", float: "number", dict: "object", bytes: "binary", type(None): "null"}


def shape_of_type(kind: pa.DataType) -> ValueShape:
    """Return what a column of this Arrow type can be read as."""
    import pyarrow as pa

    is_a = pa.types
    if isinstance(kind, pa.BaseExtensionType):
        return shape_of_type(kind.storage_type)
    if is_a.is_dictionary(kind):
        return shape_of_type(kind.value_type)
    if is_a.is_string(kind) or is_a.is_large_string(kind) or is_a.is_string_view(kind):
        return _STRING
    if is_binary(kind):
        return ValueShape("text", "binary", "binary")
    if is_list(kind):
        return _shape_of_list(kind.value_type)
    for word in ("struct", "map", "decimal", "null", "boolean", "timestamp", "union"):
        if getattr(is_a, f"is_{word}")(kind):
            return ValueShape(None, "plain", word)
    return ValueShape(None, "plain", str(kind))


def _shape_of_list(item: pa.DataType) -> ValueShape:
    import pyarrow as pa

    if pa.types.is_dictionary(item):
        item = item.value_type
    if pa.types.is_integer(item):
        return ValueShape("ids", "plain", f"list of {item}")
    if pa.types.is_struct(item) and is_message_type([field.name for field in item]):
        return _MESSAGES
    inside = shape_of_type(item)
    return _STRINGS if inside == _STRING else ValueShape(None, "plain", f"list of {plural(inside.type)}")


def plural(words: str) -> str:
    """Return a type in words, of several values: "strings", "lists of int32"."""
    return "lists" + words[4:] if words.startswith("list of ") else _PLURALS.get(words, words)


def is_list(kind: pa.DataType) -> bool:
    """Return whether an Arrow type is of lists, of any layout."""
    import pyarrow as pa

    is_a = pa.types
    ragged = is_a.is_list(kind) or is_a.is_large_list(kind) or is_a.is_list_view(kind) or is_a.is_large_list_view(kind)
    return bool(ragged or is_a.is_fixed_size_list(kind))


def is_binary(kind: pa.DataType) -> bool:
    """Return whether an Arrow type is of bytes that need not be text."""
    import pyarrow as pa

    is_a = pa.types
    whole = is_a.is_binary(kind) or is_a.is_large_binary(kind) or is_a.is_binary_view(kind)
    return bool(whole or is_a.is_fixed_size_binary(kind))


def shape_of_values(values: Sequence[Any]) -> ValueShape:
    """Return what JSON or Python values can be read as: what the first of them that holds text can."""
    shapes = [shape_of_value(value) for value in values if value is not None]
    telling = next(
        (shape for shape in shapes if shape.kind), shapes[0] if shapes else ValueShape(None, "plain", "null")
    )
    return with_values(telling, values)


def shape_of_value(value: Any, depth: int = 0) -> ValueShape:
    """Return what one JSON or Python value can be read as; of a list inside so many lists, that it is one."""
    if isinstance(value, str):
        return _STRING
    if isinstance(value, bytes):
        return ValueShape("text", "binary", "binary")
    if not isinstance(value, list):
        return ValueShape(None, "plain", _PYTHON_WORDS.get(type(value), type(value).__name__))
    if not value:
        return ValueShape(None, "plain", "empty list")
    if all(isinstance(item, int) and not isinstance(item, bool) for item in value):
        return ValueShape("ids", "plain", "list of integers")
    if all(isinstance(item, str) for item in value):
        return _STRINGS
    if are_messages(value):
        return _MESSAGES
    words = {plural(shape_of_value(item, depth + 1).type) for item in value} if depth < _DEEPEST else {"lists"}
    return ValueShape(None, "plain", f"list of {words.pop()}" if len(words) == 1 else "mixed list")


def with_values(shape: ValueShape, values: Sequence[Any]) -> ValueShape:
    """Return what the first values, where there are some, say of a column beyond its type."""
    if shape.kind != "text":
        return shape
    found = [value for value in values if value]
    if shape.form == "strings":
        return DIGITS if are_digits(found) else shape
    if shape.form == "binary":
        return _binary(found)
    texts = [value for value in found if isinstance(value, str)]
    if not texts or len(texts) < len(found):
        return shape
    if are_bracketed(texts):
        return ValueShape("ids", "written", "lists of whole numbers written as text")
    if are_bare_lists(texts):
        return ValueShape("text", "numbers", "whole numbers written as text")
    chats = [text for text in texts if text.strip() not in ("", "[]")]
    if chats and all(written_messages(text) is not None for text in chats):
        return ValueShape("messages", "written", "chat messages written as JSON")
    return shape


def _binary(found: Sequence[Any]) -> ValueShape:
    if other := next((value for value in found if not isinstance(value, bytes)), None):  # Arrow's UUIDs, and alike
        return ValueShape(None, "plain", type(other).__name__)
    try:
        for value in found:
            if "\0" in value.decode():
                return ValueShape(None, "plain", "binary that is not text")
    except UnicodeDecodeError:
        return ValueShape(None, "plain", "binary that is not UTF-8")
    return ValueShape("text", "binary", "binary, UTF-8") if found else ValueShape(None, "plain", "binary")
