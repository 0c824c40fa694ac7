"""A word of the screens and what it means, and how one is found by what people type."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from advisor.errors import UsageError, nearest, printable


@dataclass(frozen=True, kw_only=True)
class Term:
    """What a word means: ``text`` in sentences, its ``unit``, ``where`` it stands, the ``page`` below docs/.

    ``also`` has its other spellings: as tables abbreviate it, and the keys of the JSON documents that hold it.
    """

    word: str
    text: str
    unit: str
    where: str
    page: str
    also: tuple[str, ...] = ()

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every way to ask for it."""
        return self.word, *self.also


@dataclass(frozen=True, kw_only=True)
class Section:
    """Terms of one subject."""

    title: str
    terms: tuple[Term, ...]


def find(asked: str, sections: Sequence[Section], options: Sequence[Term] = ()) -> Term:
    """Return the term that is spelled so, first letter by letter, then whatever the case, spaces and hyphens.

    An option among ``options`` is itself, but where a term says that it stands there: --weights are no weights of a
    model, --flops are FLOPs.

    Raises UsageError, with the nearest spellings, where none is.
    """
    terms = {spelling: term for section in sections for term in section.terms for spelling in term.spellings}
    if asked in terms:
        return terms[asked]
    loose = {_loosely(spelling): term for spelling, term in terms.items()}
    named = {spelling: option for option in options for spelling in option.spellings}
    for spelled in (asked, asked.partition(",")[0], asked.partition("(")[0]):  # as in: batch, tokens; how sure (80 %)
        found = loose.get(_loosely(spelled))
        if found is not None and (asked not in named or f"`{asked}`" in found.where):
            return found
    if asked in named:
        return named[asked]
    known = {**terms, **named}
    raise UsageError(f"No term is called '{printable(asked)}'{_nearest(asked, known)}: `advisor explain` lists them.")


def _loosely(word: str) -> str:
    """Return ``word`` in small letters, with spaces for hyphens and underscores, one before %, and without a count.

    >>> _loosely("--h_ref"), _loosely("80%"), _loosely("... 5 of them"), _loosely("Mind:")
    ('h ref', '80 %', 'of them', 'mind')
    """
    small = word.casefold().replace("_", " ").replace("-", " ").replace("%", " % ")
    counted = re.fullmatch(r"(?:\.\.\. ?)?(?:\d+ )?([a-z].*)", small.strip())  # as in: 7 published laws
    return " ".join((counted[1] if counted else small).split()).rstrip(":")


def _nearest(asked: str, terms: dict[str, Term]) -> str:
    """Return a question with up to two spellings that are nearly so, each of another term; nothing where none is."""
    loose = {_loosely(spelling): spelling for spelling in terms}
    near = [loose[each] for each in nearest(_loosely(asked), loose, n=3)]
    of_terms = {terms[spelling].word: spelling for spelling in reversed(near)}
    spelled = list(reversed(of_terms.values()))[:2]
    return f" (did you mean {' or '.join(spelled)}?)" if spelled else ""
