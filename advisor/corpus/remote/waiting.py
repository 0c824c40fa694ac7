"""Bounds on waiting: a call that does not end is left behind, and one that fails for a moment is made again."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
# Seconds: until a connection stands and between two pieces of an answer; for one range or listing with its retries.
ANSWER_LIMIT, CALL_LIMIT = 10.0, 30.0
_TRIES = 3
_PAUSE = 0.5  # seconds before the second try; twice that before the third


class TooSlowError(Exception):
    """A call took longer than ``seconds``."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no whole answer within {seconds:g} s")
        self.seconds = seconds


class UnderWay(Generic[T]):
    """A call that runs in a thread of its own, and ends with the process at the latest.

    A server that sends a byte a second satisfies every time-out between two bytes, and the look-up of a host's name has
    none: what must come to an end in time is waited for from outside.
    """

    def __init__(self, call: Callable[[], T]) -> None:
        self._results: list[T] = []
        self._errors: list[BaseException] = []
        self._thread = threading.Thread(target=self._run, args=(call,), daemon=True)
        self._thread.start()

    def _run(self, call: Callable[[], T]) -> None:
        try:
            self._results.append(call())
        except BaseException as error:  # noqa: BLE001 - raised again by the caller's thread
            self._errors.append(error)

    def ended(self, seconds: float) -> bool:
        """Return whether it ended, after up to so many seconds."""
        self._thread.join(max(seconds, 0))
        return not self._thread.is_alive()

    def result(self) -> T:
        """Return what the call returned, or raise what it raised; it has ended."""
        if self._errors:
            raise self._errors[0]
        return self._results[0]


def within(seconds: float, call: Callable[[], T]) -> T:
    """Return what ``call`` returns, or raise what it raises.

    Raises:
        TooSlowError: it took longer than ``seconds``, and is left behind.
    """
    under_way = UnderWay(call)
    if not under_way.ended(seconds):
        raise TooSlowError(seconds)
    return under_way.result()


def aside(call: Callable[[], object]) -> None:
    """Run ``call`` in a thread of its own, and do not wait: to close a connection waits for what is read of it."""
    threading.Thread(target=call, daemon=True).start()


def again(call: Callable[[], T], is_passing: Callable[[Exception], float | None]) -> T:
    """Return what ``call`` returns, made up to _TRIES times.

    ``is_passing`` returns the seconds to wait before a further try (0: the usual pause); None where none would help.
    """
    for tried in range(1, _TRIES + 1):
        try:
            return call()
        except Exception as error:
            wait = is_passing(error)
            if wait is None or tried == _TRIES:
                raise
            time.sleep(wait or _PAUSE * tried)
    raise AssertionError("unreachable")
