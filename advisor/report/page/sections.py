"""Files to the sections of a page: each kind of document by the module that knows it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from advisor.errors import AdvisorError
from advisor.json_fields import Node
from advisor.report.page.asked import AskedRequest
from advisor.report.page.blocks import PageSection
from advisor.report.page.coefficients import coefficients_sections
from advisor.report.page.comparison import comparison_section
from advisor.report.page.fits import check_law, fit_section, laws_in
from advisor.report.page.profile import profile_section
from advisor.report.page.reading import Kind, ResultFile, read_document, words
from advisor.report.page.recommendation import recommendation_section
from advisor.report.page.repetition import repetition_section

_NAMES: dict[Kind, str] = {
    "profile": "a profile of advisor score",
    "recommendation": "a recommendation",
    "comparison": "a comparison",
    "repetition": "a table of advisor repeat",
    "fit": "a fit",
    "law": "a law file",
    "laws": "the laws of a calibration",
    "coefficients": "a coefficients file",
}


def sections_of(paths: Iterable[Path]) -> tuple[list[PageSection], list[tuple[str, str]]]:
    """Return the sections of files, in their order, and what each file is with its SHA-256.

    Raises:
        AdvisorError: a file cannot be read, or is nothing that a page shows.
    """
    sections: list[PageSection] = []
    files: list[tuple[str, str]] = []
    for path in paths:
        document = read_document(path)
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
    if kind == "coefficients":
        return coefficients_sections(root)
    return [_fitted(root, kind)]


def _fitted(root: Node, kind: Kind) -> PageSection:
    if kind == "law":
        check_law(root)
        return fit_section({words(root.get("name")) or "law": root}, words(root.get("source")))
    if kind == "laws":
        return fit_section(laws_in(root), f"The laws of the calibration {words(root['calibration'])}.", "Calibration")
    runs = sum(n.whole(0) for law in laws_in(root).values() if (n := law.get("n_runs")) is not None)
    return fit_section(laws_in(root), f"Fitted to {runs:,} runs by advisor fit.")


def section_of_request(asked: AskedRequest) -> PageSection:
    """Return the section of what ``advisor recommend`` answers."""
    from advisor.json_form import as_json

    document = Node(as_json(asked.recommendation()), "the recommendation", "", AdvisorError)
    return recommendation_section(document, asked)
