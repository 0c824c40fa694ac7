"""What a worker is at, in memory that its watcher shares, so that it is known of one that died."""

from __future__ import annotations

import mmap
import struct
import time
from pathlib import Path

_FIELDS = struct.Struct("<qqdddq")


class State:
    """The fields of a worker's state, each written as it changes.

    Attributes:
        n_done: inputs that were read, whatever came of it.
        number: of the input that is being read, or was the last.
        started: when (monotonic seconds) its reading began; 0 where nothing is being read.
        cpu_before: seconds of processors that the worker had used then.
        slowest: the most such seconds that one input took.
        largest: the most bytes of memory that one needed.
    """

    n_done: int
    number: int
    started: float
    cpu_before: float
    slowest: float
    largest: int

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(_FIELDS.pack(0, -1, 0.0, 0.0, 0.0, 0))
        with path.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), _FIELDS.size)
        self.read()

    def read(self) -> None:
        """Take over what the worker wrote."""
        fields = _FIELDS.unpack(self._shared[:])
        self.n_done, self.number, self.started, self.cpu_before, self.slowest, self.largest = fields

    def begin(self, number: int, cpu: float) -> None:
        """Say that an input is being read from now on."""
        self.number, self.started, self.cpu_before = number, time.monotonic(), cpu
        self._write()

    def end(self, seconds: float, n_bytes: int) -> None:
        """Say that it was read, how long that took and how much memory."""
        self.n_done += 1
        self.started = 0.0
        self.slowest, self.largest = max(self.slowest, seconds), max(self.largest, n_bytes)
        self._write()

    def _write(self) -> None:
        fields = (self.n_done, self.number, self.started, self.cpu_before, self.slowest, self.largest)
        self._shared[:] = _FIELDS.pack(*fields)
