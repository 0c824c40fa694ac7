"""Progress on stderr for what takes over a second: what is being done and how far it is."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PATIENCE_S = 1.0  # silence before the first line
_REFRESH_S = 0.2
_PLAIN_S = 10.0  # between lines where stderr is not a terminal


@contextmanager
def progress_bar(*, quiet: bool) -> Iterator[Callable[[str, float, float | None], None]]:
    """Yield a function of (what, done, total): a bar on a terminal, now and then a line elsewhere."""
    if quiet:
        yield lambda what, done, total: None
    elif sys.stderr.isatty():
        with _bar() as update:
            yield update
    else:
        yield _Plain().update


class _Plain:
    """One line every ten seconds, for logs."""

    def __init__(self) -> None:
        self.last = time.monotonic() + _PATIENCE_S - _PLAIN_S

    def update(self, what: str, done: float, total: float | None) -> None:
        now = time.monotonic()
        if now - self.last >= _PLAIN_S:
            self.last = now
            share = f" {100 * done / total:.0f} %" if total else ""
            print(f"{what}{share}", file=sys.stderr, flush=True)


@contextmanager
def _bar() -> Iterator[Callable[[str, float, float | None], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    progress = Progress(*columns, console=console, transient=True, refresh_per_second=5)
    task = progress.add_task("", total=None)
    begun = last = time.monotonic()

    def update(what: str, done: float, total: float | None) -> None:
        nonlocal last
        now = time.monotonic()
        if now - begun < _PATIENCE_S or now - last < _REFRESH_S:
            return
        last = now
        progress.start()
        room = max(console.width - 45, 10)
        shown = what if len(what) <= room else f"{what[: room // 2]}…{what[-(room - room // 2 - 1) :]}"
        progress.update(task, description=shown, completed=done, total=total)

    try:
        yield update
    finally:
        progress.stop()
