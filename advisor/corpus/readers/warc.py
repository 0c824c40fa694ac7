"""Crawls in WARC and WET files: the text of their records, not the headers.

Read here and not with warcio, the field's package: a record is headers and as many bytes as they say (ISO 28500, 4-5),
and the streams of this room already read one gzip member a record, and say where a file stops.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from advisor.corpus.documents import EMPTY, Document
from advisor.corpus.readers.tables import InOrder
from advisor.corpus.streams import is_of_text
from advisor.errors import CorpusError

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_RECORD = 32 << 20  # bytes; Common Crawl cuts pages at 1 MB
_LONGEST_LINE = 1 << 16  # bytes of a header
_MOST_HEADERS = 1000
_LENGTH = re.compile(r"[0-9]{1,15}")
_CHUNK = re.compile(rb"[0-9A-Fa-f]{1,8}")  # int() takes a sign, too
_CHARSET = re.compile(rb"charset\s*+=\s*+[\"']?\s*+([\w.:-]+)", re.IGNORECASE)
_TEXT_TYPES = ("text/", "application/xhtml", "application/xml", "application/json")
_NO_PAGES = ("warcinfo", "request", "metadata", "revisit", "continuation")


@dataclass(frozen=True, kw_only=True)
class WarcRecord:
    """A record: its byte in the decompressed file, its headers (names in lower case) and its block."""

    offset: int
    n_bytes: int
    headers: dict[str, str]
    block: bytes | None  # None where it is longer than LONGEST_RECORD


@dataclass(kw_only=True)
class WarcFile(InOrder):
    """A WARC file: the text of its conversion records, and the pages of its responses, markup included."""

    def documents(self) -> Iterator[Document]:
        """Yield the text of each record that is text; the others are counted with their bytes."""
        n_documents = 0
        with self._stream() as stream:
            for record in records(stream, self.name):
                text, reason = _text_of(record)
                if text is None or not text.strip():
                    self.tally.skip(reason if text is None else EMPTY, n_bytes=record.n_bytes)
                    continue
                n_documents += 1
                self.tally.read("warc", None, reason, self.name)
                yield Document(key=(self.name, record.offset, 0), content=text, raw_bytes=record.n_bytes)
        if not n_documents:
            raise CorpusError(f"{self.name} is a WARC file without records of text: is it of metadata or of images?")


def _text_of(record: WarcRecord) -> tuple[str | None, str]:
    """Return the text of a record and what it is in words; None and the reason where it has none."""
    kind = record.headers.get("warc-type", "")
    if kind in _NO_PAGES:
        return None, "WARC records of requests and metadata"
    if record.block is None:
        return None, f"WARC records over {LONGEST_RECORD >> 20} MB"
    content_type, body = record.headers.get("content-type", ""), record.block
    if kind == "response":
        status, headers, body = _http(record.block)
        if not status.startswith("2"):
            return None, "WARC responses that are no pages (redirects and errors)"
        content_type = headers.get("content-type", "text/html")
        unpacked, reason = _unpacked(body, headers)
        if unpacked is None:
            return None, reason
        body = unpacked
    if not content_type.lower().startswith(_TEXT_TYPES):
        return None, "WARC records that are not text"
    text = _decoded(body, content_type)
    if text is None:
        return None, "WARC records not in the charset that they state"
    return text, "text of records" if kind == "conversion" else "pages, markup included"


def records(stream: IO[bytes], name: str) -> Iterator[WarcRecord]:
    """Yield the records of a WARC stream.

    Raises:
        CorpusError: what stands where a record should begin is none, or the stream ends inside one.
    """
    offset = 0
    while line := stream.readline(_LONGEST_LINE):
        begin, offset = offset, offset + len(line)
        if not line.strip():
            continue
        if not line.startswith(b"WARC/"):
            raise CorpusError(
                f"{name} is not a WARC file at byte {begin}: there is {line[:20]!r} in place of a record."
            )
        headers, n_bytes = _headers(stream, f"The record at byte {begin} of {name}")
        length = headers.get("content-length", "")
        if not _LENGTH.fullmatch(length):
            found = f"the Content-Length {length[:40]!r}" if length else "no Content-Length"
            raise CorpusError(f"The record at byte {begin} of {name} has {found}: the file is damaged.")
        block = stream.read(min(int(length), LONGEST_RECORD + 1))
        rest = int(length) - len(block)
        while rest and (passed := stream.read(min(rest, 1 << 20))):
            rest -= len(passed)
        if rest:
            raise CorpusError(f"{name} is truncated: it ends inside the record at byte {begin}; get the whole file.")
        offset += n_bytes + int(length)
        whole = block if len(block) == int(length) and len(block) <= LONGEST_RECORD else None
        yield WarcRecord(offset=begin, n_bytes=offset - begin, headers=headers, block=whole)


def _headers(stream: IO[bytes], place: str) -> tuple[dict[str, str], int]:
    """Return headers up to the blank line that ends them, and their bytes.

    Raises:
        CorpusError: they do not end where those of a record do.
    """
    headers: dict[str, str] = {}
    n_bytes = 0
    for _ in range(_MOST_HEADERS):
        line = stream.readline(_LONGEST_LINE)
        n_bytes += len(line)
        if len(line) == _LONGEST_LINE:
            raise CorpusError(f"{place} has a header line of over {_LONGEST_LINE >> 10} kB: the file is damaged.")
        if not line.strip():
            return headers, n_bytes
        key, _, value = line.decode("utf-8", "replace").partition(":")
        headers[key.strip().lower()] = value.strip()
    raise CorpusError(f"{place} has over {_MOST_HEADERS:,} header lines: the file is damaged.")


def _http(block: bytes) -> tuple[str, dict[str, str], bytes]:
    """Return the status, the headers and the body of an HTTP response."""
    head, _, body = block.partition(b"\r\n\r\n" if b"\r\n\r\n" in block else b"\n\n")
    first, *lines = head.decode("latin-1").splitlines() or [""]
    pairs = (line.partition(":") for line in lines)
    headers = {key.strip().lower(): value.strip() for key, _, value in pairs}
    parts = first.split()
    return (parts[1] if len(parts) > 1 else ""), headers, body


def _unpacked(body: bytes, headers: dict[str, str]) -> tuple[bytes | None, str]:
    """Return a body without its transfer and content encoding; None and the reason where that cannot be.

    Crawlers often undo the encoding and leave the header: a body that is not so encoded is taken as it is.
    """
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = _without_chunks(body)
    encoding = headers.get("content-encoding", "").lower().strip()
    if encoding in ("br", "zstd", "compress"):
        reason = "WARC responses in a content encoding that is not read"
        return (body, "") if _is_text(body) else (None, reason)
    if encoding not in ("gzip", "x-gzip", "deflate"):
        return body, ""
    inflate = zlib.decompressobj(wbits=47 if body[:1] in (b"\x1f", b"\x78") else -15)
    try:
        page = inflate.decompress(body, LONGEST_RECORD)
        is_whole = inflate.eof or not inflate.decompress(inflate.unconsumed_tail, 1)
    except zlib.error:
        return body, ""
    return (page, "") if is_whole else (None, f"WARC responses over {LONGEST_RECORD >> 20} MB, decompressed")


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _without_chunks(body: bytes) -> bytes:
    """Return a body sent in chunks (RFC 9112, 7.1) in one; a body that is not in chunks as it is."""
    parts: list[bytes] = []
    at = 0
    while True:
        end = body.find(b"\r\n", at)
        size = body[at:end].partition(b";")[0].strip() if end >= 0 else b""
        if not _CHUNK.fullmatch(size):
            return b"".join(parts) if parts else body
        length = int(size, 16)
        if not length:
            return b"".join(parts)
        parts.append(body[end + 2 : end + 2 + length])
        at = end + 2 + length + 2


def _decoded(body: bytes, content_type: str) -> str | None:
    """Return a body as text: in UTF-8, or in the charset that its type or its markup states; None where in neither."""
    stated = _CHARSET.search(content_type.encode("latin-1", "replace")) or _CHARSET.search(body[:2048])
    for charset in (stated[1].decode() if stated else "utf-8", "utf-8"):
        try:
            if is_of_text(charset) and b"\0" not in body[:1024]:
                return body.decode(charset)
        except UnicodeError:
            continue
    return None
