"""Crawls: the text of records, never their headers; what is no text is counted with its bytes."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path

import pytest

from advisor.corpus.corpus_file import CorpusFile, Place
from advisor.corpus.options import CorpusOptions
from advisor.corpus.readers import warc
from advisor.corpus.readers.warc import WarcFile, records
from advisor.corpus.tally import Tally
from advisor.errors import CorpusError


def record(kind: str, block: bytes, content_type: str = "text/plain", version: str = "1.0") -> bytes:
    headers = f"WARC/{version}\r\nWARC-Type: {kind}\r\nContent-Type: {content_type}\r\nContent-Length: {len(block)}"
    return headers.encode() + b"\r\n\r\n" + block + b"\r\n\r\n"


def response(body: bytes, headers: str = "Content-Type: text/html; charset=utf-8", status: str = "200 OK") -> bytes:
    block = f"HTTP/1.1 {status}\r\n{headers}\r\n\r\n".encode() + body
    return record("response", block, "application/http; msgtype=response")


def reader(path: Path, compression: str | None = None, **options: object) -> WarcFile:
    file = CorpusFile(
        place=Place(name=str(path), n_bytes=path.stat().st_size), format="warc", compression=compression, named=True
    )
    return WarcFile(name=str(path), file=file, options=CorpusOptions(**options), tally=Tally())  # type: ignore[arg-type]


def texts_of(path: Path, data: bytes, compression: str | None = None) -> tuple[list[str], Tally]:
    path.write_bytes(data)
    opened = reader(path, compression)
    return [str(document.content) for document in opened.documents()], opened.tally


def test_extracted_text_with_a_gzip_member_a_record(tmp_path: Path) -> None:
    parts = [record("warcinfo", b"software: x", "application/warc-fields")]
    parts += [record("conversion", f"page {i} é\nWARC/1.0 is named".encode()) for i in range(4)]
    texts = [f"page {i} é\nWARC/1.0 is named" for i in range(4)]
    assert texts_of(tmp_path / "x.wet", b"".join(parts))[0] == texts
    found, tally = texts_of(tmp_path / "x.wet.gz", b"".join(map(gzip.compress, parts)), "gzip")
    assert found == texts
    assert [(each.column, each.type) for each in tally.columns] == [(None, "text of records")]
    assert [(each.reason, each.n, each.n_bytes) for each in tally.left_out] == [
        ("WARC records of requests and metadata", 1, len(parts[0]) - 4)
    ]


def test_pages_of_responses(tmp_path: Path) -> None:
    html = "<p>caf\u00e9</p>"
    chunked = b"".join(b"%x;a=b\r\n%b\r\n" % (len(part), part) for part in (html[:4].encode(), html[4:].encode()))
    stored = [
        response(html.encode()),
        response(html.encode("latin-1"), "Content-Type: text/html; charset=iso-8859-1"),
        response(b'<meta charset="latin-1">' + html.encode("latin-1"), "Content-Type: text/html"),
        response(gzip.compress(html.encode()), "content-type: text/html\r\nContent-Encoding: gzip"),
        response(zlib.compress(html.encode())[2:-4], "content-type: text/html\r\nContent-Encoding: deflate"),
        response(html.encode(), "content-type: text/html\r\nContent-Encoding: gzip"),
        response(chunked + b"0\r\n\r\n", "Content-Type: text/html\r\nTransfer-Encoding: chunked"),
        response(html.encode(), "Content-Type: text/html\r\nTransfer-Encoding: chunked"),
        record("resource", html.encode(), "text/html"),
    ]
    found, tally = texts_of(tmp_path / "x.warc", b"".join(stored))
    assert [text.removeprefix('<meta charset="latin-1">') for text in found] == [html] * len(stored)
    assert not tally.left_out
    assert tally.columns[0].type == "pages, markup included"


def test_what_is_no_text_is_counted_with_its_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warc, "LONGEST_RECORD", 1 << 20)
    left_out = {
        "WARC records that are not text": response(b"\x89PNG" * 30, "Content-Type: image/png"),
        "WARC responses that are no pages (redirects and errors)": response(b"gone", status="404 Not Found"),
        "WARC records of requests and metadata": record("request", b"GET / HTTP/1.1\r\n\r\n", "application/http"),
        "WARC responses in a content encoding that is not read": response(
            b"\x8b\xff\x80", "Content-Type: text/html\r\nContent-Encoding: br"
        ),
        "WARC records not in the charset that they state": response(b"\xff\xfe\xfd", "Content-Type: text/html"),
        "WARC records over 1 MB": record("conversion", b"long " * 300_000),
        "documents without text": record("conversion", b" \n"),
    }
    found, tally = texts_of(tmp_path / "x.warc", record("conversion", b"a page") + b"".join(left_out.values()))
    assert found == ["a page"]
    assert {each.reason: (each.n, each.n_bytes) for each in tally.left_out} == {
        reason: (1, len(data) - 4) for reason, data in left_out.items()
    }


def test_what_is_no_warc_file_or_stops(tmp_path: Path) -> None:
    whole = record("conversion", b"a page") + record("conversion", b"another page")
    path = tmp_path / "x.warc"
    with pytest.raises(CorpusError) as caught:
        texts_of(path, whole[:-9])
    assert str(caught.value) == (
        f"{path} is truncated: it ends inside the record at byte {whole.index(b'WARC/', 9)}; get the whole file."
    )
    for end in range(whole.index(b"WARC/", 9) + 6, len(whole) - 4):
        with pytest.raises(CorpusError):
            texts_of(path, whole[:end])
    with pytest.raises(CorpusError, match=r"is not a WARC file at byte 0: there is b'<html>' in place of a record\.$"):
        texts_of(path, b"<html>")
    with pytest.raises(CorpusError, match=r"^The record at byte 0 of .* has no Content-Length: the file is damaged\.$"):
        texts_of(path, b"WARC/1.0\r\nWARC-Type: response\r\n\r\n")
    with pytest.raises(CorpusError, match=r"is a WARC file without records of text: is it of metadata or of images\?$"):
        texts_of(path, record("metadata", b"x"))


def test_records_tile_the_file() -> None:
    data = record("conversion", b"a") + record("response", b"b" * 99) + record("warcinfo", b"", version="1.1")
    found = list(records(io.BytesIO(data), "x"))
    assert [data[each.offset :][:5] for each in found] == [b"WARC/"] * 3
    assert sum(each.n_bytes + 4 for each in found) == len(data)


def test_a_gzip_body_over_the_longest_is_left_out_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warc, "LONGEST_RECORD", 1 << 20)
    headers = "content-type: text/html\r\nContent-Encoding: gzip"
    whole, over = response(gzip.compress(b"a" * (1 << 20)), headers), response(gzip.compress(b"a" * (1 << 21)), headers)
    found, tally = texts_of(tmp_path / "x.warc", whole + over)
    assert found == ["a" * (1 << 20)]
    assert [(each.reason, each.n) for each in tally.left_out] == [("WARC responses over 1 MB, decompressed", 1)]


@pytest.mark.parametrize("size", [b"-7", b"-2", b"0x5", b"+5", b"1_0", b"f" * 4000, "٣".encode()])
def test_sizes_of_chunks_that_are_none(tmp_path: Path, size: bytes) -> None:
    body = b"5\r\nhello\r\n" + size + b"\r\nworld\r\n0\r\n\r\n"
    found, _ = texts_of(tmp_path / "x.warc", response(body, "Content-Type: text/html\r\nTransfer-Encoding: chunked"))
    assert found == ["hello"]


@pytest.mark.parametrize("charset", ["idna", "punycode", "undefined", "unicode_escape", "rot13", "no-such"])
def test_charsets_in_which_no_page_is_written(tmp_path: Path, charset: str) -> None:
    found, _ = texts_of(tmp_path / "x.warc", response("é\\q".encode(), f"Content-Type: text/html; charset={charset}"))
    assert found == ["é\\q"]


@pytest.mark.parametrize(
    ("headers", "problem"),
    [
        (
            b"Content-Length: " + b"9" * 5000,
            f"has the Content-Length {'9' * 40!r}: the file is damaged.",
        ),
        (b"Content-Length: -5", "has the Content-Length '-5': the file is damaged."),
        (b"A: b", "has no Content-Length: the file is damaged."),
        (b"a" * (1 << 17), "has a header line of over 64 kB: the file is damaged."),
        (b"A: b\r\n" * 2000, "has over 1,000 header lines: the file is damaged."),
    ],
)
def test_headers_that_lie_or_do_not_end(tmp_path: Path, headers: bytes, problem: str) -> None:
    with pytest.raises(CorpusError) as caught:
        texts_of(tmp_path / "x.warc", b"WARC/1.0\r\n" + headers + b"\r\n\r\nblock")
    assert str(caught.value) == f"The record at byte 0 of {tmp_path / 'x.warc'} {problem}"
