"""A file to what it is: a profile, a recommendation, a comparison, a table of epochs, a fit, a law, a calibration."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from advisor.caution import Caution, warnings_first
from advisor.errors import AdvisorError, UsageError, printable
from advisor.json_fields import Node, read_json
from advisor.quantities import format_quantity
from advisor.report.page.blocks import Cautions, Noted
from advisor.report.text import spread

Kind = Literal["profile", "recommendation", "comparison", "repetition", "fit", "law", "laws", "coefficients"]
# The keys by which a document is known, those of the larger first.
_KINDS: tuple[tuple[Kind, tuple[str, ...]], ...] = (
    ("recommendation", ("request", "headline", "laws")),
    ("profile", ("corpora",)),
    ("repetition", ("unique_tokens", "most_effective_tokens", "rows")),
    ("coefficients", ("calibrations", "default")),
    ("fit", ("laws", "regression", "no_regression")),
    ("laws", ("calibration", "laws")),
    ("law", ("E", "A", "B", "alpha", "beta")),
)
_TAKES = (
    "a page is made of what score, recommend, compare, repeat and fit print with --json, of law and coefficients files "
    "and of folders of advisor calibrate"
)
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

    Raises:
        AdvisorError: the file cannot be read, or is nothing that a page shows.
    """
    if path.is_dir():
        path = _in_folder(path)
    root = read_json(path, AdvisorError)
    kind = _kind(root)
    if kind == "recommendation" and "recommended" not in root.members():
        raise AdvisorError(
            f"{path} is a recommendation of an older advisor, which did not say what to follow (it has no "
            "`recommended`): make it again with advisor recommend ... --json."
        )
    return ResultFile(kind=kind, path=path, root=root, sha256=hashlib.sha256(path.read_bytes()).hexdigest())


def _in_folder(folder: Path) -> Path:
    for name in _IN_A_FOLDER:
        if (folder / name).is_file():
            return folder / name
    raise AdvisorError(
        f"{folder} is a folder without {' or '.join(_IN_A_FOLDER)}, so it is no finished calibration: name one of "
        "advisor calibrate, or give a budget such as --flops 1e21 for a page about this corpus."
    )


def _kind(root: Node) -> Kind:
    keys = root.members().keys()
    for kind, wanted in _KINDS:
        if all(key in keys for key in wanted):
            return kind
    rows = root.members().get("rows")
    if isinstance(rows, list) and rows and isinstance(rows[0], dict) and "headline" in rows[0]:
        return "comparison"
    named = ", ".join(sorted(printable(key)[:40] for key in keys)[:6]) or "nothing"
    what = "what a pilot measured" if root.members().get("kind") == "pilot" else f"a document with {named}"
    raise AdvisorError(f"{root.file} is {what}, which no page shows: {_TAKES}.")


def check_files(paths: Iterable[str]) -> list[Path]:
    """Return the paths of a page's files, each of which must be there and be named once.

    Raises:
        UsageError: none is named, or one is twice, or is not there.
    """
    found = [Path(each) for each in paths]
    if not found:
        raise UsageError(f"Name what the page is to show: FILE..., or a budget such as --flops 1e21; {_TAKES}.")
    for path in found:
        if found.count(path) > 1:
            raise UsageError(f"{path} is named twice: name each file once.")
        if not path.exists():
            raise UsageError(f"There is no file or folder {path}: {_TAKES}.")
    return found


def words(node: Node | None) -> str:
    """Return a string of a document, fit to be seen; nothing for None."""
    if node is None:
        return ""
    if not isinstance(node.value, str):
        raise node.fail("must be a string")
    return printable(node.value)


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
