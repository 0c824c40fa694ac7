"""The child's side: ``python -m advisor.untrusted.serve DESCRIPTOR MODULE MOST_BYTES`` answers until nobody asks."""

from __future__ import annotations

import importlib
import io
import signal
import socket
import sys
import traceback
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from advisor.errors import AdvisorError
from advisor.untrusted.messages import receive, send

if TYPE_CHECKING:
    from types import ModuleType


class ParentFile(io.RawIOBase):
    """A file that the parent has open, read by asking it; ``n_bytes`` is its size."""

    def __init__(self, link: socket.socket, number: int, n_bytes: int) -> None:
        self.link, self.number, self.n_bytes, self.at = link, number, n_bytes, 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return where it is read next."""
        return self.at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Return where it will be read next; ``whence`` as that of every file."""
        self.at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self.at, io.SEEK_END: self.n_bytes}[whence])
        return self.at

    def readinto(self, buffer: Any) -> int:
        """Fill ``buffer`` with the next bytes, and return how many there were."""
        wanted = memoryview(buffer).cast("B")
        send(self.link, {"read": [self.number, self.at, min(len(wanted), max(self.n_bytes - self.at, 0))]})
        _, data = receive(self.link)
        wanted[: len(data)] = data
        self.at += len(data)
        return len(data)


def bound_memory(most_bytes: int) -> None:
    """Bound the memory of this process, and let it leave no core: a system without such bounds goes without."""
    import resource

    bounds = [(resource.RLIMIT_CORE, 0)] + ([(resource.RLIMIT_DATA, most_bytes)] if most_bytes else [])
    for kind, bound in bounds:
        with suppress(OSError, ValueError):
            resource.setrlimit(kind, (bound, bound))


def serve(link: socket.socket, module: ModuleType) -> None:
    """Answer calls until the parent is gone."""
    while True:
        header, _ = receive(link)
        files = [ParentFile(link, number, size) for number, size in enumerate(header["sizes"])]
        told: dict[str, Any] = {"end": True}
        blob: Any = b""
        try:
            found = getattr(module, header["call"])(header["request"], files)
            if isinstance(found, Iterator):
                for part, bytes_of_it in found:
                    send(link, {"part": part}, bytes_of_it)
            else:
                told, blob = {"answer": found[0]}, found[1]
        except AdvisorError as error:
            told, blob = {"error": type(error).__name__, "message": str(error)}, b""
        except Exception:  # noqa: BLE001 (the parent raises it again)
            told, blob = {"fault": traceback.format_exc()}, b""
        send(link, told, blob)


def main() -> None:
    """Serve what the command line names."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    descriptor, module, most_bytes = sys.argv[1:]
    link = socket.socket(fileno=int(descriptor))
    bound_memory(int(most_bytes))
    with suppress(EOFError, ConnectionError):
        serve(link, importlib.import_module(module))


if __name__ == "__main__":
    main()
