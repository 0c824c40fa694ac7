"""What the keys of documents mean: from docstrings and comments of the classes, else from one list of common keys."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Sequence
from typing import Any

from schema_keys import KEYS


def said_of(kind: Any, path: Sequence[str], key: str) -> str:
    """Return what a key means: what its class says of it, else what the list does; nothing where neither does."""
    own = attributes_of(kind).get(path[0], "") if len(path) == 1 else ""
    own = own if len(own) > len("N.") else ""  # a symbol alone
    found = own or KEYS.get(f"{kind.__name__}.{key}") or KEYS.get(key) or _of_property(kind, path) or ""
    return found[:1].upper() + found[1:]


@functools.cache
def attributes_of(kind: type) -> dict[str, str]:
    """Return what the docstring's ``Attributes`` and the comments behind fields say, as sentences."""
    found: dict[str, str] = {}
    for each in reversed(kind.__mro__):
        if each.__module__.startswith(("advisor", "calibration")):
            found |= _comments(each) | _documented(inspect.cleandoc(each.__doc__ or ""))
    return {name: _sentence(text) for name, text in found.items()}


def _documented(docstring: str) -> dict[str, str]:
    _, _, section = docstring.partition("Attributes:\n")
    section = section.split("\n\n")[0]
    entries = re.findall(r"^    (\w+): (.*(?:\n {8,}.*)*)", section, flags=re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in entries}


def _comments(kind: type) -> dict[str, str]:
    try:
        source = inspect.getsource(kind)
    except (OSError, TypeError):
        return {}
    return dict(re.findall(r"^    (\w+): [^\n#]+  # (.+)$", source, flags=re.MULTILINE))


def _of_property(kind: Any, path: Sequence[str]) -> str:
    """Return the first line of a property's docstring."""
    found = getattr(kind, path[0], None) if len(path) == 1 else None
    function = getattr(found, "fget", None) or getattr(found, "func", None)
    return _sentence((inspect.getdoc(function) or "").split("\n")[0]) if function else ""


def _sentence(text: str) -> str:
    text = text.replace("``", "").removeprefix("... ")  # which goes on with the entry before
    return text if not text or text.endswith((".", "?")) else f"{text}."
