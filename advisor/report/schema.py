"""How schemas and codes look: a schema as it ships, lists of names and of codes as text or JSON."""

from __future__ import annotations

import json
from pathlib import Path

from advisor.caution import CODES, severity_of
from advisor.data_files import shipped_file
from advisor.errors import UsageError, did_you_mean
from advisor.report import terminal
from advisor.report.text import emit, print_labelled


def schema_names() -> list[str]:
    """Return the documents and files that there are schemas of."""
    return list(_paths())


def show_schema(name: str) -> None:
    """Print the schema of a document or a file.

    Raises:
        UsageError: there is none of that name; the message has the nearest one.
    """
    paths = _paths()
    if name not in paths:
        hint = did_you_mean(name, paths) or ";"
        raise UsageError(f"There is no schema {name!r}{hint} `advisor schema` lists all.")
    terminal.document(paths[name].read_text(encoding="utf-8"))


def show_names(*, as_json: bool) -> None:
    """Print what there are schemas of, each with its title."""
    titles = {name: json.loads(path.read_text(encoding="utf-8"))["title"] for name, path in _paths().items()}
    document = {"schemas": [{"name": name, "title": title} for name, title in titles.items()]}
    emit(document, lambda: print_labelled([*titles.items()], ""), as_json=as_json)


def show_codes(*, as_json: bool) -> None:
    """Print every code of a caution or of a fit's reason: its severity and what it says."""
    codes = [{"code": code, "severity": severity_of(code), "meaning": meaning} for code, meaning in CODES.items()]
    rows = [(each["code"], f"{each['severity']}: {each['meaning']}") for each in codes]
    emit({"codes": codes}, lambda: print_labelled(rows, ""), as_json=as_json)


def _paths() -> dict[str, Path]:
    folder = shipped_file("schemas/recommend.json").parent
    return {path.stem: path for path in sorted(folder.glob("*.json"), key=lambda path: path.stem)}
