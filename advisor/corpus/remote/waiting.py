"""Bounds on waiting: a call that does not end is left behind, and one that fails for a moment is made again."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, TypeVar

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


def within(seconds: float, call: Callable[[], T]) -> T:
    """Return what ``call`` returns, or raise what it raises.

    It runs in a thread of its own: a server that sends a byte a second satisfies every time-out between two bytes, and
    the look-up of a host's name has none.

    Raises:
        TooSlowError: it took longer than ``seconds``; its thread ends with the process at the latest.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(call())
        except BaseException as error:  # noqa: BLE001 - raised again by the caller's thread
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise TooSlowError(seconds)
    return results[0]


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
