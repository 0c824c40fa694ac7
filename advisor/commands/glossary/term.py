"""A word of the screens and what it means, and how one is found by what people type."""

from __future__ import annotations

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


def find(asked: str, sections: Sequence[Section]) -> Term:
    """Return the term that is spelled so, first letter by letter, then whatever the case, spaces and hyphens.

    Raises UsageError, with the nearest spellings, where none is.
    """
    terms = {spelling: term for section in sections for term in section.terms for spelling in term.spellings}
    if asked in terms:
        return terms[asked]
    loose = {_loosely(spelling): term for spelling, term in terms.items()}
    if _loosely(asked) in loose:
        return loose[_loosely(asked)]
    raise UsageError(f"No term is called '{printable(asked)}'{_nearest(asked, terms)}: `advisor explain` lists them.")


def _loosely(word: str) -> str:
    """Return ``word`` in small letters, without hyphens, and a space before %: as in 80%, --flops, h_ref."""
    return " ".join(word.casefold().replace("_", " ").replace("-", " ").replace("%", " % ").split())


def _nearest(asked: str, terms: dict[str, Term]) -> str:
    """Return a question with up to two spellings that are nearly so, each of another term; nothing where none is."""
    loose = {_loosely(spelling): spelling for spelling in terms}
    near = [loose[each] for each in nearest(_loosely(asked), loose, n=3)]
    of_terms = {terms[spelling].word: spelling for spelling in reversed(near)}
    spelled = list(reversed(of_terms.values()))[:2]
    return f" (did you mean {' or '.join(spelled)}?)" if spelled else ""
