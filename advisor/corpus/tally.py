"""What reading a corpus met: which columns of which files were read, what was left out, what a reader should know."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from advisor.caution import Caution
from advisor.corpus.values.column_texts import ColumnTexts

if TYPE_CHECKING:
    from collections.abc import Mapping

UNOPENED = "folders that cannot be opened"  # what they hold is not known, nor how much of the corpus it is
_LARGEST = 3  # names kept of what was left out for one reason


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """What was left out for one reason.

    Attributes:
        reason: why, in words: "files of another type".
        n: how many files or documents.
        n_bytes: their bytes as they are stored; None where that is not known.
        largest: the names of the largest, where they are files.
        deliberate: it is no part of the corpus by any reading, such as a cache; else a reader may miss it.
        within: it was met in files that were opened to be read, whose bytes are counted with it.
    """

    reason: str
    n: int
    n_bytes: int | None
    largest: tuple[str, ...] = ()
    deliberate: bool = False
    within: bool = False


@dataclass(frozen=True, kw_only=True)
class Column:
    """What was read of the files of one format.

    Attributes:
        format: theirs, such as parquet.
        column: the column, a dotted name where it is nested; None where the whole file is text or ids.
        type: what it holds, in words: "string", "list of int32", "chat messages".
        beside: the other columns of text, among which it was chosen by its name.
        n_files: files in which it was read; ``of``, files of this format in the corpus.
    """

    format: str
    column: str | None
    type: str
    n_files: int
    of: int
    beside: tuple[str, ...] = ()


@dataclass(kw_only=True)
class _Skipped:
    deliberate: bool
    n: int = 0
    n_bytes: float | None = 0.0
    largest: dict[str, float] = field(default_factory=dict)

    def add(self, n: int, n_bytes: float | None, named: Mapping[str, float]) -> None:
        """Count ``n`` more, of so many bytes in all, and keep the names of the largest."""
        self.n += n
        self.n_bytes = None if self.n_bytes is None or n_bytes is None else self.n_bytes + n_bytes
        if named:
            sizes = {**self.largest, **named}
            self.largest = dict(sorted(sizes.items(), key=lambda item: -item[1])[:_LARGEST])


@dataclass(kw_only=True)
class Tally:
    """Filled while a source is opened and its readers run."""

    n_files: dict[str, int] = field(default_factory=dict)  # format -> files that are read
    n_bytes: int = 0  # of those files, as they are stored
    _left_out: dict[str, _Skipped] = field(default_factory=dict)
    _read: dict[tuple[str, str | None, str, tuple[str, ...]], set[str]] = field(default_factory=dict)
    _cautions: dict[str, Caution] = field(default_factory=dict)
    texts_seen: dict[str, ColumnTexts] = field(default_factory=dict)  # column that is read -> text by column

    def add(self, other: Tally) -> None:
        """Count what reading another part of the same source met; its files are counted here already."""
        for reason, each in other._left_out.items():
            found = self._left_out.setdefault(reason, _Skipped(deliberate=each.deliberate))
            found.add(each.n, each.n_bytes, each.largest)
        for column, names in other._read.items():
            self._read.setdefault(column, set()).update(names)
        for chosen, texts in other.texts_seen.items():
            self.text_seen(chosen).join(texts)
        self._cautions |= {key: each for key, each in other._cautions.items() if key not in self._cautions}

    def skip(
        self,
        reason: str,
        count: int = 1,
        *,
        n_bytes: float | None = None,
        name: str | None = None,
        deliberate: bool = False,
    ) -> None:
        """Count what was left out for this reason: its bytes, and its name where it is a file."""
        found = self._left_out.setdefault(reason, _Skipped(deliberate=deliberate))
        found.add(count, n_bytes, {} if name is None else {name: n_bytes or 0.0})

    def read(self, format: str, column: str | None, type: str, name: str, beside: tuple[str, ...] = ()) -> None:
        """Note that of the file ``name`` this column, of this type in words, is read, ``beside`` others of text."""
        self._read.setdefault((format, column, type, beside), set()).add(name)

    def text_seen(self, chosen: str) -> ColumnTexts:
        """Return what was counted of the text of records whose column ``chosen`` is read, to be added to."""
        return self.texts_seen.setdefault(chosen, ColumnTexts())

    def caution(self, code: str, message: str) -> None:
        """Note what a reader of H should know; a sentence is kept once."""
        self._cautions.setdefault(message, Caution(code=code, message=message))

    def as_json(self) -> dict[str, Any]:
        """Return what readers met, without the files that were counted before, for ``read_tally``."""
        return {
            "left_out": {
                reason: [each.deliberate, each.n, each.n_bytes, each.largest] for reason, each in self._left_out.items()
            },
            "read": [[*column, sorted(names)] for column, names in self._read.items()],
            "cautions": [[each.code, each.message] for each in self._cautions.values()],
            "texts_seen": [
                [chosen, list(texts.n_chars.items()), texts.samples] for chosen, texts in self.texts_seen.items()
            ],
        }

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """What was left out, by reason."""
        return tuple(
            LeftOut(
                reason=reason,
                n=each.n,
                n_bytes=None if each.n_bytes is None else round(each.n_bytes),
                largest=tuple(each.largest),
                deliberate=each.deliberate,
            )
            for reason, each in self._left_out.items()
        )

    @property
    def skipped(self) -> dict[str, int]:
        """How many documents and files of it, by reason."""
        return {each.reason: each.n for each in self.missed}

    @property
    def columns(self) -> tuple[Column, ...]:
        """What was read, in the order in which it was met."""
        return tuple(
            Column(
                format=format,
                column=column,
                type=type,
                n_files=len(names),
                of=self.n_files.get(format, len(names)),
                beside=beside,
            )
            for (format, column, type, beside), names in self._read.items()
        )

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """What readers found a person should know."""
        return tuple(self._cautions.values())

    @property
    def missed(self) -> tuple[LeftOut, ...]:
        """What was left out that may be of the corpus."""
        return tuple(each for each in self.left_out if not each.deliberate)


def read_tally(written: Mapping[str, Any]) -> Tally:
    """Return the tally that ``as_json`` wrote."""
    tally = Tally()
    for reason, (deliberate, n, n_bytes, largest) in written["left_out"].items():
        tally._left_out[reason] = _Skipped(deliberate=deliberate, n=n, n_bytes=n_bytes, largest=largest)
    for format, column, type, beside, names in written["read"]:
        tally._read[format, column, type, tuple(beside)] = set(names)
    for code, message in written["cautions"]:
        tally.caution(code, message)
    for chosen, n_chars, samples in written["texts_seen"]:
        tally.texts_seen[chosen] = ColumnTexts(n_chars=dict(map(tuple, n_chars)), samples=samples)
    return tally
