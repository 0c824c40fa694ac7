"""A web server that does what none should: one sentence, in time, and nothing that gives access leaves its host."""

import gc
import time
from collections.abc import Iterator

import pytest

from advisor.corpus.remote import web
from advisor.errors import RemoteError
from tests.corpus import local_server as faults
from tests.corpus.reading import sentence
from tests.corpus.web_server import Served, Web, serve_web

SLOW = "<file> could not be read within 1.2 s: the server is silent or too slow; try again, or download it."
PARTIAL = "HTTP/1.1 206 Partial Content\n"


# urllib3 leaves the socket of an answer that is no HTTP to the collector, which is run here and not in another's test.
pytestmark = [
    pytest.mark.usefixtures("quick"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    yield
    gc.collect()


OTHER = "<file> has changed, or its server gives other ranges than it is asked for (%s): download it and name the file."
BROKEN = "<file> cannot be read: the connection failed ("
CHUNKED = "HTTP/1.1 200 OK\nTransfer-Encoding: chunked"
LINE = b'{"text": "abc"}\n'
LATER = "Retry-After: %s\nContent-Length: 0"
CASES: dict[str, tuple[faults.Fault, str]] = {
    "drip": (faults.drip(), SLOW),
    "dripping headers": (faults.drip_headers, SLOW),
    "HTTP/0.9": (lambda handler: handler.wfile.write(b"hello\n") and None, BROKEN),
    "short": (
        faults.answer("HTTP/1.1 200 OK\nContent-Length: 1000", LINE),
        "<file> cannot be read: the connection ended after 16 bytes, 984 early; try again, or download it.",
    ),
    "two lengths": (
        faults.answer("HTTP/1.1 200 OK\nContent-Length: 5, 5", LINE),
        "<file> cannot be read: its server sends more than the Content-Length that it says; download it and name the",
    ),
    "101 headers": (
        faults.answer("HTTP/1.1 200 OK\n" + "\n".join(f"X-{n}: a" for n in range(101)), LINE),
        "<file> cannot be read: its server answers with over 100 headers, which no client reads; check the address, or",
    ),
    "a chunk is cut": (
        faults.answer(CHUNKED, b"100\r\n" + LINE),
        "<file> cannot be read: the connection ended after 16 bytes, 240 early; try again, or download it.",
    ),
    "no last chunk": (faults.answer(CHUNKED, b"10\r\n" + LINE + b"\r\n"), BROKEN),
    "endless chunks": (
        faults.flood(CHUNKED, b"100000\r\n" + b" " * (1 << 20) + b"\r\n"),
        "The server of <file> gives no ranges of it, and it has over 64 MB",
    ),
    "a size of 5000 digits": (
        faults.answer(PARTIAL + "Content-Range: bytes 0-0/" + "9" * 5000 + "\nContent-Length: 1", b"a"),
        OTHER % ("bytes 0-0/" + "9" * 70 + " for bytes 0-0"),
    ),
    "another range": (
        faults.answer(PARTIAL + "Content-Range: bytes 5-9/100\nContent-Length: 5", b"aaaaa"),
        OTHER % "bytes 5-9/100 for bytes 0-0",
    ),
    "part of unknown whole": (
        faults.answer(PARTIAL + "Content-Range: bytes 0-15/*\nContent-Length: 16", LINE),
        OTHER % "bytes 0-15/* for bytes 0-0",
    ),
    "gzip": (
        faults.answer("HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: 4", b"1234"),
        "<file> is served with Content-Encoding gzip",
    ),
    "to a file": (
        faults.answer("HTTP/1.1 302 F\nLocation: file:///etc/passwd\nContent-Length: 0"),
        "<file> cannot be read (InvalidSchema",
    ),
    "to no address": (
        faults.answer("HTTP/1.1 302 F\nLocation: http://[::1\nContent-Length: 0"),
        "<file> cannot be read (ValueError: Invalid IPv6 URL)",
    ),
    "with a secret": (
        faults.answer("HTTP/1.1 302 F\nLocation: http://me:secret@127.0.0.1:1/?sig=secret\nContent-Length: 0"),
        "<file> cannot be read: its host refuses the connection; check the address and the network.",
    ),
    "wait a day": (
        faults.answer("HTTP/1.1 429 Slow\n" + LATER % 86400),
        "<file> cannot be read: the server refuses more requests for now (HTTP 429); wait 86400 s.",
    ),
    "wait for ever": (
        faults.answer("HTTP/1.1 429 Slow\n" + LATER % ("9" * 400)),
        "<file> cannot be read: the server refuses more requests for now (HTTP 429); wait some minutes.",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_fault_is_one_sentence_in_time(server: Web, case: str) -> None:
    fault, said = CASES[case]
    server.files["/a.jsonl"] = Served(fault=fault)
    begun = time.monotonic()
    found = sentence(f"{server.address}/a.jsonl")
    assert found.startswith(said.replace("<file>", f"{server.address}/a.jsonl"))
    assert "secret" not in found
    assert time.monotonic() - begun < 5


def test_a_file_that_changes_and_keeps_its_size_is_told(server: Web) -> None:
    lines = LINE * 100_000
    server.files["/a.jsonl"] = Served(data=lines, headers={"ETag": '"1"'})
    place = web.web_place(f"{server.address}/a.jsonl")
    assert place.open().read(16) == LINE
    server.files["/a.jsonl"].headers["ETag"] = '"2"'
    handle = place.open()
    handle.seek(1 << 20)
    with pytest.raises(RemoteError) as caught:
        handle.read(16)
    assert str(caught.value) == (
        f"{server.address}/a.jsonl has changed while it was read: start again when nobody writes to it."
    )


def test_credentials_do_not_follow_a_redirect_to_another_host(server: Web) -> None:
    server.files["/b.jsonl"] = Served(data=LINE * 10)
    port = server.address.rpartition(":")[2]
    with serve_web({}) as first:
        to = f"http://localhost:{port}/b.jsonl"
        first.files["/a.jsonl"] = Served(status=302, headers={"Location": to})
        place = web.web_place(first.address.replace("://", "://me:secret@") + "/a.jsonl?sig=secret")
        assert place.open().read() == LINE * 10
        assert all("Authorization" in headers for headers in first.headers)
    assert len(server.headers) > 1
    assert "secret" not in str(server.headers)
    assert all("Authorization" not in headers and "Referer" not in headers for headers in server.headers)
