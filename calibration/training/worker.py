"""Worker processes, which begin put off from signals, and watching for their parent before they import torch."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import Any

from advisor.untrusted import processes


@contextmanager
def signals_put_off() -> Iterator[None]:
    """Start processes that a Ctrl-C never reaches, not even while they import torch, and none by half."""
    resource_tracker.ensure_running()  # else starting the first process starts it, which unblocks SIGINT
    with processes.signals_put_off():
        yield


class Worker:
    """A process of this one that calls ``function`` with ``first``, its end of ``link`` and what is ``held``.

    It ends with this process, however that ends. Make it while signals are put off.

    Raises:
        OSError: the system starts no process.
    """

    def __init__(self, function: Callable[..., object], first: Any, *held: Any) -> None:
        context: Any = multiprocessing.get_context("spawn")
        self.link: Connection
        self.link, theirs = context.Pipe()
        # Only this process has the other end: when it dies, the worker reads the end of the file.
        life, self._life = context.Pipe(duplex=False)
        self.process: Any = context.Process(target=begin, args=(life, theirs, *held), daemon=True)
        self.process.start()
        theirs.close()
        life.close()
        with suppress(OSError):  # it has died: its sentinel says so
            self.link.send((function, first))

    def end(self) -> None:
        """End it, whatever it does, and whatever signals it ignores: nothing that it writes is half there."""
        self.process.kill()
        self.process.join()
        self.link.close()
        self._life.close()


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
