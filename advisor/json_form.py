"""The JSON form of results, driven by their dataclasses: the one way from a result to a document.

A dataclass is an object of its fields, in their order and under their names. A class whose form is another says so in
``JSON``, a tuple that has an entry for each key, in the order of the document:

    "law"                       a field or a property, under its name
    "wasted_fraction=wasted"    the same under a key that says the unit
    "gpu=hardware.gpu.name"     what lies further in; null where anything on the way is None
    "shape.exact_flops=flops"   a key of the object that stands at "shape"; left out where that is null
    "*best"                     the keys of an object, among the others
    "-note"                     a field that is left out of the document
    ("profile", FORM)           what is there in another form than its own: FORM is such a tuple

Every field is in it or left out by name, so that no new one is forgotten (tests/test_json_form.py).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

Form = tuple[Any, ...]  # of entries: str, or (str, Form)


def as_json(value: Any, form: Form | None = None) -> Any:
    """Return ``value`` as what JSON knows; a number that is not finite is null, a NamedTuple an object.

    ``form`` is used in place of a dataclass's own, of one or of each in a list.

    >>> from advisor.caution import Caution
    >>> as_json((Caution(code="far", message="It is far."), math.inf))
    [{'code': 'far', 'message': 'It is far.', 'severity': 'note'}, None]
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    if is_dataclass(value):
        return _object(value, form or form_of(type(value)))
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, Mapping):
        return {str(key): as_json(item, form) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item, form) for item in value]
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON.")


def form_of(kind: type) -> Form:
    """Return the form of a dataclass: what it declares, else its fields."""
    declared: Form | None = getattr(kind, "JSON", None)
    return declared or tuple(field.name for field in fields(kind))


def _object(value: Any, form: Form) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for entry in form:
        text, inner = entry if isinstance(entry, tuple) else (entry, None)
        key, _, path = text.partition("=")
        if text.startswith("*"):
            document |= as_json(_at(value, text[1:]), inner)
        elif not text.startswith("-"):
            _put(document, key, as_json(_at(value, path or key), inner))
    return document


def _at(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = None if value is None else getattr(value, name)
    return value


def _put(document: dict[str, Any], key: str, value: Any) -> None:
    head, _, rest = key.partition(".")
    if not rest:
        document[head] = value
    elif (inner := document.setdefault(head, {})) is not None:
        inner[rest] = value
