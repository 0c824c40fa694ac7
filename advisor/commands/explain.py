"""``advisor explain``: what a word on the screens means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from advisor.commands import completed
from advisor.commands.options import json_option
from advisor.report.text import echo, emit, print_labelled

if TYPE_CHECKING:
    from advisor.commands.glossary.term import Term

_EXAMPLES = """\b
Examples:
  advisor explain H
  advisor explain tokens per parameter
  advisor explain corpus_too_small
  advisor explain passes
  advisor explain --json
"""


@click.command(epilog=_EXAMPLES, context_settings={"ignore_unknown_options": True})
@click.argument("word", nargs=-1, shell_complete=completed.words)
@json_option("the text")
def command(word: tuple[str, ...], as_json: bool) -> None:
    """Say what a WORD on the screens means, in which unit, where it stands, and which page has more.

    WORD is as a screen, a table's head or a key of a JSON document has it, in any case, the code of a caution, or an
    option. Without one the words are listed.
    """
    from advisor.commands.glossary import SECTIONS
    from advisor.commands.glossary.term import find

    if not word:
        terms = [term for section in SECTIONS for term in section.terms]
        emit({"terms": terms}, _list, as_json=as_json)
        return
    asked = " ".join(word)
    term = find(asked, SECTIONS, _options() if asked.startswith("--") else ())
    emit({"terms": [term]}, lambda: _show(term), as_json=as_json)


def _options() -> list[Term]:
    """Return every option of every command, with its help as it stands first."""
    from advisor.commands.glossary.term import Term

    context = click.get_current_context()
    group = context.find_root().command
    assert isinstance(group, click.Group)
    found: dict[str, list[str]] = {}
    helps: dict[str, click.Option] = {}
    for name in group.list_commands(context):
        each = group.get_command(context, name)
        for option in each.params if each is not None else ():
            if isinstance(option, click.Option):
                helps.setdefault(option.opts[0], option)
                found.setdefault(option.opts[0], []).append(f"`advisor {name}`")
    return [
        Term(
            word=spelling,
            also=tuple(option.secondary_opts),
            text=" ".join((option.help or "").split()),
            unit=option.metavar or "none",
            where=", ".join(found[spelling]),
            page="commands.md",
        )
        for spelling, option in helps.items()
    ]


def _list() -> None:
    """Print every word by section, and how to ask for one."""
    from advisor.commands.glossary import WORDS

    print_labelled([(section.title, "; ".join(term.word for term in section.terms)) for section in WORDS])
    echo()
    echo("advisor explain WORD explains one of them, a label of any screen, or the code of a caution.")


def _show(term: Term) -> None:
    """Print what a term means."""
    echo(term.word, "bold")
    echo(term.text)
    echo()
    also = [("also", ", ".join(term.also))] if term.also else []
    print_labelled([*also, ("unit", term.unit), ("where", term.where), ("more", f"docs/{term.page}")])
