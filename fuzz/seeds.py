"""Small valid and hostile examples of corpora, written by the libraries that people write them with; none is stored."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from fuzz.bundle import LINK, PIPE, packed
from fuzz.hostile import DEPTHS, TEXTS, nested

_PROSE = "The river rose in the night, and nobody knew why. Élan, 漢字, 🙂. " * 6
_BOMB = 24 << 20  # bytes that some kB become
ROWS: list[dict[str, Any]] = [
    {"id": i, "text": f"{i}. {_PROSE[: 40 + 37 * i % 300]}", "meta": {"url": f"https://example.org/{i}"}}
    for i in range(12)
]
CHATS = [{"messages": [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": _PROSE}]}] * 6
IDS = [[(7 * i * j) % 1000 for j in range(40)] for i in range(1, 9)]


def texts() -> list[bytes]:
    """Return texts of several encodings, and a long line."""
    plain = _PROSE * 3
    encodings = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "gb18030")
    odd = "\n\n".join(TEXTS).encode("utf-8", "surrogatepass")
    return [*(plain.encode(name) for name in encodings), b"caf\xe9 " * 200, odd, b"\0" * 300, b"x" * 400_000]


def json_lines() -> list[bytes]:
    """Return JSON lines of texts, chats, ids, and of what is none of them."""
    found = [_lines(ROWS), _lines(CHATS), _lines({"input_ids": ids} for ids in IDS), b"\xef\xbb\xbf" + _lines(ROWS)]
    found += [_lines({"text": text, text: text} for text in TEXTS)]
    found += [_lines(ROWS) + b'{"text": "cut', b'{"text": "' + b"\xff\xfe\x80" * 50 + b'"}\n' * 3]
    found += [b'{"text": ' + nested(depth).encode() + b"}\n" + _lines(ROWS) for depth in DEPTHS]
    numbers = ("9" * 5000, "1e999", "NaN", "-Infinity", "9" * 400)
    found += [f'{{"ids": [{number}, 1, 2]}}\n'.encode() * 5 for number in numbers]
    return [*found, _lines([{"text": "字" * 150_000}]), _lines([ROWS, "text", 1, None, []])]


def json_documents() -> list[bytes]:
    """Return the shapes in which people keep records in one document."""
    by_column = {"text": [row["text"] for row in ROWS], "id": list(range(len(ROWS)))}
    split = {"columns": ["text"], "index": [0, 1], "data": [[row["text"]] for row in ROWS]}
    shapes = (ROWS, {"data": ROWS}, {"version": "1", "data": ROWS}, by_column, split, ROWS[0], CHATS, IDS, {"a": ROWS})
    odd: tuple[Any, ...] = ([], {}, "text", {"data": [{"text": "a"}, [1]]}, [[]], [None])
    found = [json.dumps(shape).encode() for shape in shapes]
    found += [json.dumps(ROWS, indent=2).encode(), json.dumps(ROWS).encode() * 3]
    found += [json.dumps(each).encode() for each in odd]
    found += [nested(depth, opening).encode() for depth in DEPTHS for opening in "[{"]
    found += [f'[{{"text": {nested(depth)}}}]'.encode() for depth in DEPTHS]
    return [*found, json.dumps([{"text": "a" * 30, "n": i} for i in range(3000)]).encode(), b'[{"text": "a']


def tables(delimiter: str = ",") -> list[bytes]:
    """Return tables of delimited text, quoted as the module csv does it, and broken ones."""
    rows = [["id", "text"], *([str(row["id"]), row["text"]] for row in ROWS)]
    plain = _delimited(rows, delimiter)
    found = [plain, plain.replace(b"\n", b"\r\n"), _delimited([["text"], *([text] for text in TEXTS)], delimiter)]
    found += [_delimited([list(TEXTS), list(TEXTS)], delimiter), plain[:-30], plain + b'1,"open'.replace(b",", b"\t")]
    found += [
        b"caf\xe9" + plain,
        plain.decode().encode("utf-16"),
        plain.replace(b"0.", b"\xff\xfe"),
        b"sep=;\n" + plain,
    ]
    wide = _delimited([[f"c{i}" for i in range(2000)], ["x"] * 2000], delimiter)
    return [*found, wide, b'"' * 5000, (delimiter * 3000).encode(), b'text\n"' + b"a\n" * 50_000]


def id_lines() -> list[bytes]:
    """Return token ids as text, one document a line."""
    plain = "\n".join(" ".join(map(str, ids)) for ids in IDS).encode()
    return [plain, plain.replace(b" ", b", "), b"-1 2 3\n" * 50, b"9" * 5000, b"1 " * 30_000, b"1.5 2\n" * 90]


def columnar(kind: str) -> list[bytes]:
    """Return parquet files, arrow files or arrow streams of every type of column that people have."""
    import pyarrow as pa

    plain = pa.Table.from_pylist(ROWS)
    ids = pa.table({"input_ids": pa.array(IDS, pa.list_(pa.int32())), "n": pa.array(range(len(IDS)), pa.int16())})
    chats = pa.Table.from_pylist(CHATS)
    names = pa.table(
        {text.encode("utf-8", "replace").decode(): [text[:5] or "a"] * 3 for text in ("[/red]", "\x1b[31m")}
    )
    latin = pa.array([b"caf\xe9 " * 30] * 9, pa.binary()).cast(pa.binary())
    bad = pa.table({"text": pa.StringArray.from_buffers(9, latin.buffers()[1], latin.buffers()[2])})
    coded = pa.table({"text": pa.array([row["text"] for row in ROWS] * 20).dictionary_encode()})
    empty = plain.slice(0, 0)
    lists = pa.table(
        {"text": pa.array([["a b c " * 20, None]] * 9), "fixed": pa.array([[1, 2]] * 9, pa.list_(pa.int8(), 2))}
    )
    found = [plain, ids, chats, names, bad, coded, empty, lists, pa.table({"b": latin}), pa.table({"n": [None] * 5})]
    write = {"parquet": _parquet, "arrow": _arrow_file, "arrow_stream": _arrow_stream}[kind]
    return [data for table in found for data in write(table)]


def _parquet(table: Any) -> Iterable[bytes]:
    import pyarrow.parquet as pq

    for compression in ("NONE", "ZSTD"):
        sink = io.BytesIO()
        pq.write_table(table, sink, compression=compression, row_group_size=5)
        yield sink.getvalue()


def _arrow_file(table: Any) -> Iterable[bytes]:
    import pyarrow as pa

    for compression in (None, "lz4"):
        sink = io.BytesIO()
        with pa.ipc.new_file(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
            writer.write_table(table, max_chunksize=5)
        yield sink.getvalue()


def _arrow_stream(table: Any) -> Iterable[bytes]:
    import pyarrow as pa

    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=5)
    yield sink.getvalue()


def crawls() -> list[bytes]:
    """Return WARC files: extracted text, responses, members of gzip, and heads that lie."""

    def record(kind: str, block: bytes, content_type: str = "text/plain", length: object = None) -> bytes:
        told = len(block) if length is None else length
        head = f"WARC/1.0\r\nWARC-Type: {kind}\r\nContent-Type: {content_type}\r\nContent-Length: {told}\r\n\r\n"
        return head.encode() + block + b"\r\n\r\n"

    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n%b\r\n<p>" + _PROSE.encode() + b"</p>"
    http = "application/http; msgtype=response"
    texts = [record("conversion", _PROSE.encode()) for _ in range(5)]
    pages = [
        record("response", page % b"", http),
        record("response", page % b"Content-Encoding: gzip\r\n", http),
        record("response", page % b"Transfer-Encoding: chunked\r\n", http),
        record("response", (page % b"").replace(b"utf-8", b"\xff\x00"), http),
    ]
    lies = [record("conversion", _PROSE.encode(), length=told) for told in (0, -5, 10**15, "9" * 5000, "x")]
    members = b"".join(map(gzip_bytes, texts))
    return [b"".join(texts), b"".join(pages), b"".join(texts + pages), *lies, members, b"WARC/1.0\r\n" * 500]


def tars() -> list[bytes]:
    """Return archives of texts and of samples, with hostile names and members of every type."""
    texts = {f"book/{i}.txt": _PROSE.encode() for i in range(4)}
    samples = {
        f"{i:04}.{end}": data for i in range(4) for end, data in (("txt", _PROSE.encode()), ("json", b'{"a": 1}'))
    }
    names = {text[:90].replace("\0", "0") or "a": _PROSE.encode() for text in TEXTS}
    nested_archive = {"inner.tar": _tar(texts), "a.jsonl.gz": gzip_bytes(_lines(ROWS)), "a.parquet": b"PAR1"}
    kinds = (
        tarfile.SYMTYPE,
        tarfile.LNKTYPE,
        tarfile.FIFOTYPE,
        tarfile.CHRTYPE,
        tarfile.DIRTYPE,
        tarfile.GNUTYPE_SPARSE,
    )
    odd = [_tar(texts, kind) for kind in kinds]
    return [_tar(texts), _tar(samples), _tar(names), _tar(nested_archive), *odd, gzip_bytes(_tar(texts))]


def _tar(members: dict[str, bytes], kind: bytes = tarfile.REGTYPE) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", errors="surrogateescape") as archive:
        for number, (name, data) in enumerate(members.items()):
            info = tarfile.TarInfo(name.encode("utf-8", "replace").decode())
            info.size = len(data)
            if number == 0:
                info.type, info.linkname = kind, "../../escaped"
            archive.addfile(info, io.BytesIO(data))
    return sink.getvalue()


def zips() -> list[bytes]:
    """Return archives of texts, of samples and of archives, and one that is a bomb."""
    texts = {f"book/{i}.txt": _PROSE.encode() for i in range(4)}
    names = {text[:90].encode("utf-8", "replace").decode(): _PROSE.encode() for text in TEXTS if "\0" not in text}
    inner = {"inner.zip": _zip(texts), "a.jsonl": _lines(ROWS), "notes.ipynb": notebooks()[0]}
    methods = [_zip(texts, method) for method in (zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)]
    return [_zip(texts), _zip(names), _zip(inner), *methods, _zip({"bomb.txt": b"a b " * (_BOMB // 4)})]


def _zip(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name or "a", (1980, 1, 1, 0, 0, 0)), data, method)
    return sink.getvalue()


def compressed(kind: str) -> list[bytes]:
    """Return JSON lines as streams of one kind of compression: whole, in parts, cut, and bombs."""
    import zstandard

    kinds: dict[str, Callable[[bytes], bytes]] = {
        "gz": gzip_bytes,
        "bz2": bz2.compress,
        "xz": partial(lzma.compress, preset=0),
        "zst": zstandard.compress,
    }
    compress = kinds[kind]
    plain = compress(_lines(ROWS))
    bombs = [
        compress(b" " * _BOMB),
        compress(b'{"text": "' + b"a" * _BOMB + b'"}\n'),
        compress(b'{"text": "a b"}\n' * 90_000),
    ]
    return [plain, plain * 3, plain[:-9], plain + b"behind", compress(b""), compress(plain), *bombs]


def notebooks() -> list[bytes]:
    """Return notebooks of both formats."""
    output = {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo" * 9, "text/plain": ["<Figure>"]}}
    cells = [
        {"cell_type": "markdown", "source": _PROSE},
        {
            "cell_type": "code",
            "source": ["x = 1\n"],
            "outputs": [output, {"output_type": "error", "traceback": ["\x1b[0m"]}],
        },
    ]
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": ["x"], "outputs": []}]}], "nbformat": 3}
    documents: tuple[Any, ...] = (
        {"cells": cells * 4, "metadata": {}, "nbformat": 4},
        old,
        {"cells": []},
        {"cells": {"a": 1}},
        [],
        {},
    )
    deep = [f'{{"cells": [{{"cell_type": "code", "source": {nested(depth)}}}], "nbformat": 4}}' for depth in DEPTHS]
    return [*(json.dumps(each).encode() for each in documents), *(each.encode() for each in deep)]


def folders() -> list[bytes]:
    """Return folders of files with hostile names, links in circles, pipes, and several formats."""
    text = _PROSE.encode()
    hostile = {name.encode("utf-8", "surrogatepass")[:120] + b".txt": text for name in TEXTS}
    hostile |= {b"caf\xe9.txt": text, b"\xff\xfe.jsonl": _lines(ROWS), b"\x1b[31m.csv": tables()[0]}
    links = {
        b"a.txt": text,
        b"loop": LINK + b".",
        b"up": LINK + b"..",
        b"self.txt": LINK + b"self.txt",
        b"dev.txt": LINK + b"/dev/zero",
    }
    pipes = {b"a.txt": text, b"b.jsonl": PIPE, b"c.txt": PIPE}
    mixed = {
        b"a.jsonl": _lines(ROWS),
        b"b.json": json_documents()[0],
        b"c.txt": text,
        b"d/e.csv": tables()[0],
        b"f.gz": gzip_bytes(text),
    }
    splits = {b"train/a.jsonl": _lines(ROWS), b"test/a.jsonl": _lines(ROWS), b"validation/a.jsonl": _lines(ROWS)}
    deep = {b"/".join([b"d"] * 100) + b"/a.txt": text}
    wrong = {
        b"a.parquet": text,
        b"b.arrow": b"ARROW1\0\0",
        b"c.npy": b"\x93NUMPY",
        b"d.zip": b"PK\3\4",
        b"e.txt": b"\0" * 99,
    }
    many = {b"%d.txt" % i: b"%d" % i for i in range(150)}
    return [
        packed(each) for each in (hostile, links, pipes, mixed, splits, deep, wrong, many, {}, {b".hidden.txt": text})
    ]


def cards() -> list[bytes]:
    """Return folders with the card of a data set that names their files."""
    rows = _lines(ROWS)
    splits = "".join(f"  - split: {split}\n    path: {path}.jsonl\n" for split, path in (("train", "a"), ("test", "b")))
    good = f"configs:\n- config_name: default\n  data_files:\n{splits}"
    two = "configs:\n- config_name: en\n  data_files: a.jsonl\n- config_name: '[/red]'\n  data_files: ['*.jsonl']\n"
    paths = ("../../*", "/etc/*", "**", "[", "\\", "", "*" * 300, "a.jsonl\\0")
    lone = [f"configs:\n- config_name: default\n  data_files: {json.dumps(path)}\n" for path in paths]
    odd = ["configs: 1\n", "configs:\n- 1\n", "configs: [\n", "&a configs: *a\n", "configs:\n- {data_files: {a: 1}}\n"]
    odd += [
        "configs: !!python/object/apply:os.system [true]\n",
        "configs:\n- config_name: 2001-99-99\n",
        "? {a: 1}\n: configs:\n",
    ]
    odd += [
        "configs: &a [*a]\n",
        f"configs: {nested(900)}\n",
        f"configs: {'9' * 5000}\n",
        "- configs: 1\n",
        "configs: 1: 2\n",
    ]
    aliases = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefg", "bcdefgh", strict=True)
    )
    heads = [good, two, *lone, *odd, aliases + "configs:\n- config_name: *h\n  data_files: a.jsonl\n"]
    return [packed({b"README.md": f"---\n{head}---\n".encode(), b"a.jsonl": rows, b"b.jsonl": rows}) for head in heads]


def gzip_bytes(data: bytes) -> bytes:
    """Return ``data`` as a stream of gzip, the same bytes at any time."""
    return gzip.compress(data, mtime=0)


def _lines(rows: Iterable[Any]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def _delimited(rows: Sequence[Sequence[str]], delimiter: str) -> bytes:
    sink = io.StringIO()
    csv.writer(sink, delimiter=delimiter, lineterminator="\n", escapechar="\\").writerows(rows)
    return sink.getvalue().encode("utf-8", "surrogatepass")
