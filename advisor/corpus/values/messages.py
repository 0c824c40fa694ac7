"""The text of a chat: of each message, all that a model is trained on and nothing that only labels it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# In the order in which chat templates write them. OpenAI and most datasets have "content", ShareGPT has "value";
# "thinking" and "reasoning" are those of models that reason.
_REASONING = ("reasoning_content", "reasoning", "thinking")
_CONTENT = ("content", "value", "text")
_CALLS = ("tool_calls", "function_call")
_PARTS = ("thinking", "text", "content", "parts")  # of one part of a content that is a list
_ROLES = ("role", "from", "speaker", "sender", "author", "user")
# What labels a message, or is no text: it is neither read nor missed.
_LABELS = frozenset(
    {*_ROLES, "name", "id", "type", "url", "uri", "image", "image_url", "images", "audio", "input_audio", "video"}
    | {"source", "file", "path", "filename", "mime_type", "media_type", "detail", "tool_call_id", "tool_use_id"}
    | {"channel", "recipient", "model", "finish_reason", "signature", "timestamp", "created_at", "date", "lang"}
    | {"language", "content_type", "format", "index", "status", "end_turn", "cache_control", "data", "bytes"}
)
_DEEPEST = 100  # lists and objects inside one another
_BASE64 = re.compile(r"data:[\w/+.-]+[;,].*|(?=\S*[a-z])(?=\S*[A-Z])(?=\S*\d)[A-Za-z0-9+/=_-]{256,}", re.DOTALL)


def is_message_type(names: Sequence[str]) -> bool:
    """Return whether objects with these fields are messages."""
    return "content" in names or "value" in names or ("text" in names and any(role in names for role in _ROLES))


def are_messages(value: Sequence[Any]) -> bool:
    """Return whether a list is a chat: objects, of which each has a role or text, and one at least has both kinds."""
    if not all(isinstance(item, dict) for item in value):
        return False
    said = [item for item in value if is_message_type(list(item))]
    return bool(said) and all(any(key in item for key in (*_CONTENT, *_ROLES)) for item in value)


def written_messages(text: str) -> list[Any] | None:
    """Return the chat that a text holds as JSON, which may be empty; None if it holds none."""
    if not text.lstrip().startswith("[") or not text.rstrip().endswith("]"):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if not value or are_messages(value) else None


def text_of_messages(value: Any) -> str | None:
    """Return the texts of a chat, joined with newlines; None if the value is no list of objects, or a deep one."""
    if not isinstance(value, list) or not all(isinstance(item, dict | None) for item in value) or _is_deep(value):
        return None
    return "\n".join(text for item in value if item for text in texts_of_message(item))


def texts_of_message(message: dict[str, Any]) -> Iterator[str]:
    """Yield the texts of one message: its reasoning, its content, and the tools that it calls."""
    yield from _said_once(message, (*_REASONING, *_CONTENT))
    for key in _CALLS:
        calls = message.get(key)
        if isinstance(calls, str) and calls:
            yield calls
        for call in calls if isinstance(calls, list) else [calls]:
            if isinstance(call, dict):
                function = call.get("function")
                yield from _call(function if isinstance(function, dict) else call, "arguments")


def _said_once(fields: dict[str, Any], keys: Iterable[str]) -> Iterator[str]:
    """Yield the texts of these fields in order, without what an earlier field has said: exports write a text twice."""
    said = set[str]()
    for key in keys:
        texts = list(_texts(fields.get(key)))
        if texts and (whole := _squeezed("".join(texts))) not in said:
            yield from (text for text in texts if _squeezed(text) not in said)
            said |= {whole, *map(_squeezed, texts)}


def _squeezed(text: str) -> str:
    """Return a text without whitespace, which those who join and trim the parts of a text change."""
    return "".join(text.split())


def _texts(content: Any) -> Iterator[str]:
    """Yield the texts of a content: itself, or those of its parts, beside which there may be images."""
    if isinstance(content, str):
        if content:
            yield content
    elif isinstance(content, list):
        for part in content:
            yield from _texts(part)
    elif isinstance(content, dict):
        yield from _said_once(content, _PARTS)
        if content.get("input") is not None and content.get("name") is not None:
            yield from _call(content, "input")


def _call(call: dict[str, Any], arguments: str) -> Iterator[str]:
    """Yield a call's name and its arguments, as the JSON that models write."""
    name, given = call.get("name"), call.get(arguments)
    if isinstance(name, str) and name:
        yield name
    if isinstance(given, str) and given:
        yield given
    elif isinstance(given, dict | list) and given:
        yield json.dumps(_without_nulls(given), ensure_ascii=False, default=str)


def _without_nulls(value: Any) -> Any:
    """Return a value without null fields: Arrow gives each struct the fields of all the others."""
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def unread_share(chats: Iterable[Any]) -> tuple[float, str]:
    """Return the share of the text of some chats that is not read, and the field that has most of it."""
    n_read, unread = 0, dict[str, int]()
    for message in (message for chat in chats if isinstance(chat, list) for message in chat):
        if not isinstance(message, dict) or _is_deep(message):
            continue
        texts = list(texts_of_message(message))
        n_read += sum(map(len, texts))
        said = {_squeezed(text) for text in (*texts, "".join(texts))}
        for key, value in message.items():
            is_said = isinstance(value, str) and _squeezed(value) in said
            if key not in (*_REASONING, *_CONTENT, *_CALLS, *_LABELS) and not is_said:
                unread[key] = unread.get(key, 0) + n_chars_of(value)
    n_unread = sum(unread.values())
    most = max(unread, key=lambda key: unread[key], default="")
    return n_unread / max(n_read + n_unread, 1), most


def n_chars_of(value: Any) -> int:
    """Return the characters of all the text in a value, names of fields, labels and pictures aside."""
    n_chars, waiting = 0, [value]
    while waiting:  # a recursion would end where a parser's does not
        each = waiting.pop()
        if isinstance(each, str):
            n_chars += 0 if _BASE64.fullmatch(each) else len(each)
        elif isinstance(each, dict):
            waiting += [item for key, item in each.items() if key not in _LABELS]
        elif isinstance(each, list):
            waiting += each
    return n_chars


def _is_deep(value: Any) -> bool:
    """Return whether lists and objects are inside one another more than _DEEPEST times: no chat is."""
    level = [value]
    for _ in range(_DEEPEST):
        level = [item for each in level for item in _items(each) if isinstance(item, dict | list)]
        if not level:
            return False
    return True


def _items(value: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value
