"""Files to the sections of a page: each kind of document by the module that knows it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from advisor.errors import AdvisorError, UsageError
from advisor.json_fields import Node
from advisor.report.page.asked import AskedRequest
from advisor.report.page.blocks import PageSection
from advisor.report.page.coefficients import coefficients_sections
from advisor.report.page.comparison import comparison_section
from advisor.report.page.fits import check_law, fit_section, laws_in
from advisor.report.page.profile import profile_section
from advisor.report.page.reading import Kind, ResultFile, named, read_document, words
from advisor.report.page.recommendation import recommendation_section
from advisor.report.page.tables import repetition_section, table_section
from advisor.report.page.taken import ElsewhereError, is_small_object, typed

_NAMES: dict[Kind, str] = {
    "profile": "a profile of advisor score",
    "recommendation": "a recommendation",
    "comparison": "a comparison",
    "repetition": "a table of advisor repeat",
    "table": "a table of advisor table",
    "fit": "a fit",
    "law": "a law file",
    "laws": "the laws of a calibration",
    "coefficients": "a coefficients file",
}

# How a new recommendation takes a document; the others have nothing that it takes.
_OPTIONS: dict[Kind, str] = {"profile": "--profile", "law": "--law", "coefficients": "--coefficients"}


def check_sources(names: Iterable[str]) -> None:
    """Raise an AdvisorError for a document of advisor: it is no corpus to make a new recommendation for.

    What cannot be read as one is left to the readers of corpora.
    """
    for name in names:
        document = _document_in(Path(name))
        if document is not None:
            path = str(document.path)
            option = _OPTIONS.get(document.kind)
            take = f"give it as {option} {typed(path)}, or " if option else ""
            raise UsageError(
                f"{path} is {_NAMES[document.kind]} and no corpus, and the budget and the options of a recommendation "
                f"are for a new one: {take}name it without them."
            )


def _document_in(path: Path) -> ResultFile | None:
    """Return the document that a file or a folder has; None where there is none, or it is no regular file."""
    try:
        if not (path.is_dir() or is_small_object(path)):
            return None
        return read_document(path)
    except ElsewhereError:
        raise
    except AdvisorError:  # the readers of corpora say what is wrong with it
        return None


def sections_of(paths: Iterable[Path]) -> tuple[list[PageSection], list[tuple[str, str]]]:
    """Return the sections of files, in their order, and what each file is with its SHA-256.

    Raises:
        AdvisorError: a file cannot be read, or is nothing that a page shows, or two are the same.
    """
    sections: list[PageSection] = []
    files: list[tuple[str, str]] = []
    read: dict[str, Path] = {}
    for path in paths:
        document = read_document(path)
        if (same := read.setdefault(document.sha256, document.path)) is not document.path:
            raise UsageError(f"{document.path} is the same as {same}: name one of them.")
        sections += _sections(document)
        files.append((str(document.path), f"{_NAMES[document.kind]}, SHA-256 {document.sha256}"))
    return sections, files


def _sections(document: ResultFile) -> list[PageSection]:
    root, kind = document.root, document.kind
    if kind == "recommendation":
        return [recommendation_section(root)]
    if kind == "profile":
        return [profile_section(root)]
    if kind == "comparison":
        return [comparison_section(root)]
    if kind == "repetition":
        return [repetition_section(root)]
    if kind == "table":
        return [table_section(root)]
    if kind == "coefficients":
        return coefficients_sections(root)
    return [_fitted(root, kind)]


def _fitted(root: Node, kind: Kind) -> PageSection:
    if kind == "law":
        check_law(root)
        return fit_section({named(root.get("name")) or "law": root}, words(root.get("source")))
    if kind == "laws":
        return fit_section(laws_in(root), f"The laws of the calibration {named(root['calibration'])}.", "Calibration")
    runs = sum(n.whole(0) for law in laws_in(root).values() if (n := law.get("n_runs")) is not None)
    return fit_section(laws_in(root), f"Fitted to {runs:,} runs by advisor fit.")


def section_of_request(asked: AskedRequest) -> PageSection:
    """Return the section of what ``advisor recommend`` answers."""
    from advisor.json_form import as_json

    document = Node(as_json(asked.recommendation()), "the recommendation", "", AdvisorError)
    return recommendation_section(document, asked)
