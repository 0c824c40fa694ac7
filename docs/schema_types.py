"""The schemas of classes: what ``advisor.json_form`` makes of a dataclass, as JSON Schema has it, from its type hints.

A class is an entry of ``$defs`` under its own name, which no other class has. What a key means is said by the
``Attributes`` of the class's docstring, the comment behind a field, or a property's docstring (docs/schema_words.py).
"""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import types
import typing
from collections import ChainMap
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Literal

from schema_words import said_of

from advisor.json_form import Form, form_of

Schema = dict[str, Any]
NULL: Schema = {"type": "null"}
_PLAIN: dict[Any, str] = {float: "number", int: "integer", bool: "boolean", str: "string", Path: "string"}


@functools.cache
def names_in(module: str) -> Mapping[str, Any]:
    """Return what names in a module's hints stand for, those among them that it imports for types alone."""
    loaded = importlib.import_module(module)
    tree = ast.parse(inspect.getsource(loaded))
    blocks = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    imports = [node for block in blocks for node in block.body if isinstance(node, ast.ImportFrom) and node.module]
    pairs = [(str(node.module), alias) for node in imports for alias in node.names if _is_own(str(node.module))]
    found = {
        alias.asname or alias.name: getattr(importlib.import_module(source), alias.name)
        for source, alias in pairs
        if hasattr(importlib.import_module(source), alias.name)
    }
    return ChainMap(vars(loaded), found)


def _is_own(module: str) -> bool:
    return module.startswith(("advisor", "calibration", "collections", "pathlib", "typing"))


class Definitions:
    """The schemas of classes that a document refers to.

    ``overrides`` has what hints do not say, by class and key, and ``infinite`` numbers that may be infinite or none,
    which JSON has null for.
    """

    def __init__(
        self, overrides: Mapping[str, Callable[[Definitions], Schema]], infinite: Collection[str] = ()
    ) -> None:
        self.found: dict[str, Schema] = {}
        self._overrides, self._infinite = overrides, infinite

    def of(self, hint: Any, form: Form | None = None) -> Schema:
        """Return the schema of what a hint describes; ``form`` is used in place of a dataclass's own."""
        origin, inner = typing.get_origin(hint), typing.get_args(hint)
        if hint is Any or hint is object:
            return {}
        if hint is None or hint is type(None):
            return NULL
        if hint in _PLAIN:
            return {"type": _PLAIN[hint]}
        if origin is Literal:
            return {"enum": list(inner)}
        if origin in (typing.Union, types.UnionType):
            return any_of([self.of(each, form) for each in inner])
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return {"type": "object", "additionalProperties": self.of(inner[1], form)}
        if origin is tuple and Ellipsis not in inner:
            return row([self.of(each, form) for each in inner])
        if isinstance(origin, type) and issubclass(origin, Sequence):
            return {"type": "array", "items": self.of(inner[0], form)}
        return self._of_class(hint, form)

    def of_attribute(self, kind: type, name: str) -> Schema:
        """Return the schema of a field or a property of a class."""
        return self._at(kind, [name], None)

    def of_items(self, kind: type, name: str) -> Schema:
        """Return the schema of the elements of a list that a class has."""
        return dict(self.of_attribute(kind, name)["items"])

    def _of_class(self, kind: type, form: Form | None) -> Schema:
        if form is not None:
            return self._object(kind, form)
        if kind.__name__ not in self.found:
            self.found[kind.__name__] = {}  # a class may hold itself
            self.found[kind.__name__] = self._object(kind, _form_of(kind))
        return {"$ref": f"#/$defs/{kind.__name__}"}

    def _object(self, kind: type, form: Form) -> Schema:
        """Return the schema of a class in a form, as ``advisor.json_form`` reads it."""
        schema: Schema = {"type": "object", "properties": {}, "required": []}
        for entry in form:
            text, inner = entry if isinstance(entry, tuple) else (entry, None)
            key, _, path = text.partition("=")
            if text.startswith("*"):
                said = self._overrides.get(f"{kind.__name__}.{text}")
                _put_all(schema, said(self) if said else self._resolved(self._at(kind, text[1:].split("."), inner)))
            elif not text.startswith("-"):
                self._put(schema, kind, key, (path or key).split("."), inner)
        return schema

    def _put(self, schema: Schema, kind: type, key: str, path: Sequence[str], inner: Form | None) -> None:
        head, _, rest = key.partition(".")
        override = self._overrides.get(f"{kind.__name__}.{key}")
        found = override(self) if override is not None else self._at(kind, path, inner)
        found = found if "description" in found else {**found, "description": said_of(kind, path, rest or head)}
        if f"{kind.__name__}.{key}" in self._infinite:
            found = _with_null(found)
        if rest:
            empty = {"type": "object", "description": said_of(kind, (), head), "properties": {}, "required": []}
            held = schema["properties"].setdefault(head, empty)
            schema["properties"][head] = held = self._opened(held)
            target = _object_in(held)
        else:
            target, rest = schema, head
        target["properties"][rest] = found
        target["required"].append(rest)
        if head not in schema["required"]:
            schema["required"].append(head)

    def _at(self, kind: Any, path: Sequence[str], form: Form | None) -> Schema:
        """Return the schema of what lies at the end of a path; null too where anything on the way may be None."""
        is_optional, last = False, kind
        for name in path:
            parts = [part for part in _members(last) if part is not type(None)]
            is_optional = is_optional or len(parts) < len(_members(last))
            last = _attribute(next(part for part in parts if _has(part, name)), name)
        schema = {"const": last.value} if isinstance(last, _Constant) else self.of(last, form)
        return nullable(schema) if is_optional else schema

    def _resolved(self, schema: Schema) -> Schema:
        return self.found[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema

    def _opened(self, schema: Schema) -> Schema:
        """Return an object that further keys can be put into: a copy of what it refers to, null still allowed."""
        said = {key: value for key, value in schema.items() if key == "description"}
        if "anyOf" in schema:
            return {**said, "anyOf": [self._opened(each) if each != NULL else each for each in schema["anyOf"]]}
        copy = self._resolved(schema)
        return {**copy, "properties": dict(copy["properties"]), "required": list(copy["required"]), **said}


class _Constant:
    """An attribute of a class that is the same for all."""

    def __init__(self, value: Any) -> None:
        self.value = value


def nullable(schema: Schema) -> Schema:
    """Return a schema that null fits too."""
    return any_of([schema, NULL])


def any_of(schemas: Sequence[Schema]) -> Schema:
    """Return a schema that fits what one of these does: as short as it can be said."""
    flat = [part for each in schemas for part in (each["anyOf"] if set(each) == {"anyOf"} else [each])]
    distinct = [each for i, each in enumerate(flat) if each not in flat[:i]]
    if {} in distinct:
        return {}
    if all(set(each) == {"type"} for each in distinct):
        named = [each["type"] for each in distinct]
        kinds = [kind for one in named for kind in ([one] if isinstance(one, str) else one)]
        kinds = [kind for kind in dict.fromkeys(kinds) if not (kind == "integer" and "number" in kinds)]
        return {"type": kinds[0] if len(kinds) == 1 else kinds}
    if all(set(each) == {"enum"} or each == NULL for each in distinct):
        return {"enum": [value for each in distinct for value in each.get("enum", [None])]}
    return {"anyOf": distinct}


def _with_null(schema: Schema) -> Schema:
    """Return a schema of numbers with null in the place of any of them."""
    if "anyOf" in schema:
        return {**schema, "anyOf": [_with_null(each) for each in schema["anyOf"]]}
    if schema.get("type") == "array":
        return {**schema, "items": _with_null(schema["items"])}
    return {**schema, "type": ["number", "null"]} if schema.get("type") == "number" else schema


def row(schemas: Sequence[Schema]) -> Schema:
    """Return the schema of a list of so many elements."""
    length = {"minItems": len(schemas), "maxItems": len(schemas)}
    if all(each == schemas[0] for each in schemas):
        return {"type": "array", "items": schemas[0], **length}
    return {"type": "array", "prefixItems": list(schemas), **length}


def _form_of(kind: type) -> Form:
    return kind._fields if hasattr(kind, "_fields") else form_of(kind)


def _put_all(schema: Schema, other: Schema) -> None:
    schema["properties"] |= other["properties"]
    schema["required"] += other["required"]


def _object_in(schema: Schema) -> Schema:
    return schema if "properties" in schema else next(each for each in schema["anyOf"] if "properties" in each)


def _members(hint: Any) -> tuple[Any, ...]:
    return typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else (hint,)


def _has(kind: Any, name: str) -> bool:
    return name in _annotations(kind) or hasattr(kind, name)


def _annotations(kind: Any) -> dict[str, Any]:
    """Return the hints of a class's own and inherited fields, as they are written, with the class that has them."""
    return {name: each for each in reversed(kind.__mro__) for name in vars(each).get("__annotations__", {})}


def _attribute(kind: Any, name: str) -> Any:
    """Return the hint of a field, or of what a property returns; a constant of the class as it is."""
    holder = _annotations(kind).get(name)
    if holder is not None and (not is_dataclass(kind) or name in {field.name for field in fields(kind)}):
        return _evaluated(holder.__annotations__[name], holder.__module__)
    found = next(vars(each)[name] for each in kind.__mro__ if name in vars(each))
    function = getattr(found, "fget", None) or getattr(found, "func", None)
    if function is None:
        return _Constant(found)
    return _evaluated(function.__annotations__["return"], function.__module__)


def _evaluated(hint: Any, module: str) -> Any:
    if isinstance(hint, typing.ForwardRef):  # as a NamedTuple has its own
        hint = hint.__forward_arg__
    if not isinstance(hint, str):
        return hint
    written = types.SimpleNamespace(__annotations__={"hint": hint})
    return typing.get_type_hints(written, {}, names_in(module))["hint"]
