"""A child process that does what a module's functions do, and the calls to it: where it dies, that is an error."""

from __future__ import annotations

import atexit
import os
import signal
import socket
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Any

from advisor import errors
from advisor.errors import AdvisorError
from advisor.untrusted.messages import receive, send
from advisor.untrusted.processes import start_python

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

MOST_READ = 64 << 20  # bytes of a file that a child may ask for at once


class ChildDiedError(Exception):
    """A child process ended in the middle of a call; the message says how, to be quoted inside a sentence."""


class ChildLateError(ChildDiedError):
    """A call took longer than it may, and its process was ended."""


class Child:
    """A process that calls the functions of ``module``, each of (request, files) to (answer, bytes).

    A request and an answer are objects of JSON; the files stay here, and the child asks for bytes of them. It has no
    stdin, stdout or stderr, is not reached by Ctrl-C, and ends when this process does.

    ``most_bytes`` bounds its memory, where the system can.
    """

    def __init__(self, module: str, *, most_bytes: int = 0) -> None:
        self.module, self.most_bytes = module, most_bytes
        self._link, theirs = socket.socketpair()
        try:
            self._process = start_python(
                "advisor.untrusted.serve", theirs.fileno(), module, str(most_bytes), stderr=subprocess.DEVNULL
            )
        except OSError as error:
            self._link.close()
            raise AdvisorError(f"A process to read files in cannot be started: {error.strerror}.") from error
        finally:
            theirs.close()

    def call(
        self,
        function: str,
        request: Mapping[str, Any],
        files: Sequence[tuple[IO[bytes], int]] = (),
        *,
        seconds: float | None = None,
    ) -> tuple[dict[str, Any], bytearray]:
        """Return what ``function`` of the child's module answers, the last of it where it answers in parts.

        ``seconds`` are those it may take. Each of ``files`` is open here, and has so many bytes.

        Raises:
            AdvisorError: the function raised it there.
            ChildDiedError: the process ended, or was ended for being late.
        """
        found: tuple[dict[str, Any], bytearray] = {}, bytearray()
        for found in self.parts(function, request, files, seconds=seconds):  # noqa: B007 (the last one is the answer)
            pass
        return found

    def parts(
        self,
        function: str,
        request: Mapping[str, Any],
        files: Sequence[tuple[IO[bytes], int]] = (),
        *,
        seconds: float | None = None,
    ) -> Iterator[tuple[dict[str, Any], bytearray]]:
        """Yield what a function that is a generator yields there, while it goes on; as ``call`` in all else.

        A child whose parts are not all taken is ended.
        """
        ends = None if seconds is None else time.monotonic() + seconds
        try:
            self._send({"call": function, "request": request, "sizes": [size for _, size in files]})
            while True:
                header, blob = self._receive(ends)
                if "read" in header:
                    self._send({}, _read(files, *header["read"]))
                elif "part" in header:
                    yield header["part"], blob
                elif "answer" in header:
                    yield header["answer"], blob
                    return
                elif "end" in header:
                    return
                else:
                    failure = _raised(header)
                    break
        except TimeoutError as error:
            self.close()
            raise ChildLateError(f"took over {seconds:g} s") from error
        except (EOFError, ConnectionError) as error:
            raise ChildDiedError(self._end()) from error
        except BaseException:
            # Of a file's reading, Ctrl-C, or parts that nobody takes: the child is in the middle of something.
            self.close()
            raise
        raise failure

    def close(self) -> None:
        """End the process; nothing more can be asked of it."""
        self._link.close()
        self._process.kill()
        self._process.wait()

    @property
    def is_alive(self) -> bool:
        """Whether it can still be asked."""
        return self._link.fileno() >= 0 and self._process.poll() is None

    def _send(self, header: Mapping[str, Any], blob: bytes = b"") -> None:
        self._link.settimeout(None)
        send(self._link, header, blob)

    def _receive(self, ends: float | None) -> tuple[dict[str, Any], bytearray]:
        self._link.settimeout(None if ends is None else max(ends - time.monotonic(), 1e-3))
        return receive(self._link)

    def _end(self) -> str:
        """Return how the process ended, after it did."""
        self._link.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        self._process.kill()
        code = self._process.wait()
        if code >= 0:
            return f"exit code {code}"
        name = signal.Signals(-code).name if -code in {*map(int, signal.Signals)} else str(-code)
        return "for want of memory" if name == "SIGKILL" else name


def _read(files: Sequence[tuple[IO[bytes], int]], number: int, offset: int, n_bytes: int) -> bytes:
    file, _ = files[number]
    file.seek(offset)
    return file.read(min(n_bytes, MOST_READ))


def _raised(header: dict[str, Any]) -> Exception:
    """Return the error that a child tells of: one of ours as it was, any other as a fault of this program."""
    if "error" not in header:
        return RuntimeError(f"In a child process:\n{header.get('fault')}")
    kind = getattr(errors, header["error"], AdvisorError)
    if kind is errors.MissingExtraError:
        kind = AdvisorError
    found: Exception = kind(header["message"])
    return found


_idle: list[Child] = []
_lock = threading.Lock()


@contextmanager
def borrowed(module: str, *, most_bytes: int = 0) -> Iterator[Child]:
    """Yield a child of ``module`` that nobody else asks meanwhile; one that is alive after it is kept for the next.

    For functions that remember nothing between calls.
    """
    with _lock:
        child = next((each for each in _idle if (each.module, each.most_bytes) == (module, most_bytes)), None)
        if child is not None:
            _idle.remove(child)
    if child is not None and not child.is_alive:
        child.close()
        child = None
    child = child or Child(module, most_bytes=most_bytes)
    try:
        yield child
    finally:
        if child.is_alive:
            with _lock:
                _idle.append(child)


def start_early(module: str, *, most_bytes: int = 0) -> None:
    """Start a child that will soon be asked, so that it imports what it needs while this process does."""
    with borrowed(module, most_bytes=most_bytes):
        pass


@atexit.register
def _close_all() -> None:
    while _idle:
        _idle.pop().close()


# A forked process must not ask what its parent asks.
os.register_at_fork(after_in_child=_idle.clear)
