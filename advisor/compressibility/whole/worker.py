"""A process that measures the shards it is sent: ``python -m advisor.compressibility.whole.worker DESCRIPTOR``.

It begins with no module but this one's, so that a script that calls the library is not run again in each process, as
``multiprocessing`` would. It ends when the process that started it does: then nobody is at the other end.
"""

from __future__ import annotations

import signal
import sys
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from advisor.errors import AdvisorError, first_line

if TYPE_CHECKING:
    from advisor.compressibility.whole.shard import CorpusShard

TELL_SECONDS = 0.5


def main() -> None:
    """Measure what is sent until nothing more is."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started this process is interrupted too, and ends it
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT, signal.SIGTERM])
    link = Connection(int(sys.argv[1]))
    from advisor.compressibility.whole.shard import measure_shard

    with suppress(EOFError, OSError):  # the other end is gone
        while True:
            shard: CorpusShard = link.recv()
            try:
                found: object = measure_shard(shard, _Teller(link).tell)
            except AdvisorError as error:
                found = error
            except Exception as error:  # noqa: BLE001 (a worker has no one to raise to)
                found = AdvisorError(f"A worker failed: {type(error).__name__}: {first_line(error)}.")
            link.send(found)


class _Teller:
    """Says how far a shard is, now and then; it cannot once nobody listens, which ends this process."""

    def __init__(self, link: Connection) -> None:
        self.link, self.last = link, time.monotonic()

    def tell(self, n_bytes: float) -> None:
        now = time.monotonic()
        if now - self.last >= TELL_SECONDS:
            self.last = now
            try:
                self.link.send(n_bytes)
            except OSError:
                sys.exit(1)


if __name__ == "__main__":
    main()
