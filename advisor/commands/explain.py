"""``advisor explain``: what a word on the screens means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from advisor.commands.options import json_option
from advisor.report.text import echo, emit, print_labelled

if TYPE_CHECKING:
    from advisor.commands.glossary.term import Term

_EXAMPLES = """\b
Examples:
  advisor explain H
  advisor explain tokens per parameter
  advisor explain corpus_too_small
  advisor explain --json
"""


@click.command(epilog=_EXAMPLES)
@click.argument("word", nargs=-1)
@json_option("the text")
def command(word: tuple[str, ...], as_json: bool) -> None:
    """Say what a WORD on the screens means, in which unit, where it stands, and which page has more.

    WORD is as a screen, a table's head or a key of a JSON document has it, in any case, or the code of a caution.
    Without one the words are listed.
    """
    from advisor.commands.glossary import SECTIONS
    from advisor.commands.glossary.term import find

    if not word:
        terms = [term for section in SECTIONS for term in section.terms]
        emit({"terms": terms}, _list, as_json=as_json)
        return
    term = find(" ".join(word), SECTIONS)
    emit({"terms": [term]}, lambda: _show(term), as_json=as_json)


def _list() -> None:
    """Print every word by section, and how to ask for one."""
    from advisor.commands.glossary import WORDS

    print_labelled([(section.title, "; ".join(term.word for term in section.terms)) for section in WORDS])
    echo()
    echo("advisor explain WORD says what one of them means, or what the code of a caution does.")


def _show(term: Term) -> None:
    """Print what a term means."""
    echo(term.word, "bold")
    echo(term.text)
    echo()
    also = [("also", ", ".join(term.also))] if term.also else []
    print_labelled([*also, ("unit", term.unit), ("where", term.where), ("more", f"docs/{term.page}")])
