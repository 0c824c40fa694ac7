"""A server on 127.0.0.1 in a thread, and answers of it that no server should give; each is written as it comes."""

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Fault = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Answers with keep-alive and without a log; ``fault`` ends the connection after a bad answer."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    done: threading.Event

    def give(self, fault: Fault) -> None:
        """Let a fault answer, and close the connection."""
        self.close_connection = True
        fault(self)

    def log_message(self, *args: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *args: object) -> None:
        """A client that gives up closes its connection: not an error here."""


@contextmanager
def running(handler: type[Handler], **attributes: Any) -> Iterator[str]:
    """Run a server on a free port, whose handlers have these attributes; yield its address."""
    done = threading.Event()
    server = _Server(("127.0.0.1", 0), type("Handler", (handler,), {**attributes, "done": done}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        done.set()
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def silent_port() -> Iterator[int]:
    """Listen on a port where connections stand and nothing is ever answered: no TLS handshake ends."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def answer(head: str, body: bytes = b"") -> Fault:
    """Return a fault that sends these lines and this body, whatever they say of each other."""

    def give(handler: Handler) -> None:
        handler.wfile.write(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)

    return give


def drip(head: str = "HTTP/1.1 200 OK\nContent-Length: 100000", piece: bytes = b" ", pause: float = 0.1) -> Fault:
    """Return a fault that sends a body in single bytes, each within every time-out."""

    def give(handler: Handler) -> None:
        answer(head)(handler)
        while not handler.done.wait(pause):
            handler.wfile.write(piece)
            handler.wfile.flush()

    return give


def drip_headers(handler: Handler) -> None:
    """Send headers that do not end, a byte at a time."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-A: ")
    while not handler.done.wait(0.1):
        handler.wfile.write(b"a")
        handler.wfile.flush()


def header_bomb(handler: Handler) -> None:
    """Send headers without end, as fast as they are read."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    number = 0
    while not handler.done.is_set():
        handler.wfile.write(b"".join(b"X-%d: %s\r\n" % (number + each, b"a" * 200) for each in range(100)))
        number += 100


def flood(head: str, piece: bytes = b" " * (1 << 20), n_pieces: int = 4096) -> Fault:
    """Return a fault that sends a body of ``n_pieces``, 4 GB, as fast as it is read."""

    def give(handler: Handler) -> None:
        answer(head)(handler)
        for _ in range(n_pieces):
            if handler.done.is_set():
                return
            handler.wfile.write(piece)

    return give


def gzip_bomb(n_bytes: int = 4 << 30) -> bytes:
    """Return a gzip stream of so many zeros: members of 64 MB, one after another."""
    member = gzip.compress(bytes(64 << 20), 9)
    return member * (n_bytes >> 26)


def circle(handler: Handler) -> None:
    """Redirect to the same path with another query, for ever."""
    path = handler.path.partition("?")[0]
    answer(f"HTTP/1.1 302 Found\nLocation: {path}?{time.monotonic_ns()}\nContent-Length: 0\nConnection: close")(handler)
