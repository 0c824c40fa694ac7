"""The first thing that a worker process does: to watch for its parent's end, before it imports what takes seconds."""

from __future__ import annotations

import os
import pickle
import signal
import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any


def begin(life: Connection, pickled: bytes, *links: Any) -> None:
    """Call the function in ``pickled``, (function, first argument), with ``links`` behind; end when the parent does.

    This module imports nothing that takes long, so that a process whose parent is killed while it starts ends too.
    ``pickled`` is the parent's, of this very call, and of nothing that is read.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted too, and ends its workers
    threading.Thread(target=_end_with, args=(life,), daemon=True).start()
    function, first = pickle.loads(pickled)
    function(first, *links)


def _end_with(life: Connection) -> None:
    """End this process as soon as its parent is gone."""
    with suppress(EOFError, OSError):
        life.recv()
    os._exit(1)
