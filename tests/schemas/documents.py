"""Schemas as they ship, and whether a document is of one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

jsonschema = pytest.importorskip("jsonschema")

FOLDER = Path(__file__).parents[2] / "data" / "schemas"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


def schema(name: str) -> dict[str, Any]:
    """Return a schema as it ships."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


def faults(document: Any, name: str) -> list[str]:
    """Return where a document is not what its schema says, and why."""
    checker = jsonschema.Draft202012Validator(schema(name))
    return [f"{error.json_path}: {error.message[:200]}" for error in checker.iter_errors(document)]


def only_finite(text: str) -> Any:
    """Return the document that a text is; NaN and Infinity, which JSON does not have, are errors."""

    def refuse(word: str) -> None:
        raise ValueError(f"{word} is no JSON")

    return json.loads(text, parse_constant=refuse)


def of_file(path: Path) -> Any:
    """Return the document in a file, whose numbers are finite."""
    return only_finite(path.read_text(encoding="utf-8"))
