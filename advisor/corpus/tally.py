"""What reading a corpus met: which columns of which files were read, what was left out, what a reader should know."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from advisor.caution import Caution

if TYPE_CHECKING:
    from collections.abc import Iterable

_LARGEST = 3  # names kept of what was left out for one reason


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """What was left out for one reason.

    Attributes:
        reason: why, in words: "files of another type".
        n: how many files or documents.
        n_bytes: their bytes as they are stored; None where that is not known.
        largest: the names of the largest, where they are files.
    """

    reason: str
    n: int
    n_bytes: float | None
    largest: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Column:
    """What was read of the files of one format.

    Attributes:
        format: theirs, such as parquet.
        column: the column, a dotted name where it is nested; None where the whole file is text or ids.
        type: what it holds, in words: "string", "list of int32", "chat messages".
        n_files: files in which it was read; ``of``, files of this format in the corpus.
    """

    format: str
    column: str | None
    type: str
    n_files: int
    of: int


@dataclass(kw_only=True)
class Tally:
    """Filled while a source is opened and its readers run."""

    n_files: dict[str, int] = field(default_factory=dict)  # format -> files that are read
    n_bytes: int = 0  # of those files, as they are stored
    _left_out: dict[str, tuple[int, float | None, dict[str, float]]] = field(default_factory=dict)
    _read: dict[tuple[str, str | None, str], set[str]] = field(default_factory=dict)
    _cautions: dict[str, Caution] = field(default_factory=dict)

    def skip(self, reason: str, count: int = 1, *, n_bytes: float | None = None, name: str | None = None) -> None:
        """Count what was left out for this reason: its bytes, and its name where it is a file."""
        n, known, largest = self._left_out.get(reason, (0, 0.0, {}))
        total = None if known is None or n_bytes is None else known + n_bytes
        if name is not None:
            largest = {**largest, name: n_bytes or 0.0}
            largest = dict(sorted(largest.items(), key=lambda item: -item[1])[:_LARGEST])
        self._left_out[reason] = (n + count, total, largest)

    def read(self, format: str, column: str | None, type: str, name: str) -> None:
        """Note that of the file ``name`` this column, of this type in words, is read."""
        self._read.setdefault((format, column, type), set()).add(name)

    def caution(self, code: str, message: str) -> None:
        """Note what a reader of H should know; a sentence is kept once."""
        self._cautions.setdefault(message, Caution(code=code, message=message))

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """What was left out, by reason."""
        return tuple(
            LeftOut(reason=reason, n=n, n_bytes=n_bytes, largest=tuple(largest))
            for reason, (n, n_bytes, largest) in self._left_out.items()
        )

    @property
    def columns(self) -> tuple[Column, ...]:
        """What was read, in the order in which it was met."""
        return tuple(
            Column(format=format, column=column, type=type, n_files=len(names), of=self.n_files.get(format, len(names)))
            for (format, column, type), names in self._read.items()
        )

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """What readers found a person should know."""
        return tuple(self._cautions.values())

    @property
    def n_skipped(self) -> int:
        """How many documents or files were left out."""
        return sum(each.n for each in self.left_out)

    @property
    def skipped(self) -> dict[str, int]:
        """How many of them for which reason."""
        return {each.reason: each.n for each in self.left_out}


def words(left_out: Iterable[LeftOut]) -> str:
    """Return what was left out in words: "3 (empty files), 2 (bad lines)"."""
    return ", ".join(f"{each.n:,} ({each.reason})" for each in left_out)
