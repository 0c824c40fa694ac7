"""A file to what it is: a profile, a recommendation, a comparison, a table, a fit, a law, a calibration."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from advisor.caution import Caution, warnings_first
from advisor.errors import AdvisorError, printable
from advisor.json_fields import Node, document_of, json_value
from advisor.quantities import format_quantity
from advisor.report.page.blocks import Cautions, Noted
from advisor.report.page.taken import elsewhere, is_elsewhere, needs_budget, unreadable
from advisor.report.text import shortened, spread
from advisor.untrusted.reading import MOST_JSON_BYTES, bounded_bytes

Kind = Literal["profile", "recommendation", "comparison", "repetition", "table", "fit", "law", "laws", "coefficients"]
# The keys by which a document is known, those of the larger first.
_KINDS: tuple[tuple[Kind, tuple[str, ...]], ...] = (
    ("recommendation", ("request", "headline", "laws")),
    ("profile", ("corpora",)),
    ("repetition", ("unique_tokens", "most_effective_tokens", "rows")),
    ("table", ("rows", "depends_on_compressibility")),
    ("coefficients", ("calibrations", "default")),
    ("fit", ("laws", "regression", "no_regression")),
    ("laws", ("calibration", "laws")),
    ("law", ("E", "A", "B", "alpha", "beta")),
)
NAME = 60  # columns of a name
_IN_A_FOLDER = ("coefficients.json", "laws.json")


@dataclass(frozen=True, kw_only=True)
class ResultFile:
    """A document that was read: what it is, where it stands, and the SHA-256 of its file."""

    kind: Kind
    path: Path
    root: Node
    sha256: str


def read_document(path: Path) -> ResultFile:
    """Return the document in a file, or the results in a folder of ``advisor calibrate``.

    It is read once, as it may be a pipe.

    Raises:
        AdvisorError: the file cannot be read, or is nothing that a page shows.
    """
    if path.is_dir():
        path = _in_folder(path)
    data = bounded_bytes(path, MOST_JSON_BYTES, AdvisorError)
    root, kind = _document(path, data)
    if kind == "recommendation" and "recommended" not in root.members():
        raise AdvisorError(
            f"{path} is a recommendation of an older advisor, which did not say what to follow (it has no "
            "`recommended`): make it again with advisor recommend ... --json."
        )
    return ResultFile(kind=kind, path=path, root=root, sha256=hashlib.sha256(data).hexdigest())


def _in_folder(folder: Path) -> Path:
    for name in _IN_A_FOLDER:
        if (folder / name).is_file():
            return folder / name
    raise AdvisorError(
        f"{folder} is a folder without {' or '.join(_IN_A_FOLDER)}, so it is no finished calibration; "
        f"{needs_budget(str(folder))}"
    )


def _document(path: Path, data: bytes) -> tuple[Node, Kind]:
    """Return the document in the bytes of a file and what it is; one of a newer schema may be anything."""
    try:
        value = json_value(data, path, AdvisorError)
    except AdvisorError as problem:
        raise unreadable(path, data, problem) from problem
    if not isinstance(value, dict):
        raise AdvisorError(f"{path} is JSON, but no object, so it is no document of advisor; {needs_budget(str(path))}")
    kind = _kind(value)
    root = document_of(value, path, AdvisorError, versioned=kind is not None)
    if kind is None:
        raise elsewhere(path, value)
    return root, kind


def _kind(keys: Mapping[str, Any]) -> Kind | None:
    """Return what a document with these keys is; None where it is nothing that a page shows."""
    if is_elsewhere(keys):
        return None
    rows = keys.get("rows")
    if isinstance(rows, list) and rows and isinstance(rows[0], dict) and "headline" in rows[0]:
        return "comparison"
    return next((kind for kind, wanted in _KINDS if keys.keys() >= set(wanted)), None)


def words(node: Node | None) -> str:
    """Return a string of a document, fit to be seen; nothing for None."""
    if node is None:
        return ""
    if not isinstance(node.value, str):
        raise node.fail("must be a string")
    return printable(node.value)


def named(node: Node | None) -> str:
    """Return a name of a document, fit to be seen, without its middle where it is long; nothing for None."""
    return shortened(words(node), NAME)


def names_of(nodes: Iterable[Node | None]) -> list[str]:
    """Return the names of several: those that would look alike without their middles have theirs."""
    whole = [words(each) for each in nodes]
    short = [shortened(each, NAME) for each in whole]
    alike = Counter(name for _, name in set(zip(whole, short, strict=True)))
    return [name if alike[brief] > 1 else brief for name, brief in zip(whole, short, strict=True)]


def figure(node: Node | None, look: Callable[[float], str] = format_quantity) -> str:
    """Return a number of a document as it is shown; nothing for None."""
    return "" if node is None else look(node.number())


def interval(node: Node | None, key: str, look: Callable[[float], str] = format_quantity) -> str:
    """Return the interval ``key`` of an object of intervals as it is shown; nothing where it, or an end, is null."""
    found = None if node is None else node.get(key)
    if found is None or any(end is None for end in found.values()):
        return ""
    low, high = found.pair()
    return "" if low == high else spread((low, high), look)


def members(node: Node | None) -> list[Node]:
    """Return the elements of a list; none for None."""
    return [] if node is None else list(node.items())


def warnings_of(*nodes: Node | None) -> Cautions | None:
    """Return the cautions of documents that change what one should do, the weightiest first; None without any."""
    return _shown("Mind", [each for each in _cautions(nodes) if each.severity == "warning"])


def notes_of(*nodes: Node | None) -> Cautions | None:
    """Return the cautions of documents that are good to know; None where there are none."""
    return _shown("Note", [each for each in _cautions(nodes) if each.severity == "note"])


def _cautions(nodes: Iterable[Node | None]) -> list[Caution]:
    found = [
        Caution(code=words(each["code"]), message=words(each["message"])) for node in nodes for each in members(node)
    ]
    return warnings_first(dict.fromkeys(found))


def _shown(label: str, cautions: Sequence[Caution]) -> Cautions | None:
    rows = tuple(Noted(label=label, message=each.message) for each in cautions)
    return Cautions(rows=rows) if rows else None
