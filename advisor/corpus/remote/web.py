"""Files of http and https servers, read in ranges through one pool of connections.

Not through fsspec: of a server that does not know ranges, its reader takes in the whole file for each of them.
"""

from __future__ import annotations

import functools
import io
import re
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from advisor.corpus.corpus_file import Place
from advisor.corpus.remote.address import file_name
from advisor.corpus.remote.failures import RefusedError, failure
from advisor.corpus.remote.ranges import RangeCache, opener
from advisor.corpus.remote.waiting import ANSWER_LIMIT, CALL_LIMIT, TooSlowError, again, aside, within
from advisor.errors import RemoteError

if TYPE_CHECKING:
    from collections.abc import Callable

WHOLE = 64 << 20  # bytes: a file of a server without ranges is held whole up to so many
_PIECE = 1 << 20
_PASSING = frozenset({429, 500, 502, 503, 504})
_LONGEST_WAIT = 10.0  # seconds that a server may ask for before that is an error
_PAGES = (".html", ".htm", ".xhtml")


def web_place(url: str) -> Place:
    """Return the file at ``url``: read in ranges, or where the server knows none held whole if it is small.

    Raises:
        RemoteError: it is not there, may not be read, is a page about a file, or is large and has no ranges.
    """
    return _WebFile(url).place()


class _WebFile:
    """One file of a server, and the pool of connections to it."""

    def __init__(self, url: str) -> None:
        import requests

        self.url, self.name = url, file_name(url)
        self.session = requests.Session()
        self.session.headers.update({"Accept-Encoding": "identity", "User-Agent": "data-scaling-advisor"})
        self.moved_to: str | None = None
        self.n_bytes = 0
        self.version: str | None = None  # the ETag: of every range the same, or the file is another

    def place(self) -> Place:
        answer = self._waited_for(lambda: self._get("bytes=0-0"))
        try:
            self._check_content(answer)
            if answer.status_code != 206:
                return self._held_whole(answer)
            self.n_bytes = self._size(answer.headers.get("Content-Range", ""))
            self.version = answer.headers.get("ETag")
        finally:
            aside(answer.close)
        ranges = RangeCache(fetch=self.fetch)
        return Place(name=self.name, n_bytes=self.n_bytes, opener=opener(ranges, self.name, self.n_bytes))

    def _size(self, said: str) -> int:
        """Return the file's size, from the answer for its first byte."""
        if (found := re.fullmatch(r"bytes 0-0/([0-9]{1,18})", said)) is None:
            raise RemoteError(self._other_range(said, "bytes 0-0"))
        return int(found[1])

    def _other_range(self, said: str, asked: str) -> str:
        return (
            f"{self.name} has changed, or its server gives other ranges than it is asked for ({said[:80] or 'none'} "
            f"for {asked}): download it and name the file."
        )

    def fetch(self, _: str, start: int, end: int) -> bytes:
        """Return a range of the file."""
        return cast("bytes", self._waited_for(lambda: self._range(start, end)))

    def _waited_for(self, call: Callable[[], Any], *, once: bool = False) -> Any:
        """Return what ``call`` returns in time; ``once`` where a second try would go on behind what was lost."""
        try:
            return within(CALL_LIMIT, call if once else lambda: again(call, _is_passing))
        except RemoteError:
            raise
        except Exception as error:  # of whatever kind: every failure of a client's is told by one sentence
            raise failure(error, self.url) from error

    def _range(self, start: int, end: int) -> bytes:
        with self._get(f"bytes={start}-{end - 1}") as answer:
            said = answer.headers.get("Content-Range", "")
            if answer.status_code != 206 or said != f"bytes {start}-{end - 1}/{self.n_bytes}":
                raise RemoteError(self._other_range(said, f"bytes {start}-{end - 1} of {self.n_bytes}"))
            if self.version and answer.headers.get("ETag", self.version) != self.version:
                raise RemoteError(f"{self.name} has changed while it was read: start again when nobody writes to it.")
            data = cast("bytes", answer.raw.read(end - start, decode_content=False))
        if len(data) != end - start:
            raise ConnectionError(f"{len(data)} of {end - start} bytes came")
        return data

    def _get(self, span: str) -> Any:
        """Return the open answer for a range, where the last answer was redirected to asked there first."""
        for address in (self.moved_to, self.url):
            if address is None:
                continue
            answer = self.session.get(address, headers={"Range": span}, stream=True, timeout=ANSWER_LIMIT)
            if answer.status_code < 400:
                self.moved_to = answer.url if answer.url != self.url else None
                return answer
            answer.close()
            self.moved_to = None  # a signed address has expired: the one that was given leads to a new one
        if answer.status_code == 416 and answer.headers.get("Content-Range") == "bytes */0":
            raise RemoteError(f"{self.name} is empty.")
        asked = answer.headers.get("Retry-After", "")
        raise RefusedError(answer.status_code, float(asked) if re.fullmatch("[0-9]{1,9}", asked) else None)

    def _check_content(self, answer: Any) -> None:
        """Refuse what is not the file as it is stored."""
        kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        path = urlsplit(self.url).path.lower()
        if kind in ("text/html", "application/xhtml+xml") and not path.endswith(_PAGES):
            raise RemoteError(
                f"{self.name} is a web page (text/html) and not a file: it may ask for a log-in, list files, or show "
                "the file, whose own address has /resolve/ or /raw/ in place of /blob/."
            )
        packed = answer.headers.get("Content-Encoding", "identity").lower()
        if packed not in ("identity", "", "aws-chunked"):
            raise RemoteError(
                f"{self.name} is served with Content-Encoding {packed}, which hides its stored bytes: download it "
                "(curl --compressed) and name the file."
            )

    def _held_whole(self, answer: Any) -> Place:
        """Return a small file of a server without ranges, read once."""
        said = answer.headers.get("Content-Length", "")
        stated = int(said) if re.fullmatch("[0-9]{1,18}", said) and answer.status_code == 200 else None
        data = bytearray()
        while (
            (stated or 0) <= WHOLE and len(data) <= WHOLE and (piece := self._waited_for(_next_of(answer), once=True))
        ):
            data += piece
        if (stated or 0) > WHOLE or len(data) > WHOLE:
            size = f"{stated / 1e6:,.0f} MB" if stated else f"over {WHOLE >> 20} MB"
            raise RemoteError(
                f"The server of {self.name} gives no ranges of it, and it has {size}: download it and name the file, "
                "or pipe it: curl -sL ADDRESS | advisor score - (a compressed one through zcat or zstdcat)."
            )
        if not data:
            raise RemoteError(f"{self.name} is empty.")
        whole = bytes(data)
        return Place(name=self.name, n_bytes=len(whole), opener=functools.partial(io.BytesIO, whole))


def _next_of(answer: Any) -> Callable[[], bytes]:
    return lambda: cast("bytes", answer.raw.read(_PIECE, decode_content=False))


def _is_passing(error: Exception) -> float | None:
    """Return the seconds until a further try may succeed; None where none would."""
    import requests

    if isinstance(error, RefusedError):
        passing = error.status in _PASSING and (error.wait or 0.0) <= _LONGEST_WAIT
        return (error.wait or 0.0) if passing else None
    told = requests.exceptions
    lasting = (TooSlowError, RemoteError, told.SSLError, told.InvalidURL, told.TooManyRedirects)
    if isinstance(error, lasting):
        return None
    return 0.0 if isinstance(error, OSError) or type(error).__module__.startswith("urllib3") else None
