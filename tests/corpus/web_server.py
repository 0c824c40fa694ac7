"""A web server on 127.0.0.1 with and without ranges, and its faults; it counts what it sends."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.corpus.local_server import Fault, Handler, running


@dataclass
class Served:
    """A file of the server and how it fails: ``slow`` sends its body a byte at a time, ``silent`` nothing."""

    data: bytes | Callable[[int, int], bytes] = b""
    n_bytes: int | None = None  # of a callable's
    ranges: bool = True
    length: bool = True  # whether Content-Length is sent
    status: int | None = None  # of every answer; 2 numbers: of the first so many answers
    failing: int | None = None  # how many answers have ``status``; None: all
    headers: dict[str, str] = field(default_factory=dict)
    slow: bool = False
    silent: bool = False
    cut: bool = False  # the body ends in the middle
    fault: Fault | None = None  # answers in its place

    def __post_init__(self) -> None:
        if isinstance(self.data, bytes):
            self.n_bytes = len(self.data)

    def part(self, start: int, end: int) -> bytes:
        return self.data[start:end] if isinstance(self.data, bytes) else self.data(start, end)


@dataclass
class Web:
    """The running server: its files by path, and what was asked of it."""

    files: dict[str, Served]
    address: str = ""
    n_requests: int = 0
    n_sent: int = 0  # bytes of bodies
    headers: list[dict[str, str]] = field(default_factory=list)


class _Handler(Handler):
    web: Web

    def do_GET(self) -> None:  # noqa: N802 - a name of http.server
        web = self.web
        web.n_requests += 1
        web.headers.append(dict(self.headers))
        served = web.files.get(urlsplit(self.path).path)
        if served is None:
            return self._send(404, {}, b"no such file")
        if served.fault is not None:
            return self.give(served.fault)
        if served.silent:
            self.done.wait(60)
            return None
        if served.status is not None and served.failing != 0:
            served.failing = None if served.failing is None else served.failing - 1
            return self._send(served.status, served.headers, b"", served)
        size = served.n_bytes or 0
        span = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range") or "")
        if span and served.ranges:
            start, end = int(span[1]), min(int(span[2]) + 1, size)
            if start >= size:
                return self._send(416, {"Content-Range": f"bytes */{size}"}, b"")
            shown = {**served.headers, "Content-Range": f"bytes {start}-{end - 1}/{size}"}
            return self._send(206, shown, served.part(start, end), served)
        return self._send(200, served.headers, served.part(0, size), served)

    do_HEAD = do_GET  # noqa: N815 - a name of http.server

    def _send(self, status: int, headers: dict[str, str], body: bytes, served: Served | None = None) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if served is None or served.length:
            self.send_header("Content-Length", str(len(body)))
        else:
            self.close_connection = True
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command == "HEAD":
            return
        if served is not None and served.cut:
            body, self.close_connection = body[: len(body) // 2], True
        for start in range(0, len(body), 1 if served and served.slow else 1 << 16):
            piece = body[start : start + (1 if served and served.slow else 1 << 16)]
            self.wfile.write(piece)
            self.wfile.flush()
            self.web.n_sent += len(piece)
            if served and served.slow and self.done.wait(0.1):
                return


@contextmanager
def serve_web(files: dict[str, Served]) -> Iterator[Web]:
    """Run a server with these files on a free port, in a thread."""
    web = Web(files=files)
    with running(_Handler, web=web) as web.address:
        yield web
