"""The first thing that a worker process does: to watch for its parent's end, before it imports what takes seconds."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any


def begin(life: Connection, link: Connection, *others: Any) -> None:
    """Call the function that ``link`` brings, with its first argument, ``link`` and the others; end with the parent.

    It is brought and not given, so that a process whose parent is killed while this one imports what the function takes
    ends too: this module imports nothing that takes long.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted too, and ends its workers
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])  # put off while this process was started
    threading.Thread(target=_end_with, args=(life,), daemon=True).start()
    try:
        function, first = link.recv()
    except (EOFError, OSError):  # the parent is gone
        os._exit(1)
    function(first, link, *others)


def _end_with(life: Connection) -> None:
    """End this process as soon as its parent is gone."""
    with suppress(EOFError, OSError):
        life.recv()
    os._exit(1)
