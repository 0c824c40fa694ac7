"""The ledger of a calibration: one line of JSON for each trained point, appended whole, and never changed.

Each line ends with the digest of its content, so that damage and careless edits are found. It is no signature by a
secret: who means to deceive can make it as well.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from advisor.data_files import sync_folder, write_atomically
from advisor.errors import AdvisorError
from advisor.json_fields import Node
from advisor.json_form import as_json
from advisor.quantities import plural
from calibration.lines.records import Row, SourceRecord, read_row
from calibration.lines.row_checks import problem_of_row

# Two devices, or two stacks, may differ by this many standard errors in the same loss; more is another experiment.
MAX_DIFFERENCE = 5.0
_CHUNK = 2**16
DIGEST = "digest"
_FIELDS = {field.name for field in fields(Row)}
MOST_LINE = 1 << 20  # bytes; rows have about a thousand
REMOVE = "remove that line, and its run is trained again."


@dataclass(frozen=True, kw_only=True)
class LedgerLine:
    """A row, where it stands, and whether its line says the digest of its content, as those of older ledgers do not."""

    path: Path
    number: int
    row: Row
    is_signed: bool


def content_digest(document: Mapping[str, Any]) -> str:
    """Return the SHA-256, in hexadecimal, of all that a line says, in the one form that JSON has for it."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def signed_line(document: Mapping[str, Any]) -> bytes:
    """Return a row as a line of a ledger, with the digest of its content."""
    return (json.dumps({**document, DIGEST: content_digest(document)}, allow_nan=False) + "\n").encode()


def sign(path: Path) -> int:
    """Return how many rows of an older ledger had no digest, which they now have; nothing else of them is changed.

    It says that the rows are what they are now: only who knows that nobody altered them before should give it.

    Raises:
        AdvisorError: the ledger cannot be read or written, or a line of it is not a row.
    """
    n_unsigned = sum(not line.is_signed for line in Ledger(path).lines())
    documents = [json.loads(line) for line in path.read_bytes().splitlines()]
    lines = [signed_line({key: value for key, value in each.items() if key != DIGEST}) for each in documents]
    write_atomically(path, b"".join(lines).decode())
    return n_unsigned


class Ledger:
    """A file of rows, one a line. Any number of processes may append to it and read it at once."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, row: Row) -> None:
        """Write a row to disk, whole or not at all; it is there when this returns.

        What a killed writer left of a line is cut off first.

        Raises:
            AdvisorError: it cannot be written; the ledger is as it was.
        """
        line = signed_line(as_json(row))
        try:
            with self._locked() as descriptor:
                _append(descriptor, line)
        except OSError as error:
            raise AdvisorError(
                f"Cannot write a row to {self.path}: {error.strerror}; no row before it is lost: "
                "mend that and give the command again."
            ) from error

    @contextmanager
    def _locked(self) -> Iterator[int]:
        is_new = not self.path.exists()
        descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield descriptor
            if is_new:
                sync_folder(self.path.parent)
        finally:
            os.close(descriptor)  # and with it the lock

    def rows(self) -> tuple[Row, ...]:
        """Return the rows by their keys; the first of several with one key and loss; none where there is no file.

        A last line without an end was being written when its writer died, and is left out.

        Raises:
            AdvisorError: it cannot be read, a line of it is not a row or was altered, or two contradict each other.
        """
        return tuple(line.row for line in self.lines())

    def lines(self) -> tuple[LedgerLine, ...]:
        """Return the rows as ``rows`` does, each with where it stands and whether it is signed."""
        found: dict[str, LedgerLine] = {}
        for number, text in enumerate(self._texts(), start=1):
            line = self._line(text, number)
            _check_alike(found.setdefault(line.row.key, line), line)
        return tuple(found[key] for key in sorted(found))

    def keys(self) -> frozenset[str]:
        """Return the keys of the rows."""
        return frozenset(row.key for row in self.rows())

    def digest(self) -> str:
        """Return the SHA-256 of the rows, in hexadecimal: without the hardware, and in whatever order they came."""
        return rows_digest(self.rows())

    def _texts(self) -> Iterator[bytes]:
        """Yield the lines that have an end; none is longer than MOST_LINE bytes."""
        try:
            if not self.path.exists():
                return
            if self.path.is_fifo() or self.path.is_char_device():
                raise AdvisorError(f"{self.path} is a pipe or a device, and no ledger: remove it.")
            with self.path.open("rb") as file:
                number = 1
                while (text := file.readline(MOST_LINE)).endswith(b"\n"):
                    yield text[:-1]
                    number += 1
        except OSError as error:
            raise AdvisorError(f"Cannot read {self.path}: {error.strerror}.") from error
        if len(text) == MOST_LINE:
            raise AdvisorError(f"{self.path}, line {number} has over {MOST_LINE:,} bytes, so it is no row: {REMOVE}")

    def _line(self, text: bytes, number: int) -> LedgerLine:
        name = f"{self.path}, line {number}"
        try:
            document = Node(json.loads(text), name, "", AdvisorError)
            digest = document.members().pop(DIGEST, None)
            if digest is None and (other := set(document.value) - _FIELDS):
                raise document.fail(f"has {min(other)[:40]!r}, which no row has")
            if digest is None or digest == content_digest(document.value):
                return LedgerLine(path=self.path, number=number, row=read_row(document), is_signed=digest is not None)
            problem = f"{name} was altered after it was written: its digest is of another row"
        except (ValueError, RecursionError):
            problem = f"{name} is not JSON"
        except AdvisorError as error:
            problem = str(error).rstrip(".")
        raise AdvisorError(f"{problem}: {REMOVE}")


def _check_alike(first: LedgerLine, line: LedgerLine) -> None:
    """Raise AdvisorError where two lines of one ledger are of one run and have other losses: it was trained once."""
    one, other = first.row, line.row
    if one.loss != other.loss:
        raise AdvisorError(
            f"{line.path}, lines {first.number} and {line.number} have two losses of one run ({one.source}, width "
            f"{one.width}, {plural(one.n_tokens, 'token')}): {one.loss!r} and {other.loss!r}: remove the line that is "
            "not to be believed, or both, and it is trained again."
        )


def rows_digest(rows: Iterable[Row]) -> str:
    """Return the SHA-256 of rows, in hexadecimal, whatever their order; of their hardware nothing is in it."""
    contents = (_content(row) for row in sorted(rows, key=lambda row: row.key))
    return hashlib.sha256("\n".join(json.dumps(each, sort_keys=True) for each in contents).encode()).hexdigest()


def _content(row: Row) -> dict[str, Any]:
    return {name: value for name, value in as_json(row).items() if name != "hardware"}


def check_lines(lines: Sequence[LedgerLine], sources: Collection[SourceRecord]) -> None:
    """Refuse rows that no training wrote, and rows of sources that the plan beside their ledger does not have.

    Raises:
        AdvisorError: there is one; the message names file and line, and what contradicts what.
    """
    names = {name for source in sources for name in (source.name, source.data)}
    for line in lines:
        problem = problem_of_row(line.row)
        if problem is None and not {line.row.source, line.row.data} & names:
            problem = f"is of the source {line.row.source}, which the plan beside it does not have"
        if problem is not None:
            raise AdvisorError(f"{line.path}, line {line.number}: the row {problem}: {REMOVE}")


def merged(ledgers: Iterable[Sequence[LedgerLine]]) -> tuple[Row, ...]:
    """Return the rows of several ledgers, each given by its lines, by their keys; of each key the first.

    Raises:
        AdvisorError: two of them have losses of one run that differ by more than five standard errors (the larger of
            the two).
    """
    found: dict[str, tuple[Row, Path]] = {}
    for lines in ledgers:
        for row, at in ((line.row, line.path) for line in lines):
            first, path = found.setdefault(row.key, (row, at))
            if abs(row.loss - first.loss) > MAX_DIFFERENCE * max(row.standard_error, first.standard_error):
                raise AdvisorError(
                    f"{path} and {at} disagree on run {row.key} ({row.source}, width {row.width}, "
                    f"{plural(row.n_tokens, 'token')}): a loss of {first.loss:.4f} against {row.loss:.4f}, more than "
                    f"{MAX_DIFFERENCE:g} standard errors apart: leave one of them out."
                )
    return tuple(found[key][0] for key in sorted(found))


def _append(descriptor: int, line: bytes) -> None:
    """Add a line to an open, locked file and flush it to disk; on failure the file has whole lines, as before."""
    end = _end_of_lines(descriptor)
    if end < os.fstat(descriptor).st_size:
        os.ftruncate(descriptor, end)
    try:
        n_written = os.write(descriptor, line)
        if n_written < len(line):
            n_written += os.write(descriptor, line[n_written:])  # says why the first one stopped
        if n_written < len(line):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, end)
        raise


def _end_of_lines(descriptor: int) -> int:
    """Return where the last whole line ends, in bytes."""
    stop = os.fstat(descriptor).st_size
    while stop:
        start = max(0, stop - _CHUNK)
        newline = os.pread(descriptor, stop - start, start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        stop = start
    return 0
