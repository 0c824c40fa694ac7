"""The rows of delimited text: which delimiter it has, its header, and each row's cells with the line it begins on."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import re
from collections import Counter
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from advisor.corpus.columns import MOST_COLUMNS, Field, fields_of_records
from advisor.corpus.streams import head_of
from advisor.errors import CorpusError
from advisor.quantities import plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from advisor.corpus.tally import Tally

DELIMITERS = ",;\t|"
LONGEST_FIELD = 16 << 20  # characters; a longer one is a quote that was not closed
_LONGEST_ROW = 2 * LONGEST_FIELD  # bytes
_SNIFFED = 1 << 16  # bytes by which the delimiter is chosen
_HEAD = 1000  # rows by which the type of a column is chosen, or fewer: of _HEAD_BYTES
_HEAD_BYTES = 4 << 20
_LONGEST_NAME = 200  # characters of a column's name
_NUMBER = re.compile(r"[+-]?(\d++(\.\d*+)?|\.\d++)([eE][+-]?\d++)?|nan|inf", re.IGNORECASE)
_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?|\d\d:\d\d(:\d\d)?")
_TRUTH = {"true", "false", "True", "False", "TRUE", "FALSE"}
_NULL = {"", "NULL", "null", "NaN", "nan", "None", "NA", "N/A"}


@dataclass(frozen=True, kw_only=True, slots=True)
class CsvRow:
    """The cells of a row, the line it begins on, and its bytes."""

    cells: list[str]
    line: int
    n_bytes: int


class CsvRows:
    """The rows behind the header of a stream of delimited text, once.

    Raises:
        CorpusError: it has no header; while rows are read, one of them is not like it or is not text.
    """

    def __init__(self, stream: IO[bytes], name: str, delimiter: str, *, skip_bad: bool, tally: Tally) -> None:
        self.name, self.skip_bad, self.tally = name, skip_bad, tally
        head = head_of(stream, _SNIFFED).decode("utf-8", "replace")
        self.delimiter = sniffed(head, delimiter)
        is_plain = self.delimiter == "\t" and has_plain_quotes(head)
        # What is not UTF-8 becomes lone surrogates, which are found where they are read: in the text of a row.
        text = io.TextIOWrapper(stream, "utf-8", errors="surrogateescape", newline="")
        self._reader = csv.reader(
            self._lines(text),
            delimiter=self.delimiter,
            quoting=csv.QUOTE_NONE if is_plain else csv.QUOTE_MINIMAL,
            strict=True,
        )
        self._is_plain = is_plain
        # Of the row that is being read: its bytes, quotes and delimiters outside of them, and whether it is UTF-8.
        self._row_bytes = self._n_quotes = self._n_cells = 0
        self._is_text = True
        self._head: list[CsvRow] = []
        self.header: list[str] = []
        self.header = self._header()

    def fields(self, wanted: str | None) -> dict[str, Field]:
        """Return the columns with their types by the first rows; the one that is ``wanted`` may be empty in them.

        Raises:
            CorpusError: the header is none, or names a column twice.
        """
        n_bytes = 0
        for row in itertools.islice(self._rows(), _HEAD):
            self._head.append(row)
            if (n_bytes := n_bytes + row.n_bytes) > _HEAD_BYTES:
                break
        columns = [[row.cells[at] for row in self._head] for at in range(len(self.header))]
        self._refuse_data(columns)
        if repeated := sorted(name for name, n_times in Counter(self.header).items() if n_times > 1):
            raise CorpusError(f"{self.name} has several columns called {repeated[0][:40]!r}: rename all but one.")
        return {
            name: _field(name, values, is_wanted=name == wanted)
            for name, values in zip(self.header, columns, strict=True)
        }

    @property
    def is_empty(self) -> bool:
        """Whether there is no row, once ``fields`` has looked at the first."""
        return not self._head

    def __iter__(self) -> Iterator[CsvRow]:
        """Yield each row that has the cells of the header."""
        yield from self._head
        self._head = []
        yield from self._rows()

    def reject(self, row: CsvRow, problem: str) -> None:
        """Count a bad row with --skip-bad; without, raise."""
        if not self.skip_bad:
            raise CorpusError(f"{self.name}:{row.line} {problem}; --skip-bad leaves such rows out.")
        self.tally.skip("bad rows", n_bytes=row.n_bytes)

    def _rows(self) -> Iterator[CsvRow]:
        n_cells = len(self.header)
        while (row := self._next()) is not None:
            if len(row.cells) == n_cells:
                yield row
            elif row.cells:
                fields = plural(len(row.cells), "field")
                self.reject(row, f"has {fields}, and the header has {n_cells}")

    def _next(self) -> CsvRow | None:
        """Return the next row, None at the end; one that is no row is rejected, and has no cells."""
        line, self._is_text = self._reader.line_num + 1, True
        self._row_bytes = self._n_quotes = self._n_cells = 0
        problem = None
        try:
            cells = next(self._reader, None)
        except csv.Error as error:
            cells, problem = [], _words(error)
        if cells is None:
            return None
        if not self._is_text:
            problem = "is not UTF-8: name the encoding with --encoding"
        row = CsvRow(cells=[] if problem else cells, line=line, n_bytes=self._row_bytes)
        if problem and not self.header:
            raise CorpusError(f"{self.name}:{line}, the header, {problem}.")
        if problem:
            self.reject(row, problem)
        return row

    def _lines(self, text: io.TextIOWrapper) -> Iterator[str]:
        for number in itertools.count(1):
            line = text.readline(LONGEST_FIELD)
            if not line:
                return
            if len(line) == LONGEST_FIELD and not line.endswith(("\n", "\r")):
                raise CorpusError(f"{self.name}:{number} is a line of over {LONGEST_FIELD >> 20} MB: it is no csv row.")
            if "\0" in line:
                raise CorpusError(
                    f"{self.name}:{number} holds a NUL byte: it is binary, or in an encoding to name with --encoding, "
                    "such as utf-16."
                )
            self._weigh(line)
            self._check_row(line, number)
            yield line

    def _check_row(self, line: str, number: int) -> None:
        """Refuse what would fill the memory: a row whose fields are long one after another, or are millions."""
        if self._row_bytes > _LONGEST_ROW:
            raise CorpusError(
                f"{self.name}:{number} belongs to a row of over {_LONGEST_ROW >> 20} MB: a quote before it may not be "
                "closed."
            )
        is_inside = self._n_quotes % 2
        n_quotes = 0 if self._is_plain else line.count('"')
        outside = line.split('"')[is_inside::2] if n_quotes or is_inside else [line]
        self._n_cells += sum(part.count(self.delimiter) for part in outside)
        self._n_quotes += n_quotes
        if self._n_cells >= MOST_COLUMNS:
            raise CorpusError(
                f"{self.name}:{number} has over {MOST_COLUMNS:,} columns: write those that hold the corpus to a file "
                "of their own."
            )

    def _weigh(self, line: str) -> None:
        try:
            self._row_bytes += len(line) if line.isascii() else len(line.encode())
        except UnicodeEncodeError:
            self._row_bytes += len(line.encode("utf-8", "surrogateescape"))
            self._is_text = False

    def _header(self) -> list[str]:
        while (row := self._next()) is not None:
            if row.cells:
                return row.cells
        raise CorpusError(f"{self.name} has no header row.")

    def _refuse_data(self, columns: list[list[str]]) -> None:
        """Refuse a first row of data: long text, or numbers above numbers beside text of several words."""
        above = [
            _is_number(cell) and all(map(_is_number, values)) for cell, values in zip(self.header, columns, strict=True)
        ]
        is_data = any(len(cell) > _LONGEST_NAME for cell in self.header)
        is_data |= any(above) and (all(above) or any(cell.count(" ") > 2 for cell in self.header))
        if is_data:
            shown = max(self.header, key=len)[:40]
            raise CorpusError(
                f"{self.name} has no header: its first row looks like data ({shown!r}); put the names of its columns "
                "above it, such as text."
            )


def sniffed(head: str, named: str) -> str:
    r"""Return the delimiter of the text that begins with ``head``: ``named``, or what its header and first rows have.

    >>> sniffed("id;text\n1;one, two\n", ",")
    ';'
    """
    counts = {delimiter: _counts(head, delimiter) for delimiter in DELIMITERS}
    several = [delimiter for delimiter, found in counts.items() if found and found[0] > 1]
    steady = [delimiter for delimiter in several if len(set(counts[delimiter])) == 1] or several
    if named in steady or not steady:
        return named
    return max(steady, key=lambda delimiter: counts[delimiter][0])


def _counts(head: str, delimiter: str) -> list[int]:
    """Return how many cells the whole rows of a text's beginning have."""
    rows: list[int] = []
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter, strict=True)
    with contextlib.suppress(csv.Error):  # the end of the head may be inside a quoted field
        rows += (len(cells) for cells in reader if cells)
    return rows if head.endswith("\n") or len(rows) < 2 else rows[:-1]


def has_plain_quotes(head: str) -> bool:
    r"""Return whether quotes are text in the tab-separated rows of ``head``, as in most that are no export of a table.

    A field begins with one and does not end with one, though every line has the fields of the header.

    >>> has_plain_quotes('id\ttext\n1\t"Yes" was the answer\n')
    True
    """
    rows = [line.split("\t") for line in head.splitlines()[: None if head.endswith("\n") else -1] if line]
    if not rows or any(len(row) != len(rows[0]) for row in rows):
        return False
    quoted = [cell for row in rows for cell in row if cell.startswith('"')]
    return any(len(cell) == 1 or '"' in cell[1:-1].replace('""', "") or cell[-1] != '"' for cell in quoted)


def _field(name: str, values: list[str], *, is_wanted: bool) -> Field:
    told = [value for value in values if value not in _NULL]
    for kind, is_of_it in (("number", _is_number), ("time", _is_time), ("boolean", _TRUTH.__contains__)):
        if told and all(map(is_of_it, told)):
            return Field(name=name, kind=None, type=kind, values=tuple(values))
    if not told and not is_wanted:
        return Field(name=name, kind=None, type="null", values=tuple(values))
    if not told:
        return Field(name=name, kind="text", type="string")
    return fields_of_records([{name: None if value in _NULL else value} for value in values])[name]


def _is_number(value: str) -> bool:
    return _NUMBER.fullmatch(value.strip()) is not None


def _is_time(value: str) -> bool:
    return _TIME.fullmatch(value.strip()) is not None


def _words(error: csv.Error) -> str:
    """Return what is wrong with a row, after its place."""
    problem = str(error)
    if problem.startswith("unexpected end"):
        return "begins a field with a quote that is never closed"
    if problem.startswith("field larger"):
        return f"has a field of over {LONGEST_FIELD >> 20} MB: a quote in it may not be closed"
    if "expected after" in problem:
        return "has text behind a quoted field: quotes inside one are written twice"
    return f"is not a csv row ({problem})"
