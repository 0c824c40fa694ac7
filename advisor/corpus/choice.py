"""Which column of a table is the corpus.

A column is taken on its own only if it can be a corpus by its type, its name and its first values. Of several the one
that is called text or content is taken where no other has far more text, and one with another usual name where it holds
nearly all of it; else the user chooses.
"""

from __future__ import annotations

import itertools
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from advisor.corpus.columns import Field, rows_of_ids
from advisor.corpus.values.identifiers import ID_NAMES, TEXT_NAMES, plain_name, why_no_ids, why_no_text
from advisor.corpus.values.messages import n_chars_of
from advisor.corpus.values.padding import find_padding
from advisor.errors import CorpusError, asked_wrongly, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from advisor.corpus.values.kinds import Kind

_SHOWN = 20  # column names in a message
_LONGEST_NAME = 200  # characters of a name in a message
_JOINED = 4  # columns in the message that says how to read several
_FIRST_NAMES = (
    *("text", "content", "contents", "raw_content", "raw_text", "full_text", "page_content"),
    *("body", "document"),
)
FAR_MORE = 2.0  # times the text of a column: another that has so much more may be the corpus
_NEARLY_ALL = 0.9  # of the text of several columns: where one named as text holds so much, it is the corpus


def choose_column(fields: Mapping[str, Field], wanted: str | None, source: str, *, several: bool = False) -> Field:
    """Return the column to read.

    ``wanted`` is a column's name, dotted where it is nested (a column of that very name goes first); with ":text" or
    ":ids" behind it a column of written numbers is read as that. Where a reader takes ``several``, it can be names with
    commas between them: those columns of text, joined.

    Raises:
        CorpusError: the wanted column is missing or holds no text; without one, none or several can be the corpus.
    """
    if wanted is not None and several and len(names := names_in(wanted, fields)) > 1:
        return _joined([_settled(_wanted(fields, name, source), source) for name in names], wanted, source)
    if wanted is not None:
        return _settled(_wanted(fields, wanted, source), source)
    candidates = [field for field in fields.values() if why_not(field) is None]
    if not candidates:
        raise CorpusError(f"{source} has no text column: {_described(fields)}{_ways_on(fields)}.")
    if len(candidates) > 1:
        return _settled(_largest(candidates, source, several=several), source)
    return _settled(candidates[0], source)


def why_not(field: Field) -> str | None:
    """Return why a column is not taken for the corpus where nobody names it; None where it can be."""
    if field.kind is None:
        return "no text"
    if field.kind == "messages":
        return None
    if field.kind == "text":
        return why_no_text(field.name, field.values) if field.form != "numbers" else None
    if field.form == "written" and plain_name(field.name) in TEXT_NAMES:
        return None
    return why_no_ids(field.name, field.values)


def names_in(wanted: str, fields: Collection[str]) -> list[str]:
    """Return the columns that the user names: those between commas, unless one has a name with commas.

    >>> names_in("prompt,completion", ["prompt", "completion"]), names_in("a,b", ["a,b"])
    (['prompt', 'completion'], ['a,b'])
    """
    names = [name.strip() for name in wanted.split(",")]
    return [wanted] if top_column(wanted, fields) is not None or not all(names) else names


def _joined(columns: Sequence[Field], wanted: str, source: str) -> Field:
    """Return several columns as one of text.

    Raises:
        CorpusError: one of them holds token ids.
    """
    ids = next((field for field in columns if field.kind == "ids"), None)
    if ids is not None:
        raise CorpusError(f"Column {ids.name!r} of {source} holds {ids.type}: only columns of text can be joined.")
    return Field(name=wanted, kind="text", type="columns joined with newlines", form="several", inner=tuple(columns))


def _largest(candidates: Sequence[Field], source: str, *, several: bool) -> Field:
    """Return the candidate that is called text, if no other has far more, or that is named as text and has nearly all.

    Raises:
        CorpusError: it is not.
    """
    shares = shares_of_text(candidates)
    ranked = sorted(candidates, key=lambda field: -shares[field.name])
    if (called := _called_text(ranked, shares)) is not None:
        return replace(called, beside=tuple(field.name for field in ranked if field is not called))
    if plain_name(ranked[0].name) in TEXT_NAMES and shares[ranked[0].name] >= _NEARLY_ALL:
        return ranked[0]
    if len(ranked) > _SHOWN and source.endswith(".json"):
        path, such = shlex.quote(source), ", ".join(_option(field.name) for field in ranked[:3])
        raise CorpusError(
            f"{source} has {len(ranked)} text columns: if they are documents by their names, write one to a line, "
            f"jq -c 'to_entries[] | {{id: .key, text: .value}}' {path} > {path}l; else choose one, such as {such}."
        )
    offers = [_option(field.name) for field in ranked]
    if any(shares.values()) and all(field.kind != "ids" for field in ranked):  # ids and characters do not compare
        percents = [f"{100 * shares[field.name]:.0f} %" for field in ranked]
        percents[0] += " of their text"
        offers = [f"{offer} ({percent})" for offer, percent in zip(offers, percents, strict=True)]
    more = f" (and {len(offers) - _SHOWN} more)" if len(offers) > _SHOWN else ""
    *first, last = offers[:_SHOWN]
    texts = [field.name for field in candidates if field.kind != "ids" and "," not in field.name][:_JOINED]
    joined = f"; {_option(','.join(texts))} reads these joined" if several and len(texts) > 1 else ""
    raise CorpusError(f"{source} has several text columns: choose {', '.join(first)} or {last}{more}{joined}.")


def _called_text(candidates: Sequence[Field], shares: Mapping[str, float]) -> Field | None:
    """Return the candidate with the first of the names that text has, unless its text is far shorter than another's.

    None where one of them holds ids, whose size does not compare, or no rows were looked at.
    """
    most = max(shares.values())
    if not most or any(field.kind == "ids" for field in candidates):
        return None
    named = {plain_name(field.name): field for field in reversed(candidates)}
    first = next((named[name] for name in _FIRST_NAMES if name in named), None)
    return first if first is not None and FAR_MORE * shares[first.name] >= most else None


def _option(name: str) -> str:
    return f"--column {shlex.quote(name if len(name) <= _LONGEST_NAME else name[:_LONGEST_NAME] + '...')}"


def shares_of_text(fields: Iterable[Field]) -> dict[str, float]:
    """Return by name the share that each field has of the text in the first rows: characters, and four of an id."""
    sizes = {field.name: _n_chars(field) for field in fields}
    total = sum(sizes.values())
    return {name: size / total if total else 0.0 for name, size in sizes.items()}


def _n_chars(field: Field) -> int:
    if field.kind == "ids" and field.form == "plain":
        return sum(4 * len(value) for value in field.values if value is not None)
    if field.form == "binary":
        return sum(len(value) for value in field.values if value is not None)
    return sum(map(n_chars_of, field.values))


def _wanted(fields: Mapping[str, Field], wanted: str, source: str) -> Field:
    """Return the field that the user names, read as it says."""
    name, _, form = wanted.rpartition(":")
    found = _found(fields, wanted)
    if found is None and form in ("text", "ids") and (found := _found(fields, name)) is not None:
        found = _read_as(found, cast("Kind", form), source)
    if found is None:
        nested = f", and nested {_names(_nested(fields.values()))}" if _nested(fields.values()) else ""
        close = did_you_mean(wanted, [*fields, *_nested(fields.values())])
        hint = close or f": its columns are {_names(fields)}{nested}."
        raise asked_wrongly(CorpusError(f"{source} has no column {wanted!r}{hint}"))
    if found.type == "null":  # in the first rows: another kind of value than text, if one comes, is an error then
        return replace(found, kind="text")
    if found.kind is None:
        raise CorpusError(
            f"Column {found.name!r} of {source} holds no text but {found.type}: expected strings, lists of token ids "
            f"or chat messages{_others(fields, found)}."
        )
    return found


def top_column(wanted: str, names: Collection[str]) -> str | None:
    """Return the column of a table that holds the wanted one, which may be nested in it; None if there is none.

    >>> top_column("doc.text", ["doc", "id"]), top_column("doc.text", ["doc", "doc.text"]), top_column("n:ids", ["n"])
    ('doc', 'doc.text', 'n')
    """
    plain, _, form = wanted.rpartition(":")
    names_of = [wanted, *([plain] if form in ("text", "ids") else [])]
    parts = [name.rsplit(".", count)[0] for name in names_of for count in range(name.count(".") + 1)]
    return next((part for part in parts if part in names), None)


def _found(fields: Mapping[str, Field], name: str) -> Field | None:
    """Return the field of this name, or the nested one of this dotted name."""
    if name in fields:
        return fields[name]
    return next((field for field in _all_inner(fields.values()) if field.name == name), None)


def _all_inner(fields: Iterable[Field]) -> Iterator[Field]:
    for field in fields:
        yield from field.inner
        yield from _all_inner(field.inner)


def _nested(fields: Iterable[Field]) -> list[str]:
    """Return the dotted names of nested columns that can be the corpus; a chat is one, and not its parts."""
    names: list[str] = []
    for field in fields:
        if field.kind is None:
            names += [each.name for each in field.inner if _is_offered(each)] + _nested(field.inner)
    return names


def _is_offered(field: Field) -> bool:
    """Return whether a nested column is worth naming: no picture's bytes, and no row of a table written by columns."""
    return why_not(field) is None and field.form != "binary" and not field.path[-1].isdecimal()


def _read_as(field: Field, kind: Kind, source: str) -> Field:
    """Return a field read as text or as ids, as the user says of it.

    Raises:
        CorpusError: it cannot be read so.
    """
    if kind == field.kind and field.form != "numbers":
        return field
    if kind == "text" and field.form in ("written", "numbers"):
        return replace(field, kind="text", form="plain", type="string")
    if kind == "text" and field.form == "digits":
        return replace(field, kind="text", form="strings", type="list of strings")
    if kind == "ids" and field.kind == "text" and field.form == "strings":
        return replace(field, kind="ids", form="digits", type="list of strings")
    if kind == "ids" and field.kind == "text" and field.form in ("plain", "numbers"):
        return replace(field, kind="ids", form="written")
    raise CorpusError(f"Column {field.name!r} of {source} holds {field.type}, which cannot be read as {kind}.")


def _settled(field: Field, source: str) -> Field:
    """Return a field without its values, and with the padding that they show.

    Raises:
        CorpusError: it holds whole numbers as text, which may be ids or may be text.
    """
    if field.form == "numbers":
        if plain_name(field.name) not in ID_NAMES:
            raise CorpusError(
                f"Column {field.name!r} of {source} holds whole numbers as text: say whether they are token ids "
                f"({_option(field.name + ':ids')}) or the text itself ({_option(field.name + ':text')})."
            )
        field = _read_as(field, "ids", source)
    if field.form in ("written", "digits") and field.kind == "ids":
        field = replace(field, type="token ids written as text")
    padding = find_padding(rows_of_ids(field)) if field.kind == "ids" else None
    return replace(field, values=(), inner=(), padding=padding)


def _described(fields: Mapping[str, Field]) -> str:
    """Return each column with its type and why it is not the corpus: "'id' (string, UUIDs), 'n' (integer)"."""
    parts = []
    for name, field in itertools.islice(fields.items(), _SHOWN):
        reason = why_not(field)
        parts.append(f"{name[:40]!r} ({field.type}{f', {reason}' if field.kind and reason else ''})")
    more = f" and {len(fields) - _SHOWN} more" if len(fields) > _SHOWN else ""
    return ", ".join(parts) + more or "it has no columns"


def _ways_on(fields: Mapping[str, Field]) -> str:
    nested = [_option(name) for name in _nested(fields.values())[:_SHOWN]]
    readable = [name for name, field in fields.items() if field.kind]
    ways = [f"{' or '.join(nested)} reads what is nested"] if nested else []
    ways += ["--column NAME reads one of these all the same"] if readable else []
    return "".join(f"; {way}" for way in ways)


def _names(columns: Iterable[str]) -> str:
    names = [repr(name[:40]) for name in columns]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more or "(none)"


def _others(fields: Mapping[str, Field], field: Field) -> str:
    texts = [name for name, each in fields.items() if each.kind is not None]
    texts = [each.name for each in field.inner if each.kind is not None] or texts
    return f"; {_names(texts)} would do" if texts else ""
