"""The ledger of a calibration: one line of JSON for each trained point, appended whole, and never changed."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import math
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.data_files import sync_folder
from advisor.errors import AdvisorError
from advisor.json_fields import Node
from advisor.json_form import as_json
from calibration.lines.records import Row, read_row

if TYPE_CHECKING:
    from advisor.plan.shape import Architecture
    from calibration.training.schedule import Branch, Schedule

# To be raised with every change of model, optimiser, schedule or training that changes a loss.
TRAINING_VERSION = 1
# Two devices, or two stacks, may differ by this many standard errors in the same loss; more is another experiment.
MAX_DIFFERENCE = 5.0
_CHUNK = 2**16


def run_key(
    *,
    data: str,
    shape: Architecture,
    seed: int,
    plan: Schedule,
    branch: Branch,
    rate: float,
    code: int = TRAINING_VERSION,
) -> str:
    """Return what identifies a trained point, 32 hexadecimal digits: all that its loss follows from, and nothing else.

    ``data`` is the digest of the source, ``rate`` the peak rate before any halving. Of the plan it takes what the
    steps to this branch's end are: their batches, the warmup, where the cooldown begins, its form. So plans with other
    token counts, or batches that change beyond this one, give the same key. Device, dtype, micro-batch and stacking
    change rounding alone and are not in it.
    """
    facts = {
        "data": data,
        "shape": [shape.width, shape.n_layers, shape.n_heads, shape.vocab_size, shape.context],
        "seed": seed,
        "rate": rate,
        "batches": _batches(plan, branch.stop),
        "cooldown": [branch.start, branch.stop, "cosine" if plan.recipe.cosine else "sqrt"],
        "warmup": plan.n_warmup,
        "code": code,
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]


def _batches(plan: Schedule, stop: int) -> list[tuple[int, int]]:
    """Return (first document, documents a batch) wherever the batch changes, up to ``stop``."""
    changes: list[tuple[int, int]] = []
    bound, seq_len = 0, plan.seq_len
    while bound < stop:
        size = plan.batch(bound)
        if not changes or changes[-1][1] != size:
            changes.append((bound, size))
        # The batch can only change with the next entry of the recipe: nothing is walked step by step.
        beyond = min((start for start, _ in plan.recipe.batches if start > bound * seq_len), default=stop * seq_len)
        bound += size * max(1, math.ceil((beyond - bound * seq_len) / (size * seq_len)))
    return changes


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
        line = (json.dumps(as_json(row), allow_nan=False) + "\n").encode()
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
        """Return the rows by their keys; the first of several with one key; none where there is no file.

        A last line without an end was being written when its writer died, and is left out.

        Raises:
            AdvisorError: the file cannot be read, or a line of it is not a row.
        """
        found: dict[str, Row] = {}
        for number, line in enumerate(self._lines(), start=1):
            row = self._row(line, number)
            found.setdefault(row.key, row)
        return tuple(found[key] for key in sorted(found))

    def keys(self) -> frozenset[str]:
        """Return the keys of the rows."""
        return frozenset(row.key for row in self.rows())

    def digest(self) -> str:
        """Return the SHA-256 of the rows, in hexadecimal: without the hardware, and in whatever order they came."""
        return rows_digest(self.rows())

    def _lines(self) -> list[bytes]:
        try:
            return self.path.read_bytes().split(b"\n")[:-1]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise AdvisorError(f"Cannot read {self.path}: {error.strerror}.") from error

    def _row(self, line: bytes, number: int) -> Row:
        name = f"{self.path}, line {number}"
        try:
            return read_row(Node(json.loads(line), name, "", AdvisorError))
        except (ValueError, RecursionError):
            problem = f"{name} is not JSON"
        except AdvisorError as error:
            problem = str(error).rstrip(".")
        raise AdvisorError(f"{problem}: remove that line, and its run is trained again.")


def rows_digest(rows: Iterable[Row]) -> str:
    """Return the SHA-256 of rows, in hexadecimal, whatever their order; of their hardware nothing is in it."""
    contents = (_content(row) for row in sorted(rows, key=lambda row: row.key))
    return hashlib.sha256("\n".join(json.dumps(each, sort_keys=True) for each in contents).encode()).hexdigest()


def _content(row: Row) -> dict[str, Any]:
    return {name: value for name, value in as_json(row).items() if name != "hardware"}


def merged(ledgers: Iterable[Ledger]) -> tuple[Row, ...]:
    """Return the rows of several ledgers by their keys, of each key the first.

    Raises:
        AdvisorError: a ledger cannot be read, or two of them have losses of one run that differ by more than five
            standard errors (the larger of the two).
    """
    found: dict[str, tuple[Row, Path]] = {}
    for ledger in ledgers:
        for row in ledger.rows():
            first, path = found.setdefault(row.key, (row, ledger.path))
            if abs(row.loss - first.loss) > MAX_DIFFERENCE * max(row.standard_error, first.standard_error):
                raise AdvisorError(
                    f"{path} and {ledger.path} disagree on run {row.key} ({row.source}, width {row.width}, "
                    f"{row.n_tokens} tokens): a loss of {first.loss:.4f} against {row.loss:.4f}, more than "
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
