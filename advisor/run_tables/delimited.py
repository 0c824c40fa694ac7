"""Rows of delimited text: commas, semicolons, tabs, bars or spaces, found by which of them fits every line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from advisor.errors import RunsError
from advisor.untrusted.long_fields import long_fields

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", " ": "spaces"}
_HEAD = 4096  # characters that hold the header
_EXCEL_SAYS = re.compile(r"sep=([,;|\t])\r?\n")
_RULE = re.compile(r":?-+:?")  # under the header of a Markdown table
_NUMBER = re.compile(r"[+-]?[\d.][\d.,_]*(e[+-]?\d+)?\s*[kmbt]?|nan", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class DelimitedRows:
    """The names and rows of delimited text, its delimiter, and how many lines are comments."""

    delimiter: str
    names: tuple[str, ...]
    rows: tuple[dict[str, str], ...]
    n_comments: int


@dataclass(frozen=True, kw_only=True)
class _Line:
    number: int
    fields: tuple[str, ...]


def read_delimited(path: Path, text: str) -> DelimitedRows:
    """Return the rows of delimited text, by the delimiter that gives each line as many fields as the header.

    Raises:
        RunsError: no delimiter fits, several do, or the header has no names or one of them twice.
    """
    said = _EXCEL_SAYS.match(text)
    body, failure = text[said.end() :] if said else text, None
    candidates: list[_Candidate] = []
    for delimiter in said[1] if said else DELIMITERS:
        if delimiter not in body[:_HEAD] or (delimiter == " " and candidates):
            continue  # spaces stand beside other delimiters, and divide only where no other does
        try:
            found = _candidate(delimiter, list(_lines(body, delimiter)))
        except csv.Error as error:
            failure = error
            continue
        candidates += [] if found is None else [found]
    if all(each.odd is not None for each in candidates) and _headed_below(body):
        first = body.splitlines()[0][:40]
        raise RunsError(
            f"{path}, line 1: {first!r} is no header of the lines below it, which have one: delete it, or begin it "
            "with #."
        )
    if not candidates:
        raise _nothing(path, body, failure)
    return _rows(path, _best(path, candidates))


def _headed_below(body: str) -> bool:
    """Return whether the text is a table with a header if its first line is left out."""
    found = []
    for delimiter in DELIMITERS:
        try:
            found.append(_candidate(delimiter, list(_lines(body, delimiter))[1:]))
        except csv.Error:
            continue  # this delimiter divides nothing here; what is wrong with the table is said by the caller
    return any(each is not None and each.is_headed for each in found)


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    delimiter: str
    header: _Line
    lines: tuple[_Line, ...]
    n_comments: int

    @property
    def odd(self) -> _Line | None:
        """The first line that has not as many fields as the header."""
        return next((line for line in self.lines if len(line.fields) != len(self.header.fields)), None)

    @property
    def is_headed(self) -> bool:
        """Whether it is a header without a number, and lines that have as many fields."""
        return bool(self.lines) and self.odd is None and not any(map(_NUMBER.fullmatch, self.header.fields))


def _nothing(path: Path, text: str, failure: csv.Error | None) -> RunsError:
    if failure is not None:
        return RunsError(f"{path} cannot be read ({failure}).")
    if not text.strip():
        return RunsError(f"{path} holds no runs.")
    first = text.strip().splitlines()[0][:40]
    return RunsError(
        f"{path} is no table of runs: its first line, {first!r}, has one field; a table has several columns."
    )


def _lines(text: str, delimiter: str) -> Iterator[_Line]:
    """Yield the lines that are not blank as stripped fields; where spaces divide, any number of them does."""
    if delimiter == " ":
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip():
                yield _Line(number=number, fields=tuple(line.split()))
        return
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True)
    with long_fields(len(text) + 1):  # a file is bounded, and a cell that is no number is told by its run
        for row in reader:
            fields = tuple(field.strip() for field in row)
            if delimiter == "|" and len(fields) > 2 and fields[0] == fields[-1] == "":  # as in Markdown
                fields = fields[1:-1]
            if any(fields) and not (delimiter == "|" and all(map(_RULE.fullmatch, fields))):
                yield _Line(number=reader.line_num, fields=fields)


def _candidate(delimiter: str, lines: Sequence[_Line]) -> _Candidate | None:
    """Return header and lines as a delimiter divides them; None where the header then has one field."""
    plain = [line for line in lines if not line.fields[0].startswith("#")]
    if not plain:
        plain = list(lines)  # every line begins with #: it is part of a name
    if not plain:
        return None
    header, rest = plain[0], plain[1:]
    if all(_NUMBER.fullmatch(field) for field in header.fields if field) and lines[0] is not header:
        above = lines[lines.index(header) - 1]  # as numpy.savetxt writes it
        header, rest = _Line(number=above.number, fields=_uncommented(above.fields)), plain
    n_comments = len(lines) - len(rest) - 1
    header = _Line(number=header.number, fields=_trimmed(header.fields))
    if len(header.fields) < 2:
        return None
    width = len(header.fields)
    rest = [_Line(number=line.number, fields=_trimmed(line.fields, width)) for line in rest]
    return _Candidate(delimiter=delimiter, header=header, lines=tuple(rest), n_comments=n_comments)


def _uncommented(fields: tuple[str, ...]) -> tuple[str, ...]:
    first = fields[0].lstrip("#").strip()
    return (first, *fields[1:]) if first else fields[1:]


def _trimmed(fields: tuple[str, ...], least: int = 0) -> tuple[str, ...]:
    """Return fields without the empty ones at the end, but no fewer than ``least`` of them."""
    while len(fields) > least and not fields[-1]:
        fields = fields[:-1]
    return fields


def _best(path: Path, candidates: Sequence[_Candidate]) -> _Candidate:
    """Return the candidate that fits every line; of several, that with the most columns."""
    fitting = [each for each in candidates if each.odd is None]
    widest = sorted(fitting or candidates, key=lambda each: -len(each.header.fields))
    if len(fitting) > 1 and len(widest[0].header.fields) == len(widest[1].header.fields):
        both = " or ".join(DELIMITERS[each.delimiter] for each in widest[:2])
        raise RunsError(f"{path} may be divided by {both}, each of which fits every line: write it with commas alone.")
    return widest[0]


def _rows(path: Path, found: _Candidate) -> DelimitedRows:
    names = tuple(name or f"Unnamed: {i}" for i, name in enumerate(found.header.fields))
    if all(_NUMBER.fullmatch(name) for name in found.header.fields if name):
        raise RunsError(f"{path} has no header: its first line is numbers; put the names of the columns above it.")
    if repeated := next((name for name in names if names.count(name) > 1), None):
        raise RunsError(f"{path} has several columns called {repeated}: rename all but one.")
    if (odd := found.odd) is not None:
        raise RunsError(_uneven(path, found, odd))
    rows = tuple(dict(zip(names, line.fields, strict=True)) for line in found.lines)
    return DelimitedRows(delimiter=found.delimiter, names=names, rows=rows, n_comments=found.n_comments)


def _uneven(path: Path, found: _Candidate, odd: _Line) -> str:
    n, width = len(odd.fields), len(found.header.fields)
    said = f"{path}, line {odd.number}: the header has {width} fields and this line has {n}"
    if n > width and all(len(line.fields) == n for line in found.lines):
        hint = "give a row name in front a column name too, or put numbers with a comma in quotes"
        return f"{said}, as all have: {hint}."
    return f"{said}: mend the line."
