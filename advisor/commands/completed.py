"""What a shell completes: the values of options that take one of some names, light enough for every press of Tab.

The names of presets and grammars stand here because their own modules load numpy; a test holds them to be the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from click.shell_completion import CompletionItem

from advisor.errors import AdvisorError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import click

PRESETS = ("smoke", "cpu", "night", "gpu", "paper", "iso-vocab", "iso-gzip", "two-way")
GRAMMARS = {
    "paper": ("A1", "A2", "A3", "A4", "A5", "A6"),
    "iso-vocab": ("V1", "V2", "V3", "V4", "V5", "V6"),
    "iso-gzip": ("G1", "G2", "G3", "G4"),
}
_TOKENIZERS = ("mistral-v1", "bytes")

Items = list[CompletionItem]


def _beginning(names: Iterable[str], incomplete: str) -> Items:
    return [CompletionItem(name) for name in names if name.lower().startswith(incomplete.lower())]


def _or_file(names: Iterable[str], incomplete: str) -> Items:
    """Return the names that begin so; files where none does."""
    return _beginning(names, incomplete) or [CompletionItem(incomplete, type="file")]


def laws(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Return the laws, or law files."""
    from advisor.answer.law_choice import law_names

    return _or_file(law_names(), incomplete)


def gpus(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Return the accelerators of the table, without spaces, the short names too (H100)."""
    from advisor.plan.accelerators import accelerators

    names = (name.replace(" ", "-") for gpu in accelerators() for name in (gpu.short, gpu.name) if name)
    return _beginning(names, incomplete)


def calibrations(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Return the calibrations that ship or are installed; none where they cannot be read."""
    from advisor.calibrations.installed import available

    try:
        return _beginning((one.name for one in available().calibrations), incomplete)
    except AdvisorError:  # the command itself says what is wrong; a Tab has nowhere to say it
        return []


def tokenizers(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Return the tokenizers that need no file, or files."""
    return _or_file(_TOKENIZERS, incomplete)


def fail_on(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Return `warning` and the codes of cautions, behind those that stand before the last comma."""
    from advisor.caution import CODES

    before, comma, last = incomplete.rpartition(",")
    return [CompletionItem(before + comma + each.value) for each in _beginning(("warning", *CODES), last)]


def presets(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Return the presets of ``advisor calibrate``."""
    return _beginning(PRESETS, incomplete)


def grammars(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Return the grammars of all sets, behind those that stand before the last comma."""
    names = [name for names in GRAMMARS.values() for name in names]
    before, comma, last = incomplete.rpartition(",")
    return [CompletionItem(before + comma + each.value) for each in _beginning(names, last)]


def words(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Return the words, labels and codes of cautions that `advisor explain` knows, those without spaces."""
    from advisor.commands.glossary import SECTIONS

    known = (spelling for section in SECTIONS for term in section.terms for spelling in term.spellings)
    return _beginning((each for each in known if " " not in each), incomplete)


def schemas(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
    """Return the documents and files that there are schemas of."""
    from advisor.report.schema import schema_names

    return _beginning(schema_names(), incomplete)
