"""What the hub's client is waiting for, and calls that are left when it comes to nothing. For the child process."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from advisor.corpus.remote.address import scrubbed
from advisor.corpus.remote.waiting import TooSlowError, UnderWay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")
LEAST_RATE = 1000  # bytes a second: a download below it comes to nothing


@dataclass(kw_only=True)
class Watch:
    """The last request of the client, how it was answered, and all bytes that came."""

    last: str = ""
    n_bytes: int = 0
    n_waiting: int = 0  # answers, or bodies, that are waited for
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def asked(self, request: Any) -> None:
        """Note that a request is sent."""
        self.last = f"{request.method} {_shown(request.url)}"

    def answered(self, response: Any) -> None:
        """Note an answer, and count the bytes of its body as they come."""
        self.last = f"{response.request.method} {_shown(response.request.url)}: HTTP {response.status_code}"
        response.stream = _counted(response.stream, self)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Count what is inside as waited for."""
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def _count(self, n: int) -> None:
        with self._lock:
            self.n_waiting += n

    @property
    def words(self) -> str:
        """What is waited for, and what came so far."""
        return f"the last request was {self.last}; {self.n_bytes:,} bytes came" if self.last else "nothing was asked"


def _shown(url: Any) -> str:
    """Return an address without its query, which may be signed."""
    return scrubbed(str(url.copy_with(query=None, username=None, password=None)))


def _counted(stream: Any, watch: Watch) -> Any:
    """Return a body that counts what is read of it; of the class that the client asks for."""
    base = next(kind for kind in type(stream).__mro__ if kind.__name__ == "SyncByteStream")

    class Counted(base):  # type: ignore[misc, valid-type]
        def __iter__(self) -> Iterator[bytes]:
            with watch.waiting():
                for piece in stream:
                    watch.n_bytes += len(piece)
                    yield piece

        def close(self) -> None:
            stream.close()

    return Counted()


def unless_stalled(watch: Watch, seconds: float, call: Callable[[], T]) -> T:
    """Return what ``call`` returns, however long it takes while LEAST_RATE comes of what is waited for.

    Raises:
        TooSlowError: for ``seconds`` it did not.
    """
    under_way = UnderWay(call)
    since, before = time.monotonic(), watch.n_bytes
    while not under_way.ended(min(0.5, seconds / 4)):
        if not watch.n_waiting or watch.n_bytes - before >= LEAST_RATE * seconds:
            since, before = time.monotonic(), watch.n_bytes
        elif time.monotonic() - since > seconds:
            raise TooSlowError(seconds)
    return under_way.result()
