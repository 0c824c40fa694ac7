"""What a process and its children have used: seconds of processors, and the most memory at once (Linux's /proc)."""

from __future__ import annotations

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """Return a process and its descendants, as far as they are there."""
    found = [pid]
    for each in found:
        for task in Path(f"/proc/{each}/task").glob("*/children"):
            found += map(int, _text(task).split())
    return found


def cpu_seconds(pid: int) -> float:
    """Return the seconds of processors that a process and its descendants have used, those that ended included."""
    ticks = 0
    for each in tree(pid):
        fields = _text(Path(f"/proc/{each}/stat")).rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:15]))
    return ticks / _TICKS


def begin_peak(pid: int) -> None:
    """Let the peak of memory of a process and its descendants begin here."""
    for each in tree(pid):
        try:
            Path(f"/proc/{each}/clear_refs").write_text("5")
        except OSError:
            continue


def peak_bytes(pid: int) -> int:
    """Return the most memory that a process and its descendants had, each at its own moment."""
    total = 0
    for each in tree(pid):
        for line in _text(Path(f"/proc/{each}/status")).splitlines():
            if line.startswith("VmHWM:"):
                total += int(line.split()[1]) << 10
    return total


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # it has ended
        return ""
